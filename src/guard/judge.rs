//! What the guard makes of plans: risk, confirmation, demands, denial. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::judgement::{Confirm, Denial, Judgement};
use super::policy::{Arming, Policy, Rule, Ticket};
use crate::model::{Environment, PHRASE, Plan, Risk, Stage, Verdict};

/// The environments by name.
pub(super) type Known = BTreeMap<Arc<str>, Arc<Environment>>;

/// What plans are judged by.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) known: &'a Known,
    pub(super) policy: &'a Policy,
    pub(super) read_only: bool,
    pub(super) now: Timestamp,
}

/// A judgement, and what it stands on.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) judgement: Judgement,
    /// A ticket must match them all.
    pub(super) tickets: Vec<Ticket>,
    /// The rules that had a say, by name.
    pub(super) rules: Vec<Arc<str>>,
    /// The environments that must be armed.
    pub(super) environments: Vec<Arc<str>>,
    /// One of them is armed only with a reason.
    pub(super) arms_with_reason: bool,
}

/// Judges plans that are to be carried out together.
pub(super) fn judge(bench: Bench, parts: &[Plan]) -> Judged {
    let mut judging = Judging::new(bench);
    let mut risk = Risk::Low;
    for plan in parts {
        risk = risk.max(judging.plan(plan));
    }
    let targets = targets(parts);
    if targets.len() > 1 {
        risk = risk.raised();
        judging.because(format!("{} environments: one level more", targets.len()));
    }
    for name in judging.environments.clone() {
        judging.arming(&name);
    }
    if bench.read_only {
        judging.deny(Denial::ReadOnly);
    }
    let ticket = judging.tickets.iter().map(|ticket| &*ticket.pattern).collect::<Vec<_>>().join(" and ");
    let judgement = Judgement {
        risk,
        confirm: confirm(risk, parts, &targets),
        reason: judging.reason || risk == Risk::Critical,
        ticket: (!ticket.is_empty()).then(|| ticket.into()),
        denial: judging.denial,
        because: judging.because,
    };
    let Judging { tickets, rules, environments, arms_with_reason, .. } = judging;
    Judged { judgement, tickets, rules, environments, arms_with_reason }
}

/// The environments of the targets, in their order.
fn targets(parts: &[Plan]) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for plan in parts {
        add(&mut names, &plan.target.id.scope.environment);
    }
    names
}

fn add(names: &mut Vec<Arc<str>>, name: &Arc<str>) {
    if !names.contains(name) {
        names.push(Arc::clone(name));
    }
}

/// What must be typed.
fn confirm(risk: Risk, parts: &[Plan], environments: &[Arc<str>]) -> Confirm {
    let several = || format!("{} in {}", parts.len(), environments.join(", ")).into();
    // What can be mistaken for another one of its kind is named whatever the risk: nobody knows a lock by sight.
    if let [plan] = parts
        && let Some(phrase) = &plan.phrase
    {
        let text = with_phrase(plan, phrase);
        return if risk == Risk::Critical { Confirm::Resource(text) } else { Confirm::Environment(text) };
    }
    match (risk, parts) {
        (Risk::Low, _) => Confirm::Apply,
        (Risk::Medium, [_]) => Confirm::Yes,
        (Risk::High, [plan]) => Confirm::Environment(Arc::clone(&plan.target.id.scope.environment)),
        // `yes` would say neither how many there are nor where.
        (Risk::Medium | Risk::High, _) => Confirm::Environment(several()),
        (Risk::Critical, [plan]) => {
            Confirm::Resource(format!("{}/{}", plan.target.id.scope.environment, plan.target.name).into())
        }
        (Risk::Critical, _) => Confirm::Resource(several()),
    }
}

fn with_phrase(plan: &Plan, phrase: &str) -> Arc<str> {
    let start: String = phrase.chars().take(PHRASE).collect();
    format!("{}/{start}", plan.target.id.scope.environment).into()
}

/// Whether this text confirms: the exact one, or the same with all of a phrase of which the start is enough.
pub(super) fn confirms(text: &str, confirm: &Confirm, parts: &[Plan]) -> bool {
    let spelt_out = |plan: &Plan| {
        let phrase = plan.phrase.as_deref()?;
        let before = confirm.text().strip_suffix(&*phrase.chars().take(PHRASE).collect::<String>())?;
        Some(text.strip_prefix(before)? == phrase)
    };
    let asks_for_it = matches!(confirm, Confirm::Environment(_) | Confirm::Resource(_));
    text == confirm.text() || (asks_for_it && matches!(parts, [plan] if spelt_out(plan) == Some(true)))
}

struct Judging<'a> {
    bench: Bench<'a>,
    environments: Vec<Arc<str>>,
    reason: bool,
    arms_with_reason: bool,
    tickets: Vec<Ticket>,
    rules: Vec<Arc<str>>,
    because: Vec<Arc<str>>,
    denial: Option<Denial>,
}

impl<'a> Judging<'a> {
    fn new(bench: Bench<'a>) -> Self {
        Self {
            bench,
            environments: Vec::new(),
            reason: false,
            arms_with_reason: false,
            tickets: Vec::new(),
            rules: Vec::new(),
            because: Vec::new(),
            denial: None,
        }
    }

