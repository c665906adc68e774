//! The files that environments stand on: read at first, looked at now and then. What a change concerns is made anew, and nothing
//! else.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Environments, Member, Origin};
use crate::model::Fault;
use crate::providers::aws::files::AwsFiles;
use crate::providers::kube::{self, Ground, KubeFiles};

/// The files as they were read; those that have been.
pub struct Standing {
    aws: Option<Arc<AwsFiles>>,
    kube: Option<Arc<KubeFiles>>,
}

impl Standing {
    /// Whether they still look like that on disk. Blocks.
    pub fn is_current(&self) -> bool {
        self.aws.as_ref().is_none_or(|files| files.is_current())
            && self.kube.as_ref().is_none_or(|files| files.is_current())
    }
}

impl Environments {
    /// What the environments stand on now.
    pub fn standing(&self) -> Standing {
        let aws = match &self.origin {
            Origin::Files { files, .. } => files.read().unwrap_or_else(PoisonError::into_inner).clone(),
            Origin::Estate(_) => None,
        };
        let kube = match &self.ground {
            Ground::Files(source) => source.read(),
            Ground::Stand(_) => None,
        };
        Standing { aws, kube }
    }

    /// Reads files that have changed. Names the environments that should be asked again: what they stand on is made anew.
    pub async fn changed_files(&self) -> Vec<Arc<str>> {
        let Origin::Files { files, .. } = &self.origin else { return Vec::new() };
        let mut changed = self.changed_kubeconfig().await;
        let read = files.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(read) = read
            && !tokio::task::spawn_blocking(move || read.is_current()).await.unwrap_or(true)
            && let Ok(new) = AwsFiles::read(&self.shared.variables).await
        {
            let new = Arc::new(new);
            *files.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&new));
            for member in self.everyone() {
                if member.concerned(&new).await {
                    *member.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    changed.push(Arc::clone(member.seen_as()));
                }
            }
        }
        changed
    }

    /// Looks at the cached SSO tokens. Names the environments whose credentials could not be had and now perhaps can.
    pub async fn changed_tokens(&self) -> Vec<Arc<str>> {
        let mut changed = Vec::new();
        let mut stamps = HashMap::new();
        for member in self.everyone() {
            let Some(current) = member.loaded() else { continue };
            if current.token_changed(&mut stamps).await && current.signer.failure().is_some() {
                current.signer.forgive();
                changed.push(Arc::clone(member.seen_as()));
            }
        }
        changed
    }

    /// Looks at the kubeconfig files. Names the environments with a context that stands on something else now.
    async fn changed_kubeconfig(&self) -> Vec<Arc<str>> {
        let Ground::Files(source) = &self.ground else { return Vec::new() };
        let Some((before, now)) = source.changed().await else { return Vec::new() };
        let mut changed = Vec::new();
        for member in self.members().iter().filter(|member| kube::concerned(&member.environment, &before, &now)) {
            if let Some(current) = member.loaded() {
                current.kube.changed(&before, &now);
            }
            changed.push(Arc::clone(&member.environment.name));
        }
        changed
    }

    /// The AWS files, read at first.
    pub(super) async fn files(&self, files: &RwLock<Option<Arc<AwsFiles>>>) -> Result<Arc<AwsFiles>, Fault> {
        let read = files.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(read) = read {
            return Ok(read);
        }
        let new = Arc::new(AwsFiles::read(&self.shared.variables).await?);
        let mut files = files.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(files.get_or_insert(new)))
    }
}

impl Member {
    /// Whether what this environment stands on is different in the new files, or was broken in the old ones.
    async fn concerned(&self, new: &AwsFiles) -> bool {
        let Some(profile) = &self.environment.profile else { return false };
        match self.loaded() {
            Some(current) => new.excerpt(profile).await.ok() != current.signer.settings().excerpt,
            None => self.broken.lock().unwrap_or_else(PoisonError::into_inner).is_some(),
        }
    }
}
