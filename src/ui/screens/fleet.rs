//! The fleet: one row for each environment, the sick first, and above them what the sick have in common.

use std::borrow::Cow;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::fleet::{FleetRow, FleetView};
use crate::app::{PaneKey, Target};
use crate::model::Health;
use crate::ui::border::{self, Border};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::grid::{self, Want};
use crate::ui::layout::{Item, bottom, inset, spread, top};
use crate::ui::matches::Words;
use crate::ui::table::reason_role;
use crate::ui::theme::Role;
use crate::ui::wrap::wrap;
use crate::ui::{blank, header, signs};

/// Titles, whether numbers, least and most cells, rank (the highest is dropped first).
const COLUMNS: [(&str, bool, u16, u16, u8); 13] = [
    ("", false, 1, 1, 0),
    ("ENVIRONMENT", false, 12, 28, 0),
    ("STAGE", false, 9, 9, 1),
    ("SICK FOR", true, 8, 8, 3),
    ("SERVICES", true, 8, 9, 1),
    ("TASKS", true, 7, 9, 5),
    ("DATABASES", true, 9, 9, 4),
    ("ALARMS", true, 6, 8, 2),
    ("DEPLOYED", false, 12, 30, 7),
    ("AGE", true, 4, 8, 6),
    ("ACCOUNT", false, 12, 12, 8),
    ("CALLER", false, 16, 28, 9),
    ("REASON", false, 24, 90, 2),
];

/// Widest table worth drawing.
const WIDEST: u16 = 240;

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, view: &FleetView) {
    let state = cx.state;
    cx.hits.push(area, Target::Pane(PaneKey::Main));
    for row in &state.fleet {
        cx.seen.oldest = [cx.seen.oldest, row.observed].into_iter().flatten().min();
        cx.seen.loading |= row.loading;
        cx.seen.fault = cx.seen.fault.or(row.fault.as_ref().map(|(fault, since)| (&**fault, *since)));
    }
    let area = Rect { width: area.width.min(WIDEST), ..area };
    let cells = area.width.saturating_sub(4);
    let wants = wants(cx, view);
    let widths = grid::fit(&wants, cells, 2);
    let inner = border(cx, area, view, COLUMNS.len() - widths.len());
    let (common, body) = top(inner, u16::from(state.common.is_some()));
    if let Some(words) = &state.common {
        let style = cx.style(Role::Degraded);
        cx.pen(inset(common, 1)).put("▲ in common: ", style).put(words, style);
    }
    if view.order.is_empty() {
        let (empty, words) = (cx.style(Role::Empty), format!("∅ no environment matches {}", view.nav.filter.text()));
        cx.hits.viewports.push((PaneKey::Main, 0, usize::from(body.height), 0));
        return blank::lines(cx, body, &[(empty, words.into())]);
    }
    let (head, body) = top(body, 1);
    let (body, foot) = bottom(body, 1);
    let full = view.order.get(view.nav.at).and_then(|at| state.fleet.get(*at)).map(|row| reason(cx, row));
    let body = match full {
        Some((words, style)) if body.height > 12 && !words.is_empty() => in_full(cx, body, &words, style),
        _ => body,
    };
    titles(cx, head, &widths);
    let visible = usize::from(body.height);
    let first = view.nav.first_visible(visible, view.order.len());
    cx.hits.viewports.push((PaneKey::Main, first, visible, view.order.len()));
    let words = Words::of(&view.nav.filter);
    for (at, place) in (first..view.order.len()).zip(body.rows()) {
        if let Some(row) = state.fleet.get(view.order[at]) {
            draw_row(cx, place, view, at, row, &widths, &words);
        }
    }
    border::scrollbar(cx, body, first, view.order.len());
    totals(cx, inset(foot, 1));
}

