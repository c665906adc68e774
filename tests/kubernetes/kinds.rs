//! Kind by kind: what kubectl prints of every object the program says, too; and so it is with events, revisions, keys and sizes.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::program::{access, block, get};

const FIXTURES: [&str; 12] = [
    "deployment",
    "crash",
    "statefulset",
    "daemonset",
    "job",
    "cronjob",
    "service",
    "ingress",
    "hpa",
    "pvc",
    "configmap",
    "secret",
];

/// Between the two questions ages grow.
const SLACK: i64 = 15;

/// What kubectl prints in an empty place.
const NONE: &str = "<none>";

type Cell = fn(&Value) -> String;

/// A kind: what kubectl is asked for, what the program is, and which cells stand for which columns.
struct Kind(&'static str, &'static str, &'static [(&'static str, Cell)]);

const KINDS: [Kind; 13] = [
    Kind(
        "daemonsets",
        "daemonset",
        &[
            ("DESIRED", |row| text(&row["desired"])),
            ("CURRENT", |row| text(&row["current"])),
            ("READY", |row| text(&row["running"])),
            ("UP-TO-DATE", |row| text(&row["up_to_date"])),
            ("AVAILABLE", |row| text(&row["available"])),
            ("NODE SELECTOR", |row| list(&row["node_selector"])),
            ("CONTAINERS", |row| list(&row["containers"])),
            ("IMAGES", |row| list(&row["images"])),
            ("SELECTOR", |row| text(&row["selector"])),
        ],
    ),
    Kind(
        "statefulsets",
        "statefulset",
        &[
            ("READY", |row| count(&row["ready"])),
            ("CONTAINERS", |row| list(&row["containers"])),
            ("IMAGES", |row| list(&row["images"])),
        ],
    ),
    // How long a failed one took kubectl does not know: it counts on.
    Kind(
        "jobs",
        "job",
        &[
            ("STATUS", |row| text(&row["status"])),
            ("COMPLETIONS", |row| text(&row["completions"])),
            ("CONTAINERS", |row| list(&row["containers"])),
            ("IMAGES", |row| list(&row["images"])),
        ],
    ),
    Kind(
        "cronjobs",
        "cronjob",
        &[
            ("SCHEDULE", |row| text(&row["schedule"])),
            ("TIMEZONE", |row| or_none(&row["time_zone"])),
            ("SUSPEND", |row| if row["suspended"] == true { "True".into() } else { "False".into() }),
            ("ACTIVE", |row| text(&row["active"])),
            ("IMAGES", |row| list(&row["images"])),
        ],
    ),
    Kind(
        "horizontalpodautoscalers",
        "hpa",
        &[
            ("REFERENCE", |row| text(&row["target"])),
            ("TARGETS", |row| text(&row["metrics"])),
            ("MINPODS", |row| text(&row["min"])),
            ("MAXPODS", |row| text(&row["max"])),
            ("REPLICAS", |row| text(&row["replicas"]["have"])),
        ],
    ),
    Kind(
        "services",
        "k8s-service",
        &[
            ("TYPE", |row| text(&row["type"])),
            ("CLUSTER-IP", |row| or_none(&row["cluster_ip"])),
            ("EXTERNAL-IP", |row| match list(&row["external"]) {
                empty if empty == NONE && row["type"] == "LoadBalancer" => "<pending>".into(),
                places => places,
            }),
            ("PORT(S)", |row| list(&row["ports"])),
            ("SELECTOR", |row| list(&row["selector"])),
        ],
    ),
    Kind(
        "ingresses",
        "ingress",
        &[
            ("CLASS", |row| or_none(&row["class"])),
            ("HOSTS", |row| list(&row["hosts"])),
            ("ADDRESS", |row| list(&row["address"]).replace(NONE, "")),
        ],
    ),
    Kind(
        "persistentvolumeclaims",
        "pvc",
        &[
            ("STATUS", |row| text(&row["status"])),
            ("VOLUME", |row| text(&row["volume"])),
            // One without a volume says what it asks for.
            ("CAPACITY", |row| if row["volume"].is_null() { String::new() } else { gibibytes(&row["capacity"]) }),
            ("ACCESS MODES", |row| if row["volume"].is_null() { String::new() } else { list(&row["modes"]) }),
            ("STORAGECLASS", |row| text(&row["class"])),
        ],
    ),
    Kind("configmaps", "configmap", &[("DATA", |row| text(&row["data"]))]),
    Kind("secrets", "k8s-secret", &[("TYPE", |row| text(&row["type"])), ("DATA", |row| text(&row["data"]))]),
    Kind(
        "certificates.cert-manager.io",
        "k8s-certificate",
        &[("READY", |row| text(&row["ready"])), ("SECRET", |row| text(&row["secret"]))],
    ),
    // The same, and one of nobody's, by what the server prints.
    Kind(
        "certificates.cert-manager.io",
        "certificates.cert-manager.io",
        &[
            ("READY", |row| text(&row["ready"])),
            ("SECRET", |row| text(&row["secret"])),
            ("ISSUER", |row| text(&row["issuer"])),
            ("STATUS", |row| text(&row["status"])),
        ],
    ),
    Kind("widgets", "widgets", &[("SIZE", |row| text(&row["size"])), ("COLOUR", |row| text(&row["colour"]))]),
];

