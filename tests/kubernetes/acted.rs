//! Changes run to their end on a real control plane, and what can't end says why.

use crate::cluster::{Cluster, DENIED};
use crate::program::{act, plan, quarterdeck};

const WEB: [&str; 4] = ["--kind", "deployment", "--name", "web"];

#[test]
fn what_is_changed_is_followed_to_its_end() {
    let Some(cluster) = Cluster::start() else { return };
    for name in ["deployment", "pdb", "not-stuck", "secret"] {
        cluster.fixture(name);
    }
    cluster.kubectl(&["wait", "--for=condition=Available", "deployment/web", "deployment/stuck", "--timeout=90s"]);
    scaled_restarted_and_undone(&cluster);
    a_rollout_that_cannot_finish_says_why(&cluster);
    who_may_not_is_told_before(&cluster);
    a_node_is_drained_within_the_budgets(&cluster);
    a_secret_is_deleted_by_its_name(&cluster);
    a_command_runs_in_a_container(&cluster);
}

fn field(cluster: &Cluster, path: &str) -> String {
    cluster.kubectl(&["get", "deployment", "web", &format!("--output=jsonpath={{{path}}}")])
}

fn scaled_restarted_and_undone(cluster: &Cluster) {
    let (status, said) = act(cluster, "k8s-scale", &[&WEB[..], &["--replicas", "5"]].concat());
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(
        (field(cluster, ".spec.replicas"), field(cluster, ".status.availableReplicas")),
        ("5".into(), "5".into())
    );

    let before = field(cluster, ".spec.template.spec.containers[0].image");
    let (status, said) = act(cluster, "k8s-restart", &WEB);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(field(cluster, ".status.updatedReplicas"), "5");
    let restarted = field(cluster, ".spec.template.metadata.annotations");
    assert!(restarted.contains("restartedAt"), "{restarted}");

    cluster.kubectl(&["set", "image", "deployment/web", "*=registry.test/app:2"]);
    cluster.rolled_out("deployment/web");
    let (status, said) = act(cluster, "k8s-undo", &WEB);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(field(cluster, ".spec.template.spec.containers[0].image"), before);
    assert_eq!(field(cluster, ".spec.replicas"), "5", "the count is not sent along");
}

fn a_rollout_that_cannot_finish_says_why(cluster: &Cluster) {
    cluster.fixture("stuck");
    let (status, said) = act(cluster, "k8s-restart", &["--kind", "deployment", "--name", "stuck"]);
    assert_eq!(status, Some(1), "{said}");
    // The pod waits between its attempts, or attempts it just now: both name the image.
    assert!(said.contains("ProgressDeadlineExceeded") && said.contains("registry.test/app:gone"), "{said}");
}

fn who_may_not_is_told_before(cluster: &Cluster) {
    let fields = [&WEB[..], &["--replicas", "1"]].concat();
    let (output, plan) = plan(cluster, DENIED, "k8s-scale", &fields);
    let said = format!("{plan:#} {}", String::from_utf8_lossy(&output.stderr));
    assert!(matches!(output.status.code(), Some(2 | 3)), "{said}");
    assert!(said.contains("deployments"), "what may not be done is named: {said}");
    assert_eq!(field(cluster, ".spec.replicas"), "5");
}

fn a_node_is_drained_within_the_budgets(cluster: &Cluster) {
    let node = cluster.kubectl(&["get", "pods", "--selector=app=web", "--output=jsonpath={.items[0].spec.nodeName}"]);
    let (status, said) = act(cluster, "k8s-drain", &["--name", &node]);
    assert_eq!(status, Some(0), "{said}");
    let left = cluster.kubectl(&[
        "get",
        "pods",
        "--all-namespaces",
        "--no-headers",
        "--field-selector",
        &format!("spec.nodeName={node}"),
    ]);
    let left: Vec<&str> = left.lines().filter(|line| !line.contains("Terminating")).collect();
    assert!(left.is_empty(), "{left:?}");
    let (status, said) = act(cluster, "k8s-uncordon", &["--name", &node]);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(cluster.kubectl(&["get", "node", &node, "--output=jsonpath={.spec.unschedulable}"]), "");
}

fn a_secret_is_deleted_by_its_name(cluster: &Cluster) {
    let secrets = cluster.get(&["secrets"]);
    let name = secrets["items"][0]["metadata"]["name"].as_str().expect("a secret").to_owned();
    let fields = ["--kind", "secret", "--name", &name];
    let (_, plan) = plan(cluster, "admin", "k8s-delete", &fields);
    assert!(plan["confirm"].as_str().unwrap().ends_with(&name), "{plan:#}");
    let wrong = quarterdeck(
        cluster,
        &[&["act", "k8s-delete", "-e", "admin"][..], &fields, &["--apply", "--confirm", "yes"]].concat(),
    );
    assert_eq!(wrong.status.code(), Some(64));
    assert!(cluster.kubectl(&["get", "secrets", "--output=name"]).contains(&name), "still there");
    let (status, said) = act(cluster, "k8s-delete", &fields);
    assert_eq!(status, Some(0), "{said}");
    assert!(!cluster.kubectl(&["get", "secrets", "--output=name"]).contains(&name));
}

fn a_command_runs_in_a_container(cluster: &Cluster) {
    let pod = cluster.kubectl(&["get", "pods", "--selector=app=web", "--output=jsonpath={.items[0].metadata.name}"]);
    let fields = ["--name", &pod, "--command", "sh -c 'echo in a container: $IN_CONTAINER; exit 3'", "--tty", "no"];
    let (status, said) = act(cluster, "k8s-exec", &fields);
    assert!(said.contains("in a container: yes"), "{said}");
    assert_eq!(status, Some(1), "what the command returned is told: {said}");
}
