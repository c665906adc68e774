//! One message in, effects out. Deterministic: the same messages give the same state.

use tui_input::InputRequest;

use super::command::{Command, Context};
use super::layer::Layer;
use super::msg::{Effect, Msg, Target};
use super::pane::{PaneKey, Shown};
use super::state::{Notice, State};
use super::view::View;
use super::{acts, data, layers, moves, navigate, open, wants};

/// What a message led to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// Something visible may have changed.
    pub redraw: bool,
}

/// Takes a message.
pub fn update(state: &mut State, msg: Msg) -> Outcome {
    if acts::is_deaf(state, &msg) {
        return Outcome::default();
    }
    let mut effects = Vec::new();
    // Whether other rows may be on screen: time alone brings none, and most frames show those of the frame before.
    let mut moved = !matches!(msg, Msg::Tick(_));
    let by_hand = matches!(msg, Msg::Do(_) | Msg::Edit(_) | Msg::Paste(_) | Msg::Click(..));
    if by_hand || matches!(msg, Msg::Scroll(..)) {
        state.touched = state.now;
    }
    let before = by_hand.then(|| state.notice.take().filter(|notice| !notice.answers));
    let redraw = match msg {
        Msg::Do(command) => {
            run(state, command, &mut effects);
            true
        }
        Msg::Edit(request) => {
            layers::edit(state, request, &mut effects);
            true
        }
        Msg::Paste(text) => {
            for c in crate::model::text::clean(&text).chars() {
                layers::edit(state, InputRequest::InsertChar(c), &mut effects);
            }
            true
        }
        Msg::Click(target, double) => {
            click(state, target, double, &mut effects);
            true
        }
        Msg::Scroll(key, rows) => {
            moves::scroll(state, key, rows);
            true
        }
        Msg::Event(event) => data::take(state, event, &mut effects),
        Msg::Ranked(key, generation, shown) => ranked(state, key, generation, shown),
        Msg::Viewport(lists) => {
            moved = moves::viewport(state, &lists);
            acts::drawn(state);
            false
        }
        Msg::Tick(now) => tick(state, now),
        Msg::Notice(text) => {
            state.say(text);
            true
        }
    };
    if let Some(before) = before {
        match &mut state.notice {
            Some(notice) => notice.answers = true,
            none => *none = before,
        }
    }
    acts::cover(state);
    wants::settle(state, moved, &mut effects);
    Outcome { effects, redraw }
}

fn tick(state: &mut State, now: jiff::Timestamp) -> bool {
    state.now = now;
    let over = state.notice.as_ref().is_some_and(|notice| now.as_second() - notice.at.as_second() >= 8);
    if over {
        state.notice = None;
    }
    let moves = state.move_hand();
    acts::tick(state) || over || moves
}

fn ranked(state: &mut State, key: PaneKey, generation: u64, shown: Shown) -> bool {
    let Some(pane) = state.pane_mut(key) else { return false };
    if pane.generation != generation {
        return false;
    }
    open::show(pane, shown);
    true
}

fn click(state: &mut State, target: Target, double: bool, effects: &mut Vec<Effect>) {
    match target {
        Target::Row(key, row) => {
            moves::focus(state, key);
            moves::to_row(state, key, row);
            let opens = !matches!(state.layers.last(), Some(Layer::Act(layer)) if !layer.opens_by_mouse());
            if double && opens {
                run(state, Command::Open, effects);
            }
        }
        Target::Pane(key) => moves::focus(state, key),
        Target::Column(key, column) => {
            moves::focus(state, key);
            moves::sort_by(state, column, effects);
        }
        Target::Environment(name) => run(state, Command::Switch(name), effects),
        Target::Command(command) => run(state, command, effects),
    }
}

