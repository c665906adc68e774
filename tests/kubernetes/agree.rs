//! The same questions put to kubectl and to the program have the same answers.

use serde_json::Value;

use crate::cluster::{Cluster, DENIED, NARROW};
use crate::program::{get, named, quarterdeck};

const WORKLOADS: [&str; 14] = [
    "deployment",
    "crash",
    "oom",
    "image-pull",
    "unschedulable",
    "failing-probe",
    "not-stuck",
    "statefulset",
    "daemonset",
    "job",
    "cronjob",
    "service",
    "secret",
    "hpa",
];

#[test]
fn kubectl_and_the_program_say_the_same() {
    let Some(cluster) = Cluster::start() else { return };
    for name in WORKLOADS {
        cluster.fixture(name);
    }
    cluster.fixture_in("small", "quota");
    cluster.kubectl(&["wait", "--for=condition=Available", "deployment/web", "deployment/stuck", "--timeout=90s"]);
    cluster.fixture("stuck");
    cluster.until("all has settled", |cluster| {
        let pods = cluster.kubectl(&["get", "pods", "--all-namespaces", "--no-headers"]);
        let count = |word: &str| pods.matches(word).count();
        let stuck = cluster.kubectl(&["get", "deployment", "stuck", "--output=json"]);
        count("CrashLoopBackOff") >= 2 && count("ImagePullBackOff") >= 1 && stuck.contains("ProgressDeadlineExceeded")
    });
    pods(&cluster);
    workloads(&cluster);
    nodes_and_namespaces(&cluster);
    reasons(&cluster);
    secrets_stay_secret(&cluster);
    users(&cluster);
}

/// Lines of a table without its head, split at runs of blanks.
fn table(cluster: &Cluster, arguments: &[&str]) -> Vec<Vec<String>> {
    let text = cluster.kubectl(&[&["get", "--no-headers"][..], arguments].concat());
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

fn count(cell: &Value) -> String {
    format!("{}/{}", cell["have"], cell["want"])
}

fn text(cell: &Value) -> String {
    cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)
}

/// Asks both until they agree: pods come and go between the two questions.
fn agree(what: &str, theirs: impl Fn() -> Vec<Vec<String>>, ours: impl Fn() -> Vec<Vec<String>>) {
    let mut last = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let (before, mut mine, after) = (theirs(), ours(), theirs());
        mine.sort();
        let sorted = |mut lines: Vec<Vec<String>>| {
            lines.sort();
            lines
        };
        let (before, after) = (sorted(before), sorted(after));
        if mine == before || mine == after {
            assert!(!mine.is_empty(), "{what}: nothing to compare");
            return;
        }
        last = (after, mine);
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    panic!("{what}: kubectl {:#?}, the program {:#?}", last.0, last.1);
}

fn pods(cluster: &Cluster) {
    let theirs = || {
        let rows = table(cluster, &["pods", "--all-namespaces"]);
        rows.into_iter().map(|cells| cells[..5].to_vec()).collect()
    };
    let ours = || {
        let row = |pod: &Value| {
            vec![
                text(&pod["namespace"]),
                text(&pod["name"]),
                count(&pod["ready"]),
                text(&pod["status"]),
                text(&pod["restarts"]),
            ]
        };
        get(cluster, "pod").iter().map(row).collect()
    };
    agree("pods", theirs, ours);
    let created = cluster.get(&["pods", "--all-namespaces"]);
    let rows = get(cluster, "pod");
    for pod in created["items"].as_array().expect("items") {
        let row = named(&rows, pod["metadata"]["name"].as_str().unwrap());
        assert_eq!(row["created"], pod["metadata"]["creationTimestamp"], "its age");
    }
}

