//! What the console says to a key, and how long.

use super::*;
use crate::app::view::DetailTab;

fn said(state: &State) -> &str {
    state.notice.as_ref().map_or("", |notice| &notice.text)
}

#[test]
fn what_answers_a_key_goes_with_the_next_one_and_what_comes_by_itself_stays() {
    let mut state = tailing();
    lines(&mut state, vec![line(1, 1, "one"), line(2, 2, "two")]);
    press(&mut state, Command::NextMatch);
    assert_eq!(said(&state), "no further match");
    press(&mut state, Command::Wrap);
    assert_eq!(said(&state), "");
    update(&mut state, Msg::Notice("copied".into()));
    press(&mut state, Command::Wrap);
    assert_eq!(said(&state), "copied");
    press(&mut state, Command::NextMatch);
    assert_eq!(said(&state), "no further match", "the newest word counts");
    press(&mut state, Command::Wrap);
    assert_eq!(said(&state), "");
}

#[test]
fn the_key_of_time_ranges_always_says_something() {
    let (mut state, _) = listed();
    press(&mut state, Command::List("ecs-service"));
    press(&mut state, Command::Window);
    assert_eq!(said(&state), "nothing here has a time range");
    press(&mut state, Command::Describe);
    let View::Detail(detail) = &state.view else { panic!("{:?}", state.view.word()) };
    assert!(detail.has_charts());
    press(&mut state, Command::Window);
    assert_eq!(said(&state), format!("charts of the last {}", Window::ALL[1].word()));
    press(&mut state, Command::Raw);
    press(&mut state, Command::Window);
    assert_eq!(said(&state), "the charts stand in the summary");
    let View::Detail(detail) = &mut state.view else { panic!("{:?}", state.view.word()) };
    assert_eq!(detail.window, Window::ALL[1]);
    detail.tab = DetailTab::Summary;
    detail.resource = None;
    press(&mut state, Command::Window);
    assert_eq!(said(&state), "there are no charts here");
}

#[test]
fn a_filter_with_a_mistake_is_put_right_or_left() {
    let (mut state, _) = listed();
    press(&mut state, Command::List("pod"));
    press(&mut state, Command::Filter);
    for c in "nod:x".chars() {
        update(&mut state, Msg::Edit(tui_input::InputRequest::InsertChar(c)));
    }
    press(&mut state, Command::Open);
    let Some(Layer::Prompt { error: Some(error), .. }) = state.layers.last() else { panic!("{:?}", state.layers) };
    assert_eq!(error, "there is no column `nod`; did you mean node?");
    press(&mut state, Command::Close);
    assert!(state.layers.is_empty() && state.focused().unwrap().1.nav.filter.is_empty());
}

#[test]
fn the_fleet_names_its_columns() {
    let (mut state, _) = listed();
    press(&mut state, Command::Fleet);
    press(&mut state, Command::Filter);
    for c in "zz:x".chars() {
        update(&mut state, Msg::Edit(tui_input::InputRequest::InsertChar(c)));
    }
    let Some(Layer::Prompt { error: Some(error), .. }) = state.layers.last() else { panic!("{:?}", state.layers) };
    assert_eq!(
        error,
        "there is no column `zz`; there are name, environment, env, customer, stage, account, health, reason"
    );
}
