//! Log sources and lines.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Scope, stamp, text};

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
    /// Environment and region; of pods their cluster and namespace, too.
    pub scope: Scope,
    /// What writes them.
    pub of: LogOrigin,
    /// The short name in front of its lines.
    pub label: Arc<str>,
}

/// What writes lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LogOrigin {
    /// A CloudWatch log group.
    Group {
        /// Its name.
        name: Arc<str>,
        /// Only streams that start so (a container of a service).
        stream_prefix: Option<Arc<str>>,
    },
    /// Containers of Kubernetes pods.
    Pods {
        /// Which pods.
        pods: PodsOf,
        /// Only this container.
        container: Option<Arc<str>>,
        /// What the containers wrote before they were last started.
        previous: bool,
    },
}

/// Pods whose containers write lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PodsOf {
    /// The pod of this name.
    One(Arc<str>),
    /// All that carry these labels, those that are yet to come among them: `app=web,tier!=cache` as kubectl takes it.
    Labels(Arc<str>),
}

impl PodsOf {
    /// What `NAMESPACE/app=web,tier!=cache` means: a namespace, and labels of pods in it.
    pub fn split(text: &str) -> Option<(&str, &str)> {
        text.split_once('/').filter(|(namespace, labels)| !namespace.is_empty() && !labels.is_empty())
    }
}

impl LogSource {
    /// A CloudWatch log group.
    pub fn group(
        scope: Scope,
        name: impl Into<Arc<str>>,
        stream_prefix: Option<Arc<str>>,
        label: impl Into<Arc<str>>,
    ) -> Self {
        Self { scope, of: LogOrigin::Group { name: name.into(), stream_prefix }, label: label.into() }
    }

    /// All pods in a namespace of a cluster that carry these labels.
    pub fn labelled(cluster: &Scope, namespace: &str, labels: &str) -> Self {
        let scope = Scope { namespace: Some(namespace.into()), ..cluster.clone() };
        let of = LogOrigin::Pods { pods: PodsOf::Labels(labels.into()), container: None, previous: false };
        Self { scope, of, label: text::clean(labels).into() }
    }

    /// What it is called where it lives: a log group's name, a pod's, a selector.
    pub fn name(&self) -> &Arc<str> {
        match &self.of {
            LogOrigin::Group { name, .. } | LogOrigin::Pods { pods: PodsOf::One(name) | PodsOf::Labels(name), .. } => {
                name
            }
        }
    }
}

/// One line, cleaned of control characters and escape sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, by its source.
    pub at: Timestamp,
    /// Index into the tail's sources.
    pub source: u16,
    /// Who wrote it, where a source has several that do: a pod, and its container.
    pub writer: Option<Arc<str>>,
    /// Level, guessed.
    pub level: Level,
    /// Came after newer lines were already shown, and was put in its place.
    pub late: bool,
    /// Hash of the event id: doubles are dropped by it.
    pub key: u64,
    /// The whole text: what is searched and copied.
    pub text: Box<str>,
}

impl LogLine {
    /// The text as it stands beside [`LogLine::at`]: without the timestamp that it begins with, where that tells the same time.
    pub fn shown(&self) -> &str {
        let stamp = stamp::of(&self.text).filter(|stamp| stamp.tells(self.at));
        stamp.map_or(&*self.text, |stamp| &self.text[stamp.length..])
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_the_end_of_the_text() {
        let line = |text: &str| LogLine {
            at: "2026-11-21T12:00:00.5Z".parse().unwrap(),
            source: 0,
            writer: None,
            level: Level::Info,
            late: false,
            key: 0,
            text: text.into(),
        };
        assert_eq!(line("2026-11-21T12:00:00.499Z INFO ready").shown(), "INFO ready");
        for whole in ["INFO ready", "2026-11-21T11:58:00Z INFO read late", ""] {
            assert_eq!(line(whole).shown(), whole);
        }
    }
}
