//! From keys to commands. The table is data; the configuration may give any command other keys.

mod chord;
mod table;

use std::collections::HashMap;
use std::sync::Arc;

use crokey::{KeyCombination, KeyCombinationFormat, OneToThree};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;
use tui_input::backend::crossterm::to_input_request;

use crate::app::command::Motion;
use crate::app::layer::PaletteEntry;
use crate::app::{Command, Context};
use crate::config::{KeyOverride, Place};
use crate::model::text::near_misses;

pub use table::{Entry, Group, TABLE};

/// What a key means.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// A command.
    Command(Command),
    /// A key of the line that is being edited.
    Edit(InputRequest),
}

/// A key of the configuration that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProblem {
    /// Where.
    pub place: Place,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// The keys in force.
pub struct Keymap {
    /// For each entry of the table.
    keys: Vec<Vec<KeyCombination>>,
    by_key: HashMap<(Context, KeyCombination), usize>,
    format: KeyCombinationFormat,
}

/// A line of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpLine {
    /// Its chapter.
    pub group: Group,
    /// Its keys, as they are written.
    pub keys: String,
    /// What it does.
    pub words: &'static str,
}

impl Keymap {
    /// The table's keys, with those of the configuration in their place. What is wrong is told; the rest is used.
    pub fn new(overrides: &[KeyOverride]) -> (Self, Vec<KeyProblem>) {
        let mut problems = Vec::new();
        let mut keys: Vec<Vec<KeyCombination>> = TABLE.iter().map(built_in).collect();
        for given in overrides {
            let Some(at) = TABLE.iter().position(|entry| entry.name == given.command) else {
                problems.push(unknown_command(given));
                continue;
            };
            keys[at] = given.chords.iter().filter_map(|(chord, place)| parse(chord, place, &mut problems)).collect();
        }
        let mut by_key = HashMap::new();
        // What was configured comes first: it takes a key away from a built-in command that has it.
        let given = |at: &usize| overrides.iter().any(|given| given.command == TABLE[*at].name);
        let (configured, others): (Vec<usize>, Vec<usize>) = (0..TABLE.len()).partition(given);
        for at in configured.into_iter().chain(others) {
            for key in &keys[at] {
                for context in TABLE[at].contexts {
                    let taken = *by_key.entry((*context, *key)).or_insert(at);
                    if let Some(place) = told(overrides, &TABLE[at], taken, at) {
                        let message = format!("this key already does `{}`; that keeps it", TABLE[taken].name);
                        problems.push(KeyProblem { place, message });
                    }
                }
            }
        }
        problems.dedup();
        let format = KeyCombinationFormat::default().with_implicit_shift();
        (Self { keys, by_key, format }, problems)
    }

    /// What a key means in a context.
    pub fn meaning(&self, event: KeyEvent, context: Context) -> Option<Meaning> {
        let key = KeyCombination::from(event).normalized();
        if matches!(context, Context::Text | Context::Picker | Context::Field) {
            return while_editing(event, context);
        }
        let context = match (context, letter(event)) {
            (Context::Answer, Some(letter)) => return Some(Meaning::Edit(InputRequest::InsertChar(letter))),
            (Context::Answer, None) => Context::Dialog,
            (context, _) => context,
        };
        let at = self.by_key.get(&(context, key))?;
        Some(Meaning::Command(TABLE[*at].command.clone()))
    }

    /// The help: every command with its keys.
    pub fn help(&self) -> Vec<HelpLine> {
        let lines = TABLE
            .iter()
            .zip(&self.keys)
            .filter(|(entry, _)| !entry.words.is_empty())
            .map(|(entry, keys)| HelpLine { group: entry.group, keys: self.written(keys), words: entry.words });
        lines.collect()
    }

