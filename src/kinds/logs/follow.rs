//! Follows what Kubernetes pods write: all containers, and those of pods that join. Nothing is done while nobody writes, but for a
//! look at which pods there are.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{StreamExt, TryStreamExt, try_unfold};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};

use super::pods::{Pods, Writer, Writers};
use super::words::Words;
use super::{Found, Update, Updates};
use crate::model::{Fault, FaultClass};
use crate::providers::Env;
use crate::providers::kube::{Cluster, LogAsk};

/// Between two looks at which of the watched pods there are.
const LOOK: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });
/// Where they are not watched, the server is asked no sooner than this after the last time.
const ASK: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 10 });
/// Lines are gathered so long after the first.
const GATHER: Duration = Duration::from_millis(250);
/// A sign of life comes so often where nothing is written.
const BEAT: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 10 });
/// Lines that wait to be gathered, and the most that are sent at once.
const WAITING: usize = 4_096;
const MOST: usize = 20_000;
/// A live tail begins so far back: what lies before is read apart.
const BEFORE: SignedDuration = SignedDuration::from_secs(2);

/// What is heard of those who follow.
struct Heard {
    lines: mpsc::Receiver<Found>,
    lacks: mpsc::Receiver<&'static str>,
    follows: JoinSet<Option<Fault>>,
}

/// Follows all containers, and those that come. What containers wrote before they were started again is there whole, and nothing is
/// added to it.
pub(super) async fn live(env: &Env, pods: Pods, pattern: Option<&str>) -> Result<Updates, Fault> {
    let words = Arc::new(Words::of(pattern)?);
    let cluster = pods.cluster(env).await?;
    let (out, lines) = mpsc::channel(WAITING);
    let (say, lacks) = mpsc::channel(1);
    let mut follows = JoinSet::new();
    if pods.previous {
        follows.spawn(async move {
            out.closed().await;
            drop(say);
            None
        });
    } else {
        // Whether it can be had is to be known before it is called live.
        let writers = pods.writers(&cluster).await?;
        let since = Timestamp::now().checked_sub(BEFORE).unwrap_or(Timestamp::UNIX_EPOCH);
        let known = HashMap::new();
        follows.spawn(Following { cluster, pods, words, out, say, since, known }.run(writers));
    }
    let heard = Heard { lines, lacks, follows };
    Ok(try_unfold(heard, |mut heard| async move { Ok(Some((heard.update().await?, heard))) }).boxed())
}

impl Heard {
    /// What was written, as soon as there is something, or a sign of life.
    async fn update(&mut self) -> Result<Update, Fault> {
        let mut update = Update::default();
        let first = tokio::select! {
            line = timeout(BEAT, self.lines.recv()) => line,
            Some(lacks) = self.lacks.recv() => return Ok(Update { lacks: Some(lacks), ..update }),
        };
        match first {
            Ok(Some(line)) => update.lines.push(line),
            Ok(None) => return Err(ended(self.follows.join_next().await)),
            Err(_) => return Ok(update),
        }
        let until = Instant::now() + GATHER;
        while update.lines.len() < MOST
            && timeout_at(until, self.lines.recv_many(&mut update.lines, WAITING)).await.is_ok_and(|more| more > 0)
        {
        }
        update.lines.sort_by_key(|line| line.at);
        Ok(update)
    }
}

/// Why nobody follows any more.
fn ended(how: Option<Result<Option<Fault>, JoinError>>) -> Fault {
    match how {
        Some(Ok(Some(fault))) => fault,
        Some(Err(_)) => Fault::new(FaultClass::Bug, "a tail was lost"),
        Some(Ok(None)) | None => Fault::new(FaultClass::Unreachable, "nobody follows the pods any more"),
    }
}

/// Follows the containers of pods.
struct Following {
    cluster: Arc<Cluster>,
    pods: Pods,
    words: Arc<Words>,
    out: mpsc::Sender<Found>,
    say: mpsc::Sender<&'static str>,
    since: Timestamp,
    /// How far each container's start was read, so that what is taken up again brings no doubles.
    known: HashMap<Writer, Reached>,
}

/// The newest instant that a container wrote at, and how many lines.
#[derive(Clone, Copy)]
struct Reached {
    at: Timestamp,
    lines: usize,
}

impl Reached {
    /// One more line.
    fn and(before: Option<Self>, at: Timestamp) -> Self {
        match before {
            Some(before) if at == before.at => Self { at, lines: before.lines + 1 },
            Some(before) if at < before.at => before,
            _ => Self { at, lines: 1 },
        }
    }
}

/// How the log of a container ended, and with which line.
type Ended = (Writer, Option<Reached>, Result<(), Fault>);

impl Following {
    /// Ends when pods can't be looked at any more, and says why; or when nobody takes lines.
    async fn run(mut self, mut writers: Writers) -> Option<Fault> {
        let mut running: JoinSet<Ended> = JoinSet::new();
        let mut followed: HashSet<Writer> = HashSet::new();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.tick().await;
        let mut asked = Instant::now();
        loop {
            if let Some(lacks) = writers.lacks() {
                // One that waits to be heard is enough.
                let _ = self.say.try_send(lacks);
            }
            for writer in std::mem::take(&mut writers).all {
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
                _ = looks.tick() => match self.look(&mut asked).await {
                    Some(Ok(found)) => {
                        followed.retain(|known| found.all.contains(known));
                        self.known.retain(|known, _| found.all.contains(known));
                        writers = found;
                    }
                    Some(Err(fault)) => return Some(fault),
                    None => {}
                },
                () = self.out.closed() => return None,
            }
        }
    }

    /// Who writes now: from what is watched, else the server is asked, where that is some time ago.
    async fn look(&self, asked: &mut Instant) -> Option<Result<Writers, Fault>> {
        if let Some(known) = self.pods.known_writers(&self.cluster) {
            return Some(Ok(known));
        }
        if asked.elapsed() < ASK {
            return None;
        }
        *asked = Instant::now();
        Some(self.pods.writers(&self.cluster).await)
    }

    /// The log of one container from what is known of it on.
    fn follow(&self, writer: Writer) -> impl Future<Output = Ended> + use<> {
        let (cluster, out, words) = (Arc::clone(&self.cluster), self.out.clone(), Arc::clone(&self.words));
        let namespace = self.pods.namespace().to_owned();
        let (known, since) = (self.known.get(&writer).copied(), self.since);
        async move {
            let (mut last, mut again) = (known, 0);
            let ask = LogAsk {
                namespace: &namespace,
                pod: &writer.pod,
                container: &writer.container,
                previous: false,
                follow: true,
                since: Some(known.map_or(since, |known| known.at)),
                // All of them: what was written while a stream was broken is not told again by anybody.
                last: None,
            };
            let taken = async {
                let mut log = cluster.log(&ask).await?;
                while let Some((at, message)) = log.try_next().await? {
                    if let Some(known) = known {
                        again += usize::from(at == known.at);
                        if at < known.at || (at == known.at && again <= known.lines) {
                            continue;
                        }
                    }
                    last = Some(Reached::and(last, at));
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
