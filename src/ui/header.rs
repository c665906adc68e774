//! The header: which customer, which account, as whom, how fresh. Drops what matters least where there is no room, and never
//! what tells production; the clock only for what is armed.

use std::borrow::Cow;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::cx::Cx;
use super::glyph::{clip, width};
use super::layout::{Item, fit, inset, left, line, spread};
use super::signs;
use super::theme::Role;
use crate::app::Command;
use crate::app::fleet::FleetRow;
use crate::model::{Environment, FaultClass, Stage, text};

/// Cells between the words of a line.
const GAP: u16 = 2;

/// Most cells of a name that are kept free for it.
const NAME: u16 = 16;

/// Most views that are shown of the way one came.
const TRAIL: usize = 3;

/// Lines of the header on a screen of this height.
pub(super) const fn lines(height: u16) -> u16 {
    if height >= 20 { 2 } else { 1 }
}

/// Draws it.
pub(super) fn draw(cx: &mut Cx, area: Rect) {
    let marked = marked(cx);
    let prod = marked.iter().any(|environment| environment.stage == Some(Stage::Prod));
    let band = if prod { Role::HeaderProd } else { Role::Header };
    let first = line(area, 0);
    cx.fill(first, band);
    // One cell of air before the right edge, and between the tags and what stands before them.
    let room = first.width.saturating_sub(1);
    let tags = tags(cx, band, area.height < 2, room.saturating_sub(least(&marked)));
    let kept = tags.iter().filter(|tag| tag.rank == 0).map(|tag| width(&tag.text) + GAP).sum();
    let badges = Rect { width: room.saturating_sub(kept), ..first };
    let all: u16 = tags.iter().map(|tag| width(&tag.text) + GAP).sum();
    let used = match marked.as_slice() {
        [environment] => one(cx, badges, environment),
        several => several_badges(cx, badges, several, room.saturating_sub(all)),
    };
    let mut items = tags;
    if let [environment] = marked.as_slice() {
        let row = cx.state.fleet.iter().find(|row| row.environment.name == environment.name);
        identity(&mut items, environment, row, cx.style(band));
    }
    spread(cx.buf, left(Rect { width: room, ..first }, used).1, items, GAP);
    if area.height > 1 {
        cx.fill(line(area, 1), Role::Subheader);
        numbers(cx, inset(line(area, 1), 1));
    }
}

/// Cells without which the badge could not be read: that of the only environment with the beginning of its name, or the number of
/// environments with the first badge.
fn least(marked: &[&Environment]) -> u16 {
    match marked {
        [environment] => width(signs::stage(environment.stage).0) + 3 + width(&environment.name).min(NAME) + GAP,
        several => {
            let first = by_stage(several).first().map_or(0, |(badge, _, words)| width(badge) + width(words) + 3);
            width(&counted(several)) + first + GAP
        }
    }
}

/// What stands at the right end of the first line, beside so many cells of badges. The clock stays unless something is armed and there
/// is no room for both; what tells of the only environment gives way first (its alias, its customer, the caller, its region), then
/// what is known anyway (the age of the data, that nothing can be changed, that this is a demonstration).
fn tags<'a>(cx: &Cx<'a>, band: Role, only: bool, cells: u16) -> Vec<Item<'a>> {
    let style = cx.style(band);
    // A clock would move by itself.
    let zone = if cx.state.local_time { "local" } else { "UTC" };
    let clock = if cx.state.settings.ages { cx.clock(cx.now).into() } else { Cow::Borrowed(zone) };
    let beside = cells.saturating_sub(width(&clock) + GAP);
    let mut armed = super::acts::armed(cx, style, beside);
    let both = armed.rank > 0 || width(&armed.text) <= beside;
    if !both {
        armed = super::acts::armed(cx, style, cells);
    }
    let mut items = Vec::new();
    if only {
        let half = cx.buf.area.width / 2;
        items.extend(fault(cx, half).map(|item| Item { rank: 1, ..item }).or_else(|| age(cx, style)));
    }
    items.push(armed);
    if cx.state.settings.demo {
        items.push(Item::new(2, cx.style(Role::Tag), " DEMO ").at_right());
    }
    items.push(Item::new(if both { 0 } else { 8 }, style, clock).at_right());
    items
}

fn marked<'a>(cx: &Cx<'a>) -> Vec<&'a Environment> {
    let state = cx.state;
    state.environments.iter().filter(|environment| state.marked.contains(&environment.name)).map(|e| &**e).collect()
}

