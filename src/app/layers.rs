//! What lies over a view: prompts, palette, picker, menus, codes.

use std::collections::BTreeSet;
use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

use super::acts;
use super::command::{Command, Motion};
use super::labels;
use super::layer::{Layer, PaletteEntry, Prompt};
use super::logs::Search;
use super::msg::Effect;
use super::nav::Nav;
use super::state::State;
use super::view::View;
use super::{moves, navigate, summary, types, update};
use crate::engine::Request;
use crate::kinds;
use crate::model::text::near_misses;
use crate::model::{Change, FaultClass, Filter};

/// Carries out a command on the top layer; whether it took it.
pub(super) fn run(state: &mut State, command: &Command, effects: &mut Vec<Effect>) -> bool {
    if state.layers.is_empty() {
        return false;
    }
    if matches!(state.layers.last(), Some(Layer::Act(_))) {
        return acts::layer::run(state, command, effects);
    }
    match command {
        Command::Close | Command::Back => close(state, effects),
        Command::Open => accept(state, effects),
        Command::Move(motion) => move_in(state, *motion),
        Command::Mark => mark(state),
        Command::Interrupt | Command::Quit | Command::Suspend => return false,
        // A key that opens a layer closes it again.
        Command::Help if matches!(state.layers.last(), Some(Layer::Help { .. })) => close(state, effects),
        _ => {}
    }
    true
}

fn close(state: &mut State, effects: &mut Vec<Effect>) {
    match state.layers.pop() {
        Some(Layer::Prompt { prompt: Prompt::Filter, before, .. }) => {
            if let Ok(filter) = Filter::parse(&before) {
                moves::set_filter(state, filter, effects);
            }
        }
        Some(Layer::Code { environment, .. }) => {
            state.dismissed_codes.insert(environment);
        }
        _ => {}
    }
}

fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    // A filter with a mistake would leave a list that looks like an answer: it is put right, or left by Esc.
    if let Some(Layer::Prompt { prompt: Prompt::Filter, error: Some(_), .. }) = state.layers.last() {
        return;
    }
    let Some(layer) = state.layers.pop() else { return };
    match layer {
        Layer::Prompt { prompt: Prompt::Filter, .. } | Layer::Help { .. } | Layer::SignIn { .. } | Layer::Act(_) => {}
        Layer::Prompt { prompt: Prompt::Search, input, .. } => search(state, input.value()),
        Layer::Prompt { prompt: Prompt::Pattern, input, .. } => {
            let pattern = Some(input.value().trim()).filter(|text| !text.is_empty()).map(Arc::from);
            if let Some(tail) = state.focused_tail() {
                tail.pattern = pattern;
                tail.restart(tail.sources.clone());
            }
        }
        Layer::Prompt { prompt: Prompt::Labels, input, before, .. } => {
            if let Err(wrong) = labels::tail(state, input.value(), effects) {
                let error = Some(wrong.into());
                state.layers.push(Layer::Prompt { prompt: Prompt::Labels, input, error, before });
            }
        }
        Layer::Palette { input, entries, matches, at } => match matches.get(at).and_then(|entry| entries.get(*entry)) {
            Some(entry) => update::run(state, entry.command.clone(), effects),
            None => nothing_called(state, input.value()),
        },
        Layer::Picker { matches, nav, marked, .. } => {
            let mut names: BTreeSet<Arc<str>> = if marked { nav.marks.into_iter().collect() } else { BTreeSet::new() };
            if names.is_empty() {
                let chosen = matches.get(nav.at).and_then(|at| state.environments.get(*at));
                names.extend(chosen.map(|environment| Arc::clone(&environment.name)));
            }
            state.dismissed_codes.retain(|name| !names.contains(name));
            navigate::mark_environments(state, names, effects);
        }
        Layer::SortMenu { columns, at } => {
            if let Some((_, column)) = columns.get(at) {
                moves::sort_by(state, column, effects);
            }
        }
        Layer::Code { environment, serial, input, .. } => {
            let code = input.value().trim().to_owned();
            let waiting = !code.is_empty();
            if waiting {
                effects.push(Effect::Ask(Request::Code { environment: Arc::clone(&environment), code }));
            }
            state.layers.push(Layer::Code { environment, serial, input, waiting, error: None });
        }
    }
}

