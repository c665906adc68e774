//! What changed, across sources: CloudTrail's events that write, events and deployments of ECS services, events of RDS, activities of
//! Auto Scaling groups, revisions and events of Kubernetes clusters. A question, not a kind. A source that fails hides no other.

mod asg;
mod clusters;
mod databases;
mod ecs;
mod trail;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::{BoxFuture, join, join_all};
use jiff::Timestamp;

use super::{Op, System};
use crate::model::{Change, ChangeSource, Fault, KindId, ResourceId, Scope, text};
use crate::providers::{Env, Environments};

/// What the sources call.
pub const READS: &[&[Op]] = &[trail::READS, ecs::READS, databases::READS, asg::READS];

/// What one source had to tell, and why it may not be all.
#[derive(Debug, Default)]
struct Told {
    changes: Vec<Change>,
    fault: Option<Fault>,
}

impl Told {
    /// What came before a source failed counts too.
    fn new(changes: Vec<Change>, end: Result<(), Fault>) -> Self {
        Self { changes, fault: end.err() }
    }
}

/// Whether a resource lies in a Kubernetes cluster: AWS tells nothing of it.
fn is_in_cluster(id: &ResourceId) -> bool {
    super::by_id(id.kind).is_some_and(|kind| matches!(kind.system, System::Kubernetes(_)))
}

/// What it is asked with. What lives in Kubernetes does not wait until AWS says who answers.
pub async fn env(access: &Environments, scope: &Scope, about: Option<&ResourceId>) -> Result<Arc<Env>, Fault> {
    let without_aws = access.named(&scope.environment).is_some_and(|environment| environment.without_aws);
    if without_aws || about.is_some_and(is_in_cluster) {
        access.kube_env(&scope.region_scope()).await
    } else {
        access.env(&scope.region_scope()).await
    }
}

/// What changed since then, newest first, on one resource or in the whole region; and the faults of sources that could not be read,
/// or not to the end. It fails only when no source could be read at all.
pub async fn changes(
    env: &Env,
    since: Timestamp,
    about: Option<&ResourceId>,
) -> Result<(Vec<Change>, Vec<Fault>), Fault> {
    if env.environment.without_aws || about.is_some_and(is_in_cluster) {
        return merged(clusters::read(env, since, about).await);
    }
    let mut sources: Vec<BoxFuture<'_, Told>> = vec![Box::pin(trail::read(env, since, about))];
    let is = |kinds: &[KindId]| about.is_none_or(|id| kinds.contains(&id.kind));
    if is(&["ecs-service", "ecs-cluster"]) {
        sources.push(Box::pin(ecs::read(env, since, about)));
    }
    if is(&["rds-instance", "rds-cluster", "rds-snapshot"]) {
        sources.push(Box::pin(databases::read(env, since, about)));
    }
    if is(&["asg"]) {
        sources.push(Box::pin(asg::read(env, since, about)));
    }
    let (mut told, of_clusters) = join(join_all(sources), clusters::read(env, since, about)).await;
    told.extend(of_clusters);
    merged(told)
}

/// One time line out of what each source told.
fn merged(told: Vec<Told>) -> Result<(Vec<Change>, Vec<Fault>), Fault> {
    let all_failed = told.iter().all(|source| source.fault.is_some() && source.changes.is_empty());
    let (mut changes, mut faults) = (Vec::new(), Vec::new());
    for source in told {
        changes.extend(source.changes);
        faults.extend(source.fault);
    }
    if all_failed && !faults.is_empty() {
        return Err(faults.swap_remove(0));
    }
    let mut seen = HashSet::new();
    changes.retain(|change: &Change| seen.insert(change.id.clone()));
    changes.sort_by_key(|change| Reverse(change.at));
    Ok((changes, faults))
}

/// What a source says of one change.
struct Line<'a> {
    at: Timestamp,
    source: ChangeSource,
    /// The source's own id of it; without one, source, time and text are the id.
    id: Option<&'a str>,
    who: &'a str,
    what: &'a str,
    name: &'a str,
    resource: Option<Arc<ResourceId>>,
    failed: bool,
}

/// A change, with all text from outside cleaned.
fn change(scope: &Scope, line: Line<'_>) -> Change {
    let id = line.id.map_or_else(
        || format!("{}|{}|{}|{}", line.source.word(), line.at.as_millisecond(), line.name, line.what),
        str::to_owned,
    );
    Change {
        at: line.at,
        scope: scope.region_scope(),
        source: line.source,
        id: id.into(),
        who: text::clean(line.who).into(),
        what: text::clean(line.what).into(),
        name: text::clean(line.name).into(),
        resource: line.resource,
        failed: line.failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FaultClass;

    fn line(at: i64, id: &str) -> Change {
        let line = Line {
            at: Timestamp::from_second(at).unwrap(),
            source: ChangeSource::CloudTrail,
            id: Some(id).filter(|id| !id.is_empty()),
            who: "jane\u{1b}[31m",
            what: "UpdateService",
            name: "web",
            resource: None,
            failed: false,
        };
        change(&Scope::new("dhbw-prod", "eu-central-1").in_cluster("main"), line)
    }

    fn fault(summary: &str) -> Fault {
        Fault::new(FaultClass::TimedOut, summary)
    }

    #[test]
    fn the_newest_is_first_and_doubles_are_dropped() {
        let one = Told::new(vec![line(1, "a"), line(3, "b")], Ok(()));
        let other = Told::new(vec![line(2, "c"), line(3, "b"), line(2, ""), line(2, "")], Ok(()));
        let (changes, faults) = merged(vec![one, other]).unwrap();
        let order: Vec<i64> = changes.iter().map(|change| change.at.as_second()).collect();
        assert_eq!((order, faults.len()), (vec![3, 2, 2, 1], 0));
        assert_eq!(&*changes[0].who, "jane");
        assert_eq!(changes[0].scope.cluster, None);
    }

    #[test]
    fn a_failed_source_hides_no_other() {
        let good = Told::new(vec![line(1, "a")], Ok(()));
        let half = Told::new(vec![line(2, "b")], Err(fault("half")));
        let (changes, faults) = merged(vec![Told::new(vec![], Err(fault("none"))), good, half]).unwrap();
        assert_eq!(changes.len(), 2);
        assert_eq!(faults.iter().map(|fault| &*fault.summary).collect::<Vec<_>>(), ["none", "half"]);
    }

    #[test]
    fn only_when_all_fail_it_fails() {
        let failed = || Told::new(vec![], Err(fault("gone")));
        assert_eq!(merged(vec![failed(), failed()]).unwrap_err().summary, "gone");
        assert!(merged(vec![failed(), Told::default()]).is_ok());
    }
}
