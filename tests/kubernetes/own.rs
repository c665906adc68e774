//! The cluster itself, before anything of ours looks at it.

use std::process::Output;

use serde_json::Value;

use crate::cluster::{Cluster, DENIED, NARROW};

/// The cluster itself: that it is one, and fails in the ways that the tests are about.
#[test]
fn the_cluster_comes_up_fails_and_logs_as_it_is_told() {
    let Some(cluster) = Cluster::start() else { return };
    for name in ["deployment", "crash", "oom", "image-pull", "unschedulable", "failing-probe", "not-stuck"] {
        cluster.fixture(name);
    }
    cluster.fixture_in("small", "quota");
    for name in
        ["service", "ingress", "hpa", "pdb", "pvc", "configmap", "secret", "statefulset", "daemonset", "job", "cronjob"]
    {
        cluster.fixture(name);
    }
    cluster.kubectl(&["wait", "--for=condition=Available", "deployment/web", "deployment/stuck", "--timeout=60s"]);
    cluster.fixture("stuck");
    pods_are_as_they_were_told(&cluster);
    workloads_say_why_they_are_sick(&cluster);
    logs_and_commands_are_answered(&cluster);
    kinds_of_others_have_their_columns(&cluster);
    users_may_what_they_may(&cluster);
    nodes_fail_and_recover(&cluster);
}