#[test]
fn kubectl_and_the_program_say_the_same_of_every_kind() {
    let Some(cluster) = Cluster::start() else { return };
    seed(&cluster);
    for kind in &KINDS {
        agree(&cluster, kind);
    }
    moments(&cluster);
    keys_and_sizes(&cluster);
    types(&cluster);
    events(&cluster);
    revisions(&cluster);
}

fn seed(cluster: &Cluster) {
    for name in ["crd", "certificate-crd"] {
        cluster.fixture(name);
    }
    for name in &FIXTURES {
        cluster.fixture(name);
    }
    cluster.fixture_in("varied", "varied");
    let crds = ["crd/widgets.quarterdeck.test", "crd/certificates.cert-manager.io"];
    cluster.kubectl(&[&["wait", "--for=condition=Established", "--timeout=60s"][..], &crds].concat());
    cluster.fixture("widget");
    cluster.fixture("certificate");
    let status = |namespace: &str, of: &str, status: &str| {
        let patch = format!("{{\"status\":{status}}}");
        let what = ["patch", of, "--namespace", namespace, "--subresource=status", "--type=merge", "--patch", &patch];
        cluster.kubectl(&what);
    };
    let balancer = r#"{"loadBalancer":{"ingress":[{"hostname":"a-1234567890.elb.eu-central-1.example.test"}]}}"#;
    status("default", "ingress/web", balancer);
    status("varied", "service/balanced", balancer);
    status("default", "cronjob/nightly", r#"{"lastScheduleTime":"2026-01-01T02:00:00Z"}"#);
    let ready = r#"{"conditions":[{"type":"Ready","status":"False","reason":"DoesNotExist","message":"Issuing it",
                    "lastTransitionTime":"2026-01-01T00:00:00Z"}]}"#;
    status("default", "certificate/web", ready);
    for (what, word) in [("jobs", "Failed"), ("jobs", "Suspended"), ("pvc", "Bound"), ("jobs", "3/3")] {
        cluster.until(&format!("{what} say {word}"), |cluster| {
            cluster.kubectl(&["get", what, "--all-namespaces"]).contains(word)
        });
    }
    for what in ["daemonset/agent", "statefulset/store", "deployment/web"] {
        cluster.rolled_out(what);
    }
}

fn text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn or_none(cell: &Value) -> String {
    if cell.is_null() { NONE.into() } else { text(cell) }
}

fn list(cell: &Value) -> String {
    let items: Vec<String> = cell.as_array().expect("a list").iter().map(text).collect();
    if items.is_empty() { NONE.into() } else { items.join(",") }
}

