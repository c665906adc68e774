//! The credentials for one cluster, held and renewed, and the connections that they are used on. Nothing is answered by a cluster
//! before it is known to be the one it must be. One renewal at a time, whoever asks; a fresh failure is shared. Knows requests by
//! their verbs only.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use kube::config::AuthInfo;
use serde_json::json;
use tokio::sync::OnceCell;
use tower::{BoxError, ServiceExt, service_fn};

use super::client::{HEAD, Road, Transport};
use super::eks::Presigner;
use super::exec::Plugin;
use super::identity::{self, Found, Pinned};
use super::once::Once;
use crate::guard::Claim;
use crate::model::{Fault, FaultClass, text};
use crate::providers::aws::CallStats;
use crate::providers::restraint::Restraint;

/// The operations that are counted: what a cluster is asked, whatever it is asked about.
pub const OPERATIONS: [&str; 6] = ["k8s:get", "k8s:watch", "k8s:create", "k8s:update", "k8s:patch", "k8s:delete"];

/// A failure this fresh is the answer to whoever asks next: a plugin that fails is not run for each of ten lists.
const FRESH: Duration = Duration::from_secs(8);

/// What ends is renewed this long before, or at half its time if that is later.
const EARLY: Duration = Duration::from_mins(2);

/// A token in a file is read again after this long; and what never ends is taken as new, so that the cluster says again who it is.
const REREAD: Duration = Duration::from_mins(1);

/// Credentials that were renewed because the cluster refused the ones before are not renewed for that reason again so soon.
const REFUSED: Duration = Duration::from_mins(1);

/// The first answer of a cluster: one that accepts connections and never answers is to be known as such before anybody wonders.
const FIRST_ANSWER: Duration = if cfg!(test) { Duration::from_millis(500) } else { Duration::from_secs(9) };

/// A client certificate with its key, in PEM.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// What one shows a cluster. It is secret and stays out of logs.
#[derive(Clone, Default)]
pub(super) struct Credential {
    /// For the header `Authorization`.
    pub(super) header: Option<HeaderValue>,
    /// For the connection.
    pub(super) certificate: Option<Certificate>,
    /// When it ends.
    pub(super) until: Option<SystemTime>,
}

impl Credential {
    /// A bearer token.
    pub(super) fn bearer(token: &str, until: Option<SystemTime>) -> Result<Self, Fault> {
        let mut header = HeaderValue::try_from(format!("Bearer {}", token.trim()))
            .map_err(|_| Fault::new(FaultClass::Invalid, "the token has characters in it that none can have"))?;
        header.set_sensitive(true);
        Ok(Self { header: Some(header), certificate: None, until })
    }
}

/// Where credentials come from.
pub(super) enum Giver {
    /// They are written down, or in the connection itself.
    Fixed(Credential),
    /// A token in a file, which somebody else keeps fresh.
    File(PathBuf),
    /// A program.
    Exec(Box<Plugin>),
    /// The credentials of the AWS account.
    Eks(Box<Presigner>),
}

impl Giver {
    /// A program is run as far as it is not held back.
    async fn give(&self, program: &Restraint) -> Result<Credential, Fault> {
        match self {
            // They last for ever; that the same cluster stands behind the address is looked at now and then.
            Self::Fixed(credential) => {
                Ok(Credential { until: Some(SystemTime::now() + 2 * REREAD), ..credential.clone() })
            }
            Self::File(path) => {
                let token = tokio::fs::read_to_string(path).await.map_err(|error| {
                    let summary = format!("the token in {} can't be read: {error}", path.display());
                    Fault::new(FaultClass::Expired { renew: None, sign_in: false }, summary)
                })?;
                Credential::bearer(&token, Some(SystemTime::now() + 2 * REREAD))
            }
            Self::Exec(plugin) => program.run(plugin.run()).await,
            Self::Eks(presigner) => presigner.token().await,
        }
    }

    /// Whether asking again can give others.
    const fn renews(&self) -> bool {
        !matches!(self, Self::Fixed(_))
    }
}

