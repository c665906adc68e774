//! When a rule of the policy holds: between two instants, on days of the week, at hours of the day, in a time zone.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

/// When a rule holds.
#[derive(Clone, Debug)]
pub struct When {
    /// From then on.
    pub from: Option<Timestamp>,
    /// Until then; that instant is no longer part of it.
    pub until: Option<Timestamp>,
    /// On these days; none is every day. Hours over midnight belong to the day they start on.
    pub days: Vec<Weekday>,
    /// From one time of day to another, which is no longer part of it. The second may be the earlier one: over midnight. Two equal
    /// ones are a whole day.
    pub hours: Option<(Time, Time)>,
    /// The zone of days and hours.
    pub zone: TimeZone,
    /// It holds outside of its days and hours: they are a window in which it does not.
    pub outside: bool,
}

impl When {
    /// Whether it holds now.
    pub fn holds(&self, now: Timestamp) -> bool {
        if self.from.is_some_and(|from| now < from) || self.until.is_some_and(|until| now >= until) {
            return false;
        }
        self.is_inside(now) != self.outside
    }

    /// Whether days and hours are now.
    fn is_inside(&self, now: Timestamp) -> bool {
        let now = now.to_zoned(self.zone.clone());
        let (today, time) = (now.weekday(), now.time());
        let on = |day: Weekday| self.days.is_empty() || self.days.contains(&day);
        match self.hours {
            None => on(today),
            Some((start, end)) if start < end => on(today) && start <= time && time < end,
            Some((start, end)) => (on(today) && time >= start) || (on(today.previous()) && time < end),
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        let instant = |at: Timestamp| at.strftime("%Y-%m-%d %H:%MZ").to_string();
        words.extend(self.from.map(|from| format!("from {}", instant(from))));
        words.extend(self.until.map(|until| format!("until {}", instant(until))));
        let mut window = Vec::new();
        if !self.days.is_empty() {
            window.push(
                self.days
                    .iter()
                    .map(|day| &DAYS[usize::from(day.to_monday_zero_offset().unsigned_abs())][..3])
                    .collect::<Vec<_>>()
                    .join(","),
            );
        }
        window.extend(self.hours.map(|(start, end)| format!("{}-{}", start.strftime("%H:%M"), end.strftime("%H:%M"))));
        if !window.is_empty() {
            let zone = self.zone.iana_name().unwrap_or("UTC");
            let outside = if self.outside { "outside of " } else { "" };
            words.push(format!("{outside}{} {zone}", window.join(" ")));
        }
        words.join(" ")
    }
}

/// The days' names, from Monday; their first three letters will do.
pub const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn when() -> When {
        When { from: None, until: None, days: Vec::new(), hours: None, zone: TimeZone::UTC, outside: false }
    }

    fn hours(start: i8, end: i8) -> (Time, Time) {
        (Time::constant(start, 0, 0, 0), Time::constant(end, 0, 0, 0))
    }

    // 2026-03-02 is a Monday.
    #[rstest]
    #[case("2026-03-07T21:59:59Z", false)]
    #[case("2026-03-07T22:00:00Z", true)]
    #[case("2026-03-08T05:59:59Z", true)]
    #[case("2026-03-08T06:00:00Z", false)]
    #[case("2026-03-08T23:00:00Z", false)]
    #[case("2026-03-07T03:00:00Z", false)]
    fn hours_over_midnight_belong_to_the_day_they_start_on(#[case] now: Timestamp, #[case] expected: bool) {
        let saturday = When { days: vec![Weekday::Saturday], hours: Some(hours(22, 6)), ..when() };
        assert_eq!(saturday.holds(now), expected);
        assert_eq!(When { outside: true, ..saturday }.holds(now), !expected);
    }

    #[rstest]
    #[case("2026-03-02T08:59:59Z", false)]
    #[case("2026-03-02T09:00:00Z", true)]
    #[case("2026-03-02T16:59:59Z", true)]
    #[case("2026-03-02T17:00:00Z", false)]
    fn hours_of_a_day(#[case] now: Timestamp, #[case] expected: bool) {
        assert_eq!(When { hours: Some(hours(9, 17)), ..when() }.holds(now), expected);
    }

    #[test]
    fn equal_hours_are_a_whole_day() {
        let monday = When { days: vec![Weekday::Monday], hours: Some(hours(6, 6)), ..when() };
        for (now, expected) in
            [("2026-03-02T06:00:00Z", true), ("2026-03-03T05:59:00Z", true), ("2026-03-03T06:00:00Z", false)]
        {
            assert_eq!(monday.holds(now.parse().unwrap()), expected, "{now}");
        }
    }

    #[test]
    fn the_zone_counts_through_summer_time() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let evening = When { hours: Some(hours(22, 23)), zone, ..when() };
        assert!(evening.holds("2026-03-01T21:30:00Z".parse().unwrap()));
        assert!(evening.holds("2026-07-01T20:30:00Z".parse().unwrap()));
        assert!(!evening.holds("2026-07-01T21:30:00Z".parse().unwrap()));
        assert_eq!(evening.words(), "22:00-23:00 Europe/Berlin");
    }

    #[test]
    fn a_freeze_has_a_beginning_and_an_end() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let freeze = When { from: Some(at("2026-12-20T00:00:00Z")), until: Some(at("2027-01-07T00:00:00Z")), ..when() };
        let holds = ["2026-12-19T23:59:59Z", "2026-12-20T00:00:00Z", "2027-01-06T23:59:59Z", "2027-01-07T00:00:00Z"];
        assert_eq!(holds.map(|now| freeze.holds(at(now))), [false, true, true, false]);
        assert_eq!(freeze.words(), "from 2026-12-20 00:00Z until 2027-01-07 00:00Z");
    }
}
