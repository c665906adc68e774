//! ECR: which image a tag stands for. Its repositories have what the task definitions name.

use serde_json::json;

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::node::{Node, fields, list};
use super::not_offered;

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "BatchGetImage" => batch_get_image(call),
        _ => Err(not_offered(call)),
    }
}

fn batch_get_image(call: &Call<'_>) -> Answer {
    let repository = call.required("repositoryName")?;
    let registry = call.input.text("registryId").unwrap_or(&call.account.id);
    let prefix = format!("{registry}.dkr.ecr.{}.amazonaws.com/{repository}", call.account.region);
    let containers = call.account.task_definitions.values().flatten().flat_map(|definition| &definition.containers);
    if !containers.into_iter().any(|container| container.image.split(':').next() == Some(prefix.as_str())) {
        let words =
            format!("The repository with name '{repository}' does not exist in the registry with id '{registry}'");
        return Err(Failure::new(400, "RepositoryNotFoundException", words));
    }
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in call.input.structures("imageIds") {
        let digest = id.text("imageTag").and_then(|tag| call.account.tagged(&format!("{prefix}:{tag}")));
        match digest {
            Some(digest) => images.push(image(registry, repository, &id, digest)),
            None => failures.push(fields! {
                "imageId": image_id(&id, None),
                "failureCode": "ImageNotFound",
                "failureReason": "Requested image not found",
            }),
        }
    }
    Ok(fields! { "images": list(images), "failures": list(failures) })
}

fn image_id(id: &Input, digest: Option<String>) -> Node {
    let text = |key: &str| id.text(key).map(str::to_owned);
    fields! { "imageDigest": digest.or_else(|| text("imageDigest")), "imageTag": text("imageTag") }
}

fn image(registry: &str, repository: &str, id: &Input, digest: String) -> Node {
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": { "digest": digest }, "layers": [] });
    fields! {
        "registryId": registry.to_owned(),
        "repositoryName": repository.to_owned(),
        "imageId": image_id(id, Some(digest)),
        "imageManifest": manifest.to_string(),
        "imageManifestMediaType": MANIFEST,
    }
}
