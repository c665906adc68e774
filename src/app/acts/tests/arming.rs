//! Arming and disarming.

use super::super::dialog::{About, Stop};
use super::*;
use crate::guard::{Denial, Refusal};

fn notice(state: &State) -> &str {
    state.notice.as_ref().map_or("", |notice| &notice.text)
}

fn asked_for(state: &State) -> Vec<&str> {
    match &state.dialog().unwrap().about {
        About::Arm { environments, .. } => environments.iter().map(|name| &**name).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_environment_is_armed_by_its_name() {
    let mut state = listed();
    press(&mut state, Command::Arm);
    look_for(&mut state, 500);
    go_to(&mut state, Stop::Text);
    type_in(&mut state, "edt-prod");
    assert!(!state.dialog().unwrap().stops(&state.acts).contains(&Stop::Apply), "another one's name is not enough");
    send(&mut state, Msg::Edit(InputRequest::DeleteLine));
    send(&mut state, Msg::Paste("dhbw-prod".into()));
    assert_eq!(state.dialog().unwrap().text.value(), "", "pasted text is not typed");
    type_in(&mut state, "dhbw-prod");
    go_to(&mut state, Stop::Apply);
    assert_eq!(press(&mut state, Command::Open), [Act::Arm("dhbw-prod".into(), "dhbw-prod".into(), None)]);
    arm(&mut state, &["dhbw-prod"]);
    assert!(state.layers.is_empty());
    assert_eq!(notice(&state), "dhbw-prod: armed");
}

#[test]
fn a_read_only_console_says_so_and_asks_for_no_name() {
    let mut state = listed();
    state.acts.read_only = true;
    assert_eq!(press(&mut state, Command::Arm), []);
    assert!(state.layers.is_empty());
    assert_eq!(notice(&state), "the console is read-only: nothing can be armed");
}

#[test]
fn several_are_armed_one_by_one() {
    let mut state = listed();
    state.focused_mut().unwrap().1.nav.marks =
        [service("dhbw-prod", "api").id, service("edt-prod", "api").id].into_iter().collect();
    press(&mut state, Command::Arm);
    assert_eq!(asked_for(&state), ["dhbw-prod", "edt-prod"]);
    look_for(&mut state, 500);
    go_to(&mut state, Stop::Text);
    type_in(&mut state, "dhbw-prod");
    arm(&mut state, &["dhbw-prod"]);
    assert_eq!(asked_for(&state), ["edt-prod"]);
    assert_eq!(state.dialog().unwrap().text.value(), "");
    press(&mut state, Command::NextPane);
    assert_eq!(state.dialog().unwrap().focus, Stop::Cancel, "the next one comes up anew");
}

#[test]
fn where_a_reason_would_do_it_is_asked_for() {
    let mut state = listed();
    press(&mut state, Command::Arm);
    look_for(&mut state, 500);
    go_to(&mut state, Stop::Text);
    type_in(&mut state, "dhbw-prod");
    go_to(&mut state, Stop::Apply);
    press(&mut state, Command::Open);
    let denial = Denial::Policy { rule: "prod is never armed".into(), breakable: true };
    tell(&mut state, Acted::NotArmed("dhbw-prod".into(), Refusal::Denied(denial)));
    assert!(!state.dialog().unwrap().ready(&state.acts));
    go_to(&mut state, Stop::Reason);
    type_in(&mut state, "incident 7");
    go_to(&mut state, Stop::Apply);
    let reason = Some("incident 7".to_owned());
    assert_eq!(press(&mut state, Command::Open), [Act::Arm("dhbw-prod".into(), "dhbw-prod".into(), reason)]);
}

#[test]
fn what_is_armed_can_be_disarmed() {
    let mut state = listed();
    arm(&mut state, &["dhbw-prod"]);
    press(&mut state, Command::Arm);
    assert!(press(&mut state, Command::Open).is_empty(), "keys are not heard yet");
    look_for(&mut state, 500);
    go_to(&mut state, Stop::Apply);
    assert_eq!(press(&mut state, Command::Open), [Act::Disarm("dhbw-prod".into())]);
    arm(&mut state, &[]);
    assert_eq!(notice(&state), "dhbw-prod: read-only again");
}

#[test]
fn that_the_time_is_over_is_told() {
    let mut state = listed();
    arm(&mut state, &["dhbw-prod"]);
    send(&mut state, Msg::Tick(at(899_000)));
    assert!(state.acts.armed_until("dhbw-prod").is_some());
    state.settings.ages = false;
    assert!(update(&mut state, Msg::Tick(at(900_000))).redraw);
    assert!(state.acts.armed.is_empty());
    assert_eq!(notice(&state), "dhbw-prod: the time is over, read-only again");
}

#[test]
fn a_plan_in_an_environment_that_is_not_armed_leads_to_arming_it() {
    let mut state = listed();
    let (id, orders) = scaled(&mut state, "6");
    tell(&mut state, Acted::Planned(id, Ok(proposal(&orders, Risk::Low, Confirm::Apply))));
    look_for(&mut state, 500);
    assert_eq!(state.dialog().unwrap().stops(&state.acts), [Stop::Cancel, Stop::Arm]);
    press(&mut state, Command::Arm);
    assert_eq!(asked_for(&state), ["dhbw-prod"]);
    arm(&mut state, &["dhbw-prod"]);
    assert!(state.dialog().unwrap().proposal().is_some(), "the plan is there again");
    press(&mut state, Command::NextPane);
    assert_eq!(state.dialog().unwrap().focus, Stop::Cancel, "it comes up anew");
    look_for(&mut state, 500);
    go_to(&mut state, Stop::Apply);
    assert!(matches!(&press(&mut state, Command::Open)[..], [Act::Confirm(..)]));
}

#[test]
fn an_arming_that_runs_out_takes_apply_away() {
    let mut state = listed();
    planned(&mut state);
    go_to(&mut state, Stop::Text);
    type_in(&mut state, "dhbw-prod");
    go_to(&mut state, Stop::Apply);
    send(&mut state, Msg::Tick(at(900_000)));
    assert!(press(&mut state, Command::Open).iter().all(|act| matches!(act, Act::Abandon(_))));
    assert!(state.acts.runs.is_empty());
}

#[test]
fn on_the_fleet_the_marked_environments_are_meant() {
    let mut state = listed();
    press(&mut state, Command::Fleet);
    press(&mut state, Command::Mark);
    press(&mut state, Command::Mark);
    press(&mut state, Command::Arm);
    assert_eq!(asked_for(&state), ["dhbw-prod", "edt-prod"]);
}