    /// The risk of one plan, by stage, policy and what could not be read.
    fn plan(&mut self, plan: &Plan) -> Risk {
        let name = &plan.target.id.scope.environment;
        add(&mut self.environments, name);
        // A step that goes elsewhere needs that environment armed, too, where it is one.
        for step in plan.steps.iter().filter(|step| self.bench.known.contains_key(&step.scope.environment)) {
            add(&mut self.environments, &step.scope.environment);
        }
        self.preconditions(plan);
        let Some(environment) = self.bench.known.get(name) else {
            self.deny(Denial::Identity(format!("there is no environment {name}").into()));
            return Risk::Critical;
        };
        if let Some(doubt) = doubt(environment, plan) {
            self.deny(Denial::Identity(doubt.into()));
        }
        let base = match environment.stage {
            None | Some(Stage::Prod) => plan.risk,
            Some(_) => plan.risk.lowered(),
        };
        let mut risk = base;
        for rule in self.bench.policy.of_plan(environment, plan, self.bench.now) {
            risk = risk.max(self.rule(rule, plan, base));
        }
        let unread: Vec<&str> = with_verdict(plan, Verdict::Unknown).collect();
        if !unread.is_empty() {
            risk = risk.raised();
            self.because(format!("could not be read: {}: one level more", unread.join(", ")));
        }
        risk
    }

    fn preconditions(&mut self, plan: &Plan) {
        let failed: Vec<Arc<str>> = with_verdict(plan, Verdict::Fail).map(Arc::from).collect();
        if failed.is_empty() {
            return;
        }
        match &mut self.denial {
            Some(Denial::Preconditions(names)) => names.extend(failed),
            _ => self.deny(Denial::Preconditions(failed)),
        }
    }

    /// What one rule says to a plan; the risk it makes at least.
    fn rule(&mut self, rule: &Rule, plan: &Plan, base: Risk) -> Risk {
        let effects = &rule.effects;
        let mut said = Vec::new();
        let capped = plan.number.and_then(|number| rule.caps(number));
        for why in capped.into_iter().chain(effects.deny.then(|| "denied".to_owned())) {
            self.deny(Denial::Policy { rule: format!("{}: {why}", rule.name).into(), breakable: effects.break_glass });
            said.push(why);
        }
        let raised = effects.confirm.filter(|least| *least > base);
        said.extend(raised.map(|least| format!("at least {least}")));
        if effects.reason {
            self.reason = true;
            said.push("a reason is wanted".to_owned());
        }
        if let Some(ticket) = &effects.ticket {
            if !self.tickets.iter().any(|other| other.pattern == ticket.pattern) {
                self.tickets.push(ticket.clone());
            }
            said.push("a ticket is wanted".to_owned());
        }
        if !said.is_empty() {
            self.because(format!("{}: {}", rule.name, said.join(", ")));
            add(&mut self.rules, &rule.name);
        }
        raised.unwrap_or(base)
    }

    /// What the policy says to arming an environment.
    fn arming(&mut self, name: &str) {
        let Some(environment) = self.bench.known.get(name) else { return };
        let Some((arming, rule)) = self.bench.policy.arming(environment, self.bench.now) else { return };
        add(&mut self.rules, &rule.name);
        match arming {
            Arming::Never => self.deny(never_armed(name, rule)),
            Arming::Reason => {
                self.arms_with_reason = true;
                self.because(format!("{}: {name} is armed only with a reason", rule.name));
            }
        }
    }

    fn because(&mut self, words: String) {
        add(&mut self.because, &words.into());
    }

    /// Keeps the denial that is hardest to get over.
    fn deny(&mut self, denial: Denial) {
        if self.denial.as_ref().is_none_or(|old| hardness(old) < hardness(&denial)) {
            self.denial = Some(denial);
        }
    }
}

/// Why an environment can't be armed.
pub(super) fn never_armed(name: &str, rule: &Rule) -> Denial {
    Denial::Policy { rule: format!("{}: {name} is never armed", rule.name).into(), breakable: false }
}

const fn hardness(denial: &Denial) -> u8 {
    match denial {
        Denial::Policy { breakable: true, .. } => 0,
        Denial::Preconditions(_) => 1,
        Denial::Policy { breakable: false, .. } => 2,
        Denial::Identity(_) => 3,
        Denial::ReadOnly => 4,
    }
}

fn with_verdict(plan: &Plan, verdict: Verdict) -> impl Iterator<Item = &str> {
    plan.preconditions.iter().filter(move |it| it.verdict == verdict).map(|it| &*it.name)
}

/// Why it can't be told for sure whose account a plan is about.
fn doubt(environment: &Environment, plan: &Plan) -> Option<String> {
    let (target, asked) = (&plan.target.id.scope, &plan.order.target.scope);
    if (&target.environment, &target.region) != (&asked.environment, &asked.region) {
        return Some(format!("the plan is about {target}, and {asked} was asked for"));
    }
    let found = &plan.target.identity.account;
    // Which cluster it is that answers was seen to when it was connected to; it has no account.
    if plan.target.identity.is_in_cluster() && target.cluster.is_some() {
        return None;
    }
    let expected = environment.account.as_ref().filter(|expected| *expected != found)?;
    Some(format!("{} must be account {expected}, but {found} answers", environment.name))
}
