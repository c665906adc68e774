//! What the files of the kinds share: ids, rows, values of the SDK's types, filters and relations, blocks of a detail. Knows no
//! kind of its own and makes no call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::{KindDef, Op, Relation, list_of};
use crate::model::{
    Fault, FaultClass, Health, KindId, MetricSpec, Query, Resource, ResourceId, Scope, Section, Unit, Value, text,
};

/// Health and the reason for it.
pub type Verdict = (Health, String);

/// A healthy one of which nothing need be said.
pub fn fine() -> Verdict {
    (Health::Ok, String::new())
}

/// The id of a resource.
pub fn id(scope: &Scope, kind: KindId, id: impl Into<Arc<str>>) -> Arc<ResourceId> {
    Arc::new(ResourceId { scope: scope.clone(), kind, id: id.into() })
}

/// A row; name and reason are cleaned here.
pub fn row(id: Arc<ResourceId>, name: &str, arn: Option<&str>, verdict: Verdict, cells: Vec<Value>) -> Resource {
    let (health, reason) = verdict;
    let reason = text::clean(&reason).into();
    Resource { id, name: text::clean(name).into(), arn: arn.map(Into::into), health, reason, cells: cells.into() }
}

/// What an answer must have.
pub fn required<'a, T: ?Sized>(value: Option<&'a T>, operation: Op, what: &str) -> Result<&'a T, Fault> {
    value.ok_or_else(|| crate::providers::aws::invalid(operation, what))
}

/// The one that was asked for is not in the answer.
pub fn gone(id: &ResourceId) -> Fault {
    Fault::new(FaultClass::NotFound, format!("there is no {} {} any more", id.kind, text::clean(&id.id)))
}

/// An instant of the SDK's.
pub fn instant(at: Option<&DateTime>) -> Option<Timestamp> {
    at.and_then(|at| at.to_millis().ok()).and_then(|ms| Timestamp::from_millisecond(ms).ok())
}

/// A cell of an instant of the SDK's.
pub fn time(at: Option<&DateTime>) -> Value {
    instant(at).map_or(Value::None, Value::Instant)
}

/// A cell of a number that may be missing.
pub fn int(number: Option<impl Into<i64>>) -> Value {
    number.map_or(Value::None, |number| Value::Int(number.into()))
}

/// A cell of a yes or no that may be missing.
pub fn yes(flag: Option<bool>) -> Value {
    flag.map_or(Value::None, Value::Bool)
}

/// A cell of gibibytes.
pub fn gib(size: Option<i32>) -> Value {
    size.and_then(|size| u64::try_from(size).ok()).map_or(Value::None, |size| Value::Bytes(size << 30))
}

/// An instant in a sentence, to the minute: `2025-08-22 09:12Z`.
pub fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// An instant in a word: the minute if it was today, else the date.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    if day(at) == day(now) { at.strftime("%H:%MZ").to_string() } else { day(at) }
}

/// A filter for those whose column is exactly one of these.
pub fn exactly<T: AsRef<str>>(column: &str, words: impl IntoIterator<Item = T>) -> String {
    format!("{column}:/^({})$/", alternatives(words))
}

/// A filter for those whose column is a list that has one of these.
pub fn lists<T: AsRef<str>>(column: &str, words: impl IntoIterator<Item = T>) -> String {
    format!("{column}:/(^|, )({})(,|$)/", alternatives(words))
}

/// Words as they stand in a filter's regular expression; its end is a slash, so theirs are written otherwise.
fn alternatives<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> =
        words.into_iter().map(|word| regex::escape(&text::clean(word.as_ref())).replace('/', r"\x2f")).collect();
    words.join("|")
}

/// Leads to one resource.
pub fn to_one(label: &'static str, id: Arc<ResourceId>) -> Relation {
    Relation { label, query: Query::Detail(id), filter: None }
}

/// Leads to each of the resources of these ids.
pub fn to_each(label: &'static str, scope: &Scope, kind: KindId, ids: &[Arc<str>]) -> impl Iterator<Item = Relation> {
    ids.iter().map(move |name| to_one(label, id(&scope.region_scope(), kind, name.clone())))
}

