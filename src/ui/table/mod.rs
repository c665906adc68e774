//! The table of a pane. Only the visible rows are looked at (and a sample for the widths): the cost does not depend on how many
//! there are.

mod columns;
mod spark;

use std::borrow::Cow;
use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) use columns::{Column, Fitted, fit};
pub(super) use spark::{sparkline, trend, words};

use super::ages::Ages;
use super::blank;
use super::border::{self, Border};
use super::cx::Cx;
use super::facts::Facts;
use super::glyph::{clip, width};
use super::layout::{Item, inset, top};
use super::matches::{self, Unseen};
use super::pen::Pen;
use super::signs;
use super::theme::{Role, Theme};
use crate::app::nav::Sort;
use crate::app::pane::{Pane, TableColumn};
use crate::app::{PaneKey, Target, Viewport};
use crate::kinds;
use crate::model::{Health, Resource, Value};

/// Draws a pane with its border.
pub(super) fn draw(cx: &mut Cx, area: Rect, pane: &Pane, key: PaneKey, focused: bool) {
    let facts = Facts::of_pane(cx.state, cx.now, pane);
    facts.tell(&mut cx.seen);
    cx.hits.push(area, Target::Pane(key));
    let cells = area.width.saturating_sub(4);
    let ages = cx.ages();
    let fitted = fit(pane, cells, ages);
    let all = pane.shown.len();
    let said = u16::from(!facts.troubles.is_empty() && all > 0);
    // Border and titles take three lines.
    let visible = usize::from(area.height.saturating_sub(3 + said));
    let first = pane.nav.first_visible(visible, all);
    let rows = first..first + visible;
    let inner = border(cx, area, &Framed { pane, key, focused, facts: &facts, fitted: &fitted, rows });
    let (reason, body) = top(inner, said);
    blank::reason_line(cx, inset(reason, 1), &facts);
    let (head, body) = top(body, 1);
    cx.hits.viewports.push(Viewport { key, first, height: visible, all, sideways: fitted.sideways });
    if pane.shown.is_empty() {
        let place = Rect { y: head.y, height: head.height + body.height, ..body };
        return blank::list(cx, place, &pane.title, pane.nav.filter.text(), pane.shown.total(), &facts);
    }
    titles(cx, head, &fitted, pane, key);
    let table = Table { pane, fitted: &fitted, ages, facts: &facts };
    for (at, place) in (first..all).zip(body.rows()) {
        table.row(cx, place, key, at, focused);
    }
    border::scrollbar(cx, body, first, all);
}

/// What a pane's border is about.
pub(super) struct Framed<'f> {
    pub(super) pane: &'f Pane,
    pub(super) key: PaneKey,
    pub(super) focused: bool,
    pub(super) facts: &'f Facts<'f>,
    /// The columns that are shown; none where rows are chips.
    pub(super) fitted: &'f Fitted,
    /// The rows that are seen.
    pub(super) rows: Range<usize>,
}

/// What a chip says of a row.
const CHIP: [&str; 3] = ["environment", "tasks", "reason"];

/// The words of a pane's border.
pub(super) fn border(cx: &mut Cx, area: Rect, frame: &Framed) -> Rect {
    let Framed { pane, key, focused, facts, fitted, .. } = *frame;
    let mut items = border_words(cx, pane);
    if let Some(sort) = &pane.nav.sort
        && !fitted.columns.iter().any(|column| column.id == sort.column)
    {
        let column = sorted_by(pane, sort);
        items.push(Item::new(1, cx.style(Role::ColumnSorted), format!(" {column} {} ", signs::order(sort))));
    }
    items.extend(border::condition(cx, facts, area.width));
    let mut below = Vec::new();
    if let Some(words) = unseen(cx, frame) {
        below.push(Item::new(1, cx.style(Role::Match), words));
    }
    if focused {
        below.extend(cut_reason(cx, pane, fitted, area.width));
    }
    // Without rows nothing is left out.
    if !pane.shown.is_empty() {
        below.extend(border::left_out(cx, fitted.before, fitted.after));
    }
    let number = if let PaneKey::Bridge(at) = key { Some(at + 1) } else { None };
    Border { focused, number, title: &pane.title, items, below }.draw(cx, area)
}

