//! The list of environments at the left edge: sick first, the marked ones marked.

use std::cmp::Reverse;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::cx::Cx;
use super::glyph::width;
use super::layout::{line, right, top};
use super::pen::Pen;
use super::signs;
use super::theme::{Role, Theme};
use crate::app::Target;
use crate::app::fleet::FleetRow;

/// Columns it takes of a screen this wide; none where the screen is narrow or there is nothing to choose.
pub(super) fn columns(cx: &Cx, screen: u16) -> u16 {
    if screen < 110 || cx.state.fleet.len() < 2 {
        return 0;
    }
    let longest = cx.state.fleet.iter().map(|row| width(&row.environment.name)).max().unwrap_or(0);
    (longest + 12).clamp(22, if screen < 160 { 27 } else { 34 })
}

/// Draws it.
pub(super) fn draw(cx: &mut Cx, area: Rect) {
    let (inner, edge) = right(area, 1);
    let border = cx.style(Role::Border);
    for y in 0..edge.height {
        cx.pen(line(edge, y)).put("│", border);
    }
    let (head, rest) = top(inner, 1);
    let titles = cx.style(Role::ColumnTitle);
    let name_cells = inner.width.saturating_sub(11);
    cx.pen(head)
        .skip(1)
        .cell("ENVIRONMENT", name_cells + 2, titles)
        .cell_right("SVC", 4, titles)
        .cell_right("ALM", 4, titles);
    let mut order: Vec<&FleetRow> = cx.state.fleet.iter().collect();
    order.sort_by_key(|row| Reverse((row.health.is_sick(), row.fault.is_some(), row.health)));
    let room = usize::from(rest.height);
    let shown = if order.len() > room { room.saturating_sub(1) } else { order.len() };
    for (at, row) in order.iter().take(shown).enumerate() {
        draw_row(cx, line(rest, at as u16), row, name_cells);
    }
    if shown < order.len() {
        let more = format!("+{} more", order.len() - shown);
        let muted = cx.style(Role::Muted);
        cx.pen(line(rest, shown as u16)).skip(3).put(&more, muted);
    }
}

fn draw_row(cx: &mut Cx, area: Rect, row: &FleetRow, name_cells: u16) {
    let marked = cx.state.marked.contains(&row.environment.name);
    let (sign, sign_role) = match &row.fault {
        Some((fault, _)) if !row.health.is_sick() => signs::fault(fault),
        _ => signs::health(row.health),
    };
    let theme = cx.theme;
    let name = if marked { Role::Text } else { Role::Muted };
    let unanswered = row.loading.then(|| cx.state.unanswered(&row.environment)).flatten();
    let unanswered = unanswered.filter(|loading| cx.ages().is_silent(loading));
    let waiting = unanswered.map_or_else(|| "loading".to_owned(), |loading| format!("◌ {}", cx.age(loading.since)));
    let mut pen = cx.pen(area);
    pen.cell(if marked { "▌" } else { "" }, 1, theme[Role::Mark]).cell(sign, 1, theme[sign_role]).skip(1);
    pen.cell(&row.environment.name, name_cells, theme[name]);
    match (&row.fault, row.services) {
        (Some((fault, _)), None) => {
            pen.skip(1).cell_right(fault.word(), 7, theme[sign_role]);
        }
        (_, None) if row.loading => {
            pen.skip(1).cell_right(&waiting, 7, theme[Role::Loading]);
        }
        (_, services) => {
            count(&mut pen, theme, services, Role::Failed);
            count(&mut pen, theme, row.alarms, Role::Degraded);
        }
    }
    if marked {
        cx.tint(area, Role::CursorBlurred);
    }
    let name = Arc::clone(&row.environment.name);
    cx.hits.push(area, Target::Environment(name));
}

fn count(pen: &mut Pen, theme: &Theme, count: Option<(usize, usize)>, bad: Role) {
    match count {
        Some((0, _)) => pen.cell_right("·", 4, theme[Role::Muted]),
        Some((sick, _)) => pen.cell_right(&sick.to_string(), 4, theme[bad]),
        None => pen.skip(4),
    };
}
