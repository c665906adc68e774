//! What changed: one time line, newest first, with a rule between days.

use std::borrow::Cow;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::view::{ChangesView, changes_query};
use crate::app::{PaneKey, Target, Viewport};
use crate::model::{Change, Filter, text};
use crate::ui::blank;
use crate::ui::border::{self, Border};
use crate::ui::cx::Cx;
use crate::ui::facts::Facts;
use crate::ui::glyph::{clip, width};
use crate::ui::grid::{self, Laid, Want};
use crate::ui::layout::{Item, inset, top};
use crate::ui::matches::{self, Unseen};
use crate::ui::theme::Role;

/// Titles, least and most cells, rank (the highest is dropped first).
const COLUMNS: [(&str, u16, u16, u8); 6] = [
    ("TIME", 9, 9, 0),
    ("SOURCE", 10, 12, 4),
    ("ENVIRONMENT", 12, 18, 1),
    ("WHO", 8, 20, 2),
    ("WHAT", 20, 90, 0),
    ("RESOURCE", 12, 40, 3),
];

/// Index of the environment, which only says something where there are several.
const ENVIRONMENT: usize = 2;

/// Index of what was done.
const WHAT: usize = 4;

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, view: &ChangesView) {
    cx.hits.push(area, Target::Pane(PaneKey::Main));
    let queries = cx.state.marked_scopes().into_iter().map(|scope| changes_query(&scope, view));
    let facts = Facts::of(cx.state, cx.now, queries);
    facts.tell(&mut cx.seen);
    let several = cx.state.marked.len() > 1;
    let columns: Vec<usize> = (0..COLUMNS.len()).filter(|at| several || *at != ENVIRONMENT).collect();
    let mut laid = grid::lay(&wants(cx, view, &columns), area.width.saturating_sub(5), 2, 1, view.nav.sideways);
    laid.columns.iter_mut().for_each(|(at, _)| *at = columns[*at]);
    let inner = border(cx, area, view, &facts);
    let (reason, body) = top(inner, u16::from(!facts.troubles.is_empty() && !view.order.is_empty()));
    blank::reason_line(cx, inset(reason, 1), &facts);
    if view.order.is_empty() {
        cx.hits.list(PaneKey::Main, 0, usize::from(body.height), 0);
        return blank::list(cx, body, "changes", view.nav.filter.text(), view.rows.len(), &facts);
    }
    let (head, body) = top(body, 1);
    let style = cx.style(Role::ColumnTitle);
    let mut pen = cx.pen(head);
    pen.skip(2);
    for (at, cells) in &laid.columns {
        pen.cell(COLUMNS[*at].0, *cells, style).skip(2);
    }
    let unseen = rows(cx, body, view, &laid);
    let mut below = border::left_out(cx, laid.before, laid.after);
    below.extend(unseen.words().map(|words| Item::new(1, cx.style(Role::Match), words)));
    if let Some(change) = view.order.get(view.nav.at).and_then(|at| view.rows.get(*at)) {
        let words = clip(&change.what, area.width.saturating_sub(24)).into_owned();
        below.push(Item::new(2, cell(cx, change, WHAT).1, format!(" {words} ")));
    }
    border::below(cx, area, below);
}

/// What the columns want, by a sample of the rows.
fn wants(cx: &Cx, view: &ChangesView, columns: &[usize]) -> Vec<Want> {
    let step = view.order.len().div_ceil(48).max(1);
    let rows: Vec<&Change> = view.order.iter().step_by(step).filter_map(|at| view.rows.get(*at)).collect();
    let want = |at: &usize| {
        let (title, least, most, rank) = COLUMNS[*at];
        let widest = rows.iter().map(|change| width(&cell(cx, change, *at).0)).max().unwrap_or(0);
        Want::plain(least, widest.max(width(title)).min(most), rank)
    };
    columns.iter().map(want).collect()
}

fn border(cx: &mut Cx, area: Rect, view: &ChangesView, facts: &Facts) -> Rect {
    let (shown, all) = (view.order.len(), view.rows.len());
    let count = if shown == all { format!(" {all} ") } else { format!(" {shown}/{all} ") };
    let window = format!(" last {} ", text::span(i64::from(view.seconds)));
    let mut items = vec![Item::new(1, cx.style(Role::Muted), count), Item::new(0, cx.style(Role::Accent), window)];
    items.extend(border::chosen(cx, &view.nav));
    if view.failed > 0 {
        items.push(Item::new(3, cx.style(Role::Failed), format!(" {} failed ", view.failed)));
    }
    items.extend(border::condition(cx, facts, area.width));
    let title = match &view.about {
        Some(about) => format!("changes of {}", about.id),
        None => "changes".to_owned(),
    };
    Border { focused: true, number: None, title: &title, items, below: Vec::new() }.draw(cx, area)
}

