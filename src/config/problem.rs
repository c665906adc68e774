//! Mistakes in files that people write, each with the place it stands at and what would be right.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::model::text;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The column in characters, counted from 1; 0 where the line as a whole is meant.
    pub column: usize,
}

impl Place {
    /// A whole file.
    pub fn file(file: &Path) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0 }
    }

    /// A whole line.
    pub fn line(file: &Path, line: usize) -> Self {
        Self { file: file.to_owned(), line, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        for number in [self.line, self.column].into_iter().take_while(|number| *number > 0) {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// One mistake: where, what, and what is allowed there. Its message is cleaned: it may quote what stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where; `None` for what comes from an environment variable or is missing altogether.
    pub place: Option<Place>,
    /// What is wrong, in one line.
    pub message: String,
    /// What is allowed or meant, in one line; empty where nothing can be said.
    pub allowed: String,
}

impl Problem {
    /// A mistake at a place.
    pub fn new(place: Option<Place>, message: impl AsRef<str>, allowed: impl AsRef<str>) -> Self {
        let clean = |text: &str| text::clean(text).into_owned();
        Self { place, message: clean(message.as_ref()), allowed: clean(allowed.as_ref()) }
    }

    /// The `allowed` of a word that is not one of a set: the near misses, or else the whole set.
    pub fn one_of<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str> + Clone) -> String {
        let near = text::near_misses(word, allowed.clone());
        if near.is_empty() {
            let mut all: Vec<_> = allowed.into_iter().map(|word| format!("`{word}`")).collect();
            all.sort();
            all.dedup();
            let more = all.len().saturating_sub(MANY);
            all.truncate(MANY);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            return if all.is_empty() { String::new() } else { format!("allowed: {}{rest}", all.join(", ")) };
        }
        let near: Vec<_> = near.into_iter().map(|word| format!("`{word}`")).collect();
        format!("did you mean {}?", near.join(" or "))
    }
}

/// As many allowed words as one line can name.
const MANY: usize = 24;

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        if self.allowed.is_empty() { Ok(()) } else { write!(f, " ({})", self.allowed) }
    }
}

/// Collects the mistakes of one file while it is read, turning offsets into lines.
pub(super) struct Report<'t> {
    file: &'t Path,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
    unused: RefCell<Vec<Problem>>,
    also_read: RefCell<Vec<PathBuf>>,
    pub(super) broken: Cell<bool>,
}

/// What came of reading a file.
pub(super) struct Findings {
    /// The mistakes, those of the files it names after its own.
    pub(super) problems: Vec<Problem>,
    /// What is not used yet.
    pub(super) unused: Vec<Problem>,
    /// The files it names that were read, too.
    pub(super) also_read: Vec<PathBuf>,
}

impl<'t> Report<'t> {
    pub(super) fn new(file: &'t Path, text: &'t str) -> Self {
        Self {
            file,
            text,
            problems: RefCell::default(),
            unused: RefCell::default(),
            also_read: RefCell::default(),
            broken: Cell::new(false),
        }
    }

    /// The folder of the file.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// The place of a span of bytes.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// What stands at a span, for messages.
    pub(super) fn quote(&self, span: &Range<usize>) -> &str {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        line.char_indices().nth(40).map_or(line, |(end, _)| &line[..end])
    }

    /// Notes a mistake.
    pub(super) fn problem(&self, span: &Range<usize>, message: impl AsRef<str>, allowed: impl AsRef<str>) {
        self.problems.borrow_mut().push(Problem::new(Some(self.place(span)), message, allowed));
    }

    /// How many mistakes there are so far.
    pub(super) fn count(&self) -> usize {
        self.problems.borrow().len()
    }

    /// Takes over the mistakes of a file that this one names.
    pub(super) fn take(&self, problems: Vec<Problem>) {
        self.problems.borrow_mut().extend(problems);
    }

    /// Notes that another file was read because of this one.
    pub(super) fn also_read(&self, file: PathBuf) {
        self.also_read.borrow_mut().push(file);
    }

    /// Notes something right that nothing uses yet; each `what` is named once, where it stands first.
    pub(super) fn unused(&self, span: &Range<usize>, what: &str) {
        let message = format!("{what} is not used yet");
        let mut unused = self.unused.borrow_mut();
        let place = self.place(span);
        match unused.iter_mut().find(|note| note.message == message) {
            Some(note) if note.place.as_ref().is_some_and(|old| *old > place) => note.place = Some(place),
            Some(_) => {}
            None => unused.push(Problem::new(Some(place), message, "")),
        }
    }

    /// What was found, in the order of the file.
    pub(super) fn finish(self) -> Findings {
        let (mut problems, mut unused) = (self.problems.into_inner(), self.unused.into_inner());
        let own = |problem: &Problem| problem.place.as_ref().is_none_or(|place| place.file == self.file);
        problems.sort_by(|a, b| (!own(a), &a.place).cmp(&(!own(b), &b.place)));
        unused.sort_by(|a, b| a.place.cmp(&b.place));
        Findings { problems, unused, also_read: self.also_read.into_inner() }
    }
}
