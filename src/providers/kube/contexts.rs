//! The kubeconfig files: `KUBECONFIG`, which may name several, else `~/.kube/config`, merged as kubectl does. A broken file hides
//! nothing of the others. What a context stands on can be compared, so that a change concerns only those who stand on it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use kube::config::{AuthInfo, Cluster, Context, ExecAuthCluster, Kubeconfig};
use sha2::{Digest, Sha256};

use super::access::{Credential, Giver};
use super::client::Road;
use super::exec::Plugin;
use super::identity;
use crate::model::{Environment, Fault, FaultClass, text};
use crate::providers::Variables;
use crate::providers::aws::{Stamp, look};

/// The files as last read.
#[derive(Default)]
pub struct KubeFiles {
    files: Vec<(PathBuf, Stamp)>,
    merged: Kubeconfig,
    /// The file that each context stands in.
    stands_in: HashMap<String, PathBuf>,
    /// Files that can't be read, and why.
    pub broken: Vec<(PathBuf, String)>,
}

/// A context, as the configuration needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The file it stands in.
    pub file: PathBuf,
    /// How one signs in there, in words.
    pub credentials: String,
}

/// Where kubectl looks for them.
pub fn paths(variables: &Variables) -> Vec<PathBuf> {
    match variables.get("KUBECONFIG") {
        Some(list) => std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => variables.home().map(|home| home.join(".kube").join("config")).into_iter().collect(),
    }
}

impl KubeFiles {
    /// Reads them; one that isn't there is empty. Blocks.
    pub fn read(variables: &Variables) -> Self {
        let mut all = Self::default();
        for path in paths(variables) {
            // Looked at before it is read: what is written in between is seen as changed.
            let stamp = look(Some(&path));
            if stamp.is_some() {
                all.take(&path);
            }
            all.files.push((path, stamp));
        }
        all
    }

    fn take(&mut self, path: &PathBuf) {
        let read = Kubeconfig::read_from(path);
        let merged = read.and_then(|file| {
            let names: Vec<String> = file.contexts.iter().map(|context| context.name.clone()).collect();
            Ok((self.merged.clone().merge(file)?, names))
        });
        match merged {
            Ok((merged, names)) => {
                self.merged = merged;
                for name in names {
                    self.stands_in.entry(name).or_insert_with(|| path.clone());
                }
            }
            // Its words may quote the text, which has keys in it.
            Err(error) => self.broken.push((path.clone(), why(&error))),
        }
    }

    /// Whether the files on disk still look like what was read. Blocks.
    pub fn is_current(&self) -> bool {
        self.files.iter().all(|(path, stamp)| look(Some(path)) == *stamp)
    }

    /// The contexts, in the order of the files.
    pub fn contexts(&self) -> Vec<Listed> {
        let listed = self.merged.contexts.iter().filter(|named| named.context.is_some());
        let listed = listed.map(|named| Listed {
            name: named.name.clone(),
            file: self.stands_in.get(&named.name).cloned().unwrap_or_default(),
            credentials: self.entry(&named.name).map_or_else(|fault| fault.summary, |entry| words(&entry.user)),
        });
        listed.collect()
    }

    /// What a context stands on.
    pub(super) fn entry(&self, context: &str) -> Result<Entry, Fault> {
        let wrong = |what: String| Fault::new(FaultClass::Invalid, format!("context {context}: {what}"));
        let named = self.merged.contexts.iter().find(|named| named.name == context);
        let Some(found) = named.and_then(|named| named.context.clone()) else {
            return Err(self.missing(context));
        };
        let clusters = &self.merged.clusters;
        let cluster = clusters.iter().find(|named| named.name == found.cluster).and_then(|named| named.cluster.clone());
        let cluster = cluster.ok_or_else(|| wrong(format!("there is no cluster {}", text::clean(&found.cluster))))?;
        // Like kubectl, a user that isn't there is nobody.
        let users = self.merged.auth_infos.iter();
        let mut users = users.filter(|named| Some(&named.name) == found.user.as_ref());
        let user = users.next().and_then(|named| named.auth_info.clone()).unwrap_or_default();
        Ok(Entry { name: context.into(), context: found, cluster, user })
    }

