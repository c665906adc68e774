//! What is being carried out, and what came of it: one line each while it goes on, its steps where they are looked at.

use std::sync::Arc;

use jiff::Timestamp;

use super::layer::{ActLayer, step};
use super::{confirm, journal, push};
use crate::app::command::Command;
use crate::app::layer::Layer;
use crate::app::msg::Effect;
use crate::app::state::State;
use crate::app::view::View;
use crate::engine::Request;
use crate::guard::{At, Ended, Proposal, Report};
use crate::model::{Followed, Headway, Order, Query, ResourceId, Sent};

/// Most actions that are kept: the journal has all of them.
const KEPT: usize = 50;

/// Seconds for which what has succeeded stays in sight.
const IN_SIGHT: i64 = 60;

/// How far a step has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Its turn has not come.
    Waiting,
    /// The target and the caller are read once more.
    Checking,
    /// The request is leaving.
    Sending,
    /// The service has taken it.
    Accepted,
    /// It is being followed.
    Following(Headway),
    /// What was wanted is so.
    Verified(Arc<str>),
    /// It was refused, or has ended otherwise.
    Failed(Arc<str>),
    /// The service has taken it, and what became of it could not be followed.
    Unfollowed(Arc<str>),
    /// Nobody can say what became of it.
    Unknown(Arc<str>),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Everything is done.
    Done,
    /// A step was refused or ended otherwise than wanted.
    Failed,
    /// Nobody can say.
    Unknown,
    /// The target had moved: a new plan takes its place.
    Moved,
}

/// The end of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: How,
    /// What came of it, or why not.
    pub words: Vec<Arc<str>>,
    /// What takes it back.
    pub undo: Vec<Order>,
}

/// A confirmed proposal.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// What was confirmed.
    pub proposal: Arc<Proposal>,
    /// Every step of every part, in order.
    pub steps: Vec<(At, Progress)>,
    /// When it was confirmed.
    pub began: Timestamp,
    /// Its end.
    pub end: Option<End>,
    /// The operator has looked at its end.
    pub seen: bool,
}

impl Run {
    pub(super) fn new(id: u64, proposal: Arc<Proposal>, began: Timestamp) -> Self {
        let parts = proposal.parts.iter().enumerate();
        let steps = parts.flat_map(|(part, plan)| (0..plan.steps.len()).map(move |step| At { part, step }));
        let steps = steps.map(|at| (at, Progress::Waiting)).collect();
        Self { id, proposal, steps, began, end: None, seen: false }
    }

    /// In one line.
    pub fn title(&self) -> String {
        match self.proposal.parts.as_slice() {
            [] => String::new(),
            [one] => one.title.to_string(),
            [first, rest @ ..] => format!("{} and {} more", first.title, rest.len()),
        }
    }

    /// Whether a request of it is leaving or is yet to leave.
    pub fn is_sending(&self) -> bool {
        let unsent =
            |(_, step): &(At, Progress)| matches!(step, Progress::Waiting | Progress::Checking | Progress::Sending);
        self.end.is_none() && self.steps.iter().any(unsent)
    }

    /// Whether it belongs on the screen whatever is looked at: while it goes on, a while after it has succeeded, and where it has not,
    /// until that was looked at.
    pub fn in_sight(&self, now: Timestamp) -> bool {
        let Some(end) = &self.end else { return true };
        if self.seen {
            return false;
        }
        match end.how {
            How::Done => now.as_second() - end.at.as_second() < IN_SIGHT,
            How::Failed | How::Unknown => true,
            // A new plan stands in its place; what was done before it is still to be taken back.
            How::Moved => !end.undo.is_empty(),
        }
    }

    /// The step that something is happening to now: its place among all of them, and how far it is.
    pub fn now(&self) -> Option<(usize, &Progress)> {
        let begun = |(_, (_, step)): &(usize, &(At, Progress))| *step != Progress::Waiting;
        self.steps.iter().enumerate().rfind(begun).map(|(at, (_, step))| (at, step))
    }

    fn set(&mut self, at: At, progress: Progress) {
        if let Some((_, step)) = self.steps.iter_mut().find(|(known, _)| *known == at) {
            *step = progress;
        }
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Checking(at) => self.set(at, Progress::Checking),
            Report::Sending(at) => self.set(at, Progress::Sending),
            Report::Sent(at, Sent::Accepted { .. }) => self.set(at, Progress::Accepted),
            Report::Sent(at, Sent::Refused(fault)) => self.set(at, Progress::Failed(fault.summary.into())),
            Report::Sent(at, Sent::Unknown(fault)) => self.set(at, Progress::Unknown(fault.summary.into())),
            Report::Headway(at, headway) => self.set(at, Progress::Following(headway)),
            Report::Followed(at, Ok(Followed::Verified(words))) => self.set(at, Progress::Verified(words)),
            Report::Followed(at, Ok(Followed::Failed(words))) => self.set(at, Progress::Failed(words)),
            Report::Followed(at, Err(fault)) => self.set(at, Progress::Unfollowed(fault.summary.into())),
        }
    }
}

