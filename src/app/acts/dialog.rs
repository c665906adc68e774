//! A dialog: something comes of it only when what it demands was typed key by key, Apply was chosen, and it had been on the screen
//! for half a second before the first key. It opens on Cancel.

use std::sync::Arc;

use jiff::Timestamp;
use tui_input::{Input, InputRequest};

use super::Acts;
use super::layer::Scroll;
use crate::guard::{Confirm, Consent, Denial, Proposal};
use crate::model::{Difference, Fault, Order, Risk};

/// Milliseconds for which no key is heard after a dialog has come up.
const DEAF: i64 = 500;

/// Since when a dialog has been on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Up {
    /// Nobody has seen it yet.
    #[default]
    New,
    /// It has been drawn; when, the next message of the clock tells.
    Drawn,
    /// Since then.
    Since(Timestamp),
}

impl Up {
    /// Whether keys are heard.
    pub fn hears(self, now: Timestamp) -> bool {
        matches!(self, Self::Since(since) if now.as_millisecond() - since.as_millisecond() >= DEAF)
    }

    pub(super) fn drawn(&mut self) {
        if *self == Self::New {
            *self = Self::Drawn;
        }
    }

    pub(super) fn tick(&mut self, now: Timestamp) {
        if *self == Self::Drawn {
            *self = Self::Since(now);
        }
    }
}

/// Where the keys of a dialog go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Leave it.
    Cancel,
    /// Break a denying rule open.
    Glass,
    /// The text that is demanded.
    Text,
    /// The start of a lock's id.
    Lock,
    /// Why.
    Reason,
    /// The ticket.
    Ticket,
    /// Arm what is not armed.
    Arm,
    /// Do it.
    Apply,
}

impl Stop {
    /// Whether a line is edited there.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Lock | Self::Reason | Self::Ticket)
    }
}

/// A plan, from its asking to its confirmation.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The number of the question.
    pub id: u64,
    /// What was asked for. Frozen: neither the cursor nor a refreshed list changes it.
    pub orders: Vec<Order>,
    /// When.
    pub asked: Timestamp,
    /// What came of it.
    pub proposal: Option<Result<Arc<Proposal>, Arc<Fault>>>,
    /// What is different from the plan that was confirmed, where this one takes its place.
    pub moved: Vec<Difference>,
    /// The environments that must be armed for it.
    pub environments: Vec<Arc<str>>,
}

/// What a dialog is about.
#[derive(Clone, Debug)]
pub enum About {
    /// A plan.
    Plan(Planned),
    /// Arming environments, one by one: the first is asked for.
    Arm {
        /// They.
        environments: Vec<Arc<str>>,
        /// A reason is wanted.
        reason: bool,
    },
    /// Disarming environments.
    Disarm(Vec<Arc<str>>),
    /// Leaving the console while something is being sent.
    Leave,
}

/// A dialog.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// What it is about.
    pub about: About,
    /// Since when it has been on the screen.
    pub up: Up,
    /// Where the keys go.
    pub focus: Stop,
    /// What was typed of what is demanded.
    pub text: Input,
    /// What was typed of a lock's id.
    pub lock: Input,
    /// The reason.
    pub reason: Input,
    /// The ticket.
    pub ticket: Input,
    /// A denying rule is to be broken open.
    pub glass: bool,
    /// The answer was given; what comes of it is awaited.
    pub waiting: bool,
    /// Why the answer did not carry.
    pub error: Option<String>,
    /// What of it is seen.
    pub scroll: Scroll,
}

impl Dialog {
    /// As it opens.
    pub(super) fn new(about: About) -> Self {
        Self {
            about,
            up: Up::New,
            focus: Stop::Cancel,
            text: Input::default(),
            lock: Input::default(),
            reason: Input::default(),
            ticket: Input::default(),
            glass: false,
            waiting: false,
            error: None,
            scroll: Scroll::default(),
        }
    }

    /// Whether it has just been drawn, and waits to be told when.
    pub fn wants_time(&self) -> bool {
        self.up == Up::Drawn
    }

