//! The kinds of Terraform on the built-in estate.

use aws_sdk_dynamodb::types::AttributeValue;

use super::*;
use crate::kinds::tests::{Rig, row, rows, taken};
use crate::kinds::{KindDef, terraform_lock, terraform_state};
use crate::model::{Health, Resource, Value};

const LOCKS: &KindDef = &terraform_lock::DEF;
const STATES: &KindDef = &terraform_state::DEF;

fn shown(kind: &KindDef, row: &Resource, column: &str) -> String {
    kind.cell(row, column).unwrap_or_else(|| panic!("no {column}")).show_exact().into_owned()
}

fn sorts(rows: &[Resource]) -> Vec<String> {
    rows.iter().map(|row| shown(LOCKS, row, "sort")).collect()
}

#[tokio::test]
async fn a_lock_is_told_from_the_digests_beside_it() {
    let rig = Rig::seven();
    let env = rig.env("dhbw-prod").await;
    let locks = rows(LOCKS, &env, None).await;
    assert_eq!(sorts(&locks), ["dynamodb", "digest", "digest"]);
    let lock = &locks[0];
    assert_eq!(&*lock.name, "tfstate-dhbw/lecture/prod/terraform.tfstate");
    assert_eq!(&*lock.id.id, "dynamodb:terraform-state-lock:tfstate-dhbw/lecture/prod/terraform.tfstate");
    assert_eq!(lock.health, Health::Degraded);
    assert!(lock.reason.starts_with("held by gitlab-runner@ip-10-0-2-117 (apply) since "), "{}", lock.reason);
    for (column, expected) in [
        ("who", "gitlab-runner@ip-10-0-2-117"),
        ("operation", "OperationTypeApply"),
        ("version", "1.11.4"),
        ("backend", "terraform-state-lock"),
        ("belongs_to", "dhbw-prod"),
    ] {
        assert_eq!(shown(LOCKS, lock, column), expected);
    }
    assert_eq!(shown(LOCKS, lock, "lock_id").len(), 36);
    let digest = &locks[1];
    assert_eq!(digest.health, Health::Ok);
    assert_eq!(&*digest.reason, "digest of tfstate-dhbw/lecture/prod/terraform.tfstate, not a lock");
    assert_eq!(shown(LOCKS, digest, "digest").len(), 32);
    assert_eq!(rig.env("edt-prod").await.scope.environment.as_ref(), "edt-prod");
    let young = rows(LOCKS, &*rig.env("edt-prod").await, None).await.remove(0);
    assert_eq!(young.health, Health::Progressing, "{}", young.reason);
}

#[tokio::test]
async fn a_lock_that_can_t_be_read_is_shown_as_it_is() {
    let rig = Rig::seven();
    let env = rig.env("dhbw-prod").await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new("eu-central-1"))
        .credentials_provider(rig.estate.credentials())
        .http_client(rig.estate.http_client("dhbw-prod").unwrap());
    let dynamodb = aws_sdk_dynamodb::Client::from_conf(config.build());
    for (id, info) in [("tfstate-dhbw/odd-md5", "left by hand"), ("tfstate-dhbw/other", "{\"ID\":\"\"}")] {
        let put =
            dynamodb.put_item().table_name("terraform-state-lock").item("LockID", text(id)).item("Info", text(info));
        put.send().await.unwrap();
    }
    let odd = row(LOCKS, &env, "tfstate-dhbw/odd-md5").await;
    assert_eq!((odd.health, shown(LOCKS, &odd, "text").as_str()), (Health::Unknown, "left by hand"));
    assert_eq!(shown(LOCKS, &odd, "sort"), "dynamodb", "its key only ends like a digest's");
    assert!(odd.reason.starts_with("its text can't be read: it is not what Terraform writes"), "{}", odd.reason);
    assert!(row(LOCKS, &env, "tfstate-dhbw/other").await.reason.ends_with("it has no ID"));
    let detail = format!("{:?}", (LOCKS.detail)(&env, &odd.id).await.unwrap());
    assert!(detail.contains("left by hand"));
}

#[tokio::test]
async fn what_is_in_a_shared_account_is_shown_where_it_belongs() {
    let rig = Rig::seven();
    let env = rig.env("unilux-prod").await;
    let states = rows(STATES, &env, None).await;
    assert_eq!(
        states.iter().map(|row| &*row.id.id).collect::<Vec<_>>(),
        ["lecture-shared-tfstate/unilux/prod/terraform.tfstate"]
    );
    assert_eq!(shown(STATES, &states[0], "backend_profile"), "lecture-shared-state");
    let locks = rows(LOCKS, &env, None).await;
    let [lock] = locks.as_slice() else { panic!("{locks:?}") };
    assert_eq!(shown(LOCKS, lock, "belongs_to"), "nobody");
    assert!(lock.reason.ends_with("; belongs to no environment"), "{}", lock.reason);
    assert_eq!(
        &*lock.id.id,
        "s3:lecture-shared-tfstate@lecture-shared-state/eu-central-1:lecture-shared-tfstate/sandbox/terraform.tfstate"
    );
    let (record, whose) = terraform_lock::found(&env, &lock.id).await.unwrap();
    assert_eq!((record.key().as_str(), whose), ("sandbox/terraform.tfstate.tflock", Attribution::Nobody));
    assert!(record.etag.is_some());
    // It is another account, with an identity of its own.
    let there = record.place.env(&env).await.unwrap();
    assert_eq!(
        (&*there.scope.environment, &*there.identity.account),
        ("unilux-prod@lecture-shared-state", "888899990000")
    );
    let stranger = env.elsewhere(Some("dhbw-prod"), "eu-central-1").await.unwrap_err();
    assert!(stranger.summary.contains("there is no environment"), "{stranger}");
}

