//! Reads one source of a tail: first the past, then the present by a live tail where it can be had, else by polling. One rule keeps
//! lines from being lost: every pass begins two minutes before what is known to be read, and doubles are dropped.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::gather::Part;
use super::sift::{Sift, Tally};
use crate::engine::pace::{passes, spread};
use crate::engine::schedule::sleep_until_some;
use crate::engine::{Shared, TailEvent, TailMode};
use crate::kinds::logs::{Page, Update};
use crate::model::{Fault, FaultClass, LogSource, TailSpec};

/// Passes overlap by this much, for lines that come in late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);
/// Lines of a tail that are known again. Where the overlap has more, it is shorter.
const KNOWN: usize = 65_536;
const KNOWN_AT_LEAST: usize = 8_192;
/// Failures after which a range is given up.
const TRIES: u32 = 5;
/// Broken live tails in a row, or gaps in a row in one that samples, after which it is polled for a while.
const BREAKS: u32 = 3;

pub(super) struct Reader {
    shared: Arc<Shared>,
    source: LogSource,
    index: u16,
    pattern: Option<Arc<str>>,
    since: Timestamp,
    until: Option<Timestamp>,
    out: mpsc::Sender<Part>,
    room: Option<usize>,
    sift: Sift,
    /// All up to here is read.
    read: Timestamp,
    /// When the live tail was heard of last.
    heard: Timestamp,
    /// Start of the gap that is shown.
    gap: Option<Timestamp>,
    /// Failures in a row.
    failures: u32,
    /// What was said to be left out.
    lacks: Vec<&'static str>,
}

/// What came of a live tail.
enum Live {
    /// It can't be had here.
    Never,
    /// It can't be had now.
    Later,
    /// It ran and broke off.
    Broke,
    /// It ran and left out lines all the time.
    Floods,
}

/// One pass over a range.
struct Pass {
    pages: BoxStream<'static, Result<Page, Fault>>,
    to: Timestamp,
    tally: Tally,
}

impl Reader {
    pub(super) fn new(spec: &TailSpec, index: usize, shared: Arc<Shared>, out: mpsc::Sender<Part>) -> Self {
        let at = index as u16;
        Self {
            source: spec.sources[index].clone(),
            index: at,
            pattern: spec.pattern.clone(),
            since: spec.since,
            until: spec.until,
            out,
            room: shared.settings.log_room.filter(|_| spec.until.is_none()),
            sift: Sift::new(at, (KNOWN / spec.sources.len()).max(KNOWN_AT_LEAST)),
            read: spec.since,
            heard: spec.since,
            gap: None,
            failures: 0,
            lacks: Vec::new(),
            shared,
        }
    }

    /// Runs until the range is complete, or for ever.
    pub(super) async fn run(mut self) {
        if !self.catch_up().await || self.is_complete() {
            return self.put(Part::Present(self.index)).await;
        }
        self.put(Part::Present(self.index)).await;
        if self.until.is_some() || !self.shared.settings.live_tails {
            return self.poll(None).await;
        }
        let mut breaks = 0;
        loop {
            let began = Instant::now();
            match self.live().await {
                Live::Never => return self.poll(None).await,
                Live::Broke => {
                    breaks = if began.elapsed() > self.shared.pace.second * 60 { 1 } else { breaks + 1 };
                    self.open_gap(self.heard).await;
                    if breaks < BREAKS {
                        sleep(spread(self.shared.pace.second * breaks)).await;
                        continue;
                    }
                    breaks = 0;
                }
                Live::Later | Live::Floods => {}
            }
            self.poll(Some(Instant::now() + self.shared.pace.live_again)).await;
        }
    }

    /// Reads the past; whether it could be read.
    async fn catch_up(&mut self) -> bool {
        loop {
            let began = Instant::now();
            match self.read(self.room).await {
                Ok(()) if began.elapsed() < self.shared.pace.second * 10 || self.is_complete() => return true,
                Ok(()) => {}
                Err(fault) => {
                    let lasting = !passes(&fault.class) || matches!(fault.class, FaultClass::Denied { .. });
                    let pause = self.fail(fault).await;
                    // A live tail may be had where ranges may not be read.
                    if self.until.is_none() && lasting {
                        return true;
                    }
                    if self.until.is_some() && (lasting || self.failures >= TRIES) {
                        return false;
                    }
                    self.put(Part::Present(self.index)).await;
                    sleep(pause).await;
                }
            }
        }
    }

    /// Polls until then, or until the range is complete.
    async fn poll(&mut self, end: Option<Instant>) {
        self.say(TailEvent::Mode(self.index, TailMode::Polled)).await;
        while end.is_none_or(|end| Instant::now() < end) && !self.is_complete() {
            let failed = self.failures > 0;
            let pause = match self.read(None).await {
                Ok(()) => {
                    if failed {
                        self.say(TailEvent::Mode(self.index, TailMode::Polled)).await;
                    }
                    self.shared.pace.poll
                }
                Err(fault) => self.fail(fault).await,
            };
            sleep(pause).await;
        }
    }

