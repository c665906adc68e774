//! The form of an action: its fields, what is wrong with them, and what can be chosen, with the differences of the chosen one.

use ratatui::layout::Rect;

use super::lines::Lines;
use super::targets;
use crate::actions::{Choice, FieldSort};
use crate::app::acts::form::{Choosing, Field, Form};
use crate::app::{PaneKey, Target};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::layers::{boxed, input_line, list};
use crate::ui::layout::{left, line, top};
use crate::ui::theme::Role;

/// From this width on the differences stand beside what is chosen.
const BESIDE: u16 = 96;

/// Draws it.
pub(super) fn draw(cx: &mut Cx, body: Rect, form: &Form) {
    let Some((first, _)) = form.targets.first() else { return };
    let title = match form.targets.len() {
        1 => format!("{}: {}", form.action.title, first.name),
        many => format!("{}: {many} marked", form.action.title),
    };
    let chooses = form.fields.iter().any(|field| field.choosing.is_some());
    let rows: u16 = form.fields.iter().map(|field| 1 + u16::from(field.problem.is_some())).sum();
    let (columns, more) = if chooses { (116, 16) } else { (84, 3) };
    let inner = boxed(cx, body, columns, rows + more + 4, &title, "");
    let rest = targets(cx, inner, &form.targets.iter().map(|(target, _)| target).collect::<Vec<_>>());
    let (_, rest) = top(rest, 1);
    let (fields, rest) = top(rest, rows);
    let label = form.fields.iter().map(|field| width(field.def.title)).max().unwrap_or(0).min(24);
    let mut place = fields;
    for (at, field) in form.fields.iter().enumerate() {
        let (row, after) = top(place, 1);
        field_line(cx, row, field, label, at == form.at);
        cx.hits.push(row, Target::Row(PaneKey::Layer, at));
        place = after;
        if let Some(problem) = &field.problem {
            let (row, after) = top(place, 1);
            let bad = cx.style(Role::InputBad);
            cx.pen(row).skip(label + 3).put("! ", bad).put(problem, bad);
            place = after;
        }
    }
    let faint = cx.style(Role::Faint);
    cx.pen(rest).rule("─", rest.width, faint);
    if let Some(field) = form.fields.get(form.at) {
        about(cx, top(rest, 1).1, field);
    }
}

fn field_line(cx: &mut Cx, area: Rect, field: &Field, label: u16, focused: bool) {
    let theme = cx.theme;
    let role = if focused { Role::Accent } else { Role::Muted };
    cx.pen(area).cell(if focused { "›" } else { "" }, 2, theme[Role::Accent]).cell(field.def.title, label, theme[role]);
    let (_, place) = left(area, label + 3);
    let before = cx.hits.cursor;
    input_line(cx, place, "", &field.input);
    if !focused {
        cx.hits.cursor = before;
    }
    if field.input.value().is_empty() {
        let words = match (field.own, field.def.required) {
            (true, _) => "each its own",
            (false, true) => "",
            (false, false) => "not given",
        };
        cx.pen(left(place, 1).1).put(words, theme[Role::Muted]);
    }
}

/// What the field that has the keys takes, and what can be chosen for it.
fn about(cx: &mut Cx, area: Rect, field: &Field) {
    let muted = cx.style(Role::Muted);
    let takes = match field.def.sort {
        FieldSort::Text => String::new(),
        FieldSort::Number(least, most) => format!(" ({least} to {most}; ↑ ↓ change it)"),
        FieldSort::Flag => " (`yes` or `no`; ↑ ↓ change it)".to_owned(),
        FieldSort::OneOf(words) => format!(" ({}; ↑ ↓ change it)", words.join(", ")),
        FieldSort::Chosen => " (↑ ↓ choose; other text is taken, too)".to_owned(),
    };
    let mut lines = Lines::new(area.width);
    lines.hang(Vec::new(), &format!("{}{takes}, for example {}", field.def.doc, field.def.example), muted);
    lines.draw(cx, area, 0);
    if let Some(choosing) = &field.choosing {
        choices(cx, top(area, lines.len() as u16).1, choosing);
    }
}

fn choices(cx: &mut Cx, area: Rect, choosing: &Choosing) {
    match &choosing.found {
        None => {
            let loading = cx.style(Role::Loading);
            cx.pen(area).put("◌ reading what can be chosen", loading);
        }
        Some(Err(fault)) => {
            let style = cx.style(Role::Fault);
            let mut lines = Lines::new(area.width);
            lines.hang(vec![("! ".to_owned(), style)], &format!("{}: {}", fault.word(), fault.summary), style);
            lines.draw(cx, area, 0);
        }
        Some(Ok(_)) => listed(cx, area, choosing),
    }
}

fn listed(cx: &mut Cx, area: Rect, choosing: &Choosing) {
    let listed = choosing.listed();
    if listed.is_empty() {
        let empty = cx.style(Role::Empty);
        cx.pen(area).put("∅ nothing to choose matches", empty);
        return;
    }
    let chosen = choosing.at.unwrap_or(0);
    let difference = listed.get(chosen).map_or(&[][..], |choice| &choice.difference);
    let (rows, beside) = if area.width >= BESIDE {
        left(area, area.width / 2)
    } else {
        top(area, area.height.saturating_sub(difference.len().min(usize::from(area.height / 2)) as u16))
    };
    let first = list(cx, rows, chosen, listed.len());
    let cells = listed.iter().map(|choice| width(&choice.value)).max().unwrap_or(0).min(rows.width / 2);
    for (row, place) in (first..listed.len()).zip(rows.rows()) {
        choice_line(cx, place, listed[row], cells);
        if choosing.at == Some(row) {
            cx.tint(place, Role::Cursor);
        }
    }
    for (words, place) in difference.iter().zip(beside.rows()) {
        let role = match words.chars().next() {
            Some('+') => Role::Ok,
            Some('-') => Role::Failed,
            _ => Role::Degraded,
        };
        let style = cx.style(role);
        cx.pen(place).put(words, style);
    }
    let unseen = difference.len().saturating_sub(usize::from(beside.height));
    if unseen > 0 {
        let (muted, last) = (cx.style(Role::Muted), beside.height.saturating_sub(1));
        cx.fill(line(beside, last), Role::Layer);
        cx.pen(line(beside, last)).put(&format!("… and {} more", unseen + 1), muted);
    }
}

fn choice_line(cx: &mut Cx, area: Rect, choice: &Choice, cells: u16) {
    let theme = cx.theme;
    cx.pen(area).skip(2).cell(&choice.value, cells, theme[Role::Text]).skip(2).put(&choice.words, theme[Role::Muted]);
}
