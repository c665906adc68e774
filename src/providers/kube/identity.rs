//! Which cluster answers, and who one is there. A cluster has no account; what it is known by is the uid of its namespace
//! `kube-system`, which lives as long as the cluster, else where it is and what its certificate is checked by. Knows no credentials.

use std::fmt::Write;
use std::sync::Arc;

use http::Request;
use kube::Client;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::cluster::Cluster;
use super::fault::fault;
use crate::model::{Fault, FaultClass, text};
use crate::providers::aws::Pins;

/// What a cluster is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Uid of the namespace `kube-system`, where it may be read.
    pub uid: Option<String>,
    /// A digest of its address and of what its certificate is checked by.
    pub address: String,
}

impl Found {
    /// A few characters that tell it from others, for the screen and for plans.
    pub fn words(&self) -> String {
        let known_by = self.uid.as_deref().unwrap_or(&self.address);
        format!("cluster {}", known_by.chars().take(8).collect::<String>())
    }
}

/// How a context's cluster is known to be the right one: the first one to answer is the one from then on.
pub(super) struct Pinned {
    pub(super) pins: Arc<Pins>,
    pub(super) environment: Arc<str>,
    pub(super) context: Arc<str>,
}

impl Pinned {
    pub(super) async fn check(&self, found: &Found) -> Result<(), Fault> {
        self.pins.check_cluster(&self.environment, &self.context, found).await
    }
}

/// A digest of a server's address and of the certificates that its own is checked by.
pub(super) fn address(server: &str, authority: Option<&[u8]>) -> String {
    let mut digest = Sha256::new();
    digest.update(server.trim_end_matches('/'));
    digest.update([0]);
    digest.update(authority.unwrap_or_default());
    digest.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[derive(Deserialize)]
struct Named {
    metadata: Uid,
}

#[derive(Deserialize)]
struct Uid {
    uid: Option<String>,
}

/// The uid of the namespace `kube-system`; `None` where it may not be read, or is not there.
pub(super) async fn uid(client: &Client) -> Result<Option<String>, Fault> {
    let request = Request::get("/api/v1/namespaces/kube-system").body(Vec::new());
    let request = request.map_err(|error| Fault::new(FaultClass::Bug, error.to_string()))?;
    match client.request::<Named>(request).await {
        Ok(named) => Ok(named.metadata.uid.map(|uid| text::clean(&uid).into_owned())),
        Err(kube::Error::Api(status)) if matches!(status.code, 403 | 404) => Ok(None),
        Err(kube::Error::Api(status)) if status.code == 401 => {
            let class = FaultClass::Expired { renew: None, sign_in: false };
            Err(Fault::new(class, "the cluster does not accept these credentials"))
        }
        Err(kube::Error::SerdeError(_)) => {
            Err(Fault::new(FaultClass::Malformed, "what answers is no Kubernetes API server"))
        }
        Err(error) => Err(fault("its first answer", &error)),
    }
}

/// What a review of oneself says.
#[derive(Deserialize)]
struct Review {
    #[serde(default)]
    status: ReviewStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ReviewStatus {
    user_info: UserInfo,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserInfo {
    username: String,
}

/// The name of the user that the API server takes one for; `None` where it is too old to tell.
pub(super) async fn user(client: &Client) -> Result<Option<String>, Fault> {
    for version in ["v1", "v1beta1"] {
        let path = format!("/apis/authentication.k8s.io/{version}/selfsubjectreviews");
        let kind = format!(r#"{{"apiVersion":"authentication.k8s.io/{version}","kind":"SelfSubjectReview"}}"#);
        let request = Request::post(path).header("content-type", "application/json").body(kind.into_bytes());
        let request = request.map_err(|error| Fault::new(FaultClass::Bug, error.to_string()))?;
        match client.request::<Review>(request).await {
            Ok(review) => {
                let user = text::clean(&review.status.user_info.username).into_owned();
                return Ok(Some(user).filter(|user| !user.is_empty()));
            }
            Err(error) => {
                let fault = fault("create selfsubjectreviews", &error);
                if !matches!(fault.class, FaultClass::NotFound | FaultClass::Denied { .. }) {
                    return Err(fault);
                }
            }
        }
    }
    Ok(None)
}

impl Cluster {
    /// The user that the API server takes one for; what the kubeconfig calls him where the server can't tell.
    pub async fn user(&self) -> Result<String, Fault> {
        Ok(user(&self.reads).await?.unwrap_or_else(|| self.user_of_context.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use http::Response;
    use kube::client::Body;

    use super::*;

    #[test]
    fn an_address_is_known_by_server_and_authority() {
        let here = address("https://a:6443", Some(b"x"));
        assert_eq!(here, address("https://a:6443/", Some(b"x")));
        assert_ne!(here, address("https://a:6443", Some(b"y")));
        assert_ne!(here, address("https://b:6443", Some(b"x")));
        assert_eq!(Found { uid: None, address: here.clone() }.words(), format!("cluster {}", &here[..8]));
    }

    async fn answered(code: u16, body: &'static str) -> Result<Option<String>, Fault> {
        let service = tower::service_fn(move |request: Request<Body>| async move {
            assert_eq!(request.uri().path(), "/api/v1/namespaces/kube-system");
            Response::builder().status(code).body(Body::from(body.as_bytes().to_vec())).map_err(tower::BoxError::from)
        });
        uid(&Client::new(service, "default")).await
    }

    #[tokio::test]
    async fn a_cluster_says_who_it_is_or_why_not() {
        assert_eq!(answered(200, r#"{"metadata":{"uid":"u-1"}}"#).await.unwrap().as_deref(), Some("u-1"));
        assert_eq!(answered(403, "no").await.unwrap(), None);
        assert!(matches!(answered(401, "no").await.unwrap_err().class, FaultClass::Expired { .. }));
        assert_eq!(answered(503, "no").await.unwrap_err().class, FaultClass::Service);
        assert_eq!(answered(200, "<html>").await.unwrap_err().class, FaultClass::Malformed);
    }
}
