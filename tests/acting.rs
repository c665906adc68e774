//! Something is changed, as an operator does it: on the built-in estate, in a pseudo-terminal.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

mod pty;

use std::thread::sleep;
use std::time::Duration;

use pty::Console;

const ESCAPE: &str = "\u{1b}";
const ENTER: &str = "\r";
const TAB: &str = "\t";
const DOWN: &str = "\u{1b}[B";

/// A dialog hears no key for half a second.
fn look_at_it() {
    sleep(Duration::from_millis(700));
}

/// Text as a terminal hands over what was pasted.
fn pasted(text: &str) -> String {
    format!("\u{1b}[200~{text}\u{1b}[201~")
}

/// A console on the services of one customer, the cursor on the one that is healthy.
fn on_the_frontend() -> Console {
    let mut console = Console::start(&["demo", "--seed", "7", "-e", "edt-prod"], 40, 120);
    console.wait_text("lecture-frontend");
    console.press(":services");
    console.press(ENTER);
    console.wait_text("services ─");
    console.press("/lecture-frontend");
    console.press(ENTER);
    console.wait_text("1/");
    console.press("g");
    console
}

/// Asks for one task less, which in production takes the environment's name.
fn plan_to_scale_down(console: &mut Console) {
    console.press("a");
    console.wait_text("actions on lecture-frontend");
    console.press(ENTER);
    console.wait_text("scale: lecture-frontend");
    console.press(DOWN);
    // What is pressed as the dialog opens must do nothing: the plan comes a moment later.
    console.press(ENTER);
    console.press(&format!("{TAB}{TAB}{ENTER}!{ENTER}"));
    let screen = console.wait_text("edt-prod is not armed");
    for words in ["edt-prod · account 222233334444", "risk high: type the environment's name: edt-prod", "[ Cancel ]"]
    {
        assert!(screen.contains(words), "no {words} on:\n{screen}");
    }
    assert!(!screen.contains("type its name"), "a key was heard too early:\n{screen}");
}

fn arm(console: &mut Console) {
    look_at_it();
    console.press("!");
    console.wait_text("type its name: edt-prod");
    look_at_it();
    console.press(TAB);
    console.press(&pasted("edt-prod"));
    console.press(TAB);
    let screen = console.text();
    assert!(!screen.contains("ARMED"), "{screen}");
    // Nothing was typed, so that Tab came back to Cancel.
    console.press(&format!("{TAB}edt-prod{TAB}{ENTER}"));
    console.wait_text("ARMED edt-prod 1");
}

#[test]
fn a_service_is_scaled_followed_and_journalled() {
    let mut console = on_the_frontend();
    plan_to_scale_down(&mut console);
    arm(&mut console);
    console.wait_text("risk high: type the environment's name: edt-prod");
    // The plan has come up anew, too.
    console.press(&format!("{TAB}edt-prod{TAB}{ENTER}"));
    look_at_it();
    assert!(console.text().contains("[ Cancel ]"), "keys that hit as it opens do nothing");
    console.press(TAB);
    console.press(&pasted("edt-prod"));
    console.press(&format!("{TAB}{TAB}edt-prod{TAB}{ENTER}"));
    console.wait_text("A undo");
    console.press(":journal");
    console.press(ENTER);
    console.wait_text("ecs-scale");
    let screen = console.wait_text("succeeded");
    assert!(screen.contains("edt-prod") && screen.contains("arm"), "{screen}");
}

#[test]
fn a_dialog_that_is_left_changes_nothing() {
    let mut console = on_the_frontend();
    plan_to_scale_down(&mut console);
    look_at_it();
    console.press(ENTER);
    console.wait_text("scale: lecture-frontend");
    console.press(ESCAPE);
    console.wait_gone("scale: lecture-frontend");
    console.press(":journal");
    console.press(ENTER);
    console.wait_text("nothing has been done yet");
}
