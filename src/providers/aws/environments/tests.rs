//! Environments against a stand-in for AWS that answers by operation and keeps what it was sent.

mod fake;
mod faults;
mod files;
mod mfa;
mod permits;
mod sso;

use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use rstest::rstest;

use super::*;
use crate::providers::aws::signer::Attested;
use fake::{Fake, Home, Reply, environment, scope};

const AMBIENT: [(&str, &str); 10] = [
    ("AWS_ACCESS_KEY_ID", "AKIAAMBIENT"),
    ("AWS_SECRET_ACCESS_KEY", "ambient"),
    ("AWS_SESSION_TOKEN", "ambient"),
    ("AWS_PROFILE", "other"),
    ("AWS_REGION", "us-west-2"),
    ("AWS_DEFAULT_REGION", "us-west-2"),
    ("AWS_ROLE_ARN", "arn:aws:iam::999999999999:role/ambient"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/ambient"),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/ambient"),
];

const KEYS: &str = "[profile web]\nregion = eu-north-1\naws_access_key_id = AKIAWEB\naws_secret_access_key = s\n\
    [profile other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = s\n";

#[tokio::test]
async fn ambient_variables_never_shadow_a_profile() {
    let home = Home::new(KEYS);
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables_with(&AMBIENT));
    let env = environments.env(&scope("web")).await.unwrap();
    env.aws.ecs().list_clusters().send().await.unwrap();
    assert_eq!(
        fake.signed(),
        ["GetCallerIdentity by AKIAWEB in eu-north-1", "ListClusters by AKIAWEB in eu-central-1"]
    );
}

#[tokio::test]
async fn really_set_variables_never_shadow_a_profile() {
    // Variables can't be set within a process that has threads, so this test runs itself in a process of its own.
    const CHILD: &str = "QUARTERDECK_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let fake = Fake::default();
        let environments = fake.environments(vec![environment("web", Some("web"))], Variables::of_process());
        environments.env(&scope("web")).await.unwrap().aws.ecs().list_clusters().send().await.unwrap();
        assert_eq!(
            fake.signed(),
            ["GetCallerIdentity by AKIAWEB in eu-north-1", "ListClusters by AKIAWEB in eu-central-1"]
        );
        return;
    }
    let home = Home::new(KEYS);
    let name = "providers::aws::environments::tests::really_set_variables_never_shadow_a_profile";
    let status = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, "1")
        .envs(AMBIENT)
        .env("HOME", home.path())
        .env("AWS_CONFIG_FILE", home.path().join(".aws/config"))
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&status.stdout);
    assert!(status.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn the_ambient_environment_uses_the_ambient_keys() {
    let home = Home::new(KEYS);
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("ambient", None)], home.variables_with(&AMBIENT));
    environments.env(&scope("ambient")).await.unwrap();
    assert_eq!(fake.signed(), ["GetCallerIdentity by AKIAAMBIENT in eu-central-1"]);
}

#[tokio::test]
async fn roles_are_assumed_with_the_credentials_before_them() {
    let home = Home::new(
        "[profile web]\nrole_arn = arn:aws:iam::1:role/target\nsource_profile = base\nexternal_id = x y\n\
         [profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n",
    );
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    let env = environments.env(&scope("web")).await.unwrap();
    env.aws.ecs().list_clusters().send().await.unwrap();
    let signed = ["AssumeRole by AKIABASE", "GetCallerIdentity by ASIAAssumeRole1", "ListClusters by ASIAAssumeRole1"];
    assert_eq!(fake.signed(), signed.map(|call| format!("{call} in eu-central-1")));
    let body = &fake.seen()[0].body;
    assert!(
        body.contains("role%2Ftarget") && body.contains("ExternalId=x+y") | body.contains("ExternalId=x%20y"),
        "{body}"
    );
    assert_eq!(env.identity.account.as_ref(), "111122223333");
}

