//! What databases, their snapshots and caches share: what a status means, the events of RDS, and log groups by RDS's own naming.
//! Not a kind.

use std::cmp::Reverse;
use std::sync::Arc;

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{Event, SourceType};

use super::parts::{self, Verdict, fine};
use super::{Asked, Op, Relation};
use crate::model::{Health, LogSource, Scope, Section, Value, text};
use crate::providers::Env;
use crate::providers::aws::{fault, gathered};

/// What [`events`] calls.
pub const EVENTS: Op = "rds:DescribeEvents";

/// How far back events are asked for, in minutes: all that RDS and ElastiCache keep.
pub const EVENT_MINUTES: i32 = 14 * 24 * 60;
/// How many of the newest events a detail shows.
const EVENTS_SHOWN: usize = 50;

/// What a status of RDS or ElastiCache means.
pub fn of_status(status: &str) -> Verdict {
    let words = || status.replace('-', " ");
    if let Some(why) = broken(status) {
        return (Health::Failed, why.to_owned());
    }
    match status {
        "available" | "active" => fine(),
        "" => (Health::Unknown, "no status is told".to_owned()),
        "stopped" => (Health::Degraded, "stopped".to_owned()),
        "failed" => (Health::Failed, "failed and can't be recovered; restore it from a backup".to_owned()),
        status if status.starts_with("incompatible") || status.ends_with("failed") || status.ends_with("error") => {
            (Health::Failed, words())
        }
        status if is_under_way(status) => (Health::Progressing, words()),
        _ => (Health::Unknown, format!("status {}", words())),
    }
}

/// Statuses that say that it does not work, in words that say what to look at.
fn broken(status: &str) -> Option<&'static str> {
    Some(match status {
        "storage-full" => "storage is full: no more writes until some is added",
        "inaccessible-encryption-credentials" => "its KMS key can't be used: disabled, deleted, or access was revoked",
        "inaccessible-encryption-credentials-recoverable" => {
            "its KMS key can't be used; enable the key and start the database"
        }
        "incompatible-parameters" => "can't start with its parameter group",
        "incompatible-option-group" => "its option group can't be applied",
        "incompatible-network" => "its subnets or network can't hold it",
        "incompatible-restore" => "can't be restored to that point in time",
        "insufficient-capacity" => "AWS has no capacity for its class in this zone",
        _ => return None,
    })
}

/// Statuses on the way to something else: RDS and ElastiCache call most of them by a participle.
fn is_under_way(status: &str) -> bool {
    const OTHERS: [&str; 7] = [
        "delete-precheck",
        "maintenance",
        "storage-config-upgrade",
        "storage-initialization",
        "storage-optimization",
        "update-iam-db-auth",
        "scaling-compute",
    ];
    OTHERS.contains(&status) || status.split(['-', ' ']).any(|word| word.ends_with("ing"))
}

/// A verdict with what else is known of a change under way.
pub fn with_progress((health, reason): Verdict, percent: Option<&str>, change: &str) -> Verdict {
    if health != Health::Progressing {
        return (health, reason);
    }
    let percent = percent.filter(|percent| !percent.is_empty()).map(|percent| format!(" {percent}%"));
    let change = if change.is_empty() { String::new() } else { format!(": {change}") };
    (health, format!("{reason}{}{change}", percent.unwrap_or_default()))
}

/// When a stopped one starts by itself: RDS leaves nothing stopped for more than a week.
pub fn starts_again(at: Option<&DateTime>) -> String {
    parts::instant(at).map(|at| format!("; starts by itself {}", parts::minute(at))).unwrap_or_default()
}

/// To which points in time it can be restored. Not a column: the last one moves every few minutes, and a list that is polled
/// would never be the same twice.
pub fn recovery(earliest: Option<&DateTime>, latest: Option<&DateTime>) -> Section {
    let fields = [("EARLIEST", earliest), ("LATEST", latest)];
    let fields = fields.into_iter().filter(|(_, at)| at.is_some());
    Section::Fields {
        title: "Recovery",
        fields: fields.map(|(label, at)| parts::field(label, parts::time(at))).collect(),
    }
}

/// The newest events of a database or a snapshot, newest first.
pub fn events<'a>(env: &'a Env, source: &'a str, sort: SourceType) -> Asked<'a, Section> {
    Box::pin(async move {
        let events = gathered(EVENTS, |token| {
            let call = env.aws.rds().describe_events().source_identifier(source).source_type(sort.clone());
            let call = call.duration(EVENT_MINUTES).set_marker(token);
            async move {
                let page = call.send().await.map_err(|error| fault(EVENTS, &error))?;
                Ok((page.events.unwrap_or_default(), page.marker))
            }
        });
        Ok(events_table(events.await?))
    })
}

