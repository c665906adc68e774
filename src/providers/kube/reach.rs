//! A cluster as an action reaches it, on connections of its own: fresh reads, questions about what one may do, changes that are only
//! tried, and the one that is permitted. Knows the API, nothing of what an action is for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::cluster::Cluster;
use super::fault::{fault, of_status};
use super::identity;
use super::kept::Kept;
use super::object::Object;
use super::send;
use crate::guard::Permit;
use crate::model::{Fault, FaultClass, Identity, Sent, Step, text};

/// A read that was not answered by then has failed.
const PATIENCE: Duration = Duration::from_secs(15);
/// A change that is tried goes through every admission webhook there is; those may take ten seconds each.
const TRYING: Duration = Duration::from_secs(32);

/// A cluster as an action reaches it.
pub struct Reach {
    /// Environment, region and cluster.
    pub scope: crate::model::Scope,
    /// The context that a command to paste names, where it is one of the kubeconfig.
    pub context: Option<Arc<str>>,
    client: Client,
    /// What was opened and is not taken yet.
    pub(super) kept: Kept,
    /// The cluster as reads know it. Tests do without.
    cluster: Option<Arc<Cluster>>,
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What one asks whether one may do it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// `patch`.
    pub verb: &'a str,
    /// API group; empty for the first one.
    pub group: &'a str,
    /// `deployments`.
    pub resource: &'a str,
    /// `scale`.
    pub subresource: Option<&'a str>,
    /// The namespace, where the object lives in one.
    pub namespace: Option<&'a str>,
    /// The object.
    pub name: &'a str,
}

impl fmt::Display for Question<'_> {
    /// `patch deployments/scale`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        self.subresource.map_or(Ok(()), |sub| write!(f, "/{sub}"))
    }
}

/// What came of asking.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct May {
    /// One may.
    pub allowed: bool,
    /// Why, or why not, as far as the server says.
    pub reason: Option<String>,
    /// What kept the server from finding out.
    pub evaluation_error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Review {
    status: May,
}

impl Reach {
    /// Into this cluster, on connections of its own.
    pub(super) fn new(cluster: &Arc<Cluster>, context: Option<Arc<str>>) -> Self {
        let (client, kept) = (cluster.acting(), cluster.kept.clone());
        Self { scope: cluster.scope.clone(), context, client, kept, cluster: Some(Arc::clone(cluster)) }
    }

    /// Behind this client.
    #[cfg(test)]
    pub fn for_tests(scope: crate::model::Scope, client: Client) -> Self {
        Self { scope, context: Some("beta9".into()), client, kept: Kept::default(), cluster: None }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.scope.cluster.as_deref().unwrap_or_default()
    }

    /// One object, read now.
    pub async fn get<K: Object>(&self, namespace: Option<&str>, name: &str) -> Result<K, Fault> {
        self.read(&K::path(namespace, name)).await
    }

    /// What lies at a path, which may have a query, read now.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        let request = Request::get(path).body(Body::empty());
        let request = request.map_err(|error| Fault::new(FaultClass::Bug, format!("{path}: {error}")))?;
        self.ask(path, request, PATIENCE).await
    }

    /// Whether one may do something.
    pub async fn may(&self, question: Question<'_>) -> Result<May, Fault> {
        let mut attributes = Map::new();
        let Question { verb, group, resource, subresource, namespace, name } = question;
        let named = [("verb", verb), ("group", group), ("resource", resource), ("name", name)];
        let places = [("subresource", subresource), ("namespace", namespace)];
        let places = places.into_iter().filter_map(|(field, value)| Some((field, value?)));
        for (field, value) in named.into_iter().chain(places) {
            attributes.insert(field.to_owned(), value.into());
        }
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let review: Review = self.ask("create selfsubjectaccessreviews", post(path, &body)?, PATIENCE).await?;
        Ok(review.status)
    }

    /// Who one is there, asked now, and which cluster it is that says so. A fault where it is not the one that it must be: whoever
    /// answered before may not be who answers now.
    pub async fn caller(&self) -> Result<Arc<Identity>, Fault> {
        let asked = join(identity::uid(&self.client), identity::user(&self.client));
        let late = |_| Fault::new(FaultClass::TimedOut, format!("{}: it does not say who one is", self.name()));
        let (uid, user) = timeout(PATIENCE, asked).await.map_err(late)?;
        let (uid, mut user) = (uid?, user?);
        if let Some(cluster) = &self.cluster {
            cluster.access.recognise(uid.as_deref()).await?;
            user = user.or_else(|| Some(cluster.user_of_context.to_string()));
        }
        let user = user.ok_or_else(|| Fault::new(FaultClass::Malformed, "the cluster does not say who one is"))?;
        // Whoever may read nothing of it knows it by its name alone.
        let known_by = uid.unwrap_or_else(|| self.name().to_owned());
        Ok(Arc::new(Identity::in_cluster(&text::clean(&known_by), &user)))
    }

    /// Has the server try a change without doing it: what its validation, quotas and admission webhooks say to it.
    pub async fn try_out(&self, input: &Map<String, Value>) -> Result<(), Fault> {
        let mut tried = input.clone();
        let query = input.get("query").and_then(Value::as_str).map(|query| format!("{query}&")).unwrap_or_default();
        tried.insert("query".to_owned(), format!("{query}dryRun=All").into());
        // Of a deletion with a body only the body counts.
        if tried.get("method").and_then(Value::as_str) == Some("DELETE")
            && let Some(Value::Object(options)) = tried.get_mut("body")
        {
            options.insert("dryRun".to_owned(), json!(["All"]));
        }
        let request = send::request(&tried)?;
        self.ask::<serde::de::IgnoredAny>("dry run", request, TRYING).await.map(drop)
    }

    /// Sends a step, once.
    pub async fn send(&self, step: &Step, permit: Permit) -> Sent {
        send::send(&self.client, step, permit).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        request: Request<Body>,
        patience: Duration,
    ) -> Result<T, Fault> {
        let asked = async {
            let answer = self.client.send(request).await.map_err(|error| fault(what, &error))?;
            understood(what, answer).await
        };
        let late = |_| Fault::new(FaultClass::TimedOut, format!("{what}: no answer within {} s", patience.as_secs()));
        timeout(patience, asked).await.map_err(late)?
    }
}

/// An answer's JSON, or what the server says instead.
async fn understood<T: DeserializeOwned>(what: &str, answer: Response<Body>) -> Result<T, Fault> {
    let code = answer.status().as_u16();
    let bytes = answer.into_body().collect_bytes().await.map_err(|error| fault(what, &error))?;
    if (200..300).contains(&code) {
        return serde_json::from_slice(&bytes)
            .map_err(|error| Fault::new(FaultClass::Malformed, format!("{what}: {error}")));
    }
    let status: Status = serde_json::from_slice(&bytes).unwrap_or_else(|_| Status {
        message: format!("status {code}: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)])),
        ..Status::default()
    });
    Err(of_status(what, &Status { code, ..status }))
}

fn post(path: &str, body: &Value) -> Result<Request<Body>, Fault> {
    let input =
        json!({ "method": Method::POST.as_str(), "path": path, "contentType": "application/json", "body": body });
    let input = input.as_object().cloned().unwrap_or_default();
    send::request(&input)
}
