//! What is to be deployed: the task definition that is named, the one that is set already, or the one of the last completed deployment
//! before. And all that a plan says of it, read in as few rounds as the questions allow: what is likely to be needed is asked for
//! before it is known to be.
//!
//! The last completed one is looked for first among the deployments that the service still shows, then in ECS's history
//! (`ListServiceDeployments` and `DescribeServiceRevisions`; ECS keeps 90 days, other servers may have none). In both it is the newest
//! whose task definition is another one than that which is set now.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    DeploymentRolloutState, Service, ServiceDeploymentBrief, ServiceDeploymentStatus, ServiceRevision, Task,
    TaskDefinition,
};
use futures_util::future::{join_all, join4};

use super::super::ecs::{self, name_of};
use super::super::{Op, parts};
use super::images::{self, Asked};
use crate::kinds::parts::instant;
use crate::model::{Fault, FaultClass, Fields, ResourceId};
use crate::providers::aws::fault;
use crate::providers::{Acting, Env};

/// The deployments that a service has completed.
pub(super) const HISTORY: Op = "ecs:ListServiceDeployments";
/// What they deployed.
pub(super) const REVISIONS: Op = "ecs:DescribeServiceRevisions";

/// So many revisions before the one that is set are looked at before it is known which of them to go back to.
const GUESSED: u32 = 3;

/// The most revisions of a service that one call describes.
const TWENTY: usize = 20;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// This task definition.
    To(String),
    /// The one of the last completed deployment before.
    Back,
    /// The one that is set, once more.
    Again,
}

/// What is asked for, with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) aim: Aim,
    /// A new deployment even if nothing else is new.
    pub(super) force: bool,
    pub(super) minimum: Option<i32>,
    pub(super) maximum: Option<i32>,
}

impl Wanted {
    /// What the fields say.
    pub(super) fn of(fields: &Fields) -> Result<Self, Fault> {
        let yes = |field| parts::given(fields, field) == Some("yes");
        let invalid = |words: &str| Fault::new(FaultClass::Invalid, words);
        let percent = |field| match parts::given(fields, field) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| invalid(&format!("`{text}` is no percentage"))),
        };
        let aim = match (parts::given(fields, "task-definition"), yes("rollback"), yes("force")) {
            (Some(_), true, _) => return Err(invalid("either `--task-definition` or `--rollback yes`, not both")),
            (Some(reference), false, _) => Aim::To(name_of(reference).to_owned()),
            (None, true, _) => Aim::Back,
            (None, false, true) => Aim::Again,
            (None, false, false) => {
                return Err(invalid("say what: `--task-definition`, `--rollback yes` or `--force yes`"));
            }
        };
        Ok(Self {
            aim,
            force: yes("force"),
            minimum: percent("minimum-percent")?,
            maximum: percent("maximum-percent")?,
        })
    }
}

/// What a plan is made of.
pub(super) struct Found {
    pub(super) service: Service,
    /// The task definition that is set.
    pub(super) current: Result<TaskDefinition, Fault>,
    /// What is to be deployed; nothing where there is none to go back to, and why.
    pub(super) to: Result<Target, String>,
    /// Tasks that run.
    pub(super) tasks: Vec<Task>,
    /// What earlier deployments deployed, newest first.
    pub(super) revisions: Vec<ServiceRevision>,
}

/// What is to be deployed, and what its containers' tags stand for now.
pub(super) type Target = (TaskDefinition, Vec<Asked>);

/// Reads the service, what it is set to and what it is to be set to: two rounds of questions where it is set to what was `expected`
/// and what to go back to is the service's to tell, or one of the revisions just before.
pub(super) async fn find(acting: &Acting, id: &ResourceId, aim: &Aim, expected: Option<&str>) -> Result<Found, Fault> {
    let (env, cluster) = (&acting.env, ecs::cluster_of(id));
    let (service, arns, history, ahead) = join4(
        ecs::service(env, id),
        ecs::some_task_arns(env, cluster, &id.id),
        history(acting, id),
        Ahead::read(env, foreseen(aim, expected)),
    )
    .await;
    let service = service?;
    let set = ecs::definition_name(&service).to_owned();
    let known = match aim {
        Aim::To(reference) => Some(reference.clone()),
        Aim::Again => Some(set.clone()),
        Aim::Back => before(&service, &set),
    };
    let arns = arns.unwrap_or_default();
    let candidates: Vec<String> = match &known {
        Some(name) => vec![name.clone()],
        None => ahead.others(&set),
    };
    let (tasks, revisions, current, targets) = join4(
        tasks(acting, cluster, &arns),
        revisions(acting, &history),
        ahead.get(env, &set),
        join_all(candidates.iter().map(|name| target(acting, &ahead, name))),
    )
    .await;
    let to = match known.or_else(|| earlier(&revisions, &set)) {
        Some(name) => match candidates.iter().zip(targets).find(|(candidate, _)| **candidate == name) {
            Some((_, target)) => Ok(target?),
            None => Ok(target(acting, &ahead, &name).await?),
        },
        None => Err(none_before(&history)),
    };
    Ok(Found { service, current, to, tasks, revisions: revisions.unwrap_or_default() })
}

