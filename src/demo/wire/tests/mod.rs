//! The wire as real SDK clients see it.

mod changes;
mod compute;
mod data;
mod faults;
mod logs;
mod store;
mod watch;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use jiff::Timestamp;

use crate::demo::Estate;
use crate::demo::world::Clock;

/// An estate that stands still, at an instant that the tests can name.
fn estate() -> Estate {
    Estate::new(7, Clock::manual(start()))
}

fn start() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// What SDK clients are made from: no default chain, no retries, nothing from the machine.
fn config(estate: &Estate, environment: &str) -> SdkConfig {
    let region = estate.environments().into_iter().find(|one| one.name == environment).unwrap().region;
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(estate.credentials())
        .http_client(estate.http_client(environment).unwrap())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .sleep_impl(TokioSleep::new())
        .build()
}

/// Configurations of all environments, by name.
fn all(estate: &Estate) -> Vec<(String, SdkConfig)> {
    estate.environments().into_iter().map(|one| (one.name.clone(), config(estate, &one.name))).collect()
}

/// The name of the first environment.
fn first(estate: &Estate) -> String {
    estate.environments().first().unwrap().name.clone()
}

#[test]
fn every_environment_has_an_account_of_its_own() {
    let environments = estate().environments();
    assert_eq!(environments.len(), 7);
    let accounts: std::collections::BTreeSet<&str> = environments.iter().map(|one| one.account.as_str()).collect();
    assert_eq!(accounts.len(), 7);
    assert!(accounts.iter().all(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())));
    assert!(estate().http_client("nowhere").is_none());
}

#[tokio::test]
async fn the_client_says_whose_account_it_is() {
    let estate = estate();
    for (name, config) in all(&estate) {
        let environment = estate.environments().into_iter().find(|one| one.name == name).unwrap();
        let caller = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
        assert_eq!(caller.account(), Some(environment.account.as_str()));
        assert!(caller.arn().unwrap().contains(&environment.account));
        assert!(caller.user_id().is_some());
        let aliases = aws_sdk_iam::Client::new(&config).list_account_aliases().send().await.unwrap();
        assert_eq!(aliases.account_aliases(), [environment.alias]);
    }
}

#[tokio::test]
async fn calls_are_counted() {
    let estate = estate();
    let name = first(&estate);
    let sts = aws_sdk_sts::Client::new(&config(&estate, &name));
    for _ in 0..3 {
        sts.get_caller_identity().send().await.unwrap();
    }
    let key = (name, "sts".to_owned(), "GetCallerIdentity".to_owned());
    assert_eq!(estate.calls().get(&key), Some(&3));
    estate.reset_calls();
    assert!(estate.calls().is_empty());
}

#[tokio::test]
async fn other_regions_are_empty() {
    let estate = estate();
    let config = config(&estate, &first(&estate)).into_builder().region(Region::new("ap-southeast-2")).build();
    let clusters = aws_sdk_ecs::Client::new(&config).list_clusters().send().await.unwrap();
    assert!(clusters.cluster_arns().is_empty());
    assert!(aws_sdk_rds::Client::new(&config).describe_db_instances().send().await.unwrap().db_instances().is_empty());
    assert!(aws_sdk_cloudwatch::Client::new(&config).list_metrics().send().await.unwrap().metrics().is_empty());
    let caller = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account(), Some(estate.environments()[0].account.as_str()));
}