    /// The commands as the palette shows them.
    pub fn palette(&self) -> Arc<[PaletteEntry]> {
        let entries = TABLE.iter().zip(&self.keys).filter(|(entry, _)| entry.palette);
        entries
            .map(|(entry, keys)| PaletteEntry {
                words: entry.words.into(),
                sort: "command",
                keys: self.written(keys).into(),
                command: entry.command.clone(),
            })
            .collect()
    }

    /// The first key of a command, as it is written.
    pub fn key_of(&self, command: &Command) -> Option<String> {
        let at = TABLE.iter().position(|entry| entry.command == *command)?;
        self.keys[at].first().map(|key| self.format.to_string(*key))
    }

    /// The same where keys go to this context: while a line is edited they are not the configured ones.
    pub fn key_in(&self, context: Context, command: &Command) -> Option<String> {
        if context == Context::Answer {
            let at = TABLE.iter().position(|entry| entry.command == *command)?;
            let key = self.keys[at].iter().find(|key| !is_letter(key))?;
            return Some(self.format.to_string(*key));
        }
        if !matches!(context, Context::Text | Context::Picker | Context::Field) {
            return self.key_of(command);
        }
        let (code, modifiers, _) = beside_the_line(context).find(|(.., known)| known == command)?;
        Some(self.format.to_string(KeyCombination::new(*code, *modifiers)))
    }

    fn written(&self, keys: &[KeyCombination]) -> String {
        keys.iter().map(|key| self.format.to_string(*key)).collect::<Vec<_>>().join(" ")
    }
}

fn built_in(entry: &Entry) -> Vec<KeyCombination> {
    entry.keys.iter().filter_map(|key| crokey::parse(key).ok()).map(KeyCombination::normalized).collect()
}

fn parse(chord: &str, place: &Place, problems: &mut Vec<KeyProblem>) -> Option<KeyCombination> {
    // Crokey's spelling knows no case; the help's does: there a capital letter is one with Shift.
    let capital = matches!(chord.as_bytes(), [b'A'..=b'Z']);
    let spelled = if capital { format!("shift-{chord}") } else { chord.to_owned() };
    let key = crokey::parse(&spelled).ok().map(KeyCombination::normalized);
    let wrong = match key.map(chord::untypeable) {
        None => format!("`{chord}` is no key; keys are written like `x`, `shift-x`, `ctrl-x`, `alt-enter`, `f5`"),
        Some(Some(why)) => format!("`{chord}` can never be typed: {why}"),
        Some(None) => return key,
    };
    problems.push(KeyProblem { place: place.clone(), message: wrong });
    None
}

