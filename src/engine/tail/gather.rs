//! Brings the lines of several sources in the order of time and in batches. While sources are read from far back, lines wait for
//! those of the others, but not for long: one slow source must not hold up the rest.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::engine::TailEvent;
use crate::engine::pace::Pace;
use crate::engine::schedule::sleep_until_some;
use crate::model::LogLine;

/// Lines sent at once.
const BATCH: usize = 1_000;
/// The most lines that wait for those of other sources.
const WAITING: usize = 50_000;

/// What a reader has to say.
pub(super) enum Part {
    /// Lines of one source, oldest first.
    Lines(u16, Vec<LogLine>),
    /// A source is read up to the present: nobody waits for it any more.
    Present(u16),
    /// Anything else.
    Say(TailEvent),
}

pub(super) struct Gather {
    waiting: Vec<LogLine>,
    /// Since when the oldest of them waits.
    since: Option<Instant>,
    /// How far each source has been read; `None` from the present on.
    read: Vec<Option<Timestamp>>,
    /// How long lines are gathered, and how long they wait for those of others.
    rest: Duration,
    patience: Duration,
}

impl Gather {
    pub(super) fn new(sources: usize, pace: &Pace) -> Self {
        let read = vec![Some(Timestamp::MIN); sources];
        Self { waiting: Vec::new(), since: None, read, rest: pace.gather, patience: pace.order }
    }

    /// Runs until all readers have ended and all is told.
    pub(super) async fn run<Told: Future<Output = ()>>(
        mut self,
        mut found: mpsc::Receiver<Part>,
        tell: impl Fn(TailEvent) -> Told,
    ) {
        loop {
            tokio::select! {
                biased;
                () = sleep_until_some(self.due()) => self.send(&tell).await,
                part = found.recv() => match part {
                    Some(Part::Lines(source, lines)) => {
                        self.take(source, lines);
                        if self.waiting.len() >= BATCH {
                            self.send(&tell).await;
                        }
                    }
                    Some(Part::Present(source)) => self.reach(source, None),
                    Some(Part::Say(event)) => {
                        self.send_all(&tell).await;
                        tell(event).await;
                    }
                    None => return self.send_all(&tell).await,
                },
            }
        }
    }

    /// When waiting lines are sent.
    fn due(&self) -> Option<Instant> {
        let patience = if self.ready() > 0 { self.rest } else { self.patience };
        self.since.map(|since| since + patience)
    }

    fn take(&mut self, source: u16, lines: Vec<LogLine>) {
        let Some(last) = lines.last() else { return };
        let known = self.read.get(usize::from(source)).copied().flatten();
        self.reach(source, known.map(|known| known.max(last.at)));
        self.since.get_or_insert_with(Instant::now);
        self.waiting.extend(lines);
        self.waiting.sort_by_key(|line| line.at);
    }

    fn reach(&mut self, source: u16, read: Option<Timestamp>) {
        if let Some(known) = self.read.get_mut(usize::from(source)) {
            *known = read;
        }
    }

    /// How many lines need not wait for another source.
    fn ready(&self) -> usize {
        match self.read.iter().flatten().min() {
            Some(read) => self.waiting.partition_point(|line| line.at <= *read),
            None => self.waiting.len(),
        }
    }

    /// Sends what is ready, or all if it has waited for long or has become too much.
    async fn send<Told: Future<Output = ()>>(&mut self, tell: &impl Fn(TailEvent) -> Told) {
        let waited = self.since.is_some_and(|since| since.elapsed() >= self.patience);
        let ready = if waited || self.waiting.len() > WAITING { self.waiting.len() } else { self.ready() };
        let rest = self.waiting.split_off(ready);
        self.since = if rest.is_empty() {
            None
        } else if ready > 0 {
            Some(Instant::now())
        } else {
            self.since
        };
        let mut lines = std::mem::replace(&mut self.waiting, rest).into_iter();
        loop {
            let batch: Vec<LogLine> = lines.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return;
            }
            tell(TailEvent::Lines(batch)).await;
        }
    }

    async fn send_all<Told: Future<Output = ()>>(&mut self, tell: &impl Fn(TailEvent) -> Told) {
        let read = std::mem::take(&mut self.read);
        self.send(tell).await;
        self.read = read;
    }
}