/// The task definitions that will be needed, as far as can be foreseen.
fn foreseen(aim: &Aim, expected: Option<&str>) -> BTreeSet<String> {
    let named = match aim {
        Aim::To(reference) => Some(reference.as_str()),
        Aim::Again | Aim::Back => None,
    };
    let mut names: BTreeSet<String> = named.into_iter().chain(expected).map(str::to_owned).collect();
    let revision = expected.and_then(|name| name.split_once(':'));
    if let (Aim::Back, Some((family, Ok(revision)))) = (aim, revision.map(|(family, nth)| (family, nth.parse::<u32>())))
    {
        let before = (1..=GUESSED).filter_map(|back| revision.checked_sub(back)).filter(|nth| *nth > 0);
        names.extend(before.map(|nth| format!("{family}:{nth}")));
    }
    names
}

/// Task definitions that were read before it was known which of them are needed.
struct Ahead(BTreeMap<String, Result<TaskDefinition, Fault>>);

impl Ahead {
    async fn read(env: &Env, names: BTreeSet<String>) -> Self {
        let read = join_all(names.iter().map(|name| ecs::definition(env, name))).await;
        Self(names.into_iter().zip(read).collect())
    }

    /// Those that could be read, but for this one.
    fn others(&self, name: &str) -> Vec<String> {
        let read = self.0.iter().filter(|(other, read)| read.is_ok() && *other != name);
        read.map(|(name, _)| name.clone()).collect()
    }

    /// A task definition, read now where it was not foreseen.
    async fn get(&self, env: &Env, name: &str) -> Result<TaskDefinition, Fault> {
        match self.0.get(name) {
            Some(read) => read.clone(),
            None => ecs::definition(env, name).await,
        }
    }
}

/// A task definition, then its images.
async fn target(acting: &Acting, ahead: &Ahead, name: &str) -> Result<Target, Fault> {
    let definition = ahead.get(&acting.env, name).await?;
    let asked = images::asked(acting, &definition).await;
    Ok((definition, asked))
}

/// The newest completed deployment of another task definition that the service still shows.
fn before(service: &Service, set: &str) -> Option<String> {
    let completed = service.deployments().iter().filter(|deployment| {
        deployment.rollout_state() == Some(&DeploymentRolloutState::Completed)
            && deployment.task_definition().is_some_and(|arn| name_of(arn) != set)
    });
    let newest = completed.max_by_key(|deployment| instant(deployment.created_at()))?;
    newest.task_definition().map(|arn| name_of(arn).to_owned())
}

/// The same among the revisions of the service, newest first.
fn earlier(revisions: &Result<Vec<ServiceRevision>, Fault>, set: &str) -> Option<String> {
    let mut names = revisions.iter().flatten().filter_map(|revision| revision.task_definition().map(name_of));
    names.find(|name| *name != set).map(str::to_owned)
}

fn none_before(history: &Result<Vec<ServiceDeploymentBrief>, Fault>) -> String {
    match history {
        Ok(_) => {
            "no completed deployment of another task definition is known; name one with --task-definition".to_owned()
        }
        Err(fault) => format!("the completed deployments could not be read: {fault}; name one with --task-definition"),
    }
}

/// The deployments that were completed. The newest are on the first page or on a later one: the order is not documented.
async fn history(acting: &Acting, id: &ResourceId) -> Result<Vec<ServiceDeploymentBrief>, Fault> {
    crate::providers::aws::gathered(HISTORY, |token| {
        let call = acting.env.aws.ecs().list_service_deployments().cluster(ecs::cluster_of(id)).service(&*id.id);
        let call = call.status(ServiceDeploymentStatus::Successful).max_results(ecs::PAGE as i32).set_next_token(token);
        async move {
            let page = call.send().await.map_err(|error| fault(HISTORY, &error))?;
            Ok((page.service_deployments.unwrap_or_default(), page.next_token))
        }
    })
    .await
}

