//! Whatever comes in whatever order: nothing is confirmed that was not on the screen for half a second, typed key by key, and
//! chosen. An observer that knows only messages and the screen's promise watches.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::dialog::{About, Stop};
use super::super::fixture;
use super::*;
use crate::app::{PaneKey, Target};

const DEMANDED: &str = "dhbw-prod";

/// What can happen.
#[derive(Clone, Debug)]
enum Happening {
    Do(Command),
    Key(char),
    Erase,
    Paste,
    Click(usize, bool),
    ClickCommand(Command),
    Drawn,
    Pass(i64),
    /// Answers the newest question for a plan.
    Answer,
    /// Answers it once more, with another plan.
    AnswerAgain,
    Armed(bool),
    Rows,
    Refused,
    Moved,
    Code,
}

/// From the list to a plan that is on the screen and hears keys.
fn to_the_plan() -> Vec<Happening> {
    let open = Happening::Do(Command::Open);
    let asked = [Happening::Armed(true), Happening::Do(Command::Actions), open.clone(), open];
    let shown = [Happening::Answer, Happening::Drawn, Happening::Pass(0), Happening::Pass(500)];
    asked.into_iter().chain(shown).collect()
}

/// From there to Apply, and Enter.
fn confirmed_by(typed: impl IntoIterator<Item = Happening>) -> Vec<Happening> {
    let mut all = to_the_plan();
    all.extend(typed);
    all.extend([Happening::Do(Command::NextPane), Happening::Do(Command::Open)]);
    all
}

/// All that leads from the list to a confirmation, and no more.
fn good() -> Vec<Happening> {
    confirmed_by(typed())
}

/// Letters go to the field by themselves.
fn typed() -> impl Iterator<Item = Happening> {
    DEMANDED.chars().map(Happening::Key)
}

/// What leads there, and what somebody might think leads there.
fn ways() -> Vec<Vec<Happening>> {
    let mut replaced = to_the_plan();
    let next = Happening::Do(Command::NextPane);
    let shown = [Happening::AnswerAgain, Happening::Drawn, Happening::Pass(0), Happening::Pass(500)];
    replaced.extend(shown.into_iter().chain([next, Happening::Do(Command::Open)]));
    let pasted = confirmed_by([Happening::Do(Command::NextPane), Happening::Paste]);
    let by_tab = confirmed_by([Happening::Do(Command::NextPane)].into_iter().chain(typed()));
    vec![good(), by_tab, pasted, confirmed_by([Happening::Paste]), replaced]
}

fn anything() -> impl Strategy<Value = Happening> {
    let commands = vec![
        Command::Open,
        Command::Open,
        Command::NextPane,
        Command::NextPane,
        Command::PreviousPane,
        Command::Close,
        Command::Actions,
        Command::Arm,
        Command::Refresh,
        Command::Quit,
        Command::Palette,
    ];
    prop_oneof![
        6 => select(commands).prop_map(Happening::Do),
        4 => select(DEMANDED.chars().collect::<Vec<_>>()).prop_map(Happening::Key),
        1 => Just(Happening::Erase),
        2 => Just(Happening::Paste),
        2 => (0usize..9, any::<bool>()).prop_map(|(row, double)| Happening::Click(row, double)),
        1 => Just(Happening::ClickCommand(Command::Open)),
        2 => Just(Happening::Drawn),
        4 => select(&[0i64, 1, 100, 499, 500, 5_000, 900_000][..]).prop_map(Happening::Pass),
        3 => Just(Happening::Answer),
        1 => Just(Happening::AnswerAgain),
        2 => any::<bool>().prop_map(Happening::Armed),
        1 => Just(Happening::Rows),
        1 => Just(Happening::Refused),
        1 => Just(Happening::Moved),
        1 => Just(Happening::Code),
    ]
}

/// One of the ways with something left out, put in, doubled or swapped.
fn bent() -> impl Strategy<Value = Vec<Happening>> {
    let edits = proptest::collection::vec((0usize..40, anything(), 0u8..4), 0..6);
    (select(ways()), edits).prop_map(|(mut all, edits)| {
        for (at, other, how) in edits {
            let at = at % all.len().max(1);
            match how {
                0 if !all.is_empty() => drop(all.remove(at)),
                1 if at + 1 < all.len() => all.swap(at, at + 1),
                2 => all.insert(at, all.get(at).cloned().unwrap_or(other)),
                _ => all.insert(at, other),
            }
        }
        all
    })
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let twice = (bent(), bent()).prop_map(|(first, second)| [first, second].concat());
    prop_oneof![4 => bent(), 2 => twice, 1 => proptest::collection::vec(anything(), 0..60)]
}