/// What stands on one line.
enum Line {
    Day(usize),
    Change(usize),
}

/// Draws the rows; returns what the filter found out of sight.
fn rows(cx: &mut Cx, area: Rect, view: &ChangesView, laid: &Laid) -> Unseen {
    let height = usize::from(area.height);
    let mut first = view.nav.first_visible(height, view.order.len());
    let mut lines = lines_from(cx, view, first, height);
    // The rules between days take lines too: go on until the cursor is seen.
    while first < view.nav.at && !lines.iter().any(|line| matches!(line, Line::Change(at) if *at == view.nav.at)) {
        first += 1;
        lines = lines_from(cx, view, first, height);
    }
    let mut unseen = Unseen::default();
    let mut height = 0;
    for (place, line) in area.rows().zip(&lines) {
        match line {
            Line::Day(at) => day(cx, place, &view.rows[view.order[*at]]),
            Line::Change(at) => {
                height += 1;
                let row = &view.rows[view.order[*at]];
                change(cx, place, row, &laid.columns, &view.nav.filter);
                unseen.look(&view.nav.filter, &texts(row, &laid.columns));
                if *at == view.nav.at {
                    cx.tint(place, Role::Cursor);
                }
                cx.hits.push(place, Target::Row(PaneKey::Main, *at));
            }
        }
    }
    let all = view.order.len();
    cx.hits.viewports.push(Viewport { key: PaneKey::Main, first, height, all, sideways: laid.sideways });
    border::scrollbar(cx, area, first, all);
    unseen
}

/// What filters find in a change, each with its column and whether that is on the screen.
fn texts<'c>(change: &'c Change, widths: &[(usize, u16)]) -> [(&'static str, bool, Cow<'c, str>); 5] {
    let shown = |column: usize| widths.iter().any(|(at, _)| *at == column);
    [
        ("what", true, (&*change.what).into()),
        ("who", shown(3), (&*change.who).into()),
        ("resource", shown(5), (&*change.name).into()),
        ("source", shown(1), change.source.word().into()),
        ("environment", shown(ENVIRONMENT), (&*change.scope.environment).into()),
    ]
}

fn lines_from(cx: &Cx, view: &ChangesView, first: usize, height: usize) -> Vec<Line> {
    let mut lines = Vec::with_capacity(height + 1);
    let mut before = None;
    for (at, row) in view.order.iter().enumerate().skip(first) {
        let day = cx.civil(view.rows[*row].at).date();
        if before != Some(day) {
            lines.push(Line::Day(at));
        }
        before = Some(day);
        lines.push(Line::Change(at));
        if lines.len() >= height {
            break;
        }
    }
    lines.truncate(height);
    lines
}

fn day(cx: &mut Cx, area: Rect, first: &Change) {
    let (faint, muted) = (cx.style(Role::Faint), cx.style(Role::Muted));
    let words = format!(" {} ", cx.day(first.at));
    let mut pen = cx.pen(area);
    pen.rule("─", 2, faint).put(&words, muted);
    let rest = pen.left();
    pen.rule("─", rest, faint);
}

fn change(cx: &mut Cx, area: Rect, change: &Change, widths: &[(usize, u16)], filter: &Filter) {
    let theme = cx.theme;
    let said: Vec<(Cow<str>, Style)> = widths.iter().map(|(at, _)| cell(cx, change, *at)).collect();
    let mut pen = cx.pen(area);
    pen.cell(if change.failed { "✖" } else { "" }, 2, theme[Role::Failed]);
    for ((_, cells), (said, style)) in widths.iter().zip(said) {
        matches::cell(&mut pen, filter, &said, *cells, style, theme[Role::Match]);
        pen.skip(2);
    }
}

/// What a change says in a column.
fn cell<'c>(cx: &Cx, change: &'c Change, column: usize) -> (Cow<'c, str>, Style) {
    let theme = cx.theme;
    let muted = theme[Role::Muted];
    match column {
        0 => (cx.clock(change.at).into(), theme[Role::LogTime]),
        1 => (change.source.word().into(), muted),
        2 => ((&*change.scope.environment).into(), muted),
        3 => ((&*change.who).into(), theme[Role::Accent]),
        4 if change.failed => (format!("failed: {}", change.what).into(), theme[Role::Failed]),
        4 => ((&*change.what).into(), theme[Role::Text]),
        _ => ((&*change.name).into(), if change.resource.is_some() { theme[Role::Progressing] } else { muted }),
    }
}
