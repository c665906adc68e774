//! Files that change, are broken, or are not there.

use std::sync::Arc;

use super::KEYS;
use super::fake::{Fake, Home, environment, scope};
use crate::model::FaultClass;

#[tokio::test]
async fn a_changed_profile_is_made_anew_and_the_others_keep_their_clients() {
    let home = Home::new(KEYS);
    let fake = Fake::default();
    let list = vec![environment("web", Some("web")), environment("other", Some("other"))];
    let environments = fake.environments(list, home.variables());
    let web = environments.env(&scope("web")).await.unwrap();
    let other = environments.env(&scope("other")).await.unwrap();
    assert!(environments.changed_files().await.is_empty());
    home.write(".aws/config", &KEYS.replace("AKIAWEB", "AKIANEWER"));
    let changed = environments.changed_files().await;
    assert_eq!(changed.iter().map(|name| &**name).collect::<Vec<_>>(), ["web"]);
    assert!(environments.changed_files().await.is_empty());
    assert!(Arc::ptr_eq(&other, &environments.env(&scope("other")).await.unwrap()));
    assert!(!Arc::ptr_eq(&web, &environments.env(&scope("web")).await.unwrap()));
    assert_eq!(fake.signed().last().unwrap(), "GetCallerIdentity by AKIANEWER in eu-north-1");
}

#[tokio::test]
async fn a_broken_profile_is_its_own_trouble_and_recovers() {
    let home = Home::new(&format!("{KEYS}[profile bad]\naws_access_key_id\n"));
    let fake = Fake::default();
    let list = vec![environment("web", Some("web")), environment("bad", Some("bad"))];
    let environments = fake.environments(list, home.variables());
    environments.env(&scope("web")).await.unwrap();
    let fault = environments.env(&scope("bad")).await.unwrap_err();
    assert_eq!(fault.class, FaultClass::Invalid);
    assert!(fault.summary.starts_with("profile bad in the AWS files"), "{}", fault.summary);
    home.write(
        ".aws/config",
        &format!("{KEYS}[profile bad]\naws_access_key_id = AKIABAD\naws_secret_access_key = s\n"),
    );
    let changed = environments.changed_files().await;
    assert_eq!(changed.iter().map(|name| &**name).collect::<Vec<_>>(), ["bad"]);
    environments.env(&scope("bad")).await.unwrap();
}

#[tokio::test]
async fn the_credentials_file_counts_too() {
    let home = Home::new("[profile web]\nregion = eu-north-1\n");
    let elsewhere = home.path().join("elsewhere");
    home.write("elsewhere", "[web]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n");
    let fake = Fake::default();
    let variables = home.variables_with(&[("AWS_SHARED_CREDENTIALS_FILE", elsewhere.to_str().unwrap())]);
    let environments = fake.environments(vec![environment("web", Some("web"))], variables);
    environments.env(&scope("web")).await.unwrap();
    assert_eq!(fake.signed(), ["GetCallerIdentity by AKIAFILE in eu-north-1"]);
}

#[tokio::test]
async fn no_files_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("HOME".to_owned(), folder.path().display().to_string())].into_iter().collect();
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], variables);
    let fault = environments.env(&scope("web")).await.unwrap_err();
    assert_eq!(fault.summary, "profile web in the AWS files: there is no such profile");
}
