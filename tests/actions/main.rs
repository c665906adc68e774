//! Every action against servers that we did not write: `quarterdeck act` prints its plan and changes nothing; applied, the server sees
//! exactly what the plan says and nothing else, and boto3 reads the new state back. What goes wrong on the way is made to.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

mod compute;
mod console;
mod databases;
mod faults;
mod guarded;
mod journal;

#[path = "../servers/mod.rs"]
mod servers;

use std::panic::{AssertUnwindSafe, catch_unwind};

use console::Deck;

/// One after the other, since they share the servers; each on resources and in a home of its own.
#[test]
fn actions_do_what_their_plans_say() {
    let Some(deck) = Deck::start() else { return };
    let nobody_answers = faults::an_answer_that_never_comes(&deck);
    let mut failed = Vec::new();
    let all = [compute::ALL, databases::ALL, faults::ALL, guarded::ALL, journal::ALL];
    for (name, test) in all.into_iter().flatten() {
        let begun = std::time::Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| test(&deck)));
        eprintln!("{name}: {} in {:.1} s", if ended.is_ok() { "ok" } else { "FAILED" }, begun.elapsed().as_secs_f32());
        if ended.is_err() {
            failed.push(*name);
        }
        deck.end_trouble();
    }
    nobody_answers.is_not_known();
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
}
