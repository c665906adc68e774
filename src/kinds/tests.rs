//! Kinds on the built-in estate: what a long list calls, what health says of the stories told there, and what changed. What every
//! kind must keep is tested in `tests/registry.rs`.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::demo::Estate;
use crate::demo::world::Clock;
use crate::model::{Change, ChangeSource, Health, Scope};
use crate::providers::{Environments, Source};

/// Takes rows as they come.
#[derive(Default)]
struct Taken {
    rows: Mutex<Vec<Resource>>,
    faults: Mutex<Vec<Fault>>,
}

impl Sink for Taken {
    fn page(&self, rows: Vec<Resource>) {
        self.rows.lock().unwrap().extend(rows);
    }

    fn lacks(&self, fault: Fault) {
        self.faults.lock().unwrap().push(fault);
    }
}

/// An estate that stands still, and its environments. Health asks what happened lately, so it stands still now.
pub struct Rig {
    pub estate: Estate,
    environments: Arc<Environments>,
}

impl Rig {
    pub fn on(estate: Estate) -> Self {
        let list = estate.environments().iter().map(crate::cli::demo::configured).collect();
        let (clients, clusters) = (estate.clone(), estate.clone());
        let source = Source::Estate {
            aws: Arc::new(move |name| Some((clients.http_client(name)?, clients.credentials()))),
            kube: Arc::new(move |environment, cluster| clusters.kube(environment, cluster)),
        };
        Self { environments: Environments::new(list, source, super::reads()), estate }
    }

    pub fn seven() -> Self {
        Self::on(Estate::new(1, Clock::manual(Timestamp::now())))
    }

    pub async fn env(&self, name: &str) -> Arc<Env> {
        let region = self.environments.list().iter().find(|known| &*known.name == name).unwrap().regions[0].clone();
        self.environments.env(&Scope::new(name, region)).await.unwrap()
    }

    /// How often each operation was called, but for those that say who answers.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        let calls = self.estate.calls().into_iter().filter(|((_, service, _), _)| service != "sts");
        calls.map(|((_, service, operation), count)| (format!("{service}:{operation}"), count)).collect()
    }
}

/// The rows of a list, and why some may be missing.
pub async fn taken(kind: &KindDef, env: &Env, within: Option<&ResourceId>) -> (Vec<Resource>, Vec<Fault>) {
    let taken = Taken::default();
    (kind.list)(env, within, &taken).await.unwrap_or_else(|fault| panic!("{}: {fault}", kind.id));
    (taken.rows.into_inner().unwrap(), taken.faults.into_inner().unwrap())
}

/// The rows of a list that lacks nothing.
pub async fn rows(kind: &KindDef, env: &Env, within: Option<&ResourceId>) -> Vec<Resource> {
    let (rows, faults) = taken(kind, env, within).await;
    assert_eq!(faults, [], "{}", kind.id);
    rows
}

pub async fn row(kind: &KindDef, env: &Env, name: &str) -> Resource {
    rows(kind, env, None).await.into_iter().find(|row| &*row.name == name).unwrap()
}

#[tokio::test]
async fn two_thousand_services_cost_two_hundred_and_twenty_calls() {
    let rig = Rig::on(Estate::sized(1, Clock::manual(Timestamp::now()), 1, 2_000));
    let env = rig.env("env-000").await;
    rig.estate.reset_calls();
    let first = rows(&ecs_service::DEF, &env, None).await;
    assert_eq!(first.len(), 2_000);
    assert!(first.iter().all(|row| row.health == Health::Ok));
    let expected = [("ecs:DescribeServices", 200), ("ecs:ListClusters", 1), ("ecs:ListServices", 20)];
    assert_eq!(rig.calls(), expected.map(|(operation, count)| (operation.to_owned(), count)).into());
    assert_eq!(rows(&ecs_service::DEF, &env, None).await, first, "the same again, in the same order");
}

