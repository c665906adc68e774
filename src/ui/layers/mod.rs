//! What lies over a view: one line of input, or a box in the middle. A box takes the mouse from what is below it.

mod boxes;
mod help;
mod palette;
mod picker;

use ratatui::layout::{Position, Rect};

use super::acts;
use super::border;
use super::cx::Cx;
use super::glyph::{clip, width};
use super::layout::{centre, inset, line, top};
use super::theme::Role;
use crate::app::layer::{Layer, Prompt};
use crate::app::{PaneKey, Target};
use tui_input::Input;

/// Draws all of them, the top last. A prompt takes the footer's line.
pub(super) fn draw(cx: &mut Cx, body: Rect, foot: Rect) {
    let state = cx.state;
    let last = state.layers.len().saturating_sub(1);
    for (at, layer) in state.layers.iter().enumerate() {
        match layer {
            // The form below its plan would only peek out.
            Layer::Act(_) if at < last => {}
            Layer::Prompt { prompt, input, error, .. } => prompt_line(cx, foot, *prompt, input, error.as_deref()),
            Layer::Palette { input, entries, matches, at } => palette::draw(cx, body, input, entries, matches, *at),
            Layer::Picker { input, matches, nav, .. } => picker::draw(cx, body, input, matches, nav),
            Layer::SortMenu { columns, at } => boxes::sort_menu(cx, body, columns, *at),
            Layer::Help { top } => help::draw(cx, body, *top),
            Layer::Code { environment, serial, input, waiting, error } => {
                boxes::code(cx, body, &boxes::Code { environment, serial, waiting: *waiting, error }, input);
            }
            Layer::Act(layer) => acts::draw(cx, body, layer),
            Layer::SignIn { environment, state } => boxes::sign_in(cx, body, environment, state.as_ref()),
        }
    }
}

/// A box of this size with a title, and how many of how many it shows; returns what is inside, with a cell of air at both sides.
pub(in crate::ui) fn boxed(cx: &mut Cx, body: Rect, columns: u16, lines: u16, title: &str, foot: &str) -> Rect {
    let area = centre(body, columns.saturating_add(4), lines.saturating_add(2));
    cx.hits.targets.clear();
    cx.hits.cursor = None;
    cx.hits.push(area, Target::Pane(PaneKey::Layer));
    cx.fill(area, Role::Layer);
    if area.width < 4 || area.height < 3 {
        return Rect { height: 0, ..area };
    }
    let border = cx.style(Role::LayerBorder);
    border::lines(cx, area, border);
    let edge = inset(area, 2);
    let (title_style, muted) = (cx.style(Role::TitleFocus), cx.style(Role::Muted));
    cx.pen(line(edge, 0)).put(&format!(" {title} "), title_style);
    if !foot.is_empty() {
        cx.pen(line(edge, area.height - 1)).at_end(&format!(" {foot} "), muted);
    }
    let inner = Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 };
    inset(inner, 1)
}

/// A line of input with its cursor; scrolls so that the cursor is seen.
pub(in crate::ui) fn input_line(cx: &mut Cx, area: Rect, sign: &str, input: &Input) {
    let (key, style) = (cx.style(Role::Accent), cx.style(Role::Input));
    let mut pen = cx.pen(area);
    pen.put(sign, key).skip(1);
    let (start, room) = (pen.x(), pen.left());
    let out = input.visual_scroll(usize::from(room.saturating_sub(1)));
    pen.scrolled(input.value(), out as u16, |_| style);
    let before: String = input.value().chars().take(input.cursor()).collect();
    let x = start + width(&before).saturating_sub(out as u16).min(room.saturating_sub(1));
    if !area.is_empty() {
        cx.hits.cursor = Some(Position { x, y: area.y });
    }
}

fn prompt_line(cx: &mut Cx, area: Rect, prompt: Prompt, input: &Input, error: Option<&str>) {
    cx.fill(area, Role::Base);
    let sign = match prompt {
        Prompt::Filter => "filter /",
        Prompt::Search => "search /",
        Prompt::Pattern => "CloudWatch pattern",
        Prompt::Labels => "logs of pods",
    };
    let help = match prompt {
        Prompt::Filter => Some("words · !not · column:value · /regex/"),
        Prompt::Labels => Some("NAMESPACE/app=web,tier!=cache"),
        Prompt::Search | Prompt::Pattern => None,
    };
    let bad = cx.style(Role::InputBad);
    let area = inset(area, 1);
    let mut rest = area;
    if let Some(error) = error {
        // What is typed stays readable; what is wrong with it is said in the rest of the line, however little that is.
        let typed = (width(sign) + width(input.value()) + 3).min(area.width / 2);
        let words = format!("! {error}");
        let mut pen = cx.pen(area);
        pen.at_end(&clip(&words, area.width.saturating_sub(typed)), bad);
        rest.width = pen.left();
    } else if let Some(help) = help {
        let muted = cx.style(Role::Muted);
        if width(input.value()) + width(help) + 14 < area.width {
            let mut pen = cx.pen(area);
            pen.at_end(help, muted);
            rest.width = pen.left();
        }
    }
    input_line(cx, rest, sign, input);
}

/// A line of input and a rule below it; returns what is left of a box.
fn searched(cx: &mut Cx, inner: Rect, sign: &str, input: &Input) -> Rect {
    let (head, rest) = top(inner, 1);
    input_line(cx, head, sign, input);
    let (rule, rest) = top(rest, 1);
    let faint = cx.style(Role::Faint);
    cx.pen(rule).rule("─", rule.width, faint);
    rest
}

/// Places a list of so many rows in a box; returns the first that is shown, so that the chosen one is in sight.
pub(in crate::ui) fn list(cx: &mut Cx, area: Rect, at: usize, all: usize) -> usize {
    let height = usize::from(area.height);
    let first = at.saturating_sub(height / 2).min(all.saturating_sub(height));
    cx.hits.list(PaneKey::Layer, first, height, all);
    border::scrollbar(cx, Rect { width: area.width + 1, ..area }, first, all);
    first
}