    /// The proposal that it shows, if there is one.
    pub fn proposal(&self) -> Option<&Arc<Proposal>> {
        match &self.about {
            About::Plan(Planned { proposal: Some(Ok(proposal)), .. }) => Some(proposal),
            _ => None,
        }
    }

    /// The environments that must be armed and are not.
    pub fn unarmed<'a>(&'a self, acts: &'a Acts) -> impl Iterator<Item = &'a Arc<str>> {
        let wanted = match &self.about {
            About::Plan(plan) => plan.environments.as_slice(),
            About::Arm { .. } | About::Disarm(_) | About::Leave => &[],
        };
        wanted.iter().filter(|name| acts.armed_until(name).is_none())
    }

    /// Where the keys can go, in order.
    pub fn stops(&self, acts: &Acts) -> Vec<Stop> {
        let mut stops = vec![Stop::Cancel];
        if self.waiting {
            return stops;
        }
        match &self.about {
            About::Plan(_) => match self.proposal() {
                Some(proposal) => self.stops_of(proposal, acts, &mut stops),
                None => return stops,
            },
            About::Arm { .. } => {
                stops.push(Stop::Text);
                stops.extend(self.wants_reason().then_some(Stop::Reason));
            }
            About::Disarm(_) | About::Leave => {}
        }
        stops.extend(self.ready(acts).then_some(Stop::Apply));
        stops
    }

    fn stops_of(&self, proposal: &Proposal, acts: &Acts, stops: &mut Vec<Stop>) {
        let judgement = &proposal.judgement;
        if judgement.denial.as_ref().is_some_and(|denial| !is_breakable(denial)) {
            return;
        }
        if self.unarmed(acts).next().is_some() {
            stops.push(Stop::Arm);
            return;
        }
        if judgement.denial.is_some() {
            stops.push(Stop::Glass);
            if !self.glass {
                return;
            }
        }
        let wanted = [
            (Stop::Text, judgement.confirm != Confirm::Apply),
            (Stop::Lock, demanded(proposal).1.is_some()),
            (Stop::Reason, self.wants_reason()),
            (Stop::Ticket, judgement.ticket.is_some()),
        ];
        stops.extend(wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(stop, _)| stop));
    }

    /// Whether a reason must be given.
    pub fn wants_reason(&self) -> bool {
        match &self.about {
            About::Plan(_) => self.proposal().is_some_and(|proposal| {
                proposal.judgement.reason || self.glass || proposal.judgement.risk == Risk::Critical
            }),
            About::Arm { reason, .. } => *reason,
            About::Disarm(_) | About::Leave => false,
        }
    }

    /// Whether everything that is demanded is there.
    pub fn ready(&self, acts: &Acts) -> bool {
        let reason = !self.reason.value().trim().is_empty();
        match &self.about {
            About::Plan(_) => self.proposal().is_some_and(|proposal| {
                let judgement = &proposal.judgement;
                let denied = judgement.denial.as_ref().is_some_and(|denial| !(is_breakable(denial) && self.glass));
                let (wanted, phrase) = demanded(proposal);
                let text = judgement.confirm == Confirm::Apply || self.text.value() == wanted;
                let lock = phrase.is_none_or(|phrase| self.lock.value().starts_with(phrase));
                // Which tickets will do, the guard knows.
                let ticket = judgement.ticket.is_none() || !self.ticket.value().trim().is_empty();
                let armed = self.unarmed(acts).next().is_none();
                armed && !denied && text && lock && ticket && (reason || !self.wants_reason())
            }),
            About::Arm { environments, .. } => {
                let named = environments.first().is_some_and(|name| self.text.value() == &**name);
                named && (reason || !self.wants_reason())
            }
            About::Disarm(_) | About::Leave => true,
        }
    }

    /// What the operator says to the proposal.
    pub(super) fn consent(&self, proposal: &Proposal) -> Consent {
        let confirm = &proposal.judgement.confirm;
        let said = |input: &Input| Some(input.value().trim().to_owned()).filter(|text| !text.is_empty());
        let typed = self.text.value();
        let text = match (confirm, demanded(proposal)) {
            // There is nothing to type where choosing Apply is enough.
            (Confirm::Apply, _) => confirm.text().to_owned(),
            (_, (_, Some(phrase))) => format!("{typed}/{phrase}"),
            (_, (_, None)) => typed.to_owned(),
        };
        Consent { text, reason: said(&self.reason), ticket: said(&self.ticket), break_glass: self.glass }
    }

    /// The next or the previous of where the keys can go.
    pub(super) fn turn(&mut self, acts: &Acts, forward: bool) {
        let stops = self.stops(acts);
        let at = stops.iter().position(|stop| *stop == self.focus).unwrap_or(0);
        let by = if forward { 1 } else { stops.len() - 1 };
        self.focus = stops[(at + by) % stops.len()];
    }

    /// The field that a letter goes to while the keys are on Cancel: the first that is empty, else the first. Where nothing is to be
    /// typed, letters are keys.
    pub(super) fn takes_letters(&self, acts: &Acts) -> Option<Stop> {
        if self.focus != Stop::Cancel {
            return None;
        }
        let stops = self.stops(acts);
        let mut fields = stops.into_iter().filter(|stop| stop.is_text());
        let first = fields.next()?;
        let is_empty = |stop: &Stop| self.input(*stop).is_some_and(|input| input.value().is_empty());
        Some([first].into_iter().chain(fields).find(is_empty).unwrap_or(first))
    }

    fn input(&self, stop: Stop) -> Option<&Input> {
        match stop {
            Stop::Text => Some(&self.text),
            Stop::Lock => Some(&self.lock),
            Stop::Reason => Some(&self.reason),
            Stop::Ticket => Some(&self.ticket),
            Stop::Cancel | Stop::Glass | Stop::Arm | Stop::Apply => None,
        }
    }

    pub(super) fn edit(&mut self, acts: &Acts, request: InputRequest) {
        if let (InputRequest::InsertChar(_), Some(field)) = (&request, self.takes_letters(acts)) {
            self.focus = field;
        }
        let input = match self.focus {
            Stop::Text => &mut self.text,
            Stop::Lock => &mut self.lock,
            Stop::Reason => &mut self.reason,
            Stop::Ticket => &mut self.ticket,
            Stop::Cancel | Stop::Glass | Stop::Arm | Stop::Apply => return,
        };
        input.handle(request);
        self.error = None;
    }
}

