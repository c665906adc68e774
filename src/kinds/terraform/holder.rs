//! Which state holds a resource: whoever changes it past Terraform should know that the next apply changes it back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Summary, contents, survey};
use crate::providers::Env;

/// An answer is good for so long.
const FRESH: Duration = Duration::from_mins(5);
/// Nobody waits longer for it.
const PATIENCE: Duration = Duration::from_secs(4);

/// A state that holds a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The state: `BUCKET/KEY`.
    pub state: Arc<str>,
    /// The resource's address in it.
    pub address: Arc<str>,
}

/// What the environment's states hold, and when that was read.
struct Index {
    read: Instant,
    held: Vec<(Arc<str>, Arc<Summary>)>,
}

/// The state that holds a resource of this type (`aws_ecs_service`) that goes by this name, id or ARN. `None` where no state that can
/// be read does: that is no proof that there is none.
pub async fn holder(env: &Env, resource_type: &str, name: &str) -> Option<Held> {
    let memory = format!("terraform holders {}", env.scope.region);
    let known = env.memory.get::<Index>(&memory).filter(|index| index.read.elapsed() < FRESH);
    let index = if let Some(known) = known {
        known
    } else {
        let read = tokio::time::timeout(PATIENCE, read(env)).await.ok()??;
        let index = Arc::new(read);
        env.memory.keep(memory, Arc::clone(&index));
        index
    };
    index.held.iter().find_map(|(state, summary)| {
        let is = |instance: &&super::state::Instance| {
            *instance.sort == *resource_type && instance.names.iter().any(|known| **known == *name)
        };
        let instance = summary.instances.iter().find(is)?;
        Some(Held { state: Arc::clone(state), address: Arc::clone(&instance.address) })
    })
}

async fn read(env: &Env) -> Option<Index> {
    let survey = survey(env).await.ok()?;
    let contents = contents(env, &survey.states).await;
    let held = survey.states.iter().zip(contents).filter_map(|(found, content)| {
        let path = super::path(&found.bucket.name, &found.object.key);
        Some((path.into(), content.ok()?))
    });
    Some(Index { read: Instant::now(), held: held.collect() })
}
