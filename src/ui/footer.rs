//! The last line: the most useful keys of what has them now, or the newest word to the operator.

use ratatui::layout::Rect;

use super::acts;
use super::cx::Cx;
use super::glyph::width;
use super::layout::inset;
use super::theme::Role;
use crate::app::command::{Command, Context, Motion};
use crate::app::layer::Layer;
use crate::app::view::DetailTab;
use crate::app::{State, Target, View};
use crate::engine::SignInState;

/// What a hint says about a command, in a word or two.
pub(super) type Hint = (Command, &'static str);

const ENDS: [Hint; 3] = [(Command::Palette, "go"), (Command::Help, "help"), (Command::Back, "back")];

const BRIDGE: [Hint; 10] = [
    (Command::Open, "open"),
    (Command::NextPane, "pane"),
    (Command::Zoom, "zoom"),
    (Command::Filter, "filter"),
    (Command::Actions, "actions"),
    (Command::Describe, "describe"),
    (Command::Logs, "logs"),
    (Command::ChangesHere, "changes"),
    (Command::Environments, "environments"),
    (Command::Fleet, "fleet"),
];

const LIST: [Hint; 10] = [
    (Command::Open, "open"),
    (Command::Filter, "filter"),
    (Command::SortMenu, "sort"),
    (Command::Mark, "mark"),
    (Command::Actions, "actions"),
    (Command::Describe, "describe"),
    (Command::Logs, "logs"),
    (Command::ChangesHere, "changes"),
    (Command::Copy, "copy"),
    (Command::Environments, "environments"),
];

const FLEET: [Hint; 5] = [
    (Command::Open, "go there"),
    (Command::Filter, "filter"),
    (Command::Mark, "mark"),
    (Command::SignIn, "sign in"),
    (Command::Changes, "changes"),
];

const CHANGES: [Hint; 4] =
    [(Command::Open, "open"), (Command::Filter, "filter"), (Command::Window, "window"), (Command::Copy, "copy")];

const JOURNAL: [Hint; 3] = [(Command::Open, "open"), (Command::Filter, "filter"), (Command::Refresh, "read again")];

const DETAIL: [Hint; 8] = [
    (Command::Open, "follow"),
    (Command::Actions, "actions"),
    (Command::NextPane, "raw"),
    (Command::Window, "window"),
    (Command::Logs, "logs"),
    (Command::ChangesHere, "changes"),
    (Command::Copy, "copy"),
    (Command::Link, "link"),
];

const RAW: [Hint; 5] = [
    (Command::NextPane, "summary"),
    (Command::Filter, "search"),
    (Command::NextMatch, "next"),
    (Command::PreviousMatch, "previous"),
    (Command::Copy, "copy"),
];

const LOGS: [Hint; 7] = [
    (Command::Pause, "pause"),
    (Command::Filter, "search"),
    (Command::NextMatch, "next"),
    (Command::Level, "level"),
    (Command::Window, "range"),
    (Command::Pattern, "pattern"),
    (Command::Wrap, "wrap"),
];

const UP: Hint = (Command::Move(Motion::Up), "previous");
const DOWN: Hint = (Command::Move(Motion::Down), "next");
const CLOSE: Hint = (Command::Close, "close");

const CHOOSE: [Hint; 3] = [(Command::Open, "choose"), UP, DOWN];

const PICK: [Hint; 4] = [(Command::Open, "go there"), (Command::Mark, "mark several"), UP, DOWN];

const SCROLL: [Hint; 4] = [
    (Command::Move(Motion::Up), "up"),
    (Command::Move(Motion::Down), "down"),
    (Command::Move(Motion::PageDown), "page"),
    (Command::Move(Motion::Last), "end"),
];

/// The hints of a layer, and how it is left. A prompt takes the line itself.
fn of_layer(layer: &Layer) -> (&'static [Hint], &'static [Hint]) {
    match layer {
        Layer::Prompt { .. } => (&[], &[]),
        Layer::Palette { .. } | Layer::SortMenu { .. } => (&CHOOSE, &[CLOSE]),
        Layer::Picker { .. } => (&PICK, &[CLOSE]),
        Layer::Help { .. } => (&SCROLL, &[CLOSE]),
        Layer::Code { .. } => (&[(Command::Open, "try it")], &[(Command::Close, "leave it")]),
        Layer::SignIn { state: Some(SignInState::Done(_) | SignInState::Failed(_)), .. } => (&[], &[CLOSE]),
        Layer::SignIn { .. } => (&[], &[(Command::Close, "hide; it goes on")]),
        Layer::Act(layer) => acts::hints(layer),
    }
}

fn of_view(state: &State) -> &'static [Hint] {
    match (&state.view, state.context()) {
        (View::Fleet(_), _) => &FLEET,
        (View::Changes(_), _) => &CHANGES,
        (View::Journal(_), _) => &JOURNAL,
        (_, Context::Logs) => &LOGS,
        (View::Bridge(_), _) => &BRIDGE,
        (View::List(_), _) => &LIST,
        (View::Detail(detail), _) if detail.tab == DetailTab::Raw => &RAW,
        (View::Detail(_), _) => &DETAIL,
        (View::Logs(_) | View::ConsoleLog { .. }, _) => &[],
    }
}

/// Draws it.
pub(super) fn draw(cx: &mut Cx, area: Rect) {
    let area = inset(area, 1);
    if let Some(notice) = &cx.state.notice {
        let (sign, role) = if notice.bad { ("!", Role::NoticeBad) } else { ("·", Role::Notice) };
        let style = cx.style(role);
        cx.pen(area).put(sign, style).skip(1).put(&notice.text, style);
        return;
    }
    let theme = cx.theme;
    let context = cx.state.context();
    let (own, ends) = match cx.state.layers.last() {
        Some(layer) => of_layer(layer),
        None => (of_view(cx.state), &ENDS[..]),
    };
    let idle = matches!(&cx.state.view, View::Detail(detail) if !detail.has_charts());
    let shown = own.iter().chain(ends).filter(|hint| !idle || hint.0 != Command::Window);
    let mut hints: Vec<(String, &Hint)> =
        shown.filter_map(|hint| Some((cx.keymap.key_in(context, &hint.0)?, hint))).collect();
    let cells = |(key, hint): &(String, &Hint)| width(key) + width(hint.1) + 3;
    // How to go on and where to find help stay; of the others, the least useful go first.
    while hints.len() > ends.len() && hints.iter().map(cells).sum::<u16>() > area.width + 2 {
        hints.remove(hints.len() - ends.len() - 1);
    }
    let mut x = area.x;
    for (key, (command, words)) in &hints {
        let place = Rect { x, width: width(key) + width(words) + 1, ..area }.intersection(area);
        cx.pen(place).put(key, theme[Role::Key]).skip(1).put(words, theme[Role::Hint]);
        cx.hits.push(place, Target::Command(command.clone()));
        x = place.right() + 2;
    }
}
