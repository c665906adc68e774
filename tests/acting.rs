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

/// What stands in a field of the dialog.
fn stands_in(screen: &str, field: &str) -> String {
    let line = screen.lines().find_map(|line| line.trim_start_matches([' ', '│', '›']).strip_prefix(field));
    line.unwrap_or_else(|| panic!("no {field} on:\n{screen}")).trim_matches([' ', '│']).to_owned()
}

/// The lock of `dhbw-prod`, as a script reads it.
fn lock_id() -> String {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["get", "locks", "--demo", "--seed", "7", "-e", "dhbw-prod", "-o", "json"];
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    let said = program.args(arguments).env_clear().env("HOME", home.path()).output().unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&said.stdout).unwrap();
    rows.iter().find_map(|row| row["lock_id"].as_str()).unwrap().to_owned()
}

#[test]
fn a_stuck_lock_is_released() {
    const STATE: &str = "tfstate-dhbw/lecture/prod/terraform.tfstate";
    let id = lock_id();
    let mut console = Console::start(&["demo", "--seed", "7", "-e", "dhbw-prod"], 45, 140);
    console.wait_text("lecture-backend");
    console.press(":locks");
    console.press(ENTER);
    console.wait_text("gitlab-runner@ip-10-0-2-117");
    console.press("g");
    console.press("a");
    console.wait_text(&format!("actions on {STATE}"));
    // Nothing is asked for: the row says which lock.
    console.press(ENTER);
    let screen = console.wait_text("dhbw-prod is not armed");
    for words in ["dhbw-prod · account 111122223333", "release the lock of", "the holder is gone", "[ Cancel ]"] {
        assert!(screen.contains(words), "no {words} on:\n{screen}");
    }
    look_at_it();
    console.press("!");
    console.wait_text("type its name: dhbw-prod");
    look_at_it();
    console.press(&pasted("dhbw-prod"));
    // Letters go to the field by themselves.
    console.press(&format!("dhbw-prod{TAB}{ENTER}"));
    console.wait_text("ARMED dhbw-prod 1");
    console.wait_text("risk high");
    look_at_it();
    // The environment's name is typed, whatever is pasted; the lock's id may be pasted, there alone.
    console.press(&format!("{TAB}{}{}", pasted("dhbw-prod"), pasted(&id)));
    console.press(&format!("{TAB}{}", pasted(&id)));
    console.wait_for("the whole id", |screen| stands_in(&screen.contents(), "lock id") == id);
    assert_eq!(stands_in(&console.text(), "confirm"), "", "{}", console.text());
    // Nothing can be applied yet: Tab comes to Cancel.
    console.press(&format!("{TAB}dhbw-prod"));
    console.wait_for("the name", |screen| stands_in(&screen.contents(), "confirm") == "dhbw-prod");
    console.press(&format!("{TAB}{TAB}{ENTER}"));
    console.wait_text("A undo");
    console.wait_gone("gitlab-runner@ip-10-0-2-117");
    console.press(":journal");
    console.press(ENTER);
    console.wait_text("terraform-unlock");
    let screen = console.wait_text("succeeded");
    assert!(screen.contains("dhbw-prod") && screen.contains("arm"), "{screen}");
}

/// The console while it shows a value of a secret, and its screen.
fn showing_a_value() -> (Console, String) {
    const SECRET: &str = "provisioning-database";
    let mut console = Console::start(&["demo", "--seed", "7", "-e", "beta9-prod"], 40, 140);
    console.wait_text("provisioning-api");
    console.press(":secrets");
    console.press(ENTER);
    console.wait_text(SECRET);
    console.press(&format!("/{SECRET}"));
    console.press(ENTER);
    console.wait_text("1/3");
    console.press("g");
    console.press("a");
    console.wait_text(&format!("actions on {SECRET}"));
    console.press("j");
    console.wait_text("does  Show one value of a secret");
    console.press(ENTER);
    // Its keys are offered, each with how long its value is.
    console.wait_text("DATABASE_URL  29 B");
    console.press(DOWN);
    console.wait_text("› key  DATABASE_URL");
    console.press(ENTER);
    console.wait_text("beta9-prod is not armed");
    look_at_it();
    console.press("!");
    console.wait_text("type its name: beta9-prod");
    look_at_it();
    console.press(&format!("{TAB}beta9-prod{TAB}{ENTER}"));
    console.wait_text("ARMED beta9-prod 1");
    let screen = console.wait_text("[ Apply ]");
    assert!(screen.contains("risk medium: type yes") && !screen.contains("not-a-real-value"), "{screen}");
    look_at_it();
    console.press(&format!("{TAB}yes{TAB}{ENTER}"));
    let screen = console.wait_text("press Enter to go back");
    // The person's own screen could be scrolled back to.
    assert!(console.on_alternate_screen());
    (console, screen)
}

#[test]
fn a_secrets_value_is_shown_until_enter_and_kept_nowhere() {
    let (mut console, screen) = showing_a_value();
    let value = screen.lines().find(|line| line.starts_with("not-a-real-value-")).expect("the value").trim().to_owned();
    assert_eq!(value.len(), 29);
    console.press(ENTER);
    console.wait_gone(&value);
    console.wait_text("29 B shown");
    console.press(":journal");
    console.press(ENTER);
    console.wait_text("k8s-secret-show");
    let journal = std::fs::read_to_string(console.home.path().join(".local/state/quarterdeck/demo/journal.jsonl"));
    let journal = journal.unwrap();
    assert!(journal.contains("k8s-secret-show") && journal.contains("DATABASE_URL"), "{journal}");
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &value);
    assert!(!journal.contains(&value) && !journal.contains(&encoded), "{journal}");
    console.press("~");
    let log = console.wait_text("console log");
    assert!(!log.contains(&value), "{log}");
}

/// While what was shown is being read, the console hears signals as ever.
#[cfg(unix)]
#[test]
fn a_signal_ends_the_wait_to_go_back_too() {
    let (mut console, _) = showing_a_value();
    console.signal("TERM");
    console.wait_end();
    assert!(!console.on_alternate_screen());
}
