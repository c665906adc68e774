//! What is drawn for the sake of actions: menu, form, dialogs, what is under way, records of the journal. Wherever something can be
//! confirmed, environment and account stand above it in their stage's colour.

mod dialog;
mod form;
mod lines;
mod menu;
mod plan;
mod record;
mod runs;

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::cx::Cx;
use super::footer::Hint;
use super::glyph::width;
use super::header::caller;
use super::layout::{Item, top};
use super::signs;
use super::theme::Role;
use crate::app::acts::ActLayer;
use crate::app::command::{Command, Motion};
use crate::model::{Identity, Resource, Stage};
use lines::Lines;

pub(super) use menu::detail as offers;
pub(super) use record::outcome;
pub(super) use runs::{strip, strip_lines};

/// Draws a layer.
pub(super) fn draw(cx: &mut Cx, body: Rect, layer: &ActLayer) {
    match layer {
        ActLayer::Menu(menu) => menu::draw(cx, body, menu),
        ActLayer::Form(form) => form::draw(cx, body, form),
        ActLayer::Dialog(dialog) => dialog::draw(cx, body, dialog),
        ActLayer::Runs { at } => runs::draw(cx, body, *at),
        ActLayer::Record(reading) => record::draw(cx, body, reading),
        ActLayer::Orphans { records, at } => record::orphans(cx, body, records, *at),
        ActLayer::Due { records, at } => record::due(cx, body, records, *at),
    }
}

/// The hints of a layer, and how it is left.
pub(super) fn hints(layer: &ActLayer) -> (&'static [Hint], &'static [Hint]) {
    match layer {
        ActLayer::Menu(_) => (&[(Command::Open, "choose"), UP, DOWN], &[CLOSE]),
        ActLayer::Form(_) => (&[(Command::Open, "plan"), (Command::NextPane, "next field")], &[LEAVE]),
        ActLayer::Dialog(dialog) if dialog.proposal().is_some() => (&PLAN, &[LEAVE]),
        ActLayer::Dialog(_) => (&PLAN[..1], &[LEAVE]),
        ActLayer::Runs { .. } => (&[(Command::Open, "take it back"), LOOK, UP, DOWN], &[CLOSE]),
        ActLayer::Record(_) => (&[TARGET, (Command::Move(Motion::PageDown), "page")], &[CLOSE]),
        ActLayer::Orphans { .. } => (&[TARGET, UP, DOWN], &[CLOSE]),
        ActLayer::Due { .. } => (&[TARGET, UP, DOWN], &[DISMISS]),
    }
}

const UP: Hint = (Command::Move(Motion::Up), "previous");
const DOWN: Hint = (Command::Move(Motion::Down), "next");
const LOOK: Hint = (Command::Describe, "look at the target");
const TARGET: Hint = (Command::Open, "look at the target");
const CLOSE: Hint = (Command::Close, "close");
const DISMISS: Hint = (Command::Close, "dismiss");
const LEAVE: Hint = (Command::Close, "leave it");

const PLAN: [Hint; 4] = [
    (Command::NextPane, "go on"),
    (Command::Move(Motion::PageDown), "scroll"),
    (Command::Copy, "copy the command"),
    (Command::Refresh, "plan anew"),
];

/// Whether something can be changed now: the armed environment of the selection first, with the time it has left; in so many cells,
/// as far as it can be said in them.
pub(super) fn armed<'a>(cx: &Cx<'a>, style: Style, cells: u16) -> Item<'a> {
    let armed = &cx.state.acts.armed;
    let place = cx.state.selected_place();
    let own = armed.iter().find(|(name, _)| Some(name) == place.as_ref()).or_else(|| armed.first());
    let Some((name, until)) = own else { return Item::new(2, style, "read-only").at_right() };
    let more = if armed.len() > 1 { format!(" +{}", armed.len() - 1) } else { String::new() };
    let left = time_left(cx, *until);
    // Without its name it must not be taken for the environment whose badge stands beside it.
    let alone = cx.state.marked.len() == 1 && !cx.state.marked.contains(name);
    let whose = if alone { " other" } else { "" };
    let forms = [format!(" ARMED {name} {left}{more} "), format!(" ARMED{whose} {left}{more} ")];
    let fitting = forms.into_iter().find(|words| width(words) <= cells);
    let words = fitting.unwrap_or_else(|| format!(" ARMED{whose} "));
    Item::new(0, cx.style(Role::Armed), words).at_right()
}

