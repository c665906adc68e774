//! The course of one metric: a daily load curve with noise and surges, or the steps of a count that the estate keeps.
//! A pure function of the seed and the instant. It must not know accounts.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::dice::{mix2, unit};
use super::model::Word;

/// Steps kept of a count: enough for some hours of a restless one.
const STEPS_KEPT: usize = 2_000;

/// The course of a metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Signal {
    Wave(Wave),
    Steps(Steps),
}

/// A metric that follows the load of the day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wave {
    pub(super) seed: u64,
    /// At night, and what the busiest hour adds.
    pub(super) base: f64,
    pub(super) swing: f64,
    /// As a part of the value, such as 0.1.
    pub(super) noise: f64,
    pub(super) limits: (f64, f64),
    /// A sum for each minute rather than a level.
    pub(super) count: bool,
    pub(super) unit: Word,
    /// What is added (or lost) each day, such as storage that fills up, counted from `since`.
    pub(super) drift: f64,
    pub(super) since: i64,
    /// The hour (UTC) in which the load is highest.
    pub(super) peak_hour: i64,
    pub(super) surges: Vec<Surge>,
}

/// A time in which a metric goes to another level.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Surge {
    pub(super) from: Timestamp,
    pub(super) until: Option<Timestamp>,
    /// Seconds until the level is reached.
    pub(super) ramp: i64,
    pub(super) level: f64,
    /// Seconds after which it comes again.
    pub(super) every: Option<i64>,
}

/// A count that changes now and then: what it is from an instant on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Steps {
    steps: VecDeque<(Timestamp, f64)>,
}

/// The values within a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Points {
    pub(super) average: f64,
    pub(super) sum: f64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
    pub(super) samples: f64,
}

impl Signal {
    pub(super) fn unit(&self) -> Word {
        match self {
            Self::Wave(wave) => wave.unit,
            Self::Steps(_) => "Count",
        }
    }

    /// The least and the most it can come to, where no surge and no drift takes it further.
    pub(super) fn bounds(&self) -> Option<(f64, f64)> {
        match self {
            Self::Wave(wave) if wave.surges.is_empty() && wave.drift == 0.0 => Some(wave.bounds()),
            _ => None,
        }
    }

    /// The values from `from` to `to` (seconds since 1970), or `None` where nothing was measured.
    pub(super) fn points(&self, from: i64, to: i64) -> Option<Points> {
        match self {
            Self::Wave(wave) => Some(wave.points(from, to)),
            Self::Steps(steps) => steps.points(from, to),
        }
    }
}

impl Wave {
    /// The value in the minute of that second.
    pub(super) fn value(&self, second: i64) -> f64 {
        let minute = second.div_euclid(60);
        let wobble = self.wobble(minute);
        let days = (second - self.since) as f64 / 86_400.0;
        let mut value = self.base + self.swing * load(second, self.peak_hour) + self.drift * days;
        value *= 1.0 + self.noise * wobble;
        for surge in &self.surges {
            let strength = surge.strength(second);
            if strength > 0.0 {
                let level = surge.level * (1.0 + 0.4 * self.noise * wobble);
                value += (level - value) * strength;
            }
        }
        let value = value.clamp(self.limits.0, self.limits.1);
        if self.unit == "Count" { value.round() } else { value }
    }

    fn bounds(&self) -> (f64, f64) {
        // Half as much again for what lies between the samples of a period.
        let spread = 1.5 * self.noise + 0.01;
        let (night, day) = (self.base, self.base + self.swing);
        (night.min(day) * (1.0 - spread) - 1.0, night.max(day) * (1.0 + spread) + 1.0)
    }

    /// Noise in `-1.0..1.0`: something that changes within ten minutes, and some jitter.
    fn wobble(&self, minute: i64) -> f64 {
        let knot = |n: i64| unit(mix2(self.seed, n as u64)) * 2.0 - 1.0;
        let begun = minute.div_euclid(10);
        let part = minute.rem_euclid(10) as f64 / 10.0;
        let slow = knot(begun) * (1.0 - part) + knot(begun + 1) * part;
        0.7 * slow + 0.3 * knot(minute.wrapping_mul(7_919))
    }

    fn points(&self, from: i64, to: i64) -> Points {
        let minutes = ((to - from) / 60).max(1);
        // Five values tell enough of a long period.
        let stride = (minutes / 5).max(1);
        let values: Vec<f64> =
            (0..minutes).step_by(stride as usize).map(|minute| self.value(from + minute * 60)).collect();
        let average = values.iter().sum::<f64>() / values.len() as f64;
        let (low, high) = extremes(&values);
        let spread = if self.count { 0.0 } else { 0.5 * self.noise };
        Points {
            average,
            sum: if self.count { (average * minutes as f64).round() } else { average * minutes as f64 },
            minimum: (low * (1.0 - spread)).clamp(self.limits.0, self.limits.1),
            maximum: (high * (1.0 + spread)).clamp(self.limits.0, self.limits.1),
            samples: minutes as f64,
        }
    }
}

impl Surge {
    /// How far the surge has come, `0.0..=1.0`.
    fn strength(&self, second: i64) -> f64 {
        let mut since = second - self.from.as_second();
        if let Some(every) = self.every {
            since = if since < 0 { since } else { since % every };
        }
        if since < 0 {
            return 0.0;
        }
        let ramp = self.ramp.max(1) as f64;
        let rise = (since as f64 / ramp).min(1.0);
        let left = self.until.map(|until| until.as_second() - self.from.as_second() - since);
        let fall = left.map_or(1.0, |left| (left as f64 / ramp).clamp(0.0, 1.0));
        rise.min(fall)
    }
}

