//! The environments' Kubernetes clusters: what they are asked with, who one is there, and environments that are nothing else.

use std::collections::HashSet;
use std::sync::Arc;

use super::Environments;
use super::elsewhere::Lane;
use crate::model::{Fault, FaultClass, Identity, Scope};
use crate::providers::kube::Move;
use crate::providers::{Acting, Env};

impl Environments {
    /// The clients of an environment and region for what lives in its Kubernetes clusters: nobody waits here until AWS says who
    /// answers. Whatever is asked of AWS with them is attested before.
    pub async fn kube_env(&self, scope: &Scope) -> Result<Arc<Env>, Fault> {
        let member = self.member(&scope.environment)?;
        let current = self.current(&member).await?;
        let identity = current.signer.identity().unwrap_or_default();
        let aws = current.aws(&scope.region);
        Ok(Arc::new(self.env_of(&member, &current, scope, &identity, (aws, Lane::Reads))))
    }

    /// Waits until something has changed in watched clusters.
    pub async fn moved(&self) -> HashSet<Move> {
        self.moves.take().await
    }

    /// What an action is given in a Kubernetes cluster: connections of its own to it. Nobody waits here until AWS says who answers;
    /// whatever is asked of AWS is attested before.
    pub async fn kube_acting(&self, scope: &Scope) -> Result<Arc<Acting>, Fault> {
        let member = self.member(&scope.environment)?;
        let current = self.current(&member).await?;
        let identity = current.signer.identity().unwrap_or_default();
        let http = || current.signer.gates().acting.clone();
        let aws = current.aws_on(http(), &scope.region);
        let env = self.env_of(&member, &current, scope, &identity, (aws, Lane::Acting));
        let cluster = match &scope.cluster {
            Some(name) => Some(current.kube.reach(&env, name).await?),
            None => None,
        };
        // What is done in a cluster changes nothing in an account.
        let (profile, writes) = (env.environment.profile.clone(), current.writes_on(http(), &scope.region, None));
        Ok(Arc::new(Acting { env, profile, writes, cluster, terminal: None }))
    }

    /// Who one is in a Kubernetes cluster, asked now: the last check before a change in it.
    pub async fn kube_caller(&self, scope: &Scope) -> Result<Arc<Identity>, Fault> {
        self.kube_acting(scope).await?.reach()?.caller().await
    }

    /// Who one is in an environment without AWS: the user of its first cluster. There is no account.
    pub(super) async fn kube_identity(&self, scope: &Scope) -> Result<Arc<Identity>, Fault> {
        let env = self.kube_env(scope).await?;
        let Some(name) = env.environment.kube_contexts.first() else {
            return Err(Fault::new(
                FaultClass::Invalid,
                format!("{} has no account and no cluster", scope.environment),
            ));
        };
        let user = env.cluster(name).await?.user().await?;
        Ok(Arc::new(Identity { arn: user.into(), ..Identity::default() }))
    }
}