#[rstest]
#[case(Some("999900001111"))]
#[case(None)]
#[tokio::test]
async fn another_account_gets_no_client_and_shows_no_rows(#[case] configured: Option<&str>) {
    let home = Home::new(KEYS);
    let pins = home.path().join("pins.json");
    let fake = Fake::default();
    let web = Environment { account: configured.map(Into::into), ..environment("web", Some("web")) };
    if configured.is_none() {
        // Pinned at first sight, by another run of the program.
        let first = fake.environments_with_pins(vec![web.clone()], home.variables(), pins.clone());
        first.env(&scope("web")).await.unwrap();
        fake.answer("GetCallerIdentity", Reply::identity("444455556666"));
    }
    let environments = fake.environments_with_pins(vec![web], home.variables(), pins);
    let fault = environments.env(&scope("web")).await.unwrap_err();
    let (expected, found) = match configured {
        Some(configured) => (configured, "111122223333"),
        None => ("111122223333", "444455556666"),
    };
    assert_eq!(fault.class, FaultClass::WrongAccount { expected: expected.into(), found: found.into() });
    assert!(environments.identity(&scope("web")).await.is_err());
    assert!(fake.signed().iter().all(|call| call.starts_with("GetCallerIdentity")));
}

#[tokio::test]
async fn new_credentials_of_another_account_sign_nothing() {
    let home = Home::new("[profile web]\ncredential_process = cat $HOME/printed\n");
    home.write("printed", r#"{"Version":1,"AccessKeyId":"AKIAONE","SecretAccessKey":"s"}"#);
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    let env = environments.env(&scope("web")).await.unwrap();
    home.write("printed", r#"{"Version":1,"AccessKeyId":"AKIATWO","SecretAccessKey":"s"}"#);
    fake.answer("GetCallerIdentity", Reply::identity("444455556666"));
    // The service says that the old ones are over, so new ones are asked for.
    fake.answer(
        "ListClusters",
        Reply::error(400, "ExpiredTokenException", "The security token included in the request is expired"),
    );
    let over = env.aws.ecs().list_clusters().send().await.unwrap_err();
    assert!(matches!(crate::providers::aws::fault("ecs:ListClusters", &over).class, FaultClass::Expired { .. }));
    fake.answer("ListClusters", Reply::json("{}"));
    let wrong = env.aws.ecs().list_clusters().send().await.unwrap_err();
    let fault = crate::providers::aws::fault("ecs:ListClusters", &wrong);
    assert!(matches!(fault.class, FaultClass::WrongAccount { .. }), "{fault:?}");
    assert!(!fake.signed().iter().any(|call| call.starts_with("ListClusters by AKIATWO")));
}

#[tokio::test]
async fn credentials_are_resolved_once_for_all_who_ask() {
    let home = Home::new(
        "[profile web]\nrole_arn = r\nsource_profile = base\n[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n",
    );
    let fake = Fake::default();
    fake.delay("AssumeRole", Duration::from_millis(50));
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    let regions = ["eu-central-1", "eu-west-1"];
    let asked = (0..20).map(|n| {
        let environments = Arc::clone(&environments);
        async move { environments.env(&Scope::new("web", regions[n % 2])).await.unwrap() }
    });
    let envs = futures_util::future::join_all(asked).await;
    assert_eq!(fake.signed().len(), 2, "{:?}", fake.signed());
    assert!(Arc::ptr_eq(&envs[0], &envs[18]) && !Arc::ptr_eq(&envs[0], &envs[1]));
}

#[tokio::test]
async fn credentials_that_last_are_good_although_they_can_not_be_renewed() {
    let home = Home::new("[profile web]\ncredential_process = cat $HOME/printed\n");
    home.write(
        "printed",
        r#"{"Version":1,"AccessKeyId":"A1","SecretAccessKey":"s","Expiration":"2099-01-01T00:00:00Z"}"#,
    );
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    let env = environments.env(&scope("web")).await.unwrap();
    std::fs::remove_file(home.path().join("printed")).unwrap();
    let signer = Arc::clone(&environments.member("web").unwrap().loaded().unwrap().signer);
    for _ in 0..2 {
        signer.outdate();
        env.aws.ecs().list_clusters().send().await.unwrap();
    }
    assert!(signer.failure().unwrap().summary.contains("credential_process failed"));
    // Renewed, with the same key: nobody has to say again whose it is.
    home.write(
        "printed",
        r#"{"Version":1,"AccessKeyId":"A1","SecretAccessKey":"s","Expiration":"2099-01-01T00:00:00Z"}"#,
    );
    signer.forgive();
    env.aws.ecs().list_clusters().send().await.unwrap();
    assert!(signer.failure().is_none());
    assert_eq!(fake.signed().iter().filter(|call| call.starts_with("GetCallerIdentity")).count(), 1);
}

#[tokio::test]
async fn a_slow_environment_delays_no_other() {
    let home = Home::new(&format!("{KEYS}[profile slow]\ncredential_process = sleep 20\n"));
    let fake = Fake::default();
    let list = vec![environment("slow", Some("slow")), environment("web", Some("web"))];
    let environments = fake.environments(list, home.variables());
    let slow = tokio::spawn({
        let environments = Arc::clone(&environments);
        async move { environments.env(&scope("slow")).await.is_ok() }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    environments.env(&scope("web")).await.unwrap();
    assert!(environments.changed_files().await.is_empty());
    assert!(environments.changed_tokens().await.is_empty());
    assert!(start.elapsed() < Duration::from_secs(2) && !slow.is_finished());
    slow.abort();
}

#[tokio::test]
async fn the_alias_is_asked_for_once_and_may_be_denied() {
    let home = Home::new(KEYS);
    let fake = Fake::default();
    let list = vec![environment("web", Some("web")), environment("other", Some("other"))];
    let environments = fake.environments(list, home.variables());
    for _ in 0..2 {
        let identity = environments.identity(&scope("web")).await.unwrap();
        assert_eq!(identity.alias.as_deref(), Some("web-prod"));
    }
    fake.answer(
        "ListAccountAliases",
        Reply::xml_error(403, "AccessDenied", "not authorized to perform: iam:ListAccountAliases"),
    );
    for _ in 0..2 {
        assert_eq!(environments.identity(&scope("other")).await.unwrap().alias, None);
    }
    assert_eq!(fake.signed().iter().filter(|call| call.starts_with("ListAccountAliases")).count(), 2);
}

#[tokio::test]
async fn the_guard_refuses_what_is_no_read() {
    let home = Home::new(KEYS);
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    let env = environments.env(&scope("web")).await.unwrap();
    let before = fake.seen().len();

    let update = env.aws.ecs().update_service().service("s").desired_count(0).send().await.unwrap_err();
    let fault = crate::providers::aws::fault("ecs:UpdateService", &update);
    assert_eq!((fault.class, fault.summary.as_str()), (FaultClass::Bug, "refused: ecs:UpdateService is not a read"));

    // A client built by hand, past the interceptor.
    let current = environments.member("web").unwrap().loaded().unwrap();
    let reads = current.signer.gates().reads.clone();
    let sdk = current.signer.settings().sdk(
        "eu-central-1",
        reads,
        Some(SharedCredentialsProvider::new(Attested(Arc::clone(&current.signer)))),
        Patience::READ,
    );
    for fault in [
        crate::providers::aws::fault(
            "ecs:UpdateService",
            &aws_sdk_ecs::Client::new(&sdk).update_service().send().await.unwrap_err(),
        ),
        crate::providers::aws::fault(
            "ecs:ListClusters",
            &aws_sdk_ecs::Client::new(&sdk).list_clusters().send().await.unwrap_err(),
        ),
    ] {
        assert_eq!(fault.summary, "refused: an untagged request is not a read");
    }

    // Signing in may do nothing else, and reading may not sign in.
    let sign_in = current.signer.gates().sign_in.clone();
    let sdk = current.signer.settings().sdk("eu-central-1", sign_in, sdk.credentials_provider(), Patience::READ);
    let config = aws_sdk_ecs::config::Builder::from(&sdk).interceptor(current.signer.tag()).build();
    assert!(aws_sdk_ecs::Client::from_conf(config).list_clusters().send().await.is_err());
    assert_eq!(fake.seen().len(), before, "{:?}", fake.signed());
}

#[tokio::test]
async fn nothing_that_changes_gets_onto_the_list() {
    let fake = Fake::default();
    let origin = fake.origin();
    let reads = vec!["ecs:UpdateService", "eks:DescribeCluster", "logs:StartLiveTail", "sts:AssumeRole"];
    let ground = Ground::Files(Arc::new(KubeSource::new(Variables::default())));
    let environments = Environments::build(Vec::new(), (origin, ground), Variables::default(), None, reads);
    let mut passes: Vec<_> = environments.reads.iter().copied().collect();
    passes.sort_unstable();
    assert_eq!(passes, ["eks:DescribeCluster", "eks:ListClusters", "iam:ListAccountAliases", "logs:StartLiveTail"]);
}

#[tokio::test]
async fn calls_are_counted_where_they_leave() {
    let home = Home::new(KEYS);
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    let env = environments.env(&scope("web")).await.unwrap();
    fake.answer("ListClusters", Reply::error(400, "ThrottlingException", "Rate exceeded"));
    let error = env.aws.ecs().list_clusters().send().await.unwrap_err();
    let fault = crate::providers::aws::fault("ecs:ListClusters", &error);
    assert!(matches!(fault.class, FaultClass::Throttled { .. }));
    let calls = environments.calls("web");
    assert_eq!((calls.last_minute, calls.throttled), (4, 3));
    assert_eq!(calls.operations, [("ecs:ListClusters", 3, 3), ("sts:GetCallerIdentity", 1, 0)]);
}

#[tokio::test]
async fn an_unknown_environment_has_near_misses() {
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("dhbw-prod", Some("x"))], Variables::default());
    let fault = environments.env(&scope("dhbw-prd")).await.unwrap_err();
    assert_eq!(fault.summary, "there is no environment dhbw-prd; did you mean dhbw-prod?");
}

#[tokio::test]
async fn an_estate_stands_in_for_aws() {
    let fake = Fake::default();
    let estate: Estate = {
        let fake = fake.clone();
        Arc::new(move |name| {
            let credentials = aws_credential_types::Credentials::new("AKIAESTATE", "s", None, None, "estate");
            (name == "web").then(|| (SharedHttpClient::new(fake.clone()), SharedCredentialsProvider::new(credentials)))
        })
    };
    let list = vec![environment("web", Some("web")), environment("gone", Some("gone"))];
    let environments =
        Environments::new(list, Source::Estate { aws: estate, kube: Arc::new(|_, _| None) }, fake::READS.to_vec());
    environments.env(&scope("web")).await.unwrap().aws.ecs().list_clusters().send().await.unwrap();
    assert_eq!(environments.env(&scope("gone")).await.unwrap_err().class, FaultClass::Invalid);
    assert!(fake.signed().iter().all(|call| call.contains("AKIAESTATE")));
    assert!(environments.changed_files().await.is_empty());
}

#[tokio::test]
async fn environments_that_stay_keep_their_clients() {
    let home = Home::new(KEYS);
    let fake = Fake::default();
    let list = vec![environment("web", Some("web")), environment("other", Some("other"))];
    let environments = fake.environments(list.clone(), home.variables());
    let before = environments.env(&scope("web")).await.unwrap();
    environments.set(vec![Environment { account: Some("1".into()), ..list[1].clone() }, list[0].clone()]);
    assert!(Arc::ptr_eq(&before, &environments.env(&scope("web")).await.unwrap()));
    assert!(matches!(environments.env(&scope("other")).await.unwrap_err().class, FaultClass::WrongAccount { .. }));
    environments.forget("web");
    assert!(!Arc::ptr_eq(&before, &environments.env(&scope("web")).await.unwrap()));
    assert_eq!(environments.list()[0].name.as_ref(), "other");
}

#[tokio::test]
async fn web_identity_by_the_profile() {
    let home = Home::new("[profile web]\nrole_arn = arn:aws:iam::1:role/w\nweb_identity_token_file = HOME/token\n");
    home.write("token", "jwt\n");
    let config = std::fs::read_to_string(home.path().join(".aws/config")).unwrap();
    home.write(".aws/config", &config.replace("HOME", &home.path().display().to_string()));
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    environments.env(&scope("web")).await.unwrap();
    let seen = fake.seen();
    assert!(
        seen[0].key.is_none()
            && seen[0].body.contains("WebIdentityToken=jwt&") | seen[0].body.ends_with("WebIdentityToken=jwt")
    );
    assert_eq!(seen[1].key.as_deref(), Some("ASIAAssumeRoleWithWebIdentity1"));
}
