//! What a key and a page of data cost inside the program: ranking, drawing, taking log lines. Ratios between sizes matter, not
//! the absolute times of one machine.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]
#![allow(missing_docs, reason = "criterion's macros make items without docs")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use quarterdeck::app::command::Motion;
use quarterdeck::app::pane::Shown;
use quarterdeck::app::rank::RankJob;
use quarterdeck::app::state::Settings;
use quarterdeck::app::{Command, Effect, Msg, PaneKey, State, View, update};
use quarterdeck::console::Threads;
use quarterdeck::engine::{Event, TailEvent};
use quarterdeck::keymap::Keymap;
use quarterdeck::kinds;
use quarterdeck::model::{
    Answer, Environment, Filter, Health, Level, LogLine, LogSource, Query, Resource, ResourceId, Rows, Scope, Value,
};
use quarterdeck::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("an instant")
}

fn scope() -> Scope {
    Scope::new("dhbw-prod", "eu-central-1")
}

fn rows(count: usize) -> Arc<Rows> {
    let kind = kinds::by_id("rds-instance").expect("a kind");
    let scope = scope();
    let row = |n| Resource {
        id: Arc::new(ResourceId { scope: scope.clone(), kind: kind.id, id: format!("database-{n}").into() }),
        name: format!("database-{n}").into(),
        arn: None,
        health: if n % 97 == 0 { Health::Failed } else { Health::Ok },
        reason: "".into(),
        cells: kind.columns.iter().map(|_| Value::text("available")).collect(),
    };
    let mut rows = Rows::default();
    rows.append((0..count).map(row).collect());
    Arc::new(rows)
}

fn empty_state() -> State {
    let environment = Environment {
        name: "dhbw-prod".into(),
        customer: Some("dhbw".into()),
        regions: vec!["eu-central-1".into()],
        ..Environment::default()
    };
    let settings = Settings {
        refresh: None,
        log_lines: 100_000,
        ages: true,
        demo: false,
        themes: Vec::new(),
        zone: jiff::tz::TimeZone::UTC,
    };
    State::new(vec![Arc::new(environment)], Vec::new(), settings, Arc::default(), "harbor".into(), now())
}

/// A list of so many databases on the screen.
fn listed(count: usize) -> State {
    let mut state = empty_state();
    update(&mut state, Msg::Do(Command::List("rds-instance")));
    let query = Query::List { scope: scope(), kind: "rds-instance", within: None };
    let done = Event::Done { query, generation: 1, at: now(), result: Ok(Some(Answer::Rows(rows(count)))) };
    for effect in update(&mut state, Msg::Event(done)).effects {
        if let Effect::Rank(job) = effect {
            let (pane, generation) = (job.pane, job.generation);
            update(&mut state, Msg::Ranked(pane, generation, job.run()));
        }
    }
    state
}

fn ranking(c: &mut Criterion) {
    let parts = vec![rows(100_000)];
    let job = |filter: &str, before| RankJob {
        pane: PaneKey::Main,
        generation: 1,
        parts: parts.clone(),
        filter: Filter::parse(filter).expect("a filter"),
        sort: None,
        before,
        now: now(),
    };
    c.bench_function("sort 100,000 rows", |b| {
        b.iter(|| black_box(job("", Shown::default()).run_with(&Threads::default())));
    });
    let sorted = job("", Shown::default()).run();
    c.bench_function("filter 100,000 sorted rows", |b| {
        let filter = |job: RankJob| job.run_with(&Threads::default());
        b.iter_batched(|| job("base-99", sorted.clone()), filter, BatchSize::SmallInput);
    });
}

fn drawing(c: &mut Criterion) {
    let mut group = c.benchmark_group("draw a list");
    for count in [100, 100_000] {
        let state = listed(count);
        let (keymap, _) = Keymap::new(&[]);
        let theme = Theme::default();
        let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal");
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| terminal.draw(|frame| drop(ui::draw(frame, &state, &theme, &keymap, now()))).map(|_| ()));
        });
    }
    group.finish();
}

fn moving(c: &mut Criterion) {
    let mut state = listed(100_000);
    c.bench_function("move the cursor in 100,000 rows", |b| {
        b.iter(|| black_box(update(&mut state, Msg::Do(Command::Move(Motion::Down)))));
    });
}

fn tailing(c: &mut Criterion) {
    let mut before = empty_state();
    let id = Arc::new(ResourceId { scope: scope(), kind: "log-group", id: "/bench".into() });
    let source = LogSource::group(scope(), "/bench", None, "bench");
    if let View::Bridge(bridge) = &mut before.view {
        bridge.logs.of = vec![Arc::clone(&id)];
    }
    update(&mut before, Msg::Event(Event::LogSources(vec![id], Ok(vec![source]))));
    let tail = before.tail().expect("a tail").tail;
    let line = |n: u64| LogLine {
        at: now() + jiff::SignedDuration::from_millis(n as i64 / 20),
        source: 0,
        writer: None,
        level: Level::Info,
        late: false,
        key: n,
        text: format!("request {n} answered in 12 ms").into(),
    };
    let lines: Vec<LogLine> = (0..20_000).map(line).collect();
    c.bench_function("take 20,000 log lines", |b| {
        b.iter_batched(
            || (before.clone(), lines.clone()),
            |(mut state, lines)| {
                for batch in lines.chunks(1_000) {
                    update(&mut state, Msg::Event(Event::Tail(tail, TailEvent::Lines(batch.to_vec()))));
                }
                state
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, ranking, drawing, moving, tailing);
criterion_main!(benches);
