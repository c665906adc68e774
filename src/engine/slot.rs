//! Where requests wait until their part of the engine takes them: a place for what is wanted, not a queue. Asking never waits and
//! drops nothing, since a newer request is folded into the older ones; taking waits until there is something.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// What has been asked for and not been taken yet.
#[derive(Debug, Default)]
pub(super) struct Slot<T> {
    wanted: Mutex<T>,
    filled: Notify,
}

impl<T: Default> Slot<T> {
    /// Folds a request into what waits.
    pub(super) fn fold(&self, request: impl FnOnce(&mut T)) {
        request(&mut self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        self.filled.notify_one();
    }

    /// Takes all that waits, as soon as there is something. Dropping the future loses nothing.
    pub(super) async fn take(&self) -> T {
        self.filled.notified().await;
        std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_folded_is_taken_once() {
        let slot = Slot::<Vec<u8>>::default();
        slot.fold(|wanted| wanted.push(1));
        slot.fold(|wanted| wanted.push(2));
        assert_eq!(slot.take().await, [1, 2]);
        slot.fold(|wanted| wanted.push(3));
        assert_eq!(slot.take().await, [3]);
    }
}
