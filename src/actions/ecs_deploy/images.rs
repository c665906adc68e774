//! Whether the tags of a task definition still stand for the images that ran. A tag can be pushed again: then the same task definition
//! starts another image, and going back to it would not go back.

use std::collections::BTreeSet;

use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_ecs::types::{ContainerDefinition, ServiceRevision, Task, TaskDefinition};
use futures_util::future::join_all;
use serde_json::Value as Json;

use super::super::ecs::name_of;
use super::super::{Op, parts};
use crate::model::{Fault, FaultClass, Precondition, Verdict};
use crate::providers::Acting;
use crate::providers::aws::fault;

/// What a tag stands for, and the images of an index behind it.
pub(super) const IMAGES: Op = "ecr:BatchGetImage";

/// Whatever a tag can stand for.
const MANIFESTS: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

/// An image that ran: of which task definition and container, by which reference, and which it really was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ran {
    definition: String,
    container: String,
    image: String,
    digest: String,
    /// It runs still.
    now: bool,
}

/// What ran, as tasks and earlier revisions of a service tell; what runs first, then the newest revision's.
pub(super) fn ran(tasks: &[Task], revisions: &[ServiceRevision]) -> Vec<Ran> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let of_task = |task: &Task| {
        let (definition, now) = (text(task.task_definition_arn().map(name_of)), task.last_status() == Some("RUNNING"));
        let containers = task.containers().iter().map(move |container| Ran {
            definition: definition.clone(),
            container: text(container.name()),
            image: text(container.image()),
            digest: text(container.image_digest()),
            now,
        });
        containers.collect::<Vec<_>>()
    };
    let of_revision = |revision: &ServiceRevision| {
        let definition = text(revision.task_definition().map(name_of));
        let images = revision.container_images().iter().map(move |image| Ran {
            definition: definition.clone(),
            container: text(image.container_name()),
            image: text(image.image()),
            digest: text(image.image_digest()),
            now: false,
        });
        images.collect::<Vec<_>>()
    };
    let all = tasks.iter().flat_map(of_task).chain(revisions.iter().flat_map(of_revision));
    all.filter(|ran| !ran.digest.is_empty()).collect()
}

/// What the tag of a container stands for; nothing where it has none, or is in a registry that is not asked.
pub(super) type Asked = Option<Result<Option<Stands>, Fault>>;

/// What the tags of a task definition's containers stand for now, in their order.
pub(super) async fn asked(acting: &Acting, to: &TaskDefinition) -> Vec<Asked> {
    let ask = |container: &ContainerDefinition| {
        let image = container.image().unwrap_or_default().to_owned();
        async move {
            match Reference::of(&image) {
                reference @ Reference::Ecr { .. } => Some(stands_for(acting, &reference).await),
                Reference::Digest | Reference::Elsewhere => None,
            }
        }
    };
    join_all(to.container_definitions().iter().map(ask)).await
}

/// A precondition for each container of the task definition that is to be deployed: its tag still stands for what ran.
pub(super) fn preconditions(to: &TaskDefinition, back: bool, ran: &[Ran], asked: &[Asked]) -> Vec<Precondition> {
    let definition = to.task_definition_arn().map(name_of).unwrap_or_default();
    let each = to.container_definitions().iter().zip(asked);
    each.map(|(container, asked)| judge(&Own { definition, container, ran, back }, asked)).collect()
}

/// How an image is named.
#[derive(Debug, PartialEq, Eq)]
enum Reference<'a> {
    /// By a tag in ECR.
    Ecr { registry: &'a str, region: &'a str, repository: &'a str, tag: &'a str },
    /// By its digest: it can't be another one.
    Digest,
    /// By a tag in a registry that is not asked.
    Elsewhere,
}

impl<'a> Reference<'a> {
    fn of(image: &'a str) -> Self {
        if image.contains('@') {
            return Self::Digest;
        }
        Self::in_ecr(image).unwrap_or(Self::Elsewhere)
    }

    /// `REGISTRY.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG`.
    fn in_ecr(image: &'a str) -> Option<Self> {
        let (host, path) = image.split_once('/')?;
        let (registry, rest) = host.split_once(".dkr.ecr.")?;
        let region = rest.split('.').next()?;
        let (repository, tag) = path.split_once(':').unwrap_or((path, "latest"));
        Some(Self::Ecr { registry, region, repository, tag })
    }
}

/// What a tag stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stands {
    /// The digest, and of an index the digests of the images for each architecture too.
    digests: Vec<String>,
}

