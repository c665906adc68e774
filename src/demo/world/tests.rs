//! The estate as a whole: it repeats itself, its stories hold, its numbers agree and its references resolve.

use jiff::{SignedDuration, Timestamp};

use super::*;

fn start() -> Timestamp {
    "2026-03-02T09:17:23Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

#[test]
fn one_long_step_comes_to_the_same_as_many_short_ones() {
    let (mut long, mut short) = (World::new(7, start()), World::new(7, start()));
    long.advance_to(later(20));
    let mut now = start();
    while now < later(20) {
        now += SignedDuration::from_millis(7_300);
        short.advance_to(now.min(later(20)));
    }
    assert_eq!(long, short);
}