impl Steps {
    /// Notes that the count is `value` from `at` on.
    pub(super) fn note(&mut self, at: Timestamp, value: f64) {
        if self.steps.back().is_none_or(|last| (last.1 - value).abs() > f64::EPSILON) {
            self.steps.push_back((at, value));
        }
        if self.steps.len() > STEPS_KEPT {
            self.steps.pop_front();
        }
    }

    /// Forgets what was over before `horizon`.
    pub(super) fn forget(&mut self, horizon: Timestamp) {
        while self.steps.get(1).is_some_and(|second| second.0 < horizon) {
            self.steps.pop_front();
        }
    }

    fn points(&self, from: i64, to: i64) -> Option<Points> {
        let first = self.steps.partition_point(|step| step.0.as_second() <= from);
        let end = self.steps.partition_point(|step| step.0.as_second() < to);
        let before = first.checked_sub(1).map(|index| (from, self.steps[index].1));
        let within = (first..end).map(|index| (self.steps[index].0.as_second(), self.steps[index].1));
        let spans: Vec<(i64, f64)> = before.into_iter().chain(within).collect();
        let begin = spans.first()?.0;
        let ends = spans.iter().skip(1).map(|span| span.0).chain([to]);
        let area: f64 = spans.iter().zip(ends).map(|(span, end)| span.1 * (end - span.0) as f64).sum();
        let values: Vec<f64> = spans.iter().map(|span| span.1).collect();
        let (minimum, maximum) = extremes(&values);
        let samples = ((to - from) as f64 / 60.0).max(1.0);
        let average = if to > begin { area / (to - begin) as f64 } else { minimum };
        Some(Points { average, sum: average * samples, minimum, maximum, samples })
    }
}

/// The load of the day, `0.0..=1.0`: low at night, a hump around the busiest hour, half of it at weekends.
pub(super) fn load(second: i64, peak_hour: i64) -> f64 {
    let hours = (second.rem_euclid(86_400)) as f64 / 3600.0 - peak_hour as f64;
    let angle = hours / 24.0 * std::f64::consts::TAU;
    let hump = (f64::midpoint(1.0, angle.cos())).powf(1.5);
    let dip = 0.12 * (2.0 * angle + 0.6).sin();
    // 1970 began on a Thursday.
    let weekday = second.div_euclid(86_400).rem_euclid(7);
    let week = if weekday == 2 || weekday == 3 { 0.5 } else { 1.0 };
    ((hump + dip) * week).clamp(0.0, 1.0)
}

fn extremes(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// The instant `seconds` after another.
pub(super) fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave() -> Wave {
        Wave {
            seed: 5,
            base: 10.0,
            swing: 40.0,
            noise: 0.1,
            limits: (0.0, 100.0),
            count: false,
            unit: "Percent",
            drift: 0.0,
            since: 0,
            peak_hour: 13,
            surges: Vec::new(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn load_is_high_by_day_low_at_night_and_lower_on_sundays() {
        let monday = 4 * 86_400;
        assert!(load(monday + 13 * 3600, 13) > 0.8);
        assert!(load(monday + 3600, 13) < 0.2);
        assert!(load(monday - 86_400 + 13 * 3600, 13) < 0.6);
    }

    #[test]
    fn a_surge_ramps_up_holds_and_comes_again() {
        let mut wave = wave();
        wave.surges.push(Surge { from: at(6000), until: Some(at(6600)), ramp: 60, level: 95.0, every: Some(3600) });
        assert!(wave.value(5_900) < 60.0);
        assert!(wave.value(6_300) > 85.0);
        assert!(wave.value(7_000) < 60.0);
        assert!(wave.value(6_300 + 3600) > 85.0);
    }

    #[test]
    fn a_wave_stays_within_its_bounds_and_a_surge_has_none() {
        let mut wave = wave();
        let (least, most) = Signal::Wave(wave.clone()).bounds().unwrap();
        for minute in 0..7 * 24 * 60 {
            let points = wave.points(minute * 60, minute * 60 + 300);
            assert!(points.minimum >= least && points.maximum <= most, "{points:?}");
        }
        assert!(most < 70.0);
        wave.surges.push(Surge { from: at(0), until: None, ramp: 1, level: 99.0, every: None });
        assert_eq!(Signal::Wave(wave).bounds(), None);
    }

    #[test]
    fn sums_grow_with_the_period_and_averages_do_not() {
        let mut wave = wave();
        wave.count = true;
        wave.noise = 0.0;
        let (one, five) = (wave.points(0, 60), wave.points(0, 300));
        assert!((five.average - one.average).abs() < 1.0);
        assert!(five.sum > 4.5 * one.sum);
    }

    #[test]
    fn steps_are_averaged_by_how_long_they_lasted() {
        let mut steps = Steps::default();
        assert_eq!(steps.points(0, 60), None);
        steps.note(at(0), 3.0);
        steps.note(at(45), 1.0);
        let points = steps.points(0, 60).unwrap();
        assert!((points.average - 2.5).abs() < 1e-9);
        assert!((points.minimum - 1.0).abs() < 1e-9 && (points.maximum - 3.0).abs() < 1e-9);
        assert!((steps.points(60, 120).unwrap().average - 1.0).abs() < 1e-9);
        steps.forget(at(100));
        assert_eq!(steps.points(0, 40), None);
    }
}
