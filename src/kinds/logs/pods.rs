//! Lines that Kubernetes pods have written: of one, or of all that carry some labels. Every container has a log of its own; they are
//! merged here.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Deserialize;

use super::selector::Selector;
use super::words::Words;
use super::{Found, Page, Pages, found};
use crate::kinds::k8s::pod::{ContainerStatus, Pod};
use crate::model::{Fault, FaultClass, PodsOf, Scope, text};
use crate::providers::Env;
use crate::providers::kube::{Cluster, LogAsk};

/// Containers whose logs are read or followed at the same time.
const CONTAINERS: usize = 64;
/// What a tail of more says.
pub(super) const TOO_MANY: &str = "more than 64 containers write here: only the first 64 are read";
/// Containers asked at once for what they have written.
const AT_ONCE: usize = 8;
/// Of what a container has written, no more than so many last lines are read.
const LAST: usize = 20_000;
/// What is said of one that has written more.
pub(super) const TOO_LONG: &str =
    "a container has written more than 20000 lines in this time: only its last 20000 are read";
/// Lines of a page.
const PAGE: usize = 5_000;

/// Which pods and containers.
#[derive(Clone)]
pub(super) struct Pods {
    pub(super) scope: Scope,
    pub(super) of: PodsOf,
    pub(super) container: Option<Arc<str>>,
    pub(super) previous: bool,
}

/// A container that has written something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Writer {
    pub(super) pod: String,
    pub(super) container: String,
    /// How often it was started again: each start has a log of its own.
    starts: i64,
    /// What stands before its lines, where there are several.
    label: Arc<str>,
}

/// The containers that have written something, no more than can be read at the same time.
#[derive(Debug, Default)]
pub(super) struct Writers {
    pub(super) all: Vec<Writer>,
    /// There are more of them.
    pub(super) more: bool,
}

impl Writers {
    /// What is left out of them, in words.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        self.more.then_some(TOO_MANY)
    }
}

/// What a container has written in a time.
struct Written {
    lines: Vec<Found>,
    /// There were more lines before these.
    more: bool,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Pod>,
}

/// The lines between two instants, the first included, oldest first.
pub(super) fn lines(env: Arc<Env>, pods: Pods, from: Timestamp, to: Timestamp, pattern: Option<Arc<str>>) -> Pages {
    let all = async move {
        let words = Words::of(pattern.as_deref())?;
        let cluster = pods.cluster(&env).await?;
        let writers = pods.writers(&cluster).await?;
        let range = (from, to);
        let one = |writer: Writer| {
            let (cluster, pods, words) = (&cluster, &pods, &words);
            async move { written(cluster, pods, &writer, range, words).await }
        };
        let too_many = writers.lacks();
        let parts: Vec<Written> = stream::iter(writers.all).map(one).buffer_unordered(AT_ONCE).try_collect().await?;
        let too_long = parts.iter().any(|part| part.more).then_some(TOO_LONG);
        let mut lines: Vec<Found> = parts.into_iter().flat_map(|part| part.lines).collect();
        lines.sort_by_key(|line| line.at);
        Ok((lines, [too_many, too_long]))
    };
    let pages = stream::once(all).map_ok(|(lines, lacks)| {
        let lacking = lacks.into_iter().flatten().map(|lacks| Page { lines: Vec::new(), lacks: Some(lacks) });
        let pages: Vec<Page> = lacking.chain(lines.chunks(PAGE).map(|lines| lines.to_vec().into())).collect();
        stream::iter(pages.into_iter().map(Ok))
    });
    pages.try_flatten().boxed()
}

async fn written(
    cluster: &Cluster,
    pods: &Pods,
    writer: &Writer,
    (from, to): (Timestamp, Timestamp),
    words: &Words,
) -> Result<Written, Fault> {
    // What was written before the last start is wanted whole, however long ago.
    let since = (!pods.previous).then_some(from);
    let ask = LogAsk {
        namespace: pods.namespace(),
        pod: &writer.pod,
        container: &writer.container,
        previous: pods.previous,
        follow: false,
        since,
        // One more tells whether there were more.
        last: Some(LAST as u32 + 1),
    };
    let mut log = match cluster.log(&ask).await {
        Ok(log) => log,
        // It went while it was asked, or was never started before.
        Err(fault) if matches!(fault.class, FaultClass::NotFound | FaultClass::Invalid) => {
            return Ok(Written { lines: Vec::new(), more: false });
        }
        Err(fault) => return Err(fault),
    };
    let (mut lines, mut count, mut first) = (Vec::new(), 0, None);
    while let Some((at, message)) = log.try_next().await? {
        count += 1;
        let taken = (pods.previous || (at >= from && at <= to)) && words.take(&message);
        first.get_or_insert((at, taken));
        if taken {
            lines.push(writer.line(at, &message));
        }
    }
    // The server counts by whole seconds: what was cut may lie before.
    let Some((_, taken)) = first.filter(|(at, _)| count > LAST && (pods.previous || *at >= from)) else {
        return Ok(Written { lines, more: false });
    };
    // The one more that was asked for.
    if taken {
        lines.remove(0);
    }
    Ok(Written { lines, more: true })
}

impl Pods {
    pub(super) fn namespace(&self) -> &str {
        self.scope.namespace.as_deref().unwrap_or("default")
    }

    pub(super) async fn cluster(&self, env: &Env) -> Result<Arc<Cluster>, Fault> {
        match &self.scope.cluster {
            Some(name) => env.cluster(name).await,
            None => Err(Fault::new(FaultClass::Bug, "pods without a cluster have no logs")),
        }
    }

