//! Text from outside made safe to show, and numbers made easy to read.

use std::borrow::Cow;

use jiff::Timestamp;

/// Removes what must never reach a terminal: escape sequences, control characters, and the marks that reorder or hide text
/// (zero-width joiners stay: they only join). A tab and a line break become a space each.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            // The one-character forms of CSI and of the string introducers.
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            '\t' | '\n' => out.push(' '),
            c if c.is_control() || is_hidden(c) => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Characters that reorder or hide what is around them.
pub const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{061c}')
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// What follows an escape character: a control sequence, a string, or one character.
fn skip_escape(chars: &mut Chars) {
    match chars.next() {
        Some('[') => skip_csi(chars),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(chars),
        // Intermediates (such as in "ESC ( B") come before one final character.
        Some(c) if ('\u{20}'..='\u{2f}').contains(&c) => {
            while let Some(c) = chars.next_if(|c| ('\u{20}'..='\u{7e}').contains(c)) {
                if c >= '\u{30}' {
                    break;
                }
            }
        }
        _ => {}
    }
}

/// Parameters and intermediates of a control sequence, up to its final character. A sequence that was cut off ends where
/// something comes that can't belong to it.
fn skip_csi(chars: &mut Chars) {
    while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
    let _ = chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
}

/// The body of a string sequence, up to its terminator. One without a terminator swallows the rest: showing it would mean
/// trusting it.
fn skip_string(chars: &mut Chars) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                let _ = chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// A key that sorts as people sort names: runs of digits by their value, the rest without regard to case.
pub fn natural_key(text: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len() + 4);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let digits = rest[..end].trim_start_matches('0');
            // A digit first, so that numbers stand where digits stand among other characters; then their count, which orders
            // numbers of unequal length.
            key.extend([b'0', u8::try_from(digits.len()).unwrap_or(u8::MAX)]);
            key.extend_from_slice(digits.as_bytes());
            rest = &rest[end..];
        } else {
            let mut buffer = [0; 4];
            key.extend_from_slice(c.to_ascii_lowercase().encode_utf8(&mut buffer).as_bytes());
            rest = &rest[c.len_utf8()..];
        }
    }
    key
}

/// An age in at most four characters: `12s`, `7m`, `3h`, `12d`, `2y`.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    // Clocks differ by a little, and `now` is at most a second old.
    if seconds < -5 { format!("in {}", span(-seconds)) } else { span(seconds.max(0)) }
}

/// So many of something, with the word for one or for several.
pub fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// A length of time in its largest unit.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        172_800..63_072_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

/// Bytes in binary units with three significant figures.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 100.0 || value.fract() < 0.05 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// Up to three of the allowed words nearest to one that is not: for every "unknown …, did you mean …".
pub fn near_misses<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = allowed
        .into_iter()
        .map(|candidate| {
            let bonus = if candidate.contains(word) || word.contains(candidate) { 0.2 } else { 0.0 };
            (strsim::jaro_winkler(word, candidate) + bonus, candidate)
        })
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by_key(|(_, candidate)| *candidate);
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", "plain")]
    #[case("\u{1b}[31mred\u{1b}[0m", "red")]
    #[case("\u{1b}]0;title\u{7}after", "after")]
    #[case("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link")]
    #[case("\u{1b}P+q\u{1b}\\x", "x")]
    #[case("\u{9b}2Jx", "x")]
    #[case("\u{1b}(Bx", "x")]
    #[case("a\tb\nc\rd", "a b cd")]
    #[case("abc\u{202e}def", "abcdef")]
    #[case("\u{1b}]0;never ended", "")]
    #[case("\u{1b}[31", "")]
    #[case("日本語 ok", "日本語 ok")]
    fn cleans(#[case] dirty: &str, #[case] expected: &str) {
        assert_eq!(clean(dirty), expected);
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left(text in ".*") {
            let cleaned = clean(&text).into_owned();
            prop_assert!(!cleaned.chars().any(|c| c.is_control() || is_hidden(c)));
            prop_assert_eq!(clean(&cleaned), cleaned.as_str());
        }
    }

    #[test]
    fn numbers_sort_by_value() {
        let mut names = ["web-10", "web-9", "Web-1", "api"];
        names.sort_by_key(|name| natural_key(name));
        assert_eq!(names, ["api", "Web-1", "web-9", "web-10"]);
    }

    #[rstest]
    #[case(5, "5s")]
    #[case(119, "119s")]
    #[case(600, "10m")]
    #[case(7_200, "2h")]
    #[case(864_000, "10d")]
    fn spans(#[case] seconds: i64, #[case] expected: &str) {
        assert_eq!(span(seconds), expected);
    }

    #[test]
    fn one_is_not_several() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "query", "queries")), ["0 queries", "1 query", "2 queries"]);
    }

    #[test]
    fn near_misses_are_near() {
        let kinds = ["ecs-service", "ecs-task", "rds-instance", "services"];
        assert_eq!(near_misses("servces", kinds)[0], "services");
        assert!(near_misses("zzz", kinds).is_empty());
    }
}