/// Pages of names come one after the other, and then so many calls at once describe that all is there well within three seconds.
#[tokio::test]
async fn two_thousand_services_do_not_come_one_by_one() {
    let rig = Rig::on(Estate::sized(1, Clock::manual(Timestamp::now()), 1, 2_000));
    let env = rig.env("env-000").await;
    let latency = Duration::from_millis(20);
    rig.estate.faults().set_latency(latency);
    rig.estate.reset_calls();
    assert_eq!(rows(&ecs_service::DEF, &env, None).await.len(), 2_000);
    let at_once = rig.estate.most_at_once();
    assert!((4..=8).contains(&at_once), "{at_once} calls at once: more than a few trip an account's limits");
    let one_by_one = 1 + 20 + 200_usize.div_ceil(at_once);
    assert!(latency * one_by_one as u32 <= Duration::from_secs(2), "{one_by_one} calls one after the other");
}

/// Of the calls of a long list some are one too many: they are made again, and the list is not begun anew.
#[tokio::test]
async fn a_throttled_call_spoils_no_list() {
    let rig = Rig::on(Estate::sized(1, Clock::manual(Timestamp::now()), 1, 300));
    let env = rig.env("env-000").await;
    rig.estate.faults().add("env-000/ecs/DescribeServices=throttle:0.3").unwrap();
    rig.estate.reset_calls();
    assert_eq!(rows(&ecs_service::DEF, &env, None).await.len(), 300);
    let calls = rig.calls();
    assert_eq!((calls["ecs:ListClusters"], calls["ecs:ListServices"]), (1, 3));
    assert!((31..=90).contains(&calls["ecs:DescribeServices"]), "{calls:?}");
}

#[tokio::test]
async fn the_stories_show() {
    let rig = Rig::seven();
    let dhbw = rig.env("dhbw-prod").await;
    let backend = row(&ecs_service::DEF, &dhbw, "lecture-backend-service").await;
    assert_eq!(backend.health, Health::Failed);
    assert!(backend.reason.starts_with("tasks keep stopping: Essential container in task exited: backend exited 1"));
    let tasks = rows(&ecs_task::DEF, &dhbw, Some(&backend.id)).await;
    assert!(tasks.iter().filter(|task| task.health == Health::Failed).count() >= 3);
    let service = crate::model::Value::text(&backend.name);
    assert!(tasks.iter().all(|task| ecs_task::DEF.cell(task, "service") == Some(&service)));

    let latency = row(&alarm::DEF, &dhbw, "lecture-dhbw-latency-high").await;
    assert!(latency.reason.starts_with("TargetResponseTime "), "{}", latency.reason);
    assert!(latency.reason.contains(" > 1 for 5 of 5 (since "), "{}", latency.reason);
    let affected = row(&alarm::DEF, &dhbw, "lecture-dhbw-students-affected").await;
    assert!(affected.reason.starts_with("lecture-dhbw-backend-5xx in ALARM"), "{}", affected.reason);

    let enterprise = rig.env("enterprise-prod").await;
    let reporting = row(&ecs_service::DEF, &enterprise, "reporting-service").await;
    assert_eq!(reporting.health, Health::Failed);
    assert!(reporting.reason.contains("circuit breaker"), "{}", reporting.reason);
    assert_eq!(&*row(&ecs_service::DEF, &enterprise, "maintenance-page").await.reason, "scaled to zero");

    let starttech = rig.env("starttech-dev").await;
    assert!(row(&asg::DEF, &starttech, "dev-backend-asg").await.reason.contains("health check"));
    let beta9 = rig.env("beta9-prod").await;
    let cluster = rows(&eks_cluster::DEF, &beta9, None).await.remove(0);
    assert_eq!(cluster.health, Health::Degraded);
    assert!(cluster.reason.contains("AsgInstanceLaunchFailures"), "{}", cluster.reason);
}

#[tokio::test]
async fn evidence_that_is_denied_hides_no_service() {
    let rig = Rig::seven();
    let env = rig.env("dhbw-prod").await;
    let all = rows(&ecs_service::DEF, &env, None).await.len();
    for operation in ["ecs/ListTasks", "elasticloadbalancing/DescribeTargetHealth"] {
        rig.estate.faults().add(&format!("dhbw-prod/{operation}=deny")).unwrap();
    }
    let services = rows(&ecs_service::DEF, &env, None).await;
    assert_eq!(services.len(), all);
    let backend = services.iter().find(|row| &*row.name == "lecture-backend-service").unwrap();
    assert_eq!(backend.health, Health::Failed, "its failed tasks are counted without evidence too");
    let detail = (ecs_service::DEF.detail)(&env, &backend.id).await.unwrap();
    assert!(format!("{detail:?}").contains("not allowed: ecs:ListTasks"));
}

