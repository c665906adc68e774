//! What the detail of a resource shows.

use std::sync::Arc;

use super::{ResourceId, Value};

/// A block of a detail.
#[derive(Clone, Debug, PartialEq)]
pub enum Section {
    /// Labels and values.
    Fields {
        /// Title of the block.
        title: &'static str,
        /// In the order shown.
        fields: Vec<(Arc<str>, Value)>,
    },
    /// A small table (containers, targets, nodes, deployments, events).
    Table {
        /// Title of the block.
        title: &'static str,
        /// Column titles.
        columns: Vec<&'static str>,
        /// As many cells as columns; a row may lead to a resource.
        rows: Vec<(Vec<Value>, Option<Arc<ResourceId>>)>,
    },
    /// Plain lines.
    Text {
        /// Title of the block.
        title: &'static str,
        /// Cleaned lines.
        lines: Vec<Arc<str>>,
    },
}

/// The detail of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detail {
    /// Blocks, the most telling first.
    pub sections: Vec<Section>,
}
