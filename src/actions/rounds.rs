//! How often a plan waits: every action on the built-in estate, as the console comes to it. The bridge has listed the services and
//! the target's list has its row, the form is open and what can be chosen has been read. Then a plan asks two rounds of questions at
//! most, each round's at once.

use std::collections::BTreeSet;
use std::time::Duration;

use super::rig::{Rig, precondition, undo};
use super::terraform::rig::Others;
use super::{ActionDef, FieldSort, by_id};
use crate::kinds::{pod, terraform};
use crate::model::{Fields, Order, Plan, Resource, Verdict};

const ENTERPRISE: &str = "enterprise-prod";
const DHBW: &str = "dhbw-prod";
const BETA: &str = "beta9-prod";
const DEV: &str = "starttech-dev";

/// The first of what can be chosen.
const FIRST: &str = "?";

/// Action, environment, how the row's id begins or what its name holds, and what is typed in the form.
type Case = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    ("ecs-scale", ENTERPRISE, "web-service", &[("desired", "4")]),
    ("ecs-deploy", ENTERPRISE, "web-service", &[("task-definition", FIRST), ("force", "yes")]),
    ("ecs-deploy", ENTERPRISE, "web-service", &[("force", "yes")]),
    // Its history tells where to go back to, the rollout under way of the other.
    ("ecs-deploy", ENTERPRISE, "web-service", &[("rollback", "yes")]),
    ("ecs-deploy", DHBW, "lecture-backend-service", &[("rollback", "yes")]),
    ("ecs-stop-task", ENTERPRISE, "", &[("reason", "leaks memory")]),
    ("asg-scale", BETA, "", &[("desired", "5")]),
    ("alarm-actions", ENTERPRISE, "enterprise-prod-app-cpu-high", &[("state", "disabled"), ("until", "2h")]),
    ("rds-snapshot-create", ENTERPRISE, "enterprise-prod-db", &[]),
    ("rds-snapshot-create", ENTERPRISE, "enterprise-prod-reporting", &[]),
    ("rds-snapshot-delete", ENTERPRISE, "", &[]),
    ("rds-restore", ENTERPRISE, "snapshot:", &[("to", "restored")]),
    ("rds-restore", ENTERPRISE, "cluster-snapshot:", &[("to", "restored")]),
    ("rds-modify", BETA, "beta9-provisioning-db", &[("class", "db.m6g.xlarge"), ("engine-version", "16.9")]),
    ("rds-failover", ENTERPRISE, "enterprise-prod-reporting", &[("to", FIRST)]),
    ("rds-reboot", ENTERPRISE, "enterprise-prod-db", &[]),
    ("rds-reboot", ENTERPRISE, "enterprise-prod-reporting-instance-1", &[]),
    ("elasticache-snapshot-create", DEV, "dev-redis", &[]),
    ("terraform-unlock", DHBW, "", &[]),
    ("terraform-unlock", "unilux-prod", "sandbox/", &[]),
    ("terraform-state-restore", ENTERPRISE, "prod/network/", &[("version", FIRST)]),
    ("terraform-digest-repair", ENTERPRISE, "prod/compute/", &[]),
    ("k8s-scale", BETA, "provisioning-worker", &[("replicas", "5")]),
    ("k8s-restart", BETA, "provisioning-worker", &[]),
    ("k8s-undo", BETA, "provisioning-worker", &[]),
    ("k8s-delete", BETA, "provisioning-worker", &[]),
    ("k8s-cordon", BETA, "", &[]),
    ("k8s-drain", BETA, "", &[]),
    ("k8s-exec", BETA, "provisioning-worker", &[]),
    ("k8s-secret-show", BETA, "", &[("key", FIRST)]),
];

/// An environment whose services are listed.
async fn rig(environment: &str) -> Rig {
    let rig = Rig::new();
    rig.rows(environment, "ecs-service").await;
    rig
}

