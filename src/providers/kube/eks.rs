//! EKS clusters as Kubernetes, without a kubeconfig: which there are, where their API servers are, and the tokens that the account's
//! credentials buy there. A token is a presigned `GetCallerIdentity` that the cluster sends to STS. Signs only; calls nothing but EKS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kube::config::{AuthInfo, Cluster};

use super::access::Credential;
use super::client::Road;
use super::identity;
use super::once::Once;
use crate::model::{Fault, FaultClass, text};
use crate::providers::Env;
use crate::providers::aws::{fault, gathered, invalid};

const LIST: &str = "eks:ListClusters";
const DESCRIBE: &str = "eks:DescribeCluster";

/// What this calls.
pub const READS: [&str; 2] = [LIST, DESCRIBE];

/// Which clusters there are, and where, is asked again after this long.
const GOOD: Duration = Duration::from_mins(5);

/// A failure this fresh is the answer to whoever asks next.
const FRESH: Duration = Duration::from_secs(8);

/// More clusters are not remembered; what is forgotten is asked again.
const MOST: usize = 200;

/// The cluster sends the request to STS within this time, counted from when it gets it the first time.
const SECONDS: Duration = Duration::from_mins(1);

/// A token is good for 15 minutes from when it was signed.
const LIFE: Duration = Duration::from_mins(14);

/// The regional endpoint's request that says who has signed it.
const REQUEST: &str = "/?Action=GetCallerIdentity&Version=2011-06-15";

/// A token for an EKS cluster, as `aws eks get-token` makes it: a `GetCallerIdentity` to STS at `endpoint`, presigned at this time
/// with the cluster's name in a signed header.
pub fn token(
    credentials: &Credentials,
    endpoint: &str,
    region: &str,
    cluster: &str,
    at: SystemTime,
) -> Result<String, Fault> {
    let failed = |why: &dyn std::error::Error| {
        Fault::new(FaultClass::Bug, format!("{cluster}: no token can be signed: {}", text::clean(&why.to_string())))
    };
    let identity = credentials.clone().into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(SECONDS);
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(at)
        .settings(settings)
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let url = format!("{}{REQUEST}", endpoint.trim_end_matches('/'));
    let headers = [("x-k8s-aws-id", cluster)].into_iter();
    let request =
        SignableRequest::new("GET", &url, headers, SignableBody::Bytes(&[])).map_err(|error| failed(&error))?;
    let (signed, _) = sign(request, &parameters).map_err(|error| failed(&error))?.into_parts();
    let mut request = http::Request::get(&url).body(()).map_err(|error| failed(&error))?;
    signed.apply_to_request_http1x(&mut request);
    Ok(format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(request.uri().to_string())))
}

/// Makes the tokens of one cluster.
pub(super) struct Presigner {
    credentials: SharedCredentialsProvider,
    endpoint: String,
    region: Arc<str>,
    cluster: Arc<str>,
}

impl Presigner {
    /// A token of the account's attested credentials.
    pub(super) async fn token(&self) -> Result<Credential, Fault> {
        let credentials = self.credentials.provide_credentials().await.map_err(|error| given(&error))?;
        let now = SystemTime::now();
        let token = token(&credentials, &self.endpoint, &self.region, &self.cluster, now)?;
        let end = now + LIFE;
        Credential::bearer(&token, Some(credentials.expiry().map_or(end, |expiry| expiry.min(end))))
    }
}

/// The fault within an error of a credentials provider.
fn given(error: &(dyn std::error::Error + 'static)) -> Fault {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(fault) = inner.downcast_ref::<Fault>() {
            return fault.clone();
        }
        cause = inner.source();
    }
    Fault::new(FaultClass::Expired { renew: None, sign_in: false }, text::clean(&error.to_string()))
}

/// Where an EKS cluster's API server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    endpoint: String,
    /// Base64 of the PEM of its certificate authority.
    authority: String,
}

impl Described {
    /// A digest of where it is.
    pub(super) fn address(&self) -> String {
        identity::address(&self.endpoint, Some(self.authority.as_bytes()))
    }

    /// Whether a context with this server leads here, too.
    pub(super) fn is_at(&self, server: &str) -> bool {
        let host = |url: &str| url.parse::<http::Uri>().ok().and_then(|url| Some(url.host()?.to_ascii_lowercase()));
        host(server).is_some_and(|server| host(&self.endpoint) == Some(server))
    }

    /// The road over the network.
    pub(super) fn road(&self) -> Road {
        let cluster = Cluster {
            server: Some(self.endpoint.clone()),
            certificate_authority_data: Some(self.authority.clone()),
            ..Cluster::default()
        };
        Road::Network { cluster: Box::new(cluster), user: Box::new(AuthInfo::default()) }
    }
}

