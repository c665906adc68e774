//! Metrics: computed when they are asked for, from the seed, the instant and the story. It must not change anything.

use std::borrow::Cow;

use jiff::Timestamp;

use super::account::Account;
use super::model::{MetricId, Word};
use super::signal::{Points, Signal, after};

/// Data points that one request gets at most, as with `GetMetricData`.
const MOST_POINTS: i64 = 100_800;

impl Account {
    /// Every metric the account has, for `ListMetrics`, ordered by namespace and name. Those of a sized estate's
    /// services are not among them, but have data.
    pub fn metrics(&self) -> Vec<MetricId> {
        self.signals.keys().cloned().collect()
    }

    /// The unit of a metric, such as `Percent`; `None` when there is no such metric.
    pub fn metric_unit(&self, metric: &MetricId) -> Option<Word> {
        self.signal(metric).map(|signal| signal.unit())
    }

    /// Data points of a metric, oldest first: one for each whole `period` (seconds) that begins in `start..end` and the
    /// first minute of which is over. Empty when there is no such metric. `statistic`: `Average`, `Sum`, `Minimum`,
    /// `Maximum`, `SampleCount`, or a percentile such as `p99`.
    pub fn metric(
        &self,
        metric: &MetricId,
        statistic: &str,
        period: i64,
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<(Timestamp, f64)> {
        let Some(signal) = self.signal(metric) else {
            return Vec::new();
        };
        let period = period.max(1);
        // Seconds are measured once a minute; what is not over yet is not known.
        let known = self.now.as_second().div_euclid(60) * 60;
        let first = start.as_second().div_euclid(period) * period;
        let first = if first < start.as_second() { first + period } else { first };
        let count = ((end.as_second().min(known) - first).max(0) / period + 1).min(MOST_POINTS);
        (0..count)
            .map(|n| first + n * period)
            .filter(|from| *from < end.as_second() && from + period.min(60) <= known)
            .filter_map(|from| {
                let points = signal.points(from, (from + period).min(known.max(from + 1)))?;
                Some((after(Timestamp::UNIX_EPOCH, from), statistic_of(points, statistic)))
            })
            .collect()
    }

    /// The course of a metric, whatever the order of its dimensions.
    fn signal(&self, metric: &MetricId) -> Option<Cow<'_, Signal>> {
        if let Some(signal) = self.signals.get(metric) {
            return Some(Cow::Borrowed(signal));
        }
        let mut sorted = metric.clone();
        sorted.dimensions.sort();
        let found = self.signals.get(&sorted).map(Cow::Borrowed);
        found.or_else(|| self.bulk_signal(&sorted).map(Cow::Owned))
    }
}

/// One number out of the values of a period.
fn statistic_of(points: Points, statistic: &str) -> f64 {
    match statistic {
        "Sum" => points.sum,
        "Minimum" => points.minimum,
        "Maximum" => points.maximum,
        "SampleCount" => points.samples,
        percentile if percentile.starts_with('p') => {
            let rank: f64 = percentile[1..].parse().unwrap_or(50.0);
            points.average + (points.maximum - points.average) * ((rank - 50.0) / 50.0).clamp(-1.0, 1.0)
        }
        _ => points.average,
    }
}
