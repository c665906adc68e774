//! Health of a resource.

use std::fmt;

use serde::Serialize;

/// How a resource is. The order is the order of sickness: sorting descending puts the sick first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Nothing is known yet, or nothing can be told.
    #[default]
    Unknown,
    /// Moving towards what was asked for.
    Progressing,
    /// Works, but with less than it should have.
    Degraded,
    /// Does not work.
    Failed,
}

impl Health {
    /// The word on the screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Progressing => "progressing",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }

    /// Whether an operator should look at it.
    pub const fn is_sick(self) -> bool {
        matches!(self, Self::Degraded | Self::Failed)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
