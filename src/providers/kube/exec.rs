//! Exec plugins: programs that a kubeconfig names and that print credentials. They are run without a terminal, off the runtime, and
//! told that nobody can answer; what they say on standard error goes into the fault, never onto the screen.

use std::sync::Arc;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use kube::config::{ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use regex::Regex;
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use super::access::{Certificate, Credential};
use crate::model::{Fault, FaultClass, text};
use crate::providers::Variables;
use crate::providers::process::{self, Ended, Failure, PATIENCE};

/// The versions that plugins are spoken to in.
const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// Commands that sign in where plugins say so.
static SIGN_IN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"aws sso login(?: --(?:profile|sso-session)[ =][\w.@/-]+)?|gcloud auth(?: application-default)? login|az login|tsh login")
        .ok()
});

/// A plugin as it is configured.
pub(super) struct Plugin {
    config: ExecConfig,
    cluster: Option<ExecAuthCluster>,
    variables: Variables,
    patience: Duration,
}

impl Plugin {
    /// What a kubeconfig says. `variables` are the process's as far as the plugin may see them; `profile` is the AWS profile of the
    /// environment that the context belongs to, and counts where the plugin is given none.
    pub(super) fn new(
        config: ExecConfig,
        cluster: Option<ExecAuthCluster>,
        variables: &Variables,
        profile: Option<&Arc<str>>,
    ) -> Self {
        let environment = profile.map(|profile| ("AWS_PROFILE".to_owned(), profile.to_string()));
        let own = config.env.iter().flatten().filter_map(|pair| Some((pair.get("name")?, pair.get("value")?)));
        let own = own.map(|(name, value)| (name.clone(), value.clone()));
        let inherited = variables.iter().map(|(name, value)| (name.clone(), value.clone()));
        let variables = inherited.chain(environment).chain(own).collect();
        Self { config, cluster, variables, patience: PATIENCE }
    }

    fn command(&self) -> &str {
        self.config.command.as_deref().unwrap_or_default()
    }

