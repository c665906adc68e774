//! The walls between the rooms. Every path in the source text is read, in `use` lines and in the middle of code, comments and
//! strings left out: which rooms it leads to, and which crates are named.

mod lexer;
mod source;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use source::{Code, Found};

/// What each room may use of the others; none may be used by itself without standing here. Tests inside of a room may look
/// wherever they like.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("terminal", &[]),
    ("demo", &[]),
    ("journal", &["model"]),
    ("guard", &["model", "journal"]),
    ("providers", &["model", "guard"]),
    ("config", &["model", "guard"]),
    ("kinds", &["model", "providers"]),
    ("actions", &["model", "providers", "kinds", "guard"]),
    ("engine", &["model", "kinds", "providers", "actions", "guard", "journal"]),
    ("app", &["model", "kinds", "actions", "guard", "journal", "engine"]),
    ("keymap", &["model", "config", "app"]),
    ("ui", &["model", "kinds", "actions", "guard", "journal", "engine", "app", "keymap"]),
    ("console", &["model", "config", "kinds", "engine", "app", "keymap", "ui", "terminal"]),
    (
        "cli",
        &[
            "model",
            "config",
            "providers",
            "kinds",
            "actions",
            "guard",
            "journal",
            "engine",
            "app",
            "keymap",
            "ui",
            "terminal",
            "console",
            "demo",
        ],
    ),
];

/// Crates that only some rooms may name, by how their names start, tests included.
const CRATES: &[(&str, &[&str])] = &[
    ("ratatui", &["ui", "keymap", "terminal", "console"]),
    ("crossterm", &["ui", "keymap", "terminal", "console"]),
    ("tui_logger", &["ui", "keymap", "terminal", "console"]),
    ("aws_", &["kinds", "actions", "providers", "demo"]),
];

/// Rooms that do no input or output.
const NO_IO: &[&str] = &["app", "model", "keymap"];
const IO: &[&str] =
    &["std::fs", "std::io", "std::net", "std::env", "std::process", "std::thread", "std::os", "tokio", "futures_util"];

/// Rooms that read no clock: time comes to them with messages and arguments.
const NO_CLOCK: &[&str] = &["app", "model", "keymap", "ui"];
const CLOCKS: &[&str] = &["Timestamp::now", "Zoned::now", "Instant::now", "SystemTime::now"];

/// Read once, for all tests.
static PROJECT: LazyLock<Code> = LazyLock::new(|| Code::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));