/// What a tag stands for now; `None` where there is no such tag.
async fn stands_for(acting: &Acting, reference: &Reference<'_>) -> Result<Option<Stands>, Fault> {
    let Reference::Ecr { registry, region, repository, tag } = reference else { return Ok(None) };
    let call = acting.env.aws.ecr().batch_get_image().registry_id(*registry).repository_name(*repository);
    let call = call.image_ids(ImageIdentifier::builder().image_tag(*tag).build());
    let call = call.set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).to_vec())).customize();
    let there = aws_sdk_ecr::config::Builder::new().region(aws_sdk_ecr::config::Region::new((*region).to_owned()));
    let call = if **region == *acting.env.scope.region { call } else { call.config_override(there) };
    let answer = match call.send().await.map_err(|error| fault(IMAGES, &error)) {
        Ok(answer) => answer,
        Err(fault) if fault.class == FaultClass::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let Some(image) = answer.images().first() else { return Ok(None) };
    let own = image.image_id().and_then(|id| id.image_digest()).map(str::to_owned);
    let inner = image.image_manifest().map(inner).unwrap_or_default();
    Ok(Some(Stands { digests: own.into_iter().chain(inner).collect() }))
}

/// The digests in an index of images.
fn inner(manifest: &str) -> Vec<String> {
    let manifest: Json = serde_json::from_str(manifest).unwrap_or_default();
    let entries = manifest["manifests"].as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["digest"].as_str().map(str::to_owned)).collect()
}

/// A container that is to be deployed, and what is known of what ran.
struct Own<'a> {
    definition: &'a str,
    container: &'a ContainerDefinition,
    ran: &'a [Ran],
    /// It is to be an earlier one that ran well.
    back: bool,
}

impl Own<'_> {
    fn name(&self) -> &str {
        self.container.name().unwrap_or("container")
    }

    fn image(&self) -> &str {
        self.container.image().unwrap_or_default()
    }

    /// What this very container runs as, else what it ran as last: a tag can have been deployed more than once.
    fn before(&self) -> BTreeSet<&str> {
        let running = self.digests(|ran| ran.now && ran.definition == self.definition);
        if !running.is_empty() {
            return running;
        }
        let mut own = self.ran.iter().filter(|ran| ran.container == self.name() && ran.definition == self.definition);
        own.next().map(|ran| ran.digest.as_str()).into_iter().collect()
    }

    /// The digests that this container ran as.
    fn digests(&self, of: impl Fn(&Ran) -> bool) -> BTreeSet<&str> {
        let own = self.ran.iter().filter(|ran| ran.container == self.name() && of(ran));
        own.map(|ran| ran.digest.as_str()).collect()
    }
}

fn judge(own: &Own<'_>, asked: &Asked) -> Precondition {
    let name = format!("image of {}", own.name());
    let short = own.image().rsplit('/').next().unwrap_or_default();
    let said = |verdict, words: String| Precondition::new(&name, verdict, words);
    let stands = match asked {
        None if Reference::of(own.image()) == Reference::Digest => {
            return said(Verdict::Pass, format!("{short} is named by its digest"));
        }
        None => {
            let words = format!("could not tell what {} stands for now: it is not in ECR", own.image());
            let essential = own.container.essential() != Some(false);
            // What is new has nothing to be compared with.
            let new = !own.back && own.before().is_empty();
            return said(if essential && !new { Verdict::Unknown } else { Verdict::Pass }, words);
        }
        Some(Err(fault)) => return parts::untold(&name, fault),
        Some(Ok(None)) => return said(Verdict::Warn, format!("{short} is not in ECR: its tasks could not start")),
        Some(Ok(Some(stands))) => stands,
    };
    let digest = stands.digests.first().map_or("nothing", |digest| shortened(digest));
    let is_it = |ran: &&str| stands.digests.iter().any(|digest| digest == ran);
    let before = own.before();
    let elsewhere = own.digests(|ran| ran.now && ran.definition != own.definition);
    let runs_now = elsewhere.iter().any(is_it);
    match before.iter().find(|ran| !is_it(ran)) {
        Some(other) => {
            let too = if runs_now { ", the very image that runs now" } else { "" };
            let ran = shortened(other);
            let words = format!(
                "{short} has been pushed again since {} ran: it was {ran}, it would be {digest}{too}",
                own.definition
            );
            said(Verdict::Warn, words)
        }
        None if !before.is_empty() => said(Verdict::Pass, format!("{short} still stands for {digest}, which ran")),
        None if own.back && runs_now => {
            said(Verdict::Warn, format!("{short} stands for {digest}, the very image that runs now"))
        }
        None => {
            said(Verdict::Pass, format!("{short} stands for {digest}; {} has not been seen running", own.definition))
        }
    }
}

