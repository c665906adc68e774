//! Every fault as the SDK sees it, in each protocol.

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::request_id::RequestId;

use super::{config, estate, first};

/// How a call ended: with the service's code, or how else.
#[derive(Debug, PartialEq)]
enum Ended {
    Well,
    Code { code: String, status: u16, message: String },
    Unreachable,
    Malformed { has_id: bool },
}

fn ended<T, E>(result: Result<T, SdkError<E, HttpResponse>>) -> Ended
where
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    match result {
        Ok(_) => Ended::Well,
        Err(SdkError::ServiceError(error)) if error.err().code().is_none() => {
            Ended::Malformed { has_id: error.raw().request_id().is_some() }
        }
        Err(SdkError::ServiceError(error)) => Ended::Code {
            code: error.err().code().unwrap_or_default().to_owned(),
            status: error.raw().status().as_u16(),
            message: error.err().message().unwrap_or_default().to_owned(),
        },
        Err(SdkError::DispatchFailure(failure)) if failure.is_io() => Ended::Unreachable,
        Err(SdkError::ResponseError(error)) => Ended::Malformed { has_id: error.raw().request_id().is_some() },
        Err(other) => panic!("{other:?}"),
    }
}

/// One call in each protocol: JSON, REST-JSON, query, CBOR.
async fn each_protocol(config: &SdkConfig) -> [Ended; 4] {
    [
        ended(aws_sdk_ecs::Client::new(config).list_clusters().send().await),
        ended(aws_sdk_eks::Client::new(config).list_clusters().send().await),
        ended(aws_sdk_rds::Client::new(config).describe_db_instances().send().await),
        ended(aws_sdk_cloudwatch::Client::new(config).describe_alarms().send().await),
    ]
}

async fn under(rule: &str) -> [Ended; 4] {
    let estate = estate();
    let name = first(&estate);
    estate.faults().add(&rule.replace("ENV", &name)).unwrap();
    let ends = each_protocol(&config(&estate, &name)).await;
    // Another environment has nothing of it.
    let other = estate.environments().last().unwrap().name.clone();
    for end in each_protocol(&config(&estate, &other)).await {
        assert_eq!(end, Ended::Well);
    }
    ends
}

fn codes(ends: &[Ended]) -> Vec<(&str, u16)> {
    let code = |end| match end {
        &Ended::Code { ref code, status, .. } => (code.as_str(), status),
        other => panic!("{other:?}"),
    };
    ends.iter().map(code).collect()
}

#[tokio::test]
async fn throttling_has_each_services_spelling() {
    let ends = under("ENV=throttle").await;
    let spelled =
        [("ThrottlingException", 400), ("ThrottlingException", 429), ("Throttling", 400), ("Throttling", 400)];
    assert_eq!(codes(&ends), spelled);
}

#[tokio::test]
async fn denial_names_caller_and_permission() {
    let ends = under("ENV=deny").await;
    let spelled =
        [("AccessDeniedException", 400), ("AccessDeniedException", 403), ("AccessDenied", 403), ("AccessDenied", 403)];
    assert_eq!(codes(&ends), spelled);
    let permissions = ["ecs:ListClusters", "eks:ListClusters", "rds:DescribeDBInstances", "cloudwatch:DescribeAlarms"];
    for (end, permission) in ends.iter().zip(permissions) {
        let Ended::Code { message, .. } = end else { panic!("{end:?}") };
        assert!(message.starts_with("User: arn:aws:"), "{message}");
        assert!(message.contains(&format!("is not authorized to perform: {permission} on resource")), "{message}");
    }
}

#[tokio::test]
async fn expired_credentials() {
    let ends = under("ENV=expire").await;
    let spelled =
        [("ExpiredTokenException", 400), ("ExpiredTokenException", 403), ("ExpiredToken", 403), ("ExpiredToken", 403)];
    assert_eq!(codes(&ends), spelled);
}

#[tokio::test]
async fn errors_of_the_service() {
    let ends = under("ENV=error500").await;
    assert!(codes(&ends).iter().all(|(code, status)| !code.is_empty() && *status == 500));
}

#[tokio::test]
async fn broken_and_garbled_answers_keep_their_request_id() {
    for rule in ["ENV=break", "ENV=garble"] {
        for end in under(rule).await {
            assert_eq!(end, Ended::Malformed { has_id: true }, "{rule}");
        }
    }
}

#[tokio::test]
async fn unreachable_is_an_error_of_the_connection() {
    for end in under("ENV=unreachable").await {
        assert_eq!(end, Ended::Unreachable);
    }
}

#[tokio::test]
async fn a_rule_for_one_operation_leaves_the_others_alone() {
    let ends = under("ENV/rds/Describe*=deny").await;
    assert_eq!((&ends[0], &ends[1], &ends[3]), (&Ended::Well, &Ended::Well, &Ended::Well));
    assert_eq!(codes(&ends[2..3]), [("AccessDenied", 403)]);
}

