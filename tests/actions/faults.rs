//! What goes wrong on the way: refused, cut off, never answered, moved or gone meanwhile, killed. Whatever it is, a change is sent once.

use serde_json::json;

use super::console::{CLUSTER, Console, Deck, MINI, Running, SPLIT, Test};

pub const ALL: &[Test] = &[
    ("a change that is refused is not done", a_refusal_is_a_failure),
    ("a change whose answer is lost is unknown, and not sent again", a_lost_answer_is_unknown),
    ("what can't be read raises the confirmation, or is the end of it", what_can_not_be_read),
    ("a target that has moved is not changed", a_moved_target_is_left_alone),
    ("a target that is gone is not changed", a_gone_target_is_left_alone),
    ("killed while it sends, the intent is in the journal", a_killed_console_has_told_its_intent),
    #[cfg(unix)]
    ("left while it sends, the outcome is unknown", a_console_that_is_left_says_so),
];

/// One action for each protocol, and what reads back whether it was done.
struct Case {
    action: &'static str,
    operation: &'static str,
    fields: Vec<String>,
    is_done: Box<dyn Fn(&Deck) -> bool>,
}

fn cases(deck: &Deck, name: &str) -> [Case; 3] {
    let service = deck.service(name, 1);
    deck.instance(name);
    let alarm = json!({
        "AlarmName": name, "Namespace": "App", "MetricName": "Depth", "Statistic": "Maximum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold",
    });
    deck.ministack("cloudwatch", "put_metric_alarm", alarm);
    let owned = |fields: &[&str]| fields.iter().map(|&field| field.to_owned()).collect();
    let [snapshot, alarm] = [name.to_owned(), name.to_owned()];
    [
        Case {
            action: "ecs-scale",
            operation: "UpdateService",
            fields: owned(&["--cluster", CLUSTER, "--service", name, "--desired", "2"]),
            is_done: Box::new(move |deck| deck.desired(&service) == 2),
        },
        Case {
            action: "rds-snapshot-create",
            operation: "CreateDBSnapshot",
            fields: owned(&["--instance", name, "--snapshot", name]),
            is_done: Box::new(move |deck| {
                let of = json!({ "DBInstanceIdentifier": snapshot, "SnapshotType": "manual" });
                let found = deck.moto("rds", "describe_db_snapshots", of);
                found["DBSnapshots"].as_array().is_some_and(|found| !found.is_empty())
            }),
        },
        Case {
            action: "alarm-actions",
            operation: "DisableAlarmActions",
            fields: owned(&["--alarm", name, "--state", "disabled", "--until", "1h"]),
            is_done: Box::new(move |deck| {
                let found = deck.ministack("cloudwatch", "describe_alarms", json!({ "AlarmNames": [alarm] }));
                found["MetricAlarms"][0]["ActionsEnabled"] == false
            }),
        },
    ]
}

fn a_refusal_is_a_failure(deck: &Deck) {
    for (kind, words) in [("deny", "not allowed"), ("throttle", "throttled"), ("expire", "expired")] {
        let console = Console::new(deck);
        for Case { action, operation, fields, is_done } in cases(deck, &format!("refused-{kind}")) {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let plan = console.plan(action, SPLIT, &fields);
            deck.trouble(operation, kind);
            let said = console.apply(&plan, &fields, &[]);
            said.ends_with(1).says(words).changes_what(&plan);
            assert_eq!(console.last_run(), ["intent", "sent", "outcome failed"], "{action}, {kind}");
            deck.end_trouble();
            assert!(!is_done(deck), "{action}, {kind}");
        }
        console.run(&["journal", "verify"]).ends_with(0);
    }
}

fn a_lost_answer_is_unknown(deck: &Deck) {
    let console = Console::new(deck);
    for Case { action, operation, fields, is_done } in cases(deck, "cut-off") {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let plan = console.plan(action, SPLIT, &fields);
        deck.trouble(operation, "cut");
        let said = console.apply(&plan, &fields, &[]);
        said.ends_with(4).says("outcome unknown").changes_what(&plan);
        assert_eq!(console.last_run(), ["intent", "sent", "outcome unknown"], "{action}");
        assert!(is_done(deck), "{action}: it had arrived, and nobody knew");
    }
    console.run(&["journal", "verify"]).ends_with(0);
}

fn what_can_not_be_read(deck: &Deck) {
    let console = Console::new(deck);
    deck.instance("unread");
    let fields = ["--instance", "unread", "--snapshot", "unread"];
    deck.trouble("DescribeDBSnapshots", "throttle");
    let plan = console.plan("rds-snapshot-create", SPLIT, &fields);
    let unread = plan["preconditions"].as_array().unwrap().iter().find(|it| it["verdict"] == "unknown").unwrap();
    assert_eq!(unread["name"], "name free");
    assert_eq!((&plan["risk"], &plan["confirm"]), (&json!("high"), &json!(SPLIT)), "one level more than medium");
    deck.trouble("DescribeDBInstances", "deny");
    let said = console.act("rds-snapshot-create", SPLIT, &fields, &["--apply", "--confirm", SPLIT]);
    said.ends_with(2).says("rds:DescribeDBInstances").changes_nothing();
}

