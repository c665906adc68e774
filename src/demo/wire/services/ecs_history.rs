//! ECS: the deployments that a service has completed, and the revisions of the service that they were for.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Node, fields, list};
use super::ecs::{arn, cluster, missing, named};
use crate::demo::world::CompletedDeployment;

pub fn list_deployments(call: &Call<'_>) -> Answer {
    let cluster = cluster(call)?;
    let name = call.required("service")?.rsplit('/').next().unwrap_or_default();
    let Some(service) = cluster.service(name) else {
        return Err(Failure::new(400, "ServiceNotFoundException", "Service not found."));
    };
    let statuses = call.input.texts("status");
    let wanted = statuses.is_empty() || statuses.contains(&"SUCCESSFUL");
    let found: Vec<&CompletedDeployment> = service.completed.iter().filter(|_| wanted).collect();
    let page = call.page(found.len(), call.size("maxResults", 20, 1..101)?, "nextToken")?;
    let own = |sort: &str, done: &CompletedDeployment| {
        arn(call, &format!("{sort}/{}/{name}/{}", cluster.name, number(&done.id)))
    };
    let node = |done: &&CompletedDeployment| {
        fields! {
            "serviceDeploymentArn": own("service-deployment", done),
            "serviceArn": &service.arn,
            "clusterArn": &cluster.arn,
            "startedAt": done.created_at,
            "createdAt": done.created_at,
            "finishedAt": done.at,
            "targetServiceRevisionArn": own("service-revision", done),
            "status": "SUCCESSFUL",
        }
    };
    Ok(fields! { "serviceDeployments": list(page.of(&found).iter().map(node)), "nextToken": page.next })
}

/// The number in a deployment's id.
fn number(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

pub fn describe_revisions(call: &Call<'_>) -> Answer {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in named(call, "serviceRevisionArns", 20)? {
        match revision(call, reference) {
            Some(node) => found.push(node),
            None => failures.push(missing(reference.to_owned())),
        }
    }
    Ok(fields! { "serviceRevisions": list(found), "failures": list(failures) })
}

fn revision(call: &Call<'_>, reference: &str) -> Option<Node> {
    let mut parts = reference.rsplit('/');
    let (wanted, name, cluster) = (parts.next()?, parts.next()?, parts.next()?);
    let cluster = call.account.ecs_cluster(cluster)?;
    let service = cluster.service(name)?;
    let done = service.completed.iter().find(|done| number(&done.id) == wanted)?;
    let image = |(container, image, digest): &(String, String, String)| {
        fields! { "containerName": container, "image": image, "imageDigest": digest }
    };
    Some(fields! {
        "serviceRevisionArn": reference.to_owned(),
        "serviceArn": &service.arn,
        "clusterArn": &cluster.arn,
        "taskDefinition": &done.definition,
        "launchType": service.launch_type,
        "containerImages": list(done.images.iter().map(image)),
        "createdAt": done.created_at,
    })
}
