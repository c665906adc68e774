//! The journal on the screen: its entries put together to records, one for each step that was to be sent and what came of it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::layer::{ActLayer, Reading, Scroll, step};
use super::{ask, push};
use crate::app::command::Command;
use crate::app::layer::Layer;
use crate::app::msg::Effect;
use crate::app::nav::Nav;
use crate::app::state::State;
use crate::app::view::View;
use crate::app::{navigate, open};
use crate::engine::Act;
use crate::journal::{Entry, Event, Outcome, Place};
use crate::kinds;
use crate::model::filter::Filterable;
use crate::model::{ResourceId, Scope};

/// Entries that are read: the newest of them.
const ENTRIES: usize = 5_000;

/// Entries that belong together, in the order they were written: an intent and what came of it, or one that stands for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Record(pub Vec<Entry>);

/// The journal as a view.
#[derive(Clone, Debug, Default)]
pub struct JournalView {
    /// Cursor and filter, by the position of a record's first entry.
    pub nav: Nav<u64>,
    /// Indices of the records that pass the filter.
    pub order: Vec<usize>,
}

/// The columns that a filter may name.
pub const COLUMNS: [&str; 7] = ["who", "environment", "env", "action", "target", "outcome", "reason"];

impl Record {
    fn first(&self) -> Option<&Entry> {
        self.0.first()
    }

    /// Position of its first entry.
    pub fn seq(&self) -> u64 {
        self.first().map_or(0, |entry| entry.seq)
    }

    /// When it began.
    pub fn at(&self) -> Timestamp {
        self.first().map(|entry| entry.at).unwrap_or_default()
    }

    /// User and machine, and who answered for it.
    pub fn who(&self) -> (String, Option<&str>) {
        let Some(entry) = self.first() else { return (String::new(), None) };
        (format!("{}@{}", entry.who.user, entry.who.host), entry.who.caller.as_deref())
    }

    /// Where.
    pub fn place(&self) -> Option<&Place> {
        self.first().map(|entry| &entry.place)
    }

    /// What, in one line.
    pub fn title(&self) -> Option<&str> {
        self.first().and_then(|entry| match &entry.event {
            Event::Intent { title, .. } => Some(title.as_str()),
            _ => None,
        })
    }

    /// What, in a word.
    pub fn action(&self) -> &str {
        match self.first().map(|entry| &entry.event) {
            Some(Event::Intent { action, .. }) => action,
            Some(Event::Armed { .. }) => "arm",
            Some(Event::Disarmed { .. }) => "disarm",
            Some(Event::Resumed { .. }) => "resumed",
            Some(Event::Sent { .. } | Event::Outcome { .. } | Event::Followed { .. }) | None => "",
        }
    }

    /// What came of it, in a word, and how that is.
    pub fn outcome(&self) -> (&'static str, Option<Outcome>) {
        let of = |entry: &Entry| match &entry.event {
            Event::Outcome { outcome, .. } | Event::Followed { outcome, .. } => Some((outcome.word(), Some(*outcome))),
            Event::Sent { .. } => Some(("sent", None)),
            Event::Intent { .. } => Some(("intended", None)),
            Event::Armed { .. } | Event::Disarmed { .. } | Event::Resumed { .. } => Some(("", None)),
        };
        // A console that is left may write that it was not sent before what was on its way to the disk.
        let told = self.0.iter().rev().filter_map(of);
        told.clone().find(|(_, outcome)| outcome.is_some()).or_else(|| told.clone().next()).unwrap_or(("", None))
    }

