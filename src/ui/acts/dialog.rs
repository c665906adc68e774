//! The dialogs: the environment in its stage's colour above, what it is about in the middle, what is demanded and the buttons below.
//! What is in the middle scrolls; the rest always stands.

use ratatui::layout::Rect;
use tui_input::Input;

use super::lines::Lines;
use super::{BANDS, acting_as, band, plan, time_left};
use crate::app::acts::dialog::{About, Dialog, Planned, STOPS, Stop, demanded, environments};
use crate::app::acts::runs::Progress;
use crate::app::{Command, PaneKey, Target};
use crate::guard::{Confirm, Proposal};
use crate::model::{Fault, ResourceId, text};
use crate::ui::border::scrollbar;
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::layers::{boxed, input_line};
use crate::ui::layout::{bottom, left, line, top};
use crate::ui::signs;
use crate::ui::theme::Role;
use crate::ui::wrap::wrap;

/// Draws it.
pub(super) fn draw(cx: &mut Cx, body: Rect, dialog: &Dialog) {
    let columns = body.width.saturating_sub(4).min(110);
    let cells = columns.saturating_sub(4);
    let lines = lines(cx, dialog, cells);
    let places = places(cx, dialog);
    let bands = places.len().min(BANDS) as u16;
    let subtitle = subtitle(cx, dialog, places.len(), cells);
    let below = below(cx, dialog, cells);
    let above = bands + subtitle.len().max(1) as u16;
    let fixed = above + below.len() as u16 + 2;
    let inner = boxed(cx, body, columns, fixed + lines.len() as u16, &title(dialog), "");
    let (head, rest) = top(inner, above);
    for (place, (environment, region, identity)) in head.rows().zip(places.iter().take(BANDS)) {
        band(cx, place, environment, region, identity.as_deref());
    }
    subtitle.draw(cx, top(head, bands).1, 0);
    let (middle, foot) = bottom(rest, (below.len() as u16 + 2).min(rest.height.saturating_sub(1)));
    let first = lines.draw(cx, middle, dialog.scroll.top);
    cx.hits.list(PaneKey::Layer, first, usize::from(middle.height), lines.len());
    scrollbar(cx, Rect { width: middle.width + 1, ..middle }, first, lines.len());
    let unseen = lines.len().saturating_sub(first + usize::from(middle.height));
    let (faint, muted) = (cx.style(Role::Faint), cx.style(Role::Muted));
    let mut pen = cx.pen(foot);
    if unseen > 0 {
        pen.at_end(&format!(" {unseen} more lines below "), muted);
    }
    let rule = pen.left();
    pen.rule("─", rule, faint);
    let (_, rest) = top(foot, 1);
    for (row, place) in below.iter().zip(rest.rows()) {
        draw_row(cx, place, dialog, row);
    }
    buttons(cx, line(foot, foot.height.saturating_sub(1)), dialog);
}

type Place = (String, String, Option<std::sync::Arc<crate::model::Identity>>);

/// The environments that it is about, each once.
fn places(cx: &Cx, dialog: &Dialog) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut add = |environment: &str, region: &str, identity| {
        if !places.iter().any(|(name, known, _)| name == environment && known == region) {
            places.push((environment.to_owned(), region.to_owned(), identity));
        }
    };
    match &dialog.about {
        About::Plan(planned) => match dialog.proposal() {
            Some(proposal) => {
                for plan in &proposal.parts {
                    let scope = &plan.target.id.scope;
                    add(&scope.environment, &scope.region, Some(std::sync::Arc::clone(&plan.target.identity)));
                }
            }
            None => planned.orders.iter().map(|order| &order.target.scope).for_each(|scope| {
                add(&scope.environment, &scope.region, None);
            }),
        },
        About::Arm { environments, .. } => {
            environments.iter().take(1).for_each(|name| add(name, &regions(cx, name), None));
        }
        About::Disarm(names) => names.iter().for_each(|name| add(name, &regions(cx, name), None)),
        About::Leave => {
            for plan in cx.state.acts.runs.iter().filter(|run| run.is_sending()).flat_map(|run| &run.proposal.parts) {
                let scope = &plan.target.id.scope;
                add(&scope.environment, &scope.region, Some(std::sync::Arc::clone(&plan.target.identity)));
            }
        }
    }
    places
}

