//! S3 and DynamoDB as Terraform's backends use them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use jiff::SignedDuration;

use super::*;
use crate::demo::world::StateBackend;

const TABLE: &str = "terraform-state-lock";
const BUCKET: &str = "tfstate-dhbw";
const KEY: &str = "lecture/prod/terraform.tfstate";

fn s3(estate: &Estate, environment: &str) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::new(&config(estate, environment))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[tokio::test]
async fn a_state_has_versions_and_its_digest() {
    let estate = estate();
    let s3 = s3(&estate, "dhbw-prod");
    let listed = s3.list_objects_v2().bucket(BUCKET).prefix("lecture/").send().await.unwrap();
    let [object] = listed.contents() else { panic!("{listed:?}") };
    assert_eq!(object.key(), Some(KEY));
    let got = s3.get_object().bucket(BUCKET).key(KEY).send().await.unwrap();
    let (etag, written) = (got.e_tag.clone().unwrap(), got.last_modified.unwrap());
    let body = got.body.collect().await.unwrap().into_bytes();
    assert_eq!(object.size(), Some(body.len() as i64));
    let state: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((state["version"].as_i64(), state["serial"].as_i64()), (Some(4), Some(214)));
    assert!(state.to_string().contains("\"aws_ecs_service\"") && state.to_string().contains("\"sensitive\":true"));

    let versions = s3.list_object_versions().bucket(BUCKET).prefix(KEY).send().await.unwrap();
    let versions = versions.versions();
    assert_eq!(versions.len(), 4);
    assert_eq!(
        (versions[0].is_latest(), versions[0].e_tag(), versions[0].last_modified()),
        (Some(true), Some(etag.as_str()), Some(&written))
    );
    let old =
        s3.get_object().bucket(BUCKET).key(KEY).version_id(versions[3].version_id().unwrap()).send().await.unwrap();
    let old: serde_json::Value = serde_json::from_slice(&old.body.collect().await.unwrap().into_bytes()).unwrap();
    assert_eq!((&old["lineage"], old["serial"].as_i64()), (&state["lineage"], Some(211)));

    let dynamodb = aws_sdk_dynamodb::Client::new(&config(&estate, "dhbw-prod"));
    let digest = dynamodb.get_item().table_name(TABLE).key("LockID", text(&format!("{BUCKET}/{KEY}-md5")));
    let digest = digest.send().await.unwrap().item.unwrap()["Digest"].as_s().unwrap().clone();
    assert_eq!(format!("\"{digest}\""), etag);
}

#[tokio::test]
async fn writes_are_conditional() {
    let estate = estate();
    let s3 = s3(&estate, "dhbw-prod");
    let put =
        || s3.put_object().bucket(BUCKET).key("x.tflock").body(ByteStream::from_static(b"one")).if_none_match("*");
    let etag = put().send().await.unwrap().e_tag.unwrap();
    let taken = put().send().await.unwrap_err().into_service_error();
    assert_eq!(taken.meta().code(), Some("PreconditionFailed"));
    let delete = |etag: &str| s3.delete_object().bucket(BUCKET).key("x.tflock").if_match(etag).send();
    assert!(delete("\"another\"").await.is_err());
    assert_eq!(delete(&etag).await.unwrap().delete_marker(), Some(true));
    assert!(
        s3.head_object().bucket(BUCKET).key("x.tflock").send().await.unwrap_err().into_service_error().is_not_found()
    );
    assert!(
        s3.get_object().bucket(BUCKET).key("x.tflock").send().await.unwrap_err().into_service_error().is_no_such_key()
    );

    let copy = || s3.copy_object().bucket(BUCKET).key("copy").copy_source(format!("{BUCKET}/{KEY}")).if_none_match("*");
    assert!(copy().copy_source_if_match("\"another\"").send().await.is_err());
    copy().send().await.unwrap();
    assert!(copy().send().await.is_err());
    let sizes = [KEY, "copy"].map(|key| s3.head_object().bucket(BUCKET).key(key).send());
    let [original, copied] = sizes.map(|asked| async { asked.await.unwrap().content_length });
    assert_eq!(original.await, copied.await);
}

