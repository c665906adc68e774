//! A stand-in for AWS behind the SDK's HTTP client, and a home folder with AWS files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use super::super::{Environments, Origin, Pool};
use crate::model::{Environment, Scope};
use crate::providers::aws::variables::Variables;
use crate::providers::kube::{Ground, KubeSource};

/// What kinds read, as far as these tests do.
pub const READS: [&str; 4] =
    ["ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListClusters", "logs:StartLiveTail"];

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Such as `AssumeRole`.
    pub operation: String,
    /// Access key id of the signature.
    pub key: Option<String>,
    /// Region of the signature.
    pub region: Option<String>,
    /// Whole address.
    pub uri: String,
    /// Body.
    pub body: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Status, headers, body.
    Http(u16, Vec<(&'static str, String)>, String),
    /// The connection fails.
    Broken(&'static str),
    /// Nothing comes.
    Silence,
}

impl Reply {
    pub fn json(body: &str) -> Self {
        Self::Http(200, Vec::new(), body.to_owned())
    }

    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = format!(r#"{{"__type":"x#{code}","message":"{message}","Message":"{message}","error":"{code}"}}"#);
        Self::Http(status, vec![("x-amzn-errortype", code.to_owned()), ("x-amzn-requestid", "req-1".to_owned())], body)
    }

    pub fn xml(body: &str) -> Self {
        Self::Http(200, Vec::new(), body.to_owned())
    }

    pub fn xml_error(status: u16, code: &str, message: &str) -> Self {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        let body = format!("<ErrorResponse>{error}<RequestId>req-1</RequestId></ErrorResponse>");
        Self::Http(status, Vec::new(), body)
    }

    pub fn identity(account: &str) -> Self {
        Self::xml(&format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::{account}:assumed-role/ops/jane</Arn><UserId>u</UserId>\
             <Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        ))
    }

    fn credentials(operation: &str, number: usize) -> Self {
        Self::xml(&format!(
            "<{operation}Response><{operation}Result><Credentials><AccessKeyId>ASIA{operation}{number}</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{operation}Result></{operation}Response>"
        ))
    }
}

/// The stand-in. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Fake(Arc<State>);

#[derive(Debug, Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    replies: Mutex<HashMap<String, Reply>>,
    delays: Mutex<HashMap<String, Duration>>,
}

impl Fake {
    /// What it answers to an operation from now on.
    pub fn answer(&self, operation: &str, reply: Reply) {
        self.0.replies.lock().unwrap().insert(operation.to_owned(), reply);
    }

    pub fn delay(&self, operation: &str, by: Duration) {
        self.0.delays.lock().unwrap().insert(operation.to_owned(), by);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.0.seen.lock().unwrap().clone()
    }

    /// Every call as `Operation by KEY in REGION`.
    pub fn signed(&self) -> Vec<String> {
        let none = || "nobody".to_owned();
        let line = |seen: Seen| {
            format!("{} by {} in {}", seen.operation, seen.key.unwrap_or_else(none), seen.region.unwrap_or_else(none))
        };
        self.seen().into_iter().map(line).collect()
    }

    pub fn environments(&self, list: Vec<Environment>, variables: Variables) -> Arc<Environments> {
        self.build(list, variables, None)
    }

    pub fn environments_with_pins(
        &self,
        list: Vec<Environment>,
        variables: Variables,
        pins: PathBuf,
    ) -> Arc<Environments> {
        self.build(list, variables, Some(pins))
    }

    fn build(&self, list: Vec<Environment>, variables: Variables, pins: Option<PathBuf>) -> Arc<Environments> {
        let ground = Ground::Files(Arc::new(KubeSource::new(variables.clone())));
        Environments::build(list, (self.origin(), ground), variables, pins, READS.to_vec())
    }

    pub fn origin(&self) -> Origin {
        let pool = || Pool { http: SharedHttpClient::new(self.clone()), transport: None };
        Origin::Files { files: RwLock::default(), http: pool(), acting: pool() }
    }

    fn reply(&self, seen: &Seen) -> Reply {
        if let Some(reply) = self.0.replies.lock().unwrap().get(&seen.operation) {
            return reply.clone();
        }
        let number = self.seen().iter().filter(|other| other.operation == seen.operation).count();
        match seen.operation.as_str() {
            "GetCallerIdentity" => Reply::identity("111122223333"),
            "AssumeRole" | "AssumeRoleWithWebIdentity" | "GetSessionToken" => {
                Reply::credentials(&seen.operation, number)
            }
            "ListAccountAliases" => Reply::xml(
                "<ListAccountAliasesResponse><ListAccountAliasesResult><AccountAliases><member>web-prod</member></AccountAliases>\
                 <IsTruncated>false</IsTruncated></ListAccountAliasesResult></ListAccountAliasesResponse>",
            ),
            "GetRoleCredentials" => Reply::json(
                r#"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}"#,
            ),
            _ => Reply::json("{}"),
        }
    }
}

impl HttpClient for Fake {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let seen = seen(&request);
        self.0.seen.lock().unwrap().push(seen.clone());
        let delay = self.0.delays.lock().unwrap().get(&seen.operation).copied();
        let reply = self.reply(&seen);
        HttpConnectorFuture::new(async move {
            if let Some(delay) = delay {
                tokio::time::sleep(delay).await;
            }
            match reply {
                Reply::Http(status, headers, body) => {
                    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
                    for (name, value) in headers {
                        response.headers_mut().insert(name, value);
                    }
                    Ok(response)
                }
                Reply::Broken(why) => Err(ConnectorError::io(why.into())),
                Reply::Silence => std::future::pending().await,
            }
        })
    }
}

fn seen(request: &HttpRequest) -> Seen {
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
    let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let uri = request.uri().to_owned();
    let by_path = || match uri.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default() {
        "credentials" => "GetRoleCredentials",
        "token" => "CreateToken",
        "register" => "RegisterClient",
        "device_authorization" => "StartDeviceAuthorization",
        _ => "?",
    };
    let operation = target.or(action).unwrap_or_else(by_path).to_owned();
    let signature = request.headers().get("authorization").and_then(|header| header.split("Credential=").nth(1));
    let mut parts = signature.unwrap_or_default().split('/').map(str::to_owned);
    let key = parts.next().filter(|key| !key.is_empty());
    Seen { operation, key, region: parts.nth(1), uri, body }
}

/// A home folder with AWS files.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new(config: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write(".aws/config", config);
        home
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, contents: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }

    pub fn variables(&self) -> Variables {
        self.variables_with(&[])
    }

    pub fn variables_with(&self, more: &[(&str, &str)]) -> Variables {
        let home = self.path().display().to_string();
        let path = std::env::var("PATH").unwrap();
        let own = [("HOME", home.as_str()), ("PATH", path.as_str())];
        own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }
}

pub fn environment(name: &str, profile: Option<&str>) -> Environment {
    Environment {
        name: name.into(),
        profile: profile.map(Into::into),
        regions: vec!["eu-central-1".into()],
        ..Environment::default()
    }
}

pub fn scope(environment: &str) -> Scope {
    Scope::new(environment, "eu-central-1")
}