/// Enough of a digest to tell it from others.
fn shortened(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const IMAGE: &str = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/team/web:1.4";

    #[rstest]
    #[case(IMAGE, Reference::Ecr { registry: "111122223333", region: "eu-central-1", repository: "team/web", tag: "1.4" })]
    #[case("1.dkr.ecr.us-gov-west-1.amazonaws.com/web", Reference::Ecr { registry: "1", region: "us-gov-west-1", repository: "web", tag: "latest" })]
    #[case("1.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:ab", Reference::Digest)]
    #[case("public.ecr.aws/x/otel:v0.45", Reference::Elsewhere)]
    #[case("nginx", Reference::Elsewhere)]
    fn references(#[case] image: &str, #[case] expected: Reference<'_>) {
        assert_eq!(Reference::of(image), expected);
    }

    fn ran(definition: &str, digest: &str, now: bool) -> Ran {
        let [definition, container, image, digest] = [definition, "web", IMAGE, digest].map(str::to_owned);
        Ran { definition, container, image, digest, now }
    }

    /// What is said of going back to `web:7`, whose tag stands for these digests now.
    fn told(image: &str, back: bool, stands: &[&str], ran: &[Ran]) -> (Verdict, String) {
        let container = ContainerDefinition::builder().name("web").image(image).build();
        let own = Own { definition: "web:7", container: &container, ran, back };
        let digests: Vec<String> = stands.iter().map(|digest| (*digest).to_owned()).collect();
        let found = (!digests.is_empty()).then_some(Stands { digests });
        let said = judge(&own, &matches!(Reference::of(image), Reference::Ecr { .. }).then_some(Ok(found)));
        (said.verdict, said.evidence.to_string())
    }

    #[test]
    fn a_tag_that_stays_is_well() {
        let (verdict, words) = told(IMAGE, true, &["sha256:aa"], &[ran("web:7", "sha256:aa", false)]);
        assert_eq!((verdict, words.as_str()), (Verdict::Pass, "web:1.4 still stands for sha256:aa, which ran"));
        let index = told(IMAGE, true, &["sha256:index", "sha256:aa"], &[ran("web:7", "sha256:aa", true)]);
        assert_eq!(index.0, Verdict::Pass, "an architecture's own image in an index");
    }

    #[test]
    fn a_tag_that_was_pushed_again_is_a_warning() {
        let (old, new) = (ran("web:7", "sha256:aa", false), ran("web:8", "sha256:bb", true));
        let (verdict, words) = told(IMAGE, true, &["sha256:bb"], &[old.clone(), new.clone()]);
        assert_eq!(verdict, Verdict::Warn);
        assert_eq!(
            words,
            "web:1.4 has been pushed again since web:7 ran: it was sha256:aa, it would be sha256:bb, the very image that runs now"
        );
        assert!(told(IMAGE, true, &["sha256:cc"], &[old, new.clone()]).1.ends_with("it would be sha256:cc"));
        let (verdict, words) = told(IMAGE, true, &["sha256:bb"], std::slice::from_ref(&new));
        assert_eq!(
            (verdict, words.as_str()),
            (Verdict::Warn, "web:1.4 stands for sha256:bb, the very image that runs now")
        );
        assert_eq!(told(IMAGE, false, &["sha256:bb"], &[new]).0, Verdict::Pass, "a new revision of the same image");
    }

    #[test]
    fn what_can_not_be_told_is_said() {
        assert_eq!(
            told(IMAGE, false, &[], &[]),
            (Verdict::Warn, "web:1.4 is not in ECR: its tasks could not start".to_owned())
        );
        assert_eq!(told("nginx:1.27", false, &[], &[]).0, Verdict::Pass, "it is new");
        let (verdict, words) = told("nginx:1.27", true, &[], &[]);
        assert_eq!(
            (verdict, words.as_str()),
            (Verdict::Unknown, "could not tell what nginx:1.27 stands for now: it is not in ECR")
        );
        assert_eq!(told("nginx@sha256:aa", false, &[], &[]).0, Verdict::Pass);
        assert!(told(IMAGE, false, &["sha256:aa"], &[]).1.ends_with("web:7 has not been seen running"));
    }

    #[test]
    fn an_index_names_its_images() {
        let manifest = r#"{"manifests":[{"digest":"sha256:a"},{"digest":"sha256:b"}]}"#;
        assert_eq!(inner(manifest), ["sha256:a", "sha256:b"]);
        assert!(inner(r#"{"layers":[]}"#).is_empty() && inner("no json").is_empty());
    }
}
