//! The timestamp that a log line's own text begins with, in the forms that programs write. Knows only text: a line is shown
//! beside its time, which need not stand there twice.

use jiff::Timestamp;

/// A line comes to CloudWatch a moment after it is written. A timestamp that is further off than this says something of its own.
const CLOSE: i64 = 10;
/// Clocks of other zones are off by whole quarters of an hour.
const QUARTER: i64 = 900;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A timestamp at the start of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// How many bytes of the text it takes, with the brackets around it and what parts it from the rest.
    pub length: usize,
    /// Seconds into the hour.
    second: i64,
}

impl Stamp {
    /// Whether it tells that time, in whatever zone.
    pub fn tells(self, at: Timestamp) -> bool {
        let off = (self.second - at.as_second()).rem_euclid(QUARTER);
        off.min(QUARTER - off) <= CLOSE
    }
}

/// The timestamp that this text begins with, if something follows it: a date and a time (ISO 8601, RFC 3339, syslog, RFC 1123,
/// the access log's), a time alone, or klog's, whose letter for the level belongs to it; alone or in square brackets.
pub fn of(text: &str) -> Option<Stamp> {
    let mut reader = Reader(text.as_bytes());
    let bracketed = reader.one(b"[").is_some();
    let second = reader.instant()?;
    if bracketed {
        reader.one(b"]")?;
    }
    if reader.0.first().is_some_and(|c| !b" \t:,;|-".contains(c)) {
        return None;
    }
    reader.pass_separator();
    let length = text.len() - reader.0.len();
    (length < text.len()).then_some(Stamp { length, second })
}

