//! How instants are shown: as ages that count up, or as they are where nothing is to change while nothing changes; in UTC or in the
//! operator's own time.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::app::State;
use crate::model::{Loading, Value, text};

/// After so many seconds without an answer it is time to say so.
const SILENT: i64 = 3;

/// How instants are shown.
#[derive(Clone, Copy)]
pub(super) struct Ages<'a> {
    /// Whose settings.
    pub(super) state: &'a State,
    /// The time.
    pub(super) now: Timestamp,
}

impl Ages<'_> {
    /// An instant as a civil time.
    pub(super) fn civil(self, at: Timestamp) -> DateTime {
        if self.state.local_time { self.state.settings.zone.to_datetime(at) } else { TimeZone::UTC.to_datetime(at) }
    }

    /// Hours, minutes and seconds.
    pub(super) fn clock(self, at: Timestamp) -> String {
        let time = self.civil(at);
        let zone = if self.state.local_time { "" } else { "Z" };
        format!("{:02}:{:02}:{:02}{zone}", time.hour(), time.minute(), time.second())
    }

    /// An age in at most four cells, or as much of the instant as tells it from others.
    pub(super) fn age(self, at: Timestamp) -> String {
        if self.state.settings.ages {
            return text::age(at, self.now);
        }
        let (then, now) = (self.civil(at), self.civil(self.now));
        if then.date() == now.date() {
            format!("{:02}:{:02}", then.hour(), then.minute())
        } else if then.year() == now.year() {
            format!("{:02}-{:02}", then.month(), then.day())
        } else {
            format!("{:04}-{:02}", then.year(), then.month())
        }
    }

    /// What is to be said of a fetch of which nothing has come for a while.
    pub(super) fn silence(self, loading: &Loading) -> Option<String> {
        if !self.is_silent(loading) {
            return None;
        }
        Some(if self.state.settings.ages {
            format!("no answer for {}", text::age(loading.since, self.now))
        } else {
            format!("no answer since {}", self.clock(loading.since))
        })
    }

    /// Whether somebody who waits for it wonders by now.
    pub(super) fn is_silent(self, loading: &Loading) -> bool {
        loading.count == 0 && self.now.as_second() - loading.since.as_second() > SILENT
    }

    /// A value as a cell of a table says it.
    pub(super) fn show(self, value: &Value) -> Cow<'_, str> {
        match value {
            Value::Instant(at) => Cow::Owned(self.age(*at)),
            value => value.show_exact(),
        }
    }
}
