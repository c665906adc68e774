//! The help: every command with its keys, in as many columns as fit, from the keymap.

use ratatui::layout::Rect;

use super::boxed;
use crate::app::PaneKey;
use crate::keymap::{Group, HelpLine};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::layout::left;
use crate::ui::theme::Role;

/// Least and most cells of a column of help.
const COLUMN: (u16, u16) = (44, 62);

/// One line of the help.
enum Line<'h> {
    Title(Group),
    Key(&'h HelpLine),
    Empty,
}

/// Draws it, scrolled by so many lines.
pub(super) fn draw(cx: &mut Cx, body: Rect, scrolled: usize) {
    let help = cx.keymap.help();
    let lines = lines(&help);
    let room = body.width.saturating_sub(6);
    let columns = (room / (COLUMN.0 + 2)).clamp(1, 3);
    let cells = (room / columns).saturating_sub(2).min(COLUMN.1);
    let height = (lines.len() as u16).div_ceil(columns) + columns;
    let inner = boxed(cx, body, columns * (cells + 2), height, "help", "Esc closes");
    let visible = usize::from(inner.height);
    let columns_of_lines = split(&lines, usize::from(columns), visible.max(usize::from(height)));
    let longest = columns_of_lines.iter().map(|column| column.len()).max().unwrap_or(0);
    let first = scrolled.min(longest.saturating_sub(visible));
    cx.hits.viewports.push((PaneKey::Layer, first, visible, longest));
    let keys = help.iter().map(|line| width(&line.keys)).max().unwrap_or(0).min(20);
    let mut rest = inner;
    for column in columns_of_lines {
        let (place, after) = left(rest, cells + 2);
        rest = after;
        for (line, place) in column.iter().skip(first).zip(place.rows()) {
            draw_line(cx, left(place, cells).0, line, keys);
        }
    }
}

fn lines(help: &[HelpLine]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        if !lines.is_empty() {
            lines.push(Line::Empty);
        }
        lines.push(Line::Title(group));
        lines.extend(help.iter().filter(|line| line.group == group).map(Line::Key));
    }
    lines
}

/// Cuts the lines into columns, between groups where that fits.
fn split<'s, 'h>(lines: &'s [Line<'h>], columns: usize, height: usize) -> Vec<&'s [Line<'h>]> {
    let mut rest = lines;
    let mut all = Vec::with_capacity(columns);
    for left in (1..=columns).rev() {
        if left == 1 {
            all.push(rest);
            break;
        }
        let even = rest.len().div_ceil(left).min(height);
        let gap = |at: &usize| matches!(rest.get(*at), Some(Line::Empty));
        let cut = (even..rest.len().min(height)).find(gap).or_else(|| (1..even).rev().find(gap)).unwrap_or(rest.len());
        all.push(&rest[..cut]);
        rest = rest.get(cut + 1..).unwrap_or_default();
    }
    all
}

fn draw_line(cx: &mut Cx, area: Rect, line: &Line, keys: u16) {
    let theme = cx.theme;
    let mut pen = cx.pen(area);
    match line {
        Line::Empty => {}
        Line::Title(group) => {
            pen.put(group.title(), theme[Role::TitleFocus]);
        }
        Line::Key(line) => {
            pen.cell(&line.keys, keys, theme[Role::Key]).skip(2).put(line.words, theme[Role::Text]);
        }
    }
}
