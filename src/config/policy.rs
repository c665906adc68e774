//! The `[[policy]]` sections: rules of what may be done, when, and with which confirmation.
//!
//! A mistake never loosens: a rule with one counts as one that denies what it may be about. What can't be read of its selectors
//! counts as everything, and its times as always.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use toml::de::DeValue;

use super::environments::read_stage;
use super::problem::{Place, Problem, Report};
use super::reader::{At, Section};
use crate::guard::{Arming, DAYS, Effects, Policy, Rule, Selects, Ticket, When};
use crate::model::{Risk, Stage, pattern, text};

/// A name of an action or a kind in a rule. Which there are others know.
#[derive(Clone, Debug)]
pub struct PolicyWord {
    /// Position of the rule.
    rule: usize,
    /// Whether it names a kind; else an action.
    is_kind: bool,
    pattern: String,
    place: Place,
}

/// What the sections say.
#[derive(Clone, Debug, Default)]
pub(super) struct Policies {
    pub(super) policy: Policy,
    pub(super) words: Vec<PolicyWord>,
}

/// A rule that denies everything, since a rule may stand in what could not be read.
pub(super) fn unreadable(file: &Path) -> Rule {
    let effects = Effects { deny: true, break_glass: true, ..Effects::default() };
    Rule {
        name: format!("a mistake in {}, where a policy may stand", name_of(file)).into(),
        effects,
        ..Rule::default()
    }
}

fn name_of(file: &Path) -> String {
    text::clean(&file.file_name().unwrap_or(file.as_os_str()).to_string_lossy()).into_owned()
}

/// Reads the sections.
pub(super) fn from_sections(sections: Vec<At<Section>>, file: &Path, report: &Report) -> Policies {
    let mut policies = Policies::default();
    for (number, At { value: mut section, span }) in sections.into_iter().enumerate() {
        let before = report.count();
        let mut rule = read(&mut section, number, &span, report, &mut policies.words);
        section.finish();
        if rule.name.is_empty() {
            rule.name = format!("policy {} ({}:{})", number + 1, name_of(file), report.place(&span).line).into();
        }
        if report.count() > before {
            close(&mut rule);
        }
        policies.policy.rules.push(rule);
    }
    policies
}

/// Makes a rule with a mistake deny what it may be about. A reason breaks it open, unless it was to deny for good.
fn close(rule: &mut Rule) {
    let for_good = rule.effects.deny && !rule.effects.break_glass;
    rule.name = format!("{}, which has a mistake", rule.name).into();
    rule.when = None;
    rule.effects.deny = true;
    rule.effects.break_glass = !for_good;
}

/// Names the actions and kinds in the rules that there are none of. Their rules have a mistake.
pub(super) fn check(policy: &mut Policy, words: &[PolicyWord], actions: &[&str], kinds: &[&str]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for PolicyWord { rule, is_kind, pattern, place } in words {
        let (what, known) = if *is_kind { ("kind", kinds) } else { ("action", actions) };
        if known.iter().any(|name| pattern::matches(&pattern.to_lowercase(), name)) {
            continue;
        }
        let message = format!("there is no {what} `{pattern}`");
        let allowed = Problem::one_of(pattern, known.iter().copied());
        problems.push(Problem::new(Some(place.clone()), message, allowed));
        let Some(rule) = policy.rules.get_mut(*rule) else { continue };
        let selects = &mut rule.selects;
        (if *is_kind { &mut selects.kind } else { &mut selects.action }).clear();
        close(rule);
    }
    problems
}

/// Reads one section. The name stays empty where it has none.
fn read(
    section: &mut Section,
    number: usize,
    here: &Range<usize>,
    report: &Report,
    words: &mut Vec<PolicyWord>,
) -> Rule {
    let name = section.text("name");
    let selects = selects(section, number, report, words);
    if let Some(name) = name.as_ref().filter(|name| name.value.contains(['*', '?']) && selects.resource.is_empty()) {
        let message = format!("`name` is what the rule is called, and `{}` looks like a pattern", name.value);
        report.problem(&name.span, message, "the pattern of a resource's name is `resource`");
    }
    let when = when(section, report);
    let effects = effects(section, &selects, here, report);
    let name = name.map(|name| text::clean(name.value).into()).unwrap_or_default();
    Rule { name, selects, when, effects }
}