fn search(state: &mut State, text: &str) {
    if let View::Detail(detail) = &mut state.view {
        detail.search = Search::new(text);
        let (id, search) = (Arc::clone(&detail.id), detail.search.clone());
        let found = search.and_then(|search| moves::find_raw(state, &id, &search, 0, false));
        if let (View::Detail(detail), Some(line)) = (&mut state.view, found) {
            detail.top = line;
        }
    } else if let Some(tail) = state.focused_tail() {
        tail.search_for(text);
        if tail.search.is_some() && !tail.find(true) && !tail.find(false) {
            state.say("no match");
        }
    }
}

fn move_in(state: &mut State, motion: Motion) {
    let height = state.layer_height;
    let step = |at: usize, len: usize| moves::target(motion, at, len, height);
    match state.layers.last_mut() {
        Some(Layer::Palette { matches, at, .. }) => *at = step(*at, matches.len()),
        Some(Layer::Picker { matches, nav, .. }) => nav.at = step(nav.at, matches.len()),
        Some(Layer::SortMenu { columns, at }) => *at = step(*at, columns.len()),
        Some(Layer::Help { top }) => *top = step(*top, 500),
        _ => {}
    }
}

/// Chooses a row of the top layer's list (a click).
pub(super) fn to_row(state: &mut State, row: usize) {
    let choose = |at: &mut usize, len: usize| {
        if row < len {
            *at = row;
        }
    };
    match state.layers.last_mut() {
        Some(Layer::Palette { matches, at, .. }) => choose(at, matches.len()),
        Some(Layer::Picker { matches, nav, .. }) => choose(&mut nav.at, matches.len()),
        Some(Layer::SortMenu { columns, at }) => choose(at, columns.len()),
        Some(Layer::Act(_)) => acts::layer::to_row(state, row),
        _ => {}
    }
}

/// Space in the picker.
fn mark(state: &mut State) {
    let environments = &state.environments;
    if let Some(Layer::Picker { matches, nav, marked, .. }) = state.layers.last_mut()
        && let Some(environment) = matches.get(nav.at).and_then(|at| environments.get(*at))
    {
        *marked = true;
        moves::toggle(nav, Arc::clone(&environment.name));
        nav.at = (nav.at + 1).min(matches.len().saturating_sub(1));
    }
}

/// A key of the line that is being edited.
pub(super) fn edit(state: &mut State, request: InputRequest, effects: &mut Vec<Effect>) {
    let columns = filter_columns(state);
    let mut filter = None;
    match state.layers.last_mut() {
        Some(Layer::Prompt { prompt, input, error, .. }) => {
            input.handle(request);
            *error = None;
            if *prompt == Prompt::Filter {
                match Filter::parse(input.value()) {
                    Ok(parsed) => {
                        *error = unknown_column(&columns, &parsed);
                        filter = Some(parsed);
                    }
                    Err(wrong) => *error = Some(wrong.reason),
                }
            }
        }
        Some(Layer::Palette { input, .. } | Layer::Picker { input, .. }) => {
            input.handle(request);
            rematch(state);
        }
        Some(Layer::Code { input, waiting: false, .. }) => {
            input.handle(request);
        }
        Some(Layer::Act(_)) => acts::layer::edit(state, request),
        _ => {}
    }
    if let Some(filter) = filter {
        moves::set_filter(state, filter, effects);
    }
}

/// The columns that a filter of the focused list may name; none where the view checks none.
fn filter_columns(state: &State) -> Vec<String> {
    if matches!(state.view, View::Journal(_)) {
        return acts::journal::COLUMNS.map(str::to_owned).into();
    }
    if matches!(state.view, View::Changes(_)) {
        return Change::COLUMNS.map(str::to_owned).into();
    }
    if matches!(state.view, View::Fleet(_)) {
        return summary::COLUMNS.map(str::to_owned).into();
    }
    let Some((_, pane)) = state.focused() else { return Vec::new() };
    let titles = pane.shown.titles();
    let own = pane
        .kinds
        .iter()
        .filter_map(|kind| kinds::by_id(kind))
        .flat_map(|kind| (0..kind.columns.len()).filter_map(move |at| kinds::titles::name_of(kind, titles, at)));
    let built_in = ["name", "environment", "env", "region", "kind", "health", "reason"];
    built_in.map(str::to_owned).into_iter().chain(own).collect()
}

