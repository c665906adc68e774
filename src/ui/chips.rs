//! A pane as a strip of chips: what is well takes one word and a count, what is sick its reason too.

use ratatui::layout::Rect;

use super::cx::Cx;
use super::facts::Facts;
use super::glyph::{clip, width};
use super::layout::inset;
use super::table::{self, Fitted, Framed, reason_role, value_style};
use super::theme::Role;
use super::{blank, signs};
use crate::app::pane::Pane;
use crate::app::{PaneKey, Target};
use crate::model::{Resource, Value};

/// Cells of a reason while there are chips to stand beside it.
const REASON: u16 = 44;

/// Draws a pane so.
pub(super) fn draw(cx: &mut Cx, area: Rect, pane: &Pane, key: PaneKey, focused: bool) {
    let facts = Facts::of_pane(cx.state, cx.now, pane);
    facts.tell(&mut cx.seen);
    cx.hits.push(area, Target::Pane(key));
    let rows = pane.nav.top..pane.nav.top + pane.nav.height;
    let framed = Framed { pane, key, focused, facts: &facts, fitted: &Fitted::default(), rows };
    let inner = inset(table::border(cx, area, &framed), 1);
    if pane.shown.is_empty() {
        cx.hits.list(key, 0, 1, 0);
        return blank::list(cx, inner, &pane.title, pane.nav.filter.text(), pane.shown.total(), &facts);
    }
    let several = cx.state.marked.len() > 1;
    let first = first(cx, inner, pane, several);
    let mut place = Flow::new(inner);
    let mut at = first;
    let mut next = pane.shown.get(at).map(|row| Chip::of(cx, row, several));
    while let (Some(row), Some(chip)) = (pane.shown.get(at), next.take()) {
        let Some(area) = place.take(chip.width(), 2) else { break };
        next = pane.shown.get(at + 1).map(|row| Chip::of(cx, row, several));
        let area = if next.as_ref().is_some_and(|next| place.has(next.width())) { area } else { place.rest(area) };
        chip.draw(cx, area, &facts, row);
        if at == pane.nav.at {
            cx.tint(area, if focused { Role::Cursor } else { Role::CursorBlurred });
        }
        cx.hits.push(area, Target::Row(key, at));
        at += 1;
    }
    cx.hits.list(key, first, at - first, pane.shown.len());
    more(cx, area, pane.shown.len() - at, first);
}

/// The first chip, so that the one under the cursor is seen: as few as possible are left out before it.
fn first(cx: &Cx, area: Rect, pane: &Pane, several: bool) -> usize {
    let cursor = pane.nav.at.min(pane.shown.len() - 1);
    let mut first = pane.nav.top.min(cursor);
    // No more chips than cells fit, so the search never starts further back than that.
    first = first.max(cursor.saturating_sub(usize::from(area.width) * usize::from(area.height) / 4));
    while first < cursor {
        let mut place = Flow::new(area);
        let rows = (first..=cursor).filter_map(|at| pane.shown.get(at));
        if rows.map(|row| Chip::of(cx, row, several).width()).all(|cells| place.take(cells, 2).is_some()) {
            break;
        }
        first += 1;
    }
    first
}

fn more(cx: &mut Cx, area: Rect, after: usize, before: usize) {
    let words = match (before, after) {
        (0, 0) => return,
        (0, after) => format!(" {after} more → "),
        (before, 0) => format!(" ← {before} more "),
        (before, after) => format!(" ← {before} · {after} more → "),
    };
    let style = cx.style(Role::Muted);
    let edge = Rect { x: area.x + 2, y: area.bottom() - 1, width: area.width.saturating_sub(4), height: 1 };
    cx.pen(edge).at_end(&words, style);
}

/// Places one after another, line by line.
struct Flow {
    area: Rect,
    x: u16,
    y: u16,
}

impl Flow {
    fn new(area: Rect) -> Self {
        Self { area, x: area.x, y: area.y }
    }

    fn take(&mut self, cells: u16, gap: u16) -> Option<Rect> {
        let cells = cells.min(self.area.width);
        if self.x + cells > self.area.right() {
            (self.x, self.y) = (self.area.x, self.y + 1);
        }
        if self.y >= self.area.bottom() || cells == 0 {
            return None;
        }
        let place = Rect { x: self.x, y: self.y, width: cells, height: 1 };
        self.x += cells + gap;
        Some(place)
    }

    /// Whether one of so many cells fits on this line.
    fn has(&self, cells: u16) -> bool {
        self.x + cells <= self.area.right()
    }

    /// A place and what is left of its line.
    fn rest(&self, place: Rect) -> Rect {
        Rect { width: self.area.right() - place.x, ..place }
    }
}

struct Chip {
    environment: String,
    name: String,
    count: Option<Value>,
    count_text: String,
    reason: String,
}

impl Chip {
    fn of(cx: &Cx, row: &Resource, several: bool) -> Self {
        let count = row.cells.iter().find(|value| matches!(value, Value::Count { .. }));
        Self {
            environment: if several { format!("{}/", row.id.scope.environment) } else { String::new() },
            name: row.name.to_string(),
            count: count.cloned(),
            count_text: count.map(|count| format!(" {}", cx.ages().show(count))).unwrap_or_default(),
            reason: if row.health.is_sick() { format!(" {}", row.reason) } else { String::new() },
        }
    }

    fn before_reason(&self) -> u16 {
        2 + width(&self.environment) + width(&self.name) + width(&self.count_text)
    }

    fn width(&self) -> u16 {
        self.before_reason() + width(&self.reason).min(REASON)
    }

    fn draw(&self, cx: &mut Cx, area: Rect, facts: &Facts, row: &Resource) {
        let (sign, role) = signs::health(row.health);
        let theme = cx.theme;
        let mut pen = cx.pen(area);
        pen.put(sign, theme[role])
            .skip(1)
            .put(&self.environment, theme[Role::Muted])
            .put(&self.name, theme[Role::Text]);
        pen.put(&self.count_text, value_style(theme, self.count.as_ref()))
            .put(&clip(&self.reason, area.width.saturating_sub(self.before_reason())), theme[reason_role(row.health)]);
        if facts.is_stale(row) {
            cx.tint(area, Role::Stale);
        }
    }
}
