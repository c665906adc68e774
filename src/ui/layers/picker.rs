//! The picker of environments: stage, name, customer, account, region, health; the most recent first.

use std::sync::Arc;

use ratatui::layout::Rect;
use tui_input::Input;

use super::palette::Found;
use super::{boxed, list, searched};
use crate::app::fleet::FleetRow;
use crate::app::nav::Nav;
use crate::app::{PaneKey, Target};
use crate::model::Environment;
use crate::ui::cx::Cx;
use crate::ui::signs;
use crate::ui::theme::Role;

/// Draws it.
pub(super) fn draw(cx: &mut Cx, body: Rect, input: &Input, matches: &[usize], nav: &Nav<Arc<str>>) {
    let state = cx.state;
    let lines = (matches.len() as u16).clamp(1, 22) + 2;
    let foot = match nav.marks.len() {
        0 => format!("{} of {}", matches.len(), state.environments.len()),
        marked => format!("{marked} marked · {} of {}", matches.len(), state.environments.len()),
    };
    let inner = boxed(cx, body, 92, lines, "environments", &foot);
    let place = searched(cx, inner, "environment", input);
    if matches.is_empty() {
        let empty = cx.style(Role::Empty);
        cx.pen(place).put("∅ no environment is called that", empty);
        return;
    }
    let first = list(cx, place, nav.at, matches.len());
    let mut found = Found::new(input.value());
    for (row, place) in (first..matches.len()).zip(place.rows()) {
        let Some(environment) = state.environments.get(matches[row]) else { continue };
        let known = state.fleet.iter().find(|row| row.environment.name == environment.name);
        let bytes = found.of(&environment.name);
        // The ground first: the stage's badge keeps its own, under the cursor too.
        if row == nav.at {
            cx.tint(place, Role::Cursor);
        }
        draw_row(cx, place, environment, known, &bytes, nav.marks.contains(&environment.name));
        cx.hits.push(place, Target::Row(PaneKey::Layer, row));
    }
}

fn draw_row(
    cx: &mut Cx,
    area: Rect,
    environment: &Environment,
    known: Option<&FleetRow>,
    bytes: &[usize],
    marked: bool,
) {
    let theme = cx.theme;
    let (word, stage) = signs::stage(environment.stage);
    let (text, hit, muted) = (theme[Role::Text], theme[Role::Match], theme[Role::Muted]);
    let (sign, health) = known.map_or((" ", Role::Muted), signs::environment);
    let account = known.and_then(|row| row.identity.as_deref()).map(|identity| &identity.account);
    let account = account.or(environment.account.as_ref());
    let mut pen = cx.pen(area);
    pen.cell(if marked { "◆" } else { "" }, 2, theme[Role::Mark]).cell(sign, 2, theme[health]);
    pen.cell(&format!("{word:^9}"), 9, theme[stage]).skip(1);
    let name = pen.left().saturating_sub(44).clamp(16, 40);
    pen.cell_with(&environment.name, name, |at| if bytes.contains(&at) { text.patch(hit) } else { text }).skip(1);
    pen.cell(environment.customer.as_deref().unwrap_or_default(), 14, muted).skip(1);
    pen.cell(account.map_or("", |account| account), 13, muted).skip(1);
    pen.put(&environment.regions.join(" "), muted);
}
