//! Reads theme files: a palette of named colours, and for each role a style in words such as `sand on night bold`. Knows files'
//! text only, no folders.

use std::collections::BTreeMap;
use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Role, builtin};
use crate::model::text::near_misses;

/// Something wrong in a theme file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ThemeProblem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// Modifiers by their words.
const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
    ("strike", Modifier::CROSSED_OUT),
];

/// The terminal's own colours by their words.
const ANSI: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// A word of the file and the line it stands in.
type Word = (String, usize);

/// A theme file as it is written: nothing looked up yet, so that a palette can be changed below inherited roles.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) name: Option<String>,
    pub(super) dark: bool,
    palette: BTreeMap<String, Word>,
    roles: BTreeMap<Role, Word>,
}

/// Reads a file on top of what it inherits from.
pub(super) fn read(text: &str, inherit: bool) -> Result<Source, Vec<ThemeProblem>> {
    let mut reader = Reader { text, problems: Vec::new() };
    let source = reader.file(inherit);
    if reader.problems.is_empty() { Ok(source) } else { Err(reader.problems) }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<ThemeProblem>,
}

impl Reader<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        self.text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1)
    }

    fn problem(&mut self, span: &Range<usize>, message: String) {
        let line = self.line(span);
        self.problems.push(ThemeProblem { line, message });
    }

    fn file(&mut self, inherit: bool) -> Source {
        let table = match DeTable::parse(self.text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                self.problem(&error.span().unwrap_or(0..0), error.message().to_owned());
                return Source::default();
            }
        };
        let mut source = if inherit { self.inherited(&table) } else { Source::default() };
        for (key, value) in &table {
            match &**key.get_ref() {
                "name" => source.name = self.text_of(value),
                "inherits" => {}
                "dark" => match value.get_ref().as_bool() {
                    Some(dark) => source.dark = dark,
                    None => self.problem(&value.span(), "expected true or false".to_owned()),
                },
                "palette" => self.palette(value, &mut source),
                "roles" => self.roles(value, &mut source),
                other => self.unknown("setting", other, &key.span(), &["name", "inherits", "dark", "palette", "roles"]),
            }
        }
        source
    }

    fn inherited(&mut self, table: &DeTable) -> Source {
        let Some(value) = table.get("inherits") else {
            return builtin::source(builtin::DEFAULT).unwrap_or_default();
        };
        let Some(name) = self.text_of(value) else { return Source::default() };
        builtin::source(&name).unwrap_or_else(|| {
            self.unknown("built-in theme", &name, &value.span(), &builtin::names().collect::<Vec<_>>());
            Source::default()
        })
    }

    fn text_of(&mut self, value: &Spanned<DeValue>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.problem(&value.span(), format!("expected a text, found {}", value.get_ref().type_str()));
        }
        text
    }

    fn table<'t, 'i>(&mut self, value: &'t Spanned<DeValue<'i>>) -> Option<&'t DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.problem(&value.span(), format!("expected a table, found {}", value.get_ref().type_str()));
        }
        table
    }

    fn palette(&mut self, value: &Spanned<DeValue>, source: &mut Source) {
        for (key, value) in self.table(value).into_iter().flatten() {
            let Some(text) = self.text_of(value) else { continue };
            if colour(&text).is_none() {
                let message = format!("`{text}` is no colour: `#rrggbb`, `default`, or one of the terminal's sixteen");
                self.problem(&value.span(), message);
            } else {
                source.palette.insert(key.get_ref().to_string(), (text, self.line(&value.span())));
            }
        }
    }

    fn roles(&mut self, value: &Spanned<DeValue>, source: &mut Source) {
        for (key, value) in self.table(value).into_iter().flatten() {
            let name: &str = key.get_ref();
            let Some(role) = Role::ALL.iter().copied().find(|role| role.name() == name) else {
                let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
                self.unknown("role", name, &key.span(), &names);
                continue;
            };
            if let Some(text) = self.text_of(value) {
                source.roles.insert(role, (text, self.line(&value.span())));
            }
        }
    }

    fn unknown(&mut self, what: &str, word: &str, span: &Range<usize>, allowed: &[&str]) {
        let near = near_misses(word, allowed.iter().copied());
        let hint = match near.as_slice() {
            [] if allowed.len() <= 8 => format!("; allowed: {}", allowed.join(", ")),
            [] => String::new(),
            near => format!("; did you mean {}?", near.join(" or ")),
        };
        self.problem(span, format!("unknown {what} `{word}`{hint}"));
    }
}

/// Looks up every role's words in the palette.
pub(super) fn resolve(source: &Source) -> Result<Vec<Style>, Vec<ThemeProblem>> {
    let mut problems = Vec::new();
    let styles = Role::ALL
        .iter()
        .map(|role| {
            let Some((words, line)) = source.roles.get(role) else { return Style::new() };
            style(words, &source.palette).unwrap_or_else(|message| {
                problems.push(ThemeProblem { line: *line, message: format!("{}: {message}", role.name()) });
                Style::new()
            })
        })
        .collect();
    if problems.is_empty() { Ok(styles) } else { Err(problems) }
}

/// Roles that a file and what it inherits from leave unset.
#[cfg(test)]
pub(super) fn unset(source: &Source) -> Vec<Role> {
    Role::ALL.iter().copied().filter(|role| !source.roles.contains_key(role)).collect()
}

/// `[colour] [on colour] [modifier…]`.
fn style(words: &str, palette: &BTreeMap<String, Word>) -> Result<Style, String> {
    let mut style = Style::new();
    let mut ground = false;
    for word in words.split_whitespace() {
        if word == "on" && !ground {
            ground = true;
        } else if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
            style = style.add_modifier(*modifier);
        } else {
            let found = palette.get(word).map_or_else(|| colour(word), |(text, _)| colour(text));
            let found = found.ok_or_else(|| unknown_word(word, palette))?;
            style = if ground { style.bg(found) } else { style.fg(found) };
        }
    }
    Ok(style)
}

fn unknown_word(word: &str, palette: &BTreeMap<String, Word>) -> String {
    let known = palette.keys().map(String::as_str);
    let known = known.chain(ANSI.iter().map(|(name, _)| *name)).chain(MODIFIERS.iter().map(|(name, _)| *name));
    match near_misses(word, known).as_slice() {
        [] => format!("`{word}` is neither a colour nor a modifier"),
        near => format!("`{word}` is neither a colour nor a modifier; did you mean {}?", near.join(" or ")),
    }
}

fn colour(text: &str) -> Option<Color> {
    if let Some((_, colour)) = ANSI.iter().find(|(name, _)| *name == text) {
        return Some(*colour);
    }
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some(Color::Rgb(part(0)?, part(2)?, part(4)?))
}