/// Leads to the resources of a kind within another.
pub fn to_those_within(label: &'static str, kind: KindId, id: &Arc<ResourceId>) -> Relation {
    Relation { label, query: list_of(&id.scope, kind, Some(id.clone())), filter: None }
}

/// Leads to those of a kind that pass a filter.
pub fn to_those(label: &'static str, scope: &Scope, kind: KindId, filter: String) -> Relation {
    Relation { label, query: list_of(scope, kind, None), filter: Some(filter) }
}

/// Leads to the alarms that watch a metric with all of these dimensions.
pub fn to_alarms(scope: &Scope, dimensions: &[(&str, &str)]) -> Relation {
    let terms: Vec<String> =
        dimensions.iter().map(|(name, value)| lists("dimensions", [format!("{name}={value}")])).collect();
    to_those("alarms", scope, "alarm", terms.join(" "))
}

/// A metric of a kind: label, metric name, statistic and unit.
pub type Metric = (&'static str, &'static str, &'static str, Unit);

/// The metrics of a resource, which share namespace and dimensions.
pub fn metrics(
    id: &Arc<ResourceId>,
    namespace: &'static str,
    dimensions: &[(&'static str, &str)],
    metrics: &[Metric],
) -> Vec<MetricSpec> {
    let dimensions: Vec<_> = dimensions.iter().map(|&(name, value)| (name.into(), value.into())).collect();
    let spec = |&(label, metric, stat, unit): &Metric| MetricSpec {
        resource: id.clone(),
        label,
        namespace: namespace.into(),
        metric: metric.into(),
        dimensions: dimensions.clone(),
        stat: stat.into(),
        unit,
    };
    metrics.iter().map(spec).collect()
}

/// The text of a cell by its column; nothing where it is none.
pub fn text_of<'a>(kind: &KindDef, resource: &'a Resource, column: &str) -> &'a str {
    match kind.cell(resource, column) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// The items of a cell by its column; none where it is no list.
pub fn items_of<'a>(kind: &KindDef, resource: &'a Resource, column: &str) -> &'a [Arc<str>] {
    match kind.cell(resource, column) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// The first block of a detail: health, reason and every column that says something.
pub fn summary(kind: &KindDef, resource: &Resource) -> Section {
    let mut fields = vec![field("health", Value::Health(resource.health))];
    fields.push(field("reason", Value::text(&resource.reason)));
    let columns = kind.columns.iter().zip(&resource.cells);
    fields.extend(columns.map(|(column, cell)| field(column.title, cell.clone())));
    fields.push(field("arn", Value::maybe(resource.arn.as_deref())));
    fields.retain(|(_, value)| *value != Value::None && *value != Value::List(Arc::default()));
    Section::Fields { title: "Summary", fields }
}

/// A label and its value.
pub fn field(label: &str, value: Value) -> (Arc<str>, Value) {
    (label.into(), value)
}

/// A block of a detail, or why it could not be had: one missing permission must not hide the rest.
pub fn or_why(title: &'static str, section: Result<Section, Fault>) -> Section {
    section.unwrap_or_else(|fault| Section::Text { title, lines: vec![text::clean(&fault.summary).into()] })
}

/// The blocks of a detail that say something.
pub fn filled(mut sections: Vec<Section>) -> Vec<Section> {
    sections.retain(|section| match section {
        Section::Fields { fields, .. } => !fields.is_empty(),
        Section::Table { rows, .. } => !rows.is_empty(),
        Section::Text { lines, .. } => !lines.is_empty(),
    });
    sections
}

/// A name of an API in words: `networkInterfaceId` as `network interface id`.
pub fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_small {
            out.push(' ');
        }
        after_small = !c.is_ascii_uppercase();
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A status in words: `CREATE_FAILED` as `create failed`.
pub fn status_words(status: &str) -> String {
    status.to_ascii_lowercase().replace('_', " ")
}

/// Each only once, in the order they come.
pub fn each_once<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

/// Calls that one list may make beyond what it lists by: to tell why something is sick. An incident must not multiply the calls.
pub struct Allowance(AtomicUsize);

impl Allowance {
    /// So many calls.
    pub const fn new(calls: usize) -> Self {
        Self(AtomicUsize::new(calls))
    }

    /// Takes that many calls, if they are left.
    pub fn take(&self, calls: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(calls)).is_ok()
    }
}

