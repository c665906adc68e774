//! The estate's world, which comes through its past on a thread of its own: the first frame need not wait for that.

use std::panic::resume_unwind;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::world::World;

/// A world that is there as soon as somebody needs it.
pub(super) struct Coming(LazyLock<Mutex<World>, Box<dyn FnOnce() -> Mutex<World> + Send>>);

impl Coming {
    /// One that has no past.
    pub(super) fn ready(world: World) -> Self {
        Self(LazyLock::new(Box::new(|| Mutex::new(world))))
    }

    /// One that has a past to come through until then.
    pub(super) fn through(mut world: World, until: Timestamp) -> Self {
        let thread = std::thread::spawn(move || {
            world.advance_to(until);
            world
        });
        Self(LazyLock::new(Box::new(|| Mutex::new(thread.join().unwrap_or_else(|panic| resume_unwind(panic))))))
    }

    /// The world, waited for where need be.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