#[tokio::test]
async fn states_tell_what_is_in_them() {
    let rig = Rig::seven();
    let env = rig.env("enterprise-prod").await;
    let states = rows(STATES, &env, None).await;
    let keys: Vec<&str> = states.iter().map(|row| &*row.name).collect();
    let layer = |layer: &str| format!("prod/{layer}/terraform.tfstate");
    assert_eq!(keys, [layer("compute"), layer("database"), layer("network")]);
    let compute = &states[0];
    assert_eq!((compute.health, shown(STATES, compute, "digest").as_str()), (Health::Failed, "differs"));
    assert_eq!((states[1].health, shown(STATES, &states[1], "digest").as_str()), (Health::Ok, "matches"));
    assert_eq!(STATES.cell(compute, "serial"), Some(&Value::Int(163)));
    assert!(shown(STATES, compute, "resource_types").contains("aws_ecs_service "));
    let detail = format!("{:?}", (STATES.detail)(&env, &compute.id).await.unwrap());
    for part in ["Resources by type", "database_url", "(sensitive)", "Versions", "load_balancer_dns"] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
    let raw = (STATES.raw)(&env, &compute.id).await.unwrap();
    assert!(raw.contains("\"lineage\"") && raw.contains("(sensitive)"));
    assert!(!raw.contains("pw-") && !raw.contains("postgres://") && !detail.contains("postgres://"));
    let locked = row(STATES, &*rig.env("starttech-dev").await, "starttech/terraform.tfstate").await;
    assert_eq!((locked.health, shown(STATES, &locked, "lock").as_str()), (Health::Degraded, "runner@fv-az1205-412"));
}

#[tokio::test]
async fn states_that_only_a_lock_table_knows_of_are_found() {
    let rig = Rig::seven();
    let env = rig.env("beta9-prod").await;
    assert!(env.environment.terraform.is_empty());
    let states = rows(STATES, &env, None).await;
    assert_eq!(states.len(), 3);
    assert!(states.iter().all(|state| shown(STATES, state, "digest") == "matches" && state.health == Health::Ok));
}

#[tokio::test]
async fn what_has_not_changed_is_not_asked_again() {
    let rig = Rig::seven();
    let env = rig.env("starttech-dev").await;
    rows(STATES, &env, None).await;
    let first = rig.calls();
    assert_eq!((first["dynamodb:DescribeTable"], first["s3:GetObject"]), (2, 1));
    assert_eq!(first["dynamodb:Scan"], 1, "only the lock table is scanned");
    rig.estate.reset_calls();
    rows(STATES, &env, None).await;
    let second = rig.calls();
    assert_eq!((second.get("dynamodb:DescribeTable"), second.get("s3:GetObject")), (None, None));
}

#[tokio::test]
async fn a_store_that_is_denied_hides_no_other() {
    let rig = Rig::seven();
    let env = rig.env("dhbw-prod").await;
    rig.estate.faults().add("dhbw-prod/dynamodb/Scan=deny").unwrap();
    let (states, faults) = taken(STATES, &env, None).await;
    assert_eq!((states.len(), faults.len()), (2, 1));
    assert_eq!(faults[0].summary, "not allowed: dynamodb:Scan");
    rig.estate.faults().add("dhbw-prod/s3=deny").unwrap();
    let fault = super::survey(&env).await.unwrap_err();
    assert!(fault.summary.starts_with("not allowed: "), "{fault}");
}

#[tokio::test]
async fn the_state_that_holds_a_service_is_found() {
    let rig = Rig::seven();
    let env = rig.env("dhbw-prod").await;
    let held = holder(&env, "aws_ecs_service", "lecture-backend-service").await.unwrap();
    assert_eq!(&*held.address, "aws_ecs_service.lecture_backend_service");
    assert_eq!(&*held.state, "tfstate-dhbw/lecture/prod/terraform.tfstate");
    rig.estate.reset_calls();
    assert_eq!(holder(&env, "aws_ecs_service", "no-such-service").await, None);
    assert!(rig.calls().is_empty(), "what was read a moment ago is not read again");
}
