//! The filter language of every table, on the screen and on the command line: words that must all match, `!` before a word that
//! must not, `column:value` for one column, `/…/` for a regular expression.

mod sieve;

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use regex::{Regex, RegexBuilder};

pub use self::sieve::Sieve;
use super::Value;

/// What numbers, sizes, percentages and ages are written with, in lower case.
const IN_NUMBERS: &[u8] = b"0123456789+-/.% kmgtpib shdyn naf";

/// What a term looks for in a text.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// A part of the text, without regard to case (stored in lower case).
    Part(String),
    /// A regular expression, without regard to case.
    Regex(Regex),
}

impl Pattern {
    /// Whether it is in a text.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Part(part) => contains_ignoring_case(text, part),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// Whether it is in a cell as a table shows it. What can't be in it is not even written out: a hundred thousand rows have a million
    /// numbers and instants.
    fn is_in(&self, cell: &Value, now: Timestamp) -> bool {
        match (cell, self) {
            (Value::List(items), Self::Part(part)) if !part.contains([',', ' ']) => {
                items.iter().any(|item| self.matches(item)) || (part.is_empty() && items.is_empty())
            }
            (Value::None | Value::Text(_) | Value::Bool(_) | Value::Health(_) | Value::List(_), _) => {
                self.matches(&cell.show(now))
            }
            (_, Self::Part(part)) if part.bytes().any(|byte| !IN_NUMBERS.contains(&byte)) => false,
            _ => self.matches(&cell.show(now)),
        }
    }

    /// Where it is in a text, in bytes.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        match self {
            Self::Part(part) if part.is_empty() => Vec::new(),
            Self::Part(part) => {
                let places = text.as_bytes().windows(part.len()).enumerate();
                let places = places.filter(|(_, window)| window.eq_ignore_ascii_case(part.as_bytes()));
                places.map(|(at, _)| at..at + part.len()).collect()
            }
            Self::Regex(regex) => regex.find_iter(text).map(|found| found.range()).collect(),
        }
    }
}

/// Whether `text` contains `part`, which is in lower case already. Where both are ASCII, bytes are compared without allocating, and
/// only from where the first one fits: a hundred thousand rows of texts are looked through for every key.
fn contains_ignoring_case(text: &str, part: &str) -> bool {
    if !part.is_ascii() || !text.is_ascii() {
        return text.to_lowercase().contains(part);
    }
    let Some((first, rest)) = part.as_bytes().split_first() else { return true };
    let text = text.as_bytes();
    let Some(last) = text.len().checked_sub(part.len()) else { return false };
    let fits = |at: usize| text[at + 1..][..rest.len()].eq_ignore_ascii_case(rest);
    text[..=last].iter().enumerate().any(|(at, byte)| byte.to_ascii_lowercase() == *first && fits(at))
}

#[derive(Clone, Debug)]
struct Term {
    inverse: bool,
    column: Option<String>,
    pattern: Pattern,
}

/// A parsed filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("filter `{term}`: {reason}")]
pub struct FilterError {
    /// The term it is about.
    pub term: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a filter can ask of a row that is no resource, so that all share one language.
pub trait Filterable {
    /// Calls `each` with every text that a bare word may match, until it says yes; returns whether it did.
    fn any_text(&self, now: Timestamp, each: &mut dyn FnMut(&str) -> bool) -> bool;
    /// The text of one column, or `None` where the row has no such column.
    fn column_text(&self, column: &str, now: Timestamp) -> Option<String>;
}

impl Filter {
    /// Parses what was typed. A regular expression that is not one is an error that says where.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let terms = split(text).into_iter().map(|term| parse_term(&term)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.trim().to_owned(), terms })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The columns it names, to check them against a kind's.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|term| term.column.as_deref())
    }

    /// What it looks for anywhere in a row.
    pub fn anywhere(&self) -> impl Iterator<Item = &Pattern> {
        self.terms.iter().filter(|term| term.column.is_none() && !term.inverse).map(|term| &term.pattern)
    }

    /// Whether a row passes.
    pub fn matches(&self, row: &dyn Filterable, now: Timestamp) -> bool {
        self.terms.iter().all(|term| {
            let hit = match &term.column {
                Some(column) => row.column_text(column, now).is_some_and(|text| term.pattern.matches(&text)),
                None => row.any_text(now, &mut |text| term.pattern.matches(text)),
            };
            hit != term.inverse
        })
    }
}

/// Splits at white space outside of quotes and slashes.
fn split(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut until: Option<char> = None;
    for c in text.chars() {
        match until {
            Some(end) => {
                term.push(c);
                if c == end {
                    until = None;
                }
            }
            None if c.is_whitespace() => {
                if !term.is_empty() {
                    terms.push(std::mem::take(&mut term));
                }
            }
            None => {
                let opens = term.is_empty() || term.ends_with(['!', ':']);
                if opens && (c == '"' || c == '/') {
                    until = Some(c);
                }
                term.push(c);
            }
        }
    }
    if !term.is_empty() {
        terms.push(term);
    }
    terms
}