    fn missing(&self, context: &str) -> Fault {
        let files: Vec<String> = self.files.iter().map(|(path, _)| path.display().to_string()).collect();
        let broken = self.broken.first().map(|(path, why)| format!("; {} can't be read: {why}", path.display()));
        let words = format!("there is no context {context} in {}{}", files.join(", "), broken.unwrap_or_default());
        Fault::new(FaultClass::Invalid, words)
    }

    /// A digest of what a context stands on; `None` where it is not there.
    fn print(&self, context: &str) -> Option<Vec<u8>> {
        let entry = self.entry(context).ok()?;
        let text = serde_json::to_vec(&(entry.context, entry.cluster, entry.user)).ok()?;
        Some(Sha256::digest(text).to_vec())
    }

    /// Whether a context stands on something else in these files than in the ones before.
    pub(super) fn differs(&self, before: &Self, context: &str) -> bool {
        self.print(context) != before.print(context)
    }
}

/// Why a file can't be used, in one line and without its text.
fn why(error: &kube::config::KubeconfigError) -> String {
    let words = error.to_string();
    text::clean(words.lines().next().unwrap_or_default()).into_owned()
}

/// What a context stands on.
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) context: Context,
    pub(super) cluster: Cluster,
    pub(super) user: AuthInfo,
}

impl Entry {
    /// The namespace that it names.
    pub(super) fn namespace(&self) -> Option<Arc<str>> {
        self.context.namespace.as_deref().filter(|namespace| !namespace.is_empty()).map(Into::into)
    }

    /// The address of its API server.
    pub(super) fn server(&self) -> &str {
        self.cluster.server.as_deref().unwrap_or_default()
    }

    /// A digest of where it leads. Blocks on the file of the certificate authority.
    pub(super) fn address(&self) -> String {
        let file = || std::fs::read(self.cluster.certificate_authority.as_ref()?).ok();
        let authority = match &self.cluster.certificate_authority_data {
            Some(data) => Some(data.clone().into_bytes()),
            None => file(),
        };
        identity::address(self.server(), authority.as_deref())
    }

    /// Where credentials come from, and the road without them. Blocks as `address` does.
    pub(super) fn way(&self, environment: &Environment, variables: &Variables) -> Result<(Giver, Road), Fault> {
        let wrong = |what: &str| Fault::new(FaultClass::Invalid, format!("context {}: {what}", self.name));
        let mut bare = self.user.clone();
        (bare.token, bare.token_file, bare.exec) = (None, None, None);
        (bare.username, bare.password) = (None, None);
        let giver = match sort(&self.user) {
            Sort::Provider("oidc") | Sort::Certificate | Sort::Nothing => Giver::Fixed(Credential::default()),
            Sort::Provider(name) => {
                let words = format!(
                    "the auth-provider {} is no longer known; an exec plugin takes its place",
                    text::clean(name)
                );
                return Err(wrong(&words));
            }
            Sort::Basic => Giver::Fixed(self.basic()?),
            Sort::TokenFile(path) => Giver::File(path.into()),
            Sort::Token => Giver::Fixed(Credential::bearer(&plain(&self.user, "token"), None)?),
            Sort::Exec => {
                let config = self.user.exec.clone().unwrap_or_default();
                let told = config.provide_cluster_info.then(|| ExecAuthCluster::try_from(&self.cluster));
                let told = told.transpose().map_err(|error| wrong(&text::clean(&error.to_string())))?;
                let ambient = environment.profile.is_none() && !environment.without_aws;
                let variables = if ambient { variables.clone() } else { variables.without_ambient() };
                Giver::Exec(Box::new(Plugin::new(config, told, &variables, environment.profile.as_ref())))
            }
        };
        Ok((giver, Road::Network { cluster: Box::new(self.cluster.clone()), user: Box::new(bare) }))
    }

