//! Metrics: computed when they are asked for, from the seed, the instant and the story. Nothing is stored.

use jiff::Timestamp;

use super::account::Account;
use super::model::MetricId;

impl Account {
    /// Every metric the account has, for `ListMetrics`.
    pub fn metrics(&self) -> Vec<MetricId> {
        Vec::new()
    }

    /// Data points of a metric, oldest first: one for each whole `period` (seconds) that begins in `start..end` and has
    /// begun by now. Empty when there is no such metric. `statistic`: `Average`, `Sum`, `Minimum`, `Maximum`,
    /// `SampleCount`, or a percentile such as `p99`.
    pub fn metric(
        &self,
        _metric: &MetricId,
        _statistic: &str,
        _period: i64,
        _start: Timestamp,
        _end: Timestamp,
    ) -> Vec<(Timestamp, f64)> {
        Vec::new()
    }
}
