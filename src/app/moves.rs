//! Moving the cursor, scrolling, focus, marks and sort order.

use std::hash::Hash;
use std::sync::Arc;

use super::acts;
use super::command::{Command, Motion};
use super::data;
use super::layer::Layer;
use super::logs::LogRange;
use super::msg::{Effect, Viewport};
use super::nav::{Nav, Sort};
use super::pane::{Pane, PaneKey, TableColumn};
use super::state::State;
use super::view::{DetailTab, View};
use crate::kinds;
use crate::model::{Filter, Level, Window};

/// The row a motion leads to, of `len` rows with `height` visible.
pub(super) fn target(motion: Motion, at: usize, len: usize, height: usize) -> usize {
    let page = height.saturating_sub(1).max(1);
    let to = match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => at + 1,
        Motion::PageUp => at.saturating_sub(page),
        Motion::PageDown => at + page,
        Motion::First => 0,
        Motion::Last => usize::MAX,
    };
    to.min(len.saturating_sub(1))
}

/// The same as a number of lines, for what scrolls without a cursor; positive is down.
pub(super) fn lines(motion: Motion, height: usize) -> isize {
    let page = height.saturating_sub(1).max(1) as isize;
    match motion {
        Motion::Up => -1,
        Motion::Down => 1,
        Motion::PageUp => -page,
        Motion::PageDown => page,
        Motion::First => isize::MIN / 2,
        Motion::Last => isize::MAX / 2,
    }
}

/// Moves the cursor of whatever has the keys.
pub(super) fn by(state: &mut State, motion: Motion) {
    match &mut state.view {
        View::Bridge(bridge) if bridge.focus == 4 => {
            let height = bridge.logs.height;
            bridge.logs.scroll(lines(motion, height).saturating_neg());
        }
        View::Logs(logs) => {
            let height = logs.height;
            logs.scroll(lines(motion, height).saturating_neg());
        }
        View::ConsoleLog { back, height } => {
            *back = back.saturating_add_signed(lines(motion, *height).saturating_neg()).min(10_000);
        }
        View::Detail(detail) => {
            let chooses = detail.tab == DetailTab::Summary && !detail.relations.is_empty();
            if chooses && matches!(motion, Motion::Up | Motion::Down) {
                detail.at = target(motion, detail.at, detail.relations.len(), detail.height);
            } else {
                let last = detail.lines.saturating_sub(detail.height);
                detail.top = detail.top.saturating_add_signed(lines(motion, detail.height)).min(last);
            }
        }
        View::Fleet(fleet) => {
            let to = target(motion, fleet.nav.at, fleet.order.len(), fleet.nav.height);
            let name = fleet.order.get(to).and_then(|row| state.fleet.get(*row));
            fleet.nav.place(to, name.map(|row| Arc::clone(&row.environment.name)));
        }
        View::Changes(view) => {
            let to = target(motion, view.nav.at, view.order.len(), view.nav.height);
            let id = view.order.get(to).and_then(|row| view.rows.get(*row));
            view.nav.place(to, id.map(|change| Arc::clone(&change.id)));
        }
        View::Journal(view) => {
            let to = target(motion, view.nav.at, view.order.len(), view.nav.height);
            acts::journal::to_row(state, to);
        }
        View::Bridge(_) | View::List(_) => {
            if let Some((_, pane)) = state.focused_mut() {
                let to = target(motion, pane.nav.at, pane.shown.len(), pane.nav.height);
                place(pane, to);
            }
        }
    }
}

fn place(pane: &mut Pane, to: usize) {
    let id = pane.shown.get(to).map(|resource| Arc::clone(&resource.id));
    pane.nav.place(to, id);
}

