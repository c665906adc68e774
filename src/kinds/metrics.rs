//! Points of metrics, fetched in batches with `GetMetricData`, and the budget for them: CloudWatch charges for every metric in
//! every call. Knows no kind; which metrics are worth asking for is the kinds' and the screen's affair.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Op;
use crate::model::{Fault, FaultClass, MetricSpec, Points, Window};
use crate::providers::Env;
use crate::providers::aws::{fault, gathered};

const GET: Op = "cloudwatch:GetMetricData";

/// What is called here.
pub const READS: &[Op] = &[GET];

/// The most queries that one call takes.
pub const QUERIES: usize = 500;

/// What CloudWatch charges for one metric in one call, in millionths of a US dollar: a cent for a thousand.
const PRICE: u64 = 10;
const DOLLAR: u64 = 1_000_000;

/// Fetches the points of these metrics over a window that ends at `now`: five hundred to a call, every page followed. The answer
/// names each spec by its position; those that CloudWatch could not answer for now are left out (an empty series is an answer),
/// and only if it could answer for none is that a fault.
pub async fn fetch(
    env: &Env,
    specs: &[MetricSpec],
    window: Window,
    now: Timestamp,
) -> Result<Vec<(usize, Points)>, Fault> {
    let mut found = Found::new(window);
    let (start, end) = range(window, now);
    for (batch, specs) in specs.chunks(QUERIES).enumerate() {
        let first = batch * QUERIES;
        let queries: Vec<MetricDataQuery> =
            specs.iter().enumerate().map(|(at, spec)| query(first + at, spec, window)).collect();
        let results = gathered(GET, |token| {
            let call = env.aws.cloudwatch().get_metric_data().set_metric_data_queries(Some(queries.clone()));
            let call = call.start_time(start).end_time(end).scan_by(ScanBy::TimestampAscending).set_next_token(token);
            async move {
                let page = call.send().await.map_err(|error| fault(GET, &error))?;
                Ok((page.metric_data_results.unwrap_or_default(), page.next_token))
            }
        });
        found.take(&results.await?);
    }
    found.finish()
}

/// From when to when: whole periods, the one that is not over yet left out.
fn range(window: Window, now: Timestamp) -> (DateTime, DateTime) {
    let end = aligned(now.as_second(), window);
    (DateTime::from_secs(end - window.seconds()), DateTime::from_secs(end))
}

/// The start of the period that a second lies in.
fn aligned(second: i64, window: Window) -> i64 {
    second - second.rem_euclid(i64::from(window.period()))
}

/// The id of a query carries the position of its spec; CloudWatch wants ids to start with a small letter.
fn query(position: usize, spec: &MetricSpec, window: Window) -> MetricDataQuery {
    let dimensions = spec.dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(&**name).value(&**value).build());
    let metric = Metric::builder()
        .namespace(&*spec.namespace)
        .metric_name(&*spec.metric)
        .set_dimensions(Some(dimensions.collect()));
    let stat = MetricStat::builder().metric(metric.build()).period(window.period()).stat(&*spec.stat);
    MetricDataQuery::builder().id(format!("m{position}")).metric_stat(stat.build()).return_data(true).build()
}

/// The position of the spec in a query's id.
fn position(id: &str) -> Option<usize> {
    id.strip_prefix('m')?.parse().ok()
}

/// What has come so far. The points of one metric can come in several pages.
struct Found {
    window: Window,
    series: BTreeMap<usize, BTreeMap<i64, f64>>,
    status: HashMap<usize, StatusCode>,
}

impl Found {
    fn new(window: Window) -> Self {
        Self { window, series: BTreeMap::new(), status: HashMap::new() }
    }

    fn take(&mut self, results: &[MetricDataResult]) {
        for result in results {
            let Some(position) = result.id().and_then(position) else { continue };
            let points = result.timestamps().iter().zip(result.values());
            let points = points.map(|(at, value)| (aligned(at.secs(), self.window), *value));
            self.series.entry(position).or_default().extend(points);
            if let Some(status) = result.status_code() {
                self.status.insert(position, status.clone());
            }
        }
    }

    /// Points oldest first. `PartialData` on the last page is what there is; the rest comes with the next fetch.
    fn finish(self) -> Result<Vec<(usize, Points)>, Fault> {
        let failed = |position: &usize| {
            let status = self.status.get(position)?;
            matches!(status, StatusCode::InternalError | StatusCode::Forbidden).then(|| status.clone())
        };
        let first_failure = self.series.keys().find_map(failed);
        let good: Vec<_> = self.series.iter().filter(|(position, _)| failed(position).is_none()).collect();
        match first_failure {
            Some(StatusCode::Forbidden) if good.is_empty() => {
                let class = FaultClass::Denied { permission: Some(GET.to_owned()) };
                Err(Fault::new(class, format!("{GET}: these metrics may not be read")))
            }
            Some(_) if good.is_empty() => {
                Err(Fault::new(FaultClass::Service, format!("{GET}: CloudWatch could not read these metrics")))
            }
            _ => Ok(good.into_iter().map(|(position, points)| (*position, points_of(points))).collect()),
        }
    }
}

