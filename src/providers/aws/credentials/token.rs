//! SSO tokens where the AWS command line keeps them, in its format: either tool can use what the other signed in to.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha1::{Digest, Sha1};

use crate::model::{Fault, FaultClass};
use crate::providers::aws::chain::SsoSession;
use crate::providers::aws::files::write_private;
use crate::providers::aws::variables::Variables;

/// A token of an SSO session, as cached.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are the names in the file")]
pub struct Token {
    /// What calls are made with.
    pub access_token: String,
    expires_at: String,
    /// What buys the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The registered client that the token was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_expires_at: Option<String>,
    /// What else the file has stays in it.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A registered client.
#[derive(Clone)]
pub struct Registration {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// When it ends.
    pub expires: Timestamp,
}

impl Token {
    /// A token just given to a registered client.
    pub fn new(
        session: &SsoSession,
        registration: &Registration,
        access: String,
        seconds: i32,
        refresh: Option<String>,
    ) -> Self {
        let mut rest = Map::new();
        rest.insert("startUrl".to_owned(), session.start_url.clone().into());
        rest.insert("region".to_owned(), session.region.clone().into());
        Self {
            access_token: access,
            expires_at: in_seconds(seconds),
            refresh_token: refresh,
            client_id: Some(registration.id.clone()),
            client_secret: Some(registration.secret.clone()),
            registration_expires_at: Some(written(registration.expires)),
            rest,
        }
    }

    /// The one that followed it.
    #[must_use]
    pub fn renewed(&self, access: String, seconds: i32, refresh: Option<String>) -> Self {
        let refresh_token = refresh.or_else(|| self.refresh_token.clone());
        Self { access_token: access, expires_at: in_seconds(seconds), refresh_token, ..self.clone() }
    }

    /// Whether it is good for at least so much longer.
    pub fn lasts(&self, at_least: Duration) -> bool {
        parsed(&self.expires_at).is_some_and(|end| SystemTime::from(end) > SystemTime::now() + at_least)
    }

    /// The client it was given to, while its registration lasts.
    pub fn registration(&self) -> Option<Registration> {
        let expires = parsed(self.registration_expires_at.as_deref()?)?;
        let lasts = SystemTime::from(expires) > SystemTime::now() + Duration::from_hours(1);
        let (id, secret) = (self.client_id.clone()?, self.client_secret.clone()?);
        lasts.then_some(Registration { id, secret, expires })
    }

    /// The cached token of a session; `None` where there is none, or none that can be read.
    pub async fn load(variables: &Variables, session: &SsoSession) -> Option<Self> {
        let bytes = tokio::fs::read(path(variables, session)?).await.ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Caches it.
    pub async fn save(&self, variables: &Variables, session: &SsoSession) -> Result<(), Fault> {
        let failed = |why: String| Fault::new(FaultClass::Invalid, format!("the SSO token can't be cached: {why}"));
        let path = path(variables, session).ok_or_else(|| failed("there is no home folder".to_owned()))?;
        let json = serde_json::to_vec(self).map_err(|error| failed(error.to_string()))?;
        tokio::task::spawn_blocking(move || write_private(&path, &json))
            .await
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(error.to_string()))
    }
}

/// Where the token of a session is cached: `~/.aws/sso/cache/`, by the hash of the session's name or start URL.
pub fn path(variables: &Variables, session: &SsoSession) -> Option<PathBuf> {
    use std::fmt::Write;
    let mut name = String::with_capacity(45);
    for byte in Sha1::digest(session.key()) {
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(".json");
    Some(variables.home()?.join(".aws/sso/cache").join(name))
}

fn in_seconds(seconds: i32) -> String {
    let now = Timestamp::now();
    written(now.checked_add(jiff::SignedDuration::from_secs(seconds.into())).unwrap_or(now))
}

/// As the AWS command line writes an instant: to the second.
fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Old versions of the AWS command line end it with `UTC`.
fn parsed(at: &str) -> Option<Timestamp> {
    at.replace("UTC", "Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SsoSession {
        SsoSession {
            name: Some("my-sso".to_owned()),
            start_url: "https://d-abc123.awsapps.com/start".to_owned(),
            region: "eu-west-1".to_owned(),
            scopes: Vec::new(),
        }
    }

    fn home(folder: &tempfile::TempDir) -> Variables {
        [("HOME".to_owned(), folder.path().display().to_string())].into_iter().collect()
    }

    #[test]
    fn the_place_is_the_command_lines() {
        let variables = [("HOME".to_owned(), "/h".to_owned())].into_iter().collect();
        let by_name = path(&variables, &session()).unwrap();
        // printf my-sso | sha1sum
        assert_eq!(by_name, PathBuf::from("/h/.aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json"));
        let by_url = path(&variables, &SsoSession { name: None, ..session() }).unwrap();
        assert_ne!(by_name, by_url);
    }

    #[tokio::test]
    async fn what_is_saved_is_loaded_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let registration = Registration {
            id: "i".to_owned(),
            secret: "s".to_owned(),
            expires: "2033-05-18T03:33:20Z".parse().unwrap(),
        };
        let token = Token::new(&session(), &registration, "a".to_owned(), 3600, Some("r".to_owned()));
        token.save(&home(&folder), &session()).await.unwrap();
        let file = path(&home(&folder), &session()).unwrap();
        let json: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let mut keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let expected = [
            "accessToken",
            "clientId",
            "clientSecret",
            "expiresAt",
            "refreshToken",
            "region",
            "registrationExpiresAt",
            "startUrl",
        ];
        assert_eq!(keys, expected);
        assert_eq!(json["registrationExpiresAt"], "2033-05-18T03:33:20Z");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let loaded = Token::load(&home(&folder), &session()).await.unwrap();
        assert!(loaded.lasts(Duration::from_secs(3500)) && !loaded.lasts(Duration::from_secs(3700)));
        let renewed = loaded.renewed("b".to_owned(), 10, None);
        assert_eq!((renewed.access_token.as_str(), renewed.refresh_token.as_deref()), ("b", Some("r")));
        assert_eq!(renewed.registration().unwrap().id, "i");
    }

    #[test]
    fn old_forms_are_read() {
        let old: Token =
            serde_json::from_str(r#"{"accessToken":"a","expiresAt":"2033-05-18T03:33:20UTC","startUrl":"u"}"#).unwrap();
        assert!(old.lasts(Duration::ZERO) && old.registration().is_none());
    }
}