/// The name of the column that a list is sorted by.
fn sorted_by(pane: &Pane, sort: &Sort) -> String {
    let titles = pane.shown.titles();
    let named = pane
        .kinds
        .iter()
        .filter_map(|kind| kinds::by_id(kind))
        .find_map(|kind| kinds::titles::name_of(kind, titles, kind.column(sort.column)?));
    named.unwrap_or_else(|| sort.column.to_owned()).replace('_', " ")
}

/// Why the row under the cursor is not well, where its column is left out or cut.
fn cut_reason<'a>(cx: &Cx, pane: &Pane, fitted: &Fitted, cells: u16) -> Option<Item<'a>> {
    let row = pane.shown.get(pane.nav.at)?;
    let room = fitted.columns.iter().find(|column| column.what == TableColumn::Reason).map_or(0, |column| column.width);
    if row.reason.is_empty() || width(&row.reason) <= room {
        return None;
    }
    let words = clip(&row.reason, cells.saturating_sub(24));
    Some(Item::new(2, cx.style(reason_role(row.health)), format!(" {words} ")))
}

/// Which visible rows pass the filter only for what stands in columns that are not shown.
fn unseen(cx: &Cx, frame: &Framed) -> Option<String> {
    let filter = &frame.pane.nav.filter;
    filter.anywhere().next()?;
    let ages = cx.ages();
    let shown = |id: &str| match frame.fitted.columns.as_slice() {
        [] => CHIP.contains(&id),
        columns => columns.iter().any(|column| column.id == id),
    };
    let mut unseen = Unseen::default();
    for row in frame.rows.clone().map_while(|at| frame.pane.shown.get(at)) {
        let scope = &row.id.scope;
        let mut texts: Vec<(Cow<str>, bool, Cow<str>)> = vec![
            ("name".into(), true, Cow::Borrowed(&row.name)),
            ("environment".into(), shown("environment"), Cow::Borrowed(&scope.environment)),
            ("cluster".into(), shown("cluster"), Cow::Borrowed(scope.cluster.as_deref().unwrap_or_default())),
            ("reason".into(), shown("reason"), Cow::Borrowed(&row.reason)),
            ("health".into(), true, Cow::Borrowed(row.health.word())),
        ];
        let titles = frame.pane.shown.titles();
        let columns = kinds::by_id(row.id.kind).map_or(&[][..], |kind| kind.columns);
        texts.extend(columns.iter().zip(&row.cells).enumerate().map(|(at, (column, value))| {
            let named = titles.get(at).filter(|title| !title.is_empty());
            let name = named.map_or(Cow::Borrowed(column.id), |title| kinds::titles::id_of(title).into());
            (name, shown(column.id), ages.show(value))
        }));
        unseen.look(filter, &texts);
    }
    unseen.words()
}

/// Count, sick count, filter, marks.
fn border_words<'a>(cx: &Cx, pane: &Pane) -> Vec<Item<'a>> {
    let (shown, total) = (pane.shown.len(), pane.shown.total());
    let count = if shown == total { format!(" {total} ") } else { format!(" {shown}/{total} ") };
    let mut items = vec![Item::new(1, cx.style(Role::Muted), count)];
    if pane.shown.sick > 0 {
        items.push(Item::new(1, cx.style(Role::Failed), format!(" {}! ", pane.shown.sick)));
    }
    items.extend(border::chosen(cx, &pane.nav));
    if pane.ranking {
        items.push(Item::new(3, cx.style(Role::Loading), " sorting "));
    }
    items
}

