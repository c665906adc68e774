//! What the guard says to plans, and what an operator answers.

use std::sync::Arc;

use crate::model::{Plan, Risk, Verdict};

/// Plans that are confirmed and carried out together, in order, and what the guard says to them. Frozen.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// One for each target, never empty.
    pub parts: Vec<Plan>,
    /// What the guard says.
    pub judgement: Judgement,
}

/// What the guard says to plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The highest of the parts' risks, as stage, policy, several environments and unread preconditions make it.
    pub risk: Risk,
    /// What must be typed.
    pub confirm: Confirm,
    /// A reason must be given.
    pub reason: bool,
    /// A ticket must be given, that matches this pattern.
    pub ticket: Option<Arc<str>>,
    /// Why it can't be done.
    pub denial: Option<Denial>,
    /// How it came to this: the rules of the policy by name, in words.
    pub because: Vec<Arc<str>>,
}

/// What the operator must do to confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Choose Apply and press Enter; a script says `apply`.
    Apply,
    /// Type `yes`: for one resource alone.
    Yes,
    /// Type the environment's name (several: the count and the names, as this text says).
    Environment(Arc<str>),
    /// Type environment/resource.
    Resource(Arc<str>),
}

impl Confirm {
    /// The exact text that must be given.
    pub fn text(&self) -> &str {
        match self {
            Self::Apply => "apply",
            Self::Yes => "yes",
            Self::Environment(text) | Self::Resource(text) => text,
        }
    }
}

/// Why plans can't be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Started with `--read-only`, or configured so: can't be talked round.
    ReadOnly,
    /// A rule of the policy; `breakable` says whether a reason breaks it open (and is journalled as such).
    Policy {
        /// The rule's name and words.
        rule: Arc<str>,
        /// Can be broken open with a reason.
        breakable: bool,
    },
    /// Preconditions that do not hold, by name.
    Preconditions(Vec<Arc<str>>),
    /// The account can't be told for sure.
    Identity(Arc<str>),
}

/// What the operator says to a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// What was typed.
    pub text: String,
    /// Why it is done.
    pub reason: Option<String>,
    /// The ticket it is done for.
    pub ticket: Option<String>,
    /// A denying rule that can be broken is to be broken open.
    pub break_glass: bool,
}

/// Why an answer does not carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The environment is not armed.
    #[error("{0} is not armed")]
    NotArmed(Arc<str>),
    /// Another text was wanted.
    #[error("the confirmation is not `{0}`")]
    Text(Arc<str>),
    /// A reason is wanted.
    #[error("a reason is wanted")]
    Reason,
    /// A ticket is wanted.
    #[error("a ticket is wanted (`{0}`)")]
    Ticket(Arc<str>),
    /// It can't be done.
    #[error("{}", .0.words())]
    Denied(Denial),
    /// The journal can't be written: nothing is sent.
    #[error("the journal can't be written: {0}")]
    Journal(String),
}

impl Denial {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::ReadOnly => "the console is read-only".to_owned(),
            Self::Policy { rule, breakable: false } => format!("denied by {rule}"),
            Self::Policy { rule, breakable: true } => format!("denied by {rule}; a reason breaks it open"),
            Self::Preconditions(names) => format!("does not hold: {}", names.join(", ")),
            Self::Identity(why) => format!("the account is in doubt: {why}"),
        }
    }
}

impl Proposal {
    /// The preconditions of all parts that have this verdict, by name.
    pub fn with_verdict(&self, verdict: Verdict) -> impl Iterator<Item = &Arc<str>> {
        let all = self.parts.iter().flat_map(|plan| &plan.preconditions);
        all.filter(move |precondition| precondition.verdict == verdict).map(|precondition| &precondition.name)
    }
}
