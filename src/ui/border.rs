//! The border of a pane and what it carries: number, title, count, filter, order, progress, age, fault; at the bottom what does
//! not fit. Knows nothing of what is inside.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::cx::Cx;
use super::facts::Facts;
use super::layout::{Item, line, spread};
use super::signs;
use super::theme::Role;
use crate::app::nav::Nav;
use crate::model::text;

/// What a border says.
#[derive(Clone, Debug, Default)]
pub(super) struct Border<'a> {
    /// Has the focus.
    pub(super) focused: bool,
    /// Its number, for the keys.
    pub(super) number: Option<usize>,
    /// Its title.
    pub(super) title: &'a str,
    /// Further words at the top, dropped from the highest rank on; those at the right end there.
    pub(super) items: Vec<Item<'a>>,
    /// Words on the bottom line.
    pub(super) below: Vec<Item<'a>>,
}

impl Border<'_> {
    /// Draws it, and returns what is inside.
    pub(super) fn draw(self, cx: &mut Cx, area: Rect) -> Rect {
        if area.width < 4 || area.height < 3 {
            return Rect { height: 0, ..area };
        }
        let line_style = cx.style(if self.focused { Role::BorderFocus } else { Role::Border });
        let title_style = cx.style(if self.focused { Role::TitleFocus } else { Role::Title });
        lines(cx, area, line_style);
        let mut items = Vec::with_capacity(self.items.len() + 1);
        let title = match self.number {
            Some(number) => format!(" {number} {} ", self.title),
            None => format!(" {} ", self.title),
        };
        items.push(Item::new(0, title_style, title));
        items.extend(self.items);
        let inner = Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 };
        let edge = Rect { x: area.x + 2, width: area.width - 4, ..area };
        spread(cx.buf, line(edge, 0), items, 1);
        below(cx, area, self.below);
        inner
    }
}

/// Writes on the bottom line of a border: for what is known only when the inside has been drawn.
pub(super) fn below(cx: &mut Cx, area: Rect, items: Vec<Item>) {
    let edge = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    spread(cx.buf, line(edge, area.height.saturating_sub(1)), items, 1);
}

/// The four edges of an area of at least two lines and columns.
pub(super) fn lines(cx: &mut Cx, area: Rect, style: Style) {
    let (last, inside) = (area.height - 1, area.width - 2);
    cx.pen(line(area, 0)).put("╭", style).rule("─", inside, style).put("╮", style);
    for y in 1..last {
        cx.pen(line(area, y)).put("│", style).skip(inside).put("│", style);
    }
    cx.pen(line(area, last)).put("╰", style).rule("─", inside, style).put("╯", style);
}

/// Progress, fault and age, for the right end of a border.
pub(super) fn condition<'a>(cx: &Cx, facts: &Facts<'a>, columns: u16) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    if let Some(loading) = &facts.loading {
        let words = match cx.ages().silence(loading) {
            Some(words) if columns >= 50 => format!(" ◌ {words} "),
            Some(_) => format!(" ◌ {} ", cx.age(loading.since)),
            None if loading.count > 0 => format!(" ◌ loading {} ", loading.count),
            None => " ◌ loading ".to_owned(),
        };
        items.push(Item::new(2, cx.style(Role::Loading), words).at_right());
    }
    if let Some(trouble) = facts.troubles.first() {
        let (sign, role) = signs::fault(trouble.fault);
        let since = cx.age(trouble.since);
        // In a narrow pane the line below the border has the word.
        let word = if columns < 50 { "" } else { trouble.fault.word() };
        let gap = if word.is_empty() { "" } else { " " };
        items.push(Item::new(1, cx.style(role), format!(" {sign} {word}{gap}{since} ")).at_right());
    }
    if let Some(at) = facts.oldest {
        items.push(Item::new(5, cx.style(Role::Muted), format!(" {} ", cx.age(at))).at_right());
    }
    items
}

/// The filter of a list and how many are marked.
pub(super) fn chosen<'a, K>(cx: &Cx, nav: &Nav<K>) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    if !nav.filter.is_empty() {
        items.push(Item::new(0, cx.style(Role::Match), format!(" /{} ", nav.filter.text())));
    }
    if !nav.marks.is_empty() {
        items.push(Item::new(2, cx.style(Role::Mark), format!(" ◆ {} marked ", nav.marks.len())));
    }
    items
}

/// How many columns there is no room for, before the first that is seen and after it.
pub(super) fn left_out<'a>(cx: &Cx, before: usize, after: usize) -> Vec<Item<'a>> {
    let muted = cx.style(Role::Muted);
    let mut items = Vec::new();
    if before > 0 {
        items.push(Item::new(0, muted, format!(" ← +{} ", text::counted(before, "column", "columns"))).at_right());
    }
    if after > 0 {
        items.push(Item::new(0, muted, format!(" +{} → ", text::counted(after, "column", "columns"))).at_right());
    }
    items
}

/// How far lines are scrolled sideways.
pub(super) fn scrolled<'a>(cx: &Cx, cells: u16) -> Option<Item<'a>> {
    let words = || format!(" ← {} ", text::counted(cells.into(), "cell", "cells"));
    (cells > 0).then(|| Item::new(1, cx.style(Role::Muted), words()).at_right())
}

/// The thumb of a scrollbar on the right border, where not everything is seen.
pub(super) fn scrollbar(cx: &mut Cx, inner: Rect, first: usize, all: usize) {
    let visible = usize::from(inner.height);
    if visible == 0 || all <= visible {
        return;
    }
    let length = (visible * visible / all).max(1);
    let room = visible - length;
    let start = (first * room).div_ceil((all - visible).max(1)).min(room);
    let style = cx.style(Role::Scrollbar);
    let edge = Rect { x: inner.right(), width: 1, ..inner };
    for y in start..start + length {
        cx.pen(line(edge, y as u16)).put("┃", style);
    }
}
