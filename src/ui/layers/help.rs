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
use crate::ui::wrap::wrap;

/// Least and most cells of a column of help.
const COLUMN: (u16, u16) = (44, 62);

/// Most cells of keys.
const KEYS: u16 = 20;

/// One line of the help.
enum Line<'h> {
    Title(Group),
    /// Words that do not fit go on below themselves, without keys.
    Key(&'h str, &'h str),
    Empty,
}

/// Draws it, scrolled by so many lines.
pub(super) fn draw(cx: &mut Cx, body: Rect, scrolled: usize) {
    let help = cx.keymap.help();
    let room = body.width.saturating_sub(6);
    let count = (room / (COLUMN.0 + 2)).clamp(1, 3);
    let cells = (room / count).saturating_sub(2).min(COLUMN.1);
    let keys = help.iter().map(|line| width(&line.keys)).max().unwrap_or(0).min(KEYS);
    let lines = lines(&help, cells.saturating_sub(keys + 2));
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
        for (line, place) in column.iter().skip(first).zip(place.rows()) {
            draw_line(cx, left(place, cells).0, line, keys);
        }
    }
}

/// The help with its words in so many cells.
fn lines(help: &[HelpLine], cells: u16) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        if !lines.is_empty() {
            lines.push(Line::Empty);
        }
        lines.push(Line::Title(group));
        for line in help.iter().filter(|line| line.group == group) {
            let mut keys = Some(&*line.keys);
            lines.extend(wrap(line.words, cells).into_iter().map(|words| Line::Key(keys.take().unwrap_or(""), words)));
        }
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
        Line::Key(key, words) => {
            pen.cell(key, keys, theme[Role::Key]).skip(2).put(words, theme[Role::Text]);
        }
    }
}
