//! What a filter or a search matched: where in a text, to mark it, and where out of sight, to say so.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use ratatui::style::Style;
use regex::Regex;

use super::pen::Pen;
use crate::model::Filter;
use crate::model::filter::Pattern;

/// Writes a text in so many cells, what a filter looks for anywhere in another style.
pub(super) fn cell(pen: &mut Pen, filter: &Filter, text: &str, cells: u16, plain: Style, hit: Style) {
    let found: Vec<Range<usize>> = filter.anywhere().flat_map(|pattern| pattern.find(text)).collect();
    pen.cell_with(text, cells, |at| if is_in(&found, at) { plain.patch(hit) } else { plain });
}

/// Where a regular expression matches.
pub(super) fn find(regex: &Regex, text: &str) -> Vec<Range<usize>> {
    regex.find_iter(text).map(|found| found.range()).filter(|range| !range.is_empty()).collect()
}

/// Whether a byte lies in one of the ranges.
pub(super) fn is_in(ranges: &[Range<usize>], at: usize) -> bool {
    ranges.iter().any(|range| range.contains(&at))
}

/// Rows on the screen that pass a filter only for what stands in columns that are not.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    rows: usize,
    columns: BTreeSet<String>,
}

impl Unseen {
    /// Looks at a row: the texts of its columns, each with its name and whether the column is on the screen.
    pub(super) fn look<N: AsRef<str>>(&mut self, filter: &Filter, texts: &[(N, bool, Cow<str>)]) {
        let hidden = |pattern: &Pattern| {
            let mut hits = texts.iter().filter(|(.., text)| pattern.matches(text)).peekable();
            let first = hits.peek().map(|(column, ..)| column.as_ref().to_owned());
            if hits.any(|(_, shown, _)| *shown) { None } else { first }
        };
        let found: BTreeSet<String> = filter.anywhere().filter_map(hidden).collect();
        self.rows += usize::from(!found.is_empty());
        self.columns.extend(found);
    }

    /// In words, where there are any.
    pub(super) fn words(&self) -> Option<String> {
        let verb = if self.rows == 1 { "matches" } else { "match" };
        let columns = self.columns.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        (self.rows > 0).then(|| format!(" {} here {verb} only in columns not shown: {columns} ", self.rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_shown_column_tells_is_unseen() {
        let filter = Filter::parse("back !x state:alarm").unwrap();
        let mut unseen = Unseen::default();
        let mut look = |name: &'static str, az: &'static str, image: &'static str| {
            let texts = [("name", true, name), ("az", false, az), ("image", false, image)];
            unseen.look(&filter, &texts.map(|(column, shown, text)| (column, shown, Cow::Borrowed(text))));
        };
        look("backend", "back", "");
        look("front", "", "back:1");
        look("front", "back-1a", "back:2");
        look("front", "", "");
        assert_eq!(unseen.words().as_deref(), Some(" 2 here match only in columns not shown: az, image "));
        assert_eq!(Unseen::default().words(), None);
    }
}
