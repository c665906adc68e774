//! Draws the state: pure, no I/O, no clock. What is visible is sliced before anything is built, so that a frame costs the same
//! whatever the number of rows. Knows the state's types and the model, nothing of engine or providers' calls.

mod acts;
mod ages;
mod blank;
mod border;
mod chart;
mod chips;
mod cx;
mod facts;
mod footer;
mod glyph;
mod grid;
mod header;
mod hits;
mod layers;
mod layout;
mod matches;
mod pen;
mod screens;
mod sidebar;
mod signs;
mod table;
pub mod theme;
mod wrap;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;

pub use hits::Hits;
pub use theme::{Theme, ThemeProblem, Themes};

use crate::app::layer::Layer;
use crate::app::{PaneKey, State, View};
use crate::keymap::Keymap;
use cx::{Cx, Seen};
use layout::{bottom, left, top};
use theme::Role;

/// Draws a frame, and returns where things are on it.
pub fn draw(frame: &mut Frame, state: &State, theme: &Theme, keymap: &Keymap, now: Timestamp) -> Hits {
    let area = frame.area();
    let mut cx =
        Cx { buf: frame.buffer_mut(), state, theme, keymap, now, hits: Hits::default(), seen: Seen::default() };
    cx.fill(area, Role::Base);
    if area.width < 40 || area.height < 8 {
        too_small(&mut cx, area);
    } else {
        screen(&mut cx, area);
    }
    let hits = cx.hits;
    if let Some(cursor) = hits.cursor {
        frame.set_cursor_position(cursor);
    }
    hits
}

/// A terminal in which nothing can be shown: one sentence says so.
fn too_small(cx: &mut Cx, area: Rect) {
    let style = cx.style(Role::Text);
    for (words, place) in wrap::wrap("Quarterdeck needs 40 columns and 8 lines.", area.width).iter().zip(area.rows()) {
        cx.pen(place).put(words, style);
    }
}

fn screen(cx: &mut Cx, area: Rect) {
    let (head, rest) = top(area, header::lines(area.height));
    let (rest, foot) = bottom(rest, 1);
    let (body, strip) = bottom(rest, acts::strip_lines(cx, area.height));
    let list = if matches!(cx.state.view, View::Fleet(_)) { 0 } else { sidebar::columns(cx, area.width) };
    let (side, main) = left(body, list);
    if !side.is_empty() {
        sidebar::draw(cx, side);
    }
    view(cx, main);
    header::draw(cx, head);
    acts::strip(cx, strip);
    // Layers may lie over the strip: what is to be read there needs the room.
    layers::draw(cx, rest, foot);
    if !matches!(cx.state.layers.last(), Some(Layer::Prompt { .. })) {
        footer::draw(cx, foot);
    }
}

fn view(cx: &mut Cx, area: Rect) {
    let state = cx.state;
    match &state.view {
        View::Bridge(bridge) => screens::bridge::draw(cx, area, bridge),
        View::List(pane) => screens::list::draw(cx, area, pane, PaneKey::Main),
        View::Fleet(fleet) => screens::fleet::draw(cx, area, fleet),
        View::Logs(logs) => screens::logs::draw(cx, area, logs, PaneKey::Main, true),
        View::Changes(changes) => screens::changes::draw(cx, area, changes),
        View::Journal(journal) => screens::journal::draw(cx, area, journal),
        View::ConsoleLog { back, .. } => screens::console_log::draw(cx, area, *back),
        View::Detail(detail) => screens::detail::draw(cx, area, detail),
    }
}