/// Text for the part of a link after `#`, or for a value in it.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.extend(['%', hex(byte >> 4), hex(byte & 0xf)]),
        }
    }
    out
}

fn hex(digit: u8) -> char {
    char::from(if digit < 10 { b'0' + digit } else { b'A' + digit - 10 })
}

/// The path of a page of the AWS console, whose place within a service's console is after `#`.
pub fn console(resource: &Resource, service: &str, place: &str) -> String {
    format!("{service}/home?region={}#{place}", resource.id.scope.region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Filter;
    use crate::model::filter::Sieve;

    fn passes(filter: &str, cell: Value) -> bool {
        let scope = Scope::new("dhbw-prod", "eu-central-1");
        let resource = row(id(&scope, "alarm", "a"), "a", None, fine(), vec![cell]);
        let places = |_: KindId, column: &str| (column == "dimensions").then_some(0);
        let filter = Filter::parse(filter).unwrap();
        Sieve::new(&filter, &places, Timestamp::UNIX_EPOCH).passes(&resource)
    }

    #[test]
    fn alarms_are_found_by_whole_dimensions() {
        let scope = Scope::new("dhbw-prod", "eu-central-1");
        let relation = to_alarms(&scope, &[("LoadBalancer", "app/web (a)/1"), ("TargetGroup", "targetgroup/t/2")]);
        let filter = relation.filter.unwrap();
        let dims = |lb: &str| Value::list([format!("LoadBalancer={lb}"), "TargetGroup=targetgroup/t/2".to_owned()]);
        assert!(passes(&filter, dims("app/web (a)/1")), "{filter}");
        assert!(!passes(&filter, dims("app/web (a)/10")), "{filter}");
        assert!(!passes(&filter, Value::list(["LoadBalancer=app/web (a)/1"])), "{filter}");
    }

    #[test]
    fn exact_is_exact() {
        assert!(passes(&exactly("dimensions", ["a.b", "c"]), Value::text("a.b")));
        assert!(!passes(&exactly("dimensions", ["a.b", "c"]), Value::text("aXb")));
        assert!(!passes(&exactly("dimensions", ["a.b", "c"]), Value::text("cc")));
    }

    #[test]
    fn rows_are_cleaned_but_ids_are_not() {
        let scope = Scope::new("dhbw-prod", "eu-central-1");
        let dirty = "a\u{1b}[31mb";
        let resource = row(id(&scope, "alarm", dirty), dirty, None, (Health::Failed, dirty.to_owned()), vec![]);
        assert_eq!((&*resource.name, &*resource.reason, &*resource.id.id), ("ab", "ab", dirty));
    }

    #[test]
    fn names_of_apis_become_words() {
        assert_eq!(words("networkInterfaceId"), "network interface id");
        assert_eq!(words("privateIPv4Address"), "private ipv4 address");
        assert_eq!(words("runningEC2Tasks"), "running ec2 tasks");
    }

    #[test]
    fn an_allowance_ends() {
        let left = Allowance::new(3);
        assert_eq!([left.take(2), left.take(2), left.take(1), left.take(1)], [true, false, true, false]);
        assert_eq!(each_once(["b", "a", "b", "c", "a"]), ["b", "a", "c"]);
    }

    #[test]
    fn blocks_that_say_nothing_are_left_out() {
        let empty = Section::Table { title: "Events", columns: vec!["when"], rows: Vec::new() };
        let full = Section::Text { title: "Why", lines: vec!["no".into()] };
        assert_eq!(filled(vec![empty, full.clone()]), [full]);
    }

    #[test]
    fn links_are_escaped() {
        assert_eq!(encoded("a/b c#ü"), "a%2Fb%20c%23%C3%BC");
    }
}
