//! Themes: how every role looks. Read from files, the built-in ones embedded, an operator's own beside the configuration.

mod builtin;
mod parse;
mod role;
#[cfg(test)]
mod tests;

use std::ops::Index;
use std::path::{Path, PathBuf};

use ratatui::style::Style;

pub use builtin::{DEFAULT, PLAIN};
pub use parse::ThemeProblem;
pub use role::Role;

use crate::model::text::near_misses;

/// A style for every role.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// Made for a dark ground.
    pub dark: bool,
    styles: Vec<Style>,
}

impl Theme {
    /// Reads a theme file. What it does not say comes from the built-in theme that it `inherits` (the default one without
    /// that), so that it needs only what it changes; a changed palette reaches inherited roles too.
    pub fn parse(text: &str) -> Result<Self, Vec<ThemeProblem>> {
        Self::from_source(&parse::read(text, true)?)
    }

    /// A built-in theme.
    pub fn builtin(name: &str) -> Option<Self> {
        Self::from_source(&builtin::source(name)?).ok()
    }

    fn from_source(source: &parse::Source) -> Result<Self, Vec<ThemeProblem>> {
        let styles = parse::resolve(source)?;
        Ok(Self { name: source.name.clone().unwrap_or_default(), dark: source.dark, styles })
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::builtin(DEFAULT).unwrap_or(Self { name: String::new(), dark: true, styles: Vec::new() })
    }
}

impl Index<Role> for Theme {
    type Output = Style;

    fn index(&self, role: Role) -> &Style {
        static UNSET: Style = Style::new();
        self.styles.get(role as usize).unwrap_or(&UNSET)
    }
}

/// All themes there are, and what was wrong with an operator's own.
#[derive(Clone, Debug, Default)]
pub struct Themes {
    list: Vec<Theme>,
    /// What is wrong, by file.
    pub problems: Vec<(PathBuf, ThemeProblem)>,
}

impl Themes {
    /// The built-in ones and those of a folder (`*.toml`, named as their files; one with a built-in name replaces it). A folder
    /// that does not exist has none.
    pub fn load(folder: Option<&Path>) -> Self {
        let mut themes = Self { list: builtin::names().filter_map(Theme::builtin).collect(), problems: Vec::new() };
        let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
        let mut paths: Vec<PathBuf> = entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        for path in paths {
            themes.add(&path);
        }
        themes
    }

    fn add(&mut self, path: &Path) {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text = std::fs::read_to_string(path)
            .map_err(|error| vec![ThemeProblem { line: 1, message: format!("can't be read: {error}") }]);
        match text.and_then(|text| Theme::parse(&text)) {
            Ok(theme) => {
                self.list.retain(|known| known.name != name);
                self.list.push(Theme { name, ..theme });
            }
            Err(problems) => self.problems.extend(problems.into_iter().map(|problem| (path.to_owned(), problem))),
        }
    }

    /// The theme of this name, or the names nearest to it.
    pub fn get(&self, name: &str) -> Result<&Theme, Vec<&str>> {
        let names = || self.list.iter().map(|theme| theme.name.as_str());
        self.list.iter().find(|theme| theme.name == name).ok_or_else(|| near_misses(name, names()))
    }

    /// The names that the theme key walks through: all but the one without colours.
    pub fn names(&self) -> Vec<String> {
        self.list.iter().filter(|theme| theme.name != PLAIN).map(|theme| theme.name.clone()).collect()
    }
}