/// Puts the cursor of a list on a row (a click).
pub(super) fn to_row(state: &mut State, key: PaneKey, row: usize) {
    if key == PaneKey::Layer {
        super::layers::to_row(state, row);
        return;
    }
    if let Some(pane) = state.pane_mut(key) {
        if row < pane.shown.len() {
            place(pane, row);
        }
        return;
    }
    match &mut state.view {
        View::Fleet(fleet) => {
            let name = fleet.order.get(row).and_then(|row| state.fleet.get(*row));
            fleet
                .nav
                .place(row.min(fleet.order.len().saturating_sub(1)), name.map(|r| Arc::clone(&r.environment.name)));
        }
        View::Changes(view) if row < view.order.len() => {
            let id = view.rows.get(view.order[row]).map(|change| Arc::clone(&change.id));
            view.nav.place(row, id);
        }
        View::Journal(_) => acts::journal::to_row(state, row),
        View::Detail(detail) if row < detail.relations.len() => detail.at = row,
        _ => {}
    }
}

/// Gives a list the keys.
pub(super) fn focus(state: &mut State, key: PaneKey) {
    if let (View::Bridge(bridge), PaneKey::Bridge(n)) = (&mut state.view, key) {
        bridge.focus = n.min(4);
    }
}

/// The wheel.
pub(super) fn scroll(state: &mut State, key: PaneKey, rows: i32) {
    let motion = if rows < 0 { Motion::Up } else { Motion::Down };
    if key == PaneKey::Layer {
        let mut none = Vec::new();
        for _ in 0..rows.unsigned_abs() {
            super::layers::run(state, &Command::Move(motion), &mut none);
        }
        return;
    }
    let focused = match &state.view {
        View::Bridge(bridge) => Some(bridge.focus),
        _ => None,
    };
    focus(state, key);
    for _ in 0..rows.unsigned_abs() {
        by(state, motion);
    }
    if let (View::Bridge(bridge), Some(before)) = (&mut state.view, focused) {
        bridge.focus = before;
    }
}

/// Scrolls sideways; among the relations of a detail it moves the cursor.
pub(super) fn sideways(state: &mut State, cells: i16) {
    let scrolled = match &mut state.view {
        View::Detail(detail) if detail.tab == DetailTab::Summary => {
            let last = detail.relations.len().saturating_sub(1);
            detail.at = detail.at.saturating_add_signed(isize::from(cells.signum())).min(last);
            return;
        }
        View::Detail(detail) => &mut detail.sideways,
        View::Fleet(fleet) => &mut fleet.nav.sideways,
        View::Changes(view) => &mut view.nav.sideways,
        View::Journal(view) => &mut view.nav.sideways,
        View::List(pane) => &mut pane.nav.sideways,
        View::Logs(logs) => &mut logs.sideways,
        View::Bridge(bridge) => match bridge.panes.get_mut(bridge.focus) {
            Some(pane) => &mut pane.nav.sideways,
            None => &mut bridge.logs.sideways,
        },
        View::ConsoleLog { .. } => return,
    };
    *scrolled = scrolled.saturating_add_signed(cells);
}