    fn is_complete(&self) -> bool {
        self.until.is_some_and(|until| self.read >= until)
    }

    /// A pass from where it is read up to until now. One that begins far back jumps ahead where it has more than `room` lines.
    async fn read(&mut self, room: Option<usize>) -> Result<(), Fault> {
        let mut pass = self.pass();
        let (mut count, mut from) = (0, None);
        while let Some(page) = self.page(&mut pass).await {
            let Page { lines, lacks } = page?;
            self.lack(lacks).await;
            let lines = self.sift.new_lines(lines, &mut pass.tally);
            count += lines.len();
            let span = (from.or(lines.first().map(|line| line.at)), lines.last().map(|line| line.at));
            self.put(Part::Lines(self.index, lines)).await;
            let (Some(first), Some(last)) = span else { continue };
            from = Some(first);
            if let Some(room) = room.filter(|room| count > *room)
                && let Some(start) = jump(first, last, pass.to, count, room)
            {
                self.since = start;
                self.read = start;
                pass = self.pass();
                (count, from) = (0, None);
            }
        }
        self.reached(pass.to).await;
        Ok(())
    }

    /// The next page; an answer that does not come is a fault.
    async fn page(&self, pass: &mut Pass) -> Option<Result<Page, Fault>> {
        let late = || Some(Err(Fault::new(FaultClass::TimedOut, "no log lines in time")));
        timeout(self.shared.pace.patience, pass.pages.next()).await.unwrap_or_else(|_| late())
    }

    fn pass(&self) -> Pass {
        let to = self.until.map_or(self.shared.sources.now(), |until| until.min(self.shared.sources.now()));
        let from = self.read.checked_sub(OVERLAP).unwrap_or(self.since).max(self.since);
        let from = self.sift.knows_from().map_or(from, |known| known.max(from)).min(to);
        let pages = self.shared.sources.lines(&self.source, from, to, self.pattern.clone());
        Pass { pages, to, tally: Tally::new() }
    }

    /// All up to there is read.
    async fn reached(&mut self, to: Timestamp) {
        self.read = self.read.max(to);
        self.failures = 0;
        if let Some(gap) = self.gap.take() {
            self.say(TailEvent::Filled(self.index, gap)).await;
        }
    }

    async fn open_gap(&mut self, from: Timestamp) {
        if self.gap.is_none() {
            self.gap = Some(from);
            self.say(TailEvent::Gap(self.index, from, self.shared.sources.now())).await;
        }
    }

    /// Says once what is left out.
    async fn lack(&mut self, lacks: Option<&'static str>) {
        if let Some(lacks) = lacks.filter(|lacks| !self.lacks.contains(lacks)) {
            self.lacks.push(lacks);
            self.say(TailEvent::Lacks(self.index, lacks)).await;
        }
    }

    /// Reports a fault; how long to wait.
    async fn fail(&mut self, fault: Fault) -> Duration {
        self.failures += 1;
        let pause = spread(self.shared.pace.backoff(&fault.class, self.failures, Some(self.shared.pace.second * 30)));
        self.say(TailEvent::Failed(self.index, Arc::new(fault))).await;
        pause
    }

    /// Starts a live tail and listens until it breaks off.
    async fn live(&mut self) -> Live {
        let starting = self.shared.sources.live(&self.source, self.pattern.clone());
        match timeout(self.shared.pace.silence, starting).await {
            Ok(Ok(updates)) => {
                self.heard = self.shared.sources.now();
                self.say(TailEvent::Mode(self.index, TailMode::Live)).await;
                self.listen(updates).await
            }
            Ok(Err(fault)) => {
                tracing::info!(source = &**self.source.name(), %fault, "no live tail: polling");
                let never = matches!(fault.class, FaultClass::Denied { .. } | FaultClass::Invalid | FaultClass::Bug);
                if never { Live::Never } else { Live::Later }
            }
            Err(_) => Live::Later,
        }
    }