fn pods_are_as_they_were_told(cluster: &Cluster) {
    for (app, status, restarts) in [
        ("web", "Running", "0"),
        ("crashing", "CrashLoopBackOff", "3"),
        ("hungry", "CrashLoopBackOff", "3"),
        ("unpullable", "ImagePullBackOff", "0"),
        ("unschedulable", "Pending", "0"),
        ("unready", "Running", "0"),
        ("store", "Running", "0"),
        ("agent", "Running", "0"),
    ] {
        cluster.until(&format!("{app} is {status}"), |cluster| {
            let pods = cluster.kubectl(&["get", "pods", "--no-headers", "--selector", &format!("app={app}")]);
            let is_so = |line: &str| {
                let cells: Vec<&str> = line.split_whitespace().collect();
                cells.get(2) == Some(&status) && cells.get(3) == Some(&restarts)
            };
            !pods.is_empty() && pods.lines().all(is_so)
        });
    }
    assert_eq!(cluster.ready_pods("default", "app=web"), 3);
    assert_eq!(cluster.ready_pods("default", "app=unready"), 0);
    assert_eq!(cluster.ready_pods("default", "app=agent"), 3, "one on each node");
    let hungry = cluster.get(&["pods", "--selector=app=hungry"]);
    let last = &hungry["items"][0]["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((last["reason"].as_str(), last["exitCode"].as_i64()), (Some("OOMKilled"), Some(137)));
}

fn workloads_say_why_they_are_sick(cluster: &Cluster) {
    for (what, word) in [
        (["pods", "--selector=app=unschedulable"], "Insufficient cpu"),
        (["deployment", "stuck"], "ProgressDeadlineExceeded"),
        (["deployment", "--namespace=small"], "exceeded quota: two-pods"),
        (["job", "failing"], "BackoffLimitExceeded"),
        (["job", "migrate"], "\"Complete\""),
        (["pvc", "bound"], "\"Bound\""),
        (["events", "--field-selector=reason=Unhealthy"], "Readiness probe failed"),
        (["events", "--field-selector=reason=FailedScheduling"], "nodes are available"),
        (["endpointslices", "--selector=kubernetes.io/service-name=web"], "\"ready\": true"),
        (["pdb", "web"], "\"currentHealthy\": 3"),
    ] {
        cluster.until(&format!("{what:?} has {word}"), |cluster| {
            cluster.kubectl(&[&["get", "--output=json"][..], &what].concat()).contains(word)
        });
    }
}

fn logs_and_commands_are_answered(cluster: &Cluster) {
    let web = cluster.get(&["pods", "--selector=app=web"]);
    let pod = web["items"][0]["metadata"]["name"].as_str().expect("a pod of the deployment");
    assert_eq!(cluster.kubectl(&["logs", pod]), "one\ntwo\nthree\n");
    assert_eq!(cluster.kubectl(&["logs", pod, "--tail=1"]), "three\n");
    assert_eq!(cluster.kubectl(&["logs", pod, "--previous"]), "the one before\nits last word\n");
    cluster.log("default", pod, ["a line of its own"]);
    cluster.until("it is in the log", |cluster| cluster.kubectl(&["logs", pod]) == "a line of its own\n");
    let said = cluster.kubectl(&["exec", pod, "--", "sh", "-c", "echo in a container: $IN_CONTAINER"]);
    assert_eq!(said, "in a container: yes\n");

    cluster.fixture("metrics-crd");
    cluster.kubectl(&["wait", "--for=condition=Established", "crd/pods.metrics.k8s.io", "--timeout=60s"]);
    cluster.usage("default", pod, "app", "250m", "200Mi");
    cluster.until("kubectl top knows it", |cluster| {
        let top = cluster.try_kubectl("admin", &["top", "pod", pod, "--no-headers"]);
        text(&top).split_whitespace().collect::<Vec<_>>() == [pod, "250m", "200Mi"]
    });
}

fn kinds_of_others_have_their_columns(cluster: &Cluster) {
    cluster.fixture("crd");
    cluster.fixture("certificate-crd");
    let crds = ["crd/widgets.quarterdeck.test", "crd/certificates.cert-manager.io"];
    cluster.kubectl(&[&["wait", "--for=condition=Established", "--timeout=60s"][..], &crds].concat());
    cluster.fixture("widget");
    cluster.fixture("certificate");
    let widget = cluster.kubectl(&["get", "widgets"]);
    let cells: Vec<&str> = widget.split_whitespace().take(7).collect();
    assert_eq!(cells, ["NAME", "SIZE", "COLOUR", "AGE", "first", "3", "blue"]);
}

fn users_may_what_they_may(cluster: &Cluster) {
    let may = |user: &str, what: &[&str]| text(&cluster.try_kubectl(user, &[&["auth", "can-i"][..], what].concat()));
    assert_eq!(may(DENIED, &["list", "pods"]), "no\n");
    assert_eq!(may(NARROW, &["delete", "pods", "--namespace=narrow"]), "yes\n");
    assert_eq!(may(NARROW, &["list", "pods", "--namespace=default"]), "no\n");
    assert_eq!(may(NARROW, &["list", "nodes"]), "no\n");
}

fn nodes_fail_and_recover(cluster: &Cluster) {
    let condition = |condition: &str, wanted: &str| {
        let wait = format!("--for=condition={condition}={wanted}");
        cluster.kubectl(&["wait", &wait, "node/ip-10-0-1-0", "--timeout=60s"]);
    };
    let node = ["annotate", "--overwrite", "node", "ip-10-0-1-0"];
    cluster.kubectl(&[&node[..], &["quarterdeck.test/behaviour=memory-pressure"]].concat());
    condition("MemoryPressure", "True");
    cluster.kubectl(&[&node[..], &["quarterdeck.test/behaviour=not-ready"]].concat());
    condition("Ready", "False");
    cluster.kubectl(&[&node[..], &["quarterdeck.test/behaviour-"]].concat());
    condition("Ready", "True");
    condition("MemoryPressure", "False");
}

#[test]
fn a_restarted_api_server_has_what_it_had() {
    let Some(mut cluster) = Cluster::start() else { return };
    cluster.fixture("deployment");
    cluster.until("three pods are ready", |cluster| cluster.ready_pods("default", "app=web") == 3);
    let before = cluster.kubectl(&["get", "pods", "--output=name"]);
    cluster.kill_apiserver();
    assert!(!cluster.try_kubectl("admin", &["get", "pods"]).status.success(), "nobody answers");
    cluster.restart_apiserver();
    assert_eq!(cluster.kubectl(&["get", "pods", "--output=name"]), before);
    // The others have found their way back.
    cluster.kubectl(&["scale", "deployment/web", "--replicas=5"]);
    cluster.until("five pods are ready", |cluster| cluster.ready_pods("default", "app=web") == 5);
}

#[test]
fn a_load_fills_the_cluster_and_changes_it() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.fill(5, 60);
    let restarts = |cluster: &Cluster| {
        let pods = cluster.get(&["pods", "--all-namespaces", "--selector=quarterdeck.test/load"]);
        let count = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].as_u64();
        pods["items"].as_array().expect("a list").iter().map(count).collect::<Vec<_>>()
    };
    assert_eq!(restarts(&cluster), vec![Some(0); 60]);
    cluster.burst();
    assert_eq!(restarts(&cluster), vec![Some(1); 60]);
    let _churn = cluster.churn(50);
    cluster.until("pods are started again", |cluster| restarts(cluster).contains(&Some(2)));
    cluster.until("and replaced", |cluster| restarts(cluster).contains(&Some(0)));
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
