//! The guard with hands that a test holds.

mod any_sequence;
mod arming;
mod carrying;
mod confirming;
mod fake;
mod judging;
mod killed;
