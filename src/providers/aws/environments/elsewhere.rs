//! Accounts that an environment keeps its Terraform states in: members of their own, attested and pinned for themselves, which are
//! not among the environments that an operator switches between. Only what the configuration names can be reached so.

use std::fmt;
use std::sync::{Arc, PoisonError, Weak};

use super::{Environments, Member};
use crate::model::{Environment, Fault, FaultClass, Scope};
use crate::providers::Env;

/// Which connections an environment's requests go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Those of the reads that feed the screen.
    Reads,
    /// Those of plans and changes.
    Acting,
}

/// The way from one environment to the others.
#[derive(Clone)]
pub struct Around {
    pub(super) environments: Weak<Environments>,
    pub(super) lane: Lane,
}

impl Around {
    /// All environments, in their order.
    pub fn list(&self) -> Vec<Arc<Environment>> {
        self.environments.upgrade().map(|environments| environments.list()).unwrap_or_default()
    }

    /// The clients of another region, or of an account that keeps the environment's states.
    pub async fn elsewhere(&self, from: &Environment, profile: Option<&str>, region: &str) -> Result<Arc<Env>, Fault> {
        let environments = self.environments.upgrade();
        let environments = environments.ok_or_else(|| Fault::new(FaultClass::Bug, "the environments are gone"))?;
        let scope = Scope::new(called(from, profile), region);
        match self.lane {
            Lane::Reads => environments.env(&scope).await,
            Lane::Acting => environments.acting_env(&scope).await.map(Arc::new),
        }
    }
}

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around").field("lane", &self.lane).finish_non_exhaustive()
    }
}

/// The name of the member for a profile: the environment's own where that is the profile.
fn called(from: &Environment, profile: Option<&str>) -> Arc<str> {
    match profile.filter(|profile| from.profile.as_deref() != Some(*profile)) {
        Some(profile) => format!("{}@{profile}", from.name).into(),
        None => Arc::clone(&from.name),
    }
}

impl Environments {
    /// The member of a name like `dhbw-prod@shared-state`, if that environment's configuration names the profile.
    pub(super) fn elsewhere(&self, name: &str) -> Option<Arc<Member>> {
        let known = self.hidden.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if known.is_some() {
            return known;
        }
        let (owner, profile) = self.owner(name)?;
        let backends = owner.environment.terraform.iter();
        let mut named = backends.filter(|backend| backend.profile.as_deref() == Some(&*profile)).peekable();
        named.peek()?;
        let mut regions: Vec<Arc<str>> = named.filter_map(|backend| backend.region.clone()).collect();
        regions.extend(owner.environment.regions.iter().cloned());
        let environment = Environment {
            name: name.into(),
            customer: owner.environment.customer.clone(),
            stage: owner.environment.stage,
            profile: Some(profile),
            account: None,
            regions,
            terraform: owner.environment.terraform.clone(),
            kube_contexts: Vec::new(),
            without_aws: false,
        };
        let owned_by = Some(Arc::clone(&owner.environment.name));
        let (stats, attention) = (Arc::clone(&owner.stats), Arc::clone(&owner.attention));
        let member = Member { owned_by, stats, attention, ..self.member_of(environment) };
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(hidden.entry(name.into()).or_insert(Arc::new(member))))
    }

    /// The environment whose backend such a member holds, and the profile. Names may have an `@` of their own.
    fn owner(&self, name: &str) -> Option<(Arc<Member>, Arc<str>)> {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        name.match_indices('@').find_map(|(at, _)| Some((Arc::clone(members.get(&name[..at])?), name[at + 1..].into())))
    }

    /// All members, those that are not switched to among them.
    pub(super) fn everyone(&self) -> Vec<Arc<Member>> {
        let mut everyone = self.members();
        everyone.extend(self.hidden.lock().unwrap_or_else(PoisonError::into_inner).values().cloned());
        everyone
    }

    /// Whose credentials an environment waits for: its own, or those of an account that keeps its states.
    pub(super) fn waiting(&self, environment: &str) -> Result<Arc<Member>, Fault> {
        let own = self.member(environment)?;
        let failed = |member: &Member| member.loaded().is_some_and(|current| current.signer.failure().is_some());
        if failed(&own) {
            return Ok(own);
        }
        let others = self.everyone().into_iter().filter(|member| member.owned_by.as_deref() == Some(environment));
        Ok(others.into_iter().find(|member| failed(member)).unwrap_or(own))
    }
}

impl Member {
    /// The name that the operator knows it by.
    pub(super) fn seen_as(&self) -> &Arc<str> {
        self.owned_by.as_ref().unwrap_or(&self.environment.name)
    }

    /// Its name in what stands in for AWS: an account that is not switched to is known by its profile there.
    pub(super) fn in_estate(&self) -> &str {
        match (&self.owned_by, &self.environment.profile) {
            (Some(_), Some(profile)) => profile,
            _ => &self.environment.name,
        }
    }
}
