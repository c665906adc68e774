//! Finds what a filter or a search matched in a text, to show it.

use std::ops::Range;

use ratatui::style::Style;
use regex::Regex;

use super::pen::Pen;
use crate::model::Filter;

/// The plain words of a filter: those that are looked for anywhere in a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(filter: &Filter) -> Self {
        let plain = |word: &&str| !word.starts_with(['!', '/', '"']) && !word.contains(':');
        Self(filter.text().split_whitespace().filter(plain).map(str::to_owned).collect())
    }

    /// Writes a text in so many cells, what matches in another style.
    pub(super) fn cell(&self, pen: &mut Pen, text: &str, cells: u16, plain: Style, hit: Style) {
        let found = self.find(text);
        pen.cell_with(text, cells, |at| if is_in(&found, at) { plain.patch(hit) } else { plain });
    }

    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        for word in &self.0 {
            let places = bytes.windows(word.len()).enumerate();
            let places = places.filter(|(_, window)| window.eq_ignore_ascii_case(word.as_bytes()));
            found.extend(places.map(|(at, _)| at..at + word.len()));
        }
        found
    }
}

/// Where a regular expression matches.
pub(super) fn find(regex: &Regex, text: &str) -> Vec<Range<usize>> {
    regex.find_iter(text).map(|found| found.range()).filter(|range| !range.is_empty()).collect()
}

/// Whether a byte lies in one of the ranges.
pub(super) fn is_in(ranges: &[Range<usize>], at: usize) -> bool {
    ranges.iter().any(|range| range.contains(&at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_found_without_regard_to_case() {
        let words = Words::of(&Filter::parse("back !front state:alarm").unwrap());
        assert_eq!(words.find("lecture-Backend").first(), Some(&(8..12)));
        assert!(words.find("frontend in state alarm").is_empty());
        assert!(Words::default().find("x").is_empty());
    }
}