/// What an onlooker knows of the dialog on the screen.
#[derive(Default)]
struct Observer {
    /// The plan that is on top, by its number and its first sight.
    plan: Option<(u64, usize)>,
    /// It has been drawn since.
    drawn: bool,
    /// The clock since then.
    since: Option<i64>,
    /// What was typed key by key since it came up.
    typed: String,
    /// Dialogs that came up.
    sights: usize,
}

struct World {
    state: State,
    observer: Observer,
    now: i64,
    asked: Option<(u64, Vec<Order>)>,
    /// What the cursor stood on when the menu was opened.
    chosen: Option<Arc<ResourceId>>,
    /// What each plan is to act on.
    targets: HashMap<u64, Arc<ResourceId>>,
    confirmed: usize,
    generation: u64,
    code: u64,
}

impl World {
    fn new() -> Self {
        Self {
            state: listed(),
            observer: Observer::default(),
            now: 0,
            asked: None,
            chosen: None,
            targets: HashMap::new(),
            confirmed: 0,
            generation: 1,
            code: 0,
        }
    }

    fn message(&mut self, happening: &Happening) -> Option<Msg> {
        let acted = |acted| Some(Msg::Event(Event::Acted(acted)));
        match happening {
            Happening::Do(command) => Some(Msg::Do(command.clone())),
            Happening::Key(c) => Some(Msg::Edit(InputRequest::InsertChar(*c))),
            Happening::Erase => Some(Msg::Edit(InputRequest::DeleteLine)),
            Happening::Paste => Some(Msg::Paste(DEMANDED.into())),
            Happening::Click(row, double) => Some(Msg::Click(Target::Row(PaneKey::Layer, *row), *double)),
            Happening::ClickCommand(command) => Some(Msg::Click(Target::Command(command.clone()), true)),
            Happening::Drawn => Some(Msg::Viewport(Vec::new())),
            Happening::Pass(millis) => {
                self.now += millis;
                Some(Msg::Tick(at(self.now)))
            }
            Happening::Answer => {
                let (id, orders) = self.asked.take()?;
                acted(Acted::Planned(id, Ok(proposal(&orders, Risk::High, Confirm::Environment(DEMANDED.into())))))
            }
            Happening::AnswerAgain => {
                let id = self.observer.plan?.0;
                let other = [fixture::order(&service("dhbw-prod", "other").id, 0)];
                acted(Acted::Planned(id, Ok(proposal(&other, Risk::Low, Confirm::Apply))))
            }
            Happening::Armed(yes) => {
                let until = at(self.now + 900_000);
                acted(Acted::Armed(yes.then(|| (DEMANDED.into(), until)).into_iter().collect()))
            }
            Happening::Rows => {
                self.generation += 1;
                let items = vec![service("dhbw-prod", "other")];
                let result = Ok(Some(Answer::Rows(Arc::new(crate::model::Rows {
                    items,
                    faults: Vec::new(),
                    ..Default::default()
                }))));
                let query = services("dhbw-prod");
                Some(Msg::Event(Event::Done { query, generation: self.generation, at: at(self.now), result }))
            }
            Happening::Refused => acted(Acted::Refused(self.observer.plan?.0, crate::guard::Refusal::Reason)),
            Happening::Moved => {
                let run = self.state.acts.runs.iter().find(|run| run.end.is_none())?;
                let proposal = Ok(Box::new((*run.proposal).clone()));
                let ended = crate::guard::Ended::Moved { part: 0, differences: Vec::new(), proposal, undo: Vec::new() };
                acted(Acted::Ended(run.id, Arc::new(ended)))
            }
            Happening::Code => {
                self.code += 1;
                let class = crate::model::FaultClass::NeedsCode { serial: "arn".into() };
                let result = Err(Arc::new(crate::model::Fault::new(class, "code")));
                let query = services("dhbw-prod");
                self.generation += 1;
                Some(Msg::Event(Event::Done { query, generation: self.generation, at: at(self.now), result }))
            }
        }
    }