fn events_table(mut events: Vec<Event>) -> Section {
    events.sort_by_key(|event| Reverse(parts::instant(event.date())));
    events.truncate(EVENTS_SHOWN);
    Section::Table {
        title: "Events",
        columns: vec!["when", "event", "category"],
        rows: events.iter().map(|event| (event_row(event), None)).collect(),
    }
}

fn event_row(event: &Event) -> Vec<Value> {
    vec![parts::time(event.date()), Value::maybe(event.message()), Value::list(event.event_categories())]
}

/// The log groups that RDS exports to: `/aws/rds/cluster/NAME/EXPORT`, a stream for each instance, or the same with `instance`.
pub fn log_sources(scope: &Scope, cluster: Option<&str>, instance: Option<&str>, exports: &[String]) -> Vec<LogSource> {
    let source = |export: &String| {
        let label = text::clean(&format!("{} {export}", instance.or(cluster).unwrap_or_default())).into_owned();
        let stream_prefix = cluster.and(instance).map(Into::into);
        LogSource::group(scope.region_scope(), log_group(cluster, instance, export), stream_prefix, label)
    };
    exports.iter().map(source).collect()
}

fn log_group(cluster: Option<&str>, instance: Option<&str>, export: &str) -> String {
    let (sort, name) = cluster.map_or(("instance", instance.unwrap_or_default()), |cluster| ("cluster", cluster));
    format!("/aws/rds/{sort}/{name}/{export}")
}

/// Leads to the log groups that RDS exports to.
pub fn to_log_groups(
    scope: &Scope,
    cluster: Option<&str>,
    instance: Option<&str>,
    exports: &[Arc<str>],
) -> impl Iterator<Item = Relation> {
    let groups = exports.iter().map(move |export| log_group(cluster, instance, export));
    groups.map(|group| parts::to_one("log group", parts::id(scope, "log-group", group)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::LogOrigin;

    fn streams(source: &LogSource) -> (&str, Option<&str>) {
        let LogOrigin::Group { name, stream_prefix } = &source.of else { panic!("a log group") };
        (name, stream_prefix.as_deref())
    }

    #[rstest]
    #[case("available", Health::Ok, "")]
    #[case("backing-up", Health::Progressing, "backing up")]
    #[case("configuring-enhanced-monitoring", Health::Progressing, "configuring enhanced monitoring")]
    #[case("storage-optimization", Health::Progressing, "storage optimization")]
    #[case("failing-over", Health::Progressing, "failing over")]
    #[case("rebooting cluster nodes", Health::Progressing, "rebooting cluster nodes")]
    #[case("snapshotting", Health::Progressing, "snapshotting")]
    #[case("stopped", Health::Degraded, "stopped")]
    #[case("storage-full", Health::Failed, "storage is full: no more writes until some is added")]
    #[case("incompatible-create", Health::Failed, "incompatible create")]
    #[case("incompatible-parameters", Health::Failed, "can't start with its parameter group")]
    #[case("migration-failed", Health::Failed, "migration failed")]
    #[case("restore-error", Health::Failed, "restore error")]
    #[case("create-failed", Health::Failed, "create failed")]
    #[case("deleted", Health::Unknown, "status deleted")]
    #[case("", Health::Unknown, "no status is told")]
    fn statuses(#[case] status: &str, #[case] health: Health, #[case] reason: &str) {
        assert_eq!(of_status(status), (health, reason.to_owned()));
    }

    #[test]
    fn progress_is_told_only_of_what_moves() {
        assert_eq!(with_progress(of_status("modifying"), Some("40"), "class → a").1, "modifying 40%: class → a");
        assert_eq!(with_progress(of_status("creating"), None, "").1, "creating");
        assert_eq!(with_progress(of_status("storage-full"), Some("40"), "x").1, of_status("storage-full").1);
    }

    #[test]
    fn the_newest_events_come_first() {
        let event = |at: i64| Event::builder().date(DateTime::from_secs(at)).message(at.to_string()).build();
        let Section::Table { rows, .. } = events_table((0..70).map(event).collect()) else { panic!("no table") };
        let messages: Vec<_> = rows.iter().map(|(cells, _)| cells[1].show_exact()).collect();
        assert_eq!((messages.len(), &*messages[0], &*messages[EVENTS_SHOWN - 1]), (EVENTS_SHOWN, "69", "20"));
    }

    #[test]
    fn logs_are_where_rds_puts_them() {
        let scope = Scope::new("dhbw-prod", "eu-central-1");
        let exports = ["postgresql".to_owned()];
        let alone = log_sources(&scope, None, Some("db"), &exports);
        assert_eq!(streams(&alone[0]), ("/aws/rds/instance/db/postgresql", None));
        let member = log_sources(&scope, Some("c"), Some("c-1"), &exports);
        assert_eq!(streams(&member[0]), ("/aws/rds/cluster/c/postgresql", Some("c-1")));
        let cluster = log_sources(&scope, Some("c"), None, &exports);
        assert_eq!(streams(&cluster[0]), ("/aws/rds/cluster/c/postgresql", None));
    }
}
