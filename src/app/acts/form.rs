//! The fields of an action: prefilled, checked as they are typed, with what can be chosen beside them.

use std::sync::Arc;

use tui_input::{Input, InputRequest};

use super::layer::ActLayer;
use super::{ask, confirm, push};
use crate::actions::{ActionDef, Choice, FieldDef, FieldSort, check};
use crate::app::command::{Command, Motion};
use crate::app::layer::Layer;
use crate::app::msg::Effect;
use crate::app::state::State;
use crate::engine::Act;
use crate::model::{Fault, Fields, Order, Resource};

/// What can be chosen for a field.
#[derive(Clone, Debug)]
pub struct Choosing {
    /// The number of the question.
    pub id: u64,
    /// What was found; `None` while it is being read.
    pub found: Option<Result<Arc<[Choice]>, Arc<Fault>>>,
    /// Chosen, among those that are listed.
    pub at: Option<usize>,
    /// What was typed to narrow them.
    pub typed: String,
}

impl Choosing {
    /// Those that are listed: what was typed stands in them somewhere.
    pub fn listed(&self) -> Vec<&Choice> {
        let Some(Ok(found)) = &self.found else { return Vec::new() };
        let typed = self.typed.to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&typed);
        found.iter().filter(|choice| typed.is_empty() || holds(&choice.value) || holds(&choice.words)).collect()
    }
}

/// A field of the form.
#[derive(Clone, Debug)]
pub struct Field {
    /// What it takes.
    pub def: &'static FieldDef,
    /// What stands in it.
    pub input: Input,
    /// Several resources, each of which has a value of its own until one is typed for all.
    pub own: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// What can be chosen for it.
    pub choosing: Option<Choosing>,
}

/// The fields of an action.
#[derive(Clone, Debug)]
pub struct Form {
    /// The action.
    pub action: &'static ActionDef,
    /// On what, and what each one's fields started with.
    pub targets: Vec<(Resource, Fields)>,
    /// Those that are asked for.
    pub fields: Vec<Field>,
    /// The one that has the keys.
    pub at: usize,
}

/// Opens the form of an action, or goes straight to its plan where nothing is asked for.
pub(super) fn open(state: &mut State, action: &'static ActionDef, targets: &[Resource], effects: &mut Vec<Effect>) {
    let now = state.now;
    let targets: Vec<(Resource, Fields)> =
        targets.iter().map(|target| (target.clone(), (action.form)(target, now))).collect();
    let asked = action.fields.iter().filter(|field| !field.locates);
    let mut fields: Vec<Field> = asked.map(|def| prefilled(def, &targets)).collect();
    if let [(target, _)] = targets.as_slice() {
        for field in fields.iter_mut().filter(|field| field.def.sort == FieldSort::Chosen) {
            let id = state.acts.next();
            effects.push(ask(Act::Choices(id, action.id, Arc::clone(&target.id), field.def.id)));
            field.choosing = Some(Choosing { id, found: None, at: None, typed: String::new() });
        }
    }
    let form = Form { action, targets, fields, at: 0 };
    if form.fields.is_empty() {
        confirm::plan(state, form.orders(), effects);
    } else {
        push(state, ActLayer::Form(form));
    }
}

fn prefilled(def: &'static FieldDef, targets: &[(Resource, Fields)]) -> Field {
    let mut values = targets.iter().map(|(_, fields)| fields.get(def.id).map_or("", String::as_str));
    let first = values.next().unwrap_or_default();
    let own = values.any(|value| value != first);
    let input = Input::new(if own { String::new() } else { first.to_owned() });
    Field { def, input, own, problem: None, choosing: None }
}

/// What can be chosen has been read.
pub(super) fn found(state: &mut State, id: u64, found: Result<Vec<Choice>, Arc<Fault>>) {
    let fields = state.layers.iter_mut().filter_map(|layer| match layer {
        Layer::Act(ActLayer::Form(form)) => Some(&mut form.fields),
        _ => None,
    });
    let choosing = fields.flatten().filter_map(|field| field.choosing.as_mut()).find(|choosing| choosing.id == id);
    if let Some(choosing) = choosing {
        choosing.found = Some(found.map(Into::into));
    }
}