    fn version(&self) -> Result<&'static str, Fault> {
        let version = self.config.api_version.as_deref().unwrap_or(VERSIONS[1]);
        VERSIONS.into_iter().find(|known| *known == version).ok_or_else(|| {
            let words = format!("its exec plugin wants {}; known are {}", text::clean(version), VERSIONS.join(" and "));
            Fault::new(FaultClass::Invalid, words)
        })
    }

    /// Runs it and takes what it prints.
    pub(super) async fn run(&self) -> Result<Credential, Fault> {
        let name = text::clean(self.command());
        if name.is_empty() {
            return Err(Fault::new(FaultClass::Invalid, "its exec plugin has no command"));
        }
        if self.config.interactive_mode == Some(ExecInteractiveMode::Always) {
            let words =
                format!("its exec plugin {name} wants a terminal (interactiveMode: Always), which it can't be given");
            return Err(Fault::new(FaultClass::Invalid, words));
        }
        let version = self.version()?;
        let mut spec = json!({ "interactive": false });
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = serde_json::to_value(cluster).unwrap_or_default();
        }
        let info = json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec }).to_string();
        let all = self.variables.iter().map(|(name, value)| (name.clone(), value.clone()));
        let variables: Variables = all.chain([("KUBERNETES_EXEC_INFO".to_owned(), info)]).collect();
        let mut command = Command::new(self.command());
        command.args(self.config.args.iter().flatten());
        let ended = process::run(command, &variables, self.patience).await;
        let ended = ended.map_err(|failure| self.failed(&name, failure))?;
        if !ended.status.success() {
            return Err(self.refused(&name, &ended));
        }
        // What it printed is secret and stays out of the fault.
        parse(&ended.out, version).map_err(|why| {
            let words = format!("exec plugin {name} printed no credentials: {why}");
            Fault::new(FaultClass::Malformed, words).with_raw(&ended.complaint)
        })
    }

    fn failed(&self, name: &str, failure: Failure) -> Fault {
        match failure {
            Failure::Start(error) => {
                let hint = self.config.install_hint.as_deref().unwrap_or_default();
                Fault::new(FaultClass::Invalid, format!("exec plugin {name} can't be started: {error}")).with_raw(hint)
            }
            Failure::Late => {
                let seconds = self.patience.as_secs();
                let words = format!("exec plugin {name} printed nothing within {seconds} s; it may wait for someone");
                Fault::new(FaultClass::TimedOut, words)
            }
            Failure::Lost(error) => Fault::new(FaultClass::Bug, format!("exec plugin {name}: {error}")),
        }
    }

    /// It has ended without credentials: in most cases someone has to sign in.
    fn refused(&self, name: &str, ended: &Ended) -> Fault {
        let words = format!("exec plugin {name} failed ({}): {}", ended.status, text::clean(ended.last_words()));
        let class = FaultClass::Expired { renew: self.renewed_by(&ended.complaint), sign_in: false };
        Fault::new(class, words).with_raw(&ended.complaint)
    }

    /// The command that signs in, where the plugin names one. `aws` leaves the profile out.
    fn renewed_by(&self, complaint: &str) -> Option<String> {
        let named = SIGN_IN.as_ref().and_then(|known| known.find(complaint)).map(|found| found.as_str());
        let over = complaint.contains("SSO session") || complaint.contains("Error loading SSO Token");
        let named = named.or_else(|| over.then_some("aws sso login"))?;
        match self.profile().filter(|_| named == "aws sso login") {
            Some(profile) => Some(format!("{named} --profile {}", text::clean(profile))),
            None => Some(text::clean(named).into_owned()),
        }
    }

    /// The AWS profile that it is run with.
    fn profile(&self) -> Option<&str> {
        let args = self.config.args.as_deref().unwrap_or_default();
        let argument = args.windows(2).find(|pair| pair[0] == "--profile").map(|pair| pair[1].as_str());
        let joined = args.iter().find_map(|argument| argument.strip_prefix("--profile="));
        argument.or(joined).or_else(|| self.variables.get("AWS_PROFILE"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    api_version: Option<String>,
    kind: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<Timestamp>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// What a plugin prints: a token, a certificate with its key, or both. The reason why not quotes nothing of it.
fn parse(out: &[u8], version: &str) -> Result<Credential, String> {
    let printed: Printed = serde_json::from_slice(out).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => "it has another form than an ExecCredential".to_owned(),
        _ => "it is no JSON".to_owned(),
    })?;
    if printed.kind.as_deref() != Some("ExecCredential") {
        return Err("it is no ExecCredential".to_owned());
    }
    if printed.api_version.as_deref() != Some(version) {
        return Err(format!("it is not of the version that the kubeconfig names, {version}"));
    }
    let status = printed.status.ok_or("it has no status")?;
    let until: Option<SystemTime> = status.expiration_timestamp.map(Into::into);
    let certificate = match (status.client_certificate_data, status.client_key_data) {
        (Some(certificate), Some(key)) => Some(Certificate { certificate, key }),
        (None, None) => None,
        _ => return Err("it has a client certificate without a key, or a key without one".to_owned()),
    };
    let token = status.token.filter(|token| !token.is_empty());
    if token.is_none() && certificate.is_none() {
        return Err("it has neither a token nor a client certificate".to_owned());
    }
    let bearer = match token {
        Some(token) => Credential::bearer(&token, until).map_err(|fault| fault.summary)?,
        None => Credential::default(),
    };
    Ok(Credential { certificate, until, ..bearer })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn plugin(script: &str) -> Plugin {
        plugin_of(script, &serde_json::Value::Null)
    }

    fn plugin_of(script: &str, more: &serde_json::Value) -> Plugin {
        let mut config = json!({
            "apiVersion": VERSIONS[1], "command": "sh", "args": ["-c", script],
            "env": [{ "name": "OWN", "value": "own" }, { "name": "AWS_SECRET_ACCESS_KEY", "value": "its own" }],
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        let set = [("PATH", std::env::var("PATH").unwrap()), ("AWS_ACCESS_KEY_ID", "ambient".to_owned())];
        let variables: Variables = set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let cluster = ExecAuthCluster { server: Some("https://c:6443".to_owned()), ..ExecAuthCluster::default() };
        let cluster = (config["provideClusterInfo"] == true).then_some(cluster);
        Plugin::new(serde_json::from_value(config).unwrap(), cluster, &variables.without_ambient(), None)
    }

    async fn refused(plugin: Plugin) -> Fault {
        plugin.run().await.err().unwrap()
    }

    #[tokio::test]
    async fn a_token_is_taken_with_its_end() {
        let given = plugin(
            r#"echo noise >&2; printf '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"2033-05-18T03:33:20Z"}}'"#,
        );
        let given = given.run().await.unwrap();
        assert_eq!(given.header.unwrap(), "Bearer t");
        let end = given.until.unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(end.as_secs(), 2_000_000_000);
    }

    #[tokio::test]
    async fn a_certificate_is_taken() {
        let printed = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientCertificateData":"c","clientKeyData":"k"}}"#;
        let given = plugin_of(&format!("printf '{printed}'"), &json!({ "apiVersion": VERSIONS[0] }));
        let given = given.run().await.unwrap();
        let certificate = given.certificate.unwrap();
        assert_eq!((certificate.certificate.as_str(), certificate.key.as_str()), ("c", "k"));
        assert!(given.header.is_none());
        assert!(parse(printed.replace("clientKeyData", "x").as_bytes(), VERSIONS[0]).is_err());
    }

    #[tokio::test]
    async fn it_is_told_that_nobody_answers_and_sees_no_ambient_keys() {
        let script = r#"read line && exit 9; test -z "$AWS_ACCESS_KEY_ID" || exit 8; test "$OWN" = own || exit 7
            test "$AWS_SECRET_ACCESS_KEY" = 'its own' || exit 6; echo "$KUBERNETES_EXEC_INFO" >&2; exit 3"#;
        let fault = refused(plugin(script)).await;
        assert!(fault.summary.contains("exit status: 3"), "{}", fault.summary);
        let info = r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":{"interactive":false}}"#;
        assert_eq!(fault.raw.trim(), info);
        let fault = refused(plugin_of(script, &json!({ "provideClusterInfo": true }))).await;
        assert!(fault.raw.contains(r#""cluster":{"server":"https://c:6443""#), "{}", fault.raw);
    }

    #[tokio::test]
    async fn what_signs_in_is_named_where_it_is_known() {
        let said = "echo 'Error loading SSO Token: Token for x does not exist' >&2; exit 255";
        let mut with = plugin(said);
        with.config.args.get_or_insert_default().extend(["--profile".to_owned(), "dhbw".to_owned()]);
        let class = FaultClass::Expired { renew: Some("aws sso login --profile dhbw".to_owned()), sign_in: false };
        assert_eq!(refused(with).await.class, class);
        let fault = refused(plugin("echo first >&2; echo 'denied \x1b[31mby it' >&2; exit 3")).await;
        assert_eq!(fault.class, FaultClass::Expired { renew: None, sign_in: false });
        assert_eq!(fault.summary, "exec plugin sh failed (exit status: 3): denied by it");
    }

    #[tokio::test]
    async fn one_that_wants_a_terminal_is_refused_and_one_that_waits_is_ended() {
        let fault = refused(plugin_of("exit 0", &json!({ "interactiveMode": "Always" }))).await;
        assert_eq!(fault.class, FaultClass::Invalid);
        let mut slow = plugin("sleep 60");
        slow.patience = Duration::from_millis(200);
        assert_eq!(refused(slow).await.class, FaultClass::TimedOut);
        let fault = refused(plugin_of("", &json!({ "command": "/no/such", "installHint": "get it" }))).await;
        assert_eq!((fault.class, fault.raw.as_str()), (FaultClass::Invalid, "get it"));
        let fault = refused(plugin_of("", &json!({ "apiVersion": "client.authentication.k8s.io/v1alpha1" }))).await;
        assert!(fault.summary.contains("v1alpha1"));
    }

    #[tokio::test]
    async fn what_it_prints_never_shows() {
        for printed in
            ["hunter2", r#"{"kind":"ExecCredential","status":"hunter2"}"#, r#"{"status":{"token":"hunter2"}}"#]
        {
            let fault = refused(plugin(&format!("printf '{printed}'"))).await;
            assert_eq!(fault.class, FaultClass::Malformed);
            assert!(!format!("{fault:?}").contains("hunter2"));
        }
    }
}
