//! Small boxes: the sort menu, the code of an MFA device, a sign-in.

use std::sync::Arc;

use ratatui::layout::Rect;
use tui_input::Input;

use super::{boxed, input_line, list};
use crate::app::command::Command;
use crate::app::{PaneKey, Target};
use crate::engine::SignInState;
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::layout::{line, top};
use crate::ui::signs;
use crate::ui::theme::Role;
use crate::ui::wrap::wrap;

/// The columns to sort by, each with its function key.
pub(super) fn sort_menu(cx: &mut Cx, body: Rect, columns: &[(Arc<str>, &'static str)], at: usize) {
    let sort = cx.state.focused().and_then(|(_, pane)| pane.nav.sort.clone());
    let inner = boxed(cx, body, 34, columns.len() as u16, "sort by", "");
    let first = list(cx, inner, at, columns.len());
    let theme = cx.theme;
    for (row, place) in (first..columns.len()).zip(inner.rows()) {
        let (title, id) = &columns[row];
        let key = cx.keymap.key_of(&Command::SortBy(row as u8)).unwrap_or_default();
        let arrow = sort.as_ref().filter(|sort| sort.column == *id).map_or("", signs::order);
        let mut pen = cx.pen(place);
        pen.at_end(&key, theme[Role::Key]);
        pen.cell(arrow, 2, theme[Role::ColumnSorted]).put(&title.to_lowercase(), theme[Role::Text]);
        if row == at {
            cx.tint(place, Role::Cursor);
        }
        cx.hits.push(place, Target::Row(PaneKey::Layer, row));
    }
}

/// What the box for a code says.
pub(super) struct Code<'a> {
    pub(super) environment: &'a Arc<str>,
    pub(super) serial: &'a str,
    pub(super) waiting: bool,
    pub(super) error: &'a Option<String>,
}

/// The code of an MFA device.
pub(super) fn code(cx: &mut Cx, body: Rect, code: &Code, input: &Input) {
    let title = format!("{} asks for a code", code.environment);
    let inner = boxed(cx, body, 60, 4, &title, "");
    let muted = cx.style(Role::Muted);
    cx.pen(line(inner, 0)).put("of the device ", muted).put(code.serial, muted);
    input_line(cx, line(inner, 2), "code", input);
    let last = line(inner, 3);
    if code.waiting {
        let style = cx.style(Role::Loading);
        cx.pen(last).put("◌ being tried", style);
    } else if let Some(error) = code.error {
        let style = cx.style(Role::InputBad);
        cx.pen(last).put("! ", style).put(error, style);
    }
}

/// A sign-in under way: where to go, and the code to compare there.
pub(super) fn sign_in(cx: &mut Cx, body: Rect, environment: &str, state: Option<&SignInState>) {
    let columns = match state {
        Some(SignInState::Open { url, .. }) => width(url).clamp(56, 100),
        _ => 56,
    };
    let title = match state {
        Some(SignInState::Failed(_)) => format!("{environment}: not signed in"),
        _ => format!("sign in to {environment}"),
    };
    let inner = boxed(cx, body, columns, 7, &title, "");
    let (text, muted, accent) = (cx.style(Role::Text), cx.style(Role::Muted), cx.style(Role::Accent));
    match state {
        None => {
            let style = cx.style(Role::Loading);
            cx.pen(inner).put("◌ asking for an address", style);
        }
        Some(SignInState::Open { url, code }) => {
            cx.pen(inner).put("Open this address in a browser:", muted);
            let address = wrap(url, inner.width);
            let (place, rest) = top(top(inner, 1).1, address.len() as u16);
            for (words, place) in address.into_iter().zip(place.rows()) {
                cx.pen(place).put(words, accent);
            }
            cx.pen(line(rest, 1)).put("and compare the code: ", muted).put(code, accent);
            let loading = cx.style(Role::Loading);
            cx.pen(line(rest, 2)).put("◌ waiting for the browser", loading);
        }
        Some(SignInState::Done(revived)) => {
            let ok = cx.style(Role::Ok);
            cx.pen(inner).put("● signed in", ok);
            let names = revived.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
            cx.pen(line(inner, 1)).put(&names, text);
        }
        Some(SignInState::Failed(fault)) => {
            let (sign, role) = signs::fault(fault);
            let style = cx.style(role);
            let words = format!("{sign} {}", fault.summary);
            for (words, place) in wrap(&words, inner.width).into_iter().zip(inner.rows()) {
                cx.pen(place).put(words, style);
            }
        }
    }
}
