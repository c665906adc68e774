//! What is known: the last good answer of every query, with its age and present fault.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::MetricKey;
use crate::model::{Answer, Detail, Loadable, Points, Query, Rows};

/// The last good answer of every query, shared by the panes.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// By query.
    pub answers: HashMap<Query, Loadable<Answer>>,
    /// Series by resource, label and window.
    pub points: HashMap<MetricKey, Loadable<Arc<Points>>>,
}

impl Store {
    /// What is known of a query.
    pub fn get(&self, query: &Query) -> Option<&Loadable<Answer>> {
        self.answers.get(query)
    }

    /// The rows of a list.
    pub fn rows(&self, query: &Query) -> Option<&Arc<Rows>> {
        match self.answers.get(query)?.get()? {
            Answer::Rows(rows) => Some(rows),
            _ => None,
        }
    }

    /// The detail of a resource.
    pub fn detail(&self, query: &Query) -> Option<&Arc<Detail>> {
        match self.answers.get(query)?.get()? {
            Answer::Detail(detail) => Some(detail),
            _ => None,
        }
    }

    /// The raw JSON of a resource.
    pub fn raw(&self, query: &Query) -> Option<&Arc<str>> {
        match self.answers.get(query)?.get()? {
            Answer::Raw(text) => Some(text),
            _ => None,
        }
    }
}
