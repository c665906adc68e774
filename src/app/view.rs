//! The views, one at a time on the screen; the others stand in the history.

use std::sync::Arc;

use super::acts::journal::JournalView;
use super::fleet::FleetView;
use super::logs::LogsView;
use super::nav::Nav;
use super::pane::Pane;
use crate::kinds::{self, Relation};
use crate::model::{Change, Query, Resource, ResourceId, Window};

/// The first screen: five panes at once.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// Clusters, services, databases, alarms.
    pub panes: [Pane; 4],
    /// The fifth.
    pub logs: LogsView,
    /// Index of the focused pane; 4 is the logs.
    pub focus: usize,
    /// The focused pane has the whole screen.
    pub zoom: bool,
}

/// What the detail shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetailTab {
    /// Summary, relations, metrics, events.
    Summary,
    /// Raw JSON.
    Raw,
}

/// What a resource leads to, and what is known of it there.
#[derive(Clone, Debug)]
pub struct Link {
    /// The relation, to be walked.
    pub relation: Relation,
    /// How many there are, and how many of them are sick; nothing where that is not known.
    pub known: Option<(usize, usize)>,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct DetailView {
    /// Which.
    pub id: Arc<ResourceId>,
    /// As last seen in a list (health, reason, cells).
    pub resource: Option<Resource>,
    /// Which half.
    pub tab: DetailTab,
    /// What it leads to, in order.
    pub relations: Vec<Link>,
    /// The chosen relation.
    pub at: usize,
    /// First line shown.
    pub top: usize,
    /// Visible lines, as the last frame had them.
    pub height: usize,
    /// Lines in all, as the last frame had them.
    pub lines: usize,
    /// Cells that the raw text is scrolled sideways; where there are any, its long lines are not wrapped.
    pub sideways: u16,
    /// Window of the charts.
    pub window: Window,
    /// Search in the raw text.
    pub search: Option<super::logs::Search>,
}

impl DetailView {
    /// Its name, as far as it is known.
    pub fn name(&self) -> &str {
        self.resource.as_ref().map_or(&self.id.id, |resource| &resource.name)
    }

    /// Whether there is anything to chart.
    pub fn has_charts(&self) -> bool {
        let metrics = |resource| Some((kinds::by_id(self.id.kind)?.metrics)(resource));
        self.resource.as_ref().and_then(metrics).is_some_and(|metrics| !metrics.is_empty())
    }

    /// Shows its other half.
    pub(super) fn turn(&mut self) {
        self.tab = if self.tab == DetailTab::Raw { DetailTab::Summary } else { DetailTab::Raw };
        (self.top, self.sideways) = (0, 0);
    }
}

/// What changed.
#[derive(Clone, Debug)]
pub struct ChangesView {
    /// Only about this resource.
    pub about: Option<Arc<ResourceId>>,
    /// How far back, in seconds.
    pub seconds: u32,
    /// Cursor, filter and marks by the change's id.
    pub nav: Nav<Arc<str>>,
    /// Merged over the marked environments, newest first.
    pub rows: Arc<Vec<Change>>,
    /// How many of the rows failed.
    pub failed: usize,
    /// Indices into the rows that pass the filter.
    pub order: Vec<usize>,
}

/// A view.
#[derive(Clone, Debug)]
pub enum View {
    /// Five panes.
    Bridge(Box<Bridge>),
    /// One row for each environment.
    Fleet(FleetView),
    /// A list of a kind.
    List(Box<Pane>),
    /// One resource.
    Detail(Box<DetailView>),
    /// A tail.
    Logs(Box<LogsView>),
    /// What changed.
    Changes(ChangesView),
    /// The journal.
    Journal(JournalView),
    /// The console's own log.
    ConsoleLog {
        /// Lines scrolled back from the end.
        back: usize,
        /// Visible lines, as the last frame had them.
        height: usize,
    },
}

impl View {
    /// Goes into the history: what is large and comes anew with the view is not kept.
    pub(super) fn rest(&mut self) {
        match self {
            Self::Bridge(bridge) => bridge.logs.rest(),
            Self::Logs(logs) => logs.rest(),
            _ => {}
        }
    }

    /// Its name in the header and in the history.
    pub fn word(&self) -> &str {
        match self {
            Self::Bridge(_) => "bridge",
            Self::Fleet(_) => "fleet",
            Self::List(pane) => &pane.title,
            Self::Detail(detail) => detail.name(),
            Self::Logs(_) => "logs",
            Self::Changes(_) => "changes",
            Self::Journal(_) => "journal",
            Self::ConsoleLog { .. } => "console log",
        }
    }
}

/// The query of a change list in one scope.
pub fn changes_query(scope: &crate::model::Scope, view: &ChangesView) -> Query {
    Query::Changes { scope: scope.region_scope(), seconds: view.seconds, about: view.about.clone() }
}
