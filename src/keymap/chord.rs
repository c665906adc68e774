//! Which chords a terminal can send. Without an extended protocol, which many terminals do not know, some keys arrive alike, and others
//! not at all: whoever gives such a key to a command waits for it in vain. Knows no command.

use crokey::{KeyCombination, OneToThree};
use crossterm::event::{KeyCode, KeyModifiers};

/// Why a chord can never be typed.
pub fn untypeable(key: KeyCombination) -> Option<&'static str> {
    let OneToThree::One(code) = key.codes else {
        return Some("keys pressed together arrive one after the other");
    };
    // Windows tells the program about keys, not about characters.
    if cfg!(windows) {
        return None;
    }
    let (control, alt) = (key.modifiers.contains(KeyModifiers::CONTROL), key.modifiers.contains(KeyModifiers::ALT));
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    if !(key.modifiers - (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT)).is_empty() {
        return Some("terminals keep that modifier to themselves");
    }
    match code {
        KeyCode::Char(c) if control => with_control(c, shift),
        KeyCode::Char('[' | 'O') if alt => Some("it is how the terminal's other keys begin"),
        KeyCode::Char(c) if shift && !c.is_ascii_uppercase() => Some("Shift makes another sign of it: name that one"),
        KeyCode::Tab if shift && !control => Some("Shift-Tab is called `backtab`"),
        KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace if control || shift => {
            Some("it arrives as if Ctrl or Shift were not pressed")
        }
        KeyCode::BackTab if control => Some("it arrives as if Ctrl were not pressed"),
        KeyCode::Esc if control || alt || shift => Some("it arrives as plain Esc"),
        _ => None,
    }
}

/// The terminal's control characters: letters, and a few more.
const fn with_control(c: char, shift: bool) -> Option<&'static str> {
    match c {
        'i' => Some("it arrives as Tab"),
        'm' => Some("it arrives as Enter"),
        '[' => Some("it arrives as Esc"),
        'a'..='z' | '4'..='7' | ' ' if !shift => None,
        'A'..='Z' => Some("it arrives as if Shift were not pressed"),
        _ => Some("with Ctrl a terminal sends letters, the space and 4 to 7 only"),
    }
}

#[cfg(test)]
#[cfg(not(windows))]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::keymap::TABLE;

    fn why_not(chord: &str) -> Option<&'static str> {
        untypeable(crokey::parse(chord).unwrap().normalized())
    }

    #[rstest]
    #[case("ctrl-%", "letters, the space and 4 to 7")]
    #[case("ctrl-1", "letters, the space and 4 to 7")]
    #[case("ctrl-shift-x", "as if Shift")]
    #[case("ctrl-i", "Tab")]
    #[case("ctrl-m", "Enter")]
    #[case("ctrl-[", "Esc")]
    #[case("ctrl-enter", "as if Ctrl or Shift")]
    #[case("shift-enter", "as if Ctrl or Shift")]
    #[case("ctrl-tab", "as if Ctrl or Shift")]
    #[case("shift-tab", "backtab")]
    #[case("shift-5", "another sign")]
    #[case("shift-space", "another sign")]
    #[case("alt-[", "other keys begin")]
    #[case("alt-esc", "plain Esc")]
    #[case("cmd-x", "that modifier")]
    #[case("a-b", "one after the other")]
    fn what_never_arrives_says_why(#[case] chord: &str, #[case] expected: &str) {
        assert!(why_not(chord).is_some_and(|why| why.contains(expected)), "{chord}: {:?}", why_not(chord));
    }

    #[rstest]
    fn what_arrives_is_good(
        #[values(
            "x",
            "shift-x",
            "%",
            "ctrl-x",
            "ctrl-space",
            "ctrl-4",
            "alt-x",
            "alt-shift-x",
            "ctrl-alt-x",
            "alt-enter"
        )]
        chord: &str,
    ) {
        assert_eq!(why_not(chord), None);
    }

    #[rstest]
    fn keys_without_a_character_take_every_modifier(
        #[values("f5", "ctrl-f5", "shift-up", "ctrl-shift-left", "alt-pagedown", "ctrl-home", "backtab", "shift-del")]
        chord: &str,
    ) {
        assert_eq!(why_not(chord), None);
    }

    #[test]
    fn every_built_in_key_can_be_typed() {
        for chord in TABLE.iter().flat_map(|entry| entry.keys) {
            assert_eq!(why_not(chord), None, "{chord}");
        }
    }
}