/// Complaints as one text, each once.
fn none<T: Ord + std::fmt::Display>(complaints: impl IntoIterator<Item = T>) {
    let complaints: std::collections::BTreeSet<String> = complaints.into_iter().map(|it| it.to_string()).collect();
    assert!(complaints.is_empty(), "{}", complaints.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn rooms_use_only_what_they_may() {
    let rooms: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let code = &*PROJECT;
    none(code.found.iter().filter(|found| !found.test).filter_map(|found| {
        let (from, to) = (found.room()?, found.leads_to()?);
        let Some(may) = rooms.get(from) else { return Some(format!("say in ROOMS what {from} may use")) };
        let known = rooms.contains_key(to);
        (from != to && known && !may.contains(&to)).then(|| format!("{found}: {from} may not use {to}"))
    }));
    let unknown = code.rooms().into_iter().filter(|room| !rooms.contains_key(room.as_str()));
    none(unknown.map(|room| format!("say in ROOMS what {room} may use")));
}

#[test]
fn crates_stay_in_their_rooms() {
    let crates = crates();
    none(PROJECT.names.iter().filter_map(|name| {
        let named = crates.iter().any(|it| it == &name.text());
        let (_, rooms) = CRATES.iter().find(|(prefix, _)| named && name.text().starts_with(prefix))?;
        let room = name.room().unwrap_or("lib.rs");
        (!rooms.contains(&room)).then(|| format!("{name}: {room} may not name it"))
    }));
}

#[test]
fn pure_rooms_do_no_io_and_read_no_clock() {
    none(PROJECT.found.iter().filter(|found| !found.test).filter_map(|found| {
        let (room, text) = (found.room()?, found.text());
        let io = NO_IO.contains(&room) && IO.iter().any(|io| text == *io || text.starts_with(&format!("{io}::")));
        let clock = NO_CLOCK.contains(&room) && CLOCKS.iter().any(|clock| text.ends_with(clock));
        (io || clock).then(|| format!("{found}: {room} is pure"))
    }));
}

/// The dependencies, as they are named in code.
fn crates() -> Vec<String> {
    let manifest = include_str!("../../Cargo.toml");
    let tables =
        manifest.split("\n[").filter(|table| table.split(']').next().is_some_and(|it| it.ends_with("dependencies")));
    let lines = tables.flat_map(str::lines).filter_map(|line| line.split_once(" = "));
    lines.map(|(name, _)| name.trim().replace('-', "_")).collect()
}

#[test]
fn the_reader_sees_the_project() {
    let code = &*PROJECT;
    let crates = crates();
    assert!(crates.contains(&"aws_sdk_ecs".to_owned()) && crates.contains(&"ratatui".to_owned()), "{crates:?}");
    none(code.missed.iter());
    let leads = |from: &str, to: &str| code.found.iter().any(|it| it.room() == Some(from) && it.leads_to() == Some(to));
    assert!(leads("kinds", "providers") && leads("ui", "app") && leads("keymap", "app"));
    assert!(code.names.iter().any(|name| name.room() == Some("providers") && name.text() == "aws_sdk_rds"));
    assert!(code.found.iter().any(|found| found.room() == Some("console") && found.text().ends_with("Timestamp::now")));
}

/// Paths of a piece of code that stands in `kinds::alarm`, with a mark where it is a test's.
fn paths(code: &str) -> Vec<String> {
    let at = vec!["kinds".to_owned(), "alarm".to_owned()];
    let found = source::paths("x.rs", code, &at).found;
    found.iter().map(|it: &Found| format!("{}{}", it.text(), if it.test { " (test)" } else { "" })).collect()
}

#[test]
fn paths_are_found_wherever_they_stand() {
    assert_eq!(
        paths("use crate::{ui::{self, Hits}, model::Fault as F};"),
        ["crate::ui", "crate::ui::Hits", "crate::model::Fault"]
    );
    assert_eq!(
        paths("use super::super::ui::*; pub(crate) use self::row::of;"),
        ["crate::ui", "crate::kinds::alarm::row::of"]
    );
    assert_eq!(
        paths("fn f() -> super::Op { let x = Some(crate::ui::draw::<u8>(1)); ::std::fs::read(x) }"),
        ["crate::kinds::Op", "crate::ui::draw", "std::fs::read"]
    );
    assert_eq!(paths("mod inner { use super::super::Op; } use super::Op;"), ["crate::kinds::Op", "crate::kinds::Op"]);
    assert_eq!(paths("macro_rules! m { () => { $crate::ui::draw() } }"), ["crate::ui::draw"]);
    assert_eq!(paths("#[derive(a::B)] struct S<'a>(&'a b::C);"), ["a::B", "b::C"]);
}

#[test]
fn what_only_looks_like_a_path_is_not_one() {
    let code = r##"
        // crate::ui
        /* crate::ui /* crate::ui */ crate::ui */
        const A: &str = "crate::ui \" crate::ui"; const B: &str = r#"crate::ui " crate::ui"#;
        const C: char = '"'; const D: &[u8] = b"crate::ui"; const E: char = '\''; const F: char = '\u{1b}';
        fn f<'a>(x: &'a str) -> &'a str { x } const G: &str = "crate::ui";
    "##;
    assert_eq!(paths(code), Vec::<String>::new());
}

#[test]
fn tests_are_told_apart() {
    let code = "#[cfg(test)] mod tests { use a::A; } #[cfg(all(test, unix))] fn f() { a::b() } #[cfg(test)] use a::C; \
                #[cfg(not(test))] use a::D; #[cfg(any(test, unix))] use a::E; use a::F;";
    assert_eq!(paths(code), ["a::A (test)", "a::b (test)", "a::C (test)", "a::D", "a::E", "a::F"]);
}
