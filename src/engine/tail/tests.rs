use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::engine::pace::Pace;
use crate::engine::testing::{Fake, PLAIN, Rig, Told, brisk, found, id, settle, until};
use crate::engine::{Event, Request, Settings, TailEvent, TailMode};
use crate::kinds::logs::{Found, Update};
use crate::model::{Fault, FaultClass, LogLine, LogSource, TailSpec};

type Passes = Vec<Result<Vec<Vec<Found>>, Fault>>;
type Sessions = Vec<Result<Vec<Told>, FaultClass>>;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn source(group: &str) -> LogSource {
    LogSource::group(id("a", "").scope.clone(), group, None, group)
}

/// Follows one group from second 1,000 on.
fn follow() -> TailSpec {
    TailSpec { id: 7, sources: vec![source("/g")], since: at(1_000), until: None, pattern: None }
}

fn range(sources: usize) -> TailSpec {
    let sources = (0..sources).map(|at| source(&format!("/g{at}"))).collect();
    TailSpec { sources, until: Some(at(1_900)), ..follow() }
}

/// A rig at second 2,000.
fn rig(passes: Passes, lives: Sessions) -> Rig {
    paced(passes, lives, &brisk())
}

fn paced(passes: Passes, lives: Sessions, pace: &Pace) -> Rig {
    let fake = Fake::default();
    *fake.clock.lock().unwrap() = Some(at(2_000));
    *fake.passes.lock().unwrap() = passes;
    *fake.lives.lock().unwrap() = lives;
    Rig::paced(fake, pace)
}

impl Rig {
    fn tail(&self, spec: &TailSpec) {
        self.engine.request(Request::Tail(spec.clone()));
    }

    async fn said(&mut self) -> TailEvent {
        self.next(|event| match event {
            Event::Tail(7, event) => Some(event),
            _ => None,
        })
        .await
    }

    /// All lines up to the first event that is none.
    async fn lines(&mut self) -> (Vec<LogLine>, TailEvent) {
        let mut all = Vec::new();
        loop {
            match self.said().await {
                TailEvent::Lines(mut lines) => {
                    assert!(lines.len() <= 1_000 && lines.is_sorted_by_key(|line| line.at));
                    all.append(&mut lines);
                }
                other => return (all, other),
            }
        }
    }

    /// So many more lines, whatever else is said.
    async fn some_lines(&mut self, count: usize) -> Vec<LogLine> {
        let mut all = Vec::new();
        while all.len() < count {
            if let TailEvent::Lines(mut lines) = self.said().await {
                all.append(&mut lines);
            }
        }
        all
    }
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| &*line.text).collect()
}

fn update(lines: Vec<Found>, sampled: bool) -> Told {
    Told::Update(Update { lines, sampled, lacks: None })
}

fn denied() -> Result<Vec<Told>, FaultClass> {
    Err(FaultClass::Denied { permission: None })
}

