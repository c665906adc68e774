//! A watch: what changes, as it changes, for as long as it is read. It makes its next part when it is polled, so that there is no
//! task to stop and no queue to fill: what an object was between two looks is not told, only what it is.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::ask::Ask;
use super::body::{ServerBody, broken};
use super::list::{Form, Selection};
use super::{Answer, Server, status, table};
use crate::demo::faults::{FaultKind, KUBERNETES};
use crate::demo::world::kube::{KubeCluster, Object, Refusal, Type};

/// Between two looks, and between two bookmarks.
const LOOK: Duration = Duration::from_millis(150);
const BOOKMARK: Duration = Duration::from_secs(30);
/// A watch that does not say when it ends ends after this.
const LONGEST: i64 = 30 * 60;

/// A watch under way.
pub struct Watch {
    server: Server,
    of: &'static Type,
    ask: Ask,
    form: Form,
    selection: Selection,
    /// Changes up to that version have been told. `None`: nothing has.
    since: Option<u64>,
    ticks: Interval,
    ends: Instant,
    marked: Instant,
    /// A bookmark is to say that the initial events are through.
    initial: bool,
}

impl Server {
    pub(super) fn watch(&self, of: &'static Type, ask: &Ask) -> Result<Answer, Refusal> {
        let selection = Selection::of(of, ask)?;
        let since = match ask.param("resourceVersion") {
            None | Some("" | "0") => None,
            Some(text) => {
                let wrong = || {
                    Refusal::new(
                        400,
                        "BadRequest",
                        format!("resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: invalid syntax"),
                    )
                };
                Some(text.parse().map_err(|_| wrong())?)
            }
        };
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let seconds = ask.number("timeoutSeconds").filter(|it| *it > 0).unwrap_or(LONGEST);
        let initial = ask.flag("sendInitialEvents");
        let now = Instant::now();
        Ok(Answer::Stream(ServerBody::Watch(Box::new(Watch {
            server: self.clone(),
            of,
            form: Form::of(ask),
            selection,
            since: since.filter(|_| !initial),
            ticks,
            ends: now + Duration::from_secs(seconds.unsigned_abs()),
            marked: now,
            initial,
            ask: ask.clone(),
        }))))
    }
}

impl Watch {
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            let now = ready!(self.ticks.poll_tick(context));
            let server = self.server.clone();
            match server.shared.faults.befall_named(&server.environment, KUBERNETES, &self.ask.operation()).1 {
                Some(FaultKind::Hang) => continue,
                Some(FaultKind::Break | FaultKind::Unreachable) => {
                    return Poll::Ready(Some(Err(broken())));
                }
                _ => {}
            }
            if now >= self.ends {
                return Poll::Ready(None);
            }
            let lines = server.with(|cluster| self.look(cluster, now)).unwrap_or_default();
            if !lines.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from(lines)))));
            }
        }
    }

    /// What has changed since the last look, one line each.
    fn look(&mut self, cluster: &KubeCluster, now: Instant) -> String {
        let mut lines = String::new();
        let store = &cluster.store;
        if let Some(since) = self.since.filter(|since| *since < store.horizon()) {
            let words = format!("too old resource version: {since} ({})", store.horizon());
            let gone = status::failure(&Refusal::new(410, "Expired", words), &Ask::default());
            self.ends = now;
            return line("ERROR", &gone);
        }
        if self.since.is_none_or(|since| store.changed(self.of.plural, since)) {
            for (_, kind, json) in self.changes(cluster) {
                lines.push_str(&line(kind, &json));
            }
        }
        let told = !lines.is_empty();
        self.since = Some(store.version());
        let due = self.ask.flag("allowWatchBookmarks") && now.duration_since(self.marked) >= BOOKMARK;
        if std::mem::take(&mut self.initial) || due && !told {
            self.marked = now;
            let mut metadata = json!({ "resourceVersion": store.version().to_string(), "creationTimestamp": null });
            if self.ask.flag("sendInitialEvents") {
                metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
            }
            lines.push_str(&line(
                "BOOKMARK",
                &json!({ "kind": self.of.kind, "apiVersion": self.of.api_version(), "metadata": metadata }),
            ));
        }
        lines
    }

    fn changes(&self, cluster: &KubeCluster) -> Vec<(u64, &'static str, Value)> {
        let since = self.since.unwrap_or(0);
        let mut all = Vec::new();
        for object in cluster.store.list(self.of.plural, self.ask.space()).filter(|it| it.version() > since) {
            let new = object.first() > since;
            let kind = match (self.selection.fits(object), new) {
                (true, true) => "ADDED",
                (true, false) => "MODIFIED",
                (false, false) if self.selection.wavers() => "DELETED",
                (false, _) => continue,
            };
            all.push((object.version(), kind, self.write(cluster, object, None)));
        }
        for gone in self.since.into_iter().flat_map(|since| cluster.store.gone(self.of.plural, since)) {
            let here = self.ask.space().is_none_or(|namespace| namespace == gone.object.namespace());
            // What came and went between two looks was never told.
            if here && gone.object.first() <= since && self.selection.fits(&gone.object) {
                all.push((gone.version, "DELETED", self.write(cluster, &gone.object, Some(gone.version))));
            }
        }
        all.sort_by_key(|change| change.0);
        all
    }

    fn write(&self, cluster: &KubeCluster, object: &Object, version: Option<u64>) -> Value {
        let mut json = match self.form {
            Form::Whole => cluster.view(self.of, object),
            Form::Metadata => cluster.metadata(self.of, object),
            Form::Table => return table::table(cluster, self.of, [object].into_iter(), &json!({}), &self.ask),
        };
        if let Some(version) = version {
            json["metadata"]["resourceVersion"] = version.to_string().into();
        }
        json
    }
}

fn line(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({ "type": kind, "object": object }))
}
