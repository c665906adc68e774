//! What kinds have learnt about an environment and want to keep between two questions. Bounded, and forgotten with the clients.
//! Knows nothing of what it keeps.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;

/// As much is kept; the oldest goes first.
const MOST: usize = 256;

/// A thing of any type, by a name that says its type, too.
type Kept = Arc<dyn Any + Send + Sync>;

/// Things by name.
#[derive(Default)]
pub struct Memory(Mutex<IndexMap<String, Kept>>);

impl Memory {
    /// What is kept under this name.
    pub fn get<T: Send + Sync + 'static>(&self, name: &str) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        kept.and_then(|kept| kept.downcast().ok())
    }

    /// Keeps a thing under this name, in place of what was there.
    pub fn keep<T: Send + Sync + 'static>(&self, name: String, thing: Arc<T>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.shift_remove(&name);
        kept.insert(name, thing);
        while kept.len() > MOST {
            kept.shift_remove_index(0);
        }
    }
}

/// It may hold what should not stand in a log.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_types_are_told_apart() {
        let memory = Memory::default();
        for n in 0..=MOST {
            memory.keep(n.to_string(), Arc::new(n));
        }
        memory.keep("1".to_owned(), Arc::new(7_usize));
        assert_eq!(memory.get::<usize>("0"), None);
        assert_eq!((memory.get::<usize>("1").as_deref(), memory.get::<usize>("2").as_deref()), (Some(&7), Some(&2)));
        assert_eq!(memory.get::<String>("2"), None);
    }
}