fn selects(section: &mut Section, rule: usize, report: &Report, words: &mut Vec<PolicyWord>) -> Selects {
    let mut patterns = |field: &'static str| {
        let before = report.count();
        let texts = section.texts(field).unwrap_or_default();
        if report.count() > before {
            return Vec::new();
        }
        if matches!(field, "kind" | "action") {
            words.extend(texts.iter().map(|text| PolicyWord {
                rule,
                is_kind: field == "kind",
                pattern: text.value.to_owned(),
                place: report.place(&text.span),
            }));
        }
        texts.into_iter().map(|text| text.value.to_owned()).collect()
    };
    let [environment, customer, kind, action, resource] =
        ["environment", "customer", "kind", "action", "resource"].map(&mut patterns);
    let before = report.count();
    let stages = section.texts("stage").unwrap_or_default();
    let mut stage: Vec<Stage> = stages.iter().filter_map(|stage| read_stage(stage, report)).collect();
    if report.count() > before {
        stage.clear();
    }
    Selects { environment, stage, customer, kind, action, resource }
}

fn effects(section: &mut Section, selects: &Selects, here: &Range<usize>, report: &Report) -> Effects {
    let before = report.count();
    let effects = Effects {
        confirm: one_of(section, "confirm", &RISKS.map(|risk| (risk.word(), risk)), report),
        reason: section.flag("reason") == Some(true),
        ticket: ticket(section, report),
        min: number(section, "min", 0),
        max: number(section, "max", 0),
        max_factor: number(section, "max_factor", 1),
        deny: section.flag("deny") == Some(true),
        break_glass: section.flag("break_glass") == Some(true),
        arm: one_of(section, "arm", &[("never", Arming::Never), ("reason", Arming::Reason)], report),
    };
    let does = effects.denies_something()
        || effects.confirm.is_some()
        || effects.ticket.is_some()
        || effects.arm.is_some()
        || effects.reason;
    let breaks = effects.denies_something() || effects.arm == Some(Arming::Never);
    let problem = |message: &str, allowed: &str| report.problem(here, message, allowed);
    if !does && report.count() == before {
        let all = "give it `confirm`, `reason`, `ticket`, `min`, `max`, `max_factor`, `deny` or `arm`";
        problem("the rule does nothing", all);
    } else if does && effects.break_glass && !breaks {
        let with = "it belongs to `deny`, `min`, `max`, `max_factor` or `arm = \"never\"`";
        problem("`break_glass` without anything to break open", with);
    }
    if effects.arm.is_some() && !selects.is_of_environments() {
        let without = "leave out `kind`, `action` and `resource`, or write a rule of its own";
        problem("`arm` is about whole environments", without);
    }
    if effects.min.zip(effects.max).is_some_and(|(min, max)| min > max) {
        problem("`min` is more than `max`", "");
    }
    effects
}

const RISKS: [Risk; 4] = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];

/// A word out of a few.
fn one_of<T: Copy>(section: &mut Section, field: &'static str, words: &[(&str, T)], report: &Report) -> Option<T> {
    let text = section.text(field)?;
    let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, meaning)| *meaning);
    if found.is_none() {
        let allowed = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        report.problem(&text.span, format!("`{field}` can't be `{}`", text.value), format!("allowed: {allowed}"));
    }
    found
}

fn number(section: &mut Section, field: &'static str, least: u64) -> Option<i64> {
    section.count(field, least..=1_000_000).and_then(|number| i64::try_from(number).ok())
}

/// `true`, or a regular expression.
fn ticket(section: &mut Section, report: &Report) -> Option<Ticket> {
    let At { value, span } = section.text_or_flag("ticket")?;
    let pattern = match value {
        Ok(false) => return None,
        Ok(true) => Ticket::ANY,
        Err(pattern) => pattern,
    };
    let ticket = Ticket::new(pattern);
    if let Err(error) = &ticket {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        report.problem(&span, format!("`ticket` is no regular expression: {why}"), "such as \"OPS-[0-9]+\", or `true`");
    }
    ticket.ok()
}

