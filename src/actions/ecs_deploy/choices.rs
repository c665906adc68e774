//! What can be deployed: the newest revisions of the family that a service is set to, with what would be different.

use std::sync::Arc;

use aws_sdk_ecs::types::{SortOrder, TaskDefinition, TaskDefinitionStatus};
use futures_util::future::try_join_all;

use super::super::ecs::{self, name_of};
use super::super::{Choice, Op};
use super::difference::difference;
use crate::kinds::parts::{instant, minute};
use crate::model::{Fault, ResourceId, text};
use crate::providers::Acting;
use crate::providers::aws::fault;

/// The revisions of a family.
pub(super) const LIST: Op = "ecs:ListTaskDefinitions";

/// So many of the newest revisions are offered; older ones can be named.
const OFFERED: i32 = 12;

/// The newest revisions, newest first.
pub(super) async fn revisions(acting: &Acting, id: &ResourceId) -> Result<Vec<Choice>, Fault> {
    let env = &acting.env;
    let service = ecs::service(env, id).await?;
    let set = ecs::definition_name(&service);
    let family = set.split(':').next().unwrap_or_default();
    let call = env.aws.ecs().list_task_definitions().family_prefix(family).sort(SortOrder::Desc);
    let call = call.status(TaskDefinitionStatus::Active).max_results(OFFERED);
    let page = call.send().await.map_err(|error| fault(LIST, &error))?;
    // A prefix is no family: `web` finds those of `web-admin` too.
    let names = page.task_definition_arns().iter().map(|arn| name_of(arn));
    let mut names: Vec<&str> = names.filter(|name| name.split(':').next() == Some(family)).collect();
    if !names.contains(&set) {
        names.push(set);
    }
    let found = try_join_all(names.into_iter().map(|name| ecs::definition(env, name))).await?;
    let current = found.iter().find(|definition| name(definition) == set);
    Ok(found.iter().map(|definition| choice(definition, current)).collect())
}

fn name(definition: &TaskDefinition) -> String {
    format!("{}:{}", definition.family().unwrap_or_default(), definition.revision())
}

fn choice(definition: &TaskDefinition, current: Option<&TaskDefinition>) -> Choice {
    let value = name(definition);
    let mut words: Vec<String> = Vec::new();
    if current.is_some_and(|current| name(current) == value) {
        words.push("set now".to_owned());
    }
    let images = definition.container_definitions().iter().filter_map(|container| container.image().map(name_of));
    words.extend(images.take(1).map(str::to_owned));
    if let Some(at) = instant(definition.registered_at()) {
        words.push(format!("registered {}", minute(at)));
    }
    words.extend(definition.registered_by().map(|by| format!("by {}", name_of(by))));
    let words = words.join(", ");
    Choice {
        value: value.into(),
        words: Arc::from(text::clean(&words)),
        difference: current.map(|current| difference(current, definition)).unwrap_or_default(),
    }
}
