//! The bridge: five panes at once where there is room, tabs where there is not, one alone when zoomed.

use ratatui::layout::Rect;

use super::{list, logs, summary};
use crate::app::command::Command;
use crate::app::pane::Pane;
use crate::app::view::Bridge;
use crate::app::{PaneKey, Target};
use crate::ui::cx::Cx;
use crate::ui::facts::Facts;
use crate::ui::glyph::width;
use crate::ui::layout::{bottom, left, right, top};
use crate::ui::theme::Role;
use crate::ui::{chips, signs, table};

/// Index of the logs among the panes.
const LOGS: usize = 4;

/// From so many cells on the services stand beside databases and alarms, else above them.
const ABREAST: u16 = 140;

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, bridge: &Bridge) {
    if bridge.zoom {
        one(cx, area, bridge);
    } else if area.width >= 90 && area.height >= 26 {
        panes(cx, area, bridge);
    } else {
        let (strip, rest) = top(area, 1);
        tabs(cx, strip, bridge);
        one(cx, rest, bridge);
    }
}

/// The focused pane alone.
fn one(cx: &mut Cx, area: Rect, bridge: &Bridge) {
    match bridge.panes.get(bridge.focus) {
        Some(pane) => list::draw(cx, area, pane, PaneKey::Bridge(bridge.focus)),
        None => logs::draw(cx, area, &bridge.logs, PaneKey::Bridge(LOGS), true),
    }
}

/// Titles with their sick counts and the signs of their faults.
fn tabs(cx: &mut Cx, area: Rect, bridge: &Bridge) {
    cx.fill(area, Role::Tab);
    let mut x = area.x;
    for at in 0..=LOGS {
        let pane = bridge.panes.get(at);
        let facts = pane.map(|pane| Facts::of_pane(cx.state, cx.now, pane)).unwrap_or_default();
        facts.tell(&mut cx.seen);
        let name = format!(" {} {}", at + 1, pane.map_or("logs", |pane| &pane.title));
        let sick = pane.map_or(0, |pane| pane.shown.sick);
        let bad = if sick > 0 { format!(" {sick}!") } else { String::new() };
        let fault = facts.troubles.first().map(|trouble| signs::fault(trouble.fault));
        let sign = fault.map(|(sign, _)| format!(" {sign}")).unwrap_or_default();
        let cells = width(&name) + width(&bad) + width(&sign) + 1;
        let place = Rect { x, width: cells.min(area.right().saturating_sub(x)), ..area };
        let theme = cx.theme;
        let plain = theme[if at == bridge.focus { Role::TabFocus } else { Role::Tab }];
        // The chosen tab has a ground of its own, on which only its own colour can be read.
        let style = |role: Role| if at == bridge.focus { plain } else { theme[role] };
        let mut pen = cx.pen(place);
        pen.put(&name, plain).put(&bad, style(Role::Failed));
        pen.put(&sign, style(fault.map_or(Role::Tab, |(_, role)| role))).put(" ", plain);
        cx.hits.push(place, Target::Command(Command::Pane(at as u8)));
        x = place.right();
    }
}

/// Where each pane stands, and the summary of the row under the cursor where there is room for it.
fn places(area: Rect, strip: u16) -> ([Rect; 5], Rect) {
    let (clusters, rest) = top(area, strip);
    let (middle, logs) = bottom(rest, (rest.height * 3 / 10).clamp(7, 18));
    let (lists, side) =
        if middle.width >= 150 { right(middle, (middle.width / 4).clamp(40, 60)) } else { (middle, Rect::ZERO) };
    let (services, databases, alarms) = if lists.width < ABREAST {
        // Side by side all three would cut names, environments and reasons short: the services have the whole width.
        let (services, below) = top(lists, lists.height * 11 / 20);
        let (databases, alarms) = left(below, below.width / 2);
        (services, databases, alarms)
    } else {
        let (services, column) = left(lists, lists.width * 11 / 20);
        let (databases, alarms) = top(column, column.height / 2);
        (services, databases, alarms)
    };
    ([clusters, services, databases, alarms, logs], side)
}

fn panes(cx: &mut Cx, area: Rect, bridge: &Bridge) {
    // A line for what is well, and more for the reasons of what is not.
    let strip = 3 + (bridge.panes[0].shown.sick as u16).min(2);
    let (places, side) = places(area, strip);
    for (at, pane) in bridge.panes.iter().enumerate() {
        let (key, focused) = (PaneKey::Bridge(at), at == bridge.focus);
        if at == 0 {
            chips::draw(cx, places[at], pane, key, focused);
        } else {
            table::draw(cx, places[at], pane, key, focused);
        }
    }
    logs::draw(cx, places[LOGS], &bridge.logs, PaneKey::Bridge(LOGS), bridge.focus == LOGS);
    if !side.is_empty() {
        let pane: Option<&Pane> = bridge.panes.get(bridge.focus);
        summary::draw(cx, side, pane.and_then(|pane| pane.shown.get(pane.nav.at)));
    }
}
