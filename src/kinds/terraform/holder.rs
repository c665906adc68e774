//! Which state holds a resource: whoever changes it past Terraform should know that the next apply changes it back.
//!
//! What the states hold takes several rounds of questions to read. So it is read by a task of its own, which goes on when whoever
//! asked waits no longer: the next one who asks finds it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::timeout;

use super::{Summary, contents, survey};
use crate::providers::Env;

/// An answer is good for so long.
const FRESH: Duration = Duration::from_mins(5);
/// Nobody waits longer for it.
const PATIENCE: Duration = Duration::from_secs(4);
/// Reading that takes longer is given up.
const READING: Duration = Duration::from_mins(1);

/// A state that holds a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The state: `BUCKET/KEY`.
    pub state: Arc<str>,
    /// The resource's address in it.
    pub address: Arc<str>,
}

/// What the environment's states hold.
type Index = Vec<(Arc<str>, Arc<Summary>)>;

/// What they hold as it is being read, or was; `None` where it could not be.
struct Reading {
    begun: Instant,
    index: Shared<BoxFuture<'static, Option<Arc<Index>>>>,
}

impl Reading {
    /// Whether it is still good, or may become so.
    fn counts(&self) -> bool {
        self.begun.elapsed() < FRESH && !matches!(self.index.peek(), Some(None))
    }
}

/// Begins to read what the environment's states hold, unless that is known or being read.
pub async fn read_ahead(env: &Env) {
    drop(reading(env).await);
}

/// The state that holds a resource of this type (`aws_ecs_service`) that goes by this name, id or ARN. `None` where no state that can
/// be read does: that is no proof that there is none.
pub async fn holder(env: &Env, resource_type: &str, name: &str) -> Option<Held> {
    let reading = reading(env).await?;
    let index = timeout(PATIENCE, reading.index.clone()).await.ok()??;
    index.iter().find_map(|(state, summary)| {
        let is = |instance: &&super::state::Instance| {
            *instance.sort == *resource_type && instance.names.iter().any(|known| **known == *name)
        };
        let instance = summary.instances.iter().find(is)?;
        Some(Held { state: Arc::clone(state), address: Arc::clone(&instance.address) })
    })
}

/// What is known or being read; begun where neither is.
async fn reading(env: &Env) -> Option<Arc<Reading>> {
    let memory = format!("terraform holders {}", env.scope.region);
    if let Some(known) = env.memory.get::<Reading>(&memory).filter(|known| known.counts()) {
        return Some(known);
    }
    // Clients of its own: it may outlive those who asked.
    let own = env.elsewhere(None, &env.scope.region).await.ok()?;
    let task = tokio::spawn(async move { timeout(READING, read(&own)).await.ok().flatten() });
    let index = async move { task.await.ok().flatten() }.boxed().shared();
    let new = Arc::new(Reading { begun: Instant::now(), index });
    env.memory.keep(memory, Arc::clone(&new));
    Some(new)
}

async fn read(env: &Env) -> Option<Arc<Index>> {
    let survey = survey(env).await.ok()?;
    let contents = contents(env, &survey.states).await;
    let held = survey.states.iter().zip(contents).filter_map(|(found, content)| {
        let path = super::path(&found.bucket.name, &found.object.key);
        Some((path.into(), content.ok()?))
    });
    Some(Arc::new(held.collect()))
}
