//! The level of a line, guessed from its text: by a field that names it, else by the first word that looks like a level.

use crate::model::Level;

/// How far into a line a level is looked for, in bytes: what comes later is seldom meant.
const HEAD: usize = 512;

/// Keys that name a level in JSON and in `key=value`.
const KEYS: [&str; 5] = ["level", "severity", "lvl", "loglevel", "log_level"];

/// Guesses.
pub(super) fn guess(line: &str) -> Level {
    let head = &line.as_bytes()[..line.len().min(HEAD)];
    by_field(head).or_else(|| by_word(head)).unwrap_or_default()
}

/// The words of a line with what stands right before and after them.
fn words(line: &[u8]) -> impl Iterator<Item = (Option<u8>, &[u8], &[u8])> {
    let is_word = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].iter().position(is_word)?;
        let end = line[start..].iter().position(|c| !is_word(c)).map_or(line.len(), |length| start + length);
        at = end;
        Some((start.checked_sub(1).map(|before| line[before]), &line[start..end], &line[end..]))
    })
}

/// `"level":"error"`, `level=warn`, `severity: INFO`.
fn by_field(line: &[u8]) -> Option<Level> {
    words(line).find_map(|(_, word, rest)| {
        if !KEYS.iter().any(|key| word.eq_ignore_ascii_case(key.as_bytes())) {
            return None;
        }
        let value = rest.iter().position(|c| !matches!(c, b'"' | b'\'' | b' ' | b':' | b'='))?;
        let named = rest[..value].iter().any(|c| matches!(c, b':' | b'='));
        let (_, value, _) = words(&rest[value..]).next()?;
        if named { of_word(value).or_else(|| of_number(value)) } else { None }
    })
}

/// The first word that is a level for sure: in capitals, in brackets, before a colon; or an exception's name.
fn by_word(line: &[u8]) -> Option<Level> {
    words(line).find_map(|(before, word, rest)| {
        let after = rest.first();
        let marked = before == Some(b'[') && after == Some(&b']') || after == Some(&b':');
        let loud = word.iter().all(u8::is_ascii_uppercase);
        let level = if marked || loud { of_word(word) } else { None };
        let exception = [&b"Exception"[..], b"Error"].iter().any(|end| word.len() > end.len() && word.ends_with(end));
        level.or_else(|| (exception || word == b"Traceback").then_some(Level::Error))
    })
}

fn of_word(word: &[u8]) -> Option<Level> {
    let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    if is(&["info", "information", "notice"]) {
        Some(Level::Info)
    } else if is(&["error", "err", "fatal", "panic", "critical", "crit", "severe", "alert", "emerg"]) {
        Some(Level::Error)
    } else if is(&["warn", "warning"]) {
        Some(Level::Warn)
    } else if is(&["debug", "trace", "fine", "verbose"]) {
        Some(Level::Debug)
    } else {
        None
    }
}

/// The numbers that loggers in JSON use.
fn of_number(word: &[u8]) -> Option<Level> {
    Some(match word {
        b"10" | b"20" => Level::Debug,
        b"30" => Level::Info,
        b"40" => Level::Warn,
        b"50" | b"60" => Level::Error,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"time":"x","level":"error","msg":"INFO is not it"}"#, Level::Error)]
    #[case(r#"{"level":30,"msg":"listening"}"#, Level::Info)]
    #[case("ts=1 level=warn msg=\"slow\"", Level::Warn)]
    #[case("2025-08-22 10:00:00,123 ERROR [main] c.e.App - boom", Level::Error)]
    #[case("2025-08-22 INFO no ERROR was found", Level::Info)]
    #[case("[warn] disk is filling up", Level::Warn)]
    #[case("[debug]", Level::Debug)]
    #[case("panic: runtime error: index out of range", Level::Error)]
    #[case("java.lang.NullPointerException", Level::Error)]
    #[case("TypeError: x is undefined", Level::Error)]
    #[case("Traceback (most recent call last):", Level::Error)]
    #[case("GET /error 200", Level::None)]
    #[case("the level of the water", Level::None)]
    #[case("no errors today", Level::None)]
    #[case("level", Level::None)]
    #[case("level=", Level::None)]
    #[case("", Level::None)]
    #[case("ünïcödé WARN x", Level::Warn)]
    fn guesses(#[case] line: &str, #[case] expected: Level) {
        assert_eq!(guess(line), expected);
    }
}
