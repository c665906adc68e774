//! What an operator feels, measured from outside: the whole program in a pseudo-terminal, on the built-in estate and on servers that
//! we did not write. Prints the rows of the README's table; judges nothing, since machines are noisy. `cargo bench --bench console`
//! measures the release build; words after `--` choose among the parts (`start`, `keys`, `quiet`, `idle`, `memory`, `full`,
//! `load`, `pods`).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a bench says what it needs by failing")]

mod bare;
mod figures;
mod keys;
mod load;
mod memory;
mod pods;
mod quiet;
mod real;
mod served;

#[path = "../../tests/cluster/mod.rs"]
mod cluster;
#[path = "../../tests/pty/mod.rs"]
mod pty;
#[path = "../../tests/servers/mod.rs"]
mod servers;

use std::time::Instant;

use figures::{Times, leave, millis, row};
use pty::Console;

/// The parts, in the order of the table.
const PARTS: [(&str, fn()); 8] = [
    ("start", start),
    ("keys", keys::measure),
    ("quiet", quiet::bytes),
    ("idle", quiet::time),
    ("memory", memory::small),
    ("full", memory::full),
    ("load", load::measure),
    ("pods", pods::measure),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == bare::WORD) {
        return bare::run();
    }
    // `cargo test --benches` starts this without `--bench`: nothing is to be measured then.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let chosen: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    println!("| what | figure |");
    println!("| --- | --- |");
    for (name, part) in PARTS {
        if chosen.is_empty() || chosen.iter().any(|word| *word == name) {
            part();
        }
    }
}

/// Starts of the program.
const STARTS: usize = 10;

fn start() {
    let (mut first, mut complete) = (Times::default(), Times::default());
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut console = Console::start(&["demo", "--seed", "7"], 60, 200);
        console.wait_text("services");
        first.add(begun.elapsed());
        // One of each pane, of environments that are asked last.
        for name in ["app-service", "lecture-backend-service", "dev-redis"] {
            console.wait_text(name);
        }
        complete.add(begun.elapsed());
        leave(&mut console);
    }
    row("start to first frame, median", &millis(first.median()));
    row("start to the estate's rows on screen, median", &millis(complete.median()));
}