    /// Takes what a live tail sends. Beside it, passes fill what it left out: what came in before it began, what it sampled.
    async fn listen(&mut self, mut updates: BoxStream<'static, Result<Update, Fault>>) -> Live {
        let mut tally = Tally::new();
        let mut filling = Filling { pass: None, next: Some(Instant::now()), again: true, filled: None, gaps: 0 };
        let mut silent = Instant::now() + self.shared.pace.live_silence;
        loop {
            tokio::select! {
                update = updates.next() => match update {
                    Some(Ok(update)) => {
                        silent = Instant::now() + self.shared.pace.live_silence;
                        self.hear(update, &mut tally, &mut filling).await;
                    }
                    Some(Err(fault)) => {
                        tracing::info!(source = &**self.source.name(), %fault, "the live tail broke off");
                        return Live::Broke;
                    }
                    None => return Live::Broke,
                },
                page = next_page(&mut filling.pass) => self.fill(page, &mut filling).await,
                () = sleep_until_some(filling.next), if filling.pass.is_none() => {
                    filling.next = None;
                    filling.pass = Some(self.pass());
                }
                () = sleep_until(silent) => return Live::Broke,
            }
            if filling.gaps >= BREAKS {
                return Live::Floods;
            }
        }
    }

    async fn hear(&mut self, update: Update, tally: &mut Tally, filling: &mut Filling) {
        let (before, now) = (self.heard, self.shared.sources.now());
        self.heard = now;
        self.lack(update.lacks).await;
        // What was left out is read in a moment, and these with it in their places.
        if !update.sampled || self.failures > 0 {
            let lines = self.sift.new_lines(update.lines, tally);
            self.put(Part::Lines(self.index, lines)).await;
        }
        if update.sampled {
            if self.gap.is_none() {
                filling.gap_begins(self.shared.pace.look_again);
            }
            self.open_gap(before).await;
            filling.within(self.shared.pace.poll);
        } else if self.gap.is_none() && filling.is_idle() {
            self.read = now;
        }
    }

    async fn fill(&mut self, page: Option<Result<Page, Fault>>, filling: &mut Filling) {
        let Some(mut pass) = filling.pass.take() else { return };
        match page {
            Some(Ok(Page { lines, lacks })) => {
                let lines = self.sift.new_lines(lines, &mut pass.tally);
                filling.pass = Some(pass);
                self.lack(lacks).await;
                self.put(Part::Lines(self.index, lines)).await;
            }
            Some(Err(fault)) => filling.next = Some(Instant::now() + self.fail(fault).await),
            None => {
                let (failed, filled) = (self.failures > 0, self.gap.is_some());
                self.reached(pass.to).await;
                if failed {
                    self.say(TailEvent::Mode(self.index, TailMode::Live)).await;
                }
                filling.filled = Some(Instant::now());
                if filling.next.is_some() {
                    // It sampled again meanwhile.
                    filling.gap_begins(self.shared.pace.look_again);
                    self.open_gap(pass.to).await;
                } else if filled || std::mem::take(&mut filling.again) {
                    filling.next = Some(Instant::now() + self.shared.pace.look_again);
                }
            }
        }
    }

    async fn put(&self, part: Part) {
        if !matches!(&part, Part::Lines(_, lines) if lines.is_empty()) {
            // Nobody takes it any more: the tail was stopped, and this with it.
            let _ = self.out.send(part).await;
        }
    }

    async fn say(&self, event: TailEvent) {
        self.put(Part::Say(event)).await;
    }
}

/// The passes beside a live tail.
struct Filling {
    pass: Option<Pass>,
    /// When the next one begins.
    next: Option<Instant>,
    /// One more is due after this one, for lines that took long to be found.
    again: bool,
    /// When the last one ended.
    filled: Option<Instant>,
    /// Gaps in a row.
    gaps: u32,
}

impl Filling {
    fn is_idle(&self) -> bool {
        self.pass.is_none() && self.next.is_none()
    }

    /// A gap begins: one in a row of them, if the last was filled only just before.
    fn gap_begins(&mut self, lately: Duration) {
        let in_a_row = self.filled.is_some_and(|filled| filled.elapsed() < lately);
        self.gaps = if in_a_row { self.gaps + 1 } else { 1 };
    }

    /// The next pass begins within this time, however late it was due.
    fn within(&mut self, time: Duration) {
        let soon = Instant::now() + time;
        self.next = Some(self.next.map_or(soon, |next| next.min(soon)));
    }
}

async fn next_page(pass: &mut Option<Pass>) -> Option<Result<Page, Fault>> {
    match pass {
        Some(pass) => pass.pages.next().await,
        None => std::future::pending().await,
    }
}

/// Where to go on so that about `room` lines remain until `to`, judging by the `count` lines from `first` to `last`; `None` if going
/// on as before brings little more than that.
fn jump(first: Timestamp, last: Timestamp, to: Timestamp, count: usize, room: usize) -> Option<Timestamp> {
    let span = last.duration_since(first).as_secs_f64().max(0.001);
    let rest = to.duration_since(last).as_secs_f64();
    let lines_a_second = count as f64 / span;
    let wanted = room as f64 * 1.25 / lines_a_second;
    let back = SignedDuration::try_from_secs_f64(wanted).ok()?;
    (rest > 2.0 * wanted).then(|| to.checked_sub(back).ok())?
}
