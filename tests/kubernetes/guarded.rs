//! What the guard lets pass and what not, by what a real API server has afterwards: nothing with `--read-only` or without a journal,
//! one value of a secret to whoever asks for it, and changes of every sort of workload.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::cluster::{ADMIN, Cluster, DENIED};
use crate::program::{act, plan, quarterdeck, quarterdeck_at, said};

/// The value in the fixture.
const PASSWORD: &str = "not-shown-unless-asked";
const SHOW: [&str; 4] = ["--name", "login", "--key", "password"];

#[test]
fn what_is_not_permitted_is_not_sent() {
    let Some(cluster) = Cluster::start() else { return };
    for name in ["deployment", "statefulset", "daemonset", "secret"] {
        cluster.fixture(name);
    }
    for what in ["daemonset/agent", "statefulset/store", "deployment/web"] {
        cluster.rolled_out(what);
    }
    nothing_is_sent_read_only_or_without_a_journal(&cluster);
    a_value_is_shown_and_kept_nowhere(&cluster);
    who_may_not_see_it_is_told(&cluster);
    sets_are_restarted_and_undone(&cluster);
}

/// What is there, each at its version.
fn versions(cluster: &Cluster) -> Vec<String> {
    let all = cluster.get(&["deployments,statefulsets,daemonsets,pods,secrets", "--all-namespaces"]);
    let meta = |object: &Value| {
        let meta = &object["metadata"];
        format!("{} {} {}", object["kind"], meta["name"], meta["resourceVersion"])
    };
    let mut versions: Vec<String> = all["items"].as_array().expect("items").iter().map(meta).collect();
    let nodes = cluster.kubectl(&["get", "nodes", "--output=jsonpath={.items[*].spec}"]);
    versions.push(nodes);
    versions
}

/// Waits until what was asked for before has come to rest.
fn settled(cluster: &Cluster) -> Vec<String> {
    let mut last = versions(cluster);
    cluster.until("nothing changes any more", |cluster| {
        std::thread::sleep(std::time::Duration::from_secs(1));
        let now = versions(cluster);
        let same = now == last;
        last = now;
        same
    });
    last
}

fn nothing_is_sent_read_only_or_without_a_journal(cluster: &Cluster) {
    let before = settled(cluster);
    let pod = cluster.kubectl(&["get", "pods", "--selector=app=web", "--output=jsonpath={.items[0].metadata.name}"]);
    let node = cluster.kubectl(&["get", "nodes", "--output=jsonpath={.items[0].metadata.name}"]);
    // In a container's place is a folder of this machine: what is run there leaves something behind.
    let left = cluster.home().join("container/left");
    let web = ["--kind", "deployment", "--name", "web"];
    let all: [(&str, Vec<&str>); 7] = [
        ("k8s-scale", [&web[..], &["--replicas", "4"]].concat()),
        ("k8s-restart", web.to_vec()),
        ("k8s-delete", vec!["--kind", "pod", "--name", &pod]),
        ("k8s-cordon", vec!["--name", &node]),
        ("k8s-drain", vec!["--name", &node]),
        ("k8s-exec", vec!["--name", &pod, "--command", "touch left", "--tty", "no"]),
        ("k8s-secret-show", SHOW.to_vec()),
    ];
    let unwritable = cluster.home().join("unwritable");
    fs::create_dir_all(unwritable.join(".local/state/quarterdeck/journal.jsonl"))
        .expect("a folder in the file's place");
    for (action, fields) in &all {
        let (output, plan) = plan(cluster, ADMIN, action, fields);
        assert_eq!(output.status.code(), Some(0), "{action} could be done: {}", said(&output));
        let confirm = plan["confirm"].as_str().expect("a text to confirm with");
        let apply = ["--apply", "--confirm", confirm, "--reason", "a test"];
        let applied = [&["act", action, "-e", ADMIN][..], fields, &apply].concat();
        let refused = quarterdeck(cluster, &[&["--read-only"][..], &applied].concat());
        let words = said(&refused);
        assert_eq!(refused.status.code(), Some(3), "{action}: {words}");
        assert!(words.contains("read-only") && words.contains("nothing was sent"), "{action}: {words}");
        let refused = quarterdeck_at(cluster, &unwritable, &applied);
        let words = [words, said(&refused)].concat();
        assert_eq!(refused.status.code(), Some(1), "{action}: {words}");
        assert!(words.contains("the journal can't be written"), "{action}: {words}");
        assert!(!words.contains(PASSWORD), "{action}: {words}");
    }
    assert!(!left.exists(), "nothing was run");
    assert_eq!(versions(cluster), before, "nothing was changed");
    // The same command does something where it may.
    let fields = ["--name", &pod, "--command", "touch left", "--tty", "no"];
    assert_eq!(act(cluster, "k8s-exec", &fields).0, Some(0));
    assert!(left.exists());
}

