//! States restored on the built-in estate.

use serde_json::Value as Json;

use super::*;
use crate::actions::rig::{Rig, precondition, undo, with_verdict};
use crate::actions::terraform::rig::Others;
use crate::kinds::terraform::split;
use crate::model::{Health, ResourceId, Verdict};

const BUCKET: &str = "enterprise-prod-terraform-state";
const KEY: &str = "prod/network/terraform.tfstate";
const TABLE: &str = "enterprise-prod-terraform-locks";

const STATE: &str = "enterprise-prod-terraform-state/prod/network/terraform.tfstate";

fn others(rig: &Rig) -> Others {
    Others::new(&rig.estate, "enterprise-prod", "us-east-1")
}

fn parsed(body: &str) -> Json {
    serde_json::from_str(body).unwrap()
}

fn operations(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.operation).collect()
}

#[tokio::test]
async fn an_earlier_version_is_put_back_so_that_terraform_accepts_it() {
    let rig = Rig::new();
    let others = others(&rig);
    let (present, versions) = (others.object(BUCKET, KEY).await.unwrap(), others.versions(BUCKET, KEY).await);
    let plan = rig.plan("enterprise-prod", &DEF, &[("state", STATE), ("version", &versions[1])]).await.unwrap();
    assert_eq!(plan.risk, Risk::Critical);
    assert_eq!((with_verdict(&plan, Verdict::Fail), with_verdict(&plan, Verdict::Warn)), (vec![], vec![]));
    assert_eq!(operations(&plan), [PUT_ITEM, COPY_OBJECT, PUT_OBJECT, PUT_ITEM, DELETE_ITEM]);
    assert_eq!((&plan.changes[0].from, &plan.changes[0].to), (&Value::Int(58), &Value::Int(59)));
    let seen = rig.carry_out(&plan).await;
    assert_eq!(
        seen.iter().map(|change| change.call.2.as_str()).collect::<Vec<_>>(),
        ["PutItem", "CopyObject", "PutObject", "PutItem", "DeleteItem"]
    );

    let now = others.object(BUCKET, KEY).await.unwrap();
    let (before, after) = (parsed(&present), parsed(&now));
    assert_eq!((&after["serial"], &after["lineage"]), (&Json::from(59), &before["lineage"]));
    assert_eq!(after["resources"].as_array().unwrap().len() + 1, before["resources"].as_array().unwrap().len());
    assert_eq!(others.item(TABLE, &format!("{STATE}-md5"), "Digest").await, Some(md5(now.as_bytes())));
    assert_eq!(others.item(TABLE, STATE, "Info").await, None, "the lock is released");
    let copy = seen[1].input["Key"].as_str().unwrap();
    assert!(copy.starts_with(&format!("{KEY}.backup-")));
    assert_eq!(others.object(BUCKET, copy).await.as_deref(), Some(&*present));
    assert_eq!(rig.row("enterprise-prod", KIND, KEY).await.health, Health::Ok);

    // And back again, from the version that was there.
    let back = rig.ordered(undo(&plan)).await.unwrap();
    rig.carry_out(&back).await;
    let back = parsed(&others.object(BUCKET, KEY).await.unwrap());
    assert_eq!((&back["serial"], &back["resources"]), (&Json::from(60), &before["resources"]));
    // The copy serves, too.
    let from_copy = rig.plan("enterprise-prod", &DEF, &[("state", STATE), ("version", copy)]).await.unwrap();
    assert_eq!(with_verdict(&from_copy, Verdict::Fail), ["something changes"]);
}

