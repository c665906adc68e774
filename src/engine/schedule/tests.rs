use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Doing, Entry, Schedule};
use crate::engine::report::Report;
use crate::engine::testing::{Fake, PLAIN, Reply, Rig, brisk, every, list, once, settle, until};
use crate::engine::{Event, Interest, Priority, Request, Shared};
use crate::model::{Answer, FaultClass, Query};

const SOON: Duration = Duration::from_millis(5);
const NEVER: Duration = Duration::from_hours(1);

fn refresh(rig: &Rig, query: &Query) {
    rig.engine.request(Request::Refresh(vec![query.clone()]));
}

#[tokio::test]
async fn a_query_is_asked_again_and_again_with_rising_generations() {
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    rig.fake.reply("a", &[Reply::Rows(1), Reply::Rows(2), Reply::Rows(3)]);
    rig.want(&[every(&query, SOON)]);
    let (mut last, at) = started(&mut rig).await;
    assert!(at <= jiff::Timestamp::now());
    let first = rig.done().await;
    assert_eq!((first.count(), first.generation), (Some(1), last));
    for count in 2..=3 {
        let done = rig.done().await;
        assert_eq!(done.count(), Some(count));
        assert!(done.generation > last);
        last = done.generation;
    }
}

#[tokio::test]
async fn that_something_is_asked_again_is_told_when_it_takes_long() {
    let pace = crate::engine::pace::Pace { slow: Duration::from_millis(500), ..brisk() };
    let mut rig = Rig::paced(Fake::default(), &pace);
    let query = list("a", "x");
    rig.fake.reply("a", &[Reply::Rows(1), Reply::Rows(2), Reply::Hang]);
    rig.want(&[every(&query, SOON)]);
    let (first, _) = started(&mut rig).await;
    let (told, _) = started(&mut rig).await;
    assert_eq!(told - first, 2, "nobody hears of the quick one between them");
}

async fn started(rig: &mut Rig) -> (u64, jiff::Timestamp) {
    let started = |event| match event {
        Event::Started { generation, at, .. } => Some((generation, at)),
        _ => None,
    };
    rig.next(started).await
}

#[tokio::test]
async fn one_flight_for_each_query_whoever_asks() {
    let gate = Arc::new(Notify::new());
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    rig.fake.reply("a", &[Reply::Gate(Arc::clone(&gate), 1), Reply::Rows(2)]);
    rig.want(&[once(&query)]);
    until(|| rig.fake.times(&query) == 1).await;
    for _ in 0..5 {
        refresh(&rig, &query);
        rig.want(&[once(&query), every(&query, NEVER)]);
        settle().await;
    }
    assert_eq!(rig.fake.times(&query), 1);
    gate.notify_one();
    assert_eq!(rig.done().await.count(), Some(1));
    assert_eq!(rig.done().await.count(), Some(2), "what was asked meanwhile is asked once more");
    settle().await;
    assert_eq!(rig.fake.times(&query), 2);
}

#[tokio::test]
async fn who_asks_by_hand_urges_each_environment_once_and_polls_do_not() {
    let mut rig = Rig::new(Fake::default());
    let [one, two] = ["x", "y"].map(|kind| list("a", kind));
    rig.want(&[every(&one, SOON), once(&two)]);
    rig.done().await;
    rig.done().await;
    assert!(rig.fake.urged.lock().unwrap().is_empty());
    rig.engine.request(Request::Refresh(vec![one, two]));
    until(|| !rig.fake.urged.lock().unwrap().is_empty()).await;
    assert_eq!(*rig.fake.urged.lock().unwrap(), ["a"]);
}

#[tokio::test]
async fn unchanged_answers_are_not_sent_again() {
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    rig.fake.reply(
        "a",
        &[Reply::Rows(2), Reply::Rows(2), Reply::Rows(3), Reply::Fault(FaultClass::Service), Reply::Rows(3)],
    );
    rig.want(&[every(&query, SOON)]);
    assert_eq!(rig.done().await.count(), Some(2));
    assert!(matches!(rig.done().await.result, Ok(None)));
    assert_eq!(rig.done().await.count(), Some(3));
    assert_eq!(rig.done().await.class(), &FaultClass::Service);
    assert!(matches!(rig.done().await.result, Ok(None)), "a fault does not make the rows news");
    rig.want(&[]);
    settle().await;
    rig.want(&[every(&query, SOON)]);
    let full = rig.next(|event| match event {
        Event::Done { result: Ok(Some(Answer::Rows(rows))), .. } => Some(rows.items.len()),
        _ => None,
    });
    assert_eq!(full.await, 3, "who asks anew gets it all");
}

