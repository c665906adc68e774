//! Profiles with `mfa_serial`.

use super::fake::{Fake, Home, Reply, environment, scope};
use crate::model::FaultClass;

const TWO_ROLES: &str = "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\nmfa_serial = arn:aws:iam::9:mfa/jane\n\
    [profile b]\nrole_arn = arn:aws:iam::2:role/b\nsource_profile = base\nmfa_serial = arn:aws:iam::9:mfa/jane\n\
    [profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n";

#[tokio::test]
async fn a_code_buys_a_session_for_all_who_share_keys_and_device() {
    let home = Home::new(TWO_ROLES);
    let fake = Fake::default();
    let list = vec![environment("a", Some("a")), environment("b", Some("b"))];
    let environments = fake.environments(list, home.variables());
    for name in ["a", "b"] {
        let fault = environments.env(&scope(name)).await.unwrap_err();
        assert_eq!(fault.class, FaultClass::NeedsCode { serial: "arn:aws:iam::9:mfa/jane".into() });
        assert_eq!(environments.needs_code(name).as_deref(), Some("arn:aws:iam::9:mfa/jane"));
    }
    assert!(fake.seen().is_empty(), "nothing is sent before there is a code");

    environments.give_code("a", " 123456 ").await.unwrap();
    environments.env(&scope("a")).await.unwrap();
    environments.env(&scope("b")).await.unwrap();
    assert_eq!((environments.needs_code("a"), environments.needs_code("b")), (None, None));
    let calls: Vec<_> = fake.signed().iter().map(|call| call.replace(" in eu-central-1", "")).collect();
    assert_eq!(
        calls,
        [
            "GetSessionToken by AKIABASE",
            "AssumeRole by ASIAGetSessionToken1",
            "GetCallerIdentity by ASIAAssumeRole1",
            "AssumeRole by ASIAGetSessionToken1",
            "GetCallerIdentity by ASIAAssumeRole2",
        ]
    );
    assert!(fake.seen()[0].body.contains("TokenCode=123456"));
}

#[tokio::test]
async fn a_wrong_code_is_said_and_asked_for_again() {
    let home = Home::new(TWO_ROLES);
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("a", Some("a"))], home.variables());
    assert!(environments.env(&scope("a")).await.is_err());
    let refused = "MultiFactorAuthentication failed with invalid MFA one time pass code.";
    fake.answer("GetSessionToken", Reply::xml_error(403, "AccessDenied", refused));
    let fault = environments.give_code("a", "000000").await.unwrap_err();
    assert_eq!(
        (fault.class, fault.summary.as_str()),
        (FaultClass::Invalid, "the code was not accepted; wait for the next one")
    );
    tokio::time::sleep(std::time::Duration::from_millis(3100)).await;
    assert!(environments.env(&scope("a")).await.is_err());
    assert!(environments.needs_code("a").is_some());
}

#[tokio::test]
async fn without_long_term_keys_the_first_role_takes_the_code() {
    let home = Home::new(
        "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = p\nmfa_serial = m\n[profile p]\ncredential_process = cat $HOME/printed\n",
    );
    home.write("printed", r#"{"Version":1,"AccessKeyId":"AKIAPRINTED","SecretAccessKey":"s"}"#);
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("a", Some("a"))], home.variables());
    assert!(environments.env(&scope("a")).await.is_err());
    environments.give_code("a", "123456").await.unwrap();
    let body = &fake.seen()[0].body;
    assert!(
        body.contains("Action=AssumeRole&") && body.contains("SerialNumber=m") && body.contains("TokenCode=123456"),
        "{body}"
    );
    assert_eq!(fake.seen()[1].key.as_deref(), Some("ASIAAssumeRole1"));
}
