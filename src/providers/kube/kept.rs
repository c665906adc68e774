//! What an action has opened and not taken yet: between sending and following it is kept here, and nowhere else.

use std::sync::{Arc, Mutex, PoisonError};

use super::reach::Reach;
use super::shell::Shell;

/// What was opened.
#[derive(Debug)]
pub enum Opened {
    /// A program that runs in a container.
    Shell(Shell),
    /// A value that somebody asked for.
    Value(Vec<u8>),
}

/// What was opened last and is not taken yet, by its key.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Option<(String, Opened)>>>);

impl Kept {
    pub(super) fn keep(&self, key: &str, opened: Opened) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((key.to_owned(), opened));
    }
}

impl Reach {
    /// What was opened by this key, once.
    pub fn opened(&self, key: &str) -> Option<Opened> {
        let mut kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take_if(|(of, _)| of == key).map(|(_, opened)| opened)
    }
}
