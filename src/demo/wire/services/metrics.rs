//! CloudWatch: metric data and the list of metrics.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::node::{Node, fields, list};
use crate::demo::world::MetricId;

/// What a call may ask for and get at most.
const MOST_QUERIES: usize = 500;
const MOST_DATAPOINTS: usize = 100_800;

/// Where a page begins: in which query, at which of its points.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    query: usize,
    point: usize,
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (query, point) = text.split_once('/').ok_or(())?;
        Ok(Self { query: query.parse().map_err(|_| ())?, point: point.parse().map_err(|_| ())? })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.query, self.point)
    }
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(400, "ValidationError", message)
}

pub fn get_data(call: &Call<'_>) -> Answer {
    let input = call.input;
    let queries = input.structures("MetricDataQueries");
    if queries.is_empty() || queries.len() > MOST_QUERIES {
        return Err(invalid(format!(
            "MetricDataQueries must have between 1 and {MOST_QUERIES} items, not {}",
            queries.len()
        )));
    }
    let (Some(start), Some(end)) = (input.time("StartTime"), input.time("EndTime")) else {
        return Err(invalid("StartTime and EndTime must be given"));
    };
    if start >= end {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    let token = input.text("NextToken");
    let from: Position = token.map_or(Ok(Position::default()), |token| call.position(token))?;
    let mut left = call.size("MaxDatapoints", MOST_DATAPOINTS, 1..MOST_DATAPOINTS + 1)?;
    let oldest_first = input.text("ScanBy") == Some("TimestampAscending");
    let mut results = Vec::new();
    let mut next = None;
    check_ids(&queries)?;
    for (index, query) in queries.iter().enumerate().skip(from.query) {
        if left == 0 {
            next = Some(Position { query: index, point: 0 });
            break;
        }
        let Some(series) = Series::of(call, query, start, end, oldest_first)? else { continue };
        let first = if index == from.query { from.point } else { 0 };
        let points = series.points.get(first..).unwrap_or_default();
        let shown = &points[..points.len().min(left)];
        let complete = shown.len() == points.len();
        left -= shown.len();
        results.push(series.node(shown, complete));
        if !complete {
            next = Some(Position { query: index, point: first + shown.len() });
            break;
        }
    }
    let next = if call.repeat_token {
        Some(token.map_or_else(|| call.token(Position::default()), str::to_owned))
    } else {
        next.map(|position| call.token(position))
    };
    Ok(fields! { "MetricDataResults": list(results), "NextToken": next, "Messages": list(Vec::<Node>::new()) })
}

/// Ids begin with a small letter, go on with letters, digits and `_`, and are all different.
fn check_ids(queries: &[Input]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for query in queries {
        let id = query.text("Id").unwrap_or_default();
        let begins_well = id.starts_with(|first: char| first.is_ascii_lowercase());
        if !begins_well || id.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            return Err(invalid(format!("'{id}' is not a valid id of a query")));
        }
        if !seen.insert(id) {
            return Err(invalid(format!("The id '{id}' is used by more than one query")));
        }
    }
    Ok(())
}

struct Series {
    id: String,
    label: String,
    points: Vec<(Timestamp, f64)>,
}

impl Series {
    /// `None`: its data are not asked for.
    fn of(
        call: &Call<'_>,
        query: &Input,
        start: Timestamp,
        end: Timestamp,
        oldest_first: bool,
    ) -> Result<Option<Self>, Failure> {
        let id = query.text("Id").unwrap_or_default();
        let Some(asked) = query.structure("MetricStat") else {
            return Err(invalid(format!("{id}: expressions are not offered by the built-in estate")));
        };
        if !query.truth_or("ReturnData", true) {
            return Ok(None);
        }
        let metric = asked.structure("Metric").ok_or_else(|| invalid(format!("{id}: Metric must be given")))?;
        let metric = MetricId {
            namespace: metric.text("Namespace").unwrap_or_default().to_owned(),
            name: metric.text("MetricName").unwrap_or_default().to_owned(),
            dimensions: given_dimensions(&metric),
        };
        let period = asked
            .whole("Period")
            .filter(|period| matches!(period, 1 | 5 | 10 | 20 | 30) || (*period > 0 && period % 60 == 0));
        let period =
            period.ok_or_else(|| invalid(format!("{id}: Period must be 1, 5, 10, 20, 30 or a multiple of 60")))?;
        let statistic = asked.text("Stat").ok_or_else(|| invalid(format!("{id}: Stat must be given")))?;
        let mut points = call.account.metric(&metric, statistic, period, start, end);
        if !oldest_first {
            points.reverse();
        }
        let label = query.text("Label").unwrap_or(&metric.name).to_owned();
        Ok(Some(Self { id: id.to_owned(), label, points }))
    }

    fn node(&self, points: &[(Timestamp, f64)], complete: bool) -> Node {
        fields! {
            "Id": &self.id,
            "Label": &self.label,
            "Timestamps": list(points.iter().map(|(at, _)| *at)),
            "Values": list(points.iter().map(|(_, value)| *value)),
            "StatusCode": if complete { "Complete" } else { "PartialData" },
        }
    }
}

pub fn list_metrics(call: &Call<'_>) -> Answer {
    let [namespace, name] = ["Namespace", "MetricName"].map(|key| call.input.text(key));
    let dimensions = call.input.structures("Dimensions");
    let has = |metric: &MetricId, filter: &Input| {
        let (name, value) = (filter.text("Name").unwrap_or_default(), filter.text("Value"));
        metric.dimensions.iter().any(|(key, its)| key == name && value.is_none_or(|value| value == its))
    };
    let mut found = call.account.metrics();
    found.retain(|metric| {
        namespace.is_none_or(|namespace| metric.namespace == namespace)
            && name.is_none_or(|name| metric.name == name)
            && dimensions.iter().all(|filter| has(metric, filter))
    });
    let page = call.page(found.len(), 500, "NextToken")?;
    let metrics = page.of(&found).iter().map(|metric| {
        fields! { "Namespace": &metric.namespace, "MetricName": &metric.name, "Dimensions": dimensions_node(metric) }
    });
    Ok(fields! { "Metrics": list(metrics), "NextToken": page.next })
}

/// A metric's dimensions as a list of names and values.
pub fn dimensions_node(metric: &MetricId) -> Node {
    list(metric.dimensions.iter().map(|(name, value)| fields! { "Name": name, "Value": value }))
}

/// The dimensions that a structure gives.
pub fn given_dimensions(input: &Input) -> Vec<(String, String)> {
    let part = |dimension: &Input, key| dimension.text(key).unwrap_or_default().to_owned();
    input.structures("Dimensions").iter().map(|dimension| (part(dimension, "Name"), part(dimension, "Value"))).collect()
}

/// Whether two sets of dimensions are the same, in whatever order.
pub fn same_dimensions(one: &[(String, String)], other: &[(String, String)]) -> bool {
    one.len() == other.len() && one.iter().all(|dimension| other.contains(dimension))
}
