//! The live tail: an event stream of what has come into some log groups, once a second for as long as it is read.
//!
//! It is a body that makes its next part when it is polled, so that there is no task to stop and no queue to fill. It must
//! not know who reads.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::call::Call;
use super::failure::Failure;
use super::node::{Node, fields, list};
use super::pattern::Pattern;
use super::services::logs;
use super::{Service, json};
use crate::demo::Shared;
use crate::demo::faults::FaultKind;
use crate::demo::world::{Account, LogEvent, LogQuery};

/// Lines that one update has at most: of more, some are left out and the update says so.
const MOST_LINES: usize = 500;
/// Lines looked at for one update of one group.
const SCANNED: usize = 4_000;
/// How late a line can come in, in milliseconds: nearly all, and the last of them.
const USUAL_DELAY: i64 = 3_000;
const LONGEST_DELAY: i64 = 61_000;
/// A session ends after three hours.
const SESSION: Duration = Duration::from_hours(3);

/// The body of a running session.
pub struct LiveTail {
    shared: Arc<Shared>,
    environment: String,
    pattern: Pattern,
    /// Names of groups.
    groups: Vec<String>,
    streams: Vec<String>,
    prefixes: Vec<String>,
    /// What is sent before the first update.
    opening: Option<Bytes>,
    /// Lines taken in up to then have been sent, in milliseconds since 1970.
    seen: i64,
    ticks: Interval,
    ends: Instant,
    over: bool,
}

impl LiveTail {
    /// Begins a session with what the call asks for.
    pub fn start(call: &Call<'_>, shared: &Arc<Shared>, environment: &str) -> Result<Self, Failure> {
        let identifiers = call.input.texts("logGroupIdentifiers");
        let own = |key| call.input.texts(key).into_iter().map(str::to_owned).collect::<Vec<String>>();
        let (streams, prefixes) = (own("logStreamNames"), own("logStreamNamePrefixes"));
        if identifiers.is_empty() || identifiers.len() > 10 {
            return Err(call.invalid("logGroupIdentifiers must have between 1 and 10 items"));
        }
        if let Some(name) = identifiers.iter().find(|one| !one.starts_with("arn:")) {
            return Err(call.invalid(format!("'{name}' is not the ARN of a log group")));
        }
        if identifiers.len() > 1 && !(streams.is_empty() && prefixes.is_empty()) {
            return Err(call.invalid("Log streams can be specified for one log group only"));
        }
        let pattern = call.input.text("logEventFilterPattern").unwrap_or_default();
        let groups =
            identifiers.iter().map(|arn| Ok(logs::group(call, arn)?.name.clone())).collect::<Result<_, Failure>>()?;
        let start = fields! {
            "sessionId": format!("live-tail-{}", call.account.now.as_millisecond()),
            "requestId": format!("live-tail-{}", call.account.id),
            "logGroupIdentifiers": list(own("logGroupIdentifiers")),
            "logStreamNames": list(streams.clone()),
            "logStreamNamePrefixes": list(prefixes.clone()),
            "logEventFilterPattern": pattern.to_owned(),
        };
        let pattern = Pattern::parse(pattern).map_err(|words| call.invalid(words))?;
        let mut ticks = tokio::time::interval_at(Instant::now() + Duration::from_secs(1), Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            shared: Arc::clone(shared),
            environment: environment.to_owned(),
            pattern,
            groups,
            streams,
            prefixes,
            opening: Some(frame("event", "sessionStart", &start)),
            seen: call.account.now.as_millisecond(),
            ticks,
            ends: Instant::now() + SESSION,
            over: false,
        })
    }

    /// What has come in since the update before.
    fn update(&mut self) -> Bytes {
        let shared = Arc::clone(&self.shared);
        let mut world = shared.world();
        world.advance_to(shared.clock.now());
        let Some(account) = world.account(&self.environment) else { return Bytes::new() };
        let now = account.now.as_millisecond();
        let (mut lines, mut sampled) = (Vec::new(), false);
        for group in &self.groups {
            sampled |= self.collect(account, group, &mut lines);
        }
        drop(world);
        self.seen = now;
        sampled |= lines.len() > MOST_LINES;
        let step = lines.len().div_ceil(MOST_LINES).max(1);
        lines.sort_by_key(|(event, _)| event.place);
        let results = lines.into_iter().step_by(step).map(|(event, arn)| {
            fields! {
                "logStreamName": event.stream,
                "logGroupIdentifier": arn,
                "message": event.message,
                "timestamp": event.timestamp,
                "ingestionTime": event.ingestion,
            }
        });
        let update = fields! { "sessionMetadata": fields! { "sampled": sampled }, "sessionResults": list(results) };
        frame("event", "sessionUpdate", &update)
    }

    /// Adds a group's new lines; whether there were more than could be looked at.
    fn collect(&self, account: &Account, group: &str, lines: &mut Vec<(LogEvent, String)>) -> bool {
        let Some(arn) = account.log_groups.get(group).map(|group| group.arn.clone()) else { return false };
        let mut look = |start: i64, end: Option<i64>| {
            let query = LogQuery {
                group,
                streams: &self.streams,
                start: Some(start),
                end,
                limit: SCANNED,
                backward: true,
                ..LogQuery::default()
            };
            let Some(page) = account.log_events(&query) else { return false };
            let new = page.events.into_iter().filter(|event| event.ingestion > self.seen && self.wants(event));
            lines.extend(new.map(|event| (event, arn.clone())));
            page.next.is_some()
        };
        let recent = self.seen - USUAL_DELAY;
        // Where lines are left out anyway, the late ones are not looked for.
        look(recent, None) || look(self.seen - LONGEST_DELAY, Some(recent))
    }

    fn wants(&self, event: &LogEvent) -> bool {
        let prefixes = &self.prefixes;
        self.pattern.fits(&event.message)
            && (prefixes.is_empty() || prefixes.iter().any(|prefix| event.stream.starts_with(prefix)))
    }
}

impl Body for LiveTail {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(opening) = self.opening.take() {
            return Poll::Ready(Some(Ok(Frame::data(opening))));
        }
        if self.over {
            return Poll::Ready(None);
        }
        let tick = ready!(self.ticks.poll_tick(context));
        if tick >= self.ends {
            self.over = true;
            let words = fields! { "message": "The session has reached its longest duration" };
            return Poll::Ready(Some(Ok(Frame::data(frame("exception", "SessionTimeoutException", &words)))));
        }
        match self.shared.faults.befall(&self.environment, Service::Logs, "StartLiveTail").1 {
            // Nothing more is sent, and nothing says so.
            Some(FaultKind::Hang) => Poll::Pending,
            Some(FaultKind::Break | FaultKind::Unreachable) => {
                self.over = true;
                Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::ConnectionReset, "connection reset"))))
            }
            _ => Poll::Ready(Some(Ok(Frame::data(self.update())))),
        }
    }
}

/// One message of an event stream.
fn frame(kind: &'static str, name: &'static str, payload: &Node) -> Bytes {
    let name_key = if kind == "event" { ":event-type" } else { ":exception-type" };
    let message = Message::new(Bytes::from(json::write(payload)))
        .add_header(Header::new(":message-type", HeaderValue::String(kind.into())))
        .add_header(Header::new(name_key, HeaderValue::String(name.into())))
        .add_header(Header::new(":content-type", HeaderValue::String("application/json".into())));
    let mut out = Vec::new();
    // Only headers longer than any of these can't be written.
    let _ = write_message_to(&message, &mut out);
    Bytes::from(out)
}
