//! The fleet: one row for each environment, the sick first, and above them what the sick have in common.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::fleet::{FleetRow, FleetView, Tally};
use crate::app::{PaneKey, Target, Viewport};
use crate::model::{Fault, Health, Stage, text};
use crate::ui::border::{self, Border};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::grid::{self, Want};
use crate::ui::layout::{Item, bottom, inset, spread, top};
use crate::ui::matches::{self, Unseen};
use crate::ui::table::reason_role;
use crate::ui::theme::Role;
use crate::ui::wrap::wrap_in;
use crate::ui::{blank, header, signs};

/// A column.
struct Column {
    title: &'static str,
    /// Numbers are set to the right.
    right: bool,
    /// Least and most cells.
    cells: (u16, u16),
    /// The highest is dropped first.
    rank: u8,
}

const fn words(title: &'static str, least: u16, most: u16, rank: u8) -> Column {
    Column { title, right: false, cells: (least, most), rank }
}

const fn number(title: &'static str, most: u16, rank: u8) -> Column {
    Column { title, right: true, cells: (4, most), rank }
}

/// What is counted as sick says so in its title and is written `2 of 14`; `31/33` is running of desired.
const COLUMNS: [Column; 15] = [
    words("", 1, 1, 0),
    words("ENVIRONMENT", 12, 28, 0),
    words("STAGE", 9, 9, 1),
    number("SICK FOR", 8, 3),
    number("SICK SVC", 11, 1),
    number("TASKS", 9, 5),
    number("SICK DB", 11, 4),
    number("FIRING", 11, 2),
    number("LOCKS", 8, 10),
    number("SICK CERT", 11, 11),
    words("DEPLOYED", 12, 30, 7),
    number("AGE", 8, 6),
    words("ACCOUNT", 12, 12, 8),
    words("CALLER", 16, 28, 9),
    words("REASON", 24, 90, 0),
];

/// Index of the reason.
const REASON: usize = 14;

/// Least cells of a reason when there is no room for more.
const TIGHT: u16 = 14;

/// Sign and name stand still when the others are scrolled.
const STILL: usize = 2;

/// Widest table worth drawing.
const WIDEST: u16 = 240;

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, view: &FleetView) {
    let state = cx.state;
    cx.hits.push(area, Target::Pane(PaneKey::Main));
    for row in &state.fleet {
        cx.seen.oldest = [cx.seen.oldest, row.observed].into_iter().flatten().min();
        cx.seen.loading |= row.loading;
        if let Some((fault, since)) = &row.fault {
            cx.seen.fault(&row.environment.name, fault, *since);
        }
    }
    let area = Rect { width: area.width.min(WIDEST), ..area };
    let laid = grid::lay(&wants(cx, view), area.width.saturating_sub(4), 2, STILL, view.nav.sideways);
    let inner = border(cx, area, view);
    let (common, body) = top(inner, u16::from(state.common.is_some()));
    if let Some(words) = &state.common {
        let style = cx.style(Role::Degraded);
        cx.pen(inset(common, 1)).put("▲ in common: ", style).put(words, style);
    }
    if view.order.is_empty() {
        let (empty, words) = (cx.style(Role::Empty), format!("∅ no environment matches {}", view.nav.filter.text()));
        cx.hits.list(PaneKey::Main, 0, usize::from(body.height), 0);
        return blank::lines(cx, body, &[(empty, words.into())]);
    }
    let (head, body) = top(body, 1);
    let (body, foot) = bottom(body, 1);
    let full = view.order.get(view.nav.at).and_then(|at| state.fleet.get(*at)).map(|row| reason(cx, row));
    let body = match full {
        Some((words, style)) if body.height > 12 && !words.is_empty() => in_full(cx, body, &words, style),
        _ => body,
    };
    titles(cx, head, &laid.columns);
    let (visible, all) = (usize::from(body.height), view.order.len());
    let first = view.nav.first_visible(visible, all);
    cx.hits.viewports.push(Viewport { key: PaneKey::Main, first, height: visible, all, sideways: laid.sideways });
    let mut unseen = Unseen::default();
    for (at, place) in (first..all).zip(body.rows()) {
        if let Some(row) = state.fleet.get(view.order[at]) {
            draw_row(cx, place, view, at, row, &laid.columns);
            unseen.look(&view.nav.filter, &texts(row, &laid.columns));
        }
    }
    border::scrollbar(cx, body, first, all);
    totals(cx, inset(foot, 1));
    let mut below = border::left_out(cx, laid.before, laid.after);
    below.extend(unseen.words().map(|words| Item::new(1, cx.style(Role::Match), words)));
    border::below(cx, area, below);
}