fn a_moved_target_is_left_alone(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("moved", 1));
    let fields = ["--cluster", CLUSTER, "--service", &service, "--desired", "4"];
    // The plan's own read passes; the one of the last check waits until somebody else has scaled.
    let before = deck.ministack.requests().iter().filter(|it| it["operation"] == "DescribeServices").count();
    deck.trouble("DescribeServices", "hold:1");
    let words =
        [&["act", "ecs-scale", "-e", SPLIT], &fields[..], &["--apply", "--confirm", "yes", "-o", "json"]].concat();
    let running = console.begin(&words);
    deck.ministack.wait_for("DescribeServices", before + 2);
    let parameters = json!({ "cluster": CLUSTER, "service": service, "desiredCount": 2 });
    deck.ministack("ecs", "update_service", parameters);
    deck.end_trouble();
    let said = running.end();
    said.ends_with(3).says("desired was 1 and is 2 now: nothing was sent").changes_nothing();
    assert_eq!(said.json()["changes"], json!([{ "field": "desired", "from": 2, "to": 4 }]), "the new plan is shown");
    assert_eq!(deck.desired(&service), 2);
    assert_eq!(console.journal(), [json!(null); 0], "nothing was to be sent");
}

fn a_gone_target_is_left_alone(deck: &Deck) {
    let console = Console::new(deck);
    deck.instance("going");
    deck.moto("rds", "create_db_snapshot", json!({ "DBInstanceIdentifier": "going", "DBSnapshotIdentifier": "going" }));
    let before = deck.moto.requests().iter().filter(|it| it["operation"] == "DescribeDBSnapshots").count();
    deck.trouble("DescribeDBSnapshots", "hold:1");
    let confirm = format!("{SPLIT}/going");
    let running = console.begin(&[
        "act",
        "rds-snapshot-delete",
        "-e",
        SPLIT,
        "--snapshot",
        "going",
        "--apply",
        "--confirm",
        &confirm,
        "--reason",
        "old",
    ]);
    deck.moto.wait_for("DescribeDBSnapshots", before + 2);
    deck.moto("rds", "delete_db_snapshot", json!({ "DBSnapshotIdentifier": "going" }));
    deck.end_trouble();
    running.end().ends_with(1).says("the target could not be read again").says("not sent").changes_nothing();
}

fn a_killed_console_has_told_its_intent(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("killed", 1));
    let fields = ["--cluster", CLUSTER, "--service", &service, "--desired", "3"];
    let before = deck.ministack.requests().iter().filter(|it| it["operation"] == "UpdateService").count();
    deck.trouble("UpdateService", "hold");
    let running =
        console.begin(&[&["act", "ecs-scale", "-e", SPLIT], &fields[..], &["--apply", "--confirm", "yes"]].concat());
    deck.ministack.wait_for("UpdateService", before + 1);
    running.kill();
    assert_eq!(console.last_run(), ["intent", "sent"], "and nobody can say what came of it");
    console.run(&["journal", "verify"]).ends_with(0);
    deck.end_trouble();
    // What comes after it finds a journal that it can go on with.
    let fields = ["--cluster", CLUSTER, "--service", &service, "--desired", "5"];
    console.carry_out("ecs-scale", SPLIT, &fields, &[]);
}

#[cfg(unix)]
fn a_console_that_is_left_says_so(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("left", 1));
    let fields = ["--cluster", CLUSTER, "--service", &service, "--desired", "3"];
    let words = [&["act", "ecs-scale", "-e", SPLIT], &fields[..], &["--apply", "--confirm", "yes"]].concat();
    let leave = |operation: &str, nth: usize, trouble: &str| {
        let count = |request: &&serde_json::Value| request["operation"] == operation;
        let before = deck.ministack.requests().iter().filter(count).count();
        deck.trouble(operation, trouble);
        let running = console.begin(&words);
        deck.ministack.wait_for(operation, before + nth);
        let id = running.child.id().to_string();
        let told = std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap();
        assert!(told.success());
        let said = running.end();
        deck.end_trouble();
        said
    };
    // While the target is read for the last time.
    leave("DescribeServices", 2, "hold:1").ends_with(1).says("nothing was sent").changes_nothing();
    assert_eq!(console.journal(), [json!(null); 0]);
    leave("UpdateService", 1, "hold").ends_with(4).says("not known");
    assert_eq!(console.last_run(), ["intent", "sent", "outcome unknown"]);
    console.run(&["journal", "verify"]).ends_with(0);
}

/// A change that the server takes and never answers.
pub struct Unanswered<'a> {
    console: Console<'a>,
    running: Running<'a>,
}

/// Begins one: it takes as long as a change is waited for, so that the other tests run meanwhile. None of them sends this to ministack.
pub fn an_answer_that_never_comes(deck: &Deck) -> Unanswered<'_> {
    let console = Console::new(deck);
    let cache = json!({
        "CacheClusterId": "silent", "Engine": "redis", "CacheNodeType": "cache.t3.micro", "NumCacheNodes": 1,
    });
    deck.ministack("elasticache", "create_cache_cluster", cache);
    deck.ministack.trouble(SILENT, "hold");
    let fields = ["--cache-cluster", "silent", "--snapshot", "silent"];
    let words = ["act", "elasticache-snapshot-create", "-e", MINI, "--apply", "--confirm", "yes"];
    let running = console.begin(&[&words[..], &fields].concat());
    deck.ministack.wait_for(SILENT, 1);
    Unanswered { console, running }
}

const SILENT: &str = "CreateSnapshot";

impl Unanswered<'_> {
    pub fn is_not_known(self) {
        let said = self.running.end();
        said.ends_with(4).says("outcome unknown");
        assert_eq!(self.console.last_run(), ["intent", "sent", "outcome unknown"]);
        let ministack = &self.console.deck.ministack;
        ministack.trouble(SILENT, "none");
        let sent = ministack.requests().iter().filter(|request| request["operation"] == SILENT).count();
        assert_eq!(sent, 1, "it is never sent again by itself");
    }
}
