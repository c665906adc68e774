//! The journal: who did what where, and what came of it, the newest first.

use std::borrow::Cow;
use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::acts::journal::{JournalView, Record};
use crate::app::{PaneKey, Target, Viewport};
use crate::model::text;
use crate::ui::acts::outcome;
use crate::ui::blank;
use crate::ui::border::{self, Border};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::grid::{self, Laid, Want};
use crate::ui::layout::{Item, top};
use crate::ui::matches;
use crate::ui::theme::Role;

/// Titles, least and most cells, rank (the highest is dropped first).
const COLUMNS: [(&str, u16, u16, u8); 7] = [
    ("TIME", 19, 19, 0),
    ("OUTCOME", 9, 11, 0),
    ("ENVIRONMENT", 12, 20, 1),
    ("ACTION", 10, 26, 0),
    ("TARGET", 12, 44, 0),
    ("WHO", 8, 28, 2),
    ("REASON", 12, 80, 3),
];

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, view: &JournalView) {
    cx.hits.push(area, Target::Pane(PaneKey::Main));
    let none = Arc::default();
    let state = cx.state;
    let (records, trouble) = match &state.acts.journal {
        Some(Ok(records)) => (records, None),
        Some(Err(why)) => (&none, Some(why)),
        None => (&none, None),
    };
    let laid = grid::lay(&wants(cx, view, records), area.width.saturating_sub(5), 2, 1, view.nav.sideways);
    let inner = frame(cx, area, view, records);
    if view.order.is_empty() {
        cx.hits.list(PaneKey::Main, 0, usize::from(inner.height), 0);
        let said: (Role, Cow<str>) = match trouble {
            Some(why) => (Role::Fault, format!("! the journal can't be read: {why}").into()),
            None if state.acts.journal.is_none() => (Role::Loading, "◌ reading the journal".into()),
            None if records.is_empty() => (Role::Empty, "∅ nothing has been done yet".into()),
            None => (Role::Empty, format!("∅ none of {} matches {}", records.len(), view.nav.filter.text()).into()),
        };
        return blank::lines(cx, inner, &[(cx.style(said.0), said.1)]);
    }
    let (head, body) = top(inner, 1);
    let style = cx.style(Role::ColumnTitle);
    let mut pen = cx.pen(head);
    pen.skip(2);
    for (at, cells) in &laid.columns {
        pen.cell(COLUMNS[*at].0, *cells, style).skip(2);
    }
    rows(cx, body, view, records, &laid);
    let below = border::left_out(cx, laid.before, laid.after);
    border::below(cx, area, below);
}

fn wants(cx: &Cx, view: &JournalView, records: &[Record]) -> Vec<Want> {
    let step = view.order.len().div_ceil(48).max(1);
    let rows: Vec<&Record> = view.order.iter().step_by(step).filter_map(|at| records.get(*at)).collect();
    let want = |(at, (title, least, most, rank)): (usize, &(&str, u16, u16, u8))| {
        let widest = rows.iter().map(|record| width(&cell(cx, record, at).0)).max().unwrap_or(0);
        Want::plain(*least, widest.max(width(title)).min(*most), *rank)
    };
    COLUMNS.iter().enumerate().map(want).collect()
}

fn frame(cx: &mut Cx, area: Rect, view: &JournalView, records: &[Record]) -> Rect {
    let (shown, all) = (view.order.len(), records.len());
    let count = if shown == all { format!(" {all} ") } else { format!(" {shown}/{all} ") };
    let mut items = vec![Item::new(1, cx.style(Role::Muted), count)];
    items.extend(border::chosen(cx, &view.nav));
    Border { focused: true, number: None, title: "journal", items, below: Vec::new() }.draw(cx, area)
}

fn rows(cx: &mut Cx, area: Rect, view: &JournalView, records: &[Record], laid: &Laid) {
    let height = usize::from(area.height);
    let first = view.nav.first_visible(height, view.order.len());
    let (key, all) = (PaneKey::Main, view.order.len());
    cx.hits.viewports.push(Viewport { key, first, height, all, sideways: laid.sideways });
    for (row, place) in (first..view.order.len()).zip(area.rows()) {
        let Some(record) = records.get(view.order[row]) else { continue };
        let said: Vec<(Cow<str>, Style)> = laid.columns.iter().map(|(at, _)| cell(cx, record, *at)).collect();
        let theme = cx.theme;
        let (sign, role) = outcome(record.outcome().1);
        let mut pen = cx.pen(place);
        pen.cell(sign, 2, theme[role]);
        for ((_, cells), (said, style)) in laid.columns.iter().zip(said) {
            matches::cell(&mut pen, &view.nav.filter, &said, *cells, style, theme[Role::Match]);
            pen.skip(2);
        }
        if row == view.nav.at {
            cx.tint(place, Role::Cursor);
        }
        cx.hits.push(place, Target::Row(PaneKey::Main, row));
    }
    border::scrollbar(cx, area, first, view.order.len());
}

/// What a record says in a column. What stands in the journal came from outside.
fn cell<'r>(cx: &Cx, record: &'r Record, column: usize) -> (Cow<'r, str>, Style) {
    let theme = cx.theme;
    let (muted, said) = (theme[Role::Muted], theme[Role::Text]);
    let place = record.place();
    match column {
        0 => {
            let at = cx.civil(record.at());
            (at.strftime("%Y-%m-%d %H:%M:%S").to_string().into(), theme[Role::LogTime])
        }
        1 => {
            let (word, how) = record.outcome();
            (word.into(), theme[outcome(how).1])
        }
        2 => (place.map_or("".into(), |place| text::clean(&place.environment)), muted),
        3 => (text::clean(record.action()), said),
        4 => {
            let name = place.map_or("", |place| if place.name.is_empty() { &place.id } else { &place.name });
            (text::clean(name), said)
        }
        5 => {
            let (who, _) = record.who();
            (text::clean(&who).into_owned().into(), theme[Role::Accent])
        }
        _ => (text::clean(&record.reason()).into_owned().into(), muted),
    }
}
