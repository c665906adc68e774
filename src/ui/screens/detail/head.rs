//! The head of a detail: health and why, where it lives, and what it leads to.

use ratatui::layout::Rect;

use crate::app::view::DetailView;
use crate::app::{PaneKey, Target};
use crate::model::{Health, Query};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::layout::{line, top};
use crate::ui::signs;
use crate::ui::table::reason_role;
use crate::ui::theme::Role;
use crate::ui::wrap::wrap;

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
    let words = wrap(reason, area.width.saturating_sub(indent));
    let lines = words.len().clamp(1, usize::from(area.height / 3).max(2));
    for (at, words) in words.into_iter().take(lines).enumerate() {
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
    for (at, relation) in view.relations.iter().enumerate() {
        let (words, sick) = words(cx, relation.label, &relation.query, relation.filter.is_some());
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

/// Its label, what is known of how many there are, and whether one of them is sick.
fn words(cx: &Cx, label: &str, query: &Query, filtered: bool) -> (String, bool) {
    match query {
        Query::List { .. } if !filtered => match cx.state.store.rows(query) {
            Some(rows) => {
                let sick = rows.items.iter().filter(|row| row.health.is_sick()).count();
                let bad = if sick > 0 { format!(" {sick}!") } else { String::new() };
                (format!("{label} {}{bad}", rows.items.len()), sick > 0)
            }
            None => (label.to_owned(), false),
        },
        Query::Detail(id) => {
            let sick = cx.state.find(id).is_some_and(|row| row.health.is_sick());
            (format!("{label} {}", id.id), sick)
        }
        _ => (label.to_owned(), false),
    }
}
