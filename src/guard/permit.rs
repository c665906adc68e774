//! The right to send one step once. Only the guard issues it: its fields are private, and nothing outside of this room can make one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};

use crate::model::{Fault, FaultClass, Step};

/// The right to send one step once, bound to environment, account, region, cluster, operation and input. Neither copied nor cloned;
/// whoever has sent with it has used it up.
#[derive(Debug)]
pub struct Permit(Arc<Bound>);

#[derive(Debug)]
struct Bound {
    environment: Arc<str>,
    account: Arc<str>,
    region: Arc<str>,
    cluster: Option<Arc<str>>,
    operation: &'static str,
    input: Map<String, Value>,
    spent: AtomicBool,
}

/// What rides along with a request to the place where it leaves the process, and is checked there. Made from a permit, which it
/// uses up; clones are the same right, good for one request together.
#[derive(Clone)]
pub struct Claim(Arc<Bound>);

impl Permit {
    /// For a step of a plan whose intent is on disk.
    pub(super) fn issue(step: &Step) -> Self {
        Self(Arc::new(Bound {
            environment: Arc::clone(&step.scope.environment),
            account: Arc::clone(&step.sender.account),
            region: Arc::clone(&step.scope.region),
            cluster: step.scope.cluster.clone(),
            operation: step.operation,
            input: step.input.clone(),
            spent: AtomicBool::new(false),
        }))
    }

    /// A permit without the guard, so that what an action sends can be tested by itself.
    #[cfg(test)]
    pub fn for_tests(step: &Step) -> Self {
        Self::issue(step)
    }

    /// Uses it up.
    pub fn claim(self) -> Claim {
        Claim(self.0)
    }
}

impl Claim {
    /// What may be sent, by the API's own parameter names.
    pub fn input(&self) -> &Map<String, Value> {
        &self.0.input
    }

    /// The account that was attested to who sends it when the plan was made; in a cluster, what that is known by.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The cluster that it is for, where the step is sent to one.
    pub fn cluster(&self) -> Option<&str> {
        self.0.cluster.as_deref()
    }

    /// The operation, in IAM's spelling.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// Lets one request of this operation to this place pass, and never another one. Whether its input is the one that was
    /// permitted, and whether the account is, is for the caller to compare first.
    pub fn spend(&self, environment: &str, region: Option<&str>, operation: &str) -> Result<(), Fault> {
        let Bound { environment: own, region: own_region, operation: permitted, spent, .. } = &*self.0;
        let refused = |why: String| Err(Fault::new(FaultClass::Bug, format!("refused: {why}")));
        if **own != *environment || *permitted != operation || region.is_some_and(|region| **own_region != *region) {
            return refused(format!("{operation} in {environment} is not what was permitted"));
        }
        if spent.swap(true, Ordering::SeqCst) {
            return refused(format!("{operation} was permitted once and has been sent"));
        }
        Ok(())
    }

    /// Whether it has been sent with.
    pub fn is_spent(&self) -> bool {
        self.0.spent.load(Ordering::SeqCst)
    }
}

/// The input may name what should not stand in a log.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("operation", &self.0.operation).finish_non_exhaustive()
    }
}