fn border(cx: &mut Cx, area: Rect, view: &FleetView, left_out: usize) -> Rect {
    let (shown, all) = (view.order.len(), cx.state.fleet.len());
    let muted = cx.style(Role::Muted);
    let count = if shown == all { format!(" {all} environments ") } else { format!(" {shown}/{all} environments ") };
    let mut items = vec![Item::new(1, muted, count)];
    let sick = cx.state.fleet.iter().filter(|row| row.health.is_sick()).count();
    if sick > 0 {
        items.push(Item::new(1, cx.style(Role::Failed), format!(" {sick}! ")));
    }
    if !view.nav.filter.is_empty() {
        items.push(Item::new(0, cx.style(Role::Match), format!(" /{} ", view.nav.filter.text())));
    }
    if !view.nav.marks.is_empty() {
        items.push(Item::new(2, cx.style(Role::Mark), format!(" ◆ {} marked ", view.nav.marks.len())));
    }
    let mut below = Vec::new();
    if left_out > 0 {
        below.push(Item::new(0, muted, border::left_out(left_out)).at_right());
    }
    Border { focused: true, number: None, title: "fleet", items, below }.draw(cx, area)
}

/// What the columns want: as wide as the rows on the screen and around it need.
fn wants(cx: &Cx, view: &FleetView) -> Vec<Want> {
    let sample = view.order.len().div_ceil(48).max(1);
    let rows: Vec<&FleetRow> = view.order.iter().step_by(sample).filter_map(|at| cx.state.fleet.get(*at)).collect();
    let want = |(at, (title, _, least, most, rank)): (usize, &(&str, bool, u16, u16, u8))| {
        let widest = rows.iter().map(|row| width(&cell(cx, row, at).0)).max().unwrap_or(0);
        Want { least: *least, natural: widest.max(width(title)).clamp(1, *most), rank: *rank }
    };
    COLUMNS.iter().enumerate().map(want).collect()
}

fn titles(cx: &mut Cx, area: Rect, widths: &[(usize, u16)]) {
    let style = cx.style(Role::ColumnTitle);
    let mut pen = cx.pen(area);
    pen.skip(1);
    for (at, cells) in widths {
        let (title, right, ..) = COLUMNS[*at];
        if right {
            pen.cell_right(title, *cells, style)
        } else {
            pen.cell(title, *cells, style)
        };
        pen.skip(2);
    }
}

fn draw_row(
    cx: &mut Cx,
    area: Rect,
    view: &FleetView,
    at: usize,
    row: &FleetRow,
    widths: &[(usize, u16)],
    words: &Words,
) {
    let theme = cx.theme;
    let cells: Vec<(Cow<str>, Style)> = widths.iter().map(|(column, _)| cell(cx, row, *column)).collect();
    // What can't be read again stands back; sign, name, badge and reason do not.
    let stands_back = |column: usize| row.fault.is_some() && (3..=9).contains(&column);
    let mark = if view.nav.marks.contains(&row.environment.name) { "◆" } else { "" };
    // The ground first: the stage's badge keeps its own, under the cursor too.
    if at == view.nav.at {
        cx.tint(area, Role::Cursor);
    }
    let mut pen = cx.pen(area);
    pen.cell(mark, 1, theme[Role::Mark]);
    for ((column, cells), (text, style)) in widths.iter().zip(cells) {
        let style = if stands_back(*column) { theme[Role::Stale] } else { style };
        match *column {
            1 | 12 => words.cell(&mut pen, &text, *cells, style, theme[Role::Match]),
            column if COLUMNS[column].1 => {
                pen.cell_right(&text, *cells, style);
            }
            _ => {
                pen.cell(&text, *cells, style);
            }
        }
        pen.skip(2);
    }
    cx.hits.push(area, Target::Row(PaneKey::Main, at));
}