fn border(cx: &mut Cx, area: Rect, view: &FleetView) -> Rect {
    let (shown, all) = (view.order.len(), cx.state.fleet.len());
    let whole = text::counted(all, "environment", "environments");
    let count = if shown == all { format!(" {whole} ") } else { format!(" {shown} of {whole} ") };
    let mut items = vec![Item::new(1, cx.style(Role::Muted), count)];
    let sick = cx.state.fleet.iter().filter(|row| row.health.is_sick()).count();
    if sick > 0 {
        items.push(Item::new(1, cx.style(Role::Failed), format!(" {sick}! ")));
    }
    items.extend(border::chosen(cx, &view.nav));
    Border { focused: true, number: None, title: "fleet", items, below: Vec::new() }.draw(cx, area)
}

/// What the columns want: as wide as a sample of the rows needs.
fn wants(cx: &Cx, view: &FleetView) -> Vec<Want> {
    let sample = view.order.len().div_ceil(48).max(1);
    let rows: Vec<&FleetRow> = view.order.iter().step_by(sample).filter_map(|at| cx.state.fleet.get(*at)).collect();
    let want = |(at, column): (usize, &Column)| {
        let widest = rows.iter().map(|row| width(&cell(cx, row, at).0)).max().unwrap_or(0);
        let (least, most) = column.cells;
        let natural = widest.max(width(column.title)).clamp(1, most);
        let least = if column.right { natural } else { least };
        Want { tight: if at == REASON { TIGHT } else { least }, least, natural, rank: column.rank }
    };
    COLUMNS.iter().enumerate().map(want).collect()
}

fn titles(cx: &mut Cx, area: Rect, widths: &[(usize, u16)]) {
    let style = cx.style(Role::ColumnTitle);
    let mut pen = cx.pen(area);
    pen.skip(1);
    for (at, cells) in widths {
        let column = &COLUMNS[*at];
        if column.right {
            pen.cell_right(column.title, *cells, style)
        } else {
            pen.cell(column.title, *cells, style)
        };
        pen.skip(2);
    }
}

