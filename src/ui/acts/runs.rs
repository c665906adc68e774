//! What is under way and has ended, and what is due: a strip above the footer while it matters, and all of it with its steps where it
//! is looked at.

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::lines::Lines;
use super::stage;
use crate::app::acts::Run;
use crate::app::acts::dialog::environments;
use crate::app::acts::journal::Record;
use crate::app::acts::runs::{End, How, Progress};
use crate::app::{Command, PaneKey, Target};
use crate::guard::At;
use crate::model::{Undo, text};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::layers::{boxed, list};
use crate::ui::layout::top;
use crate::ui::signs;
use crate::ui::theme::Role;

/// Most lines of the strip.
const LINES: usize = 3;

/// Cells of a bar of per cents.
const BAR: u16 = 12;

/// Lines of the strip on a screen of this height.
pub(in crate::ui) fn strip_lines(cx: &Cx, height: u16) -> u16 {
    let most = if height >= 20 { LINES } else { 1 };
    in_sight(cx).count().min(most) as u16
}

/// A line of the strip.
#[derive(Clone, Copy)]
enum Row<'a> {
    Run(&'a Run),
    /// What was done for a time that is over.
    Due(&'a [Record]),
}

fn in_sight<'a>(cx: &Cx<'a>) -> impl Iterator<Item = Row<'a>> + use<'a> {
    let (state, now): (_, Timestamp) = (cx.state, cx.now);
    let runs = state.acts.runs.iter().filter(move |run| run.in_sight(now)).map(Row::Run);
    let due = state.acts.due.as_slice();
    runs.chain((!due.is_empty()).then_some(Row::Due(due)))
}

/// Draws the strip.
pub(in crate::ui) fn strip(cx: &mut Cx, area: Rect) {
    let key = cx.key(&Command::Runs, "`under-way`");
    let more = in_sight(cx).count().saturating_sub(usize::from(area.height));
    let rows: Vec<Row> = in_sight(cx).collect();
    for (at, (row, place)) in rows.into_iter().zip(area.rows()).enumerate() {
        let last = at + 1 == usize::from(area.height);
        let has_undo = |run: &Run| run.end.as_ref().is_some_and(|end| !end.undo.is_empty());
        let hint = match row {
            _ if last && more > 0 => format!(" {more} more: {key} "),
            Row::Run(run) if has_undo(run) => format!(" {key} undo "),
            _ => format!(" {key} shows "),
        };
        cx.fill(place, Role::Subheader);
        match row {
            Row::Run(run) => summary(cx, place, run, &hint),
            Row::Due(due) => reminder(cx, place, due, &hint),
        }
        cx.hits.push(place, Target::Command(Command::Runs));
    }
}