fn workloads(cluster: &Cluster) {
    // NAME READY UP-TO-DATE AVAILABLE AGE
    let theirs = || {
        let rows = table(cluster, &["deployments", "--all-namespaces"]);
        rows.into_iter().map(|cells| cells[..5].to_vec()).collect()
    };
    let ours = || {
        let row = |one: &Value| {
            let cells = ["up_to_date", "available"].map(|column| text(&one[column]));
            [vec![text(&one["namespace"]), text(&one["name"]), count(&one["ready"])], cells.to_vec()].concat()
        };
        get(cluster, "deployment").iter().map(row).collect()
    };
    agree("deployments", theirs, ours);
    let revision = |name: &str| {
        let one = cluster.get(&["deployment", name]);
        one["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str().map(str::to_owned)
    };
    let rows = get(cluster, "deployment");
    for name in ["web", "stuck"] {
        assert_eq!(Some(text(&named(&rows, name)["revision"])), revision(name), "the revision of {name}");
    }
    let stateful = table(cluster, &["statefulsets"]);
    let rows = get(cluster, "statefulset");
    assert_eq!(count(&named(&rows, &stateful[0][0])["ready"]), stateful[0][1]);
    let replicas = || {
        let rows = table(cluster, &["replicasets", "--all-namespaces"]);
        rows.into_iter().map(|cells| vec![cells[1].clone(), format!("{}/{}", cells[4], cells[2])]).collect()
    };
    let ours = || get(cluster, "replicaset").iter().map(|one| vec![text(&one["name"]), count(&one["ready"])]).collect();
    agree("replica sets", replicas, ours);
}

fn nodes_and_namespaces(cluster: &Cluster) {
    let theirs =
        || table(cluster, &["nodes"]).into_iter().map(|cells| vec![cells[0].clone(), cells[1].clone()]).collect();
    let ours = || get(cluster, "k8s-node").iter().map(|one| vec![text(&one["name"]), text(&one["status"])]).collect();
    agree("nodes", theirs, ours);
    let theirs = || table(cluster, &["namespaces"]).into_iter().map(|cells| vec![cells[0].clone()]).collect();
    let ours = || get(cluster, "namespace").iter().map(|one| vec![text(&one["name"])]).collect();
    agree("namespaces", theirs, ours);
}

/// Every sick workload says why.
fn reasons(cluster: &Cluster) {
    for (kind, name, health, words) in [
        ("deployment", "crashing", "failed", "exited with 1"),
        ("deployment", "hungry", "failed", "memory"),
        ("deployment", "unpullable", "failed", "image"),
        ("deployment", "unschedulable", "failed", "Insufficient cpu"),
        ("deployment", "unready", "failed", "readiness probe fails"),
        ("deployment", "stuck", "failed", "rollout stuck"),
    ] {
        let mut row = Value::Null;
        cluster.until(&format!("{name} is {health} because of {words}"), |cluster| {
            row = named(&get(cluster, kind), name).clone();
            let reason = row["reason"].as_str().unwrap_or_default().to_lowercase();
            let is_so = row["health"] == health && reason.contains(&words.to_lowercase());
            if !is_so {
                eprintln!("{name}: {} {}", row["health"], row["reason"]);
            }
            is_so
        });
    }
    let quota = get(cluster, "deployment");
    let short = quota.iter().find(|row| row["namespace"] == "small").expect("the one without room");
    assert!(short["reason"].as_str().unwrap().contains("quota"), "{short:#}");
    assert_eq!(named(&quota, "web")["health"], "ok");
}

fn secrets_stay_secret(cluster: &Cluster) {
    let secrets = cluster.get(&["secrets"]);
    let (name, data) = secrets["items"]
        .as_array()
        .and_then(|all| all.iter().find_map(|one| Some((one["metadata"]["name"].as_str()?, one["data"].as_object()?))))
        .expect("a secret");
    let output = quarterdeck(cluster, &["get", "k8s-secret", "-e", "admin", "-o", "json"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains(name));
    for (key, value) in data {
        assert!(shown.contains(key.as_str()), "{key} is named");
        assert!(!shown.contains(value.as_str().unwrap()), "the value of {key} is not");
    }
}

/// Who may not is told what is missing; who may read one namespace sees that.
fn users(cluster: &Cluster) {
    let output = quarterdeck(cluster, &["get", "pod", "-e", DENIED, "-o", "json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("cannot list resource \"pods\""), "{errors}");
    cluster.fixture_in("narrow", "deployment");
    cluster.until("its pods are there", |cluster| {
        cluster.kubectl(&["get", "pods", "--namespace=narrow", "--no-headers"]).lines().count() == 3
    });
    let output = quarterdeck(cluster, &["get", "pod", "-e", NARROW, "-o", "json"]);
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("an array");
    assert_eq!(rows.len(), 3, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(rows.iter().all(|row| row["namespace"] == "narrow"));
}