/// What is wrong with the columns that a filter names: it would match nothing, which looks like an answer.
fn unknown_column(known: &[String], filter: &Filter) -> Option<String> {
    let unknown = filter.columns().find(|column| !known.is_empty() && known.iter().all(|name| name != column))?;
    let near = near_misses(unknown, known.iter().map(String::as_str));
    let hint = match near.as_slice() {
        [] => format!("there are {}", known.join(", ")),
        near => format!("did you mean {}?", near.join(", ")),
    };
    Some(format!("there is no column `{unknown}`; {hint}"))
}

/// Says that the palette has nothing of this name, and what comes near.
fn nothing_called(state: &mut State, word: &str) {
    let names =
        kinds::ALL.iter().flat_map(|kind| [kind.id, kind.title].into_iter().chain(kind.aliases.iter().copied()));
    let environments = state.environments.iter().map(|environment| &*environment.name);
    let near = near_misses(word, names.chain(environments)).join(", ");
    state.warn(match near.as_str() {
        "" => format!("nothing is called `{word}`"),
        near => format!("nothing is called `{word}`; did you mean {near}?"),
    });
}

/// Matches the palette or the picker anew.
fn rematch(state: &mut State) {
    let recent = &state.recent;
    let environments = &state.environments;
    match state.layers.last_mut() {
        Some(Layer::Palette { input, entries, matches, at }) => {
            let exact = |entry: &PaletteEntry| called(entry, input.value());
            *matches = fuzzy(input.value(), entries.iter().map(|entry| &*entry.words));
            // Commands are sentences: scattered letters are found in every one of them.
            let word = input.value().trim().to_lowercase();
            matches.retain(|at| entries[*at].sort != "command" || entries[*at].words.to_lowercase().contains(&word));
            matches.retain(|at| entries[*at].sort != types::SORT || types::begins(&entries[*at], &word));
            if let Some(first) = entries.iter().position(exact) {
                matches.retain(|entry| *entry != first);
                matches.insert(0, first);
            }
            *at = 0;
        }
        Some(Layer::Picker { input, matches, nav, .. }) => {
            let words: Vec<String> = environments.iter().map(|environment| picker_words(environment)).collect();
            *matches = fuzzy(input.value(), words.iter().map(String::as_str));
            if input.value().is_empty() {
                let place = |at: &usize| {
                    let name = &environments[*at].name;
                    recent.iter().position(|recent| recent == name).unwrap_or(usize::MAX)
                };
                matches.sort_by_key(place);
            }
            nav.at = 0;
        }
        _ => {}
    }
}

/// What an environment is found by in the picker.
pub fn picker_words(environment: &crate::model::Environment) -> String {
    let customer = environment.customer.as_deref().unwrap_or_default();
    let stage = environment.stage.map_or("", crate::model::Stage::word);
    format!("{} {customer} {stage}", environment.name)
}

/// Whether the typed word is the very name of an entry: it comes first, whatever the fuzzy score says.
fn called(entry: &PaletteEntry, word: &str) -> bool {
    match &entry.command {
        Command::List(kind) => kinds::by_id(kind).is_some_and(|kind| kind.is_called(word)),
        Command::Quit => matches!(word, "q" | "quit"),
        Command::Objects(_) => types::is_called(entry, word),
        Command::Journal => word == "journal",
        _ => &*entry.words == word,
    }
}

/// Indices of what matches, best first; all of it for an empty text.
fn fuzzy<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Vec<usize> {
    if text.trim().is_empty() {
        return (0..words.count()).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, usize)> = words
        .enumerate()
        .filter_map(|(at, word)| Some((pattern.score(Utf32Str::new(word, &mut buffer), &mut matcher)?, at)))
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, at)| at).collect()
}