/// One line: sign, where, what, how far.
fn summary(cx: &mut Cx, area: Rect, run: &Run, hint: &str) {
    let theme = cx.theme;
    let (sign, role) = sign(run);
    let (words, percent) = state(run);
    let names = environments(&run.proposal);
    let (stage_word, stage_role) = names.first().map_or(("", Role::Text), |name| signs::stage(stage(cx, name)));
    let place = match names.as_slice() {
        [] => String::new(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    };
    let mut pen = cx.pen(area);
    pen.at_end(hint, theme[Role::Key]);
    pen.put(" ", theme[Role::Text]).put(sign, theme[role]).skip(1);
    pen.put(&format!(" {stage_word} "), theme[stage_role]).skip(1).put(&place, theme[Role::Text]).skip(2);
    let bar = if percent.is_some() { BAR + 6 } else { 0 };
    let title = run.title();
    let room = pen.left().saturating_sub(bar);
    let cells = width(&title).min((room / 2).max(room.saturating_sub(width(&words) + 2)));
    pen.cell(&title, cells, theme[Role::Text]).skip(2);
    let rest = pen.left().saturating_sub(bar);
    pen.cell(&words, width(&words).min(rest), theme[role]);
    if let Some(percent) = percent {
        let full = u16::from(percent.min(100)) * BAR / 100;
        pen.skip(1).put(&"━".repeat(usize::from(full)), theme[Role::Progressing]);
        pen.put(&"─".repeat(usize::from(BAR - full)), theme[Role::Faint])
            .put(&format!(" {percent}%"), theme[Role::Text]);
    }
}

/// One line: where, what, that its time is over.
fn reminder(cx: &mut Cx, area: Rect, due: &[Record], hint: &str) {
    let Some((first, place)) = due.first().and_then(|record| Some((record, record.place()?))) else { return };
    let theme = cx.theme;
    let (stage_word, stage_role) = signs::stage(stage(cx, &place.environment));
    let more = if due.len() > 1 { format!(" and {} more", due.len() - 1) } else { String::new() };
    let words = format!("its time is over{more}");
    let mut pen = cx.pen(area);
    pen.at_end(hint, theme[Role::Key]);
    pen.put(" ", theme[Role::Text]).put("▲", theme[Role::Degraded]).skip(1);
    pen.put(&format!(" {stage_word} "), theme[stage_role]).skip(1);
    pen.put(&text::clean(&place.environment), theme[Role::Text]).skip(2);
    let title = text::clean(first.title().unwrap_or_default());
    let cells = width(&title).min(pen.left().saturating_sub(width(&words) + 2));
    pen.cell(&title, cells, theme[Role::Text]).skip(2);
    let rest = pen.left();
    pen.cell(&words, width(&words).min(rest), theme[Role::Degraded]);
}

fn sign(run: &Run) -> (&'static str, Role) {
    match &run.end {
        None => ("◐", Role::Progressing),
        Some(End { how: How::Done, .. }) => ("●", Role::Ok),
        Some(End { how: How::Moved, .. }) => ("≠", Role::Degraded),
        Some(End { how: How::Failed, .. }) => ("✖", Role::Failed),
        Some(End { how: How::Unknown, .. }) => ("?", Role::Failed),
    }
}

/// How far it is, or how it ended, in words; and in per cent where that can be told.
fn state(run: &Run) -> (String, Option<u8>) {
    let first = |end: &End| end.words.first().map(ToString::to_string).unwrap_or_default();
    match &run.end {
        Some(end) if end.how == How::Done => (format!("done: {}", end.words.join("; ")), None),
        Some(end) if end.how == How::Unknown => (format!("outcome unknown, look at the target: {}", first(end)), None),
        Some(end) => {
            let done = run.steps.iter().filter(|(_, step)| is_done(step)).count();
            let of = if run.steps.len() > 1 {
                format!(" ({done} of {} steps done)", run.steps.len())
            } else {
                String::new()
            };
            let how = if end.how == How::Moved { "not sent, it had changed" } else { "failed" };
            (format!("{how}{of}: {}", first(end)), None)
        }
        None => {
            let Some((at, progress)) = run.now() else { return ("◌ being checked".to_owned(), None) };
            let (words, _) = step_words(progress);
            let percent = match progress {
                Progress::Following(headway) => headway.percent,
                _ => None,
            };
            let of =
                if run.steps.len() > 1 { format!("step {} of {}: ", at + 1, run.steps.len()) } else { String::new() };
            (format!("{of}{words}"), percent)
        }
    }
}

const fn is_done(progress: &Progress) -> bool {
    matches!(progress, Progress::Accepted | Progress::Verified(_) | Progress::Unfollowed(_) | Progress::Following(_))
}

fn step_words(progress: &Progress) -> (String, Role) {
    match progress {
        Progress::Waiting => ("not sent".to_owned(), Role::Muted),
        Progress::Checking => ("the target is read once more".to_owned(), Role::Loading),
        Progress::Sending => ("being sent".to_owned(), Role::Degraded),
        Progress::Accepted => ("accepted".to_owned(), Role::Progressing),
        Progress::Following(headway) => (headway.words.to_string(), Role::Progressing),
        Progress::Verified(words) => (words.to_string(), Role::Ok),
        Progress::Failed(words) => (words.to_string(), Role::Failed),
        Progress::Unfollowed(words) => (format!("accepted, but it could not be followed: {words}"), Role::Degraded),
        Progress::Unknown(words) => (format!("unknown: {words}"), Role::Failed),
    }
}

/// All of them, the newest first; the chosen one with its steps.
pub(super) fn draw(cx: &mut Cx, body: Rect, at: usize) {
    let state = cx.state;
    let runs = &state.acts.runs;
    let columns = body.width.saturating_sub(4).min(116);
    let details = runs.get(at).map(|run| details(cx, run, columns.saturating_sub(4)));
    let below = details.as_ref().map_or(0, Lines::len) as u16;
    let rows = (runs.len() as u16).clamp(1, 8);
    let inner = boxed(cx, body, columns, rows + below + 1, "under way and ended", "");
    let rows = rows.min(inner.height.saturating_sub(below.min(inner.height / 2) + 1)).max(1);
    let (rows, rest) = top(inner, rows);
    let first = list(cx, rows, at, runs.len());
    for (row, place) in (first..runs.len()).zip(rows.rows()) {
        let when = format!(" {} ", cx.age(runs[row].end.as_ref().map_or(runs[row].began, |end| end.at)));
        if row == at {
            cx.tint(place, Role::Cursor);
        }
        summary(cx, place, &runs[row], &when);
        cx.hits.push(place, Target::Row(PaneKey::Layer, row));
    }
    let faint = cx.style(Role::Faint);
    cx.pen(rest).rule("─", rest.width, faint);
    if let Some(details) = details {
        details.draw(cx, top(rest, 1).1, 0);
    }
}

fn details(cx: &Cx, run: &Run, cells: u16) -> Lines {
    let mut lines = Lines::new(cells);
    let (muted, text) = (cx.style(Role::Muted), cx.style(Role::Text));
    for (At { part, step }, progress) in &run.steps {
        let Some(plan) = run.proposal.parts.get(*part) else { continue };
        let Some(step) = plan.steps.get(*step) else { continue };
        let (words, role) = step_words(progress);
        let place = format!("{}/{}  ", plan.target.id.scope.environment, plan.target.name);
        lines.hang(vec![(place, muted)], &step.words, text);
        lines.hang(vec![("  ".to_owned(), muted)], &words, cx.style(role));
    }
    let Some(end) = &run.end else { return lines };
    lines.gap();
    let role = sign(run).1;
    for words in &end.words {
        lines.hang(Vec::new(), words, cx.style(role));
    }
    let label = vec![("undo  ".to_owned(), cx.style(Role::Accent))];
    if end.undo.is_empty() {
        let why = run.proposal.parts.iter().find_map(|plan| match &plan.undo {
            Undo::No(why) => Some(format!("none: {why}")),
            Undo::By { .. } => None,
        });
        lines.hang(label, &why.unwrap_or_else(|| "none is on offer".to_owned()), muted);
    } else {
        // Of what was done only: what comes after a failure has nothing to take back.
        let words = run.proposal.parts.iter().rev().filter_map(|plan| match &plan.undo {
            Undo::By { words, order } if end.undo.contains(order) => Some(words.to_string()),
            _ => None,
        });
        let words: Vec<String> = words.collect();
        lines.hang(label, &format!("on offer, with a plan of its own: {}", words.join("; ")), text);
    }
    lines
}
