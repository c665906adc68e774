//! Services, tasks, Auto Scaling groups and alarms.
//!
//! ministack starts no task in the place of one that was stopped, and its history of service deployments stays empty: that a stopped
//! task is replaced and that a service is rolled back are tested over the built-in estate.

use serde_json::{Value, json};

use super::console::{CLUSTER, Console, Deck, SPLIT, Test};

pub const ALL: &[Test] = &[
    ("a service is scaled up, down and to nothing", services_are_scaled),
    ("another revision is deployed, and the same once more", revisions_are_deployed),
    ("a task is stopped", a_task_is_stopped),
    ("a group is scaled within its limits", groups_are_scaled),
    ("the actions of an alarm are switched", alarm_actions_are_switched),
];

fn services_are_scaled(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("scaled", 1));
    let fields = |desired| ["--cluster", CLUSTER, "--service", &service, "--desired", desired].map(str::to_owned);
    for (from, to, risk, number) in [(1, "3", "medium", 3), (3, "2", "high", 2), (2, "0", "critical", 0)] {
        let fields = fields(to);
        let fields = fields.each_ref().map(String::as_str);
        let (plan, said) = console.carry_out("ecs-scale", SPLIT, &fields, &[]);
        assert_eq!(plan["risk"], risk);
        assert_eq!(plan["changes"], json!([{ "field": "desired", "from": from, "to": number }]));
        assert_eq!(plan["target"]["cluster"], CLUSTER);
        assert_eq!(plan["undo"]["fields"]["desired"], from.to_string());
        said.says(&format!(
            "undo: quarterdeck act ecs-scale -e {SPLIT} --cluster {CLUSTER} --service {service} --desired {from}"
        ));
        assert_eq!(deck.desired(&service), number);
    }
    let same = fields("0");
    console.act("ecs-scale", SPLIT, &same.each_ref().map(String::as_str), &[]).ends_with(3).changes_nothing();
    let nothing = ["--cluster", CLUSTER, "--service", "nothing", "--desired", "1"];
    console.act("ecs-scale", SPLIT, &nothing, &[]).ends_with(2).says("not found").changes_nothing();
}

fn revisions_are_deployed(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("deployed", 2));
    let container = json!({ "name": "backend", "image": "example/backend:2", "essential": true });
    let definition = json!({
        "family": "lecture-backend", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "containerDefinitions": [container],
    });
    let made = deck.ministack("ecs", "register_task_definition", definition);
    let revision = format!("lecture-backend:{}", made["taskDefinition"]["revision"]);
    let of = ["--cluster", CLUSTER, "--service", &service];
    let described = || {
        let parameters = json!({ "cluster": CLUSTER, "services": [&service] });
        deck.ministack("ecs", "describe_services", parameters)["services"][0].clone()
    };
    let fields = [&of[..], &["--task-definition", &revision]].concat();
    let (plan, _) = console.carry_out("ecs-deploy", SPLIT, &fields, &[]);
    assert_eq!(plan["changes"][0], json!({ "field": "task_definition", "from": "lecture-backend:1", "to": revision }));
    assert_eq!(plan["steps"][0]["input"].get("desiredCount"), None, "the count is not sent along");
    assert!(described()["taskDefinition"].as_str().unwrap().ends_with(&revision));
    let begun = |service: &Value| service["deployments"][0]["id"].clone();
    let before = begun(&described());
    let (plan, _) = console.carry_out("ecs-deploy", SPLIT, &[&of[..], &["--force", "yes"]].concat(), &[]);
    assert_eq!(
        plan["steps"][0]["input"],
        json!({ "cluster": CLUSTER, "service": service, "forceNewDeployment": true })
    );
    let after = described();
    assert_ne!(begun(&after), before);
    assert_eq!(after["desiredCount"], 2);
    console.act("ecs-deploy", SPLIT, &fields, &[]).ends_with(3).changes_nothing();
    let missing = [&of[..], &["--task-definition", "lecture-backend:99"]].concat();
    let said = console.act("ecs-deploy", SPLIT, &missing, &[]);
    said.changes_nothing();
    assert!(
        ["task definition", "lecture-backend:99"].iter().all(|words| (said.out.clone() + &said.errors).contains(words))
    );
}

