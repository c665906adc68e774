//! Much at once: two thousand services in one cluster, and a log group that pours.

use std::time::{Duration, Instant};

use quarterdeck::demo::Estate;
use quarterdeck::demo::world::Clock;
use quarterdeck::engine::{Live, Priority, Sources};
use quarterdeck::kinds;
use quarterdeck::model::{Environment, Query, Scope};
use quarterdeck::providers::Environments;

use crate::figures::{Times, count, leave, millis, processor, row};
use crate::memory::open_firehose;
use crate::pty::Console;

/// Starts of the program.
const STARTS: usize = 5;
/// Keys pressed while lines pour in.
const PRESSES: usize = 200;
/// How long lines are counted.
const POURING: Duration = Duration::from_secs(20);

pub fn measure() {
    two_thousand();
    calls();
    pouring();
}

/// From the start until the last of them stands in the list.
fn two_thousand() {
    let mut times = Times::default();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let arguments = ["demo", "--seed", "7", "--size", "1x2000", "--fault", "latency:20ms"];
        let mut console = Console::start(&arguments, 60, 200);
        console.wait_text("─ 2000 ─");
        console.press("2G");
        console.wait_text("service-01999");
        times.add(begun.elapsed());
        leave(&mut console);
    }
    row(
        "2,000 services in one cluster, 20 ms a call: start to the last one on screen, median",
        &millis(times.median()),
    );
}

/// The calls of one list of them.
fn calls() {
    let estate = Estate::sized(7, Clock::Real, 1, 2_000);
    let known = estate.environments().remove(0);
    let environment = Environment {
        name: known.name.as_str().into(),
        regions: vec![known.region.as_str().into()],
        ..Environment::default()
    };
    let scope = Scope::new(known.name.as_str(), known.region.as_str());
    let source = quarterdeck::cli::demo::reached(&estate);
    let reads = kinds::reads();
    let live = Live::new(Environments::new(vec![environment], source, reads));
    let query = Query::List { scope, kind: "ecs-service", within: None };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(live.fetch(&query, Priority::Screen, &|_| {})).expect("the services");
    let calls = estate.calls();
    let told: Vec<String> = calls.iter().map(|((_, _, operation), count)| format!("{count} `{operation}`")).collect();
    row("— calls of one list", &told.join(", "));
}

/// Lines taken in, and keys answered meanwhile.
fn pouring() {
    let mut console = Console::start(&["demo", "--seed", "7", "--size", "1x10"], 60, 200);
    console.wait_text("services");
    open_firehose(&mut console);
    console.wait_text("older lines dropped");
    std::thread::sleep(POURING);
    let (begun, before, frames, spent) =
        (Instant::now(), dropped(&console), console.writes(), processor(console.pid()));
    std::thread::sleep(POURING);
    let seconds = begun.elapsed().as_secs_f64();
    let lines = (dropped(&console) - before) as f64 / seconds;
    let frames = (console.writes() - frames) as f64 / seconds;
    let share = processor(console.pid()).checked_sub(spent).unwrap().as_secs_f64() / seconds * 100.0;
    let figure = format!("{} lines/s, {frames:.0} frames/s, {share:.0} % of a core", count(lines as u64));
    row("a tail that pours, into a full buffer of 100,000 lines, the estate included", &figure);
    let mut times = Times::default();
    for n in 0..PRESSES {
        let word = if n % 2 == 0 { "paused" } else { "following" };
        let begun = Instant::now();
        console.press(" ");
        console.wait_until(Duration::from_secs(10), word, |screen| {
            screen.rows(0, 200).nth(2).is_some_and(|border| border.contains(word))
        });
        times.add(begun.elapsed());
        std::thread::sleep(Duration::from_millis(23));
    }
    row("— key to frame meanwhile", &times.words());
    leave(&mut console);
}

/// Lines that have left the full buffer: as many have come in.
fn dropped(console: &Console) -> u64 {
    let text = console.text();
    let before = text.split("older lines dropped").next().unwrap_or_default();
    before.split_whitespace().last().and_then(|word| word.parse().ok()).unwrap_or_default()
}
