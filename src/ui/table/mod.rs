//! The table of a pane. Only the visible rows are looked at (and a sample for the widths): the cost does not depend on how many
//! there are.

mod columns;
mod spark;

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
use super::matches::Words;
use super::pen::Pen;
use super::signs;
use super::theme::{Role, Theme};
use crate::app::pane::{Pane, TableColumn};
use crate::app::{PaneKey, Target};
use crate::model::{Health, Resource, Value};

/// Draws a pane with its border.
pub(super) fn draw(cx: &mut Cx, area: Rect, pane: &Pane, key: PaneKey, focused: bool) {
    let facts = Facts::of_pane(cx.state, cx.now, pane);
    facts.tell(&mut cx.seen);
    cx.hits.push(area, Target::Pane(key));
    let cells = area.width.saturating_sub(4);
    let ages = cx.ages();
    let fitted = fit(pane, cells, ages);
    let inner = border(cx, area, pane, key, focused, &facts, &fitted);
    let (reason, body) = top(inner, u16::from(!facts.troubles.is_empty() && !pane.shown.is_empty()));
    blank::reason_line(cx, inset(reason, 1), &facts);
    if pane.shown.is_empty() {
        cx.hits.viewports.push((key, 0, usize::from(body.height.saturating_sub(1)), 0));
        blank::list(cx, body, &pane.title, pane.nav.filter.text(), pane.shown.total(), &facts);
        return;
    }
    let (head, body) = top(body, 1);
    titles(cx, head, &fitted, pane, key);
    let visible = usize::from(body.height);
    let first = pane.nav.first_visible(visible, pane.shown.len());
    cx.hits.viewports.push((key, first, visible, pane.shown.len()));
    let words = Words::of(&pane.nav.filter);
    let table = Table { pane, fitted: &fitted, words: &words, ages, facts: &facts };
    for (at, place) in (first..pane.shown.len()).zip(body.rows()) {
        table.row(cx, place, key, at, focused);
    }
    border::scrollbar(cx, body, first, pane.shown.len());
}

/// The words of a pane's border.
pub(super) fn border(
    cx: &mut Cx,
    area: Rect,
    pane: &Pane,
    key: PaneKey,
    focused: bool,
    facts: &Facts,
    fitted: &Fitted,
) -> Rect {
    let mut items = border_words(cx, pane);
    if let Some(sort) = &pane.nav.sort
        && !fitted.columns.iter().any(|column| column.id == sort.column)
    {
        let arrow = if sort.descending { "↓" } else { "↑" };
        items.push(Item::new(4, cx.style(Role::ColumnSorted), format!(" {} {arrow} ", sort.column)));
    }
    items.extend(border::condition(cx, facts, area.width));
    let muted = cx.style(Role::Muted);
    let mut below = Vec::new();
    if focused {
        below.extend(cut_reason(cx, pane, fitted, area.width));
    }
    // Without rows nothing is left out.
    let rows = !pane.shown.is_empty();
    if rows && fitted.before > 0 {
        below.push(Item::new(1, muted, format!(" ←{}", border::left_out(fitted.before))).at_right());
    }
    if rows && fitted.after > 0 {
        below.push(Item::new(0, muted, format!("{}→ ", border::left_out(fitted.after))).at_right());
    }
    let number = if let PaneKey::Bridge(at) = key { Some(at + 1) } else { None };
    Border { focused, number, title: &pane.title, items, below }.draw(cx, area)
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

/// Count, sick count, filter, marks.
fn border_words<'a>(cx: &Cx, pane: &Pane) -> Vec<Item<'a>> {
    let (shown, total) = (pane.shown.len(), pane.shown.total());
    let count = if shown == total { format!(" {total} ") } else { format!(" {shown}/{total} ") };
    let mut items = vec![Item::new(1, cx.style(Role::Muted), count)];
    if pane.shown.sick > 0 {
        items.push(Item::new(1, cx.style(Role::Failed), format!(" {}! ", pane.shown.sick)));
    }
    if !pane.nav.filter.is_empty() {
        items.push(Item::new(0, cx.style(Role::Match), format!(" /{} ", pane.nav.filter.text())));
    }
    if pane.ranking {
        items.push(Item::new(3, cx.style(Role::Loading), " sorting "));
    }
    if !pane.nav.marks.is_empty() {
        items.push(Item::new(2, cx.style(Role::Mark), format!(" ◆ {} marked ", pane.nav.marks.len())));
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
        let arrow = match sort {
            Some(sort) if sort.descending => "↓",
            Some(_) => "↑",
            None => "",
        };
        let style = theme[if sort.is_some() { Role::ColumnSorted } else { Role::ColumnTitle }];
        let words = format!("{}{arrow}", column.title);
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
    words: &'t Words,
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
            TableColumn::Name => {
                let (plain, hit) = (theme[Role::Text], theme[Role::Match]);
                self.words.cell(pen, &row.name, cells, plain, hit);
            }
            TableColumn::Reason => {
                let plain = theme[reason_role(row.health)];
                self.words.cell(pen, &row.reason, cells, plain, theme[Role::Match]);
            }
            TableColumn::Environment | TableColumn::Region | TableColumn::Kind | TableColumn::Own(_) => {
                let text = column.text(self.pane, row, self.ages);
                let style = value_style(theme, column.value(self.pane, row));
                if column.right {
                    pen.cell_right(&text, cells, style);
                } else {
                    pen.cell(&text, cells, style);
                }
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