#[tokio::test]
async fn a_range_is_read_to_its_end() {
    let pages = vec![vec![], vec![found(1_001, Some(1), "a")], vec![], vec![found(1_002, Some(2), "b")], vec![]];
    let mut rig = rig(vec![Ok(pages)], vec![]);
    rig.tail(&range(1));
    let (lines, end) = rig.lines().await;
    assert_eq!((texts(&lines), end), (vec!["a", "b"], TailEvent::End));
    assert_eq!(*rig.fake.ranges.lock().unwrap(), [(1_000_000, 1_900_000)]);
    assert_eq!(rig.fake.live_starts.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn sources_are_merged_by_time() {
    let pass = |first: i64| Ok(vec![(0..1_500).map(|n| found(first + 2 * n, Some(n as u64), "x")).collect()]);
    let mut rig = paced(vec![pass(1_000), pass(1_001)], vec![], &Pace { order: Duration::from_mins(1), ..brisk() });
    rig.tail(&range(2));
    let (lines, end) = rig.lines().await;
    assert_eq!((lines.len(), end), (3_000, TailEvent::End));
    assert!(lines.is_sorted_by_key(|line| line.at), "over batches, too");
    assert_eq!(lines.iter().filter(|line| line.source == 1).count(), 1_500);
}

#[tokio::test]
async fn a_slow_source_does_not_hold_up_the_others_for_ever() {
    let lost = Err(Fault::new(FaultClass::Unreachable, "lost"));
    let mut rig = rig(vec![Ok(vec![vec![found(1_500, Some(1), "a")]]), lost], vec![denied()]);
    rig.tail(&TailSpec { sources: vec![source("/well"), source("/dead")], ..follow() });
    assert_eq!(texts(&rig.some_lines(1).await), ["a"]);
}

#[tokio::test]
async fn a_range_that_can_not_be_read_fails_and_ends() {
    let gone = || Err(Fault::new(FaultClass::NotFound, "no such group"));
    let mut rig1 = rig(vec![gone()], vec![]);
    rig1.tail(&range(1));
    assert!(matches!(rig1.said().await, TailEvent::Failed(0, fault) if fault.class == FaultClass::NotFound));
    assert_eq!(rig1.said().await, TailEvent::End);
    let lost = || Err(Fault::new(FaultClass::Unreachable, "lost"));
    let mut rig2 = rig(vec![lost(), lost(), Ok(vec![vec![found(1_001, None, "a")]])], vec![]);
    rig2.tail(&range(1));
    assert_eq!(rig2.some_lines(1).await.len(), 1, "what may pass is tried again");
    assert_eq!(rig2.said().await, TailEvent::End);
}

#[tokio::test]
async fn polls_overlap_and_doubles_are_dropped() {
    let one = || found(1_990, Some(1), "same");
    let twin = || found(1_990, Some(2), "same");
    let passes = vec![
        Ok(vec![vec![one()], vec![one(), found(1_999, Some(3), "c")]]),
        Ok(vec![vec![one(), found(1_999, Some(3), "c")]]),
        Ok(vec![vec![one(), twin(), found(1_950, Some(4), "late"), found(1_999, Some(3), "c")]]),
    ];
    let mut rig = rig(passes, vec![denied()]);
    rig.tail(&follow());
    let (lines, mode) = rig.lines().await;
    assert_eq!((texts(&lines), mode), (vec!["same", "c"], TailEvent::Mode(0, TailMode::Polled)));
    let lines = rig.some_lines(2).await;
    assert_eq!(texts(&lines), ["late", "same"]);
    assert_eq!(lines.iter().map(|line| line.late).collect::<Vec<_>>(), [true, true]);
    until(|| rig.fake.ranges.lock().unwrap().len() >= 6).await;
    let ranges = rig.fake.ranges.lock().unwrap().clone();
    assert_eq!(ranges[0], (1_000_000, 2_000_000));
    assert!(ranges[1..].iter().all(|range| *range == (1_880_000, 2_000_000)), "two minutes back: {ranges:?}");
    rig.engine.request(Request::StopTail(7));
    settle().await;
    let count = rig.fake.ranges.lock().unwrap().len();
    settle().await;
    assert_eq!(rig.fake.ranges.lock().unwrap().len(), count, "stopped is stopped");
}

#[tokio::test]
async fn a_tail_stopped_before_it_began_never_does() {
    let mut orders = super::Orders::default();
    orders.start(follow());
    orders.stop(7);
    assert!(orders.start.is_empty());
}

#[tokio::test]
async fn a_live_tail_follows_the_past_without_doubles() {
    let past = vec![found(1_998, Some(1), "a"), found(1_999, Some(2), "b")];
    let gate = Arc::new(Notify::new());
    let told = vec![
        Told::Wait(Arc::clone(&gate)),
        update(vec![found(1_999, None, "b"), found(2_000, None, "c")], false),
        update(vec![], false),
        update(vec![found(1_900, None, "late"), found(2_001, None, "d")], false),
    ];
    let mut rig = rig(vec![Ok(vec![past.clone()])], vec![Ok(told)]);
    rig.tail(&follow());
    let (lines, mode) = rig.lines().await;
    assert_eq!((texts(&lines), mode), (vec!["a", "b"], TailEvent::Mode(0, TailMode::Live)));
    // The pass beside it finds the past again, once at once and once later.
    until(|| rig.fake.ranges.lock().unwrap().len() == 3).await;
    gate.notify_one();
    let lines = rig.some_lines(3).await;
    let marked: BTreeSet<_> = lines.iter().map(|line| (&*line.text, line.late)).collect();
    assert_eq!(marked, [("c", false), ("d", false), ("late", true)].into());
}

#[tokio::test]
async fn what_a_live_tail_sampled_is_shown_as_a_gap_and_filled() {
    let gate = Arc::new(Notify::new());
    let all: Vec<Found> = (0..5).map(|n| found(1_995 + n, Some(n as u64), &n.to_string())).collect();
    let sample = vec![found(1_995, None, "0"), found(1_998, None, "3")];
    let told = vec![Told::Wait(Arc::clone(&gate)), update(sample, true), update(vec![], false)];
    let mut rig = rig(vec![Ok(vec![]), Ok(vec![]), Ok(vec![]), Ok(vec![all])], vec![Ok(told)]);
    rig.tail(&follow());
    until(|| rig.fake.ranges.lock().unwrap().len() == 3).await;
    settle().await;
    gate.notify_one();
    let (mut lines, mut gap) = (Vec::new(), None);
    loop {
        match rig.said().await {
            TailEvent::Lines(mut new) => lines.append(&mut new),
            TailEvent::Gap(0, from, to) => gap = Some((from, to)),
            TailEvent::Filled(0, from) => {
                assert_eq!(gap.map(|gap| gap.0), Some(from));
                break;
            }
            other => assert_eq!(other, TailEvent::Mode(0, TailMode::Live)),
        }
    }
    let mut texts = texts(&lines);
    texts.sort_unstable();
    assert_eq!(texts, ["0", "1", "2", "3", "4"], "each once");
}

#[tokio::test]
async fn gaps_in_a_row_are_each_filled_soon_and_then_the_source_is_polled() {
    let gate = Arc::new(Notify::new());
    let sampled = || update(vec![], true);
    let wait = || Told::Wait(Arc::clone(&gate));
    let told = vec![sampled(), wait(), sampled(), wait(), sampled()];
    // Nobody waits for the look for late lines, which comes long after.
    let pace = Pace { look_again: Duration::from_mins(10), ..brisk() };
    let mut rig = paced(vec![Ok(vec![])], vec![Ok(told)], &pace);
    rig.tail(&follow());
    let (gap, filled) = (TailEvent::Gap(0, at(2_000), at(2_000)), TailEvent::Filled(0, at(2_000)));
    assert_eq!(rig.said().await, TailEvent::Mode(0, TailMode::Live));
    for _ in 0..2 {
        assert_eq!([rig.said().await, rig.said().await], [gap.clone(), filled.clone()]);
        settle().await;
        gate.notify_one();
    }
    let polled = TailEvent::Mode(0, TailMode::Polled);
    assert_eq!([rig.said().await, rig.said().await, rig.said().await], [gap, polled, filled]);
}

#[tokio::test]
async fn a_live_tail_that_breaks_off_is_taken_up_again_and_the_gap_filled() {
    let sessions = vec![
        Ok(vec![update(vec![found(1_999, None, "a")], false), Told::Break]),
        Ok(vec![update(vec![found(2_003, None, "d")], false)]),
    ];
    let missed = vec![found(1_999, Some(1), "a"), found(2_001, Some(2), "b")];
    let mut rig = rig(vec![Ok(vec![]), Ok(vec![]), Ok(vec![missed])], sessions);
    rig.tail(&follow());
    let mut said = Vec::new();
    let mut lines = Vec::new();
    while said.last() != Some(&TailEvent::Filled(0, at(2_000))) || lines.len() < 3 {
        match rig.said().await {
            TailEvent::Lines(mut new) => lines.append(&mut new),
            other => said.push(other),
        }
    }
    let live = TailEvent::Mode(0, TailMode::Live);
    let gap = TailEvent::Gap(0, at(2_000), at(2_000));
    assert_eq!(said, [live.clone(), gap, live, TailEvent::Filled(0, at(2_000))]);
    let mut texts = texts(&lines);
    texts.sort_unstable();
    assert_eq!(texts, ["a", "b", "d"]);
}

#[tokio::test]
async fn a_live_tail_that_never_lasts_is_polled() {
    let mut rig = rig(vec![Ok(vec![])], vec![Ok(vec![Told::Break])]);
    rig.tail(&follow());
    let mut modes = Vec::new();
    let polled = rig.next(|event| match event {
        Event::Tail(_, TailEvent::Mode(_, mode)) => {
            modes.push(mode);
            (mode == TailMode::Polled).then_some(())
        }
        _ => None,
    });
    polled.await;
    assert_eq!(modes, [TailMode::Live, TailMode::Live, TailMode::Live, TailMode::Polled]);
}

#[tokio::test]
async fn a_poll_that_fails_says_so_and_recovers() {
    let lost = Err(Fault::new(FaultClass::Unreachable, "lost"));
    let mut rig = rig(vec![Ok(vec![]), lost, Ok(vec![vec![found(1_999, Some(1), "a")]])], vec![denied()]);
    rig.tail(&follow());
    let polled = TailEvent::Mode(0, TailMode::Polled);
    assert_eq!(rig.said().await, polled);
    assert!(matches!(rig.said().await, TailEvent::Failed(0, _)));
    let (lines, recovered) = rig.lines().await;
    assert_eq!((texts(&lines), recovered), (vec!["a"], polled));
}

#[tokio::test]
async fn a_tail_from_far_back_skips_what_no_buffer_would_hold() {
    let fake = Fake::default();
    *fake.clock.lock().unwrap() = Some(at(2_000));
    // Ten lines a second for a thousand seconds: far more than fit.
    let page =
        |from: i64| (0..1_000).map(|n| found(from + n / 10, Some((from * 10 + n) as u64), &n.to_string())).collect();
    *fake.passes.lock().unwrap() = vec![Ok(vec![page(1_000), page(1_100)]), Ok(vec![page(1_900)]), Ok(vec![])];
    *fake.lives.lock().unwrap() = vec![denied()];
    let settings = Settings { log_room: Some(500), ..PLAIN };
    let mut rig = Rig::set(fake, &brisk(), settings, 1_024);
    rig.tail(&follow());
    let (lines, _) = rig.lines().await;
    assert_eq!(lines.len(), 2_000);
    let ranges = rig.fake.ranges.lock().unwrap().clone();
    assert!((1_930_000..=1_945_000).contains(&ranges[1].0), "about 500 lines before the end: {ranges:?}");
}

#[tokio::test]
async fn a_tail_that_may_not_be_live_is_polled() {
    let fake = Fake::default();
    *fake.clock.lock().unwrap() = Some(at(2_000));
    *fake.passes.lock().unwrap() =
        vec![Ok(vec![vec![found(1_001, Some(1), "a")]]), Ok(vec![vec![found(1_002, Some(2), "b")]])];
    *fake.lives.lock().unwrap() = vec![Ok(vec![])];
    let mut rig = Rig::set(fake, &brisk(), Settings { live_tails: false, ..PLAIN }, 1_024);
    rig.tail(&follow());
    let (lines, said) = rig.lines().await;
    assert_eq!((texts(&lines), said), (vec!["a"], TailEvent::Mode(0, TailMode::Polled)));
    assert_eq!(texts(&rig.some_lines(1).await), ["b"]);
    assert_eq!(rig.fake.live_starts.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn twenty_thousand_lines_a_second_flow() {
    let pages = (0..50)
        .map(|page| (0..2_000).map(|n| found(1_000 + page, Some((page * 2_000 + n) as u64), &n.to_string())).collect());
    let mut rig = rig(vec![Ok(pages.collect()), Ok(vec![])], vec![denied()]);
    let began = std::time::Instant::now();
    rig.tail(&follow());
    let (lines, _) = rig.lines().await;
    assert_eq!(lines.len(), 100_000);
    println!("100,000 lines took {:?}", began.elapsed());
}

#[tokio::test]
async fn what_is_left_out_is_said_once() {
    let pages = || Ok(vec![vec![found(1_995, Some(1), "a")]]);
    let mut rig = rig(vec![pages(), pages()], vec![denied()]);
    *rig.fake.lacks.lock().unwrap() = Some("the rest");
    rig.tail(&follow());
    let (lines, said) = rig.lines().await;
    assert_eq!((texts(&lines), said), (vec!["a"], TailEvent::Lacks(0, "the rest")));
    assert_eq!(rig.said().await, TailEvent::Mode(0, TailMode::Polled));
    while rig.fake.ranges.lock().unwrap().len() < 4 {
        settle().await;
    }
    while let Ok(event) = rig.events.try_recv() {
        assert!(!matches!(event, Event::Tail(7, TailEvent::Lacks(..))), "each pass lacks it");
    }
}
