//! What every part of the screen draws with: the buffer, the state, the theme, the time, and what was hit.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::ages::Ages;
use super::hits::Hits;
use super::pen::Pen;
use super::theme::{Role, Theme};
use crate::app::{Command, State};
use crate::keymap::Keymap;
use crate::model::Fault;

/// What every part of the screen draws with.
pub(super) struct Cx<'a> {
    pub(super) buf: &'a mut Buffer,
    pub(super) state: &'a State,
    pub(super) theme: &'a Theme,
    pub(super) keymap: &'a Keymap,
    pub(super) now: Timestamp,
    pub(super) hits: Hits,
    /// Age and faults of what has been drawn so far, for the header.
    pub(super) seen: Seen<'a>,
}

/// Age and faults of what is on the screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen<'a> {
    /// When the oldest of the data was observed.
    pub(super) oldest: Option<Timestamp>,
    /// The gravest of the present faults; of the equally grave the first.
    pub(super) gravest: Option<SeenFault<'a>>,
    /// All of them: whose, and the word for it. Of one sort an environment has but one.
    pub(super) faults: HashSet<(Arc<str>, &'static str)>,
    /// Something is being fetched for the first time.
    pub(super) loading: bool,
}

/// A present fault of an environment.
#[derive(Clone, Debug)]
pub(super) struct SeenFault<'a> {
    pub(super) environment: Arc<str>,
    pub(super) fault: &'a Fault,
    pub(super) since: Timestamp,
}

impl<'a> Seen<'a> {
    /// Takes note of a fault.
    pub(super) fn fault(&mut self, environment: &Arc<str>, fault: &'a Fault, since: Timestamp) {
        self.faults.insert((Arc::clone(environment), fault.word()));
        match &mut self.gravest {
            Some(known) if known.environment == *environment && known.fault.word() == fault.word() => {
                known.since = known.since.min(since);
            }
            Some(known) if known.fault.class.gravity() >= fault.class.gravity() => {}
            gravest => *gravest = Some(SeenFault { environment: Arc::clone(environment), fault, since }),
        }
    }
}

impl<'a> Cx<'a> {
    /// The style of a role.
    pub(super) fn style(&self, role: Role) -> Style {
        self.theme[role]
    }

    /// A pen on the first line of an area.
    pub(super) fn pen(&mut self, area: Rect) -> Pen<'_> {
        Pen::new(self.buf, area)
    }

    /// Fills an area with a role's ground, and empties it.
    pub(super) fn fill(&mut self, area: Rect, role: Role) {
        let area = area.intersection(self.buf.area);
        let mut empty = Cell::EMPTY;
        empty.set_style(self.theme[Role::Base].patch(self.theme[role]));
        for row in area.rows() {
            let from = self.buf.index_of(row.x, row.y);
            self.buf.content[from..from + usize::from(row.width)].fill(empty.clone());
        }
    }

    /// Lays a role's style over what is written already.
    pub(super) fn tint(&mut self, area: Rect, role: Role) {
        let area = area.intersection(self.buf.area);
        self.buf.set_style(area, self.theme[role]);
    }

    /// How instants are shown.
    pub(super) fn ages(&self) -> Ages<'a> {
        Ages { state: self.state, now: self.now }
    }

    /// An instant as a civil time: UTC, or the operator's own when asked for.
    pub(super) fn civil(&self, at: Timestamp) -> DateTime {
        self.ages().civil(at)
    }

    /// The zone that times are shown in.
    pub(super) fn zone(&self) -> TimeZone {
        if self.state.local_time { self.state.settings.zone.clone() } else { TimeZone::UTC }
    }

    /// Hours, minutes and seconds.
    pub(super) fn clock(&self, at: Timestamp) -> String {
        self.ages().clock(at)
    }

    /// Year, month and day.
    pub(super) fn day(&self, at: Timestamp) -> String {
        let date = self.civil(at).date();
        format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }

    /// The first key of a command, as it is written; the word for it where it has none.
    pub(super) fn key(&self, command: &Command, word: &str) -> String {
        self.keymap.key_of(command).unwrap_or_else(|| word.to_owned())
    }

    /// An age, or the instant where ages are not to count up.
    pub(super) fn age(&self, at: Timestamp) -> String {
        self.ages().age(at)
    }
}