/// The way into one cluster.
pub(super) struct Access {
    /// What the cluster is called in faults.
    pub(super) name: Arc<str>,
    pub(super) giver: Giver,
    pub(super) road: Road,
    /// A digest of where it is and what its certificate is checked by.
    pub(super) address: String,
    /// How it is known to be the right one; an EKS cluster is told by its attested account.
    pub(super) pinned: Option<Pinned>,
    /// The namespace that its context names.
    pub(super) own_namespace: Option<Arc<str>>,
    pub(super) stats: Arc<CallStats>,
    /// Holds the exec plugin back, where there is one.
    pub(super) program: Restraint,
    pub(super) held: Once<Arc<Held>>,
}

/// Credentials in use, and the connections that they are used on.
pub(super) struct Held {
    credential: Credential,
    reads: Transport,
    /// Made when first wanted.
    acting: OnceCell<Transport>,
    made: SystemTime,
    /// Whether they stand in for some that the cluster had refused.
    after_refusal: bool,
}

impl Held {
    fn is_fresh(&self) -> bool {
        let Some(end) = self.credential.until else { return true };
        let whole = end.duration_since(self.made).unwrap_or_default();
        SystemTime::now() + EARLY.min(whole / 2) < end
    }

    fn lasts(&self) -> bool {
        self.credential.until.is_none_or(|end| SystemTime::now() < end)
    }
}

impl Access {
    /// The namespace that requests without one go to.
    pub(super) fn namespace(&self) -> String {
        self.own_namespace.as_deref().unwrap_or("default").to_owned()
    }

    /// What failed may work now.
    pub(super) fn forgive(&self) {
        self.program.forgive();
        self.held.forgive();
    }

    /// Credentials that the cluster has been seen to be the right one with, renewed if they must be.
    pub(super) async fn held(self: &Arc<Self>) -> Result<Arc<Held>, Fault> {
        self.held_after(false).await
    }

    async fn held_after(self: &Arc<Self>, refusal: bool) -> Result<Arc<Held>, Fault> {
        let good = |held: &Arc<Held>| held.is_fresh();
        if let Some(held) = self.held.kept().filter(good) {
            return Ok(held);
        }
        // In a task of its own: whoever waits may give up, and a plugin that has been started is not started twice for that.
        let access = Arc::clone(self);
        let renewed = tokio::spawn(async move { access.held.get(good, FRESH, access.renew(refusal)).await }).await;
        let renewed = renewed.unwrap_or_else(|error| Err(Fault::new(FaultClass::Bug, error.to_string())));
        // What still lasts is good in spite of a failure to renew it, unless it is about which cluster answers.
        renewed.or_else(|fault| {
            let trusted = !matches!(fault.class, FaultClass::WrongAccount { .. });
            self.held.kept().filter(|held| trusted && held.lasts()).ok_or(fault)
        })
    }

    async fn renew(self: &Arc<Self>, after_refusal: bool) -> Result<Arc<Held>, Fault> {
        let credential = self.giver.give(&self.program).await.map_err(|fault| self.named(fault))?;
        let old = self.held.kept().filter(|old| old.credential.certificate == credential.certificate);
        let (reads, acting) = if let Some(old) = old {
            (old.reads.clone(), old.acting.clone())
        } else {
            let user = credential.certificate.as_ref().map(user_of).transpose()?;
            (self.road.transport(user).await.map_err(|fault| self.named(fault))?, OnceCell::new())
        };
        let held = Arc::new(Held { credential, reads, acting, made: SystemTime::now(), after_refusal });
        self.attested(&held).await?;
        Ok(held)
    }

    /// Asks the cluster who it is; a fault unless it is the one it must be.
    async fn attested(self: &Arc<Self>, held: &Arc<Held>) -> Result<(), Fault> {
        let (access, held) = (Arc::clone(self), Arc::clone(held));
        let bare = Client::new(
            service_fn(move |request| {
                let (access, held) = (Arc::clone(&access), Arc::clone(&held));
                async move { access.once(request, &held, false).await }
            }),
            self.namespace(),
        );
        let asked = tokio::time::timeout(FIRST_ANSWER, identity::uid(&bare)).await;
        let uid = asked.unwrap_or_else(|_| Err(Fault::new(FaultClass::TimedOut, "it does not answer")));
        let uid = uid.map_err(|fault| self.named(fault))?;
        self.recognise(uid.as_deref()).await
    }