#[tokio::test]
async fn after_another_account_the_rows_are_news_again() {
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    let other = FaultClass::WrongAccount { expected: "1".into(), found: "2".into() };
    rig.fake.reply("a", &[Reply::Rows(2), Reply::Fault(other.clone()), Reply::Rows(2)]);
    rig.want(&[every(&query, SOON)]);
    assert_eq!(rig.done().await.count(), Some(2));
    assert_eq!(rig.done().await.class(), &other);
    assert_eq!(rig.done().await.count(), Some(2));
}

#[tokio::test]
async fn what_nobody_looks_at_is_cancelled() {
    let mut rig = Rig::new(Fake::default());
    let (gone, stays) = (list("a", "gone"), list("a", "stays"));
    rig.fake.reply("a/gone", &[Reply::Hang]);
    rig.want(&[once(&gone), once(&stays)]);
    rig.done_with(&stays).await;
    let under_way = |rig: &Rig| rig.fake.under_way.lock().unwrap()["a"].0;
    assert_eq!(under_way(&rig), 1);
    rig.want(&[once(&stays)]);
    until(|| under_way(&rig) == 0).await;
    settle().await;
    assert_eq!(rig.fake.times(&stays), 1, "asked once is asked once");
}

#[tokio::test]
async fn an_answer_to_who_left_and_came_back_is_of_the_new_flight() {
    let gate = Arc::new(Notify::new());
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    rig.fake.reply("a", &[Reply::Gate(Arc::clone(&gate), 1), Reply::Rows(2)]);
    rig.want(&[once(&query)]);
    until(|| rig.fake.times(&query) == 1).await;
    rig.want(&[]);
    until(|| rig.fake.under_way.lock().unwrap()["a"].0 == 0).await;
    rig.want(&[once(&query)]);
    gate.notify_one();
    let done = rig.done().await;
    assert_eq!(done.count(), Some(2));
    let newer = done.generation;
    refresh(&rig, &query);
    assert!(rig.done().await.generation > newer);
}

#[tokio::test]
async fn what_is_due_soon_goes_along_with_what_is_due_in_its_environment() {
    let (tell, _events) = tokio::sync::mpsc::channel(1);
    let shared =
        Shared { sources: Arc::new(Fake::default()), report: Report::new(tell), settings: PLAIN, pace: brisk() };
    let mut schedule = Schedule::new(Arc::new(shared), Arc::default());
    let now = Instant::now();
    let cadence = Duration::from_secs(100);
    let mut due = |environment, kind, seconds, failures| {
        let query = list(environment, kind);
        let at = now + Duration::from_secs(seconds);
        let entry = Entry::new(Some(cadence), Priority::Screen, now);
        schedule.entries.insert(query.clone(), Entry { state: Doing::Due(at), failures, ..entry });
        query
    };
    let (now_due, soon) = (due("a", "x", 0, 0), due("a", "y", 19, 0));
    due("a", "z", 21, 0);
    due("a", "backed-off", 15, 1);
    due("b", "x", 17, 0);
    let (chosen, wake) = schedule.choose(now);
    assert_eq!(chosen, [now_due, soon.clone()]);
    assert_eq!(wake, Some(now + Duration::from_secs(15)));
    // Nothing goes along where nothing goes.
    schedule.entries.retain(|query, _| *query == soon);
    assert_eq!(schedule.choose(now), (Vec::new(), Some(now + Duration::from_secs(19))));
}

#[tokio::test]
async fn limits_are_each_environments_own_and_the_screen_comes_first() {
    let mut rig = Rig::new(Fake::default());
    rig.fake.reply("dead", &[Reply::Hang]);
    let kinds = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
    let mut wants: Vec<Interest> = kinds.iter().map(|kind| once(&list("dead", kind))).collect();
    for kind in ["b0", "b1", "b2", "b3"] {
        let background = Interest { priority: Priority::Background, ..once(&list("dead", kind)) };
        wants.insert(0, background);
    }
    wants.extend(kinds.iter().map(|kind| once(&list("well", kind))));
    rig.want(&wants);
    for _ in kinds {
        assert_eq!(&*rig.done().await.query.scope().environment, "well");
    }
    settle().await;
    let asked = rig.fake.asked.lock().unwrap().clone();
    let dead: Vec<_> = asked.iter().filter(|query| &*query.scope().environment == "dead").collect();
    let background =
        dead.iter().filter(|query| matches!(query, Query::List { kind, .. } if kind.starts_with('b'))).count();
    assert_eq!((dead.len(), background), (10, 2));
    assert!(rig.fake.under_way.lock().unwrap()["well"].1 <= 8);
}

