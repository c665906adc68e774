//! Locks released and put back on the built-in estate.

use super::*;
use crate::actions::rig::{Rig, precondition, undo, with_verdict};
use crate::actions::terraform::rig::Others;
use crate::actions::terraform_lock_restore as restore;
use crate::model::Followed;
use crate::model::Verdict;

const TABLE: &str = "terraform-state-lock";
const PATH: &str = "tfstate-dhbw/lecture/prod/terraform.tfstate";
const SHARED: &str = "lecture-shared-tfstate";
const LOCKFILE: &str = "sandbox/terraform.tfstate.tflock";

fn others(rig: &Rig) -> Others {
    Others::new(&rig.estate, "dhbw-prod", "eu-central-1")
}

async fn held(others: &Others) -> String {
    others.item(TABLE, PATH, "Info").await.unwrap()
}

fn id_in(text: &str) -> String {
    Lock::parse(text).unwrap().id.to_string()
}

#[tokio::test]
async fn a_stuck_lock_is_released_and_put_back() {
    let rig = Rig::new();
    let others = others(&rig);
    let text = held(&others).await;
    let id = id_in(&text);
    let plan = rig.plan("dhbw-prod", &DEF, &[("lock-id", &id)]).await.unwrap();
    assert_eq!((plan.risk, plan.phrase.as_deref()), (Risk::High, Some(&id[..8])));
    assert_eq!((&*plan.target.name, &*plan.command), (PATH, format!("terraform force-unlock {id}").as_str()));
    assert_eq!(plan.changes[0].from, Value::Text(text.as_str().into()), "the whole text goes to the journal");
    assert_eq!(precondition(&plan, "it is old").0, Verdict::Pass);
    let (verdict, evidence) = precondition(&plan, "the holder is gone");
    assert_eq!(verdict, Verdict::Warn);
    assert!(evidence.starts_with("no running task has 10.0.2.117"), "{evidence}");
    let (verdict, evidence) = precondition(&plan, "the state was not written since");
    assert!(verdict == Verdict::Pass && evidence.ends_with("that does not show that the run is dead"), "{evidence}");
    assert_eq!(precondition(&plan, "the digest is the state's"), (Verdict::Pass, "they match"));
    assert_eq!(with_verdict(&plan, Verdict::Unknown), [""; 0]);

    let digest = others.item(TABLE, &format!("{PATH}-md5"), "Digest").await;
    let sent = rig.send(&plan).await;
    assert_eq!(sent, serde_json::Value::Object(plan.steps[0].input.clone()));
    assert_eq!(sent["ConditionExpression"], "#info = :info");
    assert_eq!(others.item(TABLE, PATH, "Info").await, None);
    assert_eq!(others.item(TABLE, &format!("{PATH}-md5"), "Digest").await, digest, "the digest survives");
    assert_eq!(rig.follow(&plan).await.0, Followed::Verified("the lock is released".into()));

    let back = rig.ordered(undo(&plan)).await.unwrap();
    assert_eq!((back.order.action, back.risk), (restore::ID, Risk::Medium));
    assert_eq!(with_verdict(&back, Verdict::Fail), [""; 0]);
    rig.carry_out(&back).await;
    assert_eq!(held(&others).await, text);
    let again = rig.ordered(undo(&plan)).await.unwrap();
    assert_eq!(with_verdict(&again, Verdict::Fail), ["no lock is held"]);
    assert_eq!(undo(&back).action, ID);
}