fn regions(cx: &Cx, environment: &str) -> String {
    cx.state.environment(environment).map(|it| it.regions.join(", ")).unwrap_or_default()
}

/// The environments of a proposal by name.
pub(super) fn environment_names(proposal: &Proposal) -> Vec<String> {
    environments(proposal).iter().map(ToString::to_string).collect()
}

fn title(dialog: &Dialog) -> String {
    match &dialog.about {
        About::Plan(Planned { proposal: None, .. }) => "planning".to_owned(),
        About::Plan(Planned { proposal: Some(Err(_)), .. }) => "no plan".to_owned(),
        About::Plan(planned) if !planned.moved.is_empty() => "a new plan: the target has changed".to_owned(),
        About::Plan(_) => "plan".to_owned(),
        About::Arm { .. } => "arm".to_owned(),
        About::Disarm(_) => "disarm".to_owned(),
        About::Leave => "something is being sent".to_owned(),
    }
}

/// Under the environment: on what, as whom, from when.
fn subtitle(cx: &Cx, dialog: &Dialog, places: usize, cells: u16) -> Lines {
    let mut lines = Lines::new(cells);
    let hidden = places.saturating_sub(BANDS);
    let more = if hidden > 0 { format!("and {hidden} more environments · ") } else { String::new() };
    let words = match &dialog.about {
        About::Plan(planned) => match dialog.proposal() {
            Some(proposal) => {
                let Some(first) = proposal.parts.first() else { return lines };
                let made = format!("from {}", cx.clock(first.made_at));
                let target = targets(proposal.parts.iter().map(|plan| &plan.target.id).collect::<Vec<_>>().as_slice());
                format!("{target} · {} · {made}", acting_as(&first.target.identity))
            }
            None => targets(planned.orders.iter().map(|order| &order.target).collect::<Vec<_>>().as_slice()),
        },
        About::Arm { .. } | About::Disarm(_) | About::Leave => String::new(),
    };
    lines.hang(Vec::new(), &format!("{more}{words}"), cx.style(Role::Muted));
    lines
}

fn targets(ids: &[&std::sync::Arc<ResourceId>]) -> String {
    match ids {
        [one] => match &one.scope.cluster {
            Some(cluster) => format!("{} {} in {cluster}", one.kind, one.id),
            None => format!("{} {}", one.kind, one.id),
        },
        several => format!("{} resources", several.len()),
    }
}

/// What stands in the middle.
fn lines(cx: &Cx, dialog: &Dialog, cells: u16) -> Lines {
    let mut lines = Lines::new(cells);
    let (words, muted) = (cx.style(Role::Text), cx.style(Role::Muted));
    match &dialog.about {
        About::Plan(planned) => match &planned.proposal {
            None => {
                let style = cx.style(Role::Loading);
                let since =
                    if cx.state.settings.ages { format!(" for {}", cx.age(planned.asked)) } else { String::new() };
                lines.hang(Vec::new(), &format!("◌ planning{since}: the target is read afresh"), style);
            }
            Some(Err(fault)) => no_plan(cx, &mut lines, fault),
            Some(Ok(proposal)) => return plan::lines(cx, proposal, &planned.moved, cells),
        },
        About::Arm { environments, .. } => {
            let said = "Armed, it takes actions for a limited time; each one that is applied starts the time anew.";
            lines.hang(Vec::new(), said, words);
            if let [_, rest @ ..] = environments.as_slice()
                && !rest.is_empty()
            {
                let names: Vec<&str> = rest.iter().map(|name| &**name).collect();
                lines.hang(Vec::new(), &format!("After it: {}.", names.join(", ")), muted);
            }
        }
        About::Disarm(names) => {
            for name in names {
                let left = cx.state.acts.armed_until(name).map(|until| time_left(cx, until)).unwrap_or_default();
                lines.hang(Vec::new(), &format!("{name} is armed: {left}"), words);
            }
            lines.hang(Vec::new(), "Disarmed, it takes no action; what is under way goes on.", muted);
        }
        About::Leave => leaving(cx, &mut lines),
    }
    lines
}

fn no_plan(cx: &Cx, lines: &mut Lines, fault: &Fault) {
    let (sign, role) = signs::fault(fault);
    let style = cx.style(role);
    lines.hang(vec![(format!("{sign} "), style)], &format!("{}: {}", fault.word(), fault.summary), style);
    lines.hang(Vec::new(), &signs::advice(fault, cx), cx.style(Role::Muted));
    let again = format!("{} plans anew", cx.key(&Command::Refresh, "`refresh`"));
    lines.hang(Vec::new(), &again, cx.style(Role::Muted));
}

