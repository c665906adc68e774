//! Which lists have moved since somebody last looked: a place for what has changed, not a queue. A burst of changes is one move.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::Scope;

/// A type of object, by its plural, that has changed in the region of an environment.
pub type Move = (Scope, &'static str);

/// Stands for every type that is watched as the server prints it.
pub const ANY_TYPE: &str = "*";

/// What has changed and was not taken yet.
#[derive(Debug, Default)]
pub struct Moves {
    moved: Mutex<HashSet<Move>>,
    notify: Notify,
}

impl Moves {
    /// Something has changed.
    pub(super) fn tell(&self, scope: &Scope, plural: &'static str) {
        let new = {
            let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
            !moved.iter().any(|(known, what)| *what == plural && known == scope)
                && moved.insert((scope.clone(), plural))
        };
        if new {
            self.notify.notify_one();
        }
    }

    /// Takes what has changed, as soon as there is something. Dropping the future loses nothing.
    pub async fn take(&self) -> HashSet<Move> {
        loop {
            let moved = std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner));
            if !moved.is_empty() {
                return moved;
            }
            self.notify.notified().await;
        }
    }
}
