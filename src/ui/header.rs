//! The header: which customer, which account, as whom, how fresh. Drops what matters least where there is no room, and never
//! what tells production.

use std::borrow::Cow;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::cx::Cx;
use super::glyph::width;
use super::layout::{Item, inset, left, line, spread};
use super::signs;
use super::theme::Role;
use crate::app::fleet::FleetRow;
use crate::model::{Environment, Stage};

/// Lines of the header on a screen of this height.
pub(super) const fn lines(height: u16) -> u16 {
    if height >= 20 { 2 } else { 1 }
}

/// Draws it.
pub(super) fn draw(cx: &mut Cx, area: Rect) {
    let marked = marked(cx);
    let prod = marked.iter().any(|environment| environment.stage == Some(Stage::Prod));
    let band = if prod { Role::HeaderProd } else { Role::Header };
    cx.fill(line(area, 0), band);
    let rest = match marked.as_slice() {
        [environment] => one(cx, line(area, 0), environment),
        several => several_badges(cx, line(area, 0), several),
    };
    identity(cx, rest, &marked, band, area.height < 2);
    if area.height > 1 {
        cx.fill(line(area, 1), Role::Subheader);
        numbers(cx, inset(line(area, 1), 1));
    }
}

fn marked<'a>(cx: &Cx<'a>) -> Vec<&'a Environment> {
    let state = cx.state;
    state.environments.iter().filter(|environment| state.marked.contains(&environment.name)).map(|e| &**e).collect()
}

/// Badge and name of the only environment; returns what is left of the line.
fn one(cx: &mut Cx, area: Rect, environment: &Environment) -> Rect {
    let (word, role) = signs::stage(environment.stage);
    let badge = cx.style(role);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut pen = cx.pen(area);
    pen.put(&format!(" {word} "), badge).skip(1).put(&environment.name, bold).skip(2);
    let used = pen.x() - area.x;
    left(area, used).1
}

/// How many there are, and a badge for each as far as they fit, else one for each stage.
fn several_badges(cx: &mut Cx, area: Rect, environments: &[&Environment]) -> Rect {
    let count = format!(" {} environments ", environments.len());
    let names: u16 = environments.iter().map(|e| width(&e.name) + width(signs::stage(e.stage).0) + 5).sum();
    let roomy = width(&count) + names + 12 <= area.width;
    let mut chips: Vec<(Option<Stage>, Cow<str>)> = Vec::new();
    if roomy {
        chips.extend(environments.iter().map(|e| (e.stage, Cow::Borrowed(&*e.name))));
    } else {
        for stage in [Some(Stage::Prod), None, Some(Stage::Staging), Some(Stage::Test), Some(Stage::Dev)] {
            let many = environments.iter().filter(|e| e.stage == stage).count();
            if many > 0 {
                chips.push((stage, Cow::Owned(format!("×{many}"))));
            }
        }
    }
    let theme = cx.theme;
    let mut pen = cx.pen(area);
    pen.put(&count, Style::new().add_modifier(Modifier::BOLD));
    for (stage, words) in chips {
        let (badge, role) = signs::stage(stage);
        pen.put(&format!(" {badge} "), theme[role]).skip(1).put(&words, Style::new()).skip(2);
    }
    let used = pen.x() - area.x;
    left(area, used).1
}

/// Customer, account, caller, region, and the tags at the end of the line.
fn identity(cx: &mut Cx, area: Rect, marked: &[&Environment], band: Role, only: bool) {
    let style = cx.style(band);
    let mut items = Vec::new();
    if let [environment] = marked {
        let row = cx.state.fleet.iter().find(|row| row.environment.name == environment.name);
        one_identity(&mut items, environment, row, style);
    }
    let tag = cx.style(Role::Tag);
    if only && let Some(freshness) = freshness(cx) {
        items.push(Item { style, ..freshness.at_right() });
    }
    items.push(super::acts::armed(cx, style));
    if cx.state.settings.demo {
        items.push(Item::new(1, tag, " DEMO ").at_right());
    }
    if cx.state.settings.ages {
        items.push(Item::new(6, style, cx.clock(cx.now)).at_right());
    }
    spread(cx.buf, inset_right(area), items, 2);
}