/// The times of a rule; `None` where it always holds.
fn when(section: &mut Section, report: &Report) -> Option<When> {
    let zone = zone(section, report);
    let from = instant(section, "from", &zone, false, report);
    let until = instant(section, "until", &zone, true, report);
    let days: Vec<Weekday> =
        section.texts("days").unwrap_or_default().iter().filter_map(|day| weekday(day, report)).collect();
    let hours = section.text("hours").and_then(|text| hours(&text, report));
    let outside = section.located_flag("outside");
    if let (Some(from), Some(until)) = (&from, &until)
        && from.value >= until.value
    {
        report.problem(&until.span, "`until` is not after `from`", "");
    }
    if let Some(outside) = outside.as_ref().filter(|outside| outside.value && days.is_empty() && hours.is_none()) {
        report.problem(&outside.span, "`outside` of what?", "it belongs to `days` or `hours`");
    }
    let outside = outside.is_some_and(|outside| outside.value);
    if from.is_none() && until.is_none() && days.is_empty() && hours.is_none() {
        return None;
    }
    Some(When { from: from.map(|it| it.value), until: until.map(|it| it.value), days, hours, zone, outside })
}

fn zone(section: &mut Section, report: &Report) -> TimeZone {
    let Some(name) = section.text("timezone") else { return TimeZone::UTC };
    TimeZone::get(name.value).unwrap_or_else(|_| {
        let message = format!("there is no time zone `{}`", name.value);
        report.problem(&name.span, message, "write it like \"Europe/Berlin\", or leave it out for UTC");
        TimeZone::UTC
    })
}

/// An instant, with or without quotes. A day alone is its beginning, or with `whole` its end: the day is part of it.
fn instant(
    section: &mut Section,
    field: &'static str,
    zone: &TimeZone,
    whole: bool,
    report: &Report,
) -> Option<At<Timestamp>> {
    let raw = section.raw(field)?;
    let text = match raw.get_ref() {
        DeValue::String(text) => text.trim().to_owned(),
        DeValue::Datetime(at) => at.to_string(),
        _ => String::new(),
    };
    let at = parse_instant(&text, zone, whole);
    if at.is_none() {
        let message = format!("`{field}` can't be {}", report.quote(&raw.span()));
        report.problem(
            &raw.span(),
            message,
            "an instant such as \"2026-12-20T18:00:00Z\", or a day such as \"2026-12-20\"",
        );
    }
    Some(At { value: at?, span: raw.span() })
}

fn parse_instant(text: &str, zone: &TimeZone, whole: bool) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let at: DateTime = if text.contains([':', 'T', 't']) {
        text.parse().ok()?
    } else {
        let day: Date = text.parse().ok()?;
        if whole { day.tomorrow().ok()? } else { day }.to_datetime(Time::midnight())
    };
    Some(at.to_zoned(zone.clone()).ok()?.timestamp())
}

fn weekday(text: &At<&str>, report: &Report) -> Option<Weekday> {
    let word = text.value.trim().to_lowercase();
    let found = DAYS.iter().position(|day| word.len() >= 3 && day.starts_with(&word));
    if found.is_none() {
        let days = DAYS.map(|day| &day[..3]);
        report.problem(&text.span, format!("there is no day `{}`", text.value), Problem::one_of(&word, days));
    }
    Weekday::from_monday_zero_offset(i8::try_from(found?).ok()?).ok()
}

/// `22:00-06:00`; `24:00` is the end of the day.
fn hours(text: &At<&str>, report: &Report) -> Option<(Time, Time)> {
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
        if (hour, minute) == (24, 0) { Some(Time::midnight()) } else { Time::new(hour, minute, 0, 0).ok() }
    };
    let hours = text.value.split_once('-').and_then(|(start, end)| Some((time(start)?, time(end)?)));
    if hours.is_none() {
        report.problem(&text.span, format!("`hours` can't be `{}`", text.value), "write it like \"22:00-06:00\"");
    }
    hours
}