#[tokio::test]
async fn hanging_can_be_left_and_ends_with_the_rule() {
    let estate = estate();
    let name = first(&estate);
    estate.faults().add(&format!("{name}=hang")).unwrap();
    let ecs = aws_sdk_ecs::Client::new(&config(&estate, &name));
    let waited = tokio::time::timeout(Duration::from_millis(50), ecs.list_clusters().send()).await;
    assert!(waited.is_err());
    estate.faults().clear();
    ecs.list_clusters().send().await.unwrap();
}

#[tokio::test]
async fn the_read_timeout_of_the_sdk_is_kept() {
    let estate = estate();
    let name = first(&estate);
    estate.faults().add(&format!("{name}=hang")).unwrap();
    let timeouts = TimeoutConfig::builder().read_timeout(Duration::from_millis(40)).build();
    let config = config(&estate, &name).into_builder().timeout_config(timeouts).build();
    let error = aws_sdk_ecs::Client::new(&config).list_clusters().send().await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_timeout()), "{error:?}");
}

#[tokio::test]
async fn delays_and_latency_take_their_time() {
    let estate = estate();
    let name = first(&estate);
    estate.faults().add("latency:30ms").unwrap();
    estate.faults().add(&format!("{name}/ecs=delay:40ms")).unwrap();
    let ecs = aws_sdk_ecs::Client::new(&config(&estate, &name));
    let before = Instant::now();
    ecs.list_clusters().send().await.unwrap();
    assert!(before.elapsed() >= Duration::from_millis(70));
}

#[tokio::test]
async fn a_repeated_token_never_ends() {
    let estate = estate();
    let name = first(&estate);
    estate.faults().add(&format!("{name}=repeat-token")).unwrap();
    let config = config(&estate, &name);
    let ecs = aws_sdk_ecs::Client::new(&config);
    let one = ecs.list_clusters().send().await.unwrap().next_token.unwrap();
    let two = ecs.list_clusters().next_token(&one).send().await.unwrap().next_token.unwrap();
    let three = ecs.list_clusters().next_token(&two).send().await.unwrap().next_token.unwrap();
    assert_eq!((&one, &two), (&two, &three));
    let rds = aws_sdk_rds::Client::new(&config);
    let one = rds.describe_db_instances().send().await.unwrap().marker.unwrap();
    let two = rds.describe_db_instances().marker(&one).send().await.unwrap().marker.unwrap();
    assert_eq!(one, two);
}

#[tokio::test]
async fn the_sdk_retries_throttling_away() {
    let estate = estate();
    let name = first(&estate);
    estate.faults().add(&format!("{name}=throttle:0.3")).unwrap();
    let patient = aws_smithy_types::retry::RetryConfig::standard()
        .with_max_attempts(20)
        .with_initial_backoff(Duration::from_millis(1))
        .with_max_backoff(Duration::from_millis(2));
    let config = config(&estate, &name).into_builder().retry_config(patient).build();
    for _ in 0..5 {
        aws_sdk_ecs::Client::new(&config).list_clusters().send().await.unwrap();
        aws_sdk_cloudwatch::Client::new(&config).list_metrics().send().await.unwrap();
    }
    assert!(estate.calls().values().sum::<u64>() > 10);
}

#[tokio::test]
async fn what_would_change_something_is_denied() {
    let estate = estate();
    let config = config(&estate, &first(&estate));
    let ends = [
        ended(aws_sdk_ecs::Client::new(&config).delete_service().service("x").send().await),
        ended(aws_sdk_eks::Client::new(&config).delete_cluster().name("x").send().await),
        ended(aws_sdk_rds::Client::new(&config).delete_db_instance().db_instance_identifier("x").send().await),
        ended(aws_sdk_cloudwatch::Client::new(&config).delete_alarms().alarm_names("x").send().await),
    ];
    for (code, _) in codes(&ends) {
        assert!(code.starts_with("AccessDenied"), "{code}");
    }
    let Ended::Code { message, .. } = &ends[0] else { panic!() };
    assert!(message.contains("ecs:DeleteService"), "{message}");
}

#[tokio::test]
async fn an_operation_that_is_not_there_has_the_services_own_error() {
    let estate = estate();
    let config = config(&estate, &first(&estate));
    let ends = [
        ended(aws_sdk_ecs::Client::new(&config).list_account_settings().send().await),
        ended(aws_sdk_eks::Client::new(&config).list_addons().cluster_name("x").send().await),
        ended(aws_sdk_rds::Client::new(&config).describe_certificates().send().await),
        ended(aws_sdk_cloudwatch::Client::new(&config).list_dashboards().send().await),
    ];
    let codes: Vec<&str> = codes(&ends).into_iter().map(|(code, _)| code).collect();
    let unknown = "UnknownOperationException";
    assert_eq!(codes, [unknown, "MissingAuthenticationTokenException", "InvalidAction", unknown]);
}