/// A row that the action is offered for.
async fn offered(rig: &Rig, action: &ActionDef, environment: &str, id: &str) -> Resource {
    for kind in action.kinds {
        let rows = rig.rows(environment, kind).await;
        let named = |row: &Resource| row.id.id.starts_with(id) || row.name.contains(id);
        let found = rows.into_iter().find(|row| named(row) && (action.applies)(row).is_ok());
        if let Some(found) = found {
            return found;
        }
    }
    panic!("{}: no row {id}", action.id)
}

/// What the form makes of a row and of what is typed.
async fn ordered(rig: &Rig, (action, environment, id, typed): Case) -> Order {
    let action = by_id(action).unwrap();
    let row = offered(rig, action, environment, id).await;
    let mut fields: Fields = (action.form)(&row, rig.estate.now());
    fields.extend(typed.iter().map(|(field, text)| (*field, (*text).to_owned())));
    for field in action.fields.iter().filter(|field| field.sort == FieldSort::Chosen && !field.locates) {
        let choices = rig.choices(action.id, &row.id, field.id).await;
        if fields.get(field.id).is_some_and(|text| text == FIRST) {
            fields.insert(field.id, choices[0].value.to_string());
        }
        // Nobody chooses faster than what is read meanwhile.
        if row.id.kind.starts_with("ecs") {
            terraform::holder(&rig.acting(environment).await.env, "", "").await;
        }
    }
    Order { action: action.id, target: row.id, fields }
}

/// A plan, and how often it waited.
async fn planned(rig: &Rig, order: &Order) -> (Plan, usize) {
    rig.estate.faults().set_latency(Duration::from_millis(250));
    rig.estate.reset_calls();
    let plan = rig.ordered(order).await.unwrap_or_else(|fault| panic!("{}: {fault}", order.action));
    let rounds = rig.estate.rounds();
    rig.estate.faults().set_latency(Duration::ZERO);
    (plan, rounds)
}

fn waits_twice_at_most(order: &Order, rounds: usize) {
    assert!((1..=2).contains(&rounds), "{} of {} waited {rounds} times", order.action, order.target.id);
}

#[tokio::test]
async fn every_plan_waits_twice_at_most() {
    for case in CASES {
        let rig = rig(case.1).await;
        let order = ordered(&rig, *case).await;
        waits_twice_at_most(&order, planned(&rig, &order).await.1);
    }
}

#[tokio::test]
async fn so_do_those_that_take_others_back() {
    let mut rounds = BTreeSet::new();
    for case in [
        ("rds-snapshot-create", ENTERPRISE, "enterprise-prod-db", &[][..]),
        ("elasticache-snapshot-create", DEV, "dev-redis", &[]),
        ("terraform-unlock", DHBW, "", &[]),
        ("k8s-cordon", BETA, "", &[]),
    ] {
        let rig = rig(case.1).await;
        let plan = rig.ordered(&ordered(&rig, case).await).await.unwrap();
        rig.carried_out(&plan).await;
        let order = undo(&plan);
        waits_twice_at_most(order, planned(&rig, order).await.1);
        rounds.insert(order.action);
    }
    rounds.extend(CASES.iter().map(|(action, ..)| *action));
    let all: BTreeSet<_> = super::ALL.iter().map(|action| action.id).collect();
    assert_eq!(rounds, all, "every action is counted");
}

#[tokio::test]
async fn what_terraform_holds_is_not_waited_for() {
    let rig = rig(DHBW).await;
    let service = offered(&rig, by_id("ecs-deploy").unwrap(), DHBW, "lecture-backend-service").await;
    // Of several marked services none has a form of its own that would read ahead.
    let fields = [("set", "lecture-backend:48"), ("force", "yes")].map(|(field, text)| (field, text.to_owned()));
    let order = Order { action: "ecs-deploy", target: service.id, fields: fields.into() };
    let (plan, rounds) = planned(&rig, &order).await;
    waits_twice_at_most(&order, rounds);
    let (verdict, evidence) = precondition(&plan, "not held by Terraform");
    assert!(verdict == Verdict::Warn && evidence.contains("still being read"), "{evidence}");
    // The reading went on.
    terraform::holder(&rig.acting(DHBW).await.env, "", "").await;
    let (plan, rounds) = planned(&rig, &order).await;
    waits_twice_at_most(&order, rounds);
    assert!(precondition(&plan, "not held by Terraform").1.contains(" holds it as aws_ecs_service."));
}

