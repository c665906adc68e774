//! Lines of pods on the built-in estate: ranges and live tails, pods that join, streams that break.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use jiff::SignedDuration;

use super::pods::{TOO_LONG, TOO_MANY};
use super::*;
use crate::demo::Estate;
use crate::demo::world::Clock;
use crate::kinds::k8s::pod::Pod;
use crate::kinds::tests::Rig;
use crate::model::{PodsOf, Scope};

const BETA9: (&str, &str, &str) = ("beta9-prod", "us-west-2", "beta9-prod");
const PROVISIONING: &str = "beta9-provisioning";
const API: &str = "provisioning-api-6c8d9f7b54-4kq2m";

/// An estate whose clock the test moves, and one of its clusters.
struct Yard {
    rig: Rig,
    clock: Clock,
    env: Arc<Env>,
    cluster: &'static str,
}

impl Yard {
    async fn new() -> Self {
        // Ahead of our own clock, so that a live tail, which begins by that, has all that is written from here on; and late in a
        // second, since servers count by whole ones.
        let second = Timestamp::from_second(Timestamp::now().as_second() + 300).unwrap();
        let clock = Clock::manual(second + SignedDuration::from_millis(700));
        Self::on(Estate::new(7, clock.clone()), clock, BETA9).await
    }

    async fn on(estate: Estate, clock: Clock, (environment, _, cluster): (&'static str, &str, &'static str)) -> Self {
        let rig = Rig::on(estate);
        let env = rig.env(environment).await;
        Self { rig, clock, env, cluster }
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    fn source(&self, namespace: &str, pods: PodsOf, previous: bool) -> LogSource {
        let scope = Scope { namespace: Some(namespace.into()), ..self.env.scope.in_cluster(self.cluster) };
        let of = LogOrigin::Pods { pods, container: None, previous };
        LogSource { scope, of, label: "pods".into() }
    }

    fn labelled(&self, namespace: &str, selector: &str) -> LogSource {
        self.source(namespace, PodsOf::Labels(selector.into()), false)
    }

    /// The lines between two instants, and what they lack.
    async fn range(&self, source: &LogSource, from: Timestamp, to: Timestamp) -> (Vec<Found>, Vec<&'static str>) {
        let pages: Vec<Page> =
            lines(Arc::clone(&self.env), source.clone(), from, to, None).try_collect().await.unwrap();
        let lacks = pages.iter().filter_map(|page| page.lacks).collect();
        (pages.into_iter().flat_map(|page| page.lines).collect(), lacks)
    }

    async fn last(&self, source: &LogSource, seconds: i64) -> (Vec<Found>, Vec<&'static str>) {
        let now = self.clock.now();
        self.range(source, now - SignedDuration::from_secs(seconds), now).await
    }

    /// Asks the API server as `kubectl` would.
    async fn delete(&self, namespace: &str, pod: &str) {
        let client = kube::Client::new(self.rig.estate.kube(BETA9.0, BETA9.2).unwrap(), "default");
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}?gracePeriodSeconds=0");
        client.request_text(http::Request::delete(path).body(Vec::new()).unwrap()).await.unwrap();
    }
}

async fn heard(updates: &mut Updates) -> Update {
    let update = tokio::time::timeout(Duration::from_secs(20), updates.next()).await.expect("a sign of life");
    update.expect("it goes on").unwrap()
}