/// What makes the tokens for a cluster of the account.
pub(super) async fn presigner(env: &Env, cluster: &Arc<str>) -> Result<Presigner, Fault> {
    let (region, cluster) = (Arc::clone(&env.scope.region), Arc::clone(cluster));
    Ok(Presigner {
        credentials: env.aws.credentials()?,
        endpoint: env.aws.sts_endpoint(&region).await?,
        region,
        cluster,
    })
}

type Kept<T> = Arc<Once<(Instant, T)>>;
/// The names of the clusters in a region.
type List = Kept<Arc<[Arc<str>]>>;
/// A region and a cluster's name.
type Named = (Arc<str>, Arc<str>);

/// What is known of the clusters of an account, for a while.
#[derive(Default)]
pub(super) struct Known {
    lists: Mutex<HashMap<Arc<str>, List>>,
    described: Mutex<HashMap<Named, Kept<Arc<Described>>>>,
}

impl Known {
    /// The clusters of a region, and why these may be old or none.
    pub(super) async fn list(&self, env: &Env) -> (Arc<[Arc<str>]>, Option<Fault>) {
        let kept = {
            let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lists.entry(Arc::clone(&env.scope.region)).or_default())
        };
        match kept.get(|(at, _)| at.elapsed() < GOOD, FRESH, async { Ok((Instant::now(), names(env).await?)) }).await {
            Ok((_, names)) => (names, None),
            Err(fault) => (kept.kept().map_or_else(|| [].into(), |(_, names)| names), Some(fault)),
        }
    }

    /// Where a cluster is.
    pub(super) async fn described(&self, env: &Env, name: &Arc<str>) -> Result<Arc<Described>, Fault> {
        let kept = {
            let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
            if described.len() >= MOST {
                described.clear();
            }
            Arc::clone(described.entry((Arc::clone(&env.scope.region), Arc::clone(name))).or_default())
        };
        let asked = async { Ok((Instant::now(), Arc::new(describe(env, name).await?))) };
        match kept.get(|(at, _)| at.elapsed() < GOOD, FRESH, asked).await {
            Ok((_, described)) => Ok(described),
            // A cluster does not move because it can't be asked where it is.
            Err(fault) if matches!(fault.class, FaultClass::NotFound) => Err(fault),
            Err(fault) => kept.kept().map(|(_, described)| described).ok_or(fault),
        }
    }
}

async fn names(env: &Env) -> Result<Arc<[Arc<str>]>, Fault> {
    let names = gathered(LIST, |token| async move {
        let call = env.aws.eks().list_clusters().max_results(100).set_next_token(token);
        let page = call.send().await.map_err(|error| fault(LIST, &error))?;
        Ok((page.clusters.unwrap_or_default(), page.next_token))
    });
    Ok(names.await?.into_iter().map(Arc::from).collect())
}

async fn describe(env: &Env, name: &str) -> Result<Described, Fault> {
    let answer = env.aws.eks().describe_cluster().name(name).send().await.map_err(|error| fault(DESCRIBE, &error))?;
    let cluster = answer.cluster.ok_or_else(|| invalid(DESCRIBE, "cluster"))?;
    let not_yet = || Fault::new(FaultClass::NotFound, format!("the EKS cluster {name} has no API server yet"));
    let authority = cluster.certificate_authority.and_then(|authority| authority.data).ok_or_else(not_yet)?;
    Ok(Described { endpoint: cluster.endpoint.ok_or_else(not_yet)?, authority })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str = "https://sts.eu-central-1.amazonaws.com";

    fn signed(credentials: &Credentials) -> String {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let token = token(credentials, ENDPOINT, "eu-central-1", "provisioning", at).unwrap();
        String::from_utf8(URL_SAFE_NO_PAD.decode(token.strip_prefix("k8s-aws-v1.").unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_a_presigned_question_who_one_is() {
        let url =
            signed(&Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "test"));
        let (before, signature) = url.split_once("&X-Amz-Signature=").unwrap();
        assert_eq!(
            before,
            "https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15\
             &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20231114%2Feu-central-1%2Fsts%2Faws4_request\
             &X-Amz-Date=20231114T221320Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id"
        );
        // By botocore for the same keys, time and cluster.
        assert_eq!(signature, "a56d8da6e6c8f3cfd45672a182f52c62d1c172b6474c6a9119fd844c4c5e4f2b");
    }

    #[test]
    fn a_session_s_token_stands_in_it() {
        let url = signed(&Credentials::new("AKID", "secret", Some("a/b+c==".to_owned()), None, "test"));
        assert!(url.contains("&X-Amz-Security-Token=a%2Fb%2Bc%3D%3D"), "{url}");
    }

    #[test]
    fn a_context_to_the_same_server_is_the_same_cluster() {
        let here = Described {
            endpoint: "https://ABC.gr7.eu-central-1.eks.amazonaws.com".to_owned(),
            authority: String::new(),
        };
        assert!(here.is_at("https://abc.gr7.eu-central-1.eks.amazonaws.com:443/"));
        assert!(!here.is_at("https://other.gr7.eu-central-1.eks.amazonaws.com") && !here.is_at(""));
    }
}