#[tokio::test]
async fn a_lock_that_a_pod_holds_is_not_waited_for_any_longer() {
    let rig = rig(BETA).await;
    // The bridge has listed what stands beside the services of ECS, too.
    rig.rows(BETA, "deployment").await;
    let pods = rig.rows(BETA, "pod").await;
    let with = |status: &str| {
        let is = |pod: &&Resource| pod::DEF.cell(pod, "status").is_some_and(|cell| cell.show_exact() == status);
        pods.iter().find(is).unwrap_or_else(|| panic!("no pod is {status}")).name.to_string()
    };
    let others = Others::new(&rig.estate, BETA, "us-west-2");
    let path = "beta9-terraform-state/environments/env-4f1c2a/terraform.tfstate";
    let holders = [
        (with("Running"), Verdict::Warn, " still runs"),
        (with("Completed"), Verdict::Pass, " has ended"),
        ("apply-7d9c5b6f4-q4w9z".to_owned(), Verdict::Warn, "nowhere that the console"),
    ];
    for (host, verdict, words) in holders {
        let text = serde_json::json!({
            "ID": "3f2a81c0-9c1e-4b1f-8e55-2d1f6f0a7b3c", "Operation": "OperationTypeApply", "Who": format!("root@{host}"),
            "Version": "1.9.8", "Created": "2025-11-18T10:22:41.123Z", "Path": path, "Info": "",
        });
        others.put_item("beta9-terraform-locks", path, "Info", &text.to_string()).await;
        let order = ordered(&rig, ("terraform-unlock", BETA, "", &[])).await;
        let (plan, rounds) = planned(&rig, &order).await;
        waits_twice_at_most(&order, rounds);
        let (found, evidence) = precondition(&plan, "the holder is gone");
        assert_eq!(found, verdict);
        assert!(evidence.contains(words) && evidence.contains(&host), "{evidence}");
    }
    // What can't be read is not said to be gone.
    rig.estate.faults().add("beta9-prod/k8s/list pods=deny").unwrap();
    let order = ordered(&rig, ("terraform-unlock", BETA, "", &[])).await;
    let plan = rig.ordered(&order).await.unwrap();
    assert_eq!(precondition(&plan, "the holder is gone").0, Verdict::Unknown);
}

#[tokio::test]
async fn a_row_that_is_not_so_any_more_costs_time_and_nothing_else() {
    let rig = rig(ENTERPRISE).await;
    let case = ("ecs-deploy", ENTERPRISE, "web-service", &[("rollback", "yes")][..]);
    let order = ordered(&rig, case).await;
    let plan = rig.ordered(&order).await.unwrap();
    for set in ["web-task:3", "gone:7", "nonsense"] {
        let mut stale = order.clone();
        stale.fields.insert("set", set.to_owned());
        let stale = rig.ordered(&stale).await.unwrap();
        assert_eq!((&stale.title, &stale.preconditions), (&plan.title, &plan.preconditions), "{set}");
        assert_eq!((&stale.changes, &stale.steps), (&plan.changes, &plan.steps), "{set}");
    }
    let order = ordered(&rig, ("ecs-stop-task", ENTERPRISE, "", &[("reason", "old")])).await;
    let plan = rig.ordered(&order).await.unwrap();
    let mut stale = order.clone();
    stale.fields.insert("service", "reporting-service".to_owned());
    let stale = rig.ordered(&stale).await.unwrap();
    assert_eq!((&stale.preconditions, &stale.steps), (&plan.preconditions, &plan.steps));
}
