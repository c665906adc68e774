//! One resource: what is wrong with it, what it leads to, what it is made of, its charts; or its raw JSON.

mod blocks;
mod head;
mod raw;

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::app::command::Command;
use crate::app::view::{DetailTab, DetailView};
use crate::app::{PaneKey, Target};
use crate::kinds;
use crate::model::{Answer, Detail, Query};
use crate::ui::border::{self, Border};
use crate::ui::cx::Cx;
use crate::ui::facts::Facts;
use crate::ui::layout::{Item, inset, right, top};
use crate::ui::theme::Role;
use crate::ui::{blank, signs};
use blocks::Block;

/// From this width on the charts stand beside the rest, if there are any.
const BESIDE: u16 = 140;

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, view: &DetailView) {
    cx.hits.push(area, Target::Pane(PaneKey::Main));
    let query = match view.tab {
        DetailTab::Summary => Query::Detail(Arc::clone(&view.id)),
        DetailTab::Raw => Query::Raw(Arc::clone(&view.id)),
    };
    let facts = Facts::of(cx.state, cx.now, [query.clone()]);
    facts.tell(&mut cx.seen);
    let inner = inset(border(cx, area, view, &facts), 1);
    let (reason, inner) = top(inner, u16::from(!facts.troubles.is_empty() && facts.oldest.is_some()));
    blank::reason_line(cx, reason, &facts);
    match view.tab {
        DetailTab::Raw => raw::draw(cx, inner, view, &query, &facts),
        DetailTab::Summary => summary(cx, inner, view, &query, &facts),
    }
}

fn border(cx: &mut Cx, area: Rect, view: &DetailView, facts: &Facts) -> Rect {
    let muted = cx.style(Role::Muted);
    let kind = kinds::by_id(view.id.kind).map_or(view.id.kind, |kind| kind.id);
    let mut items = vec![Item::new(2, muted, format!(" {kind} "))];
    for (tab, word) in [(DetailTab::Summary, " summary "), (DetailTab::Raw, " raw ")] {
        let role = if tab == view.tab { Role::TabFocus } else { Role::Tab };
        items.push(Item::new(1, cx.style(role), word));
    }
    if let Some(search) = &view.search {
        items.push(Item::new(0, cx.style(Role::Match), format!(" /{} ", search.text)));
    }
    if view.tab == DetailTab::Summary && view.has_charts() {
        items.push(Item::new(3, cx.style(Role::Accent), format!(" {} ", view.window.word())));
    }
    items.extend(border::condition(cx, facts, area.width));
    let mut below = Vec::new();
    below.extend(border::scrolled(cx, view.sideways));
    Border { focused: true, number: None, title: view.name(), items, below }.draw(cx, area)
}

fn summary(cx: &mut Cx, area: Rect, view: &DetailView, query: &Query, facts: &Facts) {
    let state = cx.state;
    let body = head::draw(cx, area, view);
    let detail: Option<&Arc<Detail>> = match state.store.get(query).and_then(|known| known.get()) {
        Some(Answer::Detail(detail)) => Some(detail),
        _ => None,
    };
    let beside = area.width >= BESIDE && blocks::charts(cx, view, area.width).is_some();
    let (main, side) = if beside { right(body, area.width * 2 / 5) } else { (body, Rect::ZERO) };
    let side = Rect { x: side.x + 2, width: side.width.saturating_sub(2), ..side };
    let mut left = Vec::new();
    match detail {
        Some(detail) => left.extend(detail.sections.iter().map(|section| Block::section(cx, section, main.width))),
        None => left.extend(blocks::known(cx, view.resource.as_ref(), main.width)),
    }
    let actions = view.resource.as_ref().and_then(|resource| Block::actions(cx, resource, main.width));
    let charts = blocks::charts(cx, view, if side.is_empty() { main.width } else { side.width });
    let (lines, visible) = if side.is_empty() {
        // What can be done and the charts come after what is most telling.
        let at = left.len().min(1);
        left.splice(at..at, actions.into_iter().chain(charts));
        (blocks::height(&left), usize::from(main.height))
    } else {
        blocks::draw(cx, side, &charts, view.top);
        let at = left.len().min(1);
        left.splice(at..at, actions);
        (blocks::height(&left).max(blocks::height(&charts)), usize::from(main.height))
    };
    let first = blocks::draw(cx, main, &left, view.top.min(lines.saturating_sub(visible)));
    cx.hits.list(PaneKey::Main, first, visible, lines);
    border::scrollbar(cx, Rect { width: body.width + 1, ..body }, first, lines);
    if detail.is_none() && left.is_empty() {
        waiting(cx, main, facts);
    }
}

/// Neither a detail nor a row of a list is known.
fn waiting(cx: &mut Cx, area: Rect, facts: &Facts) {
    if let Some(trouble) = facts.troubles.first() {
        let (sign, role) = signs::fault(trouble.fault);
        let (style, muted) = (cx.style(role), cx.style(Role::Muted));
        let words = format!("{sign} {}: {}", trouble.fault.word(), trouble.fault.summary);
        let advice = signs::advice(trouble.fault, cx);
        let again = format!("{} asks again", cx.key(&Command::Refresh, "`refresh`"));
        blank::lines(cx, area, &[(style, words.into()), (muted, advice), (muted, again.into())]);
    } else {
        let mut said = vec![(cx.style(Role::Loading), "◌ loading".into())];
        said.extend(blank::silence(cx, facts));
        blank::lines(cx, area, &said);
    }
}
