//! Letters go to the field of a dialog by themselves, so that none is lost; pasted text and early keys do not.

use super::super::dialog::{Dialog, Stop};
use super::super::fixture;
use super::*;
use crate::app::command::Context;

fn dialog(state: &State) -> &Dialog {
    state.dialog().unwrap()
}

/// What stands in text, lock and reason.
fn typed(state: &State) -> [&str; 3] {
    let dialog = dialog(state);
    [&dialog.text, &dialog.lock, &dialog.reason].map(tui_input::Input::value)
}

/// A plan on the screen, armed, its keys heard.
fn shown(state: &mut State, change: impl FnOnce(&mut Proposal)) -> u64 {
    arm(state, &["dhbw-prod"]);
    let (id, orders) = scaled(state, "6");
    let parts = orders.iter().map(|order| fixture::plan(order.clone(), ACCOUNT, at(0))).collect();
    let mut proposal = fixture::judged(parts, Risk::High, Confirm::Environment("dhbw-prod".into()));
    change(&mut proposal);
    tell(state, Acted::Planned(id, Ok(Arc::new(proposal))));
    look_for(state, 500);
    id
}

#[test]
fn the_first_letter_goes_to_the_field_and_the_keys_with_it() {
    let mut state = listed();
    shown(&mut state, |_| {});
    assert_eq!((dialog(&state).focus, state.context()), (Stop::Cancel, Context::Answer));
    type_in(&mut state, "dhbw-prod");
    assert_eq!((typed(&state), dialog(&state).focus), (["dhbw-prod", "", ""], Stop::Text));
    assert_eq!(state.context(), Context::Field);
    press(&mut state, Command::NextPane);
    assert_eq!(dialog(&state).focus, Stop::Apply);
    assert!(matches!(press(&mut state, Command::Open).as_slice(), [Act::Confirm(..)]));
    // What comes of it is awaited: nothing is typed any more.
    assert_eq!(state.context(), Context::Dialog);
    type_in(&mut state, "x");
    assert_eq!((typed(&state), dialog(&state).focus), (["dhbw-prod", "", ""], Stop::Cancel));
}

#[test]
fn not_in_the_first_half_second_and_never_what_was_pasted() {
    let mut state = listed();
    arm(&mut state, &["dhbw-prod"]);
    let (id, orders) = scaled(&mut state, "6");
    let proposal = proposal(&orders, Risk::High, Confirm::Environment("dhbw-prod".into()));
    type_in(&mut state, "dhbw");
    tell(&mut state, Acted::Planned(id, Ok(proposal)));
    type_in(&mut state, "dhbw");
    look_for(&mut state, 499);
    type_in(&mut state, "dhbw");
    send(&mut state, Msg::Paste("dhbw-prod".into()));
    assert_eq!((typed(&state), dialog(&state).focus), ([""; 3], Stop::Cancel));
    let now = state.now.as_millisecond();
    send(&mut state, Msg::Tick(Timestamp::from_millisecond(now + 1).unwrap()));
    send(&mut state, Msg::Paste("dhbw-prod".into()));
    assert_eq!((typed(&state), dialog(&state).focus), ([""; 3], Stop::Cancel), "pasted text has to be typed");
    type_in(&mut state, "d");
    assert_eq!(typed(&state), ["d", "", ""]);
}

#[test]
fn only_letters_do_and_only_from_cancel() {
    let mut state = listed();
    shown(&mut state, |_| {});
    send(&mut state, Msg::Edit(InputRequest::DeletePrevChar));
    assert_eq!(dialog(&state).focus, Stop::Cancel);
    type_in(&mut state, "dhbw-prod");
    go_to(&mut state, Stop::Apply);
    type_in(&mut state, "x");
    assert_eq!((typed(&state), dialog(&state).focus), (["dhbw-prod", "", ""], Stop::Apply));
}

#[test]
fn the_first_field_that_is_empty_takes_them() {
    let mut state = listed();
    shown(&mut state, |proposal| {
        proposal.parts[0].phrase = Some("9c1e7f00".into());
        proposal.judgement.confirm = Confirm::Environment("dhbw-prod/9c1e7f00".into());
        proposal.judgement.reason = true;
    });
    type_in(&mut state, "dhbw-prod");
    go_to(&mut state, Stop::Cancel);
    type_in(&mut state, "9c1e7f00");
    go_to(&mut state, Stop::Cancel);
    // A lock's id is pasted where it is asked for, nowhere else.
    send(&mut state, Msg::Paste("stuck".into()));
    type_in(&mut state, "gone");
    assert_eq!((typed(&state), dialog(&state).focus), (["dhbw-prod", "9c1e7f00", "gone"], Stop::Reason));
    go_to(&mut state, Stop::Cancel);
    type_in(&mut state, "x");
    assert_eq!(typed(&state), ["dhbw-prodx", "9c1e7f00", "gone"], "else the first");
}

#[test]
fn where_nothing_is_to_be_typed_letters_are_keys() {
    let mut state = listed();
    let (id, orders) = scaled(&mut state, "6");
    assert_eq!(state.context(), Context::Dialog, "the plan is being made");
    tell(&mut state, Acted::Planned(id, Ok(proposal(&orders, Risk::Medium, Confirm::Yes))));
    look_for(&mut state, 500);
    assert_eq!(state.context(), Context::Dialog, "it is to be armed first");
    type_in(&mut state, "yes");
    assert_eq!(typed(&state), [""; 3]);
    press(&mut state, Command::Arm);
    look_for(&mut state, 500);
    assert_eq!(state.context(), Context::Answer);
    type_in(&mut state, "dhbw");
    assert_eq!(typed(&state), ["dhbw", "", ""]);
}
