//! What an operator feels, measured from outside: the whole program in a pseudo-terminal on the built-in estate. Prints a table;
//! judges nothing, since machines are noisy. `cargo bench --bench console` measures the release build.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "../tests/pty/mod.rs"]
mod pty;

use std::time::{Duration, Instant};

use pty::Console;

const CTRL_C: &str = "\u{3}";

/// Keys pressed for each latency figure.
const PRESSES: usize = 300;

fn main() {
    // `cargo test --benches` starts this without `--bench`: nothing is to be measured then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!("| what | figure |");
    println!("| --- | --- |");
    start();
    keys("7 environments", &["demo", "--seed", "7"]);
    keys("20 environments of 5,000 services", &["demo", "--seed", "7", "--size", "20x5000"]);
    let slow = ["demo", "--seed", "7", "--size", "20x5000", "--fault", "*=delay:1500ms"];
    keys("the same, every answer after 1.5 s", &slow);
    quiet("ages shown", "");
    quiet("ages hidden", "[console]\nages = false\n");
    memory("one small environment", &["demo", "--seed", "7", "-e", "unilux-prod"], 5);
    memory("20 environments of 500 services", &["demo", "--seed", "7", "--size", "20x500"], 20);
}

fn row(what: &str, figure: &str) {
    println!("| {what} | {figure} |");
}

fn start() {
    let mut first = Vec::new();
    let mut complete = Vec::new();
    for _ in 0..10 {
        let begun = Instant::now();
        let mut console = Console::start(&["demo", "--seed", "7"], 60, 200);
        console.wait_text("services");
        first.push(begun.elapsed());
        for name in ["app-service", "lecture-backend-service", "dev-redis"] {
            console.wait_text(name);
        }
        complete.push(begun.elapsed());
        leave(&mut console);
    }
    row("start to first frame, median", &millis(median(&mut first)));
    row("start to the estate's rows on screen, median", &millis(median(&mut complete)));
}

/// From a key to the frame that shows its effect.
fn keys(what: &str, arguments: &[&str]) {
    let mut console = Console::start(arguments, 60, 200);
    console.wait_text("services");
    console.press(":svc\r");
    std::thread::sleep(Duration::from_secs(10));
    let mut times = Vec::with_capacity(PRESSES);
    for n in 0..PRESSES {
        let before = console.bytes();
        let begun = Instant::now();
        console.press(if n % 2 == 0 { "j" } else { "k" });
        while console.bytes() == before {
            assert!(begun.elapsed() < Duration::from_secs(10), "no answer to a key");
            std::thread::yield_now();
        }
        times.push(begun.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    times.sort_unstable();
    let at = |share: usize| millis(times[(times.len() - 1) * share / 100]);
    row(&format!("key to frame, {what}"), &format!("median {}, p99 {}", at(50), at(99)));
    leave(&mut console);
}

/// Bytes written and processor time used while nothing changes.
fn quiet(what: &str, config: &str) {
    let home = tempfile::tempdir().expect("a home folder");
    let file = home.path().join("quarterdeck.toml");
    std::fs::write(&file, config).expect("the configuration");
    let file = file.display().to_string();
    let arguments = ["demo", "--seed", "7", "-e", "unilux-prod", "--config", &file];
    let mut console = Console::start_in(home, &arguments, 40, 140, &[]);
    console.wait_text("services");
    console.press(":load-bal\r");
    std::thread::sleep(Duration::from_secs(5));
    let (bytes, ticks) = (console.bytes(), processor_ticks(console.pid()));
    std::thread::sleep(Duration::from_secs(20));
    let bytes = (console.bytes() - bytes) / 20;
    let ticks = processor_ticks(console.pid()) - ticks;
    row(&format!("a quiet list, {what}"), &format!("{bytes} bytes/s, {:.2} % of a core", ticks as f64 / 20.0));
    leave(&mut console);
}

fn memory(what: &str, arguments: &[&str], seconds: u64) {
    let mut console = Console::start(arguments, 60, 200);
    console.wait_text("services");
    std::thread::sleep(Duration::from_secs(seconds));
    row(&format!("resident memory, {what}"), &format!("{:.1} MiB", resident_kib(console.pid()) as f64 / 1024.0));
    leave(&mut console);
}

fn leave(console: &mut Console) {
    console.press(CTRL_C);
    console.press(CTRL_C);
    console.wait_end();
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// Hundredths of a second of processor time, user and system.
fn processor_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a Linux machine");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    fields[11].parse::<u64>().expect("user time") + fields[12].parse::<u64>().expect("system time")
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a Linux machine");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("resident memory");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}