/// What the last frame showed.
pub(super) fn viewport(state: &mut State, lists: &[Viewport]) -> bool {
    let mut moved = false;
    for list in lists {
        if let Some(pane) = state.pane_mut(list.key) {
            moved |= (pane.nav.top, pane.nav.height) != (list.first, list.height);
            seen(&mut pane.nav, list);
            continue;
        }
        match (&mut state.view, list.key) {
            (View::Bridge(bridge), PaneKey::Bridge(_)) => bridge.logs.height = list.height,
            (View::Fleet(fleet), PaneKey::Main) => seen(&mut fleet.nav, list),
            (View::Changes(view), PaneKey::Main) => seen(&mut view.nav, list),
            (View::Journal(view), PaneKey::Main) => seen(&mut view.nav, list),
            (View::Logs(logs), PaneKey::Main) => logs.height = list.height,
            (View::Detail(detail), PaneKey::Main) => {
                (detail.top, detail.height, detail.lines) = (list.first, list.height, list.all);
                detail.sideways = list.sideways;
            }
            (View::ConsoleLog { height, .. }, PaneKey::Main) => *height = list.height,
            (_, PaneKey::Layer) => {
                state.layer_height = list.height;
                match state.layers.last_mut() {
                    Some(Layer::Help { top }) => *top = list.first,
                    Some(Layer::Act(layer)) => layer.seen(list.first, list.height, list.all),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    moved
}

fn seen<K>(nav: &mut Nav<K>, list: &Viewport) {
    (nav.top, nav.height, nav.sideways) = (list.first, list.height, list.sideways);
}

/// Focus and zoom of the bridge.
pub(super) fn panes(state: &mut State, command: &Command) {
    if let (View::Detail(detail), Command::NextPane | Command::PreviousPane) = (&mut state.view, command) {
        detail.turn();
        state.asked.stale = true;
        return;
    }
    let View::Bridge(bridge) = &mut state.view else { return };
    match command {
        Command::NextPane => bridge.focus = (bridge.focus + 1) % 5,
        Command::PreviousPane => bridge.focus = (bridge.focus + 4) % 5,
        Command::Pane(n) => bridge.focus = usize::from(*n).min(4),
        Command::Zoom => bridge.zoom = !bridge.zoom,
        _ => {}
    }
}

/// Space: marks or unmarks the row, and goes on to the next.
pub(super) fn mark(state: &mut State) {
    if let View::Fleet(fleet) = &mut state.view {
        if let Some(row) = fleet.order.get(fleet.nav.at).and_then(|row| state.fleet.get(*row)) {
            toggle(&mut fleet.nav, Arc::clone(&row.environment.name));
        }
    } else if let Some((_, pane)) = state.focused_mut() {
        if let Some(id) = pane.shown.get(pane.nav.at).map(|resource| Arc::clone(&resource.id)) {
            toggle(&mut pane.nav, id);
        }
    } else {
        return;
    }
    by(state, Motion::Down);
}

/// Marks what is not marked, unmarks what is.
pub(super) fn toggle<K: Clone + Eq + Hash>(nav: &mut Nav<K>, key: K) {
    if !nav.marks.remove(&key) {
        nav.marks.insert(key);
    }
}

/// Unmarks everything in the focused list.
pub(super) fn unmark(state: &mut State) {
    match &mut state.view {
        View::Fleet(fleet) => fleet.nav.marks.clear(),
        _ => {
            if let Some((_, pane)) = state.focused_mut() {
                pane.nav.marks.clear();
            }
        }
    }
}

/// Clears the nearest of search, filter and marks; whether there was one.
pub(super) fn clear(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    if let Some(tail) = state.focused_tail() {
        return tail.search.take().is_some();
    }
    if let View::Detail(detail) = &mut state.view {
        return detail.search.take().is_some();
    }
    if set_filter(state, Filter::default(), effects) {
        return true;
    }
    let marked = match &state.view {
        View::Fleet(fleet) => !fleet.nav.marks.is_empty(),
        _ => state.focused().is_some_and(|(_, pane)| !pane.nav.marks.is_empty()),
    };
    unmark(state);
    marked
}

/// Filters the list that has the keys; whether that changed anything.
pub(super) fn set_filter(state: &mut State, filter: Filter, effects: &mut Vec<Effect>) -> bool {
    match &mut state.view {
        View::Fleet(fleet) if fleet.nav.filter != filter => {
            fleet.nav.filter = filter;
            super::summary::order_fleet(state);
            true
        }
        View::Changes(view) if view.nav.filter != filter => {
            view.nav.filter = filter;
            data::order_changes(state);
            true
        }
        View::Journal(view) if view.nav.filter != filter => {
            view.nav.filter = filter;
            acts::journal::order(state);
            true
        }
        View::Bridge(_) | View::List(_) => {
            let Some((key, pane)) = state.focused_mut() else { return false };
            if pane.nav.filter == filter {
                return false;
            }
            pane.nav.filter = filter;
            data::rank(state, key, effects);
            true
        }
        _ => false,
    }
}

/// The columns that the focused list can be sorted by: title and id.
pub(super) fn sort_columns(state: &State) -> Vec<(Arc<str>, &'static str)> {
    let Some((_, pane)) = state.focused() else { return Vec::new() };
    pane.columns.iter().filter_map(|column| column_words(pane, *column)).collect()
}

fn column_words(pane: &Pane, column: TableColumn) -> Option<(Arc<str>, &'static str)> {
    let (title, id) = match column {
        TableColumn::Health => ("health", "health"),
        TableColumn::Name => ("name", "name"),
        TableColumn::Environment => ("environment", "environment"),
        TableColumn::Region => ("region", "region"),
        TableColumn::Kind => ("kind", "kind"),
        TableColumn::Reason => ("reason", "reason"),
        TableColumn::Spark => return None,
        TableColumn::Own(id) => {
            let kind =
                pane.kinds.iter().filter_map(|kind| kinds::by_id(kind)).find(|kind| kind.column(id).is_some())?;
            (kinds::titles::title_of(kind, pane.shown.titles(), kind.column(id)?)?, id)
        }
    };
    Some((title.into(), id))
}

/// Sorts by a column; by the same again turns it round, and a third time gives back the list's own order.
pub(super) fn sort_by(state: &mut State, column: &'static str, effects: &mut Vec<Effect>) {
    let Some((key, pane)) = state.focused_mut() else { return };
    pane.nav.sort = match pane.nav.sort.take() {
        Some(sort) if sort.column == column && sort.descending => None,
        Some(sort) if sort.column == column => Some(Sort { descending: true, ..sort }),
        _ => Some(Sort { column, descending: false }),
    };
    data::rank(state, key, effects);
}

/// Commands of what is read: tails, charts, changes.
pub(super) fn reading(state: &mut State, command: &Command, effects: &mut Vec<Effect>) {
    if *command == Command::Window {
        return next_window(state, effects);
    }
    if let (View::Detail(detail), Command::NextMatch | Command::PreviousMatch) = (&mut state.view, command) {
        let (id, search, top) = (Arc::clone(&detail.id), detail.search.clone(), detail.top);
        let found = search.and_then(|search| find_raw(state, &id, &search, top, *command == Command::PreviousMatch));
        if let (View::Detail(detail), Some(line)) = (&mut state.view, found) {
            detail.top = line;
        }
        return;
    }
    let Some(tail) = state.focused_tail() else { return };
    let mut missed = false;
    match command {
        Command::Pause => tail.toggle_follow(),
        Command::NextMatch => missed = !tail.find(false),
        Command::PreviousMatch => missed = !tail.find(true),
        Command::Wrap => tail.wrap = !tail.wrap,
        Command::Level => {
            tail.level = next(&[Level::None, Level::Info, Level::Warn, Level::Error], tail.level);
        }
        _ => {}
    }
    if missed {
        state.say("no further match");
    }
}

/// The next time range of what is read. The charts may be scrolled out of sight, and where there are none the key must not seem dead:
/// both are said.
fn next_window(state: &mut State, effects: &mut Vec<Effect>) {
    match &mut state.view {
        View::Detail(detail) if detail.tab == DetailTab::Raw => state.say("the charts stand in the summary"),
        View::Detail(detail) if !detail.has_charts() => state.say("there are no charts here"),
        View::Detail(detail) => {
            detail.window = next(&Window::ALL, detail.window);
            let words = format!("charts of the last {}", detail.window.word());
            state.say(words);
        }
        View::Changes(view) => {
            view.seconds = next(&[7_200, 28_800, 86_400, 604_800], view.seconds);
            state.asked.stale = true;
            data::fill(state, effects);
        }
        _ => match state.focused_tail() {
            Some(tail) => {
                tail.range = next(&LogRange::ALL, tail.range);
                tail.restart(tail.sources.clone());
            }
            None => state.say("nothing here has a time range"),
        },
    }
}

/// The one after `now`, and the first after the last.
fn next<T: Copy + PartialEq>(all: &[T], now: T) -> T {
    let at = all.iter().position(|one| *one == now).map_or(0, |at| (at + 1) % all.len());
    all[at]
}

/// The next line of the raw text that matches.
pub(super) fn find_raw(
    state: &State,
    id: &Arc<crate::model::ResourceId>,
    search: &super::logs::Search,
    from: usize,
    upwards: bool,
) -> Option<usize> {
    let raw = state.store.raw(&crate::model::Query::Raw(Arc::clone(id)))?;
    let mut hits = raw.lines().enumerate().filter(|(_, line)| search.matches(line)).map(|(at, _)| at);
    if upwards { hits.take_while(|at| *at < from).last() } else { hits.find(|at| *at > from) }
}