#[tokio::test]
async fn a_held_lock_another_lineage_and_no_state_are_refused() {
    let rig = Rig::new();
    let others = others(&rig);
    let versions = others.versions(BUCKET, KEY).await;
    let dhbw = Others::new(&rig.estate, "dhbw-prod", "eu-central-1");
    let older = dhbw.versions("tfstate-dhbw", "lecture/prod/terraform.tfstate").await.remove(1);
    let fields = [("state", "tfstate-dhbw/lecture/prod/terraform.tfstate"), ("version", &*older)];
    let held = rig.plan("dhbw-prod", &DEF, &fields).await.unwrap();
    assert_eq!(with_verdict(&held, Verdict::Fail), ["nobody else holds the lock"]);
    assert!(precondition(&held, "nobody else holds the lock").1.contains("gitlab-runner@"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.json").display().to_string();
    let present = others.object(BUCKET, KEY).await.unwrap();
    std::fs::write(&file, present.replace("\"lineage\": \"", "\"lineage\": \"x")).unwrap();
    let other = rig.plan("enterprise-prod", &DEF, &[("state", STATE), ("file", &file)]).await.unwrap();
    assert_eq!(with_verdict(&other, Verdict::Fail), ["it is the same state's"]);
    std::fs::write(&file, "{}").unwrap();
    assert!(
        rig.plan("enterprise-prod", &DEF, &[("state", STATE), ("file", &file)])
            .await
            .unwrap_err()
            .summary
            .contains("no Terraform state")
    );
    for fields in [
        &[("version", "none")][..],
        &[],
        &[("version", &*versions[1]), ("file", &*file)],
        &[("version", "other.backup-1")],
    ] {
        let fields: Vec<_> = [("state", STATE)].into_iter().chain(fields.iter().copied()).collect();
        assert_eq!(rig.plan("enterprise-prod", &DEF, &fields).await.unwrap_err().word(), "invalid", "{fields:?}");
    }
}

#[tokio::test]
async fn a_file_is_put_back_where_the_state_is_broken_or_gone() {
    let rig = Rig::new();
    let others = others(&rig);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.json").display().to_string();
    let present = others.object(BUCKET, KEY).await.unwrap();
    std::fs::write(&file, &present).unwrap();
    let fields = [("state", STATE), ("file", &*file)];
    others.put_object(BUCKET, KEY, "{").await;
    let broken = rig.plan("enterprise-prod", &DEF, &fields).await.unwrap();
    assert_eq!(with_verdict(&broken, Verdict::Warn), ["it is the same state's", "the digest is the present state's"]);
    rig.carry_out(&broken).await;
    assert_eq!(others.object(BUCKET, KEY).await.as_deref(), Some(&*present));

    others.s3.delete_object().bucket(BUCKET).key(KEY).send().await.unwrap();
    let gone = rig.plan("enterprise-prod", &DEF, &fields).await.unwrap();
    assert_eq!(operations(&gone), [PUT_ITEM, PUT_OBJECT, PUT_ITEM, DELETE_ITEM], "there is nothing to copy");
    assert_eq!(gone.steps[1].input["IfNoneMatch"], "*");
    rig.carry_out(&gone).await;
    assert_eq!(others.object(BUCKET, KEY).await, Some(present));
}

#[tokio::test]
async fn what_is_written_in_the_meantime_is_never_lost() {
    let rig = Rig::new();
    let others = others(&rig);
    let versions = others.versions(BUCKET, KEY).await;
    let plan = rig.plan("enterprise-prod", &DEF, &[("state", STATE), ("version", &versions[1])]).await.unwrap();
    let newer = format!("{}\n", others.object(BUCKET, KEY).await.unwrap());
    others.put_object(BUCKET, KEY, &newer).await;
    assert_eq!(rig.look(&plan, 0).await.len(), 1);
    for step in [1, 2] {
        assert!(matches!(rig.send_blindly(&plan, step).await, Sent::Refused(_)), "{}", plan.steps[step].words);
    }
    assert_eq!(others.object(BUCKET, KEY).await, Some(newer));
    // Somebody takes the lock in the middle: everything after stands on ours.
    others.put_item(TABLE, STATE, "Info", "{\"ID\":\"theirs\",\"Who\":\"a@b\"}").await;
    assert!(matches!(rig.send_blindly(&plan, 0).await, Sent::Refused(_)));
    for step in 1..5 {
        assert!(!rig.look(&plan, step).await.is_empty(), "{}", plan.steps[step].words);
    }
    assert!(matches!(rig.send_blindly(&plan, 4).await, Sent::Refused(_)), "another's lock is not released");
    assert!(plan.steps[0].words.contains("`terraform-unlock --lock-id "), "{}", plan.steps[0].words);
}

#[tokio::test]
async fn a_lockfile_is_taken_where_that_is_how_the_state_is_locked() {
    let rig = Rig::new();
    let others = Others::new(&rig.estate, "tfe-prod", "us-east-2");
    let (bucket, key) = ("tfe-prod-terraform-state", "platform/terraform.tfstate");
    let versions = others.versions(bucket, key).await;
    let fields = [("state", &*format!("{bucket}/{key}")), ("version", &*versions[1])];
    let plan = rig.plan("tfe-prod", &DEF, &fields).await.unwrap();
    assert_eq!(operations(&plan), [PUT_OBJECT, COPY_OBJECT, PUT_OBJECT, DELETE_OBJECT]);
    assert_eq!(precondition(&plan, "the lock is heeded"), (Verdict::Pass, "it is taken in a lockfile"));
    assert_eq!(plan.steps[3].input["IfMatch"], format!("\"{}\"", md5(lock_text(&plan).as_bytes())));
    rig.carry_out(&plan).await;
    assert_eq!(others.object(bucket, &format!("{key}.tflock")).await, None);
    assert_eq!(parsed(&others.object(bucket, key).await.unwrap())["serial"], 73);
}

#[tokio::test]
async fn a_state_in_a_shared_account_is_restored_there() {
    let rig = Rig::new();
    let others = Others::new(&rig.estate, "lecture-shared-state", "eu-central-1");
    let (bucket, key) = ("lecture-shared-tfstate", "unilux/prod/terraform.tfstate");
    let versions = others.versions(bucket, key).await;
    let fields = [("state", &*format!("{bucket}/{key}")), ("version", &*versions[2])];
    let plan = rig.plan("unilux-prod", &DEF, &fields).await.unwrap();
    assert!(plan.steps.iter().all(|step| &*step.scope.environment == "unilux-prod@lecture-shared-state"));
    assert!(plan.affects.len() > 1, "{:?}", plan.affects);
    assert!(
        plan.command.contains("--profile lecture-shared-state --region eu-central-1 && terraform state push"),
        "{}",
        plan.command
    );
    rig.carry_out(&plan).await;
    assert_eq!(parsed(&others.object(bucket, key).await.unwrap())["serial"], 32);
}

#[tokio::test]
async fn versions_can_be_chosen() {
    let rig = Rig::new();
    let scope = rig.scope("enterprise-prod");
    let target = ResourceId { scope, kind: KIND, id: STATE.into() };
    let acting = rig.acting("enterprise-prod").await;
    let choices = (DEF.choices)(&acting, &target, "version").await.unwrap();
    let [older] = choices.as_slice() else { panic!("{choices:?}") };
    assert_eq!(*older.value, *others(&rig).versions(BUCKET, KEY).await[1]);
    assert!(older.words.starts_with("serial 57, "), "{}", older.words);
    assert_eq!(older.difference.len(), 1, "one resource was there less: {:?}", older.difference);
    assert!((DEF.choices)(&acting, &target, "file").await.unwrap().is_empty());
    assert_eq!(split(STATE), Some((BUCKET, KEY)));
}

fn lock_text(plan: &Plan) -> String {
    let change = plan.changes.iter().find(|change| &*change.field == LOCK).unwrap();
    change.to.show_exact().into_owned()
}
