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

/// From this width of the screen on, services and alarms are counted apart.
const APART: u16 = 160;

/// Cells of a count.
const COUNT: u16 = 5;

/// Columns it takes of a screen this wide; none where the screen is narrow or there is nothing to choose.
pub(super) fn columns(cx: &Cx, screen: u16) -> u16 {
    if screen < 110 || cx.state.fleet.len() < 2 {
        return 0;
    }
    let longest = cx.state.fleet.iter().map(|row| width(&row.environment.name)).max().unwrap_or(0);
    let (longest, counts) = if screen < APART { (longest.min(15), 1) } else { (longest.min(22), 2) };
    longest.max(ENVIRONMENT.len() as u16) + COUNT * counts + 4
}

const ENVIRONMENT: &str = "ENVIRONMENT";

/// Draws it.
pub(super) fn draw(cx: &mut Cx, area: Rect) {
    let (inner, edge) = right(area, 1);
    let border = cx.style(Role::Border);
    for y in 0..edge.height {
        cx.pen(line(edge, y)).put("│", border);
    }
    let (head, rest) = top(inner, 1);
    let titles = cx.style(Role::ColumnTitle);
    let apart = cx.buf.area.width >= APART;
    let counts: &[&str] = if apart { &["SVC!", "ALM!"] } else { &["SICK"] };
    let name_cells = inner.width.saturating_sub(3 + COUNT * counts.len() as u16);
    let mut pen = cx.pen(head);
    pen.skip(3).cell(ENVIRONMENT, name_cells, titles);
    for title in counts {
        pen.cell_right(title, COUNT, titles);
    }
    let mut order: Vec<&FleetRow> = cx.state.fleet.iter().collect();
    order.sort_by_key(|row| Reverse((row.health.is_sick(), row.fault.is_some(), row.health)));
    let room = usize::from(rest.height);
    let shown = if order.len() > room { room.saturating_sub(1) } else { order.len() };
    for (at, row) in order.iter().take(shown).enumerate() {
        draw_row(cx, line(rest, at as u16), row, name_cells, apart);
    }
    if shown < order.len() {
        let more = format!("+{} more", order.len() - shown);
        let muted = cx.style(Role::Muted);
        cx.pen(line(rest, shown as u16)).skip(3).put(&more, muted);
    }
}

fn draw_row(cx: &mut Cx, area: Rect, row: &FleetRow, name_cells: u16, apart: bool) {
    let marked = cx.state.marked.contains(&row.environment.name);
    let (sign, sign_role) = signs::environment(row);
    let theme = cx.theme;
    let name = if marked { Role::Text } else { Role::Muted };
    let unanswered = row.loading.then(|| cx.state.unanswered(&row.environment)).flatten();
    let unanswered = unanswered.filter(|loading| cx.ages().is_silent(loading));
    let loading = if apart { "loading" } else { "…" };
    let waiting = unanswered.map_or_else(|| loading.to_owned(), |loading| format!("◌ {}", cx.age(loading.since)));
    let mut pen = cx.pen(area);
    pen.cell(if marked { "▌" } else { "" }, 1, theme[Role::Mark]).cell(sign, 1, theme[sign_role]).skip(1);
    pen.cell(&row.environment.name, name_cells, theme[name]);
    let rest = pen.left();
    match (&row.fault, row.services) {
        (Some((fault, _)), None) => {
            pen.cell_right(if apart { fault.word() } else { "?" }, rest, theme[sign_role]);
        }
        (_, None) if row.loading => {
            pen.cell_right(&waiting, rest, theme[Role::Loading]);
        }
        (_, services) if apart => {
            count(&mut pen, theme, services.map(|(sick, _)| sick), Role::Failed);
            count(&mut pen, theme, row.alarms.map(|(firing, _)| firing), Role::Degraded);
        }
        _ => count(&mut pen, theme, row.observed.map(|_| row.sick), signs::health(row.health).1),
    }
    if marked {
        cx.tint(area, Role::CursorBlurred);
    }
    let name = Arc::clone(&row.environment.name);
    cx.hits.push(area, Target::Environment(name));
}

fn count(pen: &mut Pen, theme: &Theme, count: Option<usize>, bad: Role) {
    match count {
        Some(0) => pen.cell_right("·", COUNT, theme[Role::Muted]),
        Some(sick) => pen.cell_right(&sick.to_string(), COUNT, theme[bad]),
        None => pen.skip(COUNT),
    };
}