/// What the newest completed deployments deployed, newest first.
async fn revisions(
    acting: &Acting,
    history: &Result<Vec<ServiceDeploymentBrief>, Fault>,
) -> Result<Vec<ServiceRevision>, Fault> {
    let mut done: Vec<&ServiceDeploymentBrief> = history.iter().flatten().collect();
    done.sort_by_key(|deployment| std::cmp::Reverse(instant(deployment.finished_at().or(deployment.created_at()))));
    let mut arns: Vec<String> = Vec::new();
    for arn in done.iter().filter_map(|deployment| deployment.target_service_revision_arn()) {
        if arns.len() < TWENTY && !arns.iter().any(|known| known == arn) {
            arns.push(arn.to_owned());
        }
    }
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let call = acting.env.aws.ecs().describe_service_revisions().set_service_revision_arns(Some(arns.clone()));
    let answer = call.send().await.map_err(|error| fault(REVISIONS, &error))?;
    let mut found = answer.service_revisions.unwrap_or_default();
    found.sort_by_key(|revision| arns.iter().position(|arn| revision.service_revision_arn() == Some(arn)));
    Ok(found)
}

/// Tasks that run; none where they can't be read, since they are only witnesses.
async fn tasks(acting: &Acting, cluster: &str, arns: &[String]) -> Vec<Task> {
    match arns {
        [] => Vec::new(),
        arns => ecs::tasks(&acting.env, cluster, arns).await.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Deployment;
    use rstest::rstest;

    use super::*;

    fn wanted(fields: &[(&'static str, &str)]) -> Result<Wanted, Fault> {
        Wanted::of(&fields.iter().map(|(field, value)| (*field, (*value).to_owned())).collect())
    }

    #[rstest]
    #[case(&[("task-definition", "arn:aws:ecs:r:1:task-definition/web:7")], Aim::To("web:7".to_owned()), false)]
    #[case(&[("task-definition", "web:7"), ("force", "yes")], Aim::To("web:7".to_owned()), true)]
    #[case(&[("rollback", "yes"), ("force", "no")], Aim::Back, false)]
    #[case(&[("force", "yes"), ("rollback", "no")], Aim::Again, true)]
    fn aims(#[case] fields: &[(&'static str, &str)], #[case] aim: Aim, #[case] force: bool) {
        let wanted = wanted(fields).unwrap();
        assert_eq!((wanted.aim, wanted.force), (aim, force));
    }

    #[rstest]
    #[case(&[])]
    #[case(&[("force", "no"), ("minimum-percent", "50")])]
    #[case(&[("task-definition", "web:7"), ("rollback", "yes")])]
    #[case(&[("force", "yes"), ("maximum-percent", "all")])]
    fn nothing_to_aim_at(#[case] fields: &[(&'static str, &str)]) {
        assert_eq!(wanted(fields).unwrap_err().class, FaultClass::Invalid);
    }

    #[test]
    fn the_newest_completed_one_before_is_found() {
        let deployment = |definition: &str, state: DeploymentRolloutState, at: i64| {
            let at = aws_sdk_ecs::primitives::DateTime::from_secs(at);
            Deployment::builder().task_definition(definition).rollout_state(state).created_at(at).build()
        };
        let service = Service::builder()
            .deployments(deployment("x/web:9", DeploymentRolloutState::InProgress, 40))
            .deployments(deployment("x/web:8", DeploymentRolloutState::Failed, 30))
            .deployments(deployment("x/web:6", DeploymentRolloutState::Completed, 10))
            .deployments(deployment("x/web:7", DeploymentRolloutState::Completed, 20))
            .build();
        assert_eq!(before(&service, "web:9").as_deref(), Some("web:7"));
        assert_eq!(before(&service, "web:7").as_deref(), Some("web:6"));
        let revision = |definition: &str| ServiceRevision::builder().task_definition(definition).build();
        let revisions = Ok(vec![revision("x/web:9"), revision("x/web:5")]);
        assert_eq!(earlier(&revisions, "web:9").as_deref(), Some("web:5"));
        assert_eq!(earlier(&Ok(Vec::new()), "web:9"), None);
    }

    #[rstest]
    #[case(Aim::Back, Some("web:9"), &["web:6", "web:7", "web:8", "web:9"])]
    #[case(Aim::Back, Some("web:2"), &["web:1", "web:2"])]
    #[case(Aim::Back, Some("web"), &["web"])]
    #[case(Aim::Again, Some("web:9"), &["web:9"])]
    #[case(Aim::To("web:7".to_owned()), Some("web:9"), &["web:7", "web:9"])]
    #[case(Aim::Back, None, &[])]
    fn what_will_be_needed_is_foreseen(#[case] aim: Aim, #[case] expected: Option<&str>, #[case] names: &[&str]) {
        assert_eq!(foreseen(&aim, expected).into_iter().collect::<Vec<_>>(), names);
    }
}