#[tokio::test]
async fn locks_are_conditional_and_scanned_by_pages() {
    let estate = estate();
    let dynamodb = aws_sdk_dynamodb::Client::new(&config(&estate, "dhbw-prod"));
    let mut found: HashMap<String, HashMap<String, AttributeValue>> = HashMap::new();
    let mut start = None;
    loop {
        let scan = dynamodb.scan().table_name(TABLE).limit(1).projection_expression("LockID, Info, Digest");
        let page = scan.set_exclusive_start_key(start).send().await.unwrap();
        found.extend(page.items().iter().map(|item| (item["LockID"].as_s().unwrap().clone(), item.clone())));
        start = page.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 3, "{found:?}");
    let path = format!("{BUCKET}/{KEY}");
    let info = found[&path]["Info"].as_s().unwrap();
    assert!(info.contains("gitlab-runner@ip-10-0-2-117"));

    let take = dynamodb.put_item().table_name(TABLE).item("LockID", text(&path)).item("Info", text("mine"));
    let taken =
        take.condition_expression("attribute_not_exists(LockID)").send().await.unwrap_err().into_service_error();
    assert!(taken.is_conditional_check_failed_exception());
    let release = |info: &str| {
        let call = dynamodb.delete_item().table_name(TABLE).key("LockID", text(&path));
        let call = call.condition_expression("#info = :info").expression_attribute_names("#info", "Info");
        call.expression_attribute_values(":info", text(info)).send()
    };
    assert!(release("another").await.unwrap_err().into_service_error().is_conditional_check_failed_exception());
    release(info).await.unwrap();
    assert!(release(info).await.is_err());
}

#[tokio::test]
async fn a_pipeline_takes_its_lock_and_releases_it() {
    let clock = Clock::manual(start());
    let estate = Estate::new(7, clock.clone());
    let dynamodb = aws_sdk_dynamodb::Client::new(&config(&estate, "edt-prod"));
    let s3 = s3(&estate, "edt-prod");
    let lock = || async {
        let call =
            dynamodb.get_item().table_name(TABLE).key("LockID", text("tfstate-edt/lecture/prod/terraform.tfstate"));
        call.send().await.unwrap().item
    };
    let digest = || async {
        let key = text("tfstate-edt/lecture/prod/terraform.tfstate-md5");
        let item = dynamodb.get_item().table_name(TABLE).key("LockID", key).send().await.unwrap().item.unwrap();
        format!("\"{}\"", item["Digest"].as_s().unwrap())
    };
    let etag = || async { s3.head_object().bucket("tfstate-edt").key(KEY).send().await.unwrap().e_tag.unwrap() };
    assert!(lock().await.is_some());
    let before = etag().await;
    clock.advance(SignedDuration::from_mins(12));
    assert!(lock().await.is_none());
    let after = etag().await;
    assert!(after != before && after == digest().await);
    clock.advance(SignedDuration::from_mins(13));
    assert!(lock().await.is_some());
}

#[tokio::test]
async fn only_tables_with_a_lock_id_hold_locks() {
    let estate = estate();
    let dynamodb = aws_sdk_dynamodb::Client::new(&config(&estate, "starttech-dev"));
    let names = dynamodb.list_tables().send().await.unwrap();
    assert_eq!(names.table_names(), ["dev-sessions", "dev-starttech-terraform-locks"]);
    let mut keys = Vec::new();
    for name in names.table_names() {
        let table = dynamodb.describe_table().table_name(name).send().await.unwrap().table.unwrap();
        keys.push(table.key_schema()[0].attribute_name().to_owned());
    }
    assert_eq!(keys, ["session_id", "LockID"]);
}

#[tokio::test]
async fn a_central_account_is_reached_by_its_profile() {
    let estate = estate();
    let unilux = estate.environments().into_iter().find(|one| one.name == "unilux-prod").unwrap();
    let [StateBackend { profile: Some(profile), bucket, region: Some(region), .. }] = unilux.backends.as_slice() else {
        panic!("{:?}", unilux.backends)
    };
    assert!(estate.environments().iter().all(|one| one.name != *profile));
    let builder = config(&estate, "unilux-prod").into_builder().region(Region::new(region.clone()));
    let s3 = aws_sdk_s3::Client::new(&builder.http_client(estate.http_client(profile).unwrap()).build());
    let keys = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    let keys: Vec<&str> = keys.contents().iter().filter_map(|object| object.key()).collect();
    let sandbox = "sandbox/terraform.tfstate";
    assert_eq!(keys, [sandbox, &format!("{sandbox}.tflock"), "unilux/prod/terraform.tfstate"]);
}
