//! What can be asked of the engine, and what it reports.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::actions::Choice;
use crate::guard::{Consent, Ended, Proposal, Refusal, Report};
use crate::journal::Entry;
pub use crate::kinds::metrics::Spent as MetricsSpent;
use crate::model::{
    ActionId, Answer, Environment, Fault, LogLine, LogSource, MetricSpec, Order, Points, Query, ResourceId, TailSpec,
    Window,
};

/// How urgent an interest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Feeds what is not on screen (the fleet row of another environment).
    Background,
    /// On screen now.
    Screen,
}

/// A query that is wanted, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The query.
    pub query: Query,
    /// Asked again this long after the last answer, with jitter; `None` asks once.
    pub every: Option<Duration>,
    /// How urgent it is.
    pub priority: Priority,
}

/// A metric that is on screen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetricWant {
    /// The metric.
    pub spec: MetricSpec,
    /// How far back.
    pub window: Window,
}

/// Names a series in the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetricKey {
    /// Whose it is.
    pub resource: Arc<ResourceId>,
    /// The spec's label.
    pub label: &'static str,
    /// How far back.
    pub window: Window,
}

/// What the console asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The whole set of queries wanted from now on: what is new starts, what is gone is cancelled.
    Interests(Vec<Interest>),
    /// The whole set of metrics wanted from now on.
    Metrics(Vec<MetricWant>),
    /// Ask these now, whatever their age and backoff.
    Refresh(Vec<Query>),
    /// Find out where the logs of these resources are.
    FindLogs(Vec<Arc<ResourceId>>),
    /// Start a tail; it replaces none.
    Tail(TailSpec),
    /// Stop a tail.
    StopTail(u64),
    /// Sign in to the SSO session of an environment.
    SignIn(Arc<str>),
    /// The code of an environment's MFA device.
    Code {
        /// The environment.
        environment: Arc<str>,
        /// What was typed.
        code: String,
    },
    /// Something of the guard's lane.
    Act(Act),
}

/// What is asked of the guard's lane, which no queue of reads delays. `u64` names a proposal from its planning to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// What can be chosen for a field.
    Choices(u64, ActionId, Arc<ResourceId>, &'static str),
    /// Make plans from fresh reads.
    Plan(u64, Vec<Order>),
    /// Carry a proposal out, if this answer confirms it.
    Confirm(u64, Consent),
    /// It is not wanted any more.
    Abandon(u64),
    /// Arm an environment: its name as typed, and a reason where one is wanted.
    Arm(Arc<str>, String, Option<String>),
    /// Disarm an environment.
    Disarm(Arc<str>),
    /// The newest so many entries of the journal.
    Journal(usize),
}

/// What the guard's lane reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Acted {
    /// What can be chosen.
    Choices(u64, Result<Vec<Choice>, Arc<Fault>>),
    /// The plans and what the guard says to them.
    Planned(u64, Result<Arc<Proposal>, Arc<Fault>>),
    /// The answer does not carry.
    Refused(u64, Refusal),
    /// It is being carried out.
    Report(u64, Report),
    /// It has ended.
    Ended(u64, Arc<Ended>),
    /// An environment was not armed.
    NotArmed(Arc<str>, Refusal),
    /// These environments are armed, until then.
    Armed(Vec<(Arc<str>, Timestamp)>),
    /// Entries of the journal, newest first.
    Journal(Result<Arc<[Entry]>, Arc<str>>),
    /// What was done for a time that is over, and was not taken back: told at the start and whenever that changes.
    Due(Arc<[Entry]>),
    /// Actions whose outcome nobody knows: their console ended in the middle. Told once at the start.
    Orphans(Arc<[Entry]>),
}

/// How a tail reads a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailMode {
    /// `StartLiveTail`.
    Live,
    /// `FilterLogEvents`, polled.
    Polled,
}

/// What a tail reports.
#[derive(Clone, Debug, PartialEq)]
pub enum TailEvent {
    /// Lines, ordered by time within the batch, without doubles.
    Lines(Vec<LogLine>),
    /// How a source is read now.
    Mode(u16, TailMode),
    /// A source has a gap: the live tail sampled or broke off between these instants; it is being filled.
    Gap(u16, Timestamp, Timestamp),
    /// The gap that started then is filled.
    Filled(u16, Timestamp),
    /// A source can't be read now; it is tried again.
    Failed(u16, Arc<Fault>),
    /// A source is read, but not all of it: what is left out, in words. It stays so.
    Lacks(u16, &'static str),
    /// A range without following is complete.
    End,
}

/// Progress of a sign-in.
#[derive(Clone, Debug, PartialEq)]
pub enum SignInState {
    /// Open this address and compare the code.
    Open {
        /// Address with the code in it.
        url: String,
        /// The code to compare.
        code: String,
    },
    /// Done; these environments live again.
    Done(Vec<Arc<str>>),
    /// It did not work.
    Failed(Arc<Fault>),
}

/// API calls of an environment, as the header shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApiStats {
    /// Calls in the last minute.
    pub calls_per_minute: u32,
    /// Throttled answers in the last minute.
    pub throttled: u32,
}

/// What the engine reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A fetch has begun; of one whose answer is known, or failed before, told only when it takes a while.
    Started {
        /// The query.
        query: Query,
        /// Of this generation.
        generation: u64,
        /// When.
        at: Timestamp,
    },
    /// So many items have come so far.
    Progress {
        /// The query.
        query: Query,
        /// Of this generation.
        generation: u64,
        /// How many.
        count: usize,
    },
    /// A fetch has ended.
    Done {
        /// The query.
        query: Query,
        /// Of this generation.
        generation: u64,
        /// When.
        at: Timestamp,
        /// The answer; `Ok(None)` when it is equal to the last one.
        result: Result<Option<Answer>, Arc<Fault>>,
    },
    /// Points of metrics.
    Points(Vec<(MetricKey, Arc<Points>)>, Timestamp),
    /// These metrics can't be read now; they are asked for again.
    NoPoints(Vec<MetricKey>, Arc<Fault>, Timestamp),
    /// What metrics have cost.
    Spent(MetricsSpent),
    /// Where the logs of these resources are.
    LogSources(Vec<Arc<ResourceId>>, Result<Vec<LogSource>, Arc<Fault>>),
    /// Of a tail.
    Tail(u64, TailEvent),
    /// Of a sign-in.
    SignIn(Arc<str>, SignInState),
    /// The answer to an MFA code.
    Code(Arc<str>, Result<(), Arc<Fault>>),
    /// The environments are now these: files changed.
    Environments(Vec<Arc<Environment>>),
    /// Of the guard's lane.
    Acted(Acted),
    /// API calls.
    Stats(Vec<(Arc<str>, ApiStats)>),
}