fn count(cell: &Value) -> String {
    format!("{}/{}", cell["have"], cell["want"])
}

fn gibibytes(cell: &Value) -> String {
    format!("{}Gi", cell.as_u64().expect("bytes") >> 30)
}

/// A line of kubectl's by its titles. Cells may be empty and have blanks: where a column begins its title says.
type Line = BTreeMap<String, String>;

fn printed(cluster: &Cluster, arguments: &[&str]) -> Vec<Line> {
    let text = cluster.kubectl(arguments);
    let mut lines = text.lines();
    let Some(head) = lines.next() else { return Vec::new() };
    let begins = |&at: &usize| {
        let before = &head[..at];
        !head[at..].starts_with(' ') && (before.is_empty() || before.ends_with("  "))
    };
    let starts: Vec<usize> = (0..head.len()).filter(begins).collect();
    let cell = |line: &str, number: usize| {
        let end = starts.get(number + 1).map_or(line.len(), |end| *end).min(line.len());
        line.get(starts[number]..end).unwrap_or_default().trim().to_owned()
    };
    let line = |line: &str| (0..starts.len()).map(|number| (cell(head, number), cell(line, number))).collect();
    lines.map(line).collect()
}

/// Tells two sides that are the same sooner or later: what they speak of changes between the two questions.
fn until_same<T: Ord + std::fmt::Debug>(what: &str, theirs: impl Fn() -> Vec<T>, ours: impl Fn() -> Vec<T>) {
    let sorted = |mut rows: Vec<T>| {
        rows.sort();
        rows
    };
    let mut last = (Vec::new(), Vec::new());
    for _ in 0..15 {
        last = (sorted(theirs()), sorted(ours()));
        if last.0 == last.1 {
            assert!(!last.0.is_empty(), "{what}: nothing to compare");
            return;
        }
        std::thread::sleep(Duration::from_millis(700));
    }
    panic!("{what}: kubectl {:#?}, the program {:#?}", last.0, last.1);
}

/// Names, columns, and when each was made.
fn agree(cluster: &Cluster, Kind(plural, ours, columns): &Kind) {
    let key = |row: &Value| vec![text(&row["namespace"]), text(&row["name"])];
    let theirs = || {
        let line = |line: Line| {
            let cells = columns.iter().map(|(title, _)| {
                line.get(*title).cloned().unwrap_or_else(|| panic!("{plural} have no {title}: {line:?}"))
            });
            [line["NAMESPACE"].clone(), line["NAME"].clone()].into_iter().chain(cells).collect::<Vec<_>>()
        };
        printed(cluster, &["get", plural, "--all-namespaces", "--output=wide"]).into_iter().map(line).collect()
    };
    let mine = || {
        let cells = |row: &Value| columns.iter().map(|(_, cell)| cell(row)).collect::<Vec<_>>();
        get(cluster, ours).iter().map(|row| [key(row), cells(row)].concat()).collect()
    };
    until_same(ours, theirs, mine);
    let made = |object: &Value| {
        let meta = &object["metadata"];
        ["namespace", "name", "creationTimestamp"].map(|field| text(&meta[field])).to_vec()
    };
    until_same(
        &format!("when {ours} were made"),
        || cluster.get(&[plural, "--all-namespaces"])["items"].as_array().expect("items").iter().map(made).collect(),
        || get(cluster, ours).iter().map(|row| [key(row), vec![text(&row["created"])]].concat()).collect(),
    );
}

/// When something ran, and for how long.
fn moments(cluster: &Cluster) {
    let jobs = printed(cluster, &["get", "jobs"]);
    let migrate = jobs.iter().find(|line| line["NAME"] == "migrate").expect("the job");
    let row = |kind: &str, name: &str| {
        let found = get(cluster, kind).into_iter().find(|row| row["name"] == name);
        found.unwrap_or_else(|| panic!("there is no {name}"))
    };
    assert_eq!(text(&row("job", "migrate")["duration"]), migrate["DURATION"]);
    let web = &row("hpa", "web")["replicas"];
    assert_eq!(web["want"], web["have"], "without metrics nothing is computed, which is no wish for none");
    let nightly = cluster.get(&["cronjob", "nightly"]);
    assert_eq!(row("cronjob", "nightly")["last_run"], nightly["status"]["lastScheduleTime"]);
}