/// Badge and name of the only environment; returns the cells they take.
fn one(cx: &mut Cx, area: Rect, environment: &Environment) -> u16 {
    let (word, role) = signs::stage(environment.stage);
    let badge = cx.style(role);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut pen = cx.pen(area);
    pen.put(&format!(" {word} "), badge).skip(1).put(&environment.name, bold).skip(GAP);
    pen.x() - area.x
}

/// A badge of a stage and the words after it.
type Chip<'a> = (&'static str, Role, Cow<'a, str>);

/// How many there are, and a badge for each where that leaves room for all tags; else one for each stage; where those are too
/// many, one for the first of them and one for the rest. Returns the cells they take.
fn several_badges(cx: &mut Cx, area: Rect, environments: &[&Environment], room: u16) -> u16 {
    let count = counted(environments);
    let fits = |chips: &[Chip], room: u16| {
        let cells = chips.iter().map(|(badge, _, words)| usize::from(width(badge) + width(words) + 3 + GAP));
        usize::from(width(&count)) + cells.sum::<usize>() <= usize::from(room + GAP)
    };
    let mut chips: Vec<Chip> = environments.iter().map(|e| badge(e.stage, Cow::Borrowed(&*e.name))).collect();
    if !fits(&chips, room) {
        chips = by_stage(environments);
    }
    if chips.len() > 2 && !fits(&chips, area.width) {
        let others = environments.iter().filter(|e| signs::stage(e.stage).0 != chips[0].0).count();
        chips.truncate(1);
        chips.push(("OTHERS", Role::StageNone, format!("×{others}").into()));
    }
    let theme = cx.theme;
    let mut pen = cx.pen(area);
    pen.put(&count, Style::new().add_modifier(Modifier::BOLD));
    for (word, role, words) in chips {
        pen.put(&format!(" {word} "), theme[role]).skip(1).put(&words, Style::new()).skip(GAP);
    }
    pen.x() - area.x
}

fn counted(environments: &[&Environment]) -> String {
    format!(" {} ", text::counted(environments.len(), "environment", "environments"))
}

fn badge(stage: Option<Stage>, words: Cow<'_, str>) -> Chip<'_> {
    let (word, role) = signs::stage(stage);
    (word, role, words)
}

/// How many environments are in each stage, production first.
fn by_stage<'a>(environments: &[&Environment]) -> Vec<Chip<'a>> {
    let stages = [Some(Stage::Prod), None, Some(Stage::Staging), Some(Stage::Test), Some(Stage::Dev)];
    let of = |stage| environments.iter().filter(|environment| environment.stage == stage).count();
    let many = stages.into_iter().map(|stage| (stage, of(stage))).filter(|(_, many)| *many > 0);
    many.map(|(stage, many)| badge(stage, format!("×{many}").into())).collect()
}

/// Customer, account, alias, caller and region of the only environment.
fn identity<'a>(items: &mut Vec<Item<'a>>, environment: &'a Environment, row: Option<&'a FleetRow>, style: Style) {
    if let Some(customer) = &environment.customer {
        items.push(Item::new(6, style, &**customer));
    }
    let identity = row.and_then(|row| row.identity.as_deref());
    let account = identity.map(|identity| &identity.account).or(environment.account.as_ref());
    if let Some(account) = account.filter(|account| !account.is_empty()) {
        items.push(Item::new(1, style, &**account));
    }
    if let Some(alias) = identity.and_then(|identity| identity.alias.as_ref()) {
        items.push(Item::new(7, style, &**alias));
    }
    if let Some(identity) = identity {
        items.push(Item::new(5, style, caller(&identity.arn)));
    }
    match &*environment.regions {
        _ if environment.without_aws => {}
        [region] => items.push(Item::new(4, style, &**region)),
        regions => items.push(Item::new(4, style, text::counted(regions.len(), "region", "regions"))),
    }
}

/// The telling end of a caller's ARN: `OperatorAccess/jane`, `user/jane`; of the roles that IAM Identity Center makes, the
/// name of the permission set.
pub(super) fn caller(arn: &str) -> Cow<'_, str> {
    let end = arn.rsplit(':').next().unwrap_or(arn);
    let Some(role) = end.strip_prefix("assumed-role/") else { return Cow::Borrowed(end) };
    let set = role.strip_prefix("AWSReservedSSO_").and_then(|role| role.split_once('/'));
    match set.and_then(|(role, session)| Some((role.rsplit_once('_')?.0, session))) {
        Some((set, session)) => Cow::Owned(format!("{set}/{session}")),
        None => Cow::Borrowed(role),
    }
}

