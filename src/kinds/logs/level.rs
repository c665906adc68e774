//! The level of a line, guessed from its text: by where a logger puts it after the time, by a field that names it, else by the
//! first word that looks like a level.

use crate::model::{Level, stamp};

/// How far into a line a level is looked for, in bytes: what comes later is seldom meant.
const HEAD: usize = 512;
/// How far into an object, whose fields may come in any order.
const OBJECT: usize = 4 * 1024;

/// Keys that name a level in JSON and in `key=value`.
const KEYS: [&str; 9] =
    ["level", "severity", "lvl", "loglevel", "log_level", "levelname", "level_name", "severitytext", "severity_text"];

/// Guesses.
pub(super) fn guess(line: &str) -> Level {
    let is_object = line.starts_with('{');
    let head = &line.as_bytes()[..line.len().min(if is_object { OBJECT } else { HEAD })];
    let after_time = || stamp::of(line).and_then(|stamp| first(line.as_bytes().get(stamp.length..)?));
    let level = by_letter(head).or_else(after_time).or_else(|| by_field(head, is_object));
    level.or_else(|| by_word(head)).unwrap_or_default()
}

/// A word of a line with what stands right before and after it.
struct Word<'l> {
    before: Option<u8>,
    text: &'l [u8],
    rest: &'l [u8],
}

impl Word<'_> {
    fn is_followed_by(&self, c: u8) -> bool {
        self.rest.first() == Some(&c)
    }
}

/// The words of a line.
fn words(line: &[u8]) -> impl Iterator<Item = Word<'_>> {
    let is_word = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].iter().position(is_word)?;
        let end = line[start..].iter().position(|c| !is_word(c)).map_or(line.len(), |length| start + length);
        at = end;
        let before = start.checked_sub(1).map(|before| line[before]);
        Some(Word { before, text: &line[start..end], rest: &line[end..] })
    })
}

/// klog's `W1121 12:00:00.000000`.
fn by_letter(line: &[u8]) -> Option<Level> {
    let (letter, rest) = line.split_first()?;
    let (date, rest) = rest.split_at_checked(4)?;
    let is_head = date.iter().all(u8::is_ascii_digit) && rest.first() == Some(&b' ');
    match letter {
        b'I' if is_head => Some(Level::Info),
        b'W' if is_head => Some(Level::Warn),
        b'E' | b'F' if is_head => Some(Level::Error),
        _ => None,
    }
}

/// A level in small or capital letters that comes first after the time: `warn`, `[error]`, `INFO:`.
fn first(rest: &[u8]) -> Option<Level> {
    let word = words(rest).next()?;
    let begins = word.before.is_none_or(|c| c == b'[') && rest.len() - word.rest.len() <= word.text.len() + 1;
    let ends = word.rest.first().is_none_or(|c| b" \t:]|,".contains(c));
    if begins && ends { of_word(word.text) } else { None }
}

/// `"level":"error"`, `level=warn`, `severity: INFO`. In an object a key stands in quotes; what a message says of levels does not.
fn by_field(line: &[u8], is_object: bool) -> Option<Level> {
    words(line).find_map(|key| {
        let quoted = matches!(key.before, Some(b'"' | b'.')) && key.is_followed_by(b'"');
        if (is_object && !quoted) || !KEYS.iter().any(|known| key.text.eq_ignore_ascii_case(known.as_bytes())) {
            return None;
        }
        let value = key.rest.iter().position(|c| !matches!(c, b'"' | b'\'' | b' ' | b':' | b'='))?;
        let named = key.rest[..value].iter().any(|c| matches!(c, b':' | b'='));
        let value = words(&key.rest[value..]).next()?.text;
        if named { of_word(value).or_else(|| of_number(value)) } else { None }
    })
}

/// The first word that is a level for sure: in capitals, in brackets, before a colon; or an exception's name.
fn by_word(line: &[u8]) -> Option<Level> {
    words(line).find_map(|found| {
        let Word { before, text: word, .. } = found;
        let marked = found.is_followed_by(b':') || matches!(before, Some(b'[' | b':')) && found.is_followed_by(b']');
        let loud = word.iter().all(u8::is_ascii_uppercase);
        let level = if marked || loud { of_word(word) } else { None };
        // What PostgreSQL calls its everyday messages.
        let log = (word == b"LOG" && found.is_followed_by(b':')).then_some(Level::Info);
        let exception = [&b"Exception"[..], b"Error"].iter().any(|end| word.len() > end.len() && word.ends_with(end));
        let error = (exception || word == b"Traceback").then_some(Level::Error);
        level.or(log).or(error)
    })
}

