//! Names by patterns, as people write them: `*` for anything, `?` for one character.

/// Whether a name matches a pattern with `*` and `?`.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on when what follows the last `*` does not fit: that `*` takes one character more.
    let mut retry = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match retry {
                Some((star, taken)) => {
                    retry = Some((star, taken + 1));
                    (p, n) = (star + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("dhbw-prod", "dhbw-prod", true)]
    #[case("dhbw", "dhbw-prod", false)]
    #[case("*-prod", "dhbw-prod", true)]
    #[case("*-prod", "dhbw-prod-2", false)]
    #[case("d*-*d", "dhbw-prod", true)]
    #[case("*", "", true)]
    #[case("?hbw*", "dhbw-prod", true)]
    #[case("?", "", false)]
    #[case("a*b*c", "aXbYbZc", true)]
    #[case("", "x", false)]
    fn patterns(#[case] pattern: &str, #[case] name: &str, #[case] expected: bool) {
        assert_eq!(matches(pattern, name), expected);
    }
}