fn a_value_is_shown_and_kept_nowhere(cluster: &Cluster) {
    let (output, plan) = plan(cluster, ADMIN, "k8s-secret-show", &SHOW);
    let confirm = plan["confirm"].as_str().expect("a text to confirm with").to_owned();
    let encoded = STANDARD.encode(PASSWORD);
    assert!(!said(&output).contains(PASSWORD) && !said(&output).contains(&encoded), "a plan has no value: {plan:#}");
    let home = cluster.home().join("secretive");
    let apply = ["--apply", "--confirm", &confirm, "--verbose"];
    let shown = quarterdeck_at(cluster, &home, &[&["act", "k8s-secret-show", "-e", ADMIN], &SHOW[..], &apply].concat());
    let errors = String::from_utf8_lossy(&shown.stderr);
    assert_eq!(shown.status.code(), Some(0), "{errors}");
    assert_eq!(String::from_utf8_lossy(&shown.stdout), format!("{PASSWORD}\n"), "that and nothing else");
    let mut files = 0;
    for (path, text) in files_under(&home) {
        assert!(!text.contains(PASSWORD) && !text.contains(&encoded), "the value is in {path}");
        files += 1;
    }
    assert!(!errors.contains(PASSWORD) && !errors.contains(&encoded), "{errors}");
    assert!(files > 1, "there is a journal");
    let journal = quarterdeck_at(cluster, &home, &["journal", "-o", "json"]);
    let entries: Vec<Value> = serde_json::from_slice(&journal.stdout).expect("entries");
    let events: Vec<&Value> = entries.iter().rev().map(|entry| &entry["event"]).collect();
    assert_eq!(events, ["intent", "sent", "outcome", "followed"]);
    let intent = entries.last().expect("an intent");
    assert_eq!((&intent["action"], &intent["input"]["key"]), (&"k8s-secret-show".into(), &"password".into()));
    assert_eq!(quarterdeck_at(cluster, &home, &["journal", "verify"]).status.code(), Some(0));
}

/// Every file in a folder, and what is in it.
fn files_under(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_under(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            found.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}

fn who_may_not_see_it_is_told(cluster: &Cluster) {
    let (output, _) = plan(cluster, DENIED, "k8s-secret-show", &SHOW);
    assert!(matches!(output.status.code(), Some(2 | 3)), "{}", said(&output));
    assert!(said(&output).contains("cannot get resource \"secrets\""), "{}", said(&output));
    let (output, plan) = plan(cluster, ADMIN, "k8s-secret-show", &["--name", "login", "--key", "token"]);
    assert_eq!(output.status.code(), Some(3), "{plan:#}");
    assert!(said(&output).contains("there is no token: it has password, username"), "{plan:#}");
}

fn sets_are_restarted_and_undone(cluster: &Cluster) {
    for (kind, name, ready) in [
        ("statefulset", "store", "{.status.updatedReplicas}/{.status.readyReplicas}"),
        ("daemonset", "agent", "{.status.updatedNumberScheduled}/{.status.numberReady}"),
    ] {
        let field = |path: &str| cluster.kubectl(&["get", kind, name, &format!("--output=jsonpath={path}")]);
        let pods = || {
            let pods = cluster.get(&["pods", &format!("--selector=app={name}")]);
            let uid = |pod: &Value| pod["metadata"]["uid"].as_str().map(str::to_owned);
            pods["items"].as_array().expect("items").iter().filter_map(uid).collect::<Vec<_>>()
        };
        let (fields, all, before) = (["--kind", kind, "--name", name], field(ready), pods());
        let (status, words) = act(cluster, "k8s-restart", &fields);
        assert_eq!(status, Some(0), "{words}");
        assert!(field("{.spec.template.metadata.annotations}").contains("restartedAt"), "{kind}");
        assert_eq!(field(ready), all, "all of them are there when it is told to be done");
        assert!(pods().iter().all(|pod| !before.contains(pod)), "every pod of the {kind} is another one");

        let image = "{.spec.template.spec.containers[0].image}";
        let first = field(image);
        cluster.kubectl(&["set", "image", &format!("{kind}/{name}"), "*=registry.test/app:2"]);
        cluster.rolled_out(&format!("{kind}/{name}"));
        let (status, words) = act(cluster, "k8s-undo", &fields);
        assert_eq!(status, Some(0), "{words}");
        assert_eq!((field(image), field(ready)), (first, all.clone()), "{words}");
        // The restart was the second revision, the newer image the third, and what holds now is the fourth.
        let chosen = [&fields[..], &["--revision", "3"]].concat();
        let (_, plan) = plan(cluster, ADMIN, "k8s-undo", &chosen);
        assert_eq!((&plan["changes"][0]["from"], &plan["changes"][0]["to"]), (&"4".into(), &"3".into()), "{plan:#}");
        assert!(plan["affects"][0].as_str().is_some_and(|line| line.contains("app:2")), "the difference: {plan:#}");
        let (status, words) = act(cluster, "k8s-undo", &chosen);
        assert_eq!((status, field(image).as_str(), field(ready)), (Some(0), "registry.test/app:2", all), "{words}");
    }
}
