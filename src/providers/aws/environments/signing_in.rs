//! Signing in to an environment: by the device flow of its SSO session, or with the code of a device. Others that stand on the same
//! live again with it.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Environments, Member};
use crate::model::{Fault, FaultClass, Scope};
use crate::providers::aws::sign_in::{SignIn, sign_in};
use crate::providers::aws::signer::Signer;

impl Environments {
    /// Signs in to the SSO session of an environment by the device flow; how far it has come goes to `tell`. Returns the
    /// environments that live again. Dropping the other end of `tell` gives up.
    pub async fn sign_in(&self, environment: &str, tell: mpsc::Sender<SignIn>) -> Result<Vec<Arc<str>>, Fault> {
        let member = self.waiting(environment)?;
        let current = self.current(&member).await?;
        let Some(session) = &current.signer.settings().session else {
            return self.run_again(&member, &current.signer).await;
        };
        sign_in(&current.signer.resolver(), session, &tell).await?;
        let mut revived = Vec::new();
        for member in self.everyone() {
            let Some(other) = member.loaded() else { continue };
            let same = other.signer.settings().session.as_ref().is_some_and(|other| other.key() == session.key());
            let expired = |fault: Fault| matches!(fault.class, FaultClass::Expired { .. });
            if same && (other.signer.failure().is_some_and(expired) || &**member.seen_as() == environment) {
                member.forgive();
                revived.push(Arc::clone(member.seen_as()));
            }
        }
        revived.sort_unstable();
        revived.dedup();
        Ok(revived)
    }

    /// Where there is no session to sign in to, programs that give credentials are run anew: they may lead a person to where one
    /// signs in.
    async fn run_again(&self, member: &Member, signer: &Arc<Signer>) -> Result<Vec<Arc<str>>, Fault> {
        let (environment, name) = (&member.environment, member.seen_as());
        member.forgive();
        let chain = &signer.settings().chain;
        if chain.runs_program() {
            signer.attested().await?;
        } else if environment.without_aws && !environment.kube_contexts.is_empty() {
            let region = environment.regions.first().map_or("-", |region| region);
            self.kube_identity(&Scope::new(Arc::clone(name), region)).await?;
        } else {
            let summary = format!("{name} has no SSO session to sign in to: {}", chain.renewed());
            return Err(Fault::new(FaultClass::Invalid, summary));
        }
        Ok(vec![Arc::clone(name)])
    }

    /// The device whose code an environment waits for.
    pub fn needs_code(&self, environment: &str) -> Option<String> {
        let failure = self.waiting(environment).ok()?.loaded()?.signer.failure()?;
        match failure.class {
            FaultClass::NeedsCode { serial } => Some(serial),
            _ => None,
        }
    }

    /// Buys a session with the code of an environment's device. Returns the environments that live again: others with the same
    /// keys and device share the session.
    pub async fn give_code(&self, environment: &str, code: &str) -> Result<Vec<Arc<str>>, Fault> {
        let current = self.current(&*self.waiting(environment)?).await?;
        let device = current.signer.settings().chain.mfa_serial.clone();
        current.signer.attested_with(code.trim()).await?;
        let mut revived = vec![Arc::from(environment)];
        for member in self.everyone() {
            let Some(other) = member.loaded() else { continue };
            let waits =
                matches!(other.signer.failure(), Some(fault) if matches!(fault.class, FaultClass::NeedsCode { .. }));
            if waits && other.signer.settings().chain.mfa_serial == device {
                member.forgive();
                revived.push(Arc::clone(member.seen_as()));
            }
        }
        revived.sort_unstable();
        revived.dedup();
        Ok(revived)
    }
}

impl Member {
    /// Somebody has signed in: what failed may work now.
    fn forgive(&self) {
        if let Some(current) = self.loaded() {
            current.signer.forgive();
            current.kube.forgive();
        }
    }
}
