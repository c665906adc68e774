//! The console's state and how messages change it. Pure: no I/O, no clock (time comes in messages), no rectangles.

mod alarms;
mod common;
mod data;
mod hand;
mod labels;
mod layers;
mod moves;
mod navigate;
mod open;
mod selection;
mod summary;
mod tail;
#[cfg(test)]
mod tests;
mod types;
mod update;
mod wants;

pub mod acts;
pub mod command;
pub mod fleet;
pub mod layer;
pub mod logs;
pub mod msg;
pub mod nav;
pub mod pane;
pub mod rank;
pub mod state;
pub mod store;
pub mod view;

pub use command::{Command, Context};
pub use msg::{Effect, Msg, Target, Viewport};
pub use pane::PaneKey;
pub use state::State;
pub use store::Store;
pub use update::{Outcome, update};
pub use view::View;