    /// The containers that have written something, as the server says now: it takes selectors of any sort.
    pub(super) async fn writers(&self, cluster: &Cluster) -> Result<Writers, Fault> {
        let path = format!("/api/v1/namespaces/{}/pods", self.namespace());
        let found = match &self.of {
            PodsOf::One(name) => cluster.read::<Pod>(&format!("{path}/{name}")).await.map(|pod| vec![pod]),
            PodsOf::Labels(labels) => {
                cluster.ask::<List>(&path, &[("labelSelector", labels)]).await.map(|list| list.items)
            }
        };
        let pods = match found {
            Err(fault) if fault.class == FaultClass::NotFound => Vec::new(),
            found => found?,
        };
        Ok(self.of_pods(pods.iter()))
    }

    /// The same from what is watched already, where pods are and the selector is understood here.
    pub(super) fn known_writers(&self, cluster: &Cluster) -> Option<Writers> {
        let selector = match &self.of {
            PodsOf::One(_) => None,
            PodsOf::Labels(labels) => Some(Selector::of(labels)?),
        };
        let pods = cluster.known::<Pod>()?;
        let wanted = pods.iter().map(|pod| &**pod).filter(|pod| {
            let meta = &pod.metadata;
            meta.namespace.as_deref() == Some(self.namespace())
                && match (&self.of, &selector) {
                    (PodsOf::One(name), _) => meta.name.as_deref() == Some(name),
                    (_, Some(selector)) => selector.takes(meta.labels.as_ref()),
                    (_, None) => false,
                }
        });
        Some(self.of_pods(wanted))
    }

    fn of_pods<'a>(&self, pods: impl Iterator<Item = &'a Pod>) -> Writers {
        let mut all: Vec<Writer> = pods.flat_map(|pod| self.of_pod(pod)).collect();
        let more = all.len() > CONTAINERS;
        all.truncate(CONTAINERS);
        Writers { all, more }
    }

    fn of_pod(&self, pod: &Pod) -> Vec<Writer> {
        let status = &pod.status;
        let all = [&status.init_container_statuses, &status.container_statuses, &status.ephemeral_container_statuses];
        let all: Vec<&ContainerStatus> = all.into_iter().flatten().collect();
        let wanted = |container: &&ContainerStatus| {
            self.container.as_deref().is_none_or(|only| only == container.name)
                && if self.previous { container.restart_count > 0 } else { has_started(container) }
        };
        let several = all.len() > 1 && self.container.is_none();
        let of_container = |container: &ContainerStatus| Writer {
            pod: pod.metadata.name.clone().unwrap_or_default(),
            container: container.name.clone(),
            starts: container.restart_count,
            label: self.label(pod, several.then_some(&container.name)),
        };
        all.iter().copied().filter(wanted).map(of_container).collect()
    }

    /// The pod by the end of its name where the beginning is that of all, and the container where there are several.
    fn label(&self, pod: &Pod, container: Option<&String>) -> Arc<str> {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let end = pod.metadata.generate_name.as_deref().and_then(|begin| name.strip_prefix(begin));
        let pod = match &self.of {
            PodsOf::One(_) => "",
            PodsOf::Labels(_) => end.filter(|end| !end.is_empty()).unwrap_or(name),
        };
        let label = match container {
            Some(container) if pod.is_empty() => container.clone(),
            Some(container) => format!("{pod}/{container}"),
            None => pod.to_owned(),
        };
        text::clean(&label).into()
    }
}

fn has_started(container: &ContainerStatus) -> bool {
    let state = &container.state;
    state.running.is_some() || state.terminated.is_some() || container.restart_count > 0
}

impl Writer {
    pub(super) fn line(&self, at: Timestamp, message: &str) -> Found {
        let line = found(None, &format!("{}/{}", self.pod, self.container), at, message);
        Found { writer: (!self.label.is_empty()).then(|| Arc::clone(&self.label)), ..line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pods(of: PodsOf, previous: bool) -> Pods {
        let scope = Scope { namespace: Some("web".into()), ..Scope::new("a", "-").in_cluster("c") };
        Pods { scope, of, container: None, previous }
    }

    fn pod() -> Pod {
        serde_json::from_value(json!({
            "metadata": { "name": "api-7d9f-x2x9z", "generateName": "api-7d9f-" },
            "status": { "initContainerStatuses": null, "containerStatuses": [
                { "name": "api", "restartCount": 2, "state": { "running": { "startedAt": "2026-11-21T09:00:00Z" } } },
                { "name": "proxy", "restartCount": 0, "state": { "waiting": { "reason": "ImagePullBackOff" } } },
            ] },
        }))
        .unwrap()
    }

    #[test]
    fn who_has_written_nothing_is_not_asked() {
        let labels = |previous| pods(PodsOf::Labels("app=api".into()), previous).of_pod(&pod());
        let [writer] = &labels(false)[..] else { panic!("one writes") };
        assert_eq!((&*writer.container, writer.starts, &*writer.label), ("api", 2, "x2x9z/api"));
        assert_eq!(labels(true).len(), 1, "it was started before");
        let one = pods(PodsOf::One("api-7d9f-x2x9z".into()), false).of_pod(&pod());
        assert_eq!(&*one[0].label, "api");
    }

    #[test]
    fn a_line_is_the_same_however_it_was_read() {
        let writer = pods(PodsOf::One("x".into()), false).of_pod(&pod()).remove(0);
        let at = "2026-11-21T09:00:00.5Z".parse().unwrap();
        let line = writer.line(at, "\u{1b}[31mERROR\u{1b}[0m boom\r\n");
        assert_eq!((&*line.text, line.writer.as_deref(), line.event), ("ERROR boom", Some("api"), None));
        assert_eq!(line.print, writer.line(at, "\u{1b}[31mERROR\u{1b}[0m boom").print);
    }
}
