//! Events of RDS, out of `DescribeEvents`, which keeps two weeks.

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{Event, SourceType};
use jiff::{SignedDuration, Timestamp};

use super::{Change, ChangeSource, Line, Told, change};
use crate::kinds::database::EVENTS;
use crate::kinds::{Op, parts};
use crate::model::{ResourceId, Scope};
use crate::providers::Env;
use crate::providers::aws::{fault, gathered};

/// What is called here.
pub const READS: &[Op] = &[EVENTS];

/// RDS refuses to look further back.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24 - 1);

/// Of one database or snapshot, or of all.
pub async fn read(env: &Env, since: Timestamp, about: Option<&ResourceId>) -> Told {
    let since = since.max(Timestamp::now() - KEPT);
    let source = about.and_then(source);
    let events = gathered(EVENTS, |token| {
        let call = env.aws.rds().describe_events().start_time(DateTime::from_secs(since.as_second()));
        let call = match &source {
            Some((sort, name)) => call.source_type(sort.clone()).source_identifier(*name),
            None => call,
        };
        async move {
            let page = call.set_marker(token).send().await.map_err(|error| fault(EVENTS, &error))?;
            Ok((page.events.unwrap_or_default(), page.marker))
        }
    })
    .await;
    match events {
        Ok(events) => Told::new(events.iter().filter_map(|event| of_event(&env.scope, event)).collect(), Ok(())),
        Err(fault) => Told::new(Vec::new(), Err(fault)),
    }
}

/// How RDS names a resource as a source of events.
fn source(about: &ResourceId) -> Option<(SourceType, &str)> {
    match (about.kind, about.id.split_once(':')) {
        ("rds-instance", _) => Some((SourceType::DbInstance, &about.id)),
        ("rds-cluster", _) => Some((SourceType::DbCluster, &about.id)),
        ("rds-snapshot", Some(("snapshot", name))) => Some((SourceType::DbSnapshot, name)),
        ("rds-snapshot", Some(("cluster-snapshot", name))) => Some((SourceType::DbClusterSnapshot, name)),
        _ => None,
    }
}

fn of_event(scope: &Scope, event: &Event) -> Option<Change> {
    let name = event.source_identifier().unwrap_or_default();
    let resource = match event.source_type() {
        Some(SourceType::DbInstance) => Some(("rds-instance", name.to_owned())),
        Some(SourceType::DbCluster) => Some(("rds-cluster", name.to_owned())),
        Some(SourceType::DbSnapshot) => Some(("rds-snapshot", format!("snapshot:{name}"))),
        Some(SourceType::DbClusterSnapshot) => Some(("rds-snapshot", format!("cluster-snapshot:{name}"))),
        _ => None,
    };
    let line = Line {
        at: parts::instant(event.date())?,
        source: ChangeSource::RdsEvent,
        id: None,
        who: "",
        what: event.message().unwrap_or_default(),
        name,
        resource: resource.map(|(kind, id)| parts::id(scope, kind, id)),
        failed: event.event_categories().iter().any(|category| category == "failure"),
    };
    Some(change(scope, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_leads_to_its_source() {
        let scope = Scope::new("enterprise-prod", "eu-west-1");
        let event = |sort: SourceType| {
            let event = Event::builder().source_type(sort).source_identifier("db").message("DB instance shutdown");
            of_event(&scope, &event.date(DateTime::from_secs(5)).event_categories("failure").build()).unwrap()
        };
        let of_instance = event(SourceType::DbInstance);
        assert_eq!((&*of_instance.what, of_instance.failed), ("DB instance shutdown", true));
        assert_eq!(of_instance.resource.unwrap().kind, "rds-instance");
        let snapshot = event(SourceType::DbClusterSnapshot).resource.unwrap();
        assert_eq!((snapshot.kind, &*snapshot.id), ("rds-snapshot", "cluster-snapshot:db"));
        assert_eq!(source(&snapshot), Some((SourceType::DbClusterSnapshot, "db")));
        assert_eq!(event(SourceType::DbParameterGroup).resource, None);
    }
}
