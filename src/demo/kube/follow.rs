//! Logs of containers: as they are, or followed for as long as the container runs.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use jiff::Timestamp;
use tokio::time::{Interval, MissedTickBehavior};

use super::ask::Ask;
use super::body::{ServerBody, broken};
use super::{Answer, Server};
use crate::demo::faults::{FaultKind, KUBERNETES};
use crate::demo::world::kube::{KubeCluster, LogLine, Pod, Refusal, Type};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// Lines of one answer.
const MOST: usize = 200_000;

/// A log that is followed.
pub struct Follow {
    server: Server,
    ask: Ask,
    container: String,
    /// The container that is followed: when it was started, in milliseconds.
    begun: i64,
    /// Lines before this instant have been told.
    told: i64,
    first: Option<Bytes>,
    ticks: Interval,
    over: bool,
}

impl Server {
    pub(super) fn log(&self, ask: &Ask) -> Result<Answer, Refusal> {
        let (container, span, text) = self.with(|cluster| read(cluster, ask))??;
        if !ask.flag("follow") || span.1.is_some() {
            return Ok(Answer::Text(text));
        }
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let told = self.with(|cluster| cluster.now.as_millisecond())? + 1;
        Ok(Answer::Stream(ServerBody::Follow(Box::new(Follow {
            server: self.clone(),
            container,
            begun: span.0,
            told,
            first: Some(Bytes::from(text)).filter(|text| !text.is_empty()),
            ticks,
            over: false,
            ask: ask.clone(),
        }))))
    }
}

/// When a container began and ended, in milliseconds.
type Span = (i64, Option<i64>);

fn read(cluster: &KubeCluster, ask: &Ask) -> Result<(String, Span, String), Refusal> {
    let of = Type::of("pods").ok_or_else(|| Refusal::new(404, "NotFound", "no pods"))?;
    let pod = cluster.store.pod(&ask.namespace, &ask.name).ok_or_else(|| Refusal::not_found(of, &ask.name))?;
    let container = container(pod, ask)?;
    let previous = ask.flag("previous");
    let span = cluster.log_span(pod, &container, previous).ok_or_else(|| {
        let words = if previous {
            format!("previous terminated container \"{container}\" in pod \"{}\" not found", ask.name)
        } else {
            format!("container \"{container}\" in pod \"{}\" is waiting to start: {}", ask.name, cluster.waits(pod))
        };
        Refusal::new(400, "BadRequest", words)
    })?;
    let since = match (ask.number("sinceSeconds"), ask.param("sinceTime")) {
        (Some(seconds), _) => cluster.now.as_millisecond() - seconds.max(0) * 1_000,
        (None, Some(text)) => text
            .parse::<Timestamp>()
            .map_err(|_| Refusal::new(400, "BadRequest", format!("sinceTime: Invalid value: \"{text}\"")))?
            .as_millisecond(),
        (None, None) => i64::MIN,
    };
    let most = ask.number("tailLines").map_or(MOST, |lines| (lines.max(0) as usize).min(MOST));
    let lines = cluster.log_lines(pod, &container, span, since, i64::MAX - 1, most);
    let mut text = written(&lines, ask);
    if let Some(limit) = ask.number("limitBytes").filter(|limit| *limit > 0) {
        let mut cut = (limit as usize).min(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        text.truncate(cut);
    }
    Ok((container, span, text))
}

/// The container that is meant, which must be said where there are several.
fn container(pod: &Pod, ask: &Ask) -> Result<String, Refusal> {
    let all: Vec<&str> = pod.containers().collect();
    match (ask.param("container"), all.as_slice()) {
        (Some(name), all) if all.contains(&name) => Ok(name.to_owned()),
        (Some(name), _) => {
            Err(Refusal::new(400, "BadRequest", format!("container {name} is not valid for pod {}", ask.name)))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, all) => {
            let words =
                format!("a container name must be specified for pod {}, choose one of: [{}]", ask.name, all.join(" "));
            Err(Refusal::new(400, "BadRequest", words))
        }
    }
}

fn written(lines: &[LogLine], ask: &Ask) -> String {
    let stamped = ask.flag("timestamps");
    let mut text = String::new();
    for line in lines {
        if stamped {
            let at = Timestamp::from_millisecond(line.at).unwrap_or(Timestamp::UNIX_EPOCH);
            text.push_str(&at.strftime("%Y-%m-%dT%H:%M:%S%.9fZ ").to_string());
        }
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

impl Follow {
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        while !self.over {
            ready!(self.ticks.poll_tick(context));
            let server = self.server.clone();
            match server.shared.faults.befall_named(&server.environment, KUBERNETES, &self.ask.operation()).1 {
                Some(FaultKind::Hang) => continue,
                Some(FaultKind::Break | FaultKind::Unreachable) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(broken())));
                }
                _ => {}
            }
            let text = server.with(|cluster| self.look(cluster)).unwrap_or_default();
            if !text.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))));
            }
        }
        Poll::Ready(None)
    }

    /// What was written since the last look; it ends with the container.
    fn look(&mut self, cluster: &KubeCluster) -> String {
        let Some(pod) = cluster.store.pod(&self.ask.namespace, &self.ask.name) else {
            self.over = true;
            return String::new();
        };
        let spans = [false, true].map(|previous| cluster.log_span(pod, &self.container, previous));
        let Some(span) = spans.into_iter().flatten().find(|span| span.0 == self.begun) else {
            self.over = true;
            return String::new();
        };
        let to = cluster.now.as_millisecond() + 1;
        let lines = cluster.log_lines(pod, &self.container, span, self.told, to, MOST);
        self.told = self.told.max(to);
        self.over = span.1.is_some();
        written(&lines, &self.ask)
    }
}
