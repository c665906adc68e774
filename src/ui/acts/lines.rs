//! Text in so many cells, made line by line and shown from any line on: what is longer than a dialog is scrolled, never cut off.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::wrap::wrap;

/// A piece of a line.
pub(super) type Span = (String, Style);

/// Text in so many cells.
pub(super) struct Lines {
    cells: u16,
    lines: Vec<Vec<Span>>,
}

impl Lines {
    /// None yet.
    pub(super) const fn new(cells: u16) -> Self {
        Self { cells, lines: Vec::new() }
    }

    /// How wide they are.
    pub(super) const fn cells(&self) -> u16 {
        self.cells
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// One line as it is; what does not fit is cut off with a sign.
    pub(super) fn line(&mut self, spans: Vec<Span>) {
        self.lines.push(spans);
    }

    /// An empty line, but not two of them.
    pub(super) fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Vec::new());
        }
    }

    /// Words after a label; further lines stand below the words, not below the label.
    pub(super) fn hang(&mut self, label: Vec<Span>, words: &str, style: Style) {
        let indent: u16 = label.iter().map(|(text, _)| width(text)).sum();
        let mut label = Some(label);
        let cells = self.cells.saturating_sub(indent).max(8);
        for part in wrap(words, cells) {
            let mut line = label.take().unwrap_or_else(|| vec![(" ".repeat(usize::from(indent)), style)]);
            line.push((part.to_owned(), style));
            self.lines.push(line);
        }
        self.lines.extend(label);
    }

    /// Draws them from a line on; returns the first that is shown.
    pub(super) fn draw(&self, cx: &mut Cx, area: Rect, top: usize) -> usize {
        let first = top.min(self.lines.len().saturating_sub(usize::from(area.height)));
        for (line, place) in self.lines.iter().skip(first).zip(area.rows()) {
            let mut pen = cx.pen(place);
            for (text, style) in line {
                pen.put(text, *style);
            }
        }
        first
    }
}