/// What an environment says in a column.
fn cell<'a>(cx: &Cx, row: &'a FleetRow, column: usize) -> (Cow<'a, str>, Style) {
    let theme = cx.theme;
    let (text, muted) = (theme[Role::Text], theme[Role::Muted]);
    let identity = row.identity.as_deref();
    match column {
        0 => {
            let (sign, role) = sign(row);
            (sign.into(), theme[role])
        }
        1 => (Cow::Borrowed(&*row.environment.name), text),
        2 => {
            let (word, role) = signs::stage(row.environment.stage);
            (format!(" {word} ").into(), theme[role])
        }
        3 => (row.sick_since.map(|at| cx.age(at)).unwrap_or_default().into(), theme[signs::health(row.health).1]),
        4 => count(cx, row.services, Role::Failed),
        5 => match row.tasks {
            Some((have, want)) => {
                (format!("{have}/{want}").into(), if have < want { theme[Role::Degraded] } else { text })
            }
            None => ("".into(), muted),
        },
        6 => count(cx, row.databases, Role::Degraded),
        7 => count(cx, row.alarms, Role::Failed),
        8 => {
            let words = row.deployed.as_ref().map(|(at, what)| format!("{} {what}", cx.age(*at)));
            (words.unwrap_or_default().into(), muted)
        }
        9 => (row.observed.map(|at| cx.age(at)).unwrap_or_default().into(), muted),
        10 => {
            let account = identity.map(|identity| &identity.account).or(row.environment.account.as_ref());
            (account.map_or("", |account| account).into(), muted)
        }
        11 => (identity.map(|identity| header::caller(&identity.arn)).unwrap_or_default(), muted),
        _ => reason(cx, row),
    }
}

fn sign(row: &FleetRow) -> (&'static str, Role) {
    match &row.fault {
        Some((fault, _)) if !row.health.is_sick() => signs::fault(fault),
        _ => signs::health(row.health),
    }
}

/// How many are bad, of how many.
fn count<'a>(cx: &Cx, count: Option<(usize, usize)>, bad: Role) -> (Cow<'a, str>, Style) {
    match count {
        Some((0, all)) => (format!("0/{all}").into(), cx.style(Role::Muted)),
        Some((sick, all)) => (format!("{sick}/{all}").into(), cx.style(bad)),
        None => ("".into(), cx.style(Role::Muted)),
    }
}

/// A fault says more than the rows it keeps from being read.
fn reason<'a>(cx: &Cx, row: &'a FleetRow) -> (Cow<'a, str>, Style) {
    if let Some((fault, since)) = &row.fault {
        let (_, role) = signs::fault(fault);
        let words = format!("{} since {}: {}", fault.word(), cx.clock(*since), signs::advice(fault, cx));
        return (words.into(), cx.style(role));
    }
    if row.loading && row.observed.is_none() {
        let silence = cx.state.unanswered(&row.environment).and_then(|loading| cx.ages().silence(&loading));
        let words = silence.map_or(Cow::Borrowed("◌ loading"), |words| format!("◌ {words}").into());
        return (words, cx.style(Role::Loading));
    }
    (Cow::Borrowed(&*row.reason), cx.style(reason_role(row.health)))
}

/// The reason of the row under the cursor in up to three lines at the bottom; returns what is left above.
fn in_full(cx: &mut Cx, area: Rect, words: &str, style: Style) -> Rect {
    let (rest, place) = bottom(area, 4);
    for (words, place) in wrap(words, place.width.saturating_sub(2)).into_iter().zip(inset(place, 1).rows()).take(3) {
        cx.pen(place).put(words, style);
    }
    rest
}

/// Sums over all environments.
fn totals(cx: &mut Cx, area: Rect) {
    let fleet = &cx.state.fleet;
    let faults = fleet.iter().filter(|row| row.fault.is_some()).count();
    let sum = |part: fn(&FleetRow) -> Option<(usize, usize)>| {
        fleet.iter().filter_map(part).fold((0, 0), |(bad, all), (b, a)| (bad + b, all + a))
    };
    let (services, alarms, databases) = (sum(|row| row.services), sum(|row| row.alarms), sum(|row| row.databases));
    let tasks = fleet.iter().filter_map(|row| row.tasks).fold((0, 0), |(have, want), (h, w)| (have + h, want + w));
    let well = fleet.iter().filter(|row| row.health == Health::Ok && row.fault.is_none()).count();
    let muted = cx.style(Role::Muted);
    let items = vec![
        Item::new(0, muted, format!("{well} of {} well", fleet.len())),
        Item::new(1, muted, format!("· {faults} can't be read")),
        Item::new(2, muted, format!("· services {}/{}", services.0, services.1)),
        Item::new(4, muted, format!("· tasks {}/{}", tasks.0, tasks.1)),
        Item::new(5, muted, format!("· databases {}/{}", databases.0, databases.1)),
        Item::new(3, muted, format!("· alarms {}/{}", alarms.0, alarms.1)),
    ];
    spread(cx.buf, area, items, 1);
}