#[tokio::test]
async fn a_wrong_id_is_refused_and_the_right_ones_are_named() {
    let rig = Rig::new();
    let id = id_in(&held(&others(&rig)).await);
    let wrong = rig.plan("dhbw-prod", &DEF, &[("lock-id", "3f2a81c0-0000-0000-0000-000000000000")]).await.unwrap_err();
    assert_eq!(wrong.class, FaultClass::NotFound);
    assert!(wrong.summary.contains("there is no lock 3f2a81c0") && wrong.summary.contains(&id), "{wrong}");
    assert!(rig.plan("dhbw-prod", &DEF, &[("lock-id", &id[..8])]).await.is_err(), "the start of an id is no id");
    assert!(rig.plan("edt-prod", &DEF, &[("lock-id", &id)]).await.is_err(), "it is another environment's");
    let none = rig.plan("dhbw-prod", &DEF, &[]).await.unwrap_err();
    assert!(none.summary.contains("`--lock-id` is missing"), "{none}");
    rig.estate.faults().add("dhbw-prod/dynamodb/Scan=throttle:1").unwrap();
    let unread = rig.plan("dhbw-prod", &DEF, &[("lock-id", &id)]).await.unwrap_err();
    assert!(matches!(unread.class, FaultClass::Throttled { .. }), "what could not be read is not said to be absent");
}

#[tokio::test]
async fn a_lock_taken_since_is_never_deleted() {
    let rig = Rig::new();
    let others = others(&rig);
    let text = held(&others).await;
    let plan = rig.plan("dhbw-prod", &DEF, &[("lock-id", &id_in(&text))]).await.unwrap();
    let newer = text.replace("gitlab-runner", "somebody").replacen("\"ID\":\"", "\"ID\":\"new-", 1);
    others.put_item(TABLE, PATH, "Info", &newer).await;
    let moved = rig.look(&plan, 0).await;
    assert!(moved.len() == 1 && moved[0].is.contains("somebody@"), "{moved:?}");
    assert!(matches!(rig.send_blindly(&plan, 0).await, Sent::Refused(_)), "the condition holds it back");
    assert_eq!(held(&others).await, newer);
    // The row that was chosen showed another lock than the one that is there.
    let stale = rig.ordered(&plan.order).await.unwrap_err();
    assert!(stale.summary.contains("it is lock new-"), "{stale}");
}

#[tokio::test]
async fn nobody_s_lock_in_a_shared_account_is_critical() {
    let rig = Rig::new();
    let others = Others::new(&rig.estate, "lecture-shared-state", "eu-central-1");
    let text = others.object(SHARED, LOCKFILE).await.unwrap();
    let plan = rig.plan("unilux-prod", &DEF, &[("lock-id", &id_in(&text))]).await.unwrap();
    assert_eq!(plan.risk, Risk::Critical);
    assert_eq!(precondition(&plan, "it belongs to the environment").0, Verdict::Warn);
    let (verdict, evidence) = precondition(&plan, "the holder is gone");
    assert_eq!((verdict, evidence), (Verdict::Warn, "could not tell: thinkpad is nowhere that the console can see"));
    let step = &plan.steps[0];
    assert_eq!((&*step.scope.environment, &*step.scope.region), ("unilux-prod@lecture-shared-state", "eu-central-1"));
    assert_eq!((step.operation, &step.input["Key"]), (DELETE_OBJECT, &serde_json::json!(LOCKFILE)));
    rig.carry_out(&plan).await;
    assert_eq!(others.object(SHARED, LOCKFILE).await, None);
    rig.carry_out(&rig.ordered(undo(&plan)).await.unwrap()).await;
    assert_eq!(others.object(SHARED, LOCKFILE).await, Some(text));
}

#[tokio::test]
async fn a_lockfile_written_since_is_never_deleted() {
    let rig = Rig::new();
    let others = Others::new(&rig.estate, "lecture-shared-state", "eu-central-1");
    let text = others.object(SHARED, LOCKFILE).await.unwrap();
    let plan = rig.plan("unilux-prod", &DEF, &[("lock-id", &id_in(&text))]).await.unwrap();
    let newer = text.replace("tomasz", "noor");
    others.put_object(SHARED, LOCKFILE, &newer).await;
    assert!(matches!(rig.send_blindly(&plan, 0).await, Sent::Refused(_)));
    assert_eq!(others.object(SHARED, LOCKFILE).await, Some(newer));
}

