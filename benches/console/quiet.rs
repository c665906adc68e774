//! What the console costs while nothing changes: bytes written, and processor time against a bare loop of the same calls.

use std::time::Duration;

use crate::bare::Bare;
use crate::figures::{leave, processor, row};
use crate::pty::Console;
use crate::real;
use crate::servers::Servers;

/// After a start everything has come in by then, what the start itself costs is over, and nobody is at work any more.
const SETTLED: Duration = Duration::from_secs(40);
/// How long bytes are counted.
const BYTES: Duration = Duration::from_secs(20);
/// How long processor time is counted: each kind is asked again several times.
const TIME: Duration = Duration::from_mins(3);

pub fn bytes() {
    written("ages shown", "");
    written("ages hidden", "[console]\nages = false\n");
}

pub fn time() {
    if let Some(servers) = Servers::start() {
        against_a_bare_loop(&servers);
    }
}

fn written(what: &str, config: &str) {
    let home = tempfile::tempdir().expect("a home folder");
    let file = real::configured(home.path(), config);
    let arguments = ["demo", "--seed", "7", "-e", "unilux-prod", "--config", &file];
    let mut console = Console::start_in(home, &arguments, 40, 140, &[]);
    console.wait_text("services");
    console.press(":load-bal\r");
    std::thread::sleep(SETTLED);
    let (bytes, writes) = (console.bytes(), console.writes());
    std::thread::sleep(BYTES);
    let (bytes, writes) = (console.bytes() - bytes, console.writes() - writes);
    let seconds = BYTES.as_secs_f64();
    let figure = format!("{:.1} writes/s, {:.0} bytes/s", writes as f64 / seconds, bytes as f64 / seconds);
    row(&format!("a quiet list, {what}"), &figure);
    leave(&mut console);
}

/// Both at the same time on the same servers, so that the machine's noise is the same for both.
fn against_a_bare_loop(servers: &Servers) {
    // A debug build of the bench would measure a bare loop that nobody would run.
    if cfg!(debug_assertions) {
        return row("the idle console against a bare loop of its calls", "only by `cargo bench`");
    }
    let mut bare = Bare::start(servers);
    let shown = real::console(servers, "");
    let hidden = real::console(servers, "[console]\nages = false\n");
    std::thread::sleep(SETTLED);
    let spent = || [bare.pid(), shown.pid(), hidden.pid()].map(processor);
    let before = spent();
    std::thread::sleep(TIME);
    let after = spent();
    let [loops, shown_ms, hidden_ms] =
        [0, 1, 2].map(|at| after[at].checked_sub(before[at]).unwrap().as_millis() as f64);
    let per_minute = |millis: f64| format!("{:.0} ms a minute", millis / TIME.as_secs_f64() * 60.0);
    let figure = format!("{}, {} calls a minute", per_minute(loops), bare.calls());
    row("processor time of a bare loop of the idle console's calls", &figure);
    for (what, millis, console) in [("ages shown", shown_ms, shown), ("ages hidden", hidden_ms, hidden)] {
        let figure = format!("{:.2} times that: {}, {}", millis / loops, per_minute(millis), calls(&console));
        row(&format!("— of the idle console, {what}"), &figure);
    }
}

/// What the header says of the calls.
fn calls(console: &Console) -> String {
    let text = console.text();
    let words = text.split("calls/min").next().and_then(|before| before.split_whitespace().last());
    format!("{} calls a minute", words.unwrap_or("?"))
}
