//! Events and deployments of ECS services, out of `DescribeServices`.

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service, ServiceEvent};
use futures_util::stream::TryStreamExt;
use jiff::Timestamp;

use super::{Change, ChangeSource, Line, Told, change};
use crate::kinds::ecs_service::{is_bookkeeping, is_steady, is_trouble, plain, words_of};
use crate::kinds::{Op, ecs, parts};
use crate::model::{Fault, ResourceId, Scope};
use crate::providers::Env;

/// What is called here.
pub const READS: &[Op] = &[ecs::LIST_CLUSTERS, ecs::LIST_SERVICES, ecs::SERVICES];

/// Of one service, of a cluster's, or of all.
pub async fn read(env: &Env, since: Timestamp, about: Option<&ResourceId>) -> Told {
    let mut changes = Vec::new();
    let end = gather(env, since, about, &mut changes).await;
    Told::new(changes, end)
}

async fn gather(
    env: &Env,
    since: Timestamp,
    about: Option<&ResourceId>,
    changes: &mut Vec<Change>,
) -> Result<(), Fault> {
    if let Some(id) = about.filter(|id| id.kind == "ecs-service") {
        changes.extend(of_service(&env.scope, ecs::cluster_of(id), &ecs::service(env, id).await?, since));
        return Ok(());
    }
    let mut services = std::pin::pin!(ecs::services(env, ecs::clusters(env, about).await?));
    while let Some((cluster, ten)) = services.try_next().await? {
        changes.extend(ten.iter().flat_map(|service| of_service(&env.scope, &cluster, service, since)));
    }
    Ok(())
}

/// What the service tells of the time since then.
fn of_service(scope: &Scope, cluster: &str, service: &Service, since: Timestamp) -> Vec<Change> {
    let name = service.service_name().unwrap_or_default();
    let resource = ecs::service_id(scope, cluster, name);
    let told = |at: Option<Timestamp>, source, id: Option<&str>, what: &str, failed| {
        let resource = Some(resource.clone());
        let line = Line { at: at.filter(|at| *at >= since)?, source, id, who: "", what, name, resource, failed };
        Some(change(scope, line))
    };
    let deployment = |deployment: &Deployment| {
        let failed = deployment.rollout_state() == Some(&DeploymentRolloutState::Failed);
        let what = deployed(deployment);
        told(parts::instant(deployment.created_at()), ChangeSource::EcsDeployment, deployment.id(), &what, failed)
    };
    let event = |event: &ServiceEvent| {
        let message = words_of(event);
        let at = parts::instant(event.created_at());
        told(at, ChangeSource::EcsEvent, event.id(), &plain(message), is_trouble(message))
    };
    let deployments = service.deployments().iter().filter_map(deployment);
    deployments.chain(news(service.events()).filter_map(event)).collect()
}

/// Events that change something. That targets come and go with the tasks is bookkeeping; and ECS says every six hours that a
/// service is steady: that it has become so is news, that it still is, is none.
fn news(events: &[ServiceEvent]) -> impl Iterator<Item = &ServiceEvent> {
    let events: Vec<&ServiceEvent> = events.iter().filter(|event| !is_bookkeeping(words_of(event))).collect();
    let steady = |at: usize| events.get(at).is_some_and(|event| is_steady(words_of(event)));
    let still_steady = |at: usize| steady(at) && (steady(at + 1) || at + 1 == events.len());
    let news: Vec<&ServiceEvent> = (0..events.len()).filter(|at| !still_steady(*at)).map(|at| events[at]).collect();
    news.into_iter()
}

fn deployed(deployment: &Deployment) -> String {
    let definition = ecs::name_of(deployment.task_definition().unwrap_or("a task definition"));
    let state = deployment.rollout_state().map(|state| parts::status_words(state.as_str()));
    let reason = deployment.rollout_state_reason().filter(|reason| !reason.is_empty());
    let words = [
        Some(format!("deployment of {definition}")),
        state,
        reason.map(|reason| reason.trim_end_matches('.').to_owned()),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::primitives::DateTime;

    use super::*;

    fn event(at: i64, message: &str) -> ServiceEvent {
        let message = format!("(service web) {message}");
        ServiceEvent::builder().id(format!("event-{at}")).created_at(DateTime::from_secs(at)).message(message).build()
    }

    #[test]
    fn events_and_deployments_of_the_window_are_told() {
        let deployment = Deployment::builder()
            .id("ecs-svc/1")
            .task_definition("arn:aws:ecs:r:1:task-definition/web:8")
            .rollout_state(DeploymentRolloutState::Failed)
            .rollout_state_reason("ECS deployment circuit breaker: tasks failed to start.")
            .created_at(DateTime::from_secs(110));
        let service = Service::builder()
            .service_name("web")
            .deployments(deployment.build())
            .events(event(150, "has reached a steady state."))
            .events(event(140, "has reached a steady state."))
            .events(event(135, "registered 1 targets in (target-group x)"))
            .events(event(130, "has started 1 tasks: (task 01)."))
            .events(event(120, "was unable to place a task."))
            .events(event(90, "has started 1 tasks: (task 00)."))
            .build();
        let since = Timestamp::from_second(100).unwrap();
        let changes = of_service(&Scope::new("dhbw-prod", "eu-central-1"), "main", &service, since);
        let told: Vec<_> = changes.iter().map(|c| (c.at.as_second(), &*c.what, c.failed)).collect();
        assert_eq!(
            told,
            [
                (110, "deployment of web:8: failed: ECS deployment circuit breaker: tasks failed to start", true),
                (140, "has reached a steady state", false),
                (130, "has started 1 tasks: (task 01)", false),
                (120, "was unable to place a task", true),
            ]
        );
        assert_eq!(changes[1].resource.as_ref().unwrap().scope.cluster.as_deref(), Some("main"));
        assert_eq!(&*changes[1].id, "event-140");
    }
}
