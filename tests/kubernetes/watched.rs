//! A watch over an API server that is killed and started again: nothing is lost, nothing is there twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use quarterdeck::kinds;
use quarterdeck::model::{Fault, Scope};
use quarterdeck::providers::Environments;

use crate::cluster::{ADMIN, Cluster};
use crate::program::{Taken, access};

/// After this the watch has found its way back: it waits longer from try to try.
const PATIENCE: Duration = Duration::from_secs(90);

/// The names of the pods as the watch has them, and what it lacks.
async fn pods(access: &Environments) -> (BTreeSet<String>, Vec<Fault>) {
    let kind = kinds::by_id("pod").unwrap();
    let env = kind.env(access, &Scope::new(ADMIN, "-")).await.expect("the environment");
    let taken = Taken::default();
    (kind.list)(&env, None, &taken).await.expect("what was there stays");
    let (rows, faults) = taken.0.into_inner().unwrap();
    let names: BTreeSet<String> = rows.iter().map(|row| row.name.to_string()).collect();
    assert_eq!(names.len(), rows.len(), "a pod is there twice");
    (names, faults)
}

fn theirs(cluster: &Cluster) -> BTreeSet<String> {
    let text =
        cluster.kubectl(&["get", "pods", "--all-namespaces", "--no-headers", "--output=custom-columns=:metadata.name"]);
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_comes_back_brings_what_changed_and_no_doubles() {
    let Some(mut cluster) = tokio::task::block_in_place(Cluster::start) else { return };
    tokio::task::block_in_place(|| {
        cluster.fixture("deployment");
        cluster.until("three pods are ready", |cluster| cluster.ready_pods("default", "app=web") == 3);
    });
    let access = access(&cluster);
    let (before, faults) = pods(&access).await;
    assert_eq!((before.len(), faults), (3, Vec::new()));

    tokio::task::block_in_place(|| cluster.kill_apiserver());
    let began = Instant::now();
    loop {
        let (names, faults) = pods(&access).await;
        assert_eq!(names, before, "what was there stays");
        if !faults.is_empty() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "that the watch is broken is told");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let after = tokio::task::block_in_place(|| {
        cluster.restart_apiserver();
        cluster.kubectl(&["delete", "pod", before.first().unwrap(), "--wait=false"]);
        cluster.kubectl(&["scale", "deployment/web", "--replicas=5"]);
        cluster.until("five pods are ready", |cluster| cluster.ready_pods("default", "app=web") == 5);
        cluster.until("the deleted one is gone", |cluster| theirs(cluster).len() == 5);
        theirs(&cluster)
    });
    let began = Instant::now();
    loop {
        let (names, faults) = pods(&access).await;
        assert!(!names.is_empty(), "a list that is taken up again is never empty in between");
        if names == after && faults.is_empty() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the watch has {names:?}, kubectl {after:?}: {faults:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
