//! Lines of Kubernetes pods: of one, or of all that carry some labels, those that join later among them. Every container has a log of
//! its own; they are merged here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt, try_unfold};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::words::Words;
use super::{Found, Pages, Update, Updates, found};
use crate::kinds::k8s::pod::{ContainerStatus, Pod};
use crate::model::{Fault, FaultClass, PodsOf, Scope, text};
use crate::providers::Env;
use crate::providers::kube::{Cluster, LogAsk};

/// Containers whose logs are read or followed at the same time. A tail of more says so.
const CONTAINERS: usize = 64;
/// Containers asked at once for what they have written.
const AT_ONCE: usize = 8;
/// Of what a container has written, no more than so many last lines are read.
const LAST: u32 = 20_000;
/// Lines of a page.
const PAGE: usize = 5_000;
/// Between two looks at which pods there are.
const LOOK: Duration = Duration::from_secs(3);
/// Lines are gathered so long.
const GATHER: Duration = Duration::from_millis(250);
/// Lines that wait to be gathered.
const WAITING: usize = 4_096;
/// A live tail begins so far back: what lies before is read apart.
const BEFORE: SignedDuration = SignedDuration::from_secs(2);

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
struct Writer {
    pod: String,
    container: String,
    /// How often it was started again: each start has a log of its own.
    starts: i64,
    /// What stands before its lines, where there are several.
    label: Arc<str>,
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
        let parts: Vec<Vec<Found>> = stream::iter(writers).map(one).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut lines: Vec<Found> = parts.into_iter().flatten().collect();
        lines.sort_by_key(|line| line.at);
        Ok(lines)
    };
    let pages = stream::once(all).map_ok(|lines| {
        let pages: Vec<Vec<Found>> = lines.chunks(PAGE).map(<[Found]>::to_vec).collect();
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
) -> Result<Vec<Found>, Fault> {
    // What was written before the last start is wanted whole, however long ago.
    let since = (!pods.previous).then_some(from);
    let ask = LogAsk {
        namespace: pods.namespace(),
        pod: &writer.pod,
        container: &writer.container,
        previous: pods.previous,
        follow: false,
        since,
        last: Some(LAST),
    };
    let mut log = match cluster.log(&ask).await {
        Ok(log) => log,
        // It went while it was asked, or was never started before.
        Err(fault) if matches!(fault.class, FaultClass::NotFound | FaultClass::Invalid) => return Ok(Vec::new()),
        Err(fault) => return Err(fault),
    };
    let mut lines = Vec::new();
    while let Some((at, message)) = log.try_next().await? {
        if at > to && !pods.previous {
            break;
        }
        if (pods.previous || at >= from) && words.take(&message) {
            lines.push(writer.line(at, &message));
        }
    }
    Ok(lines)
}

/// Follows all containers, and those that come.
pub(super) async fn live(env: &Env, pods: Pods, pattern: Option<&str>) -> Result<Updates, Fault> {
    let words = Arc::new(Words::of(pattern)?);
    let cluster = pods.cluster(env).await?;
    // Whether it can be had is to be known before it is called live.
    let writers = if pods.previous { Vec::new() } else { pods.writers(&cluster).await? };
    let (out, lines) = mpsc::channel(WAITING);
    let since = Timestamp::now().checked_sub(BEFORE).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut follows = JoinSet::new();
    follows.spawn(Following { cluster, pods, words, out, since, known: HashMap::new() }.run(writers));
    let mut beats = interval(GATHER);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let updates = try_unfold((lines, beats, follows), |(mut lines, mut beats, mut follows)| async move {
        beats.tick().await;
        let mut update = Update::default();
        while let Ok(line) = lines.try_recv() {
            update.lines.push(line);
        }
        if update.lines.is_empty()
            && let Some(ended) = follows.try_join_next()
        {
            return Err(ended
                .unwrap_or_else(|_| Some(Fault::new(FaultClass::Bug, "a tail was lost")))
                .unwrap_or_else(|| Fault::new(FaultClass::Unreachable, "nobody follows the pods any more")));
        }
        update.lines.sort_by_key(|line| line.at);
        Ok(Some((update, (lines, beats, follows))))
    });
    Ok(updates.boxed())
}

/// Follows the containers of pods.
struct Following {
    cluster: Arc<Cluster>,
    pods: Pods,
    words: Arc<Words>,
    out: mpsc::Sender<Found>,
    since: Timestamp,
    /// The newest line of each container's start, so that what is taken up again brings no doubles.
    known: HashMap<Writer, Timestamp>,
}

/// How the log of a container ended, and with which line.
type Ended = (Writer, Option<Timestamp>, Result<(), Fault>);

impl Following {
    /// Ends when pods can't be looked at any more, and says why; or when nobody takes lines.
    async fn run(mut self, mut writers: Vec<Writer>) -> Option<Fault> {
        let mut running: JoinSet<Ended> = JoinSet::new();
        let mut followed: HashSet<Writer> = HashSet::new();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.tick().await;
        loop {
            for writer in writers.drain(..) {
                if followed.insert(writer.clone()) {
                    running.spawn(self.follow(writer));
                }
            }
            tokio::select! {
                Some(ended) = running.join_next() => if let Ok((writer, last, result)) = ended {
                    self.known.extend(last.map(|last| (writer.clone(), last)));
                    // A log that broke off is taken up at the next look; one that is over stays so until the container starts again.
                    if result.is_err() {
                        followed.remove(&writer);
                    }
                },
                _ = looks.tick() => match self.pods.writers(&self.cluster).await {
                    Ok(found) => {
                        followed.retain(|known| found.contains(known));
                        self.known.retain(|known, _| found.contains(known));
                        writers = found;
                    }
                    Err(fault) => return Some(fault),
                },
                () = self.out.closed() => return None,
            }
        }
    }

    /// The log of one container from what is known of it on.
    fn follow(&self, writer: Writer) -> impl Future<Output = Ended> + use<> {
        let (cluster, out, words) = (Arc::clone(&self.cluster), self.out.clone(), Arc::clone(&self.words));
        let namespace = self.pods.namespace().to_owned();
        let (known, since) = (self.known.get(&writer).copied(), self.since);
        async move {
            let mut last = known;
            let ask = LogAsk {
                namespace: &namespace,
                pod: &writer.pod,
                container: &writer.container,
                previous: false,
                follow: true,
                since: Some(known.unwrap_or(since)),
                last: Some(LAST),
            };
            let taken = async {
                let mut log = cluster.log(&ask).await?;
                while let Some((at, message)) = log.try_next().await? {
                    if known.is_some_and(|known| at <= known) {
                        continue;
                    }
                    last = last.max(Some(at));
                    if words.take(&message) && out.send(writer.line(at, &message)).await.is_err() {
                        break;
                    }
                }
                Ok(())
            };
            let result = taken.await;
            (writer, last, result)
        }
    }
}

impl Pods {
    fn namespace(&self) -> &str {
        self.scope.namespace.as_deref().unwrap_or("default")
    }

    async fn cluster(&self, env: &Env) -> Result<Arc<Cluster>, Fault> {
        match &self.scope.cluster {
            Some(name) => env.cluster(name).await,
            None => Err(Fault::new(FaultClass::Bug, "pods without a cluster have no logs")),
        }
    }

    /// The containers that have written something. The server is asked: it takes selectors of any sort.
    async fn writers(&self, cluster: &Cluster) -> Result<Vec<Writer>, Fault> {
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
        let mut writers: Vec<Writer> = pods.iter().flat_map(|pod| self.of_pod(pod)).collect();
        if writers.len() > CONTAINERS {
            tracing::warn!(containers = writers.len(), "only the first {CONTAINERS} are read");
            writers.truncate(CONTAINERS);
        }
        Ok(writers)
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
    fn line(&self, at: Timestamp, message: &str) -> Found {
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
