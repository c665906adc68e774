//! One entry of the journal, as it stands in the file: a line of JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::Risk;

/// Who acts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// User of the operating system.
    pub user: String,
    /// Machine.
    pub host: String,
    /// ARN of the caller, where one has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
}

/// Where something is done, and on what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Environment.
    pub environment: String,
    /// Account, attested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Region.
    pub region: String,
    /// Cluster, where the thing lives in one: its id is unique only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Kind of the resource.
    #[serde(default)]
    pub kind: String,
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The service took it; what was followed is told by a later entry.
    Succeeded,
    /// Nothing was changed, or it ended otherwise than wanted.
    Failed,
    /// Nobody can say.
    Unknown,
}

/// What an entry tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[expect(clippy::large_enum_variant, reason = "one at a time is written, and the intent is what there is most of")]
pub enum Event {
    /// A step is about to be sent.
    Intent {
        /// The action.
        action: String,
        /// The plan's one line.
        title: String,
        /// Position of the part and of the step, from 0, and how many steps there are.
        part: usize,
        /// See `part`.
        step: usize,
        /// See `part`.
        steps: usize,
        /// `service:Operation`.
        operation: String,
        /// What is sent; secrets masked.
        input: Map<String, Value>,
        /// Field, from, to.
        changes: Vec<(String, Value, Value)>,
        /// The risk it was confirmed at.
        risk: Risk,
        /// Why, in the operator's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The ticket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<String>,
        /// Rules of the policy that had a say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policy: Vec<String>,
        /// A denying rule was broken open.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        broke_glass: bool,
    },
    /// The request is leaving.
    Sent {
        /// See the intent.
        part: usize,
        /// See the intent.
        step: usize,
    },
    /// What came of the request.
    Outcome {
        /// See the intent.
        part: usize,
        /// See the intent.
        step: usize,
        /// How it ended.
        outcome: Outcome,
        /// The provider's request id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// Why it failed or is unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<String>,
    },
    /// What came of following it.
    Followed {
        /// See the intent.
        part: usize,
        /// See the intent.
        step: usize,
        /// How it ended.
        outcome: Outcome,
        /// Evidence, or why.
        words: String,
    },
    /// An environment was armed, until then.
    Armed {
        /// Until when.
        until: Timestamp,
        /// Why, where it was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An environment was disarmed.
    Disarmed {
        /// Why, where the operator did not do it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The journal was not as the append before had left it, such as after a crash in the middle of one: what it left stands before
    /// this entry, and nothing stands on it.
    Resumed {
        /// How many bytes it left.
        bytes: u64,
        /// SHA-256 of them, as hexadecimal digits.
        remains: String,
        /// The head record was gone: whether entries were lost before this one can't be told.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        headless: bool,
    },
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the journal, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Which run of which action: entries of one confirmed proposal share it.
    pub run: String,
    /// Who.
    pub who: Who,
    /// Where.
    #[serde(rename = "where")]
    pub place: Place,
    /// What.
    #[serde(flatten)]
    pub event: Event,
    /// Hash of the entry before, as hexadecimal digits.
    pub prev: String,
    /// Hash of this one.
    pub hash: String,
}

/// What is to be written: an entry without what the journal itself adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// When.
    pub at: Timestamp,
    /// Which run of which action; empty where it belongs to none.
    pub run: String,
    /// Who.
    pub who: Who,
    /// Where.
    pub place: Place,
    /// What.
    pub event: Event,
}

impl Event {
    /// Its word in the file and on the screen.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Intent { .. } => "intent",
            Self::Sent { .. } => "sent",
            Self::Outcome { .. } => "outcome",
            Self::Followed { .. } => "followed",
            Self::Armed { .. } => "armed",
            Self::Disarmed { .. } => "disarmed",
            Self::Resumed { .. } => "resumed",
        }
    }

    /// Which step of which part it is about, both from 0.
    pub const fn step(&self) -> Option<(usize, usize)> {
        match self {
            Self::Intent { part, step, .. }
            | Self::Sent { part, step }
            | Self::Outcome { part, step, .. }
            | Self::Followed { part, step, .. } => Some((*part, *step)),
            Self::Armed { .. } | Self::Disarmed { .. } | Self::Resumed { .. } => None,
        }
    }
}

impl Outcome {
    /// Its word in the file and on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}