fn a_task_is_stopped(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("stopped", 2));
    let listed = deck.ministack("ecs", "list_tasks", json!({ "cluster": CLUSTER, "serviceName": service }));
    let arn = listed["taskArns"][0].as_str().unwrap();
    let fields = ["--cluster", CLUSTER, "--task", arn, "--reason", "leaks memory"];
    // Nobody starts another one here: what could be followed has no end.
    let (plan, _) = console.carry_out("ecs-stop-task", SPLIT, &fields, &["--no-follow"]);
    assert_eq!((&plan["risk"], &plan["target"]["kind"]), (&json!("high"), &json!("ecs-task")));
    let tasks = deck.ministack("ecs", "describe_tasks", json!({ "cluster": CLUSTER, "tasks": [arn] }));
    assert_eq!(tasks["tasks"][0]["lastStatus"], "STOPPED");
    let intent = console.journal().into_iter().find(|entry| entry["event"] == "intent").unwrap();
    assert_eq!(intent["reason"], "leaks memory", "what ECS is told is what the journal is told");
    let gone = ["--cluster", CLUSTER, "--task", "0123456789abcdef", "--reason", "leaks memory"];
    console.act("ecs-stop-task", SPLIT, &gone, &[]).ends_with(2).changes_nothing();
}

fn groups_are_scaled(deck: &Deck) {
    let console = Console::new(deck);
    let group = "test-backend-asg";
    let capacity = || {
        let groups =
            deck.moto("autoscaling", "describe_auto_scaling_groups", json!({ "AutoScalingGroupNames": [group] }));
        groups["AutoScalingGroups"][0]["DesiredCapacity"].clone()
    };
    let (plan, _) = console.carry_out("asg-scale", SPLIT, &["--group", group, "--desired", "3"], &[]);
    assert_eq!((&plan["risk"], capacity()), (&json!("medium"), json!(3)));
    let (plan, _) = console.carry_out("asg-scale", SPLIT, &["--group", group, "--desired", "2"], &[]);
    assert_eq!((&plan["risk"], capacity()), (&json!("high"), json!(2)));
    // It has at most four.
    let said = console.act("asg-scale", SPLIT, &["--group", group, "--desired", "5"], &["-o", "json"]);
    assert_eq!(said.ends_with(3).json()["denied"], "does not hold: within minimum and maximum");
    console.act("asg-scale", SPLIT, &["--group", "nothing", "--desired", "1"], &[]).ends_with(2).changes_nothing();
}

fn alarm_actions_are_switched(deck: &Deck) {
    let console = Console::new(deck);
    let enabled = || {
        let found = deck.ministack("cloudwatch", "describe_alarms", json!({ "AlarmNames": ["queue-depth"] }));
        found["MetricAlarms"][0]["ActionsEnabled"].clone()
    };
    let off = ["--alarm", "queue-depth", "--state", "disabled", "--until", "2h"];
    let (plan, _) = console.carry_out("alarm-actions", SPLIT, &off, &[]);
    assert_eq!((&plan["risk"], enabled()), (&json!("medium"), json!(false)));
    assert_eq!(plan["steps"][0]["input"], json!({ "AlarmNames": ["queue-depth"] }), "its end is not CloudWatch's");
    assert_eq!(plan["changes"][1]["field"], "until");
    let on = ["--alarm", "queue-depth", "--state", "enabled"];
    console.carry_out("alarm-actions", SPLIT, &on, &[]);
    assert_eq!(enabled(), json!(true));
    console.act("alarm-actions", SPLIT, &on, &[]).ends_with(3).changes_nothing();
    let nothing = ["--alarm", "nothing", "--state", "enabled"];
    console.act("alarm-actions", SPLIT, &nothing, &[]).ends_with(2).changes_nothing();
}
