//! Images: which digest a tag stands for, and that a tag can be pushed again, so that the same task definition starts another image.

use serde_json::json;

use super::{Actor, Call};
use crate::demo::world::account::Account;
use crate::demo::world::dice::hex;
use crate::demo::world::model::{ContainerDefinition, Fate, MovedTag, TaskDefinition};

impl Account {
    /// The digest that a container would start with now.
    pub(super) fn digest_of(&self, container: &ContainerDefinition) -> String {
        self.moved_tags.get(&container.image).map_or(&container.image_digest, |moved| &moved.digest).clone()
    }

    /// The digest that a tag stands for; `None` where no task definition names the image.
    pub fn tagged(&self, image: &str) -> Option<String> {
        let mut containers = self.task_definitions.values().flatten().flat_map(|definition| &definition.containers);
        containers.rfind(|container| container.image == image).map(|container| self.digest_of(container))
    }

    /// Container, image and digest of a task definition's containers, by what the tags stand for now.
    pub(super) fn images_of(&self, definition: &str) -> Vec<(String, String, String)> {
        let containers = self.task_definition(definition).map(|found| found.containers.as_slice()).unwrap_or_default();
        let image = |it: &ContainerDefinition| (it.name.clone(), it.image.clone(), self.digest_of(it));
        containers.iter().map(image).collect()
    }

    /// What becomes of tasks of a task definition that start now.
    pub(super) fn fate_of(&self, definition: &TaskDefinition) -> Fate {
        let moved = definition.containers.iter().filter_map(|container| self.moved_tags.get(&container.image));
        moved.map(|tag| tag.fate).next().unwrap_or(definition.fate)
    }

    /// Somebody pushes another image under a tag that is there already.
    pub(in crate::demo::world) fn push_again(&mut self, repository: &str, tag: &str, fate: Fate, by: &Actor) {
        let image = format!("{}.dkr.ecr.{}.amazonaws.com/{repository}:{tag}", self.id, self.region);
        let digest = format!("sha256:{}", hex(self.dice.next(), 64));
        self.moved_tags.insert(image, MovedTag { digest, fate });
        let request = json!({ "repositoryName": repository, "imageTag": tag });
        let resources = vec![("AWS::ECR::Repository", repository.to_owned())];
        self.record(by, Call { source: "ecr.amazonaws.com", name: "PutImage", resources, request, error: None });
    }
}
