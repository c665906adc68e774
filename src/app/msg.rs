//! What reaches the state, and what it asks for in turn.

use std::sync::Arc;

use jiff::Timestamp;
use tui_input::InputRequest;

use super::command::Command;
use super::pane::{PaneKey, Shown};
use super::rank::RankJob;
use crate::engine::{Event, Request};

/// What the mouse can hit, found by the last frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A row of a list, counted from the first of the list (not of the screen).
    Row(PaneKey, usize),
    /// Somewhere else in a list.
    Pane(PaneKey),
    /// A column's title.
    Column(PaneKey, &'static str),
    /// An environment in the list at the left.
    Environment(Arc<str>),
    /// A command (a tab, a hint in the footer).
    Command(Command),
}

/// What a frame showed of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewport {
    /// Which list.
    pub key: PaneKey,
    /// Its first visible row.
    pub first: usize,
    /// Visible rows.
    pub height: usize,
    /// All rows.
    pub all: usize,
    /// Cells scrolled sideways, no more than there was something to see.
    pub sideways: u16,
}

/// What reaches the state.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A command.
    Do(Command),
    /// A key of the line that is being edited.
    Edit(InputRequest),
    /// Pasted text.
    Paste(String),
    /// A click, or a double click.
    Click(Target, bool),
    /// The wheel over a list.
    Scroll(PaneKey, i32),
    /// From the engine.
    Event(Event),
    /// A ranking is done.
    Ranked(PaneKey, u64, Shown),
    /// What the last frame showed of each list.
    Viewport(Vec<Viewport>),
    /// Time has passed.
    Tick(Timestamp),
    /// Something the main loop could not do (copying, opening), or did.
    Notice(String),
}

/// What the state asks for.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Of the engine.
    Ask(Request),
    /// Filter and sort what is large, off the loop.
    Rank(RankJob),
    /// Put this on the clipboard (OSC 52).
    Copy(String),
    /// Keep the order of the most recently used environments.
    Remember(Vec<Arc<str>>),
    /// Switch to this theme.
    Theme(String),
    /// Stop as a job of the shell.
    Suspend,
    /// Leave.
    Quit,
}
