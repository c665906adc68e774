//! Where things are on the last frame: for the mouse, for paging, and for the terminal's cursor.

use ratatui::layout::{Position, Rect};

use crate::app::{PaneKey, Target, Viewport};

/// Where things are on a frame.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// What can be hit; what lies on top comes last.
    pub targets: Vec<(Rect, Target)>,
    /// What is seen of each list.
    pub viewports: Vec<Viewport>,
    /// Where the terminal's cursor belongs, while a line is edited.
    pub cursor: Option<Position>,
}

impl Hits {
    /// What lies on top at a cell.
    pub fn at(&self, x: u16, y: u16) -> Option<&Target> {
        let position = Position { x, y };
        self.targets.iter().rev().find(|(area, _)| area.contains(position)).map(|(_, target)| target)
    }

    /// A list that is not scrolled sideways.
    pub(super) fn list(&mut self, key: PaneKey, first: usize, height: usize, all: usize) {
        self.viewports.push(Viewport { key, first, height, all, sideways: 0 });
    }

    pub(super) fn push(&mut self, area: Rect, target: Target) {
        if !area.is_empty() {
            self.targets.push((area, target));
        }
    }
}
