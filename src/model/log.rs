//! Log sources and lines.

use std::sync::Arc;

use jiff::Timestamp;

use super::Scope;

/// Level of a line, guessed from its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Nothing said.
    #[default]
    None,
    /// Trace or debug.
    Debug,
    /// Information.
    Info,
    /// Warning.
    Warn,
    /// Error, fatal, panic, exception.
    Error,
}

/// Where lines come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogSource {
    /// Environment and region.
    pub scope: Scope,
    /// CloudWatch log group.
    pub group: Arc<str>,
    /// Only streams that start so (a container of a service).
    pub stream_prefix: Option<Arc<str>>,
    /// The short name in front of its lines.
    pub label: Arc<str>,
}

/// One line as shown: cleaned of control characters and escape sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, by its source.
    pub at: Timestamp,
    /// Index into the tail's sources.
    pub source: u16,
    /// Level, guessed.
    pub level: Level,
    /// Came after newer lines were already shown, and was put in its place.
    pub late: bool,
    /// Hash of the event id: doubles are dropped by it.
    pub key: u64,
    /// The text.
    pub text: Box<str>,
}

/// What to tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailSpec {
    /// Names the tail; a new one for every change of sources, range or pattern.
    pub id: u64,
    /// One or several sources, merged by time.
    pub sources: Vec<LogSource>,
    /// From when.
    pub since: Timestamp,
    /// Until when; `None` follows.
    pub until: Option<Timestamp>,
    /// CloudWatch filter pattern.
    pub pattern: Option<Arc<str>>,
}
