//! What the console says to a key, and how long.

use super::*;

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
