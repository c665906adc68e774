//! The rules of composite alarms, such as `ALARM("a") OR (ALARM(b) AND NOT OK(arn:…:alarm:c))`. Knows only their text.

/// Words of the rule language; everything else that stands bare is an alarm's name or ARN.
const WORDS: [&str; 9] = ["ALARM", "OK", "INSUFFICIENT_DATA", "AND", "OR", "NOT", "TRUE", "FALSE", "AT_LEAST"];

/// Names of the alarms in a rule, each once, in the order they come.
pub fn alarms(rule: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    // The first argument of AT_LEAST is a number of alarms or a share of them.
    let mut counts = false;
    let mut rest = rule;
    while let Some((token, quoted, after)) = next(rest) {
        rest = after;
        let is_name = quoted || !(WORDS.contains(&token) || counts);
        counts = !quoted && token == "AT_LEAST";
        let name = token.split_once(":alarm:").map_or(token, |(_, name)| name);
        if is_name && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The next word or quoted text, whether it was quoted, and what follows.
fn next(text: &str) -> Option<(&str, bool, &str)> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',');
    let text = text.trim_start_matches(is_between);
    let first = text.chars().next()?;
    if let '"' | '\'' = first {
        let body = &text[1..];
        let end = body.find(first).unwrap_or(body.len());
        return Some((&body[..end], true, body.get(end + 1..).unwrap_or_default()));
    }
    let end = text.find(is_between).unwrap_or(text.len());
    Some((&text[..end], false, &text[end..]))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ALARM(a)", &["a"])]
    #[case("ALARM(\"a b\") OR (ALARM(c) AND NOT OK('d'))", &["a b", "c", "d"])]
    #[case("ALARM(arn:aws:cloudwatch:eu-central-1:111122223333:alarm:cpu) OR ALARM(cpu)", &["cpu"])]
    #[case("AT_LEAST(2, ALARM, (a, b, \"3\"))", &["a", "b", "3"])]
    #[case("AT_LEAST(50%, NOT OK, (a))", &["a"])]
    #[case("ALARM(\"OR\") AND TRUE", &["OR"])]
    #[case("ALARM(\"never closed", &["never closed"])]
    #[case("", &[])]
    fn names(#[case] rule: &str, #[case] expected: &[&str]) {
        assert_eq!(alarms(rule), expected);
    }
}