    /// Takes a message as the console would, and checks what comes of it.
    fn happen(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        let Some(msg) = self.message(happening) else { return Ok(()) };
        let heard = self.observer.since.is_some_and(|since| self.now - since >= 500);
        let focus = self.state.dialog().map(|dialog| dialog.focus);
        // Letters go to the field from Cancel, too, where there is one.
        let field = self.state.dialog().is_some_and(|dialog| dialog.stops(&self.state.acts).contains(&Stop::Text));
        let types = focus == Some(Stop::Text) || (focus == Some(Stop::Cancel) && field);
        if matches!(happening, Happening::Do(Command::Actions)) && self.state.layers.is_empty() {
            self.chosen = self.state.selected();
        }
        let acts = send(&mut self.state, msg);
        for act in acts {
            match act {
                Act::Plan(id, orders) => {
                    prop_assert_eq!(Some(&orders[0].target), self.chosen.as_ref(), "what was chosen in the menu");
                    self.targets.insert(id, Arc::clone(&orders[0].target));
                    self.asked = Some((id, orders));
                }
                Act::Confirm(id, consent) => {
                    self.confirmed += 1;
                    prop_assert_eq!(self.observer.plan.map(|(id, _)| id), Some(id), "it is on top");
                    prop_assert!(heard, "it was on the screen for half a second");
                    prop_assert_eq!(&self.observer.typed, DEMANDED, "typed key by key");
                    prop_assert_eq!(focus, Some(Stop::Apply), "Apply was chosen");
                    prop_assert!(matches!(happening, Happening::Do(Command::Open)), "by Enter: {:?}", happening);
                    prop_assert_eq!(&consent.text, DEMANDED);
                    prop_assert!(self.state.acts.armed_until(DEMANDED).is_some(), "armed");
                    let run = &self.state.acts.runs[0].proposal.parts[0];
                    prop_assert_eq!(Some(&run.target.id), self.targets.get(&id), "what was planned");
                }
                _ => {}
            }
        }
        self.watch(happening, heard, types, focus);
        Ok(())
    }

    fn watch(&mut self, happening: &Happening, heard: bool, types: bool, focus: Option<Stop>) {
        let observer = &mut self.observer;
        match happening {
            Happening::Drawn => observer.drawn |= observer.plan.is_some(),
            Happening::Pass(_) if observer.drawn && observer.since.is_none() => observer.since = Some(self.now),
            Happening::Key(c) if heard && types => observer.typed.push(*c),
            Happening::Erase if heard && focus == Some(Stop::Text) => observer.typed.clear(),
            _ => {}
        }
        let plan = self.state.dialog().and_then(|dialog| match &dialog.about {
            About::Plan(plan) => dialog.proposal().map(|proposal| (plan.id, Arc::as_ptr(proposal) as usize)),
            _ => None,
        });
        if plan != observer.plan {
            let same = plan.map(|(id, _)| id) == observer.plan.map(|(id, _)| id) && plan.is_some();
            // What lies over a dialog hides it, and does not empty it.
            let typed = self.state.dialog().filter(|_| !same).map(|dialog| dialog.text.value().to_owned());
            *observer = Observer { plan, sights: observer.sights + 1, ..Observer::default() };
            if plan.is_some() {
                observer.typed = typed.unwrap_or_default();
            }
        }
    }
}

#[test]
fn the_good_sequence_confirms() {
    let mut world = World::new();
    for happening in good() {
        world.happen(&happening).unwrap();
    }
    assert_eq!(world.confirmed, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_confirmed_that_was_not_typed_and_chosen(happenings in happenings()) {
        let mut world = World::new();
        for happening in &happenings {
            world.happen(happening)?;
        }
    }
}

/// Each single thing left out of the good sequence keeps it from confirming.
#[test]
fn nothing_of_the_good_sequence_can_be_left_out() {
    let all = good();
    for left_out in 0..all.len() {
        let mut world = World::new();
        for (at, happening) in all.iter().enumerate() {
            if at != left_out {
                world.happen(happening).unwrap();
            }
        }
        assert_eq!(world.confirmed, 0, "without {:?}", all[left_out]);
    }
}