/// The names of levels, and what loggers cut them to.
fn of_word(word: &[u8]) -> Option<Level> {
    const ERROR: [&str; 14] = [
        "error", "err", "eror", "erro", "fatal", "fata", "ftl", "panic", "critical", "crit", "severe", "alert",
        "emerg", "fail",
    ];
    const WARN: [&str; 3] = ["warn", "warning", "wrn"];
    const INFO: [&str; 6] = ["info", "information", "informational", "notice", "note", "inf"];
    const DEBUG: [&str; 12] =
        ["debug", "debu", "dbug", "dbg", "trace", "trac", "trce", "trc", "fine", "finer", "finest", "verbose"];
    let levels: [(Level, &[&str]); 4] =
        [(Level::Info, &INFO), (Level::Error, &ERROR), (Level::Warn, &WARN), (Level::Debug, &DEBUG)];
    let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    levels.into_iter().find_map(|(level, names)| is(names).then_some(level))
}

/// The numbers that bunyan and pino use.
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
    // OpenTelemetry collector, zap.
    #[case("2026-11-21T12:00:00.000Z\twarn\tservice@v1/x.go:12\tqueue is filling\t{\"size\": 900}", Level::Warn)]
    #[case("2026-11-21T12:00:00.000Z error exporterhelper/queue.go:9 Exporting failed.", Level::Error)]
    #[case("2026-11-21T12:00:00.000Z info internal/retry.go:1 Exporting failed. {\"level\": \"error\"}", Level::Info)]
    #[case("1.7636e+09 INFO setup starting manager", Level::Info)]
    // JSON.
    #[case(r#"{"time":"x","level":"error","msg":"INFO is not it"}"#, Level::Error)]
    #[case(r#"{"severity":"WARN","message":"x"}"#, Level::Warn)]
    #[case(r#"{"severity":"NOTICE"}"#, Level::Info)]
    #[case(r#"{"severityNumber":17,"severityText":"ERROR"}"#, Level::Error)]
    #[case(r#"{"@timestamp":"x","log.level":"debug"}"#, Level::Debug)]
    #[case(r#"{"levelname": "CRITICAL"}"#, Level::Error)]
    #[case(r#"{"EventId":0,"LogLevel":"Information"}"#, Level::Info)]
    #[case(r#"{"msg":"set log level: debug","level":"info"}"#, Level::Info)]
    #[case(r#"{"kind":"Event","level":"Metadata","verb":"list"}"#, Level::None)]
    #[case(r#"{"level":10}"#, Level::Debug)]
    #[case(r#"{"level":20}"#, Level::Debug)]
    #[case(r#"{"level":30,"msg":"listening"}"#, Level::Info)]
    #[case(r#"{"name":"app","level":40,"msg":"slow"}"#, Level::Warn)]
    #[case(r#"{"level":50}"#, Level::Error)]
    #[case(r#"{"level":60}"#, Level::Error)]
    #[case(r#"{"level":7}"#, Level::None)]
    // logfmt.
    #[case("ts=1 level=warn msg=\"slow\"", Level::Warn)]
    #[case("ts=2026-11-21T12:00:00Z caller=main.go:1 level=error err=x", Level::Error)]
    #[case("t=2026-11-21T12:00:00+0000 lvl=eror msg=x", Level::Error)]
    #[case("time=\"2026-11-21T12:00:00Z\" level=fatal msg=x", Level::Error)]
    // klog.
    #[case("I1121 12:00:00.000000       1 main.go:1] ERROR was here", Level::Info)]
    #[case("W1121 12:00:00.000000      10 dispatcher.go:225] Failed calling webhook", Level::Warn)]
    #[case("E1121 12:00:00.000000       1 scale_up.go:1] x", Level::Error)]
    #[case("F1121 12:00:00.000000       1 main.go:1] x", Level::Error)]
    #[case("E1121x", Level::None)]
    // Python.
    #[case("ERROR:root:boom", Level::Error)]
    #[case("2026-11-21 12:00:00,123 - app - WARNING - x", Level::Warn)]
    #[case("[2026-11-21 12:00:00 +0000] [7] [INFO] Booting worker", Level::Info)]
    #[case("2026-11-21 12:00:00,123 CRITICAL [gunicorn.error] WORKER TIMEOUT", Level::Error)]
    #[case("Traceback (most recent call last):", Level::Error)]
    #[case("TypeError: x is undefined", Level::Error)]
    // Java and the like.
    #[case("2025-08-22 10:00:00,123 ERROR [main] c.e.App - boom", Level::Error)]
    #[case("2026-11-21 12:00:00.123  WARN 1 --- [main] o.s.Boot : x", Level::Warn)]
    #[case("12:00:00.123 [main] DEBUG c.e.App - x", Level::Debug)]
    #[case("SEVERE: the connection was lost", Level::Error)]
    #[case("java.lang.NullPointerException", Level::Error)]
    #[case("info: Microsoft.Hosting.Lifetime[0]", Level::Info)]
    #[case("fail: Microsoft.EntityFrameworkCore[1]", Level::Error)]
    #[case("[12:00:00 WRN] slow", Level::Warn)]
    // Go.
    #[case("2026/11/21 12:00:00 error: no such host", Level::Error)]
    #[case("2026/11/21 12:00:00 [WARN] agent: x", Level::Warn)]
    #[case("panic: runtime error: index out of range", Level::Error)]
    #[case("ERRO[0003] boom", Level::Error)]
    #[case("WARN[0003] slow", Level::Warn)]
    #[case("12:00PM ERR boom", Level::Error)]
    // Web servers.
    #[case("2026/11/21 12:00:00 [error] 7#7: *1 open() \"/x\" failed", Level::Error)]
    #[case("2026/11/21 12:00:00 [notice] 1#1: start worker process", Level::Info)]
    #[case("[Sat Nov 21 12:00:00.123456 2026] [core:error] [pid 7] x", Level::Error)]
    #[case("10.0.0.1 - - [21/Nov/2026:12:00:00 +0000] \"GET /error HTTP/1.1\" 200 1", Level::None)]
    // Databases.
    #[case("2026-11-21 12:00:00 UTC::@:[7]:LOG:  checkpoint starting: time", Level::Info)]
    #[case("2026-11-21 12:00:00 UTC:10.0.0.1(5):u@d:[7]:FATAL:  password authentication failed", Level::Error)]
    #[case("2026-11-21 12:00:00 UTC:10.0.0.1(5):u@d:[7]:ERROR:  canceling statement", Level::Error)]
    #[case("2026-11-21 12:00:00 UTC::@:[7]:WARNING:  x", Level::Warn)]
    #[case("2026-11-21T12:00:00.123456Z 0 [Warning] [MY-010068] [Server] CA certificate", Level::Warn)]
    #[case("2026-11-21T12:00:00.123456Z 7 [Note] Aborted connection", Level::Info)]
    // Anything else.
    #[case("2025-08-22 INFO no ERROR was found", Level::Info)]
    #[case("[warn] disk is filling up", Level::Warn)]
    #[case("[debug]", Level::Debug)]
    #[case("GET /error 200", Level::None)]
    #[case("2026-11-21T12:00:00Z error-page is served", Level::None)]
    #[case("2026-11-21T12:00:00Z GET /fine 200", Level::None)]
    #[case("the LOG of the day", Level::None)]
    #[case("the level of the water", Level::None)]
    #[case("no errors today", Level::None)]
    #[case("level", Level::None)]
    #[case("level=", Level::None)]
    #[case("", Level::None)]
    #[case("ünïcödé WARN x", Level::Warn)]
    fn guesses(#[case] line: &str, #[case] expected: Level) {
        assert_eq!(guess(line), expected);
    }

    #[test]
    fn a_field_is_found_behind_a_long_message() {
        let object = |length| format!("{{\"message\":\"{}\",\"level\":\"ERROR\"}}", "x".repeat(length));
        assert_eq!(guess(&object(2_000)), Level::Error);
        assert_eq!(guess(&object(OBJECT)), Level::None);
    }
}
