//! Records of the journal: one whole, and those whose outcome nobody knows.

use ratatui::layout::Rect;

use super::lines::Lines;
use super::{plan, stage};
use crate::app::acts::journal::Record;
use crate::app::acts::layer::Reading;
use crate::app::{PaneKey, Target};
use crate::journal::{Entry, Event, Outcome, Place};
use crate::model::text;
use crate::ui::border::scrollbar;
use crate::ui::cx::Cx;
use crate::ui::layers::boxed;
use crate::ui::layout::{line, top};
use crate::ui::signs;
use crate::ui::theme::Role;

/// Cells of a label.
const LABEL: usize = 12;

/// The sign of an outcome and its role.
pub(in crate::ui) const fn outcome(outcome: Option<Outcome>) -> (&'static str, Role) {
    match outcome {
        Some(Outcome::Succeeded) => ("●", Role::Ok),
        Some(Outcome::Failed) => ("✖", Role::Failed),
        Some(Outcome::Unknown) => ("?", Role::Degraded),
        None => ("○", Role::Muted),
    }
}

/// A record, whole.
pub(super) fn draw(cx: &mut Cx, body: Rect, reading: &Reading) {
    let columns = body.width.saturating_sub(4).min(110);
    let lines = lines(cx, &reading.record, columns.saturating_sub(4));
    let title = format!("journal: entry {}", reading.record.seq());
    let inner = boxed(cx, body, columns, lines.len() as u16 + 1, &title, "");
    let (head, rest) = top(inner, 1);
    if let Some(place) = reading.record.place() {
        place_line(cx, head, place);
    }
    let first = lines.draw(cx, rest, reading.scroll.top);
    cx.hits.list(PaneKey::Layer, first, usize::from(rest.height), lines.len());
    scrollbar(cx, Rect { width: rest.width + 1, ..rest }, first, lines.len());
}

/// Where it was done: not who would answer there now, but who did then.
fn place_line(cx: &mut Cx, area: Rect, place: &Place) {
    let (word, role) = signs::stage(stage(cx, &place.environment));
    let style = cx.style(role);
    cx.fill(area, role);
    let account = place.account.as_deref().unwrap_or("not told");
    let words = format!(" {word}  {} · account {account} · {} ", place.environment, place.region);
    cx.pen(area).put(&text::clean(&words), style);
}

fn lines(cx: &Cx, record: &Record, cells: u16) -> Lines {
    let mut lines = Lines::new(cells);
    let (said, muted) = (cx.style(Role::Text), cx.style(Role::Muted));
    let mut pair = |label: &str, words: &str| {
        if !words.is_empty() {
            lines.hang(vec![(format!("{label:<LABEL$}"), muted)], &text::clean(words), said);
        }
    };
    let (who, caller) = record.who();
    pair("who", &who);
    pair("caller", caller.unwrap_or_default());
    if let Some(place) = record.place() {
        let cluster = place.cluster.as_deref().map(|cluster| format!(" in {cluster}")).unwrap_or_default();
        let id = if place.id == place.name { String::new() } else { format!(" {}", place.id) };
        pair("target", format!("{} {}{id}{cluster}", place.kind, place.name).trim());
    }
    pair("run", record.0.first().map_or("", |entry| &entry.run));
    for entry in &record.0 {
        lines.gap();
        told(cx, &mut lines, entry);
    }
    lines
}

/// What an entry tells.
fn told(cx: &Cx, lines: &mut Lines, entry: &Entry) {
    let (said, muted) = (cx.style(Role::Text), cx.style(Role::Muted));
    let accent = cx.style(Role::Accent);
    let head = |word: &str| vec![(format!("{word:<LABEL$}"), accent)];
    let when = format!("{} {}", cx.day(entry.at), cx.clock(entry.at));
    match &entry.event {
        Event::Intent { .. } => {
            lines.hang(head("intent"), &when, muted);
            intent(cx, lines, &entry.event);
        }
        Event::Sent { .. } => lines.hang(head("sent"), &when, muted),
        Event::Outcome { outcome: how, request_id, fault, .. } => {
            lines.hang(head("outcome"), &when, muted);
            outcome_line(cx, lines, *how, fault.as_deref().unwrap_or_default());
            if let Some(id) = request_id {
                lines.hang(vec![(format!("{:<LABEL$}", "request id"), muted)], &text::clean(id), said);
            }
        }
        Event::Followed { outcome: how, words, .. } => {
            lines.hang(head("followed"), &when, muted);
            outcome_line(cx, lines, *how, words);
        }
        Event::Armed { until, reason } => {
            lines.hang(head("armed"), &format!("{when}, until {}", cx.clock(*until)), muted);
            if let Some(reason) = reason {
                lines.hang(vec![(format!("{:<LABEL$}", "reason"), muted)], &text::clean(reason), said);
            }
        }
        Event::Disarmed { reason } => {
            lines.hang(head("disarmed"), &when, muted);
            if let Some(reason) = reason {
                lines.hang(vec![(format!("{:<LABEL$}", "reason"), muted)], &text::clean(reason), said);
            }
        }
        Event::Resumed { bytes, headless, .. } => {
            lines.hang(head("resumed"), &when, muted);
            let lost = if *headless { "; whether entries were lost before it can't be told" } else { "" };
            let words = format!("an append before this one was cut off: {bytes} bytes of it stand there{lost}");
            lines.hang(vec![(" ".repeat(LABEL), said)], &words, cx.style(Role::Degraded));
        }
    }
    lines.hang(vec![(format!("{:<LABEL$}", "hash"), muted)], &format!("{} of entry {}", entry.hash, entry.seq), muted);
    lines.hang(vec![(format!("{:<LABEL$}", "after"), muted)], &entry.prev, muted);
}

