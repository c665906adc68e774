//! Log lines, wherever they are written: CloudWatch log groups and Kubernetes pods. Knows nothing of who reads them: doubles, gaps
//! and order are the engine's affair.

mod follow;
mod groups;
mod level;
mod pods;
mod selector;
#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
mod words;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use futures_util::stream::BoxStream;
use jiff::Timestamp;

use self::groups::Group;
use self::pods::Pods;
use super::Op;
use crate::model::{Fault, Level, LogOrigin, LogSource, text};
use crate::providers::{Env, Environments};

/// What is called here.
pub const READS: &[Op] = &[groups::FILTER, groups::LIVE];

/// The longest line that is kept whole, in bytes: CloudWatch takes a megabyte, a screen does not.
const LONGEST: usize = 16 * 1024;

/// A line as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// When it was written, by its source.
    pub at: Timestamp,
    /// Hash of its event id; a live tail has none, nor has a pod's log.
    pub event: Option<u64>,
    /// Hash of stream, instant and text: the same however it was read.
    pub print: u64,
    /// Who wrote it, where a source has several that do.
    pub writer: Option<Arc<str>>,
    /// Level, guessed.
    pub level: Level,
    /// Cleaned text.
    pub text: Box<str>,
}

/// A page of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The lines, oldest first.
    pub lines: Vec<Found>,
    /// What is not read of the source, whatever comes, in words.
    pub lacks: Option<&'static str>,
}

impl From<Vec<Found>> for Page {
    fn from(lines: Vec<Found>) -> Self {
        Self { lines, lacks: None }
    }
}

/// What a live tail sends now and then, also when nothing was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The lines.
    pub lines: Vec<Found>,
    /// There were more lines than these.
    pub sampled: bool,
    /// What is not followed of the source, whatever comes, in words.
    pub lacks: Option<&'static str>,
}

/// Pages of lines.
pub type Pages = BoxStream<'static, Result<Page, Fault>>;
/// Updates of a live tail.
pub type Updates = BoxStream<'static, Result<Update, Fault>>;

/// What a source is asked with.
pub async fn env(access: &Environments, source: &LogSource) -> Result<Arc<Env>, Fault> {
    let scope = source.scope.region_scope();
    match source.of {
        LogOrigin::Group { .. } => access.env(&scope).await,
        LogOrigin::Pods { .. } => access.kube_env(&scope).await,
    }
}

/// The lines of a source between two instants, the first included, oldest first within each page.
pub fn lines(env: Arc<Env>, source: LogSource, from: Timestamp, to: Timestamp, pattern: Option<Arc<str>>) -> Pages {
    let LogSource { scope, of, .. } = source;
    match of {
        LogOrigin::Group { name, stream_prefix } => {
            groups::lines(env, Group { name, stream_prefix }, from, to, pattern)
        }
        LogOrigin::Pods { pods, container, previous } => {
            pods::lines(env, Pods { scope, of: pods, container, previous }, from, to, pattern)
        }
    }
}

/// Starts a live tail of a source. It runs when this returns.
pub async fn live(env: &Env, source: &LogSource, pattern: Option<&str>) -> Result<Updates, Fault> {
    let LogSource { scope, of, .. } = source.clone();
    match of {
        LogOrigin::Group { name, stream_prefix } => groups::live(env, &Group { name, stream_prefix }, pattern).await,
        LogOrigin::Pods { pods, container, previous } => {
            follow::live(env, Pods { scope, of: pods, container, previous }, pattern).await
        }
    }
}

/// A line of a stream, cleaned.
fn found(event: Option<u64>, stream: &str, at: Timestamp, message: &str) -> Found {
    let message = message.trim_end();
    let print = hash(&(stream, at.as_nanosecond(), message));
    let text = shortened(message);
    let text: Box<str> = match text::clean(&text) {
        std::borrow::Cow::Borrowed(clean) => clean.into(),
        std::borrow::Cow::Owned(clean) => clean.into(),
    };
    Found { at, event, print, writer: None, level: level::guess(&text), text }
}

/// A message that is too long is cut, and says so.
fn shortened(message: &str) -> std::borrow::Cow<'_, str> {
    if message.len() <= LONGEST {
        return message.into();
    }
    let cut = message.floor_char_boundary(LONGEST);
    format!("{} … [{} more bytes]", &message[..cut], message.len() - cut).into()
}

fn hash(what: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