fn writers(lines: &[Found]) -> BTreeSet<String> {
    lines.iter().filter_map(|line| line.writer.as_deref().map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_lines_of_all_pods_of_a_workload_are_merged() {
    let yard = Yard::new().await;
    let (lines, lacks) = yard.last(&yard.labelled("beta9-system", "app=sandbox-router"), 120).await;
    assert_eq!(lacks, [""; 0]);
    assert!(lines.len() > 50 && lines.is_sorted_by_key(|line| line.at), "{}", lines.len());
    assert!(writers(&lines).len() >= 2, "each of its pods writes");
    let (one, _) = yard.last(&yard.source(PROVISIONING, PodsOf::One(API.into()), false), 60).await;
    assert!(!one.is_empty() && writers(&one).len() <= 1);
    let (none, _) = yard.last(&yard.source(PROVISIONING, PodsOf::One("gone".into()), false), 60).await;
    assert_eq!(none, []);
}

#[tokio::test]
async fn what_is_left_out_is_said() {
    let yard = Yard::new().await;
    let api = yard.source(PROVISIONING, PodsOf::One(API.into()), false);
    let (lines, lacks) = yard.last(&api, 6 * 3_600).await;
    assert_eq!((lines.len(), lacks), (20_000, vec![TOO_LONG]));
    assert_eq!(yard.last(&api, 600).await.1, [""; 0]);
    // 75 containers in a namespace of a hundred.
    let clock = Clock::manual(Timestamp::now());
    let estate = Estate::with_pods(1, clock.clone(), 100, 0);
    let yard = Yard::on(estate, clock, ("kube-000", "eu-central-1", "bench")).await;
    let many = yard.labelled("team-000", "app in (service-000, service-001, service-002)");
    assert_eq!(yard.last(&many, 60).await.1, [TOO_MANY]);
    let mut updates = live(&yard.env, &many, None).await.unwrap();
    assert_eq!(heard(&mut updates).await.lacks, Some(TOO_MANY));
    let fewer = yard.labelled("team-000", "app in (service-000, service-001)");
    assert_eq!(yard.last(&fewer, 60).await.1, [""; 0]);
}

#[tokio::test]
async fn a_pod_that_joins_is_followed_whether_pods_are_watched_or_not() {
    for watched in [false, true] {
        let yard = Yard::new().await;
        let source = yard.labelled("beta9-system", "app=sandbox-router");
        let cluster = yard.env.cluster(&BETA9.2.into()).await.unwrap();
        if watched {
            cluster.watched::<Pod>().await.unwrap();
        }
        let mut updates = live(&yard.env, &source, None).await.unwrap();
        yard.pass(20);
        let mut before = BTreeSet::new();
        while before.len() < 2 {
            before.extend(writers(&heard(&mut updates).await.lines));
            yard.pass(2);
        }
        let first = before.first().unwrap().clone();
        let pods = cluster.watched::<Pod>().await.unwrap().items;
        let pod = pods.iter().filter_map(|pod| pod.metadata.name.clone()).find(|name| name.ends_with(&first)).unwrap();
        yard.rig.estate.reset_calls();
        yard.delete("beta9-system", &pod).await;
        let new = loop {
            yard.pass(5);
            let now = writers(&heard(&mut updates).await.lines);
            if let Some(new) = now.difference(&before).next() {
                break new.clone();
            }
        };
        assert!(!new.is_empty());
    }
}

#[tokio::test]
async fn where_pods_are_watched_the_server_is_not_asked_which_there_are() {
    let yard = Yard::new().await;
    let cluster = yard.env.cluster(&BETA9.2.into()).await.unwrap();
    let source = yard.labelled("beta9-system", "app=sandbox-router");
    let lists = |yard: &Yard| {
        let calls = yard.rig.estate.calls();
        calls.iter().filter(|((_, _, operation), _)| operation == "list pods").map(|(_, count)| count).sum::<u64>()
    };
    let mut updates = live(&yard.env, &source, None).await.unwrap();
    cluster.watched::<Pod>().await.unwrap();
    let before = lists(&yard);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(lists(&yard), before);
    yard.pass(5);
    assert!(!heard(&mut updates).await.lines.is_empty());
}

#[tokio::test]
async fn what_was_written_before_the_last_start_is_there_and_nothing_is_added() {
    let yard = Yard::new().await;
    let cluster = yard.env.cluster(&BETA9.2.into()).await.unwrap();
    let pods = cluster.watched::<Pod>().await.unwrap().items;
    let fails = |pod: &&Arc<Pod>| pod.status.container_statuses.iter().any(|container| container.restart_count > 5);
    let failing = pods.iter().find(fails).unwrap().metadata.name.clone().unwrap();
    let source = yard.source(PROVISIONING, PodsOf::One(failing.into()), true);
    let (lines, _) = yard.last(&source, 1).await;
    assert!(lines.iter().any(|line| line.text.contains("exits with status 1")), "{lines:?}");
    let mut updates = live(&yard.env, &source, None).await.unwrap();
    for _ in 0..2 {
        yard.pass(60);
        assert_eq!(heard(&mut updates).await, Update::default());
    }
}

#[tokio::test]
async fn a_broken_stream_is_taken_up_again_without_doubles_or_losses() {
    let yard = Yard::new().await;
    let begin = yard.clock.now();
    let source = yard.source(PROVISIONING, PodsOf::One(API.into()), false);
    let mut updates = live(&yard.env, &source, None).await.unwrap();
    let mut followed = Vec::new();
    for round in 0..3 {
        yard.pass(15);
        let last = yard.range(&source, begin, yard.clock.now()).await.0.pop().unwrap();
        while !followed.contains(&last) {
            followed.extend(heard(&mut updates).await.lines);
        }
        if round < 2 {
            yard.rig.estate.faults().add("beta9-prod/kubernetes/get pods*log=break").unwrap();
            tokio::time::sleep(Duration::from_millis(700)).await;
            // Written while nobody listens.
            yard.pass(5);
            yard.rig.estate.faults().clear();
        }
    }
    followed.retain(|line| line.at > begin);
    followed.sort_by_key(|line| line.at);
    let mut written = yard.range(&source, begin, yard.clock.now()).await.0;
    written.retain(|line| line.at > begin);
    let of = |lines: &[Found]| lines.iter().map(|line| (line.at, line.print)).collect::<Vec<_>>();
    assert!(written.len() > 20);
    assert_eq!(of(&followed), of(&written));
}