fn parse_term(term: &str) -> Result<Term, FilterError> {
    let (inverse, rest) = term.strip_prefix('!').map_or((false, term), |rest| (true, rest));
    let column = rest.split_once(':').filter(|(name, _)| is_column(name));
    let (column, pattern) = column.map_or((None, rest), |(name, value)| (Some(name.to_ascii_lowercase()), value));
    let pattern = if let Some(body) = pattern.strip_prefix('/') {
        let body = body.strip_suffix('/').unwrap_or(body);
        let regex = RegexBuilder::new(body).case_insensitive(true).size_limit(1 << 20).build();
        Pattern::Regex(regex.map_err(|error| FilterError { term: term.to_owned(), reason: last_line(&error) })?)
    } else {
        Pattern::Part(pattern.trim_matches('"').to_lowercase())
    };
    Ok(Term { inverse, column, pattern })
}

/// `name` looks like a column's id, not like a time or a URL's scheme.
fn is_column(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The regex crate draws a picture over several lines; its last line says what is wrong.
fn last_line(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    struct Row(&'static [(&'static str, &'static str)]);

    impl Filterable for Row {
        fn any_text(&self, _: Timestamp, each: &mut dyn FnMut(&str) -> bool) -> bool {
            self.0.iter().any(|(_, text)| each(text))
        }
        fn column_text(&self, column: &str, _: Timestamp) -> Option<String> {
            self.0.iter().find(|(name, _)| *name == column).map(|(_, text)| (*text).to_owned())
        }
    }

    const ROW: Row = Row(&[("name", "Lecture-Backend"), ("state", "ALARM"), ("reason", "exit code 1 at 10:30")]);

    #[rstest]
    #[case("", true)]
    #[case("backend", true)]
    #[case("lecture-b", true)]
    #[case("end", true)]
    #[case("ends", false)]
    #[case("lecture-backend-service", false)]
    #[case("backend alarm", true)]
    #[case("backend ok", false)]
    #[case("!backend", false)]
    #[case("!frontend", true)]
    #[case("state:alarm", true)]
    #[case("!state:alarm", false)]
    #[case("state:/^al.*m$/", true)]
    #[case("/^lecture/", true)]
    #[case("\"exit code 1\"", true)]
    #[case("\"exit code 2\"", false)]
    #[case("10:30", true)]
    #[case("owner:me", false)]
    fn matches(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(Filter::parse(text).unwrap().matches(&ROW, Timestamp::UNIX_EPOCH), expected, "{text}");
    }

    #[test]
    fn what_is_looked_for_anywhere_is_found_without_regard_to_case() {
        let filter = Filter::parse("back !front state:alarm /end$/ \"\"").unwrap();
        let found: Vec<_> = filter.anywhere().flat_map(|pattern| pattern.find("lecture-Backend")).collect();
        assert_eq!(found, [8..12, 12..15]);
    }

    /// Every sort of cell is looked through as it is shown, however it is looked through.
    #[rstest]
    #[case(Value::None)]
    #[case(Value::text("Lecture-Backend"))]
    #[case(Value::Int(-42))]
    #[case(Value::Count { have: 3, want: 14 })]
    #[case(Value::Bytes(1_610_612_736))]
    #[case(Value::Percent(97.3))]
    #[case(Value::Instant(Timestamp::UNIX_EPOCH))]
    #[case(Value::Bool(true))]
    #[case(Value::Health(crate::model::Health::Degraded))]
    #[case(Value::list(["alpha, beta", "gamma"]))]
    #[case(Value::list(Vec::<&str>::new()))]
    fn a_cell_is_found_by_what_it_shows(#[case] cell: Value) {
        let now = Timestamp::from_second(90_000).unwrap();
        let shown = cell.show(now).to_lowercase();
        let parts = (0..shown.len()).flat_map(|from| (from..=shown.len()).map(move |to| (from, to)));
        for part in
            parts.filter_map(|(from, to)| shown.get(from..to)).chain(["", "a", "3/15", "-43", "no", ", ", "gib"])
        {
            let expected = shown.contains(part);
            assert_eq!(Pattern::Part(part.to_owned()).is_in(&cell, now), expected, "{part:?} in {shown:?}");
        }
        let regex = Pattern::Regex(Regex::new("^a.*a$").unwrap());
        assert_eq!(regex.is_in(&cell, now), regex.matches(&cell.show(now)));
    }

    #[test]
    fn a_broken_expression_says_what_is_wrong() {
        let error = Filter::parse("/(open/").unwrap_err();
        assert_eq!(error.term, "/(open/");
        assert!(error.reason.contains("unclosed"), "{}", error.reason);
    }
}