/// Carries out a command: the top layer first, then the view, then what holds everywhere.
pub(super) fn run(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    if !matches!(command, Command::Interrupt | Command::Back) {
        state.leaving = None;
    }
    if layers::run(state, &command, effects) {
        return;
    }
    match command {
        Command::Move(motion) => moves::by(state, motion),
        Command::Sideways(cells) => moves::sideways(state, cells),
        Command::SortMenu => layers::open_sort_menu(state),
        Command::SortBy(n) => {
            if let Some((_, column)) = moves::sort_columns(state).get(usize::from(n)).cloned() {
                moves::sort_by(state, column, effects);
            }
        }
        Command::Mark => moves::mark(state),
        Command::Unmark => moves::unmark(state),
        Command::NextPane | Command::PreviousPane | Command::Pane(_) | Command::Zoom => moves::panes(state, &command),
        Command::Filter | Command::Pattern | Command::Labels => layers::open_prompt(state, &command),
        Command::Palette => layers::open_palette(state),
        Command::Help => state.layers.push(Layer::Help { top: 0 }),
        Command::Environments => layers::open_picker(state),
        Command::Pause
        | Command::NextMatch
        | Command::PreviousMatch
        | Command::Level
        | Command::Wrap
        | Command::Window => moves::reading(state, &command, effects),
        Command::Actions => acts::menu::open(state),
        Command::Arm => acts::arm(state),
        Command::Runs => acts::runs::open(state),
        Command::Journal => acts::journal::open(state, effects),
        Command::LocalTime => state.local_time = !state.local_time,
        Command::Theme => next_theme(state, effects),
        Command::Suspend => effects.push(Effect::Suspend),
        Command::Quit => acts::leave(state, effects),
        Command::Interrupt => leave_when_twice(state, "Ctrl-C again leaves", effects),
        Command::Close => close(state, effects),
        Command::Back => {
            if !navigate::back(state, effects) {
                leave_when_twice(state, "q again leaves", effects);
            }
        }
        Command::HistoryBack => {
            navigate::back(state, effects);
        }
        Command::HistoryForward => navigate::forward(state, effects),
        other => open::run(state, other, effects),
    }
}

/// The nearest of: clear the search or filter, clear the marks, leave the zoom, go back.
fn close(state: &mut State, effects: &mut Vec<Effect>) {
    if moves::clear(state, effects) {
        return;
    }
    if let View::Bridge(bridge) = &mut state.view
        && bridge.zoom
    {
        bridge.zoom = false;
        return;
    }
    navigate::back(state, effects);
}

fn leave_when_twice(state: &mut State, words: &str, effects: &mut Vec<Effect>) {
    let recent = state.leaving.is_some_and(|at| state.now.as_second() - at.as_second() <= 3);
    if recent {
        acts::leave(state, effects);
    } else {
        state.leaving = Some(state.now);
        state.say(words);
    }
}

fn next_theme(state: &mut State, effects: &mut Vec<Effect>) {
    let themes = &state.settings.themes;
    let at = themes.iter().position(|name| *name == state.theme).map_or(0, |at| (at + 1) % themes.len().max(1));
    if let Some(name) = themes.get(at).cloned() {
        state.theme.clone_from(&name);
        state.say(format!("theme {name}"));
        effects.push(Effect::Theme(name));
    }
}

impl State {
    /// A word to the operator.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), at: self.now, bad: false, answers: false });
    }

    /// A word about something that went wrong.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), at: self.now, bad: true, answers: false });
    }

    /// What takes the keys now.
    pub fn context(&self) -> Context {
        match self.layers.last() {
            Some(Layer::Picker { .. }) => Context::Picker,
            Some(Layer::Prompt { .. } | Layer::Palette { .. } | Layer::Code { .. }) => Context::Text,
            Some(Layer::Act(layer)) => layer.context(&self.acts),
            Some(Layer::SortMenu { .. } | Layer::Help { .. } | Layer::SignIn { .. }) => Context::Menu,
            None => match &self.view {
                View::Bridge(bridge) if bridge.focus == 4 => Context::Logs,
                View::Bridge(_) => Context::Bridge,
                View::Fleet(_) | View::List(_) | View::Changes(_) | View::Journal(_) => Context::List,
                View::Detail(_) => Context::Detail,
                View::Logs(_) => Context::Logs,
                View::ConsoleLog { .. } => Context::ConsoleLog,
            },
        }
    }
}
