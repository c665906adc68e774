//! Filtering and sorting of a list: a plain function, run at once for small lists and off the loop for large ones.

use std::sync::Arc;

use jiff::Timestamp;

use super::nav::Sort;
use super::pane::{PaneKey, RowRef, Shown};
use crate::kinds::{self, titles};
use crate::model::filter::ResourceRow;
use crate::model::{Filter, Resource, Rows, SortKey};

/// Lists up to this many rows are ranked at once; larger ones off the loop, so that a key never waits for them.
pub const AT_ONCE: usize = 2_000;

/// Lists to filter and sort.
#[derive(Clone, Debug)]
pub struct RankJob {
    /// For which list.
    pub pane: PaneKey,
    /// Its generation.
    pub generation: u64,
    /// The lists.
    pub parts: Vec<Arc<Rows>>,
    /// What to let through.
    pub filter: Filter,
    /// In which order; `None` is sick first, then by name.
    pub sort: Option<Sort>,
    /// What was shown before: its order is used again when only the filter is new.
    pub before: Shown,
    /// For ages in filters.
    pub now: Timestamp,
}

impl RankJob {
    /// How many rows it has to look at.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.items.len()).sum()
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Does it.
    pub fn run(self) -> Shown {
        let same_parts = self.parts.len() == self.before.parts.len()
            && self.parts.iter().zip(&self.before.parts).all(|(a, b)| Arc::ptr_eq(a, b));
        let (sorted, sick) = if same_parts && self.sort == self.before.sort {
            (Arc::clone(&self.before.sorted), self.before.sick)
        } else {
            (sort(&self.parts, self.sort.as_ref()), count_sick(&self.parts))
        };
        let order = if self.filter.is_empty() {
            Arc::clone(&sorted)
        } else {
            sorted.iter().copied().filter(|row| self.passes(*row)).collect()
        };
        Shown { parts: self.parts, sorted, sort: self.sort, order, sick }
    }
}

impl RankJob {
    fn passes(&self, row: RowRef) -> bool {
        let part = &self.parts[row.part as usize];
        passes(&self.filter, &part.items[row.row as usize], &part.titles, self.now)
    }
}

fn count_sick(parts: &[Arc<Rows>]) -> usize {
    parts.iter().flat_map(|part| &part.items).filter(|resource| resource.health.is_sick()).count()
}

/// Whether a resource passes a filter that may name its kind's columns, by their titles where the server has named them.
pub fn passes(filter: &Filter, resource: &Resource, titles: &[Arc<str>], now: Timestamp) -> bool {
    let kind = kinds::by_id(resource.id.kind);
    let columns = |id: &str| kind.and_then(|kind| titles::place_of(kind, titles, id));
    filter.matches(&ResourceRow { resource, columns: &columns }, now)
}

fn sort(parts: &[Arc<Rows>], by: Option<&Sort>) -> Arc<[RowRef]> {
    let descending = by.is_some_and(|sort| sort.descending);
    let mut keyed: Vec<(SortKey, RowRef)> = Vec::with_capacity(parts.iter().map(|part| part.items.len()).sum());
    for (p, part) in parts.iter().enumerate() {
        for (r, resource) in part.items.iter().enumerate() {
            keyed.push((key(resource, by), RowRef { part: p as u32, row: r as u32 }));
        }
    }
    keyed.sort_by(|a, b| a.0.order(&b.0, descending));
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn key(resource: &Resource, by: Option<&Sort>) -> SortKey {
    let Some(sort) = by else {
        return SortKey::number_then(-(resource.health as i64), &resource.name);
    };
    match sort.column {
        "name" => SortKey::text(&resource.name),
        "health" => SortKey::number_then(resource.health as i64, &resource.name),
        "environment" => SortKey::text(&resource.id.scope.environment),
        "region" => SortKey::text(&resource.id.scope.region),
        "kind" => SortKey::text(resource.id.kind),
        "reason" => SortKey::text(&resource.reason),
        own => kinds::by_id(resource.id.kind)
            .and_then(|kind| kind.cell(resource, own))
            .map_or_else(|| crate::model::Value::None.sort_key(), crate::model::Value::sort_key),
    }
}