fn keys_and_sizes(cluster: &Cluster) {
    let decoded = |value: &Value| STANDARD.decode(text(value)).expect("base64").len();
    let told = |kind: &str| {
        let key =
            |row: &Value| vec![text(&row["namespace"]), text(&row["name"]), list(&row["keys"]), text(&row["size"])];
        get(cluster, kind).iter().map(key).collect::<Vec<_>>()
    };
    // The lengths of values: of plain ones, and of those that are encoded.
    let objects = |plural: &str, plain: &str, encoded: &str| {
        let of = |object: &Value| {
            let mut all: BTreeMap<String, usize> = BTreeMap::new();
            for (key, value) in object[plain].as_object().into_iter().flatten() {
                all.insert(key.clone(), text(value).len());
            }
            for (key, value) in object[encoded].as_object().into_iter().flatten() {
                all.insert(key.clone(), decoded(value));
            }
            let keys = if all.is_empty() { NONE.to_owned() } else { all.keys().cloned().collect::<Vec<_>>().join(",") };
            let meta = &object["metadata"];
            vec![text(&meta["namespace"]), text(&meta["name"]), keys, all.values().sum::<usize>().to_string()]
        };
        cluster.get(&[plural, "--all-namespaces"])["items"].as_array().expect("items").iter().map(of).collect()
    };
    until_same("keys of secrets", || objects("secrets", "none", "data"), || told("k8s-secret"));
    until_same("keys of config maps", || objects("configmaps", "data", "binaryData"), || told("configmap"));
    let described = cluster.kubectl(&["describe", "secret", "login"]);
    let line = |line: &str| {
        let (key, size) = line.split_once(':').expect("a key and a size");
        vec![key.to_owned(), size.trim().trim_end_matches(" bytes").to_owned()]
    };
    let shown = || described.lines().skip_while(|line| *line != "====").skip(1).map(line).collect::<Vec<_>>();
    let keys = runtime().block_on(block(&access(cluster), "k8s-secret", "login", "Keys"));
    until_same("key by key", shown, || keys.iter().map(|cells| cells.iter().map(text).collect()).collect());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// Which types of objects there are.
fn types(cluster: &Cluster) {
    let theirs = || {
        let line =
            |line: Line| ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"].map(|title| line[title].clone());
        printed(cluster, &["api-resources"]).into_iter().map(line).collect()
    };
    let ours = || {
        let row = |row: &Value| {
            let (group, version) = (text(&row["group"]), text(&row["version"]));
            let version = if group.is_empty() { version } else { format!("{group}/{version}") };
            let short = list(&row["short_names"]).replace(NONE, "");
            [text(&row["plural"]), short, version, text(&row["namespaced"]), text(&row["type"])]
        };
        get(cluster, "k8s-resources").iter().map(row).collect()
    };
    until_same("types", theirs, ours);
}

/// By their own names, which kubectl prints last.
fn events(cluster: &Cluster) {
    const COLUMNS: [(&str, Cell); 7] = [
        ("NAMESPACE", |row| text(&row["namespace"])),
        ("NAME", |row| text(&row["id"])),
        ("TYPE", |row| text(&row["type"])),
        ("REASON", |row| text(&row["event"])),
        ("OBJECT", |row| text(&row["object"])),
        ("MESSAGE", |row| text(&row["message"])),
        ("COUNT", |row| text(&row["count"])),
    ];
    // What fails every two seconds is never the same twice.
    cluster.kubectl(&["delete", "hpa", "--all", "--all-namespaces"]);
    let lines = || printed(cluster, &["get", "events", "--all-namespaces", "--output=wide"]);
    let theirs = || lines().iter().map(|line| COLUMNS.map(|(title, _)| line[title].clone())).collect();
    let ours = || get(cluster, "k8s-event").iter().map(|row| COLUMNS.map(|(_, cell)| cell(row))).collect();
    until_same("events", theirs, ours);
    let (lines, now) = (lines(), Timestamp::now());
    let rows = get(cluster, "k8s-event");
    let mut compared = 0;
    for line in &lines {
        let Some(row) = rows.iter().find(|row| row["id"] == line["NAME"].as_str()) else { continue };
        // One that came again in between is another one.
        if text(&row["count"]) != line["COUNT"] {
            continue;
        }
        for (column, title) in [("last", "LAST SEEN"), ("first", "FIRST SEEN")] {
            let at: Timestamp = text(&row[column]).parse().expect("a time");
            let ago = now.duration_since(at).as_secs();
            assert!((ago - seconds(&line[title])).abs() <= SLACK, "{title} {}: {ago} s, {line:?}", line[title]);
        }
        compared += 1;
    }
    assert!(compared > 10, "{compared} of {}", lines.len());
}

/// An age as kubectl prints it: `45s`, `3m20s`, `2h`.
fn seconds(age: &str) -> i64 {
    let (mut whole, mut number) = (0, 0);
    for letter in age.chars() {
        if let Some(digit) = letter.to_digit(10) {
            number = number * 10 + i64::from(digit);
            continue;
        }
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            other => panic!("{age}: {other}"),
        };
        whole += std::mem::take(&mut number) * unit;
    }
    whole
}

