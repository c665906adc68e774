//! What an action would do: the plan, computed from a fresh read and frozen. Data only; the guard judges it, the actions make it and
//! carry it out step by step.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Identity, ResourceId, Scope, Value, mask};

/// Id of an action, such as `ecs-scale`: the registry's own word.
pub type ActionId = &'static str;

/// How much a mistake would cost; it decides the confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Choose Apply.
    Low,
    /// Type yes.
    Medium,
    /// Type the environment's name.
    High,
    /// Type environment/resource, and give a reason.
    Critical,
}

impl Risk {
    /// The word on the screen, in the configuration and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One more, as far as it goes.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    /// One less, as far as it goes.
    #[must_use]
    pub const fn lowered(self) -> Self {
        match self {
            Self::Low | Self::Medium => Self::Low,
            Self::High => Self::Medium,
            Self::Critical => Self::High,
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What came of a precondition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It can be done, but the operator should know this.
    Warn,
    /// It can't be done.
    Fail,
    /// It could not be read; the confirmation is raised by one.
    Unknown,
}

impl Verdict {
    /// The word on the screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// Something that should hold before the action, and whether it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precondition {
    /// What should hold, such as `within the autoscaling range`.
    pub name: Arc<str>,
    /// Whether it does.
    pub verdict: Verdict,
    /// What was read, in words.
    pub evidence: Arc<str>,
}

impl Precondition {
    /// With evidence from outside, which is cleaned.
    pub fn new(name: &str, verdict: Verdict, evidence: impl AsRef<str>) -> Self {
        Self { name: name.into(), verdict, evidence: super::text::clean(evidence.as_ref()).into() }
    }
}

/// One field that would change.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// The field, by the API's or the kind's name.
    pub field: Arc<str>,
    /// What it is; [`Value::None`] where the thing is yet to be made.
    pub from: Value,
    /// What it would be.
    pub to: Value,
}

impl FieldChange {
    /// What it is and what it would be, as they may be shown: what is named like a secret is masked.
    pub fn shown(&self) -> (Value, Value) {
        let secret = mask::is_secret(&self.field);
        let shown = |value: &Value| match value {
            Value::None => Value::None,
            _ if secret => Value::text(mask::MASK),
            value => value.clone(),
        };
        (shown(&self.from), shown(&self.to))
    }
}

/// What is acted on, frozen when the plan was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Identity.
    pub id: Arc<ResourceId>,
    /// The name shown, cleaned.
    pub name: Arc<str>,
    /// ARN, where the provider gives one.
    pub arn: Option<Arc<str>>,
    /// Account and caller, attested.
    pub identity: Arc<Identity>,
}

/// What a step stands on, by name and in words. Read again at the last moment and compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(pub BTreeMap<Arc<str>, Arc<str>>);

impl Seen {
    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.0.insert(name.into(), value.to_string().into());
        self
    }

    /// What is different now: name, what it was, what it is; masked where the name is a secret's.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        let names: std::collections::BTreeSet<_> = self.0.keys().chain(now.0.keys()).collect();
        let different = names.into_iter().filter(|name| self.0.get(*name) != now.0.get(*name));
        let text = |seen: &Self, name: &Arc<str>| match seen.0.get(name) {
            Some(_) if mask::is_secret(name) => mask::MASK.into(),
            Some(value) => Arc::clone(value),
            None => "absent".into(),
        };
        different
            .map(|name| Difference { name: Arc::clone(name), was: text(self, name), is: text(now, name) })
            .collect()
    }
}

/// Something that a plan stood on and that has moved since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub name: Arc<str>,
    /// What the plan saw.
    pub was: Arc<str>,
    /// What is so now.
    pub is: Arc<str>,
}

/// One request that changes something.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// `service:Operation` in IAM's spelling.
    pub operation: &'static str,
    /// What it does, in words.
    pub words: Arc<str>,
    /// Where it is sent: the target's region, or the account that holds a Terraform backend.
    pub scope: Scope,
    /// Exactly what is sent, by the API's own parameter names; the permit lets nothing else pass.
    pub input: serde_json::Map<String, serde_json::Value>,
    /// What must still be so just before.
    pub seen: Seen,
    /// Who sends it, as the plan was made: in another account somebody else than for the target.
    pub sender: Arc<Identity>,
}

/// How an action is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// By another action, with a plan of its own.
    By {
        /// In words.
        words: Arc<str>,
        /// What to order.
        order: Order,
    },
    /// It can't be, and why.
    No(Arc<str>),
}

/// What the operator asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The action.
    pub action: ActionId,
    /// On what.
    pub target: Arc<ResourceId>,
    /// The fields, by their ids.
    pub fields: Fields,
}

/// Values of an action's fields, by the field's id.
pub type Fields = BTreeMap<&'static str, String>;

/// So many characters of a plan's phrase are typed.
pub const PHRASE: usize = 8;

/// What an action would do, computed from a fresh read.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What was asked for.
    pub order: Order,
    /// One line: `scale app-service from 2 to 6 tasks`.
    pub title: Arc<str>,
    /// On what.
    pub target: Target,
    /// What would change. Only these fields are sent.
    pub changes: Vec<FieldChange>,
    /// What should hold before, and whether it does.
    pub preconditions: Vec<Precondition>,
    /// What else is touched, in words.
    pub affects: Vec<Arc<str>>,
    /// What is sent, in order.
    pub steps: Vec<Step>,
    /// How much a mistake would cost in prod.
    pub risk: Risk,
    /// A number that a policy may cap: what it is and what it would be.
    pub number: Option<(i64, i64)>,
    /// An id whose first [`PHRASE`] characters must be typed after the environment's name, to show that this very thing is meant:
    /// a lock's. Who pastes the whole id has typed them, too.
    pub phrase: Option<Arc<str>>,
    /// How it is taken back.
    pub undo: Undo,
    /// The equivalent command, to paste.
    pub command: Arc<str>,
    /// When it was made.
    pub made_at: Timestamp,
}

/// What came of sending a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// The service has taken it.
    Accepted {
        /// The provider's request id.
        request_id: Option<Arc<str>>,
    },
    /// The service has refused it, or it never left: nothing was changed.
    Refused(super::Fault),
    /// It left, and no answer says what became of it. It is never sent again by itself.
    Unknown(super::Fault),
}

/// What came of following a step to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// What was wanted is so; the evidence.
    Verified(Arc<str>),
    /// It has ended otherwise, and how.
    Failed(Arc<str>),
}

/// How far a step has come that is being followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headway {
    /// In words: `3 of 6 tasks run`.
    pub words: Arc<str>,
    /// Per cent, where it can be told.
    pub percent: Option<u8>,
}