fn leaving(cx: &Cx, lines: &mut Lines) {
    for run in cx.state.acts.runs.iter().filter(|run| run.is_sending()) {
        let sent = run.steps.iter().filter(|(_, step)| !matches!(step, Progress::Waiting)).count();
        lines.hang(vec![("· ".to_owned(), cx.style(Role::Muted))], &run.title(), cx.style(Role::Text));
        let words = format!("step {} of {}", sent.max(1), run.steps.len());
        lines.hang(vec![("  ".to_owned(), cx.style(Role::Muted))], &words, cx.style(Role::Muted));
    }
    let words = "Who leaves now will not learn what became of it: the journal will say `unknown`, and what has not been sent is not sent.";
    lines.hang(Vec::new(), words, cx.style(Role::Failed));
}

/// A line between the plan and the buttons.
enum Row {
    Words(String, Role),
    Glass,
    Field(Stop, &'static str),
}

impl Row {
    /// As many rows as its words take.
    fn wrapped(self, cells: u16) -> Vec<Self> {
        match self {
            Self::Words(words, role) => {
                wrap(&words, cells).into_iter().map(|part| Self::Words(part.to_owned(), role)).collect()
            }
            row => vec![row],
        }
    }
}

fn below(cx: &Cx, dialog: &Dialog, cells: u16) -> Vec<Row> {
    let mut rows = Vec::new();
    let stops = dialog.stops(&cx.state.acts);
    match &dialog.about {
        About::Plan(_) => {
            if let Some(proposal) = dialog.proposal() {
                demands(cx, dialog, proposal, &mut rows);
            }
        }
        About::Arm { environments, .. } => {
            let name = environments.first().map_or("", |name| &**name);
            rows.push(Row::Words(format!("type its name: {name}"), Role::Text));
        }
        About::Disarm(_) | About::Leave => {}
    }
    for stop in stops {
        match stop {
            Stop::Glass => rows.push(Row::Glass),
            Stop::Text => {
                let label = if matches!(dialog.about, About::Arm { .. }) { "name" } else { "confirm" };
                rows.push(Row::Field(stop, label));
            }
            Stop::Lock => rows.push(Row::Field(stop, "lock id")),
            Stop::Reason => rows.push(Row::Field(stop, "reason")),
            Stop::Ticket => rows.push(Row::Field(stop, "ticket")),
            Stop::Cancel | Stop::Arm | Stop::Apply => {}
        }
    }
    if dialog.waiting {
        rows.push(Row::Words("◌ being checked once more".to_owned(), Role::Loading));
    }
    if let Some(error) = &dialog.error {
        rows.push(Row::Words(format!("! {error}"), Role::InputBad));
    }
    rows.into_iter().flat_map(|row| row.wrapped(cells)).collect()
}

/// What stands between the operator and Apply.
fn demands(cx: &Cx, dialog: &Dialog, proposal: &Proposal, rows: &mut Vec<Row>) {
    let judgement = &proposal.judgement;
    if let Some(denial) = &judgement.denial {
        rows.push(Row::Words(format!("⊘ {}", denial.words()), Role::Denied));
    }
    let names: Vec<String> = dialog.unarmed(&cx.state.acts).map(ToString::to_string).collect();
    if !names.is_empty() {
        let (key, verb) = (cx.key(&Command::Arm, "`arm`"), if names.len() == 1 { "is" } else { "are" });
        rows.push(Row::Words(format!("! {} {verb} not armed: press {key}", names.join(", ")), Role::Degraded));
    }
    let risk = judgement.risk.word();
    let (text, phrase) = demanded(proposal);
    let mut wanted = match &judgement.confirm {
        Confirm::Apply => format!("risk {risk}: choose Apply"),
        Confirm::Environment(_) if proposal.parts.len() == 1 => {
            format!("risk {risk}: type the environment's name: {text}")
        }
        Confirm::Yes | Confirm::Environment(_) | Confirm::Resource(_) => format!("risk {risk}: type {text}"),
    };
    if let Some(phrase) = phrase {
        wanted.extend([", and the start of the lock id: ", phrase]);
    }
    if dialog.wants_reason() {
        wanted.push_str(", and say why");
    }
    if let Some(pattern) = &judgement.ticket {
        wanted.extend([", with a ticket (", pattern, ")"]);
    }
    rows.push(Row::Words(wanted, plan::risk(judgement.risk)));
}

fn draw_row(cx: &mut Cx, area: Rect, dialog: &Dialog, row: &Row) {
    let theme = cx.theme;
    match row {
        Row::Words(words, role) => {
            cx.pen(area).put(words, theme[*role]);
        }
        Row::Glass => {
            let sign = if dialog.glass { "[x]" } else { "[ ]" };
            let focused = dialog.focus == Stop::Glass;
            let role = if focused { Role::Accent } else { Role::Text };
            cx.pen(area)
                .put(sign, theme[role])
                .skip(1)
                .put("break the glass: it is journalled, with the reason", theme[role]);
            if focused {
                cx.tint(area, Role::Cursor);
            }
            hit(cx, area, Stop::Glass);
        }
        Row::Field(stop, label) => field(cx, area, dialog, *stop, label),
    }
}

fn field(cx: &mut Cx, area: Rect, dialog: &Dialog, stop: Stop, label: &str) {
    let input: &Input = match stop {
        Stop::Lock => &dialog.lock,
        Stop::Reason => &dialog.reason,
        Stop::Ticket => &dialog.ticket,
        _ => &dialog.text,
    };
    let focused = dialog.focus == stop;
    let theme = cx.theme;
    cx.pen(area).cell(if focused { "›" } else { "" }, 2, theme[Role::Accent]).cell(
        label,
        8,
        theme[if focused { Role::Accent } else { Role::Muted }],
    );
    let before = cx.hits.cursor;
    let place = left(area, 11).1;
    cx.tint(place, Role::CursorBlurred);
    input_line(cx, place, "", input);
    if !focused {
        cx.hits.cursor = before;
    }
    hit(cx, area, stop);
}

fn hit(cx: &mut Cx, area: Rect, stop: Stop) {
    if let Some(at) = STOPS.iter().position(|known| *known == stop) {
        cx.hits.push(area, Target::Row(PaneKey::Layer, at));
    }
}

fn buttons(cx: &mut Cx, area: Rect, dialog: &Dialog) {
    let stops = dialog.stops(&cx.state.acts);
    let words = |stop: Stop| match (&dialog.about, stop) {
        (About::Leave, Stop::Cancel) => "Stay",
        (_, Stop::Cancel) if dialog.waiting => "Hide",
        (_, Stop::Cancel) => "Cancel",
        (_, Stop::Arm) | (About::Arm { .. }, _) => "Arm",
        (About::Disarm(_), _) => "Disarm",
        (About::Leave, _) => "Leave all the same",
        (About::Plan(_), _) => "Apply",
    };
    let can_apply = !matches!(&dialog.about, About::Plan(planned) if !matches!(planned.proposal, Some(Ok(_))));
    let mut x = area.x;
    for stop in [Stop::Cancel, Stop::Arm, Stop::Apply] {
        let chosen = stops.contains(&stop);
        if !chosen && (stop != Stop::Apply || !can_apply || stops.contains(&Stop::Arm) || dialog.waiting) {
            continue;
        }
        let words = format!("[ {} ]", words(stop));
        let place = Rect { x, width: width(&words), ..area }.intersection(area);
        let role = match (dialog.focus == stop, chosen) {
            (true, true) => Role::TabFocus,
            (_, true) => Role::Text,
            (_, false) => Role::Muted,
        };
        let style = cx.style(role);
        cx.pen(place).put(&words, style);
        if chosen {
            hit(cx, place, stop);
        }
        x = place.right() + 2;
    }
}

/// Where a part of a plan is: environment, account and region in one line.
pub(super) fn words_of(plan: &crate::model::Plan) -> String {
    let (scope, identity) = (&plan.target.id.scope, &plan.target.identity);
    let alias = identity.alias.as_deref().map(|alias| format!(" ({})", text::clean(alias))).unwrap_or_default();
    // Of a cluster its name says more than what it is known by.
    let place = match &scope.cluster {
        Some(cluster) if identity.is_in_cluster() => format!("cluster {}", text::clean(cluster)),
        _ => identity.place(),
    };
    format!("{} · {place}{alias} · {}", scope.environment, scope.region)
}
