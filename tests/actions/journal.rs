//! The journal, after real actions: whole, readable by its owner alone, and found out when somebody changes it; without it nothing is sent.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::console::{CLUSTER, Console, Deck, SPLIT, Test};

pub const ALL: &[Test] = &[
    ("what is changed in the journal is found", changes_are_found),
    ("without a journal nothing is sent", no_journal_no_change),
    ("two consoles write at once", two_at_once),
];

fn scale(console: &Console, service: &str, desired: &str) {
    let fields = ["--cluster", CLUSTER, "--service", service, "--desired", desired];
    console.carry_out("ecs-scale", SPLIT, &fields, &[]);
}

fn file(console: &Console) -> PathBuf {
    let verified = console.run(&["journal", "verify", "-o", "json"]);
    PathBuf::from(verified.ends_with(0).json()[0]["file"].as_str().unwrap())
}

fn changes_are_found(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("journalled", 1));
    scale(&console, &service, "2");
    scale(&console, &service, "3");
    let entries = console.journal();
    let events: Vec<&str> = entries.iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["intent", "sent", "outcome", "followed", "intent", "sent", "outcome", "followed"]);
    assert_eq!(entries[0]["changes"], json!([["desired", 1, 2]]));
    assert!(entries[2]["request_id"].is_string(), "{}", entries[2]);
    let (place, who) = (&entries[0]["where"], &entries[0]["who"]);
    assert_eq!((&place["environment"], &place["name"]), (&json!(SPLIT), &json!(service)));
    assert!(who["caller"].as_str().unwrap().starts_with("arn:aws:"), "{who}");
    let file = file(&console);
    let whole = fs::read_to_string(&file).unwrap();
    is_private(&file);
    let found = |text: &str| {
        fs::write(&file, text).unwrap();
        let said = console.run(&["journal", "verify"]);
        said.ends_with(1);
        said.out
    };
    let lines: Vec<&str> = whole.lines().collect();
    let desired = whole.find("\"desiredCount\":2").unwrap() + "\"desiredCount\":".len();
    let mut forged = whole.clone();
    forged.replace_range(desired..=desired, "9");
    assert!(found(&forged).contains("line 1"));
    let without = [&lines[..3], &lines[4..]].concat().join("\n") + "\n";
    assert!(found(&without).contains("line 4"));
    found(&(lines[..7].join("\n") + "\n"));
    fs::write(&file, &whole).unwrap();
    console.run(&["journal", "verify"]).ends_with(0);
}

#[cfg(unix)]
fn is_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o077, 0);
}

#[cfg(not(unix))]
fn is_private(_: &Path) {}

fn no_journal_no_change(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("unwritten", 1));
    scale(&console, &service, "2");
    let file = file(&console);
    // A folder in the place of the file: even root can't write there.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let fields = ["--cluster", CLUSTER, "--service", &service, "--desired", "3"];
    let said = console.act("ecs-scale", SPLIT, &fields, &["--apply", "--confirm", "yes"]);
    said.ends_with(1).says("journal").changes_nothing();
    assert_eq!(deck.desired(&service), 2);
}

fn two_at_once(deck: &Deck) {
    let console = Console::new(deck);
    let services = ["one-at-once", "other-at-once"].map(|name| deck.service(name, 1));
    let running = services.each_ref().map(|service| {
        let fields = ["--cluster", CLUSTER, "--service", service, "--desired", "2"];
        console.begin(&[&["act", "ecs-scale", "-e", SPLIT], &fields[..], &["--apply", "--confirm", "yes"]].concat())
    });
    for running in running {
        running.end().ends_with(0);
    }
    assert_eq!(services.each_ref().map(|service| deck.desired(service)), [json!(2), json!(2)]);
    assert_eq!(console.journal().len(), 8);
    console.run(&["journal", "verify"]).ends_with(0);
}
