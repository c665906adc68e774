//! Cursor, scroll, filter, sort and marks of one list. The cursor follows what it stands on, not the row number.

use std::collections::HashSet;
use std::hash::Hash;

use crate::model::Filter;

/// The order of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Id of the column.
    pub column: &'static str,
    /// Largest first.
    pub descending: bool,
}

/// Cursor, scroll, filter, sort and marks of one list.
#[derive(Clone, Debug)]
pub struct Nav<K> {
    /// What the cursor stands on.
    pub cursor: Option<K>,
    /// The row it was last seen at: where it stays when what it stood on is gone.
    pub at: usize,
    /// First visible row, as the last frame had it.
    pub top: usize,
    /// Visible rows, as the last frame had them.
    pub height: usize,
    /// Cells scrolled sideways; where there are any, columns stand in their whole widths.
    pub sideways: u16,
    /// What is filtered for.
    pub filter: Filter,
    /// The order; `None` is the list's own (sick first).
    pub sort: Option<Sort>,
    /// What is marked.
    pub marks: HashSet<K>,
}

impl<K> Default for Nav<K> {
    fn default() -> Self {
        Self {
            cursor: None,
            at: 0,
            top: 0,
            height: 20,
            sideways: 0,
            filter: Filter::default(),
            sort: None,
            marks: HashSet::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Nav<K> {
    /// Puts the cursor on a row.
    pub fn place(&mut self, at: usize, key: Option<K>) {
        self.at = at;
        self.cursor = key;
    }

    /// First row to draw so that the cursor is seen in `height` rows, moving as little as possible.
    pub fn first_visible(&self, height: usize, len: usize) -> usize {
        let last_top = len.saturating_sub(height);
        let top = self.top.min(last_top);
        if self.at < top {
            self.at
        } else if height > 0 && self.at >= top + height {
            (self.at + 1 - height).min(last_top)
        } else {
            top
        }
    }
}
