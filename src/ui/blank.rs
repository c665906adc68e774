//! What stands in a list without rows: loading, nothing there, no match, or a fault with what to do about it. Each looks
//! different.

use std::borrow::Cow;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::cx::Cx;
use super::facts::{Facts, Trouble};
use super::glyph::width;
use super::layout::line;
use super::signs;
use super::theme::Role;
use crate::app::Command;
use crate::model::Loading;

/// Lines in the middle of an area; what does not fit in height is left out from the end.
pub(super) fn lines(cx: &mut Cx, area: Rect, lines: &[(Style, Cow<str>)]) {
    let above = area.height.saturating_sub(lines.len() as u16) / 2;
    for (at, (style, text)) in lines.iter().enumerate() {
        let place = line(area, above + at as u16);
        let before = place.width.saturating_sub(width(text)) / 2;
        cx.pen(place).skip(before).put(text, *style);
    }
}

/// What a list without rows says.
pub(super) fn list(cx: &mut Cx, area: Rect, what: &str, filter: &str, total: usize, facts: &Facts) {
    let muted = cx.style(Role::Muted);
    if total > 0 && !filter.is_empty() {
        let clear = cx.key(&Command::Close, "`close`");
        let words = format!("∅ none of the {what} matches {filter} ({total} in all)");
        lines(cx, area, &[(cx.style(Role::Empty), words.into()), (muted, format!("{clear} clears the filter").into())]);
    } else if let Some(trouble) = facts.troubles.first() {
        let said = fault(cx, trouble, facts.troubles.len() - 1);
        lines(cx, area, &said);
    } else if facts.unread > 0 || facts.loading.is_some() {
        let loading = cx.style(Role::Loading);
        let words = match &facts.loading {
            Some(Loading { count, .. }) if *count > 0 => format!("◌ loading {what}: {count} so far"),
            _ => format!("◌ loading {what}"),
        };
        let mut said = vec![(loading, words.into())];
        said.extend(silence(cx, facts));
        lines(cx, area, &said);
    } else {
        lines(cx, area, &[(cx.style(Role::Empty), format!("∅ no {what} here").into())]);
    }
}

/// That what is waited for does not answer, if so.
pub(super) fn silence<'a>(cx: &Cx, facts: &Facts) -> Option<(Style, Cow<'a, str>)> {
    let words = cx.ages().silence(facts.loading.as_ref()?)?;
    Some((cx.style(Role::Muted), words.into()))
}

/// What a fault says where nothing else is to be shown.
fn fault<'a>(cx: &Cx, trouble: &Trouble<'a>, more: usize) -> Vec<(Style, Cow<'a, str>)> {
    let fault: &'a crate::model::Fault = trouble.fault;
    let (sign, role) = signs::fault(fault);
    let (style, muted) = (cx.style(role), cx.style(Role::Muted));
    let environment = &trouble.query.scope().environment;
    let mut said = vec![
        (style, Cow::Owned(format!("{sign} {environment}: {} since {}", fault.word(), cx.clock(trouble.since)))),
        (cx.style(Role::Text), Cow::Borrowed(&*fault.summary)),
        (muted, signs::advice(fault, cx)),
    ];
    if more > 0 {
        said.push((muted, format!("and {more} more that can't be read").into()));
    }
    said
}

/// One line above rows that could not be read again: which, why, and what to do.
pub(super) fn reason_line(cx: &mut Cx, area: Rect, facts: &Facts) {
    let Some(trouble) = facts.troubles.first() else { return };
    let (sign, role) = signs::fault(trouble.fault);
    let (style, muted) = (cx.style(role), cx.style(Role::Muted));
    let environment = &trouble.query.scope().environment;
    let more = match facts.troubles.len() {
        1 => String::new(),
        many => format!(" (+{} more)", many - 1),
    };
    let words = format!("{sign} {environment} {}{more}: {}", trouble.fault.word(), trouble.fault.summary);
    let advice = signs::advice(trouble.fault, cx).into_owned();
    cx.pen(area).put(&words, style).skip(2).put(&advice, muted);
}