/// Every stop, in the order of the screen.
pub const STOPS: [Stop; 8] =
    [Stop::Cancel, Stop::Glass, Stop::Text, Stop::Lock, Stop::Reason, Stop::Ticket, Stop::Arm, Stop::Apply];

/// Whether a denial can be broken open with a reason.
pub const fn is_breakable(denial: &Denial) -> bool {
    matches!(denial, Denial::Policy { breakable: true, .. })
}

/// The environments of a proposal, each once, in order.
pub fn environments(proposal: &Proposal) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for plan in &proposal.parts {
        let name = &plan.target.id.scope.environment;
        if !names.contains(name) {
            names.push(Arc::clone(name));
        }
    }
    names
}

/// The environments that must be armed for a proposal: those of its targets, and those that a step goes to.
pub(super) fn to_arm(proposal: &Proposal, known: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
    let mut names = environments(proposal);
    for step in proposal.parts.iter().flat_map(|plan| &plan.steps) {
        let name = &step.scope.environment;
        if known(name) && !names.contains(name) {
            names.push(Arc::clone(name));
        }
    }
    names
}

/// What is typed of what must be, and in which field: where a plan has a phrase (the start of a lock's id), that stands in a field
/// of its own, which takes a paste of the whole.
pub fn demanded(proposal: &Proposal) -> (&str, Option<&str>) {
    let text = proposal.judgement.confirm.text();
    let parted = proposal.parts.iter().filter_map(|plan| plan.phrase.as_deref()).find_map(|phrase| {
        let before = text.strip_suffix(phrase)?.strip_suffix('/')?;
        Some((before, Some(phrase)))
    });
    parted.unwrap_or((text, None))
}