#[tokio::test]
async fn many_hanging_environments_hold_up_the_others_for_a_moment_only() {
    let mut rig = Rig::paced(Fake::default(), &crate::engine::pace::Pace { starts: 4, fresh: SOON, ..brisk() });
    let mut wants = Vec::new();
    for environment in ["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7"] {
        rig.fake.reply(environment, &[Reply::Hang]);
        wants.extend(["x", "y", "z"].map(|kind| once(&list(environment, kind))));
    }
    wants.push(once(&list("well", "x")));
    rig.want(&wants);
    assert_eq!(&*rig.done().await.query.scope().environment, "well");
    until(|| rig.fake.asked.lock().unwrap().len() == 25).await;
}

#[tokio::test]
async fn where_only_one_may_begin_it_is_for_the_screen() {
    let pace = crate::engine::pace::Pace { starts: 1, fresh: NEVER, ..brisk() };
    let mut rig = Rig::paced(Fake::default(), &pace);
    rig.fake.reply("seen", &[Reply::Hang]);
    let behind = |name| Interest { priority: Priority::Background, ..once(&list(name, "x")) };
    rig.want(&[behind("a"), behind("b"), once(&list("seen", "x")), behind("c")]);
    let first = rig.next(|event| match event {
        Event::Started { query, .. } => Some(query),
        _ => None,
    });
    assert_eq!(first.await, list("seen", "x"));
    settle().await;
    assert_eq!(rig.fake.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_fetch_without_life_times_out_and_one_with_progress_does_not() {
    let pace = crate::engine::pace::Pace {
        patience: Duration::from_millis(60),
        silence: Duration::from_millis(60),
        ..brisk()
    };
    let mut rig = Rig::paced(Fake::default(), &pace);
    let (dead, slow, stops) = (list("a", "dead"), list("a", "slow"), list("a", "stops"));
    rig.fake.reply("a/dead", &[Reply::Hang]);
    rig.fake.reply("a/slow", &[Reply::Slow(12, Duration::from_millis(15))]);
    rig.want(&[once(&dead), once(&slow), once(&stops)]);
    let mut counts = Vec::new();
    let (mut timed_out, mut answered) = (false, None);
    while !timed_out || answered.is_none() {
        rig.next(|event| match event {
            Event::Progress { query, count, .. } if query == slow => {
                counts.push(count);
                Some(())
            }
            Event::Done { query, result: Err(fault), .. } if query == dead => {
                timed_out |= fault.class == FaultClass::TimedOut;
                Some(())
            }
            Event::Done { query, result: Ok(Some(Answer::Rows(rows))), .. } if query == slow => {
                answered = Some(rows.items.len());
                Some(())
            }
            _ => None,
        })
        .await;
    }
    assert_eq!(answered, Some(120));
    assert!(counts.is_sorted() && counts.last() == Some(&120), "{counts:?}");
}

#[tokio::test]
async fn faults_are_tried_again_and_throttling_says_when() {
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    let throttled = Reply::Fault(FaultClass::Throttled { until: None });
    rig.fake.reply("a", &[throttled.clone(), throttled, Reply::Fault(FaultClass::Unreachable), Reply::Rows(1)]);
    rig.want(&[once(&query)]);
    for _ in 0..2 {
        let before = jiff::Timestamp::now();
        let done = rig.done().await;
        let FaultClass::Throttled { until: Some(until) } = done.class() else { panic!("{:?}", done.class()) };
        assert!(*until > before - jiff::SignedDuration::from_secs(1));
    }
    assert_eq!(rig.done().await.class(), &FaultClass::Unreachable);
    assert_eq!(rig.done().await.count(), Some(1));
    settle().await;
    assert_eq!(rig.fake.times(&query), 4);
}

#[tokio::test]
async fn a_denied_query_rests_until_it_is_refreshed() {
    let mut rig = Rig::paced(Fake::default(), &crate::engine::pace::Pace { second: Duration::from_secs(1), ..brisk() });
    let query = list("a", "x");
    rig.fake.reply("a", &[Reply::Fault(FaultClass::Denied { permission: None }), Reply::Rows(1)]);
    rig.want(&[every(&query, SOON)]);
    assert!(matches!(rig.done().await.class(), FaultClass::Denied { .. }));
    settle().await;
    rig.want(&[every(&query, SOON), every(&list("a", "y"), NEVER)]);
    rig.done_with(&list("a", "y")).await;
    assert_eq!(rig.fake.times(&query), 1, "another set of interests does not end a backoff");
    refresh(&rig, &query);
    assert_eq!(rig.done_with(&query).await.count(), Some(1));
}

#[tokio::test]
async fn a_panic_is_a_fault_of_ours_and_stops_nothing() {
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    rig.fake.reply("a", &[Reply::Panic, Reply::Rows(1)]);
    rig.want(&[every(&query, SOON)]);
    assert_eq!(rig.done().await.class(), &FaultClass::Bug);
    assert_eq!(rig.done().await.count(), Some(1));
}

#[tokio::test]
async fn a_panic_elsewhere_than_over_the_answer_is_told_too() {
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    // Metrics look at the clock as they begin.
    settle().await;
    rig.fake.clock_breaks.store(1, std::sync::atomic::Ordering::SeqCst);
    rig.want(&[every(&query, SOON)]);
    assert_eq!(rig.done().await.class(), &FaultClass::Bug);
    assert_eq!(rig.done().await.count(), Some(1), "it is asked again");
}

#[tokio::test]
async fn what_is_brought_to_the_screen_is_due_by_its_new_cadence() {
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    let background = Interest { priority: Priority::Background, ..every(&query, NEVER) };
    rig.want(std::slice::from_ref(&background));
    rig.done().await;
    settle().await;
    assert_eq!(rig.fake.times(&query), 1);
    rig.want(&[every(&query, SOON)]);
    rig.done().await;
    rig.want(&[background]);
    settle().await;
    let times = rig.fake.times(&query);
    settle().await;
    assert_eq!(rig.fake.times(&query), times);
}

#[tokio::test]
async fn what_comes_back_to_the_screen_older_than_its_cadence_is_asked_at_once() {
    // Long enough that jitter alone would put it off for longer than the test waits.
    let cadence = Duration::from_secs(2);
    let mut rig = Rig::new(Fake::default());
    let (old, young) = (list("a", "old"), list("a", "young"));
    let behind = |query| Interest { priority: Priority::Background, ..every(query, NEVER) };
    rig.want(&[behind(&old)]);
    rig.done().await;
    tokio::time::sleep(cadence).await;
    rig.want(&[behind(&old), behind(&young)]);
    rig.done_with(&young).await;
    for _ in 0..10 {
        rig.want(&[every(&old, cadence), every(&young, cadence)]);
        settle().await;
        rig.want(&[behind(&old), behind(&young)]);
        settle().await;
    }
    assert_eq!((rig.fake.times(&old), rig.fake.times(&young)), (2, 1), "once, and not again before it is due");
}

#[tokio::test]
async fn a_refresh_of_what_nobody_asked_for_is_answered_once() {
    let mut rig = Rig::new(Fake::default());
    let query = list("a", "x");
    refresh(&rig, &query);
    assert_eq!(rig.done().await.count(), Some(1));
    settle().await;
    assert_eq!(rig.fake.times(&query), 1);
}

#[tokio::test]
async fn asking_never_waits_and_the_end_of_events_ends_all() {
    let mut rig = Rig::set(Fake::default(), &brisk(), PLAIN, 1);
    rig.fake.reply("dead", &[Reply::Hang]);
    let dead = list("dead", "x");
    for _ in 0..1_000 {
        // Nobody takes events: they fill their room, and asking goes on.
        rig.want(&[every(&list("a", "x"), SOON), every(&list("a", "y"), SOON), once(&dead)]);
        refresh(&rig, &list("a", "x"));
    }
    let mut seen = std::collections::HashSet::new();
    while seen.len() < 2 {
        seen.insert(rig.done().await.query);
    }
    until(|| rig.fake.under_way.lock().unwrap().get("dead").is_some_and(|(now, _)| *now == 1)).await;
    rig.events.close();
    while rig.events.recv().await.is_some() {}
    until(|| rig.fake.under_way.lock().unwrap()["dead"].0 == 0).await;
}

#[tokio::test]
async fn what_has_moved_is_asked_again_only_where_it_is_on_screen() {
    let rig = Rig::new(Fake::default());
    let (here, there) = (list("a", "x"), list("b", "x"));
    let behind = Interest { priority: Priority::Background, ..every(&there, NEVER) };
    rig.want(&[every(&here, NEVER), behind]);
    until(|| rig.fake.times(&here) == 1 && rig.fake.times(&there) == 1).await;
    settle().await;
    rig.fake.moved.lock().unwrap().extend([&here, &there].map(|query| (query.scope().clone(), "x")));
    rig.fake.moved_now.notify_one();
    until(|| rig.fake.times(&here) == 2).await;
    settle().await;
    assert_eq!(rig.fake.times(&there), 1);
}
