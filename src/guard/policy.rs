//! The policy: rules that raise the confirmation, demand a reason or a ticket, cap a number, deny, or say whether an environment can
//! be armed. Where several apply, the most restrictive wins. Only data and what it means; where it is written down the configuration
//! knows.

use std::sync::Arc;

use jiff::Timestamp;
use regex::Regex;

use super::When;
use crate::model::{Environment, Plan, Risk, Stage, pattern};

/// All rules, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// What it is called on dialogs and in the journal.
    pub name: Arc<str>,
    /// What it is about.
    pub selects: Selects,
    /// When it holds; `None` is always.
    pub when: Option<When>,
    /// What it does.
    pub effects: Effects,
}

/// What a rule is about. An empty list is about everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selects {
    /// Patterns of names of environments.
    pub environment: Vec<String>,
    /// Stages; an environment whose stage nobody knows counts as prod.
    pub stage: Vec<Stage>,
    /// Patterns of customers.
    pub customer: Vec<String>,
    /// Patterns of kinds' ids.
    pub kind: Vec<String>,
    /// Patterns of actions' ids.
    pub action: Vec<String>,
    /// Patterns of resources' names or ids.
    pub resource: Vec<String>,
}

/// What a rule does.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// At least this confirmation.
    pub confirm: Option<Risk>,
    /// A reason must be given.
    pub reason: bool,
    /// A ticket must be given.
    pub ticket: Option<Ticket>,
    /// The number must not be less.
    pub min: Option<i64>,
    /// The number must not be more.
    pub max: Option<i64>,
    /// The number must not be more than so many times what it is.
    pub max_factor: Option<i64>,
    /// It can't be done.
    pub deny: bool,
    /// What this rule denies can be done with a reason, which is journalled as such.
    pub break_glass: bool,
    /// Whether the environment can be armed.
    pub arm: Option<Arming>,
}

/// A ticket that a rule wants.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// What it must look like, as written down.
    pub pattern: Arc<str>,
    /// The whole ticket must match.
    regex: Regex,
}

/// Whether an environment can be armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arming {
    /// Only with a reason.
    Reason,
    /// Never.
    Never,
}

impl Ticket {
    /// Any ticket.
    pub const ANY: &str = r"\S+";

    /// One that matches this regular expression as a whole.
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        Ok(Self { pattern: pattern.into(), regex: Regex::new(&format!("^(?:{pattern})$"))? })
    }

    /// Whether this is such a ticket.
    pub fn fits(&self, ticket: &str) -> bool {
        self.regex.is_match(ticket.trim())
    }
}

impl Policy {
    /// The rules that hold for a plan now.
    pub(super) fn of_plan<'p>(
        &'p self,
        environment: &'p Environment,
        plan: &'p Plan,
        now: Timestamp,
    ) -> impl Iterator<Item = &'p Rule> {
        let about = move |rule: &&Rule| {
            rule.selects.environment(environment)
                && rule.selects.action(plan.order.action, &[plan.target.id.kind, plan.order.target.kind])
                && rule.selects.resource(&[&plan.target.name, &plan.target.id.id, &plan.order.target.id])
                && rule.holds(now)
        };
        self.rules.iter().filter(about)
    }

    /// The rules that say something about an action in an environment at some time, for some resource of these kinds.
    pub fn about<'p>(
        &'p self,
        environment: &'p Environment,
        action: &'p str,
        kinds: &'p [&str],
    ) -> impl Iterator<Item = &'p Rule> {
        let about = move |rule: &&Rule| rule.selects.environment(environment) && rule.selects.action(action, kinds);
        self.rules.iter().filter(about)
    }

    /// The strictest rule about arming an environment now.
    pub fn arming(&self, environment: &Environment, now: Timestamp) -> Option<(Arming, &Rule)> {
        let about = self.rules.iter().filter(|rule| rule.selects.environment(environment) && rule.holds(now));
        let said = about.filter_map(|rule| Some((rule.effects.arming()?, rule)));
        // The first of the strictest.
        said.rev().max_by_key(|(arming, _)| *arming)
    }
}

impl Rule {
    fn holds(&self, now: Timestamp) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(now))
    }

    /// Why the number of a plan is not one that this rule lets pass.
    pub(super) fn caps(&self, (from, to): (i64, i64)) -> Option<String> {
        let Effects { min, max, max_factor, .. } = self.effects;
        if let Some(min) = min.filter(|min| to < *min) {
            return Some(format!("{to} is below {min}"));
        }
        if let Some(max) = max.filter(|max| to > *max) {
            return Some(format!("{to} is above {max}"));
        }
        let factor = max_factor.filter(|factor| to > from.max(1).saturating_mul(*factor))?;
        Some(format!("{to} is more than {factor} times {from}"))
    }

    /// What it does, in words.
    pub fn words(&self) -> String {
        let Effects { confirm, reason, ticket, min, max, max_factor, deny, break_glass, .. } = &self.effects;
        let mut words: Vec<String> = Vec::new();
        if *deny {
            words.push("denied".to_owned());
        }
        words.extend(confirm.map(|risk| format!("confirmation at least {risk}")));
        words.extend(reason.then(|| "a reason".to_owned()));
        words.extend(ticket.as_ref().map(|ticket| match &*ticket.pattern {
            Ticket::ANY => "a ticket".to_owned(),
            pattern => format!("a ticket like {pattern}"),
        }));
        words.extend(min.map(|min| format!("not below {min}")));
        words.extend(max.map(|max| format!("not above {max}")));
        words.extend(max_factor.map(|factor| format!("not more than {factor} times")));
        words.extend(self.effects.arming().map(|arming| match arming {
            Arming::Never => "never armed".to_owned(),
            Arming::Reason => "armed only with a reason".to_owned(),
        }));
        if *break_glass && self.effects.denies_something() {
            words.push("can be broken open with a reason".to_owned());
        }
        words.join(", ")
    }
}

impl Effects {
    fn arming(&self) -> Option<Arming> {
        self.arm.map(|arming| if self.break_glass { Arming::Reason } else { arming })
    }

    /// Whether it can make something impossible.
    pub fn denies_something(&self) -> bool {
        self.deny || self.min.is_some() || self.max.is_some() || self.max_factor.is_some()
    }
}

impl Selects {
    fn environment(&self, environment: &Environment) -> bool {
        let stage = environment.stage.unwrap_or(Stage::Prod);
        fits(&self.environment, &[&environment.name])
            && (self.stage.is_empty() || self.stage.contains(&stage))
            && fits(&self.customer, &[environment.customer.as_deref().unwrap_or_default()])
    }

    fn action(&self, action: &str, kinds: &[&str]) -> bool {
        fits(&self.action, &[action]) && fits(&self.kind, kinds)
    }

    fn resource(&self, names: &[&str]) -> bool {
        fits(&self.resource, names)
    }

    /// Whether it is about environments as a whole.
    pub fn is_of_environments(&self) -> bool {
        self.kind.is_empty() && self.action.is_empty() && self.resource.is_empty()
    }
}

/// Whether one of the names fits one of the patterns. Capital letters or small ones are no way around a rule.
fn fits(patterns: &[String], names: &[&str]) -> bool {
    let fits = |pattern: &String| {
        let pattern = pattern.to_lowercase();
        names.iter().any(|name| pattern::matches(&pattern, &name.to_lowercase()))
    };
    patterns.is_empty() || patterns.iter().any(fits)
}
