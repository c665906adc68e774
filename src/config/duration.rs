//! Lengths of time as people write them: `10s`, `15m`, `1h30m`, `2d`.

use std::fmt::Write as _;
use std::time::Duration;

/// What is allowed, for messages.
pub const ALLOWED: &str = "a number with `ms`, `s`, `m`, `h` or `d`, such as `10s` or `1h30m`";

/// Reads a length of time. A number without a unit is refused: nobody can tell what it would mean.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    let mut read_any = false;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let tail = rest[digits..].trim_start();
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let unit = match &tail[..letters] {
            "ms" => Duration::from_millis(number),
            "s" | "sec" => Duration::from_secs(number),
            "m" | "min" => Duration::from_secs(number.checked_mul(60)?),
            "h" => Duration::from_secs(number.checked_mul(3_600)?),
            "d" => Duration::from_secs(number.checked_mul(86_400)?),
            _ => return None,
        };
        total = total.checked_add(unit)?;
        rest = tail[letters..].trim_start();
        read_any = true;
    }
    read_any.then_some(total)
}

/// Writes a length of time so that [`parse`] reads it back.
pub fn show(duration: Duration) -> String {
    let mut out = String::new();
    let mut rest = duration.as_millis();
    for (unit, millis) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= millis {
            let _ = write!(out, "{}{unit}", rest / millis);
            rest %= millis;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10s", Some(10_000))]
    #[case("250ms", Some(250))]
    #[case("1h30m", Some(5_400_000))]
    #[case(" 2 d ", Some(172_800_000))]
    #[case("1h 5 min", Some(3_900_000))]
    #[case("0s", Some(0))]
    #[case("", None)]
    #[case("10", None)]
    #[case("s", None)]
    #[case("-5s", None)]
    #[case("1.5h", None)]
    #[case("10 parsecs", None)]
    #[case("99999999999999999999s", None)]
    #[case("18446744073709551615d", None)]
    fn reads(#[case] text: &str, #[case] millis: Option<u64>) {
        assert_eq!(parse(text), millis.map(Duration::from_millis), "{text}");
    }

    #[rstest]
    #[case("10s")]
    #[case("1h30m")]
    #[case("2d")]
    #[case("1s500ms")]
    #[case("0s")]
    fn writes_what_it_reads(#[case] text: &str) {
        assert_eq!(show(parse(text).unwrap()), text);
    }
}
