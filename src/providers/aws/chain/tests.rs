//! Profiles as people write them, and the chains they mean.

use rstest::rstest;

use super::*;
use crate::model::FaultClass;
use crate::providers::aws::files::AwsFiles;

async fn chain(profile: &str, config: &str) -> Result<Chain, Fault> {
    let excerpt = AwsFiles::of_text(config, "").excerpt(profile).await?;
    Chain::of(&excerpt.parse().await?)
}

fn keys(id: &str) -> Base {
    Base::Keys { id: id.to_owned(), secret: "s".to_owned(), token: None }
}

#[tokio::test]
async fn keys_alone() {
    let chain = chain("a", "[profile a]\naws_access_key_id = A\naws_secret_access_key = s\n").await.unwrap();
    assert_eq!(chain, Chain { base: keys("A"), roles: Vec::new(), mfa_serial: None });
}

#[tokio::test]
async fn roles_are_assumed_from_the_base_up() {
    let config = "[profile target]\nrole_arn = t\nsource_profile = hop\nrole_session_name = me\nduration_seconds = 900\n\
        [profile hop]\nrole_arn = h\nsource_profile = base\nexternal_id = x\n\
        [profile base]\naws_access_key_id = A\naws_secret_access_key = s\n";
    let chain = chain("target", config).await.unwrap();
    assert_eq!(chain.base, keys("A"));
    let arns: Vec<_> = chain.roles.iter().map(|role| role.arn.as_str()).collect();
    assert_eq!(arns, ["h", "t"]);
    assert_eq!(chain.roles[0].external_id.as_deref(), Some("x"));
    assert_eq!((chain.roles[1].session_name.as_deref(), chain.roles[1].seconds), (Some("me"), Some(900)));
}

#[tokio::test]
async fn keys_of_a_source_profile_come_before_its_role() {
    let config = "[profile a]\nrole_arn = r\nsource_profile = b\n\
        [profile b]\nrole_arn = other\nsource_profile = a\naws_access_key_id = B\naws_secret_access_key = s\n";
    let chain = chain("a", config).await.unwrap();
    assert_eq!((chain.base, chain.roles.len()), (keys("B"), 1));
}

#[tokio::test]
async fn a_profile_may_be_its_own_source() {
    let config = "[profile a]\nrole_arn = r\nsource_profile = a\naws_access_key_id = A\naws_secret_access_key = s\n";
    let chain = chain("a", config).await.unwrap();
    assert_eq!((chain.base, chain.roles.len()), (keys("A"), 1));
}

#[rstest]
#[case("credential_source = Environment", Base::Environment)]
#[case("credential_source = Ec2InstanceMetadata", Base::Instance)]
#[case("credential_source = EcsContainer", Base::Container)]
#[tokio::test]
async fn credential_sources(#[case] line: &str, #[case] base: Base) {
    let chain = chain("a", &format!("[profile a]\nrole_arn = r\n{line}\n")).await.unwrap();
    assert_eq!((chain.base, chain.roles.len()), (base, 1));
}

#[tokio::test]
async fn both_forms_of_sso() {
    let old = "[profile a]\nsso_start_url = u\nsso_region = r\nsso_account_id = 1\nsso_role_name = n\n";
    let session = chain("a", old).await.unwrap().sso().unwrap().clone();
    assert_eq!((session.key(), session.scopes.len()), ("u", 0));
    let new = "[profile a]\nsso_session = s\nsso_account_id = 1\nsso_role_name = n\n\
        [sso-session s]\nsso_start_url = u\nsso_region = r\nsso_registration_scopes = x, y\n";
    let session = chain("a", new).await.unwrap().sso().unwrap().clone();
    assert_eq!(session.key(), "s");
    assert_eq!(session.scopes, ["x", "y"]);
}

#[tokio::test]
async fn web_identity_and_process() {
    let web = "[profile a]\nrole_arn = r\nweb_identity_token_file = /t\n";
    let expected = Base::WebIdentity { role_arn: "r".to_owned(), token_file: "/t".to_owned(), session_name: None };
    let found = chain("a", web).await.unwrap();
    assert_eq!((found.base, found.roles.len()), (expected, 0));
    let process = chain("a", "[profile a]\ncredential_process = /bin/x --y\n").await.unwrap();
    assert_eq!(process.base, Base::Process("/bin/x --y".to_owned()));
}

#[rstest]
// The one that assumes the role has the device.
#[case("target", Some("device"))]
// The serial beside keys that are only a source is for other tools.
#[case("plain", None)]
// Looked at by itself, the profile with the keys wants the code.
#[case("base", Some("of-base"))]
#[tokio::test]
async fn devices(#[case] profile: &str, #[case] serial: Option<&str>) {
    let config = "[profile target]\nrole_arn = t\nsource_profile = base\nmfa_serial = device\n\
        [profile plain]\nrole_arn = t\nsource_profile = base\n\
        [profile base]\naws_access_key_id = A\naws_secret_access_key = s\nmfa_serial = of-base\n";
    assert_eq!(chain(profile, config).await.unwrap().mfa_serial.as_deref(), serial);
}

#[rstest]
#[case("[profile b]\nregion = x\n", "there is no such profile")]
#[case("[profile a]\nregion = x\n", "nothing in it gives credentials")]
#[case("[profile a]\naws_access_key_id = x\n", "aws_secret_access_key is missing")]
#[case("[profile a]\nrole_arn = x\n", "wants source_profile or credential_source")]
#[case("[profile a]\nrole_arn = x\nsource_profile = gone\n", "its source_profile gone does not exist")]
#[case("[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nrole_arn = y\nsource_profile = a\n", "form a loop")]
#[case("[profile a]\nrole_arn = x\ncredential_source = Magic\n", "credential_source Magic is not known")]
#[case(
    "[profile a]\nsso_session = gone\nsso_account_id = 1\nsso_role_name = n\n",
    "its sso-session gone does not exist"
)]
#[case("[profile a]\nsso_start_url = u\nsso_region = r\nsso_role_name = n\n", "sso_account_id is missing")]
#[case("[profile a]\nlogin_session = arn\n", "login_session can't be used")]
#[tokio::test]
async fn what_is_wrong_is_said(#[case] config: &str, #[case] words: &str) {
    let fault = chain("a", config).await.unwrap_err();
    assert_eq!(fault.class, FaultClass::Invalid);
    assert!(fault.summary.contains(words), "{}", fault.summary);
}