    /// A fault unless the cluster with this uid is the one it must be.
    pub(super) async fn recognise(&self, uid: Option<&str>) -> Result<(), Fault> {
        let found = Found { uid: uid.map(str::to_owned), address: self.address.clone() };
        match &self.pinned {
            Some(pinned) => pinned.check(&found).await,
            None => Ok(()),
        }
    }

    /// Sends a request with the credentials; a read once more with new ones where the cluster refuses them. What a permit is for is
    /// sent once: new credentials may be those of somebody else than the plan says.
    pub(super) async fn send(
        self: &Arc<Self>,
        request: Request<Body>,
        acting: bool,
    ) -> Result<Response<Body>, BoxError> {
        let again = if request.extensions().get::<Claim>().is_some() { None } else { copy(&request) };
        let held = self.held().await?;
        let answer = self.once(request, &held, acting).await?;
        let refused = answer.status() == StatusCode::UNAUTHORIZED && self.giver.renews();
        let tried = held.after_refusal && held.made.elapsed().unwrap_or_default() < REFUSED;
        if !refused || tried {
            return Ok(answer);
        }
        self.held.drop_if(|kept| Arc::ptr_eq(kept, &held));
        match again {
            Some(again) => {
                let held = self.held_after(true).await?;
                self.once(again, &held, acting).await
            }
            None => Ok(answer),
        }
    }

    async fn once(&self, mut request: Request<Body>, held: &Held, acting: bool) -> Result<Response<Body>, BoxError> {
        if let Some(header) = &held.credential.header {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
        }
        let transport = if acting {
            let user = held.credential.certificate.as_ref().map(user_of).transpose()?;
            held.acting.get_or_try_init(|| self.road.transport(user)).await?.clone()
        } else {
            held.reads.clone()
        };
        let (operation, follows) = (operation(&request), asks(&request, "follow=true"));
        self.stats.called(operation);
        let answer = transport.oneshot(request);
        // A log that is followed may have nothing to say for hours, and then not even a head. How long a plan or a change is waited
        // for is decided where it is sent.
        let answer = if follows || acting { answer.await } else { in_time(answer).await }?;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            self.stats.throttled(operation);
        }
        Ok(answer)
    }

    /// Says in a fault whose it is.
    fn named(&self, fault: Fault) -> Fault {
        let own = fault.summary.starts_with(&*self.name);
        let summary = if own { fault.summary } else { format!("{}: {}", self.name, fault.summary) };
        Fault { summary, ..fault }
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
    match tokio::time::timeout(HEAD, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Fault::new(FaultClass::TimedOut, format!("no answer within {} s", HEAD.as_secs())).into()),
    }
}

/// The user that a certificate makes; kube takes what is not in files in base64.
fn user_of(certificate: &Certificate) -> Result<AuthInfo, Fault> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let user = json!({
        "client-certificate-data": STANDARD.encode(&certificate.certificate),
        "client-key-data": STANDARD.encode(&certificate.key),
    });
    serde_json::from_value(user).map_err(|error| Fault::new(FaultClass::Bug, text::clean(&error.to_string())))
}

/// The same request, where its body can be had twice.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

fn asks(request: &Request<Body>, parameter: &str) -> bool {
    request.uri().query().is_some_and(|query| query.split('&').any(|asked| asked == parameter))
}

/// What a request is counted as.
fn operation(request: &Request<Body>) -> &'static str {
    match *request.method() {
        Method::POST => "k8s:create",
        Method::PUT => "k8s:update",
        Method::PATCH => "k8s:patch",
        Method::DELETE => "k8s:delete",
        _ if asks(request, "watch=true") => "k8s:watch",
        _ => "k8s:get",
    }
}

#[cfg(test)]
mod tests;