    /// Why: the operator's reason and ticket; without them why it failed, or the evidence.
    pub fn reason(&self) -> Cow<'_, str> {
        let given = self.0.iter().find_map(|entry| match &entry.event {
            Event::Intent { reason, ticket, .. } => match (reason, ticket) {
                (Some(reason), Some(ticket)) => Some(Cow::Owned(format!("{reason} ({ticket})"))),
                (Some(one), None) | (None, Some(one)) => Some(Cow::Borrowed(one.as_str())),
                (None, None) => None,
            },
            Event::Armed { reason: Some(reason), .. } | Event::Disarmed { reason: Some(reason) } => {
                Some(Cow::Borrowed(reason.as_str()))
            }
            _ => None,
        });
        let told = || {
            self.0.iter().rev().find_map(|entry| match &entry.event {
                Event::Followed { words, .. } => Some(Cow::Borrowed(words.as_str())),
                Event::Outcome { fault: Some(fault), .. } => Some(Cow::Borrowed(fault.as_str())),
                _ => None,
            })
        };
        given.or_else(told).unwrap_or_default()
    }
}

impl Filterable for Record {
    fn any_text(&self, now: Timestamp, each: &mut dyn FnMut(&str) -> bool) -> bool {
        let title = self.title();
        COLUMNS.iter().any(|column| self.column_text(column, now).is_some_and(|text| each(&text)))
            || title.is_some_and(each)
    }

    fn column_text(&self, column: &str, _: Timestamp) -> Option<String> {
        let place = self.place()?;
        Some(match column {
            "who" => {
                let (who, caller) = self.who();
                format!("{who} {}", caller.unwrap_or_default())
            }
            "environment" | "env" => place.environment.clone(),
            "action" => self.action().to_owned(),
            "target" => format!("{} {} {}", place.kind, place.name, place.id),
            "outcome" => self.outcome().0.to_owned(),
            "reason" => self.reason().into_owned(),
            _ => return None,
        })
    }
}

/// Puts entries, the newest first, together to records, the newest first.
pub fn records(entries: &[Entry]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let mut known: HashMap<(&str, (usize, usize)), usize> = HashMap::new();
    for entry in entries.iter().rev() {
        let step = entry.event.step().map(|step| (&*entry.run, step));
        if let Some(at) = step.and_then(|step| known.get(&step)) {
            records[*at].0.push(entry.clone());
            continue;
        }
        known.extend(step.map(|step| (step, records.len())));
        records.push(Record(vec![entry.clone()]));
    }
    records.reverse();
    records
}

/// `:journal`.
pub(in crate::app) fn open(state: &mut State, effects: &mut Vec<Effect>) {
    navigate::go(state, View::Journal(JournalView::default()), effects);
}

/// Asks for its newest entries.
pub(in crate::app) fn read(effects: &mut Vec<Effect>) {
    effects.push(ask(Act::Journal(ENTRIES)));
}

/// It has been read.
pub(super) fn take(state: &mut State, entries: Result<Arc<[Entry]>, Arc<str>>) {
    state.acts.journal = Some(entries.map(|entries| Arc::new(records(&entries))));
    order(state);
}

/// Filters the records anew; the cursor follows its record.
pub(in crate::app) fn order(state: &mut State) {
    let now = state.now;
    let (View::Journal(view), Some(Ok(records))) = (&mut state.view, &state.acts.journal) else { return };
    view.order = (0..records.len()).filter(|at| view.nav.filter.matches(&records[*at], now)).collect();
    let here = view.nav.cursor.and_then(|seq| view.order.iter().position(|at| records[*at].seq() == seq));
    view.nav.at = here.unwrap_or(view.nav.at).min(view.order.len().saturating_sub(1));
}

/// Puts the cursor on a row.
pub(in crate::app) fn to_row(state: &mut State, row: usize) {
    let (View::Journal(view), Some(Ok(records))) = (&mut state.view, &state.acts.journal) else { return };
    let row = row.min(view.order.len().saturating_sub(1));
    let seq = view.order.get(row).map(|at| records[*at].seq());
    view.nav.place(row, seq);
}

/// The record under the cursor.
fn selected(state: &State) -> Option<&Record> {
    let (View::Journal(view), Some(Ok(records))) = (&state.view, &state.acts.journal) else { return None };
    records.get(*view.order.get(view.nav.at)?)
}