/// Something has happened to a step.
pub(super) fn report(state: &mut State, id: u64, report: Report, effects: &mut Vec<Effect>) {
    confirm::began(state, id);
    let changed = match &report {
        Report::Sent(at, _) | Report::Followed(at, _) => Some(at.part),
        Report::Checking(_) | Report::Sending(_) | Report::Headway(..) => None,
    };
    let Some(run) = running(state, id) else { return };
    run.take(report);
    let target = changed.and_then(|part| run.proposal.parts.get(part)).map(|plan| Arc::clone(&plan.target.id));
    refresh(target.iter(), effects);
}

/// It has ended.
pub(super) fn ended(state: &mut State, id: u64, ended: &Ended, effects: &mut Vec<Effect>) {
    confirm::began(state, id);
    let now = state.now;
    let Some(run) = running(state, id) else { return };
    let (how, words, undo) = match ended {
        Ended::Done { words, undo } => (How::Done, words.clone(), undo.clone()),
        Ended::Failed { at, words, undo } => {
            run.set(*at, Progress::Failed(Arc::clone(words)));
            (How::Failed, vec![Arc::clone(words)], undo.clone())
        }
        Ended::Unknown { at, words, undo } => {
            run.set(*at, Progress::Unknown(Arc::clone(words)));
            (How::Unknown, vec![Arc::clone(words)], undo.clone())
        }
        Ended::Moved { proposal: Ok(_), differences, undo, .. } => {
            let words = differences.iter().map(|it| format!("{}: {} → {}", it.name, it.was, it.is).into()).collect();
            (How::Moved, words, undo.clone())
        }
        Ended::Moved { proposal: Err(fault), undo, .. } => {
            let words = format!("the target has changed, and no new plan could be made: {fault}");
            (How::Failed, vec![words.into()], undo.clone())
        }
    };
    run.end = Some(End { at: now, how, words, undo });
    let targets: Vec<Arc<ResourceId>> = run.proposal.parts.iter().map(|plan| Arc::clone(&plan.target.id)).collect();
    refresh(targets.iter(), effects);
    state.acts.runs.truncate(KEPT);
    if let Ended::Moved { differences, proposal: Ok(anew), .. } = ended {
        confirm::moved(state, id, differences.clone(), (**anew).clone());
    }
    if matches!(state.view, View::Journal(_)) {
        journal::read(effects);
    }
}

fn running(state: &mut State, id: u64) -> Option<&mut Run> {
    state.acts.runs.iter_mut().find(|run| run.id == id && run.end.is_none())
}

/// Reads targets again, whatever is on the screen.
fn refresh<'a>(targets: impl Iterator<Item = &'a Arc<ResourceId>>, effects: &mut Vec<Effect>) {
    let queries = targets.flat_map(|id| {
        let list = Query::List { scope: id.scope.region_scope(), kind: id.kind, within: None };
        [Query::Detail(Arc::clone(id)), list]
    });
    let mut queries: Vec<Query> = queries.collect();
    if queries.is_empty() {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    queries.retain(|query| seen.insert(query.clone()));
    effects.push(Effect::Ask(Request::Refresh(queries)));
}

/// `A`: what is under way and has ended.
pub(in crate::app) fn open(state: &mut State) {
    let (has_runs, due) = (!state.acts.runs.is_empty(), state.acts.due.clone());
    if !has_runs && due.is_empty() {
        return state.say("nothing has been done from this console yet; `:journal` shows what was done before");
    }
    if has_runs {
        look(state);
        push(state, ActLayer::Runs { at: 0 });
    }
    if !due.is_empty() {
        push(state, ActLayer::Due { records: due.into(), at: 0 });
    }
}

/// What has ended was looked at.
fn look(state: &mut State) {
    for run in state.acts.runs.iter_mut().filter(|run| run.end.is_some()) {
        run.seen = true;
    }
}

pub(super) fn run(state: &mut State, command: &Command, effects: &mut Vec<Effect>) {
    let len = state.acts.runs.len();
    let Some(Layer::Act(ActLayer::Runs { at })) = state.layers.last_mut() else { return };
    match command {
        Command::Move(motion) => *at = step(*motion, *at, len),
        Command::Close | Command::Back | Command::Runs => {
            look(state);
            state.layers.pop();
        }
        Command::Describe => {
            let target = state.acts.runs.get(*at).and_then(|run| run.proposal.parts.first());
            if let Some(id) = target.map(|plan| Arc::clone(&plan.target.id)) {
                state.layers.pop();
                crate::app::open::detail_at(state, id, effects);
            }
        }
        Command::Open => {
            let Some(run) = state.acts.runs.get(*at) else { return };
            let undo = run.end.as_ref().map(|end| end.undo.clone()).unwrap_or_default();
            if undo.is_empty() {
                let going = run.end.is_none();
                return state.say(if going { "it has not ended yet" } else { "there is nothing to take back" });
            }
            state.layers.pop();
            confirm::plan(state, undo, effects);
        }
        _ => {}
    }
}
