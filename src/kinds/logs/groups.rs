//! Lines of CloudWatch log groups: ranges by `FilterLogEvents`, page by page, and live tails by `StartLiveTail`.

use std::collections::HashSet;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, LiveTailSessionUpdate, StartLiveTailResponseStream};
use futures_util::stream::{StreamExt, try_unfold};
use jiff::Timestamp;

use super::{Found, Page, Pages, Update, Updates, found, hash};
use crate::kinds::Op;
use crate::model::{Fault, FaultClass};
use crate::providers::Env;
use crate::providers::aws::fault;

pub(super) const FILTER: Op = "logs:FilterLogEvents";
pub(super) const LIVE: Op = "logs:StartLiveTail";

/// A log group, and which of its streams.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) name: Arc<str>,
    pub(super) stream_prefix: Option<Arc<str>>,
}

/// Where a range has been read up to.
struct Position {
    env: Arc<Env>,
    group: Group,
    from: Timestamp,
    to: Timestamp,
    pattern: Option<Arc<str>>,
    /// The next page: none before the first, and over after the last.
    token: Option<String>,
    over: bool,
    seen: HashSet<String>,
}

/// The lines of a group between two instants, the first included, oldest first. Pages without lines are pages too: `FilterLogEvents`
/// returns what it has found in a second of looking.
pub(super) fn lines(env: Arc<Env>, group: Group, from: Timestamp, to: Timestamp, pattern: Option<Arc<str>>) -> Pages {
    let start = Position { env, group, from, to, pattern, token: None, over: false, seen: HashSet::new() };
    try_unfold(start, |mut position| async move {
        if position.over {
            return Ok(None);
        }
        let page = position.next().await?;
        Ok(Some((page, position)))
    })
    .boxed()
}

impl Position {
    async fn next(&mut self) -> Result<Page, Fault> {
        let call = self
            .env
            .aws
            .logs()
            .filter_log_events()
            .log_group_name(&*self.group.name)
            .start_time(self.from.as_millisecond())
            .end_time(self.to.as_millisecond())
            .set_filter_pattern(self.pattern.as_deref().map(str::to_owned))
            .set_log_stream_name_prefix(self.group.stream_prefix.as_deref().map(str::to_owned))
            .set_next_token(self.token.take());
        let page = call.send().await.map_err(|error| fault(FILTER, &error))?;
        self.token = page.next_token.filter(|token| !token.is_empty());
        match &self.token {
            None => self.over = true,
            Some(token) if !self.seen.insert(token.clone()) => {
                let words = format!("{FILTER}: a page token was repeated");
                return Err(Fault::new(FaultClass::Malformed, words).with_raw(token));
            }
            Some(_) => {}
        }
        let lines: Vec<Found> = page.events.unwrap_or_default().iter().filter_map(filtered).collect();
        Ok(lines.into())
    }
}

/// Starts a live tail. The session runs when this returns.
pub(super) async fn live(env: &Env, group: &Group, pattern: Option<&str>) -> Result<Updates, Fault> {
    let call = env
        .aws
        .logs()
        .start_live_tail()
        .log_group_identifiers(arn(env, &group.name))
        .set_log_event_filter_pattern(pattern.map(str::to_owned))
        .set_log_stream_name_prefixes(group.stream_prefix.as_deref().map(|prefix| vec![prefix.to_owned()]));
    let session = call.send().await.map_err(|error| fault(LIVE, &error))?;
    let updates = try_unfold(session.response_stream, |mut stream| async move {
        loop {
            let event = stream.recv().await.map_err(|error| {
                Fault::new(FaultClass::Unreachable, format!("{LIVE}: the session broke off"))
                    .with_raw(error.to_string())
            })?;
            match event {
                None => return Ok(None),
                Some(StartLiveTailResponseStream::SessionUpdate(update)) => return Ok(Some((updated(update), stream))),
                Some(_) => {}
            }
        }
    });
    Ok(updates.boxed())
}

/// A live tail takes groups by ARN only. The caller's own tells the partition.
fn arn(env: &Env, group: &str) -> String {
    let identity = &env.identity;
    let partition = identity.arn.split(':').nth(1).filter(|part| !part.is_empty()).unwrap_or("aws");
    format!("arn:{partition}:logs:{}:{}:log-group:{group}", env.scope.region, identity.account)
}

fn filtered(event: &FilteredLogEvent) -> Option<Found> {
    let id = event.event_id.as_deref().filter(|id| !id.is_empty()).map(hash);
    of_stream(id, event.log_stream_name.as_deref(), event.timestamp, event.message.as_deref())
}

fn updated(update: LiveTailSessionUpdate) -> Update {
    let lines = update.session_results.unwrap_or_default().into_iter();
    let lines = lines.filter_map(|event| {
        of_stream(None, event.log_stream_name.as_deref(), event.timestamp, event.message.as_deref())
    });
    let sampled = update.session_metadata.is_some_and(|metadata| metadata.sampled);
    Update { lines: lines.collect(), sampled, lacks: None }
}

fn of_stream(event: Option<u64>, stream: Option<&str>, millis: Option<i64>, message: Option<&str>) -> Option<Found> {
    let at = Timestamp::from_millisecond(millis?).ok()?;
    Some(found(event, stream.unwrap_or_default(), at, message.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::logs::LONGEST;
    use crate::model::Level;

    fn line(id: &str, stream: &str, millis: i64, message: &str) -> Found {
        let event = FilteredLogEvent::builder().event_id(id).log_stream_name(stream).timestamp(millis).message(message);
        filtered(&event.build()).unwrap()
    }

    #[test]
    fn a_line_is_cleaned_and_told_from_others() {
        let one = line("a", "s1", 1_000, "\u{1b}[31mERROR\u{1b}[0m boom\r\n");
        assert_eq!((&*one.text, one.level, one.at.as_millisecond()), ("ERROR boom", Level::Error, 1_000));
        assert_eq!(one, line("a", "s1", 1_000, "\u{1b}[31mERROR\u{1b}[0m boom"));
        for other in [line("a", "s2", 1_000, "x"), line("a", "s1", 1_001, "x"), line("a", "s1", 1_000, "y")] {
            assert_ne!(other.print, line("a", "s1", 1_000, "x").print);
            assert_eq!(other.event, one.event);
        }
        assert_ne!(line("b", "s1", 1, "x").event, one.event);
    }

    #[test]
    fn a_live_line_has_the_print_of_the_found_one() {
        let event = aws_sdk_cloudwatchlogs::types::LiveTailSessionLogEvent::builder()
            .log_stream_name("s1")
            .timestamp(5)
            .message("hello")
            .build();
        let update = updated(LiveTailSessionUpdate::builder().session_results(event).build());
        assert_eq!((update.lines[0].print, update.lines[0].event), (line("a", "s1", 5, "hello\n").print, None));
        assert!(!update.sampled);
    }

    #[test]
    fn a_huge_line_is_cut_at_a_character() {
        let text = line("a", "s", 1, &"ä".repeat(LONGEST)).text;
        assert!(text.len() < LONGEST + 40);
        assert!(text.ends_with(" more bytes]"), "{}", &text[text.len() - 40..]);
    }

    #[test]
    fn a_line_without_a_time_is_none() {
        assert_eq!(filtered(&FilteredLogEvent::builder().event_id("a").message("x").build()), None);
    }
}