#[tokio::test]
async fn changes_come_from_every_source() {
    let rig = Rig::seven();
    let since = rig.estate.now() - SignedDuration::from_hours(2);
    let mut sources = HashSet::new();
    for name in ["dhbw-prod", "enterprise-prod", "starttech-dev"] {
        let (changes, faults) = changes::changes(&*rig.env(name).await, since, None).await.unwrap();
        assert_eq!(faults, []);
        assert!(changes.is_sorted_by(|newer, older| newer.at >= older.at));
        assert!(changes.iter().all(|change| change.at >= since && !change.what.is_empty()));
        sources.extend(changes.iter().map(|change| change.source));
    }
    assert_eq!(sources.len(), 5, "{sources:?}");
}

#[tokio::test]
async fn changes_of_one_service_tell_who_released_it() {
    let rig = Rig::seven();
    let env = rig.env("dhbw-prod").await;
    let backend = row(&ecs_service::DEF, &env, "lecture-backend-service").await.id;
    let since = rig.estate.now() - SignedDuration::from_hours(2);
    let (changes, _) = changes::changes(&env, since, Some(&backend)).await.unwrap();
    assert!(changes.iter().all(|change| change.resource.as_ref() == Some(&backend)));
    let released = changes.iter().find(|change| change.source == ChangeSource::CloudTrail).unwrap();
    assert!(released.what.starts_with("UpdateService: task definition → lecture-backend:"), "{}", released.what);
    assert!(!released.who.is_empty());
    assert!(changes.iter().any(|change| change.source == ChangeSource::EcsDeployment));
}

/// What lies in a cluster is asked of that cluster alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_a_deployment_tell_its_revisions() {
    let rig = Rig::seven();
    rig.estate.faults().add("beta9-prod/cloudtrail=deny").unwrap();
    let env = rig.env("beta9-prod").await;
    let since = rig.estate.now() - SignedDuration::from_hours(24 * 365);
    let deployments = rows(by_id("deployment").unwrap(), &env, None).await;
    let (mut revisions, mut events) = (0, 0);
    for deployment in &deployments {
        let (changes, faults) = changes::changes(&env, since, Some(&deployment.id)).await.unwrap();
        assert_eq!(faults, []);
        let own = |change: &&Change| change.source == ChangeSource::KubeRevision;
        let mut told = changes.iter().filter(own);
        assert!(
            told.all(|change| change.resource.as_ref() == Some(&deployment.id) && change.what.starts_with("revision "))
        );
        revisions += changes.iter().filter(own).count();
        events += changes.iter().filter(|change| change.source == ChangeSource::KubeEvent).count();
    }
    assert!(revisions >= deployments.len() && events > 0, "{revisions} revisions, {events} events");
    let (all, faults) = changes::changes(&env, since, None).await.unwrap();
    assert_eq!(faults.len(), 1, "CloudTrail's: {faults:?}");
    assert!(all.iter().filter(|change| change.source == ChangeSource::KubeRevision).count() >= revisions);
}

#[tokio::test]
async fn a_source_of_changes_that_is_denied_hides_no_other() {
    let rig = Rig::seven();
    rig.estate.faults().add("dhbw-prod/cloudtrail=deny").unwrap();
    let since = rig.estate.now() - SignedDuration::from_hours(2);
    let env = rig.env("dhbw-prod").await;
    let (changes, faults) = changes::changes(&env, since, None).await.unwrap();
    assert!(changes.iter().any(|change| change.source == ChangeSource::EcsEvent));
    assert_eq!(faults[0].summary, "not allowed: cloudtrail:LookupEvents");
    rig.estate.faults().add("dhbw-prod=deny").unwrap();
    assert!(changes::changes(&env, since, None).await.is_err());
}
