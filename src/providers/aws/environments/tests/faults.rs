//! Every class of fault through a real SDK client.

use std::sync::Arc;

use rstest::rstest;

use super::KEYS;
use super::fake::{Fake, Home, Reply, environment, scope};
use crate::model::{Fault, FaultClass};
use crate::providers::Env;
use crate::providers::aws::{fault, raw::Capture};

async fn env(fake: &Fake, home: &Home) -> Arc<Env> {
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    environments.env(&scope("web")).await.unwrap()
}

async fn failed(reply: Reply) -> Fault {
    let (fake, home) = (Fake::default(), Home::new(KEYS));
    let env = env(&fake, &home).await;
    fake.answer("ListClusters", reply);
    fault("ecs:ListClusters", &env.aws.ecs().list_clusters().send().await.unwrap_err())
}

#[rstest]
#[case(
    Reply::error(400, "AccessDeniedException", "User: arn:aws:iam::1:user/x is not authorized to perform: ecs:ListClusters on resource: *"),
    FaultClass::Denied { permission: Some("ecs:ListClusters".into()) },
    "not allowed: ecs:ListClusters"
)]
#[case(
    Reply::error(400, "UnrecognizedClientException", "The security token included in the request is invalid."),
    FaultClass::Expired { renew: None, sign_in: false },
    "credentials are not accepted (UnrecognizedClientException)"
)]
#[case(
    Reply::error(400, "ClusterNotFoundException", "Cluster not found."),
    FaultClass::NotFound,
    "ecs:ListClusters: Cluster not found."
)]
#[case(
    Reply::error(400, "InvalidParameterException", "Bad \\u001b[31mthing"),
    FaultClass::Invalid,
    "ecs:ListClusters: Bad thing"
)]
#[case(
    Reply::error(500, "ServerException", "oops"),
    FaultClass::Service,
    "ecs:ListClusters: the service failed (500 ServerException)"
)]
#[case(Reply::Http(502, Vec::new(), "<html>Bad Gateway</html>".into()), FaultClass::Service, "ecs:ListClusters: the service failed (502)")]
#[case(Reply::Http(429, Vec::new(), String::new()), FaultClass::Throttled { until: None }, "ecs:ListClusters was throttled (429)")]
#[case(
    Reply::Broken("connection refused"),
    FaultClass::Unreachable,
    "ecs:ListClusters: no connection (connection refused)"
)]
#[tokio::test]
async fn classes(#[case] reply: Reply, #[case] class: FaultClass, #[case] summary: &str) {
    let fault = failed(reply).await;
    assert_eq!((&fault.class, fault.summary.as_str()), (&class, summary), "{}", fault.raw);
}

#[tokio::test]
async fn a_malformed_answer_has_its_request_id() {
    let headers = vec![("x-amzn-requestid", "req-77".to_owned())];
    for body in ["{\"clusterArns\": [\"a", "no json", "[1]"] {
        let fault = failed(Reply::Http(200, headers.clone(), body.into())).await;
        assert_eq!(fault.class, FaultClass::Malformed, "{body}: {}", fault.raw);
        assert_eq!(fault.summary, "ecs:ListClusters: the answer is cut off or malformed (request req-77)");
        assert_eq!(fault.request_id.as_deref(), Some("req-77"));
    }
}