fn points_of(series: &BTreeMap<i64, f64>) -> Points {
    let point = |(at, value): (&i64, &f64)| Some((Timestamp::from_second(*at).ok()?, *value));
    Points { points: series.iter().filter_map(point).collect() }
}

/// What metrics may cost in a day, and what they have cost. Days are UTC; the clock is the caller's.
#[derive(Clone, Debug)]
pub struct Budget {
    calls_a_day: u64,
    millionths_a_day: u64,
    used: Used,
}

/// What has been used of a budget on a day, as it is kept between runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The day, UTC.
    pub day: Date,
    /// `GetMetricData` calls.
    pub calls: u64,
    /// Metrics asked for.
    pub metrics: u64,
}

impl Used {
    /// Both together, if they are of one day; else the later one.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        self.merged(more, u64::saturating_add)
    }

    fn merged(self, other: Self, merge: fn(u64, u64) -> u64) -> Self {
        match self.day.cmp(&other.day) {
            Ordering::Less => other,
            Ordering::Greater => self,
            Ordering::Equal => Self {
                day: self.day,
                calls: merge(self.calls, other.calls),
                metrics: merge(self.metrics, other.metrics),
            },
        }
    }
}

/// What metrics have cost on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// `GetMetricData` calls.
    pub calls: u64,
    /// Metrics asked for.
    pub metrics: u64,
    /// US dollars, at the list price.
    pub dollars: f64,
    /// Nothing more may be asked before midnight UTC.
    pub exhausted: bool,
}

impl Budget {
    /// A budget of so many calls and so much money a day, whichever is used up first.
    pub fn new(calls_a_day: u64, dollars_a_day: f64) -> Self {
        // Casting a float saturates: nonsense from outside becomes nothing or everything, never an overflow.
        let millionths_a_day = (dollars_a_day * DOLLAR as f64).round() as u64;
        Self { calls_a_day, millionths_a_day, used: Used::default() }
    }

    /// How many of `wanted` metrics may be asked for now.
    pub fn allows(&self, now: Timestamp, wanted: usize) -> usize {
        let (calls, metrics) = self.used(now);
        let by_calls = self.calls_a_day.saturating_sub(calls).saturating_mul(QUERIES as u64);
        let by_money = self.millionths_a_day.saturating_sub(metrics * PRICE) / PRICE;
        usize::try_from(by_calls.min(by_money)).map_or(wanted, |allowed| allowed.min(wanted))
    }

    /// Books a fetch of so many metrics; returns what it uses.
    pub fn spend(&mut self, now: Timestamp, metrics: usize) -> Used {
        let fetch = Used { day: utc_day(now), calls: metrics.div_ceil(QUERIES) as u64, metrics: metrics as u64 };
        self.used = self.used.and(fetch);
        fetch
    }

    /// Takes in what is known elsewhere of what has been used: before a restart, or beside this process.
    pub fn learn(&mut self, used: Used) {
        self.used = self.used.merged(used, u64::max);
    }

    /// What has been spent today.
    pub fn spent(&self, now: Timestamp) -> Spent {
        let (calls, metrics) = self.used(now);
        let dollars = (metrics * PRICE) as f64 / DOLLAR as f64;
        Spent { calls, metrics, dollars, exhausted: self.allows(now, 1) == 0 }
    }

    /// Calls and metrics of the day of `now`: a new day starts from nothing.
    fn used(&self, now: Timestamp) -> (u64, u64) {
        if utc_day(now) == self.used.day { (self.used.calls, self.used.metrics) } else { (0, 0) }
    }
}

