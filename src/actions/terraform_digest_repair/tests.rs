//! A digest repaired on the built-in estate.

use super::*;
use crate::actions::rig::{Rig, precondition, with_verdict};
use crate::actions::terraform::rig::Others;
use crate::kinds::terraform::state::md5;
use crate::model::{Health, Sent};

const STATE: &str = "enterprise-prod-terraform-state/prod/compute/terraform.tfstate";
const TABLE: &str = "enterprise-prod-terraform-locks";

#[tokio::test]
async fn a_digest_comes_to_be_the_state_s() {
    let rig = Rig::new();
    let others = Others::new(&rig.estate, "enterprise-prod", "us-east-1");
    let plan = rig.plan("enterprise-prod", &DEF, &[("state", STATE)]).await.unwrap();
    assert_eq!((plan.risk, with_verdict(&plan, Verdict::Fail)), (Risk::Critical, vec![]));
    let (bucket, key) = split(STATE).unwrap();
    let body = others.object(bucket, key).await.unwrap();
    assert_eq!(plan.changes[0].to, crate::model::Value::text(md5(body.as_bytes())));
    let sent = rig.send(&plan).await;
    assert_eq!(sent, serde_json::Value::Object(plan.steps[0].input.clone()));
    assert_eq!(others.item(TABLE, &format!("{STATE}-md5"), "Digest").await, Some(md5(body.as_bytes())));
    assert_eq!(rig.row("enterprise-prod", KIND, key).await.health, Health::Ok);
    let again = rig.plan("enterprise-prod", &DEF, &[("state", STATE)]).await.unwrap();
    assert_eq!(with_verdict(&again, Verdict::Fail), ["the digest is wrong"]);
    assert_eq!(again.steps, []);
}

#[tokio::test]
async fn a_digest_written_since_stays() {
    let rig = Rig::new();
    let others = Others::new(&rig.estate, "enterprise-prod", "us-east-1");
    let plan = rig.plan("enterprise-prod", &DEF, &[("state", STATE)]).await.unwrap();
    others.put_item(TABLE, &format!("{STATE}-md5"), "Digest", "another").await;
    assert_eq!(rig.look(&plan, 0).await.len(), 1);
    assert!(matches!(rig.send_blindly(&plan, 0).await, Sent::Refused(_)));
    assert_eq!(others.item(TABLE, &format!("{STATE}-md5"), "Digest").await.as_deref(), Some("another"));
}

#[tokio::test]
async fn what_is_locked_or_broken_is_not_made_to_look_right() {
    let rig = Rig::new();
    let others = Others::new(&rig.estate, "enterprise-prod", "us-east-1");
    others.put_item(TABLE, STATE, "Info", "{\"ID\":\"1\",\"Who\":\"a@b\"}").await;
    let plan = rig.plan("enterprise-prod", &DEF, &[("state", STATE)]).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["no lock is held"]);
    others.delete_item(TABLE, STATE).await;
    let (bucket, key) = split(STATE).unwrap();
    others.put_object(bucket, key, "{\"version\":4,").await;
    let plan = rig.plan("enterprise-prod", &DEF, &[("state", STATE)]).await.unwrap();
    let (verdict, evidence) = precondition(&plan, "the state can be read");
    assert!(verdict == Verdict::Fail && evidence.contains("must not be made to look right"), "{evidence}");
    assert_eq!(plan.steps, []);
    let gone =
        rig.plan("enterprise-prod", &DEF, &[("state", "enterprise-prod-terraform-state/none")]).await.unwrap_err();
    assert_eq!(gone.word(), "not found");
}