pub(super) fn open_prompt(state: &mut State, command: &Command) {
    let reading = matches!(state.view, View::Detail(_)) || state.focused_tail().is_some();
    let prompt = match command {
        Command::Pattern if state.focused_tail().is_some() => Prompt::Pattern,
        Command::Pattern => return,
        Command::Labels => Prompt::Labels,
        _ if reading => Prompt::Search,
        _ => Prompt::Filter,
    };
    let before = match prompt {
        Prompt::Filter => match &state.view {
            View::Fleet(fleet) => fleet.nav.filter.text().to_owned(),
            View::Changes(view) => view.nav.filter.text().to_owned(),
            View::Journal(view) => view.nav.filter.text().to_owned(),
            _ => state.focused().map(|(_, pane)| pane.nav.filter.text().to_owned()).unwrap_or_default(),
        },
        Prompt::Search => String::new(),
        Prompt::Pattern => {
            state.focused_tail().and_then(|tail| tail.pattern.as_deref().map(str::to_owned)).unwrap_or_default()
        }
        Prompt::Labels => labels::beginning(state),
    };
    state.layers.push(Layer::Prompt { prompt, input: Input::new(before.clone()), error: None, before });
}

pub(super) fn open_palette(state: &mut State) {
    let entries = palette(state);
    let matches = Vec::new();
    state.layers.push(Layer::Palette { input: Input::default(), entries, matches, at: 0 });
    // What clusters have is asked for while it is open.
    state.asked.stale = true;
    rematch(state);
}

/// Everything that can be gone to.
fn palette(state: &State) -> Arc<[PaletteEntry]> {
    let kinds = kinds::ALL.iter().filter(|kind| kind.stands_alone()).map(|kind| PaletteEntry {
        words: format!("{} ({}) {}", kind.title, kind.id, kind.aliases.join(" ")).into(),
        sort: "kind",
        keys: "".into(),
        command: Command::List(kind.id),
    });
    let environments = state.environments.iter().map(|environment| PaletteEntry {
        words: Arc::clone(&environment.name),
        sort: "environment",
        keys: "".into(),
        command: Command::Switch(Arc::clone(&environment.name)),
    });
    kinds.chain(state.commands.iter().cloned()).chain(environments).chain(types::entries(state)).collect()
}

/// The palette has come to know more; what is chosen stays chosen.
pub(super) fn refresh_palette(state: &mut State) {
    let fresh = palette(state);
    let Some(Layer::Palette { entries, at, .. }) = state.layers.last_mut() else { return };
    let chosen = *at;
    *entries = fresh;
    rematch(state);
    if let Some(Layer::Palette { matches, at, .. }) = state.layers.last_mut() {
        *at = chosen.min(matches.len().saturating_sub(1));
    }
}

pub(super) fn open_picker(state: &mut State) {
    let mut nav = Nav::default();
    if state.marked.len() > 1 {
        nav.marks = state.marked.iter().cloned().collect();
    }
    state.layers.push(Layer::Picker { input: Input::default(), matches: Vec::new(), nav, marked: false });
    rematch(state);
}

pub(super) fn open_sort_menu(state: &mut State) {
    let columns = moves::sort_columns(state);
    if columns.is_empty() {
        state.say("this view has an order of its own");
        return;
    }
    let now = state.focused().and_then(|(_, pane)| pane.nav.sort.clone());
    let at = now.and_then(|sort| columns.iter().position(|(_, id)| *id == sort.column)).unwrap_or(0);
    state.layers.push(Layer::SortMenu { columns, at });
}

/// `L`: asks for the code of an MFA device, or starts the SSO sign-in, whichever the environment waits for.
pub(super) fn sign_in(state: &mut State, effects: &mut Vec<Effect>) {
    let name = state
        .selected_environment()
        .or_else(|| state.selected().map(|id| Arc::clone(&id.scope.environment)))
        .filter(|name| state.fault_of(name).is_some())
        .or_else(|| state.marked.iter().find(|name| state.fault_of(name).is_some()).cloned())
        .or_else(|| state.marked.first().cloned());
    let Some(environment) = name else { return };
    if let Some(FaultClass::NeedsCode { serial }) = state.fault_of(&environment) {
        let input = Input::default();
        state.layers.push(Layer::Code { environment, serial, input, waiting: false, error: None });
        return;
    }
    effects.push(Effect::Ask(Request::SignIn(Arc::clone(&environment))));
    state.layers.push(Layer::SignIn { environment, state: None });
}

impl State {
    /// The class of the present fault of an environment's credentials.
    fn fault_of(&self, name: &str) -> Option<FaultClass> {
        let row = self.fleet.iter().find(|row| &*row.environment.name == name)?;
        let (fault, _) = row.fault.as_ref()?;
        matches!(fault.class, FaultClass::Expired { .. } | FaultClass::NeedsCode { .. }).then(|| fault.class.clone())
    }
}
