//! When time alone draws a frame.

use super::{at, listed, press};
use crate::app::command::{Command, Motion};
use crate::app::msg::Msg;
use crate::app::state::State;
use crate::app::update;

/// The seconds up to the last at which time alone draws something, told each second.
fn drawn(state: &mut State, seconds: std::ops::Range<i64>) -> Vec<i64> {
    seconds.filter(|second| update(state, Msg::Tick(at(*second))).redraw).collect()
}

#[test]
fn the_second_hand_moves_by_the_second_while_somebody_works() {
    let (mut state, _) = listed();
    assert_eq!(drawn(&mut state, 1..12), (1..12).collect::<Vec<_>>());
    let calm = drawn(&mut state, 12..60);
    assert_eq!(calm[..18], (12..30).collect::<Vec<_>>());
    assert!(calm[18..].windows(2).all(|pair| pair[1] - pair[0] == 5), "{calm:?}");
    press(&mut state, Command::Move(Motion::Down));
    assert_eq!(drawn(&mut state, 60..70), (60..70).collect::<Vec<_>>());
}

#[test]
fn without_ages_time_draws_nothing_but_the_end_of_a_notice() {
    let (mut state, _) = listed();
    state.settings.ages = false;
    update(&mut state, Msg::Tick(at(100)));
    state.say("copied");
    assert_eq!(state.second_hand().as_secs(), 1, "a notice goes in time");
    assert_eq!(drawn(&mut state, 101..200), [108]);
    assert_eq!(state.second_hand().as_secs(), 5);
}