fn titles(cx: &mut Cx, area: Rect, fitted: &Fitted, pane: &Pane, key: PaneKey) {
    let theme = cx.theme;
    let mut targets = Vec::with_capacity(fitted.columns.len());
    let mut pen = cx.pen(area);
    pen.skip(1);
    for column in &fitted.columns {
        let sort = pane.nav.sort.as_ref().filter(|sort| sort.column == column.id);
        let style = theme[if sort.is_some() { Role::ColumnSorted } else { Role::ColumnTitle }];
        let words = match sort {
            Some(sort) => Cow::Owned(format!("{}{}", clip(&column.title, column.width - 1), signs::order(sort))),
            None => Cow::Borrowed(&*column.title),
        };
        targets.push((Rect { x: pen.x(), width: column.width, ..area }, column.id));
        if column.right {
            pen.cell_right(&words, column.width, style);
        } else {
            pen.cell(&words, column.width, style);
        }
        pen.skip(column.gap(fitted.gap));
    }
    for (place, id) in targets {
        cx.hits.push(place.intersection(area), Target::Column(key, id));
    }
}

/// What every row of a table needs.
struct Table<'t> {
    pane: &'t Pane,
    fitted: &'t Fitted,
    ages: Ages<'t>,
    facts: &'t Facts<'t>,
}

impl Table<'_> {
    fn row(&self, cx: &mut Cx, area: Rect, key: PaneKey, at: usize, focused: bool) {
        let Some(row) = self.pane.shown.get(at) else { return };
        let (theme, state) = (cx.theme, cx.state);
        let mut pen = cx.pen(area);
        pen.cell(if self.pane.nav.marks.contains(&row.id) { "◆" } else { "" }, 1, theme[Role::Mark]);
        for column in &self.fitted.columns {
            self.cell(&mut pen, theme, state, column, row);
            pen.skip(column.gap(self.fitted.gap));
        }
        if self.facts.is_stale(row) {
            cx.tint(area, Role::Stale);
        }
        if at == self.pane.nav.at {
            cx.tint(area, if focused { Role::Cursor } else { Role::CursorBlurred });
        }
        cx.hits.push(area, Target::Row(key, at));
    }

    fn cell(&self, pen: &mut Pen, theme: &Theme, state: &crate::app::State, column: &Column, row: &Resource) {
        let cells = column.width;
        match column.what {
            TableColumn::Health => {
                let (sign, role) = signs::health(row.health);
                pen.cell(sign, cells, theme[role]);
            }
            TableColumn::Spark => spark::cell(pen, theme, state, row, cells),
            _ => {
                let text = column.text(self.pane, row, self.ages);
                let style = match column.what {
                    TableColumn::Name => theme[Role::Text],
                    TableColumn::Reason => theme[reason_role(row.health)],
                    _ => value_style(theme, column.value(self.pane, row)),
                };
                if column.right {
                    pen.skip(cells.saturating_sub(width(&text)));
                }
                let cells = if column.right { cells.min(width(&text)) } else { cells };
                matches::cell(pen, &self.pane.nav.filter, &text, cells, style, theme[Role::Match]);
            }
        }
    }
}

/// The role of the words that say why.
pub(super) const fn reason_role(health: Health) -> Role {
    match health {
        Health::Failed | Health::Degraded | Health::Progressing => signs::health(health).1,
        Health::Ok | Health::Unknown => Role::Muted,
    }
}

/// How a value looks: colour only where it means something.
pub(super) fn value_style(theme: &Theme, value: Option<&Value>) -> Style {
    theme[match value {
        Some(Value::Count { have, want }) if have < want => Role::Degraded,
        Some(Value::Count { have, want }) if have > want => Role::Progressing,
        Some(Value::Health(health)) => signs::health(*health).1,
        Some(Value::Instant(_)) | None => Role::Muted,
        Some(_) => Role::Text,
    }]
}
