//! The help: every command with its keys, in as many columns as fit, from the keymap.

use ratatui::layout::Rect;

use super::boxed;
use crate::app::PaneKey;
use crate::keymap::{Group, HelpLine};
use crate::ui::border::scrollbar;
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
    let count = (room / (COLUMN.0 + 2)).clamp(1, 3);
    let cells = (room / count).saturating_sub(2).min(COLUMN.1);
    let columns = split(&lines, usize::from(count));
    let all = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    let inner = boxed(cx, body, count * (cells + 2), all as u16, "help", "");
    let visible = usize::from(inner.height);
    let first = scrolled.min(all.saturating_sub(visible));
    cx.hits.list(PaneKey::Layer, first, visible, all);
    scrollbar(cx, Rect { width: inner.width + 1, ..inner }, first, all);
    let mut rest = inner;
    for column in columns {
        let (place, after) = left(rest, cells + 2);
        rest = after;
        let keys = column.iter().map(|line| if let Line::Key(line) = line { width(&line.keys) } else { 0 }).max();
        for (line, place) in column.iter().skip(first).zip(place.rows()) {
            draw_line(cx, left(place, cells).0, line, keys.unwrap_or(0).min(20));
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

/// Cuts the lines into columns between groups, the longest as short as can be.
fn split<'s, 'h>(lines: &'s [Line<'h>], columns: usize) -> Vec<&'s [Line<'h>]> {
    if columns <= 1 {
        return vec![lines];
    }
    let gaps = lines.iter().enumerate().filter(|(_, line)| matches!(line, Line::Empty)).map(|(at, _)| at);
    let cut = |at: usize| {
        let mut parts = vec![&lines[..at]];
        parts.extend(split(&lines[at + 1..], columns - 1));
        parts
    };
    let longest = |parts: &Vec<&[Line]>| parts.iter().map(|part| part.len()).max();
    gaps.map(cut).min_by_key(longest).unwrap_or_else(|| vec![lines])
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