/// The history of every workload, and which of it holds.
fn revisions(cluster: &Cluster) {
    const ALL: [(&str, &str); 3] = [("deployment", "web"), ("statefulset", "store"), ("daemonset", "agent")];
    // Connections live as long as the runtime they were opened on.
    let (runtime, access) = (runtime(), access(cluster));
    let compare = |kind: &str, name: &str, count: usize| {
        let of = format!("{kind}/{name}");
        let history = cluster.kubectl(&["rollout", "history", &of]);
        let line = |line: &str| {
            let (revision, cause) = line.split_once(' ').expect("a number and a cause");
            (revision.parse::<i64>().expect("a number"), cause.trim().to_owned())
        };
        let theirs: Vec<(i64, String)> = history.lines().skip(2).filter(|it| !it.is_empty()).map(line).collect();
        assert_eq!(theirs.len(), count, "{history}");
        let cells = runtime.block_on(block(&access, kind, name, "Rollout history"));
        let revision = |cells: &Vec<Value>| cells[0].as_i64().expect("a number");
        let ours: Vec<(i64, String)> =
            cells.iter().rev().map(|it| (revision(it), or_none(it.last().unwrap()))).collect();
        assert_eq!(ours, theirs, "{of}");
        let present: Vec<i64> = cells.iter().filter(|cells| cells[1] == "present").map(revision).collect();
        assert_eq!(present, [theirs.last().expect("a revision").0], "{of}: {cells:?}");
        present[0]
    };
    for (kind, name) in ALL {
        let of = format!("{kind}/{name}");
        compare(kind, name, 1);
        cluster.kubectl(&["annotate", &of, "kubernetes.io/change-cause=a newer image"]);
        cluster.kubectl(&["set", "image", &of, "*=registry.test/app:2"]);
        cluster.rolled_out(&of);
        compare(kind, name, 2);
        cluster.kubectl(&["rollout", "undo", &of]);
        cluster.rolled_out(&of);
        assert_eq!(compare(kind, name, 2), 3, "what is undone is the newest");
    }
    let row =
        |kind: &str, name: &str| get(cluster, kind).into_iter().find(|row| row["name"] == name).expect("it is there");
    assert_eq!(row("deployment", "web")["revision"], 3);
    let store = cluster.get(&["statefulset", "store"]);
    assert_eq!(row("statefulset", "store")["revision"], store["status"]["updateRevision"]);
}
