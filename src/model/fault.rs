//! Why something could not be had, in classes that an operator can act on.

use jiff::Timestamp;

/// What sort of failure it was; it decides how it looks, when it is tried again and what the operator can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultClass {
    /// Credentials are expired or missing; the command that renews them.
    Expired {
        /// For example `aws sso login --profile lecture-dhbw-prod`.
        renew: Option<String>,
        /// Whether `L` can sign in on the screen (the profile stands on an SSO session).
        sign_in: bool,
    },
    /// A profile with `mfa_serial` waits for its code.
    NeedsCode {
        /// The device the code comes from.
        serial: String,
    },
    /// Not allowed; the permission that is missing, where the service names it.
    Denied {
        /// For example `ecs:ListServices`.
        permission: Option<String>,
    },
    /// Asked too often.
    Throttled {
        /// When it is tried again.
        until: Option<Timestamp>,
    },
    /// No connection could be made.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// What was asked for does not exist.
    NotFound,
    /// Another account answered than the one this environment must be. Its rows are never shown.
    WrongAccount {
        /// The configured or pinned account.
        expected: String,
        /// The account that answered.
        found: String,
    },
    /// The request or the configuration is wrong.
    Invalid,
    /// The answer could not be understood (malformed, cut off, a repeated page token).
    Malformed,
    /// A fault of the service itself (5xx).
    Service,
    /// A fault of ours.
    Bug,
}

impl FaultClass {
    /// How much of an environment it takes away: of several faults the gravest is told.
    pub const fn gravity(&self) -> u8 {
        match self {
            Self::WrongAccount { .. } => 6,
            Self::Expired { .. } | Self::NeedsCode { .. } => 5,
            Self::Unreachable | Self::TimedOut => 4,
            Self::Denied { .. } => 3,
            Self::Throttled { .. } => 2,
            _ => 1,
        }
    }

    /// Whether it keeps a whole environment from being read, not just a part of it.
    pub const fn is_whole(&self) -> bool {
        self.gravity() >= 4
    }
}

/// Why something could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{summary}")]
pub struct Fault {
    /// What sort of failure.
    pub class: FaultClass,
    /// One line for the screen: what failed, and what to do.
    pub summary: String,
    /// The provider's own words, cleaned, for the detail.
    pub raw: String,
    /// The provider's request id, where there is one.
    pub request_id: Option<String>,
}

impl Fault {
    /// A fault of this class, with one line for the screen.
    pub fn new(class: FaultClass, summary: impl Into<String>) -> Self {
        Self { class, summary: summary.into(), raw: String::new(), request_id: None }
    }

    /// Whether it says the same: the request id is another one every time.
    pub fn is_as(&self, other: &Self) -> bool {
        (&self.class, &self.summary, &self.raw) == (&other.class, &other.summary, &other.raw)
    }

    /// The same, with the provider's own words.
    #[must_use]
    pub fn with_raw(mut self, raw: impl AsRef<str>) -> Self {
        self.raw = super::text::clean(raw.as_ref()).into_owned();
        self
    }

    /// The same, with the provider's request id.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.request_id = id.map(|id| super::text::clean(id).into_owned());
        self
    }

    /// One word for a column or a badge.
    pub const fn word(&self) -> &'static str {
        match self.class {
            FaultClass::Expired { .. } => "expired",
            FaultClass::NeedsCode { .. } => "code needed",
            FaultClass::Denied { .. } => "denied",
            FaultClass::Throttled { .. } => "throttled",
            FaultClass::Unreachable => "unreachable",
            FaultClass::TimedOut => "timed out",
            FaultClass::NotFound => "not found",
            FaultClass::WrongAccount { .. } => "wrong account",
            FaultClass::Invalid => "invalid",
            FaultClass::Malformed => "malformed",
            FaultClass::Service => "service fault",
            FaultClass::Bug => "bug",
        }
    }
}