fn utc_day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::parts;
    use crate::model::{Scope, Unit};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn result(id: &str, status: StatusCode, points: &[(i64, f64)]) -> MetricDataResult {
        MetricDataResult::builder()
            .id(id)
            .status_code(status)
            .set_timestamps(Some(points.iter().map(|(at, _)| DateTime::from_secs(*at)).collect()))
            .set_values(Some(points.iter().map(|(_, value)| *value).collect()))
            .build()
    }

    fn seconds(points: &Points) -> Vec<(i64, f64)> {
        points.points.iter().map(|(at, value)| (at.as_second(), *value)).collect()
    }

    #[test]
    fn a_range_is_whole_periods() {
        let (start, end) = range(Window::Hour, at("2025-08-22T10:30:42Z"));
        assert_eq!((start, end), (DateTime::from_secs(1_755_855_000), DateTime::from_secs(1_755_858_600)));
        let (start, end) = range(Window::Day, at("2025-08-22T10:33:42Z"));
        assert_eq!(end.secs() % 300, 0);
        assert_eq!(end.secs() - start.secs(), 86_400);
    }

    #[test]
    fn a_query_carries_its_spec() {
        let id = parts::id(&Scope::new("e", "r"), "rds-instance", "db");
        let dimensions = [("DBInstanceIdentifier", "db")];
        let spec = &parts::metrics(&id, "AWS/RDS", &dimensions, &[("cpu", "CPUUtilization", "p95", Unit::Percent)])[0];
        let query = query(7, spec, Window::HalfDay);
        let stat = query.metric_stat().unwrap();
        assert_eq!((query.id().and_then(position), stat.period(), stat.stat()), (Some(7), Some(300), Some("p95")));
        assert_eq!(stat.metric().unwrap().dimensions()[0].value(), Some("db"));
    }

    #[test]
    fn pages_are_put_together_oldest_first() {
        let mut found = Found::new(Window::Hour);
        found.take(&[result("m3", StatusCode::PartialData, &[(120, 3.0), (65, 2.0)])]);
        found.take(&[result("m3", StatusCode::Complete, &[(0, 1.0)]), result("m0", StatusCode::Complete, &[])]);
        found.take(&[result("odd", StatusCode::Complete, &[(0, 1.0)])]);
        let good = found.finish().unwrap();
        assert_eq!(good.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [0, 3]);
        assert_eq!(seconds(&good[0].1), []);
        assert_eq!(seconds(&good[1].1), [(0, 1.0), (60, 2.0), (120, 3.0)]);
    }

    #[test]
    fn what_cloudwatch_could_not_read_is_left_out() {
        let mut found = Found::new(Window::Hour);
        let broken = result("m0", StatusCode::InternalError, &[(0, 1.0)]);
        found.take(&[broken.clone(), result("m1", StatusCode::PartialData, &[(0, 2.0)])]);
        let good = found.finish().unwrap();
        assert_eq!(good.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [1]);

        let mut found = Found::new(Window::Hour);
        found.take(&[broken]);
        assert_eq!(found.finish().unwrap_err().class, FaultClass::Service);

        let mut found = Found::new(Window::Hour);
        found.take(&[result("m0", StatusCode::Forbidden, &[])]);
        assert!(matches!(found.finish().unwrap_err().class, FaultClass::Denied { .. }));
        assert_eq!(Found::new(Window::Hour).finish().unwrap(), []);
    }

    #[test]
    fn the_budget_counts_calls_and_money_of_a_day() {
        let noon = at("2025-08-22T12:00:00Z");
        let mut budget = Budget::new(3, 1.0);
        assert_eq!(budget.allows(noon, 2_000), 1_500, "three calls of five hundred");
        budget.spend(noon, 501);
        assert_eq!(budget.spent(noon), Spent { calls: 2, metrics: 501, dollars: 0.005_01, exhausted: false });
        assert_eq!(budget.allows(noon, 2_000), 500);
        budget.spend(noon, 1);
        assert_eq!(budget.allows(noon, 1), 0);
        assert!(budget.spent(noon).exhausted);
        let midnight = at("2025-08-23T00:00:00Z");
        assert_eq!(budget.spent(midnight), Spent::default());
        assert_eq!(budget.allows(midnight, 7), 7);
        budget.spend(midnight, 7);
        assert_eq!(budget.spent(midnight).metrics, 7);
    }

    #[test]
    fn what_others_have_used_counts_on_its_day() {
        let noon = at("2025-08-22T12:00:00Z");
        let of = |day: &str, calls, metrics| Used { day: day.parse().unwrap(), calls, metrics };
        let mut budget = Budget::new(10, 1.0);
        budget.learn(of("2025-08-22", 9, 700));
        assert_eq!((budget.spent(noon).calls, budget.spent(noon).metrics), (9, 700));
        assert_eq!(budget.spend(noon, 3), of("2025-08-22", 1, 3));
        assert!(budget.spent(noon).exhausted);
        budget.learn(of("2025-08-22", 4, 1));
        assert_eq!(budget.spent(noon).metrics, 703, "what is known here is not forgotten");
        budget.learn(of("2025-08-21", 10, 9_000));
        assert_eq!(budget.spent(noon).metrics, 703, "yesterday is over");
    }

    #[test]
    fn money_runs_out_too() {
        let noon = at("2025-08-22T12:00:00Z");
        let mut budget = Budget::new(10_000, 0.01);
        budget.spend(noon, 990);
        assert_eq!(budget.allows(noon, 80), 10);
        budget.spend(noon, 80);
        assert_eq!(budget.allows(noon, 80), 0, "overdrawn is nothing left");
        for limits in [Budget::new(0, 1.0), Budget::new(1, 0.0), Budget::new(1, -1.0), Budget::new(1, f64::NAN)] {
            assert!(limits.spent(noon).exhausted, "{limits:?}");
        }
        assert_eq!(Budget::new(u64::MAX, f64::INFINITY).allows(noon, 80), 80);
    }
}
