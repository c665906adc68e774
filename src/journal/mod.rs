//! The audit record: what was intended, sent and came of it, written before and after, never changed. Knows files and the model,
//! nothing of who asks.

mod entry;

pub use entry::{Entry, Event, Outcome, Place, Who};
