//! A tail on the screen: a bounded buffer in the order of time, search, pause.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::TailMode;
use crate::model::{Fault, Level, LogLine, LogSource, ResourceId};

/// State of one source of a tail.
#[derive(Clone, Debug, Default)]
pub struct SourceState {
    /// How it is read.
    pub mode: Option<TailMode>,
    /// Present fault.
    pub fault: Option<Arc<Fault>>,
    /// Open gap, from and to.
    pub gap: Option<(Timestamp, Timestamp)>,
    /// What is left out of it, in words.
    pub lacks: Vec<&'static str>,
}

/// How far back a tail starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogRange {
    /// The last ten minutes and on.
    #[default]
    TenMinutes,
    /// The last hour and on.
    Hour,
    /// The last three hours and on.
    ThreeHours,
    /// The last day and on.
    Day,
}

impl LogRange {
    /// All of them, shortest first.
    pub const ALL: [Self; 4] = [Self::TenMinutes, Self::Hour, Self::ThreeHours, Self::Day];

    /// Its length in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::TenMinutes => 600,
            Self::Hour => 3_600,
            Self::ThreeHours => 10_800,
            Self::Day => 86_400,
        }
    }

    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TenMinutes => "10 min",
            Self::Hour => "1 h",
            Self::ThreeHours => "3 h",
            Self::Day => "1 d",
        }
    }
}

/// A tail on the screen.
#[derive(Clone, Debug)]
pub struct LogsView {
    /// Id of the present tail; 0 before the first.
    pub tail: u64,
    /// The resources whose logs these are; empty for pods that are meant by their labels.
    pub of: Vec<Arc<ResourceId>>,
    /// What is tailed; empty while that is being found out.
    pub sources: Vec<LogSource>,
    /// State of each source.
    pub states: Vec<SourceState>,
    /// Why there are no sources.
    pub fault: Option<Arc<Fault>>,
    /// The word in the border.
    pub title: Arc<str>,
    /// Lines, oldest first.
    pub lines: VecDeque<LogLine>,
    /// Most lines kept.
    pub capacity: usize,
    /// Lines dropped from the front for want of room.
    pub dropped: u64,
    /// Follows the newest line.
    pub follow: bool,
    /// Lines that came since it was paused.
    pub unseen: usize,
    /// The line at the bottom of the screen when not following: distance from the end.
    pub back: usize,
    /// Visible lines, as the last frame had them.
    pub height: usize,
    /// What is searched for; matches are shown with their context.
    pub search: Option<Search>,
    /// Least level shown.
    pub level: Level,
    /// Long lines wrap.
    pub wrap: bool,
    /// Cells scrolled sideways.
    pub sideways: u16,
    /// How far back it starts.
    pub range: LogRange,
    /// CloudWatch filter pattern.
    pub pattern: Option<Arc<str>>,
    /// A range without following is complete.
    pub ended: bool,
}

/// A search in a tail.
#[derive(Clone, Debug)]
pub struct Search {
    /// As typed.
    pub text: String,
    /// Compiled, without regard to case.
    pub regex: regex::Regex,
    /// How many lines of the buffer match, counted as they come: drawing looks at the visible lines only.
    pub matches: usize,
}