fn unknown_command(given: &KeyOverride) -> KeyProblem {
    let near = near_misses(&given.command, TABLE.iter().map(|entry| entry.name));
    let hint = if near.is_empty() {
        "`?` in the console lists them".into()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    KeyProblem { place: given.place.clone(), message: format!("unknown command `{}`; {hint}", given.command) }
}

/// Where to tell that a configured key was already taken by another command.
fn told(overrides: &[KeyOverride], entry: &Entry, taken: usize, at: usize) -> Option<Place> {
    if taken == at {
        return None;
    }
    let given = overrides.iter().find(|given| given.command == entry.name)?;
    given.chords.first().map(|(_, place)| place.clone())
}

/// While a line is being edited its characters belong to it; these few keys do not. Of several for one command the first is told.
static EDITING: &[(KeyCode, KeyModifiers, Command)] = &[
    (KeyCode::Enter, KeyModifiers::NONE, Command::Open),
    (KeyCode::Esc, KeyModifiers::NONE, Command::Close),
    (KeyCode::Up, KeyModifiers::NONE, Command::Move(Motion::Up)),
    (KeyCode::Down, KeyModifiers::NONE, Command::Move(Motion::Down)),
    (KeyCode::BackTab, KeyModifiers::NONE, Command::Move(Motion::Up)),
    (KeyCode::Tab, KeyModifiers::NONE, Command::Move(Motion::Down)),
    (KeyCode::PageUp, KeyModifiers::NONE, Command::Move(Motion::PageUp)),
    (KeyCode::PageDown, KeyModifiers::NONE, Command::Move(Motion::PageDown)),
    (KeyCode::Char('p'), KeyModifiers::CONTROL, Command::Move(Motion::Up)),
    (KeyCode::Char('n'), KeyModifiers::CONTROL, Command::Move(Motion::Down)),
    (KeyCode::Char('c'), KeyModifiers::CONTROL, Command::Interrupt),
    (KeyCode::Char('z'), KeyModifiers::CONTROL, Command::Suspend),
];

/// The letter that a key types, whatever else it does. A blank begins nothing that is typed.
fn letter(event: KeyEvent) -> Option<char> {
    match event.code {
        KeyCode::Char(letter) if letter != ' ' && KeyModifiers::SHIFT.contains(event.modifiers) => Some(letter),
        _ => None,
    }
}

fn is_letter(key: &KeyCombination) -> bool {
    matches!(key.codes, OneToThree::One(code) if letter(KeyEvent::new(code, key.modifiers)).is_some())
}

/// In the picker of environments a space marks.
static PICKING: (KeyCode, KeyModifiers, Command) = (KeyCode::Char(' '), KeyModifiers::NONE, Command::Mark);

/// Among other lines Tab goes to the next.
static AMONG_OTHERS: [(KeyCode, KeyModifiers, Command); 2] = [
    (KeyCode::Tab, KeyModifiers::NONE, Command::NextPane),
    (KeyCode::BackTab, KeyModifiers::NONE, Command::PreviousPane),
];

/// The keys that are none of the line's while it is edited.
fn beside_the_line(context: Context) -> impl Iterator<Item = &'static (KeyCode, KeyModifiers, Command)> {
    let own = if context == Context::Field { &AMONG_OTHERS[..] } else { &[] };
    own.iter().chain(EDITING).chain((context == Context::Picker).then_some(&PICKING))
}