/// Age of the oldest data on the screen.
fn age<'a>(cx: &Cx, style: Style) -> Option<Item<'a>> {
    let words = match cx.seen.oldest {
        Some(at) if cx.state.settings.ages => format!("{} old", cx.age(at)),
        Some(at) => format!("as of {}", cx.clock(at)),
        None if cx.seen.loading => return Some(Item::new(4, cx.style(Role::Loading), "loading").at_right()),
        None => return None,
    };
    Some(Item::new(4, style, words).at_right())
}

/// The gravest fault of what is on the screen in so many cells: whose it is and what to do about it, and how many others there
/// are.
fn fault<'a>(cx: &Cx, cells: u16) -> Option<Item<'a>> {
    let gravest = cx.seen.gravest.as_ref()?;
    let (sign, role) = signs::fault(gravest.fault);
    let others = cx.seen.faults.len() - 1;
    let more = if others > 0 { format!(" · +{others} more") } else { String::new() };
    let whose = format!("{sign} {} {}", gravest.environment, gravest.fault.word());
    let said = match &gravest.fault.class {
        FaultClass::Expired { renew: Some(renew), sign_in: true } => {
            format!("{whose}: {renew} ({})", cx.key(&Command::SignIn, "`sign-in`"))
        }
        FaultClass::Expired { .. } | FaultClass::NeedsCode { .. } => {
            format!("{whose}: {}", signs::advice(gravest.fault, cx))
        }
        _ => format!("{whose} since {}", cx.clock(gravest.since)),
    };
    let said = clip(&said, cells.saturating_sub(width(&more)));
    Some(Item::new(0, cx.style(role), format!("{said}{more}")).at_right())
}

/// The second line: where one is, what can't be read, how fresh the rest is, and what it costs.
fn numbers(cx: &mut Cx, area: Rect) {
    let style = cx.style(Role::Subheader);
    let place = cx.state.view.word();
    let here = width(place).min(area.width / 3);
    let room = area.width.saturating_sub(here + GAP);
    let mut items = Vec::new();
    items.extend(fault(cx, room));
    items.extend(age(cx, style));
    let marked = &cx.state.marked;
    let stats = cx.state.stats.iter().filter(|(name, _)| marked.contains(*name));
    let (calls, throttled) =
        stats.fold((0, 0), |(calls, throttled), (_, s)| (calls + s.calls_per_minute, throttled + s.throttled));
    if throttled > 0 {
        items.push(Item::new(2, cx.style(Role::Throttled), format!("≈ {throttled} throttled/min")).at_right());
    }
    if calls > 0 {
        items.push(Item::new(5, style, format!("{calls} calls/min")).at_right());
    }
    let spent = &cx.state.spent;
    if spent.exhausted {
        items.push(Item::new(3, cx.style(Role::Degraded), "metrics budget used up").at_right());
    } else if spent.calls > 0 {
        items.push(Item::new(6, style, format!("metrics ${:.2} today", spent.dollars)).at_right());
    }
    fit(&mut items, room, GAP);
    let right: u16 = items.iter().map(|item| width(&item.text) + GAP).sum();
    trail(cx, left(area, area.width.saturating_sub(right)).0, place);
    spread(cx.buf, area, items, GAP);
}

/// The views one came through as far as there is room, the nearest before all others, and the present one.
fn trail(cx: &mut Cx, area: Rect, here: &str) {
    let mut words: Vec<&str> = cx.state.back.iter().map(|place| place.view.word()).collect();
    words.push(here);
    words.dedup();
    words.pop();
    let mut room = area.width.saturating_sub(width(here));
    let mut before = String::new();
    for (at, word) in words.iter().enumerate().rev() {
        // Where not all fit, a sign stands for the rest.
        let rest = if at > 0 { 4 } else { 0 };
        if words.len() - at > TRAIL || width(word) + 3 + rest > room {
            before.insert_str(0, if room >= 4 { "… › " } else { "" });
            break;
        }
        room -= width(word) + 3;
        before.insert_str(0, &format!("{word} › "));
    }
    let (muted, accent) = (cx.style(Role::Muted), cx.style(Role::Accent));
    cx.pen(area).put(&before, muted).put(here, accent);
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::caller;

    #[rstest]
    #[case("arn:aws:sts::111122223333:assumed-role/OperatorAccess/jane", "OperatorAccess/jane")]
    #[case("arn:aws:iam::111122223333:user/jane", "user/jane")]
    #[case(
        "arn:aws:sts::1:assumed-role/AWSReservedSSO_Read_Only_8d1f4c0e/jane@example.com",
        "Read_Only/jane@example.com"
    )]
    #[case("arn:aws:sts::1:assumed-role/AWSReservedSSO_odd", "AWSReservedSSO_odd")]
    fn callers_are_short(#[case] arn: &str, #[case] expected: &str) {
        assert_eq!(caller(arn), expected);
    }
}
