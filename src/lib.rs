//! Quarterdeck: an operations console for the terminal.
//!
//! The binary is a thin wrapper; everything lives here, in rooms with walls between them (`tests/walls.rs` holds them).

pub mod actions;
pub mod app;
pub mod cli;
pub mod config;
pub mod console;
#[cfg(feature = "demo")]
pub mod demo;
pub mod engine;
pub mod guard;
pub mod journal;
pub mod keymap;
pub mod kinds;
pub mod model;
pub mod providers;
pub mod terminal;
pub mod ui;