#[tokio::test]
async fn a_throttled_call_says_until_when() {
    let headers = vec![("retry-after", "7".to_owned())];
    match failed(Reply::Http(429, headers, String::new())).await.class {
        FaultClass::Throttled { until: Some(until) } => {
            let seconds = until.as_second() - jiff::Timestamp::now().as_second();
            assert!((5..=7).contains(&seconds), "{seconds}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let (fake, home) = (Fake::default(), Home::new(KEYS));
    let env = env(&fake, &home).await;
    fake.answer("ListClusters", Reply::Silence);
    let impatient = aws_smithy_types::timeout::TimeoutConfig::builder()
        .operation_timeout(std::time::Duration::from_millis(50))
        .build();
    let quick = aws_sdk_ecs::config::Builder::default().timeout_config(impatient);
    let error = env.aws.ecs().list_clusters().customize().config_override(quick).send().await.unwrap_err();
    let fault = fault("ecs:ListClusters", &error);
    assert_eq!((fault.class, fault.summary.as_str()), (FaultClass::TimedOut, "ecs:ListClusters: no answer in time"));
}

#[tokio::test]
async fn raw_answers_are_captured_and_masked() {
    let (fake, home) = (Fake::default(), Home::new(KEYS));
    let env = env(&fake, &home).await;
    fake.answer(
        "DescribeTaskDefinition",
        Reply::json(r#"{"taskDefinition":{"family":"web","containerDefinitions":[{"environment":[{"name":"K","value":"hunter2"}]}]}}"#),
    );
    let capture = Capture::default();
    let call = env.aws.ecs().describe_task_definition().task_definition("web");
    call.customize().interceptor(capture.clone()).send().await.unwrap();
    let shown = capture.pretty("ecs:DescribeTaskDefinition", "/taskDefinition").unwrap();
    assert!(shown.contains("\"family\": \"web\"") && !shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn local_endpoints_are_asked_without_the_prefix_of_live_tails() {
    let home = Home::new(&format!(
        "{KEYS}services = local\n[services local]\ncloudwatch_logs =\n  endpoint_url = http://localhost:4566\n"
    ));
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("other", Some("other"))], home.variables());
    let env = environments.env(&scope("other")).await.unwrap();
    // What comes back is no stream of events; where it went is what counts.
    let _ = env.aws.logs().start_live_tail().log_group_identifiers("g").send().await;
    assert_eq!(fake.seen().last().unwrap().uri, "http://localhost:4566/");
}

#[rstest]
#[case(&[], "https://sts.eu-north-1.amazonaws.com/", "http://from-profile:1/")]
#[case(&[("AWS_ENDPOINT_URL", "http://all:2")], "http://all:2/", "http://all:2/")]
#[case(&[("AWS_ENDPOINT_URL_STS", "http://sts:3")], "http://sts:3/", "http://from-profile:1/")]
#[case(&[("AWS_ENDPOINT_URL", "http://all:2"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")],
    "https://sts.eu-north-1.amazonaws.com/", "https://ecs.eu-central-1.amazonaws.com/")]
#[tokio::test]
async fn endpoints(#[case] variables: &[(&str, &str)], #[case] sts: &str, #[case] ecs: &str) {
    let config = KEYS.replace("region = eu-north-1", "region = eu-north-1\nservices = local");
    let home = Home::new(&format!("{config}[services local]\necs =\n  endpoint_url = http://from-profile:1\n"));
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables_with(variables));
    environments.env(&scope("web")).await.unwrap().aws.ecs().list_clusters().send().await.unwrap();
    let uris: Vec<_> = fake.seen().into_iter().map(|seen| seen.uri).collect();
    assert_eq!(uris, [sts, ecs]);
}

#[tokio::test]
async fn no_fault_shows_what_was_in_the_answer() {
    let fault = failed(Reply::json(r#"{"clusterArns": ["hunter2"], "clusterArns": 7}"#)).await;
    assert_eq!(fault.class, FaultClass::Malformed);
    assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_gives_nothing_is_not_run_by_every_poll() {
    let home = Home::new("[profile web]\ncredential_process = echo x >> $HOME/starts && false\n");
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    let starts = || std::fs::read_to_string(home.path().join("starts")).unwrap().lines().count();
    environments.env(&scope("web")).await.unwrap_err();
    let signer = Arc::clone(&environments.member("web").unwrap().loaded().unwrap().signer);
    // What those who ask in the same seconds share is left out here: each of these is a poll of its own.
    for _ in 0..5 {
        let fault = signer.resolver().resolve(None).await.unwrap_err();
        assert!(fault.summary.starts_with("credential_process failed"), "{fault}");
    }
    environments.look_at("web");
    signer.resolver().resolve(None).await.unwrap_err();
    assert_eq!(starts(), 1, "nor is it by who looks soon after");
    environments.urge("web");
    signer.resolver().resolve(None).await.unwrap_err();
    signer.resolver().resolve(None).await.unwrap_err();
    assert_eq!(starts(), 2, "once for each time that somebody wants it");
    let (tell, _told) = tokio::sync::mpsc::channel(1);
    let fault = environments.sign_in("web", tell).await.unwrap_err();
    assert!(matches!(fault.class, FaultClass::Expired { .. }), "{fault}");
    assert_eq!(starts(), 3);
}
