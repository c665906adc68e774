//! The whole console on the built-in estate, as a person meets it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

mod pty;

use pty::Console;

/// The estate held still, so that the screen can be told in advance.
const DEMO: &[&str] = &["demo", "--seed", "7"];

const ESCAPE: &str = "\u{1b}";
const ENTER: &str = "\r";
const TAB: &str = "\t";
const CTRL_C: &str = "\u{3}";
const CTRL_Z: &str = "\u{1a}";

/// A console whose bridge shows rows.
fn started(rows: u16, cols: u16) -> Console {
    let console = Console::start(DEMO, rows, cols);
    console.wait_text("lecture-backend-service");
    console
}

#[test]
fn the_bridge_comes_up_with_the_estate_and_two_interrupts_leave() {
    let mut console = started(48, 180);
    let screen = console.text();
    for word in ["clusters", "services", "databases", "alarms", "logs", "DEMO"] {
        assert!(screen.contains(word), "no {word} on:\n{screen}");
    }
    console.press(CTRL_C);
    console.wait_text("again");
    console.press(CTRL_C);
    assert!(console.wait_end().success());
    assert!(!console.on_alternate_screen());
}

#[test]
fn a_key_opens_what_it_says_and_escape_leads_back() {
    let mut console = started(40, 140);
    console.press("?");
    console.wait_text("pick environments");
    console.press(ESCAPE);
    console.wait_gone("pick environments");
    console.press("f");
    console.wait_text("7 environments ─");
    // Escape and a key at once would be Alt and that key.
    console.press(ESCAPE);
    console.wait_text("1 clusters");
    console.press(":targ");
    console.wait_text("target-groups");
    console.press(ENTER);
    console.wait_text("target-groups");
    console.press("q");
    console.wait_text("databases");
}

#[test]
fn switch_filter_drill_and_come_back() {
    let mut console = started(40, 140);
    console.press("P");
    console.wait_text("enterprise-prod");
    console.press("enterprise");
    console.press(ENTER);
    console.wait_text("app-service");
    console.press("2/app-serv");
    console.wait_gone("maintenance-page");
    console.press(ENTER);
    console.press(ENTER);
    console.wait_text("task definition");
    console.press("[");
    console.wait_text("clusters");
}

#[test]
fn logs_of_a_service_flow_pause_and_search() {
    let mut console = started(40, 140);
    console.press("2/env:dhbw backend-service");
    console.wait_gone("reporting-service");
    console.press(ENTER);
    console.press("l");
    console.wait_text("lecture-backend");
    console.wait_for("log lines", |screen| screen.contents().matches("ERROR").count() > 1);
    console.press(" ");
    console.wait_text("paused");
    console.press("/error");
    console.press(ENTER);
    console.wait_text("error");
    console.press("q");
    console.wait_text("databases");
}

#[test]
fn a_storm_of_sizes_breaks_nothing_and_a_tiny_terminal_gets_a_sentence() {
    let mut console = started(40, 140);
    for (rows, cols) in [(5, 20), (24, 80), (1, 1), (60, 200), (10, 300), (3, 7), (24, 80), (100, 40)] {
        console.resize(rows, cols);
        console.press("j");
    }
    console.resize(5, 20);
    console.wait_for("a sentence", |screen| screen.contents().contains("needs 40"));
    console.resize(40, 140);
    console.wait_text("services");
    console.press(TAB);
    assert!(console.runs());
}

#[test]
fn tabs_stand_for_panes_at_eighty_by_twenty_four() {
    let mut console = started(24, 80);
    let screen = console.wait_text("2 services");
    assert!(screen.contains("4 alarms"), "{screen}");
    console.press("4");
    console.wait_text("ALARM");
}

#[cfg(unix)]
#[test]
fn the_terminal_is_given_back_on_signals_and_on_stop_and_continue() {
    for signal in ["TERM", "HUP"] {
        let mut console = started(30, 100);
        console.signal(signal);
        console.wait_end();
        assert!(!console.on_alternate_screen(), "after {signal}");
    }
    let mut console = started(30, 100);
    console.press(CTRL_Z);
    console.wait_stopped();
    assert!(!console.on_alternate_screen());
    console.signal("CONT");
    console.wait_for("the console again", |screen| screen.alternate_screen() && screen.contents().contains("services"));
    console.press(CTRL_C);
    console.press(CTRL_C);
    console.wait_end();
}

#[test]
fn hostile_log_lines_reach_the_terminal_without_their_escapes() {
    let mut console = started(40, 140);
    console.press("5z");
    console.wait_for("log lines", |screen| screen.contents().lines().count() > 20);
    let raw = console.raw();
    let text = String::from_utf8_lossy(&raw);
    // Titles, clipboard and colours of the estate's hostile lines; our own frames set a title once, at the start.
    assert!(text.matches("\u{1b}]0;").count() <= 1, "a log line set the title");
    assert!(!text.contains("\u{1b}]52;"), "a log line reached the clipboard");
}

#[test]
fn one_failing_environment_delays_no_other_and_its_fault_is_told() {
    let args = ["demo", "--seed", "7", "--fault", "dhbw-prod=hang", "--fault", "edt-prod=deny"];
    let mut console = Console::start(&args, 48, 180);
    console.press("f");
    // Services of enterprise, which nothing is wrong with, while dhbw never answers.
    console.wait_text("1 of 13");
    console.wait_text("denied");
}