/// Enter: shows the record under the cursor whole.
pub(in crate::app) fn open_record(state: &mut State) {
    if let Some(record) = selected(state).cloned() {
        push(state, ActLayer::Record(Reading { record, scroll: Scroll::default() }));
    }
}

/// Actions whose outcome nobody knows are told at the start.
pub(super) fn orphans(state: &mut State, entries: &[Entry]) {
    let records: Arc<[Record]> = entries.iter().map(|entry| Record(vec![entry.clone()])).collect();
    if records.is_empty() {
        return;
    }
    let words = if records.len() == 1 { "an action has" } else { "actions have" };
    state.warn(format!("{words} ended unknown: look at the target"));
    // Not over what the operator has begun already.
    state.layers.insert(0, Layer::Act(ActLayer::Orphans { records, at: 0 }));
}

/// Reminds of what was done for a time that is over, until it is taken back or dismissed.
pub(super) fn due(state: &mut State, entries: &[Entry]) {
    let acts = &mut state.acts;
    acts.dismissed.retain(|seq| entries.iter().any(|entry| entry.seq == *seq));
    let due = entries.iter().filter(|entry| !acts.dismissed.contains(&entry.seq));
    let due = due.map(|entry| Record(vec![entry.clone()])).collect();
    let before = std::mem::replace(&mut acts.due, due);
    let news = acts.due.iter().find(|record| !before.contains(record));
    let words = news.and_then(|record| {
        Some(format!("its time is over: {}: {}", record.place()?.environment, record.title().unwrap_or_default()))
    });
    if let Some(words) = words {
        state.warn(words);
    }
}

/// Nobody is to be reminded of these again.
fn dismiss(state: &mut State, records: &[Record]) {
    let seqs: Vec<u64> = records.iter().map(Record::seq).collect();
    state.acts.due.retain(|record| !seqs.contains(&record.seq()));
    state.acts.dismissed.extend(seqs);
    state.say("dismissed: the next start reminds of it again, unless it is taken back");
}

/// The keys of a list of records whose targets should be looked at.
pub(super) fn run_list(state: &mut State, command: &Command, effects: &mut Vec<Effect>) {
    let Some(Layer::Act(layer)) = state.layers.last_mut() else { return };
    let is_due = matches!(layer, ActLayer::Due { .. });
    let (ActLayer::Orphans { records, at } | ActLayer::Due { records, at }) = layer else { return };
    match command {
        Command::Move(motion) => *at = step(*motion, *at, records.len()),
        Command::Close | Command::Back => {
            let records = Arc::clone(records);
            state.layers.pop();
            if is_due {
                dismiss(state, &records);
            }
        }
        Command::Runs if is_due => drop(state.layers.pop()),
        Command::Open | Command::Describe => {
            let record = records.get(*at).cloned();
            state.layers.pop();
            look_at(state, record.as_ref(), effects);
        }
        _ => {}
    }
}

/// Goes to the target of the record that is being read.
pub(super) fn look(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Layer::Act(ActLayer::Record(reading))) = state.layers.last() else { return };
    let record = reading.record.clone();
    state.layers.pop();
    look_at(state, Some(&record), effects);
}

fn look_at(state: &mut State, record: Option<&Record>, effects: &mut Vec<Effect>) {
    let Some(place) = record.and_then(Record::place) else { return };
    if state.environment(&place.environment).is_none() {
        return state.warn(format!("{} is not among the environments of this console", place.environment));
    }
    match target(place) {
        Some(id) => open::detail_at(state, Arc::new(id), effects),
        None if place.kind.is_empty() => state.say("it is about the environment as a whole"),
        None => state.warn(format!("{} is no kind that is known here", place.kind)),
    }
}

/// The resource that an entry is about.
fn target(place: &Place) -> Option<ResourceId> {
    let kind = kinds::by_id(&place.kind)?.id;
    let mut scope = Scope::new(place.environment.as_str(), place.region.as_str());
    scope.cluster = place.cluster.as_deref().map(Arc::from);
    Some(ResourceId { scope, kind, id: place.id.as_str().into() })
}
