//! Which lines and rules stand on the screen: from the bottom upwards until it is full. Draws nothing.

use std::ops::Range;

use jiff::Timestamp;

use crate::app::logs::LogsView;
use crate::model::text;
use crate::ui::cx::Cx;
use crate::ui::wrap::wrap;

/// One row of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A line of the buffer, or a part of it where it is wrapped.
    Line {
        /// Index into the buffer.
        at: usize,
        /// The bytes of its text as it is shown.
        range: Range<usize>,
    },
    /// A rule with words.
    Rule(String),
}

/// The rows that stand on the screen, the oldest first.
pub(super) fn rows(cx: &Cx, logs: &LogsView, height: usize, cells: u16) -> Vec<Row> {
    let back = if logs.follow { 0 } else { logs.back };
    let bottom = logs.lines.len().saturating_sub(back + 1);
    let mut found = Vec::with_capacity(height + 1);
    let mut newer: Option<Timestamp> = logs.lines.get(bottom + 1).map(|line| line.at);
    for (at, line) in logs.lines.range(..=bottom).enumerate().rev() {
        if !logs.shows(line) {
            continue;
        }
        gaps(cx, logs, line.at, newer, &mut found);
        if found.len() >= height {
            break;
        }
        push(&mut found, at, line.shown(), logs.wrap, cells);
        newer = Some(line.at);
        if found.len() >= height {
            break;
        }
        if at == 0 && logs.dropped > 0 {
            found.push(Row::Rule(format!(" {} dropped ", older(logs))));
        }
    }
    found.truncate(height);
    found.reverse();
    found
}

/// How many lines were dropped for want of room.
pub(super) fn older(logs: &LogsView) -> String {
    text::counted(usize::try_from(logs.dropped).unwrap_or(usize::MAX), "older line", "older lines")
}

fn push(found: &mut Vec<Row>, at: usize, text: &str, wrapped: bool, cells: u16) {
    if !wrapped || text.is_empty() {
        found.push(Row::Line { at, range: 0..text.len() });
        return;
    }
    let start = text.as_ptr() as usize;
    for part in wrap(text, cells).into_iter().rev() {
        let from = part.as_ptr() as usize - start;
        found.push(Row::Line { at, range: from..from + part.len() });
    }
}

/// The open gaps that begin between a line and the newer one below it.
fn gaps(cx: &Cx, logs: &LogsView, older: Timestamp, newer: Option<Timestamp>, found: &mut Vec<Row>) {
    for (state, source) in logs.states.iter().zip(&logs.sources) {
        let Some((from, to)) = state.gap else { continue };
        if older <= from && newer.is_none_or(|newer| newer > from) {
            let length = text::span((to.as_second() - from.as_second()).max(1));
            found.push(Row::Rule(format!(
                " {}: {length} missing since {}, being filled ",
                source.label,
                cx.clock(from)
            )));
        }
    }
}