/// Minutes and seconds until then; where nothing is to move by itself, the instant.
fn time_left(cx: &Cx, until: Timestamp) -> String {
    if !cx.state.settings.ages {
        return format!("until {}", cx.clock(until));
    }
    let left = (until.as_second() - cx.now.as_second()).max(0);
    format!("{:02}:{:02}", left / 60, left % 60)
}

/// An environment as it stands above everything that can be confirmed: a line in its stage's colour with its name, its account and
/// its region.
fn band(cx: &mut Cx, area: Rect, environment: &str, region: &str, identity: Option<&Identity>) {
    let (word, role) = signs::stage(stage(cx, environment));
    let style = cx.style(role);
    cx.fill(area, role);
    let account = whose(cx, environment, identity);
    cx.pen(area).put(&format!(" {word}  {environment} · {account} · {region} "), style);
}

/// As much of a cluster's identity tells it from others at a glance; all of it stands in the plan.
const CLUSTER: usize = "cluster 01234567".len();

/// The account, and the cluster where it is one that answers.
fn whose(cx: &Cx, environment: &str, identity: Option<&Identity>) -> String {
    let known = known_account(cx, environment).filter(|account| !account.is_empty());
    let known = known.map(|account| format!("account {account}"));
    match identity {
        Some(identity) if identity.is_in_cluster() => {
            let cluster = identity.place().chars().take(CLUSTER).collect();
            known.into_iter().chain([cluster]).collect::<Vec<String>>().join(" · ")
        }
        Some(Identity { account, alias: Some(alias), .. }) => format!("account {account} ({alias})"),
        Some(Identity { account, alias: None, .. }) => format!("account {account}"),
        None => known.unwrap_or_else(|| {
            let mut all = cx.state.environments.iter();
            let without = all.any(|known| *known.name == *environment && known.without_aws);
            if without { "no AWS account" } else { "account not known yet" }.to_owned()
        }),
    }
}

/// Most environments that stand above something; all of them are named below.
const BANDS: usize = 3;

/// Most lines of names.
const NAMES: usize = 3;

/// The environments of these resources, each once, a line each as far as they fit, and the resources' names below; returns what is
/// left.
fn targets(cx: &mut Cx, area: Rect, targets: &[&Resource]) -> Rect {
    let mut places: Vec<(&str, &str)> = Vec::new();
    for target in targets {
        let place = (&*target.id.scope.environment, &*target.id.scope.region);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let mut rest = area;
    for (environment, region) in places.iter().take(BANDS) {
        let (place, below) = top(rest, 1);
        band(cx, place, environment, region, None);
        rest = below;
    }
    let name = |target: &&Resource| match (places.len(), &target.id.scope.cluster) {
        (1, Some(cluster)) if targets.len() == 1 => format!("{} {} in {cluster}", target.id.kind, target.name),
        (1, _) if targets.len() == 1 => format!("{} {}", target.id.kind, target.name),
        (1, _) => target.name.to_string(),
        _ => format!("{}/{}", target.id.scope.environment, target.name),
    };
    let names = targets.iter().map(name).collect::<Vec<_>>().join(", ");
    let muted = cx.style(Role::Muted);
    let mut lines = Lines::new(area.width);
    lines.hang(Vec::new(), &names, muted);
    let (place, rest) = top(rest, lines.len().min(NAMES) as u16);
    lines.draw(cx, place, 0);
    rest
}

fn stage(cx: &Cx, environment: &str) -> Option<Stage> {
    cx.state.environment(environment).and_then(|environment| environment.stage)
}

/// The account that was attested to an environment, else the one it is configured to be.
fn known_account(cx: &Cx, environment: &str) -> Option<Arc<str>> {
    let row = cx.state.fleet.iter().find(|row| &*row.environment.name == environment)?;
    let attested = row.identity.as_ref().map(|identity| Arc::clone(&identity.account));
    attested.or_else(|| row.environment.account.clone())
}

/// Who acts.
fn acting_as(identity: &Identity) -> String {
    format!("as {}", caller(&identity.arn))
}
