//! What lies over a view for the sake of an action.

use std::sync::Arc;

use tui_input::InputRequest;

use super::dialog::{Dialog, STOPS};
use super::form::Form;
use super::journal::Record;
use super::menu::Menu;
use super::{Acts, confirm, form, journal, menu, runs};
use crate::app::command::{Command, Context, Motion};
use crate::app::layer::Layer;
use crate::app::moves;
use crate::app::msg::Effect;
use crate::app::state::State;

/// What lies over a view for the sake of an action.
#[derive(Clone, Debug)]
pub enum ActLayer {
    /// The actions of the selection.
    Menu(Menu),
    /// The fields of an action.
    Form(Form),
    /// Something to confirm.
    Dialog(Box<Dialog>),
    /// What is under way and has ended.
    Runs {
        /// Chosen.
        at: usize,
    },
    /// A record of the journal, whole.
    Record(Reading),
    /// Actions whose outcome nobody knows.
    Orphans {
        /// They.
        records: Arc<[Record]>,
        /// Chosen.
        at: usize,
    },
    /// What was done for a time that is over.
    Due {
        /// They.
        records: Arc<[Record]>,
        /// Chosen.
        at: usize,
    },
}

/// A record that is being read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The record.
    pub record: Record,
    /// What of it is seen.
    pub scroll: Scroll,
}

/// Which lines of a text are seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scroll {
    /// First line shown.
    pub top: usize,
    /// Visible lines, as the last frame had them.
    pub height: usize,
    /// Lines in all, as the last frame had them.
    pub all: usize,
}

impl Scroll {
    /// Moves it.
    pub(super) fn by(&mut self, motion: Motion) {
        let last = self.all.saturating_sub(self.height);
        self.top = self.top.saturating_add_signed(moves::lines(motion, self.height)).min(last);
    }
}

impl ActLayer {
    /// What takes the keys while it is on top.
    pub(crate) fn context(&self, acts: &Acts) -> Context {
        match self {
            Self::Form(_) => Context::Field,
            Self::Dialog(dialog) if dialog.focus.is_text() => Context::Field,
            Self::Dialog(dialog) if dialog.takes_letters(acts).is_some() => Context::Answer,
            Self::Dialog(_) => Context::Dialog,
            Self::Menu(_) | Self::Runs { .. } | Self::Record(_) | Self::Orphans { .. } | Self::Due { .. } => {
                Context::Menu
            }
        }
    }

    /// What the last frame showed of it.
    pub(crate) fn seen(&mut self, top: usize, height: usize, all: usize) {
        match self {
            Self::Dialog(dialog) => dialog.scroll = Scroll { top, height, all },
            Self::Record(reading) => reading.scroll = Scroll { top, height, all },
            Self::Menu(_) | Self::Form(_) | Self::Runs { .. } | Self::Orphans { .. } | Self::Due { .. } => {}
        }
    }

    /// Whether a double click means Enter.
    pub(crate) fn opens_by_mouse(&self) -> bool {
        !matches!(self, Self::Dialog(_) | Self::Form(_))
    }
}

/// Carries out a command on the layer of an action that is on top; whether it took it.
pub(crate) fn run(state: &mut State, command: &Command, effects: &mut Vec<Effect>) -> bool {
    if matches!(command, Command::Interrupt | Command::Quit | Command::Suspend) {
        return false;
    }
    let Some(Layer::Act(layer)) = state.layers.last_mut() else { return false };
    match layer {
        ActLayer::Menu(_) => menu::run(state, command, effects),
        ActLayer::Form(_) => form::run(state, command, effects),
        ActLayer::Dialog(_) => confirm::run(state, command, effects),
        ActLayer::Runs { .. } => runs::run(state, command, effects),
        ActLayer::Record(reading) => match command {
            Command::Move(motion) => reading.scroll.by(*motion),
            Command::Close | Command::Back => drop(state.layers.pop()),
            Command::Open | Command::Describe => journal::look(state, effects),
            _ => {}
        },
        ActLayer::Orphans { .. } | ActLayer::Due { .. } => journal::run_list(state, command, effects),
    }
    true
}

/// Chooses a row of the layer on top (a click): of a dialog where the keys go, which never confirms anything by itself.
pub(crate) fn to_row(state: &mut State, row: usize) {
    let State { layers, acts, .. } = state;
    let Some(Layer::Act(layer)) = layers.last_mut() else { return };
    match layer {
        ActLayer::Menu(menu) => menu.at = row.min(menu.offers.len().saturating_sub(1)),
        ActLayer::Form(form) => form.at = row.min(form.fields.len().saturating_sub(1)),
        ActLayer::Runs { at } => *at = row.min(acts.runs.len().saturating_sub(1)),
        ActLayer::Orphans { records, at } | ActLayer::Due { records, at } => {
            *at = row.min(records.len().saturating_sub(1));
        }
        ActLayer::Dialog(dialog) => {
            if let Some(stop) = STOPS.get(row).filter(|stop| dialog.stops(acts).contains(stop)) {
                dialog.focus = *stop;
            }
        }
        ActLayer::Record(_) => {}
    }
}

/// A key of the line that is being edited in the layer of an action.
pub(crate) fn edit(state: &mut State, request: InputRequest) {
    let State { layers, acts, .. } = state;
    let Some(Layer::Act(layer)) = layers.last_mut() else { return };
    match layer {
        ActLayer::Form(form) => form.edit(request),
        ActLayer::Dialog(dialog) => dialog.edit(acts, request),
        ActLayer::Menu(_)
        | ActLayer::Runs { .. }
        | ActLayer::Record(_)
        | ActLayer::Orphans { .. }
        | ActLayer::Due { .. } => {}
    }
}

/// The row that a motion leads to in a list of so many.
pub(super) fn step(motion: Motion, at: usize, len: usize) -> usize {
    const PAGE: usize = 10;
    let to = match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => at + 1,
        Motion::PageUp => at.saturating_sub(PAGE),
        Motion::PageDown => at + PAGE,
        Motion::First => 0,
        Motion::Last => usize::MAX,
    };
    to.min(len.saturating_sub(1))
}