fn outcome_line(cx: &Cx, lines: &mut Lines, how: Outcome, words: &str) {
    let (sign, role) = outcome(Some(how));
    let word = how.word();
    let gap = if words.is_empty() { "" } else { ": " };
    let label = vec![(" ".repeat(LABEL), cx.style(role)), (format!("{sign} "), cx.style(role))];
    lines.hang(label, &format!("{word}{gap}{}", text::clean(words)), cx.style(role));
}

fn intent(cx: &Cx, lines: &mut Lines, event: &Event) {
    let Event::Intent { action, title, step, steps, operation, input, changes, risk, .. } = event else { return };
    let (said, muted) = (cx.style(Role::Text), cx.style(Role::Muted));
    let mut pair = |label: &str, words: &str| {
        if !words.is_empty() {
            lines.hang(vec![(format!("{label:<LABEL$}"), muted)], &text::clean(words), said);
        }
    };
    pair("action", &format!("{action}: {title}"));
    pair("step", &format!("{} of {steps}: {operation}", step + 1));
    for (field, from, to) in changes {
        pair("change", &format!("{field}: {} → {}", plain(from), plain(to)));
    }
    pair("sends", &serde_json::Value::Object(input.clone()).to_string());
    let Event::Intent { reason, ticket, policy, broke_glass, .. } = event else { return };
    pair("reason", reason.as_deref().unwrap_or_default());
    pair("ticket", ticket.as_deref().unwrap_or_default());
    pair("policy", &policy.join(", "));
    if *broke_glass {
        pair("policy", "a denying rule was broken open");
    }
    let role = plan::risk(*risk);
    lines.hang(vec![(format!("{:<LABEL$}", "risk"), muted)], risk.word(), cx.style(role));
}

/// A value of the journal as a person reads it.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "nothing".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Actions whose outcome nobody knows.
pub(super) fn orphans(cx: &mut Cx, body: Rect, records: &[Record], at: usize) {
    let words =
        "These actions ended unknown: their console ended in the middle. Look at their targets; nothing is sent again.";
    let what = |record: &Record| {
        let target = record.place().map(|place| format!("{} {}", place.kind, place.name)).unwrap_or_default();
        format!("{} of {target}", record.action())
    };
    rows(cx, body, ("ended unknown", words, Role::Failed), (records, at), &what);
}

/// What was done for a time that is over.
pub(super) fn due(cx: &mut Cx, body: Rect, records: &[Record], at: usize) {
    let words = "The time is over for which this was done, and it was not taken back since. Nothing is done by itself.";
    let what = |record: &Record| record.title().unwrap_or_default().to_owned();
    rows(cx, body, ("its time is over", words, Role::Degraded), (records, at), &what);
}

/// Records whose targets should be looked at, two lines each, under the words that say why.
fn rows(
    cx: &mut Cx,
    body: Rect,
    (title, words, role): (&str, &str, Role),
    (records, at): (&[Record], usize),
    what: &dyn Fn(&Record) -> String,
) {
    let rows = records.len() as u16;
    let inner = boxed(cx, body, 100, rows * 2 + 3, title, "");
    let style = cx.style(role);
    let mut said = Lines::new(inner.width);
    said.hang(Vec::new(), words, style);
    said.draw(cx, inner, 0);
    let (_, list) = top(inner, said.len() as u16 + 1);
    let height = usize::from(list.height / 2);
    let first = at.saturating_sub(height / 2).min(records.len().saturating_sub(height));
    cx.hits.list(PaneKey::Layer, first, height, records.len());
    for (row, shown) in (first..records.len()).take(height).enumerate() {
        let place = Rect { y: list.y + row as u16 * 2, height: 2, ..list };
        let Some(where_to) = records[shown].place() else { continue };
        place_line(cx, line(place, 0), where_to);
        let when = records[shown].at();
        let words = format!("{} {}  {}", cx.day(when), cx.clock(when), what(&records[shown]));
        let text = cx.style(Role::Text);
        cx.pen(line(place, 1)).put(if shown == at { "› " } else { "  " }, text).put(&text::clean(&words), text);
        if shown == at {
            cx.tint(line(place, 1), Role::Cursor);
        }
        cx.hits.push(place, Target::Row(PaneKey::Layer, shown));
    }
}