/// One cell of air before the right edge.
fn inset_right(area: Rect) -> Rect {
    Rect { width: area.width.saturating_sub(1), ..area }
}

fn one_identity<'a>(items: &mut Vec<Item<'a>>, environment: &'a Environment, row: Option<&'a FleetRow>, style: Style) {
    if let Some(customer) = &environment.customer {
        items.push(Item::new(4, style, &**customer));
    }
    let identity = row.and_then(|row| row.identity.as_deref());
    let account = identity.map(|identity| &identity.account).or(environment.account.as_ref());
    if let Some(account) = account {
        items.push(Item::new(0, style, &**account));
    }
    if let Some(alias) = identity.and_then(|identity| identity.alias.as_ref()) {
        items.push(Item::new(5, style, &**alias));
    }
    if let Some(identity) = identity {
        items.push(Item::new(3, style, caller(&identity.arn)));
    }
    match &*environment.regions {
        [region] => items.push(Item::new(2, style, &**region)),
        regions => items.push(Item::new(2, style, format!("{} regions", regions.len()))),
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

/// Age of the oldest data on the screen, or the fault that keeps it from being younger.
fn freshness<'a>(cx: &Cx<'a>) -> Option<Item<'a>> {
    if let Some((fault, since)) = cx.seen.fault {
        let (sign, role) = signs::fault(fault);
        return Some(Item::new(0, cx.style(role), format!("{sign} {} since {}", fault.word(), cx.clock(since))));
    }
    match cx.seen.oldest {
        Some(at) if cx.state.settings.ages => {
            Some(Item::new(1, cx.style(Role::Subheader), format!("{} old", cx.age(at))))
        }
        Some(at) => Some(Item::new(1, cx.style(Role::Subheader), format!("as of {}", cx.clock(at)))),
        None if cx.seen.loading => Some(Item::new(1, cx.style(Role::Loading), "loading")),
        None => None,
    }
}

/// The second line: where one is, how fresh it is, and what it costs.
fn numbers(cx: &mut Cx, area: Rect) {
    let style = cx.style(Role::Subheader);
    let mut items = Vec::new();
    trail(cx, &mut items);
    items.extend(freshness(cx).map(Item::at_right));
    let marked = &cx.state.marked;
    let stats = cx.state.stats.iter().filter(|(name, _)| marked.contains(*name));
    let (calls, throttled) =
        stats.fold((0, 0), |(calls, throttled), (_, s)| (calls + s.calls_per_minute, throttled + s.throttled));
    if calls > 0 {
        items.push(Item::new(5, style, format!("{calls} calls/min")).at_right());
    }
    if throttled > 0 {
        items.push(Item::new(2, cx.style(Role::Throttled), format!("≈ {throttled} throttled/min")).at_right());
    }
    let spent = &cx.state.spent;
    if spent.exhausted {
        items.push(Item::new(3, cx.style(Role::Degraded), "metrics budget used up").at_right());
    } else if spent.calls > 0 {
        items.push(Item::new(6, style, format!("metrics ${:.2} today", spent.dollars)).at_right());
    }
    spread(cx.buf, area, items, 2);
}

/// The views one came through, the present one last.
fn trail<'a>(cx: &Cx<'a>, items: &mut Vec<Item<'a>>) {
    let mut words: Vec<&str> = cx.state.back.iter().map(|place| place.view.word()).collect();
    words.push(cx.state.view.word());
    words.dedup();
    words.pop();
    let cut = words.len().saturating_sub(3);
    let mut text = if cut > 0 { "… › ".to_owned() } else { String::new() };
    text.push_str(&words[cut..].join(" › "));
    if !words.is_empty() {
        text.push_str(" ›");
    }
    items.push(Item::new(7, cx.style(Role::Muted), text));
    items.push(Item::new(1, cx.style(Role::Accent), cx.state.view.word()));
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