pub(super) fn run(state: &mut State, command: &Command, effects: &mut Vec<Effect>) {
    let Some(Layer::Act(ActLayer::Form(form))) = state.layers.last_mut() else { return };
    let len = form.fields.len();
    match command {
        Command::Close | Command::Back => drop(state.layers.pop()),
        Command::NextPane => form.at = (form.at + 1) % len.max(1),
        Command::PreviousPane => form.at = (form.at + len.saturating_sub(1)) % len.max(1),
        Command::Move(motion) => form.turn(*motion),
        Command::Open => {
            if form.check() {
                let orders = form.orders();
                confirm::plan(state, orders, effects);
            } else if let Some(bad) = form.fields.iter().position(|field| field.problem.is_some()) {
                form.at = bad;
            }
        }
        _ => {}
    }
}

impl Form {
    /// One order for each target: its own fields, with what stands in the form.
    pub fn orders(&self) -> Vec<Order> {
        let order = |(target, own): &(Resource, Fields)| Order {
            action: self.action.id,
            target: Arc::clone(&target.id),
            fields: self.filled(own),
        };
        self.targets.iter().map(order).collect()
    }

    fn filled(&self, own: &Fields) -> Fields {
        let mut fields = own.clone();
        for field in self.fields.iter().filter(|field| !field.own) {
            match field.input.value().trim() {
                "" => drop(fields.remove(field.def.id)),
                value => drop(fields.insert(field.def.id, value.to_owned())),
            }
        }
        fields
    }

    /// Whether a plan can be made of it; what is wrong is said at its field.
    fn check(&mut self) -> bool {
        for field in &mut self.fields {
            field.problem = None;
        }
        let all = self.targets.iter().map(|(_, own)| self.filled(own));
        let mut problems = all.filter_map(|fields| check(self.action, &fields).err());
        let Some(problem) = problems.next() else { return true };
        let place = self.fields.iter().position(|field| field.def.id == problem.field).unwrap_or(0);
        if let Some(field) = self.fields.get_mut(place) {
            field.problem = Some(problem.reason);
        }
        false
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        let Some(field) = self.fields.get_mut(self.at) else { return };
        if field.input.handle(request).is_none_or(|change| !change.value) {
            return;
        }
        field.own = false;
        let typed = field.input.value().to_owned();
        if let Some(choosing) = &mut field.choosing {
            (choosing.typed, choosing.at) = (typed, None);
        }
        self.check();
    }

    /// Up and down: the next of what can be chosen, one more or less of a number, else the next field.
    fn turn(&mut self, motion: Motion) {
        let len = self.fields.len();
        let Some(field) = self.fields.get_mut(self.at) else { return };
        match field.turned(motion) {
            Some(value) => {
                field.input = Input::new(value);
                field.own = false;
                self.check();
            }
            None if field.choosing.is_none() => self.at = super::layer::step(motion, self.at, len),
            None => {}
        }
    }
}

impl Field {
    /// What a motion makes of its value, where it has values that follow each other.
    fn turned(&mut self, motion: Motion) -> Option<String> {
        let value = self.input.value().trim();
        match self.def.sort {
            FieldSort::Text => None,
            FieldSort::Number(least, most) => {
                let by = match motion {
                    Motion::Up => 1,
                    Motion::Down => -1,
                    _ => return None,
                };
                let number = value.parse::<i64>().ok()?;
                Some(number.saturating_add(by).clamp(least, most).to_string())
            }
            FieldSort::Flag => next_of(&["no", "yes"], value, motion),
            FieldSort::OneOf(words) => next_of(words, value, motion),
            FieldSort::Chosen => {
                let choosing = self.choosing.as_mut()?;
                let listed: Vec<Arc<str>> = choosing.listed().iter().map(|choice| Arc::clone(&choice.value)).collect();
                let at = match choosing.at {
                    Some(at) => super::layer::step(motion, at, listed.len()),
                    None => listed.iter().position(|listed| **listed == *value).unwrap_or(0),
                };
                choosing.at = Some(at);
                listed.get(at).map(ToString::to_string)
            }
        }
    }
}

fn next_of(words: &[&str], value: &str, motion: Motion) -> Option<String> {
    let at = words.iter().position(|word| *word == value);
    let to = match (at, motion) {
        (None, _) => 0,
        (Some(at), motion) => super::layer::step(motion, at, words.len()),
    };
    words.get(to).map(|word| (*word).to_owned())
}
