//! The actions of the selection, with words and risk; and the same as lines of a detail.

use ratatui::layout::Rect;

use super::lines::Lines;
use super::targets;
use crate::app::acts::menu::{Menu, Offer};
use crate::app::{PaneKey, Target};
use crate::model::Resource;
use crate::ui::cx::Cx;
use crate::ui::layers::{boxed, list};
use crate::ui::layout::{bottom, top};
use crate::ui::theme::Role;

/// Cells of an action's title.
const TITLE: u16 = 20;

/// Lines that tell of the chosen action.
const ABOUT: u16 = 5;

/// Draws it.
pub(super) fn draw(cx: &mut Cx, body: Rect, menu: &Menu) {
    let Some(first) = menu.targets.first() else { return };
    let title = match menu.targets.len() {
        1 => format!("actions on {}", first.name),
        many => format!("actions on {many} marked"),
    };
    let lines = menu.offers.len() as u16 + ABOUT + 5;
    let inner = boxed(cx, body, 92, lines, &title, "nothing is sent yet");
    let rest = targets(cx, inner, &menu.targets.iter().collect::<Vec<_>>());
    let faint = cx.style(Role::Faint);
    let (rows, about) = bottom(rest, ABOUT.min(rest.height.saturating_sub(1)) + 1);
    let from = list(cx, rows, menu.at, menu.offers.len());
    for (row, place) in (from..menu.offers.len()).zip(rows.rows()) {
        offer_line(cx, place, &menu.offers[row]);
        if row == menu.at {
            cx.tint(place, Role::Cursor);
        }
        cx.hits.push(place, Target::Row(PaneKey::Layer, row));
    }
    cx.pen(about).rule("─", about.width, faint);
    if let Some(offer) = menu.offers.get(menu.at) {
        tell(cx, top(about, 1).1, offer);
    }
}

fn offer_line(cx: &mut Cx, area: Rect, offer: &Offer) {
    let theme = cx.theme;
    let title = if offer.cannot.is_some() { Role::Muted } else { Role::Text };
    let mut pen = cx.pen(area);
    pen.cell(offer.action.title, TITLE, theme[title]).skip(1);
    match &offer.cannot {
        Some(why) => pen.put("⊘ ", theme[Role::Denied]).put(why, theme[Role::Denied]),
        None => pen.put(offer.action.doc, theme[Role::Muted]),
    };
}

/// What is to be known of the chosen one: everything that its line may have had no room for.
fn tell(cx: &mut Cx, area: Rect, offer: &Offer) {
    let (text, muted, denied) = (cx.style(Role::Text), cx.style(Role::Muted), cx.style(Role::Denied));
    let mut lines = Lines::new(area.width);
    let label = |words: &str| vec![(format!("{words:<6}"), muted)];
    lines.hang(label("does"), offer.action.doc, text);
    lines.hang(label("risk"), &format!("in prod: {}", offer.action.risk), text);
    match &offer.cannot {
        Some(why) => lines.hang(label("not"), why, denied),
        None => lines.hang(label("undo"), offer.action.undo, text),
    }
    lines.draw(cx, area, 0);
}

/// The actions of a detail as lines of text: title, and what it does or why it can't be used.
pub(in crate::ui) fn detail(cx: &Cx, resource: &Resource) -> Vec<(&'static str, String, Role)> {
    let offers = crate::app::acts::menu::offers(cx.state.acts.registry, std::slice::from_ref(resource));
    let line = |offer: Offer| match offer.cannot {
        Some(why) => (offer.action.title, format!("⊘ {why}"), Role::Denied),
        None => (offer.action.title, offer.action.doc.to_owned(), Role::Text),
    };
    offers.into_iter().map(line).collect()
}