#[tokio::test]
async fn a_lock_that_can_t_be_read_is_released_as_critical() {
    let rig = Rig::new();
    let others = others(&rig);
    others.put_item(TABLE, PATH, "Info", "busy").await;
    let plan = rig.plan("dhbw-prod", &DEF, &[("state", PATH)]).await.unwrap();
    assert_eq!((plan.risk, plan.phrase.as_ref()), (Risk::Critical, None));
    assert!(
        plan.command.starts_with("aws dynamodb delete-item --table-name terraform-state-lock --key "),
        "{}",
        plan.command
    );
    assert_eq!(precondition(&plan, "it can be read").0, Verdict::Warn);
    rig.carry_out(&plan).await;
    assert_eq!(others.item(TABLE, PATH, "Info").await, None);
}

#[tokio::test]
async fn what_speaks_against_it_is_told() {
    let rig = Rig::new();
    let others = Others::new(&rig.estate, "edt-prod", "eu-west-1");
    let path = "tfstate-edt/lecture/prod/terraform.tfstate";
    let id = id_in(&others.item(TABLE, path, "Info").await.unwrap());
    let plan = rig.plan("edt-prod", &DEF, &[("lock-id", &id)]).await.unwrap();
    let (verdict, evidence) = precondition(&plan, "it is old");
    assert!(verdict == Verdict::Warn && evidence.ends_with("may well be running"), "{evidence}");
    // The run writes the state; its digest comes right after.
    let state = others.object("tfstate-edt", "lecture/prod/terraform.tfstate").await.unwrap();
    others.put_object("tfstate-edt", "lecture/prod/terraform.tfstate", &format!("{state}\n")).await;
    let plan = rig.plan("edt-prod", &DEF, &[("lock-id", &id)]).await.unwrap();
    let (verdict, evidence) = precondition(&plan, "the state was not written since");
    assert!(verdict == Verdict::Warn && evidence.contains("was at work"), "{evidence}");
    let (verdict, evidence) = precondition(&plan, "the digest is the state's");
    assert!(verdict == Verdict::Warn && evidence.contains("terraform-digest-repair"), "{evidence}");
    rig.estate.faults().add("edt-prod/s3=throttle:1").unwrap();
    let plan = rig.plan("edt-prod", &DEF, &[]).await;
    assert!(plan.is_err());
    let target = kind::id(&rig.scope("edt-prod"), KIND, format!("dynamodb:{TABLE}:{path}"));
    let order = Order { action: ID, target, fields: Fields::new() };
    let plan = rig.ordered(&order).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Unknown), ["the state was not written since", "the digest is the state's"]);
}

#[tokio::test]
async fn a_digest_is_never_deleted() {
    let rig = Rig::new();
    let digest = format!("digest:{TABLE}:{PATH}");
    let target = kind::id(&rig.scope("dhbw-prod"), KIND, digest.as_str());
    let refused = rig.ordered(&Order { action: ID, target, fields: Fields::new() }).await.unwrap_err();
    assert!(refused.summary.contains("not a lock: it is never deleted"), "{refused}");
    // Nor by an id that calls it a lock.
    let target = kind::id(&rig.scope("dhbw-prod"), KIND, format!("dynamodb:{TABLE}:{PATH}-md5"));
    assert!(rig.ordered(&Order { action: ID, target, fields: Fields::new() }).await.is_err());
}

#[tokio::test]
async fn one_lock_in_two_places_is_released_in_both() {
    let rig = Rig::new();
    let others = others(&rig);
    let text = held(&others).await;
    let lockfile = "lecture/prod/terraform.tfstate.tflock";
    others.put_object("tfstate-dhbw", lockfile, &text).await;
    let plan = rig.plan("dhbw-prod", &DEF, &[("lock-id", &id_in(&text))]).await.unwrap();
    let sent: Vec<&str> = plan.steps.iter().map(|step| step.operation).collect();
    assert_eq!(sent, [DELETE_ITEM, DELETE_OBJECT]);
    rig.carry_out(&plan).await;
    assert_eq!((others.item(TABLE, PATH, "Info").await, others.object("tfstate-dhbw", lockfile).await), (None, None));
    rig.carry_out(&rig.ordered(undo(&plan)).await.unwrap()).await;
    assert_eq!((held(&others).await, others.object("tfstate-dhbw", lockfile).await), (text.clone(), Some(text)));
}
