//! The README's table of keys is the keymap's.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::fmt::Write;

use quarterdeck::keymap::{Group, Keymap};

const BEGIN: &str = "<!-- keys: from the keymap, held by a test -->\n";
const END: &str = "<!-- end of keys -->";

fn table() -> String {
    let (keymap, _) = Keymap::new(&[]);
    let help = keymap.help();
    let mut text = String::from("\n| | keys | what they do |\n| --- | --- | --- |\n");
    for group in Group::ALL {
        for (n, line) in help.iter().filter(|line| line.group == group).enumerate() {
            let title = if n == 0 { format!("**{}**", group.title()) } else { String::new() };
            let keys: Vec<String> =
                line.keys.split(' ').filter(|key| !key.is_empty()).map(|key| format!("`{key}`")).collect();
            writeln!(text, "| {title} | {} | {} |", keys.join(" "), line.words).unwrap();
        }
    }
    text.push('\n');
    text
}

/// Set `UPDATE_README` to write the table instead of comparing it.
#[test]
fn the_table_of_keys_is_the_keymap() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has a place for the keys");
    let (old, after) = rest.split_once(END).expect("the place for the keys has an end");
    let new = table();
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{new}{END}{after}")).unwrap();
    } else {
        assert_eq!(old, new, "run UPDATE_README=1 cargo test --test readme");
    }
}
