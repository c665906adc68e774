//! The head of a detail: health and why, where it lives, and what it leads to.

use ratatui::layout::Rect;

use crate::app::view::{DetailView, Link};
use crate::app::{PaneKey, Target};
use crate::model::{Health, Query};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::layout::{line, top};
use crate::ui::signs;
use crate::ui::table::reason_role;
use crate::ui::theme::Role;
use crate::ui::wrap::wrap_in;

/// Draws it; returns what is left below.
pub(super) fn draw(cx: &mut Cx, area: Rect, view: &DetailView) -> Rect {
    let (health, reason) = match &view.resource {
        Some(resource) => (resource.health, &*resource.reason),
        None => (Health::Unknown, "not in any list that is known here"),
    };
    let (sign, role) = signs::health(health);
    let style = cx.style(role);
    let mut pen = cx.pen(area);
    pen.put(sign, style).skip(1).put(health.word(), style).skip(2);
    let indent = pen.x().saturating_sub(area.x);
    let reason_style = cx.style(reason_role(health));
    let words = wrap_in(reason, area.width.saturating_sub(indent), usize::from(area.height / 3).max(2));
    let lines = words.len().max(1);
    for (at, words) in words.into_iter().enumerate() {
        cx.pen(line(area, at as u16)).skip(indent).put(words, reason_style);
    }
    let (_, rest) = top(area, lines as u16);
    place(cx, rest, view);
    let (_, rest) = top(rest, 1);
    let used = relations(cx, rest, view);
    let (_, rest) = top(rest, used);
    let faint = cx.style(Role::Faint);
    cx.pen(rest).rule("─", rest.width, faint);
    top(rest, 1).1
}

/// Where it lives.
fn place(cx: &mut Cx, area: Rect, view: &DetailView) {
    let scope = &view.id.scope;
    let muted = cx.style(Role::Muted);
    let mut words = format!("{} · {}", scope.environment, scope.region);
    if let Some(cluster) = &scope.cluster {
        words.push_str(" · ");
        words.push_str(cluster);
    }
    cx.pen(area).put(&words, muted);
}

/// What it leads to, as chips over as many lines as they need; returns how many.
fn relations(cx: &mut Cx, area: Rect, view: &DetailView) -> u16 {
    let (mut x, mut y) = (area.x, 0);
    for (at, link) in view.relations.iter().enumerate() {
        let (words, sick) = words(link);
        let cells = width(&words) + 3;
        if x > area.x && x + cells > area.right() {
            (x, y) = (area.x, y + 1);
        }
        if y >= area.height {
            return area.height;
        }
        let chip = Rect { x, y: area.y + y, width: cells.min(area.width), height: 1 };
        let (accent, text) = (cx.style(Role::Accent), cx.style(if sick { Role::Failed } else { Role::Text }));
        cx.pen(chip).skip(1).put("›", accent).put(&words, text);
        if at == view.at {
            cx.tint(chip, Role::Cursor);
        }
        cx.hits.push(chip, Target::Row(PaneKey::Main, at));
        x += cells + 1;
    }
    if view.relations.is_empty() { 0 } else { y + 1 }
}

/// Its label, how many there are where that is known, and whether one of them is sick.
fn words(link: &Link) -> (String, bool) {
    let label = link.relation.label;
    match (&link.relation.query, link.known) {
        (Query::Detail(id), known) => (format!("{label} {}", id.id), known.is_some_and(|(_, sick)| sick > 0)),
        (_, Some((all, 0))) => (format!("{label} {all}"), false),
        (_, Some((all, sick))) => (format!("{label} {all} {sick}!"), true),
        (_, None) => (label.to_owned(), false),
    }
}