    fn basic(&self) -> Result<Credential, Fault> {
        use base64::Engine;
        let user = self.user.username.as_deref().unwrap_or_default();
        let both = format!("{user}:{}", plain(&self.user, "password"));
        let header = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(both));
        let mut header = http::HeaderValue::try_from(header)
            .map_err(|_| Fault::new(FaultClass::Invalid, "user name and password can't be sent"))?;
        header.set_sensitive(true);
        Ok(Credential { header: Some(header), ..Credential::default() })
    }
}

/// How a user signs in.
enum Sort<'u> {
    Provider(&'u str),
    Basic,
    TokenFile(&'u str),
    Token,
    Exec,
    Certificate,
    Nothing,
}

fn sort(user: &AuthInfo) -> Sort<'_> {
    if let Some(provider) = &user.auth_provider {
        Sort::Provider(&provider.name)
    } else if user.username.is_some() && user.password.is_some() {
        Sort::Basic
    } else if let Some(file) = &user.token_file {
        Sort::TokenFile(file)
    } else if user.token.is_some() {
        Sort::Token
    } else if user.exec.is_some() {
        Sort::Exec
    } else if user.client_certificate.is_some() || user.client_certificate_data.is_some() {
        Sort::Certificate
    } else {
        Sort::Nothing
    }
}

/// How a user signs in, in words and without secrets.
fn words(user: &AuthInfo) -> String {
    let said = match sort(user) {
        Sort::Provider(name) => format!("auth-provider {name}"),
        Sort::Basic => "user name and password".to_owned(),
        Sort::TokenFile(file) => format!("token in {file}"),
        Sort::Token => "token".to_owned(),
        Sort::Certificate => "client certificate".to_owned(),
        Sort::Nothing => "nothing".to_owned(),
        Sort::Exec => {
            let exec = user.exec.as_ref();
            format!("exec {}", exec.and_then(|exec| exec.command.as_deref()).unwrap_or("without a command"))
        }
    };
    text::clean(&said).into_owned()
}

/// A secret of a user, which its type only shows when it is written down.
fn plain(user: &AuthInfo, field: &str) -> String {
    let written = serde_json::to_value(user).unwrap_or_default();
    written.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}

/// The files of all environments, read when first wanted.
pub struct KubeSource {
    variables: Variables,
    read: RwLock<Option<Arc<KubeFiles>>>,
}

impl KubeSource {
    /// None is read yet.
    pub fn new(variables: Variables) -> Self {
        Self { variables, read: RwLock::default() }
    }

    /// The process's variables.
    pub(super) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The files, as last read.
    pub(super) async fn files(&self) -> Result<Arc<KubeFiles>, Fault> {
        if let Some(read) = self.read() {
            return Ok(read);
        }
        let variables = self.variables.clone();
        let new = tokio::task::spawn_blocking(move || Arc::new(KubeFiles::read(&variables))).await;
        let new = new.map_err(|error| Fault::new(FaultClass::Bug, error.to_string()))?;
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(read.get_or_insert(new)))
    }

    /// The files as last read, if they have been.
    pub fn read(&self) -> Option<Arc<KubeFiles>> {
        self.read.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The files before and now, if they have changed since they were read.
    pub async fn changed(&self) -> Option<(Arc<KubeFiles>, Arc<KubeFiles>)> {
        let before = self.read()?;
        let (known, variables) = (Arc::clone(&before), self.variables.clone());
        let new = move || (!known.is_current()).then(|| Arc::new(KubeFiles::read(&variables)));
        let new = tokio::task::spawn_blocking(new).await.ok()??;
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&new));
        Some((before, new))
    }
}

#[cfg(test)]
mod tests;