fn while_editing(event: KeyEvent, context: Context) -> Option<Meaning> {
    let meant = |(code, modifiers, _): &&(KeyCode, KeyModifiers, Command)| {
        event.code == *code && event.modifiers.contains(*modifiers)
    };
    match beside_the_line(context).find(meant) {
        Some((.., command)) => Some(Meaning::Command(command.clone())),
        None => to_input_request(&Event::Key(event)).map(Meaning::Edit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn every_key_of_the_table_is_one_and_is_free_where_it_holds() {
        let mut taken = HashMap::new();
        for entry in TABLE {
            for chord in entry.keys {
                let key = crokey::parse(chord).unwrap_or_else(|error| panic!("{}: {chord}: {error}", entry.name));
                for context in entry.contexts {
                    let before = taken.insert((*context, key.normalized()), entry.name);
                    assert_eq!(before, None, "{chord} in {context:?} is given twice: {}", entry.name);
                }
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = TABLE.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn shifted_letters_and_signs_are_found_however_the_terminal_reports_them() {
        let (keymap, _) = Keymap::new(&[]);
        let command = |event| keymap.meaning(event, Context::List);
        let last = Some(Meaning::Command(Command::Move(Motion::Last)));
        assert_eq!(command(key(KeyCode::Char('G'), KeyModifiers::SHIFT)), last);
        assert_eq!(command(key(KeyCode::Char('G'), KeyModifiers::NONE)), last);
        assert_eq!(
            command(key(KeyCode::Char(':'), KeyModifiers::SHIFT))
                .or_else(|| command(key(KeyCode::Char(':'), KeyModifiers::NONE))),
            Some(Meaning::Command(Command::Palette))
        );
        assert_eq!(command(key(KeyCode::Char('?'), KeyModifiers::NONE)), Some(Meaning::Command(Command::Help)));
        assert_eq!(command(key(KeyCode::BackTab, KeyModifiers::SHIFT)), Some(Meaning::Command(Command::PreviousPane)));
    }

    #[test]
    fn space_types_in_a_prompt_and_marks_in_the_picker() {
        let (keymap, _) = Keymap::new(&[]);
        let space = key(KeyCode::Char(' '), KeyModifiers::NONE);
        assert_eq!(keymap.meaning(space, Context::Text), Some(Meaning::Edit(InputRequest::InsertChar(' '))));
        assert_eq!(keymap.meaning(space, Context::Picker), Some(Meaning::Command(Command::Mark)));
        let told = |context, command| keymap.key_in(context, &command);
        assert_eq!(
            (told(Context::Text, Command::Mark), told(Context::List, Command::Mark)),
            (None, Some("Space".into()))
        );
        assert_eq!(told(Context::Picker, Command::Mark).as_deref(), Some("Space"));
        assert_eq!(told(Context::Text, Command::Move(Motion::Down)).as_deref(), Some("Down"));
    }

    #[test]
    fn letters_are_typed_where_an_answer_is_wanted() {
        let (keymap, _) = Keymap::new(&[]);
        let meaning = |code, modifiers| keymap.meaning(key(code, modifiers), Context::Answer);
        for letter in ['c', 'q', 'j', 'G', '!', '7', '-'] {
            let typed = Some(Meaning::Edit(InputRequest::InsertChar(letter)));
            assert_eq!(meaning(KeyCode::Char(letter), KeyModifiers::NONE), typed);
            assert_eq!(meaning(KeyCode::Char(letter), KeyModifiers::SHIFT), typed);
        }
        for (code, modifiers, command) in [
            (KeyCode::Enter, KeyModifiers::NONE, Command::Open),
            (KeyCode::Tab, KeyModifiers::NONE, Command::NextPane),
            (KeyCode::Char(' '), KeyModifiers::NONE, Command::Mark),
            (KeyCode::Char('c'), KeyModifiers::ALT, Command::Copy),
            (KeyCode::Char('c'), KeyModifiers::CONTROL, Command::Interrupt),
            (KeyCode::Char('r'), KeyModifiers::CONTROL, Command::Refresh),
        ] {
            assert_eq!(meaning(code, modifiers), Some(Meaning::Command(command)), "{code:?}");
        }
        let told = |context| keymap.key_in(context, &Command::Copy);
        assert_eq!((told(Context::Dialog), told(Context::Answer)), (Some("c".into()), Some("Alt-c".into())));
        assert_eq!(keymap.key_in(Context::Answer, &Command::Actions), None);
    }

    #[test]
    fn a_key_can_be_given_to_another_command_and_mistakes_are_told() {
        let place = Place::file(std::path::Path::new("config.toml"));
        let give = |command: &str, chord: &str| KeyOverride {
            command: command.into(),
            place: place.clone(),
            chords: vec![(chord.into(), place.clone())],
        };
        let given = [give("describe", "x"), give("descibe", "y"), give("copy", "nokey-x"), give("link", "Ctrl-%")];
        let (keymap, problems) = Keymap::new(&given);
        let x = key(KeyCode::Char('x'), KeyModifiers::NONE);
        assert_eq!(keymap.meaning(x, Context::List), Some(Meaning::Command(Command::Describe)));
        let (capitals, _) = Keymap::new(&[give("describe", "X")]);
        assert_eq!(capitals.meaning(x, Context::List), None);
        let shifted = key(KeyCode::Char('X'), KeyModifiers::SHIFT);
        assert_eq!(capitals.meaning(shifted, Context::List), Some(Meaning::Command(Command::Describe)));
        let told: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert!(told[0].contains("did you mean describe"), "{told:?}");
        assert!(told[1].contains("is no key"), "{told:?}");
        assert!(told[2].starts_with("`Ctrl-%` can never be typed: with Ctrl"), "{told:?}");
    }
}