/// What is still to be read. Everything that is passed is ASCII.
#[derive(Clone, Copy)]
struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    /// Reads something, or stays where it is.
    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut ahead = *self;
        let found = read(&mut ahead)?;
        *self = ahead;
        Some(found)
    }

    fn one(&mut self, of: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        of.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn spaces(&mut self) -> Option<()> {
        self.one(b" \t")?;
        while self.one(b" \t").is_some() {}
        Some(())
    }

    /// A number of so many digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.0.iter().take_while(|c| c.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at_checked(digits).filter(|_| (least..=most).contains(&digits))?;
        self.0 = rest;
        Some(number.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    }

    fn word(&mut self, words: &[&str]) -> Option<()> {
        let word = words.iter().find(|word| self.0.starts_with(word.as_bytes()))?;
        self.0 = &self.0[word.len()..];
        Some(())
    }

    /// Date, time and zone; how many seconds it is into the hour.
    fn instant(&mut self) -> Option<i64> {
        let dates = [Self::klog, Self::numeric, Self::day_first, Self::month_first];
        let _ = dates.into_iter().find_map(|date| self.attempt(date));
        let second = self.time()?;
        let rests = [Self::half_of_day, Self::zone, Self::year_at_end];
        for rest in rests {
            let _ = self.attempt(rest);
        }
        Some(second)
    }

    /// `I1121 `: the letter is the level's.
    fn klog(&mut self) -> Option<()> {
        self.one(b"IWEF")?;
        self.number(4, 4)?;
        self.spaces()
    }

    /// `2026-11-21T`, `2026/11/21 `.
    fn numeric(&mut self) -> Option<()> {
        self.number(4, 4)?;
        let between = self.one(b"-/.")?;
        self.number(2, 2)?;
        self.one(&[between])?;
        self.number(2, 2)?;
        self.one(b"Tt").map(drop).or_else(|| self.spaces())
    }

    /// `21/Nov/2026:`, `21-Nov-2026 `, `Sat, 21 Nov 2026 `.
    fn day_first(&mut self) -> Option<()> {
        let _ = self.attempt(Self::weekday);
        self.number(1, 2)?;
        let between = self.one(b"/- ")?;
        self.word(&MONTHS)?;
        self.one(&[between])?;
        self.number(4, 4)?;
        self.one(b":").map(drop).or_else(|| self.spaces())
    }

    /// `Nov 21 `, `Nov  1, 2026 `, `Sat Nov 21 `.
    fn month_first(&mut self) -> Option<()> {
        let _ = self.attempt(Self::weekday);
        self.word(&MONTHS)?;
        self.spaces()?;
        self.number(1, 2)?;
        let _ = self.one(b",");
        self.spaces()?;
        let _ = self.attempt(|reader| {
            reader.number(4, 4)?;
            reader.spaces()
        });
        Some(())
    }

    fn weekday(&mut self) -> Option<()> {
        self.word(&DAYS)?;
        let _ = self.one(b",");
        self.spaces()
    }

    /// `12:00:00`, with or without a fraction.
    fn time(&mut self) -> Option<i64> {
        self.number(1, 2).filter(|hour| *hour < 24)?;
        self.one(b":")?;
        let minute = self.number(2, 2).filter(|minute| *minute < 60)?;
        self.one(b":")?;
        // Sixty is a leap second.
        let second = self.number(2, 2).filter(|second| *second <= 60)?;
        let _ = self.attempt(|reader| {
            reader.one(b".,")?;
            reader.number(1, 9)
        });
        Some(i64::from(minute * 60 + second))
    }

    fn half_of_day(&mut self) -> Option<()> {
        self.spaces()?;
        self.word(&["AM", "PM"])
    }

    /// `Z`, `+02:00`, ` +0200`, ` UTC`.
    fn zone(&mut self) -> Option<()> {
        if self.one(b"Zz").is_some() {
            return Some(());
        }
        let apart = self.spaces().is_some();
        if apart && self.word(&["UTC", "GMT"]).is_some() {
            return Some(());
        }
        self.one(b"+-")?;
        let whole = self.attempt(|reader| {
            reader.number(2, 2)?;
            reader.one(b":")?;
            reader.number(2, 2)
        });
        // A number apart from the time is a zone only when it has all its digits.
        whole.or_else(|| self.number(if apart { 4 } else { 2 }, 4)).map(drop)
    }

    /// ` 2026`, as C writes it: after the time, and before the end of a bracket.
    fn year_at_end(&mut self) -> Option<()> {
        self.spaces()?;
        self.number(4, 4)?;
        (self.0.first() == Some(&b']')).then_some(())
    }

    /// A colon or comma at once, then spaces, then a dash or bar of its own.
    fn pass_separator(&mut self) {
        let _ = self.one(b":,;");
        let _ = self.spaces();
        let _ = self.attempt(|reader| {
            reader.one(b"-|")?;
            reader.spaces()
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Half past twelve, by a clock that says 12:30:05.
    const AT: &str = "2026-11-21T12:30:05.123Z";

    fn shown(text: &str) -> &str {
        of(text).filter(|stamp| stamp.tells(AT.parse().unwrap())).map_or(text, |stamp| &text[stamp.length..])
    }

    #[rstest]
    #[case("2026-11-21T12:30:05Z ready", "ready")]
    #[case("2026-11-21T12:30:05.123456789Z ready", "ready")]
    #[case("2026-11-21T12:30:05.123+00:00 ready", "ready")]
    #[case("2026-11-21T14:30:05+0200 ready", "ready")]
    #[case("2026-11-21T18:15:05+05:45\tready", "ready")]
    #[case("2026-11-21 12:30:05,123 INFO [app] ready", "INFO [app] ready")]
    #[case("2026-11-21 12:30:05,123 - app - INFO - ready", "app - INFO - ready")]
    #[case("2026-11-21 12:30:05.123 | ready", "ready")]
    #[case("2026-11-21 12:30:05 UTC:10.0.0.1(5432):u@d:[7]:LOG:  ready", "10.0.0.1(5432):u@d:[7]:LOG:  ready")]
    #[case("2026-11-21 12:30:05.123 UTC [7] LOG:  ready", "[7] LOG:  ready")]
    #[case("2026/11/21 12:30:05 [error] 7#7: *1 open()", "[error] 7#7: *1 open()")]
    #[case("[2026-11-21 12:30:05 +0000] [7] [INFO] ready", "[7] [INFO] ready")]
    #[case("[2026-11-21T12:30:05.123Z] ready", "ready")]
    #[case("[Sat Nov 21 12:30:05.123456 2026] [core:error] no", "[core:error] no")]
    #[case("[21/Nov/2026:12:30:05 +0000] GET /", "GET /")]
    #[case("21-Nov-2026 12:30:05.123 INFO [main] ready", "INFO [main] ready")]
    #[case("Sat, 21 Nov 2026 12:30:05 GMT express:router", "express:router")]
    #[case("Nov 21 12:30:05 host app[7]: ready", "host app[7]: ready")]
    #[case("Nov  1 12:30:05 host app[7]: ready", "host app[7]: ready")]
    #[case("Nov 21, 2026 12:30:05 PM c.e.App main", "c.e.App main")]
    #[case("I1121 12:30:05.123456      10 controller.go:624] ready", "10 controller.go:624] ready")]
    #[case("12:30:05.123 [main] INFO ready", "[main] INFO ready")]
    #[case("[12:30:05] ready", "ready")]
    #[case("2026-11-21T12:30:05.000Z\twarn\tservice@v1/x.go:12\tfull", "warn\tservice@v1/x.go:12\tfull")]
    fn its_own_time_is_left_out(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(shown(text), expected);
    }

    #[rstest]
    #[case::no_time("2026-11-21 is the day")]
    #[case::nothing_follows("2026-11-21T12:30:05Z")]
    #[case::another_time("2026-11-21T12:28:05Z this line came late")]
    #[case::grown_together("2026-11-21T12:30:05.123abc")]
    #[case::not_closed("[12:30:05 INF] ready")]
    #[case::no_minute("2026-11-21 12:90:05 x")]
    #[case::an_address("10.20.30.40 - - [21/Nov/2026:12:30:05 +0000] GET /")]
    #[case::a_ratio("12:30 x")]
    #[case::in_json("{\"ts\":\"2026-11-21T12:30:05Z\",\"msg\":\"ready\"}")]
    #[case::later_in_the_line("at 2026-11-21T12:30:05Z")]
    #[case::half_a_klog("I1121 was here")]
    fn what_is_no_timestamp_of_the_line_stays(#[case] text: &str) {
        assert_eq!(shown(text), text);
    }

    #[test]
    fn a_number_after_the_time_is_no_zone() {
        assert_eq!(shown("2026-11-21 12:30:05 -5 degrees"), "-5 degrees");
        assert_eq!(shown("Nov 21 12:30:05 2026 items"), "2026 items");
    }

    #[test]
    fn close_is_close_across_the_hour() {
        let stamp = of("13:00:01 x").unwrap();
        for (at, close) in [("12:59:53", true), ("13:00:11", true), ("12:59:50", false), ("13:00:12", false)] {
            assert_eq!(stamp.tells(format!("2026-11-21T{at}Z").parse().unwrap()), close, "{at}");
        }
    }

    proptest! {
        /// Whatever follows a timestamp is shown whole, but for the separators right after it.
        #[test]
        fn nothing_else_is_lost(
            form in 0..8_usize, offset in -840..=840_i32, ms in 0..86_400_000_i64, between in "( |\t|: | - | \\| )", message in "[^ \t:,;|-].*",
        ) {
            let at = Timestamp::from_millisecond(1_795_219_200_000 + ms).unwrap();
            let zone = jiff::tz::Offset::from_seconds(offset / 15 * 15 * 60).unwrap();
            let local = at.to_zoned(zone.to_time_zone());
            let formats = [
                "%Y-%m-%dT%H:%M:%S%.3f%:z", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "[%Y-%m-%d %H:%M:%S %z]",
                "%b %e %H:%M:%S", "[%d/%b/%Y:%H:%M:%S %z]", "W%m%d %H:%M:%S%.6f", "%H:%M:%S%.3f",
            ];
            let text = format!("{}{between}{message}", local.strftime(formats[form]));
            let stamp = of(&text).unwrap();
            prop_assert!(stamp.tells(at));
            prop_assert_eq!(&text[stamp.length..], message);
        }

        /// Of any text, what is left out is a timestamp: there is a time in it, and nothing but what timestamps are made of.
        #[test]
        fn only_timestamps_are_left_out(text in "(\\PC*|[\\[ 0-9:TZ./,+-]{0,40}.*)") {
            let Some(stamp) = of(&text) else { return Ok(()) };
            let (left_out, rest) = text.split_at(stamp.length);
            prop_assert!(!rest.is_empty());
            prop_assert!(left_out.matches(':').count() >= 2, "{}", left_out);
            let known = |c: char| c.is_ascii_alphanumeric() || " \t:,;|-[]./+".contains(c);
            prop_assert!(left_out.chars().all(known), "{}", left_out);
        }
    }
}
