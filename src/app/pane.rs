//! A list of resources of one or several kinds over the marked environments.

use std::sync::Arc;

use super::nav::{Nav, Sort};
use crate::model::{KindId, Resource, ResourceId, Rows};

/// Names a list on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaneKey {
    /// A pane of the bridge; 4 is its logs.
    Bridge(usize),
    /// The list, detail, fleet, logs or changes that has the screen.
    Main,
    /// The list of the top layer (palette, picker, menu, help).
    Layer,
}

/// A row of a pane: which of its parts, and which row of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRef {
    /// Index into the parts.
    pub part: u32,
    /// Index into the part's rows.
    pub row: u32,
}

/// What a pane shows: parts and their order belong together and are replaced together, so that a row never stands under a name
/// that is not its own.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The lists it was made from.
    pub parts: Vec<Arc<Rows>>,
    /// All rows in order: a filter that is being typed need not sort again.
    pub sorted: Arc<[RowRef]>,
    /// What they are sorted by.
    pub sort: Option<Sort>,
    /// The rows that pass the filter, in order.
    pub order: Arc<[RowRef]>,
    /// How many of the rows (without the filter) are sick.
    pub sick: usize,
}

impl Shown {
    /// The resource of a row.
    pub fn get(&self, at: usize) -> Option<&Resource> {
        let row = self.order.get(at)?;
        self.parts.get(row.part as usize)?.items.get(row.row as usize)
    }

    /// How many rows there are without the filter.
    pub fn total(&self) -> usize {
        self.sorted.len()
    }

    /// Rows that pass the filter.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The titles that the server has given to the columns; none where the kind's own hold.
    pub fn titles(&self) -> &[Arc<str>] {
        self.parts.iter().map(|part| &*part.titles).find(|titles| !titles.is_empty()).unwrap_or_default()
    }

    /// Whether none passes.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

/// A column of a table over one or several kinds: built in, or a kind's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableColumn {
    /// Health as a sign.
    Health,
    /// The name.
    Name,
    /// The environment; only where several are shown.
    Environment,
    /// The region; only where several are shown.
    Region,
    /// The kind; only where several are shown.
    Kind,
    /// A kind's own column, by id; a kind without it shows nothing there.
    Own(&'static str),
    /// A sparkline of the first metric.
    Spark,
    /// Why it is not well.
    Reason,
}

/// A list of resources.
#[derive(Clone, Debug)]
pub struct Pane {
    /// The word in its border.
    pub title: Arc<str>,
    /// The kinds it shows.
    pub kinds: Arc<[KindId]>,
    /// Only what belongs to this resource.
    pub within: Option<Arc<ResourceId>>,
    /// Its columns, in order.
    pub columns: Vec<TableColumn>,
    /// Cursor, filter, sort, marks.
    pub nav: Nav<Arc<ResourceId>>,
    /// What it shows.
    pub shown: Shown,
    /// Of the newest ranking asked for; an older answer is dropped.
    pub generation: u64,
    /// A ranking is under way (the filter was typed, the result is not there yet).
    pub ranking: bool,
}