fn draw_row(cx: &mut Cx, area: Rect, view: &FleetView, at: usize, row: &FleetRow, widths: &[(usize, u16)]) {
    let theme = cx.theme;
    let cells: Vec<(Cow<str>, Style)> = widths.iter().map(|(column, _)| cell(cx, row, *column)).collect();
    // What can't be read again stands back; sign, name, badge and reason do not.
    let stands_back = |column: usize| row.fault.is_some() && (3..=11).contains(&column);
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
            1 | REASON => {
                let more = if *column == REASON { more(row) } else { String::new() };
                let cells = cells.saturating_sub(width(&more));
                matches::cell(&mut pen, &view.nav.filter, &text, cells.min(width(&text)), style, theme[Role::Match]);
                pen.cell(&more, cells - cells.min(width(&text)) + width(&more), theme[Role::Muted]);
            }
            column if COLUMNS[column].right => {
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

/// How many parts are sick besides the one that the reason is about.
fn more(row: &FleetRow) -> String {
    if row.sick > 1 && telling(row).is_none() { format!(" +{} more", row.sick - 1) } else { String::new() }
}

/// What filters find in an environment, each with its column and whether that is on the screen.
fn texts<'r>(row: &'r FleetRow, widths: &[(usize, u16)]) -> [(&'static str, bool, Cow<'r, str>); 7] {
    let shown = |column: usize| widths.iter().any(|(at, _)| *at == column);
    let environment = &row.environment;
    let fault = row.fault.as_ref().map_or("", |(fault, _)| fault.word());
    let reason = shown(REASON) && telling(row).is_none();
    let account = row.identity.as_ref().map_or("", |identity| &*identity.account);
    [
        ("name", true, (&*environment.name).into()),
        ("customer", false, environment.customer.as_deref().unwrap_or_default().into()),
        ("stage", shown(2), environment.stage.map_or("", Stage::word).into()),
        ("account", shown(12), account.into()),
        ("health", true, row.health.word().into()),
        ("fault", shown(REASON) && !reason, fault.into()),
        ("reason", reason, (&*row.reason).into()),
    ]
}

/// What an environment says in a column.
fn cell<'a>(cx: &Cx, row: &'a FleetRow, column: usize) -> (Cow<'a, str>, Style) {
    let theme = cx.theme;
    let (text, muted) = (theme[Role::Text], theme[Role::Muted]);
    let identity = row.identity.as_deref();
    match column {
        0 => {
            let (sign, role) = signs::environment(row);
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
        8 => locks(cx, row.locks),
        9 => match row.certificates {
            Tally::Unread => ("?".into(), muted),
            known => count(cx, known.counted(), Role::Degraded),
        },
        10 => {
            let words = row.deployed.as_ref().map(|(at, what)| format!("{:>4} {what}", cx.age(*at)));
            (words.unwrap_or_default().into(), muted)
        }
        11 => (row.observed.map(|at| cx.age(at)).unwrap_or_default().into(), muted),
        12 => {
            let account = identity.map(|identity| &identity.account).or(row.environment.account.as_ref());
            (account.map_or("", |account| account).into(), muted)
        }
        13 => (identity.map(|identity| header::caller(&identity.arn)).unwrap_or_default(), muted),
        _ => reason(cx, row),
    }
}

/// How many are bad, of how many.
fn count<'a>(cx: &Cx, count: Option<(usize, usize)>, bad: Role) -> (Cow<'a, str>, Style) {
    match count {
        Some((0, all)) => (format!("0 of {all}").into(), cx.style(Role::Muted)),
        Some((sick, all)) => (format!("{sick} of {all}").into(), cx.style(bad)),
        None => ("".into(), cx.style(Role::Muted)),
    }
}

/// How many are held; one that is held for too long is in everybody's way.
fn locks<'a>(cx: &Cx, locks: Tally) -> (Cow<'a, str>, Style) {
    match locks {
        Tally::Nothing => ("".into(), cx.style(Role::Muted)),
        Tally::Unread => ("?".into(), cx.style(Role::Muted)),
        Tally::Of(_, 0) => ("0".into(), cx.style(Role::Muted)),
        Tally::Of(0, held) => (held.to_string().into(), cx.style(Role::Text)),
        Tally::Of(_, held) => (held.to_string().into(), cx.style(Role::Degraded)),
    }
}

/// The fault of an environment that says more than its sick parts: one that keeps it from being read at all.
fn telling(row: &FleetRow) -> Option<&(Arc<Fault>, Timestamp)> {
    row.fault.as_ref().filter(|(fault, _)| !row.health.is_sick() || fault.class.is_whole())
}

fn reason<'a>(cx: &Cx, row: &'a FleetRow) -> (Cow<'a, str>, Style) {
    if let Some((fault, since)) = telling(row) {
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
    let place = inset(place, 1);
    for (words, place) in wrap_in(words, place.width, 3).into_iter().zip(place.rows()) {
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
    let mut items = vec![Item::new(0, muted, format!("{well} of {} well", fleet.len()))];
    if faults > 0 {
        items.push(Item::new(1, muted, format!("· {faults} can't be read")));
    }
    items.extend([
        Item::new(2, muted, format!("· {} of {} services sick", services.0, services.1)),
        Item::new(4, muted, format!("· tasks {}/{}", tasks.0, tasks.1)),
        Item::new(5, muted, format!("· {} of {} databases sick", databases.0, databases.1)),
        Item::new(3, muted, format!("· {} of {} alarms firing", alarms.0, alarms.1)),
    ]);
    // Where there is no room for their columns they are told here.
    let (locks, certificates) = (sum(|row| row.locks.counted()), sum(|row| row.certificates.counted()));
    if locks.1 > 0 {
        items.push(Item::new(3, muted, format!("· {} held", text::counted(locks.1, "lock", "locks"))));
    }
    if certificates.0 > 0 {
        items.push(Item::new(3, muted, format!("· {} of {} certs sick", certificates.0, certificates.1)));
    }
    spread(cx.buf, area, items, 1);
}
