//! The guard itself: what proposals, answers, arming and journal go through.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::Hands;
use super::arms::Arms;
use super::carry::{Carrying, Tell};
use super::judge::{self, Bench, Judged, Known};
use super::judgement::{Consent, Denial, Proposal, Refusal};
use super::policy::{Arming, Policy, Ticket};
use super::report::Ended;
use super::send::Underway;
use super::warrant::{Grant, Warrant};
use crate::journal::{self, Draft, Entry, Event, Journal, Place, Who};
use crate::model::{Environment, Fault, FaultClass, Order, Plan};

/// Plans made at once; each asks its provider several things.
const AT_ONCE: usize = 8;

/// As many targets are confirmed together; nobody reads more.
const MOST: usize = 100;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the guard goes by.
#[derive(Clone)]
pub struct Settings {
    /// The policy at the start.
    pub policy: Policy,
    /// Nothing can be armed, whatever anybody says.
    pub read_only: bool,
    /// Who is at the keyboard.
    pub who: Who,
    /// How long an environment stays armed.
    pub arm_for: Duration,
    /// Tells the time while something is carried out.
    pub clock: Clock,
}

impl Settings {
    /// How long an environment stays armed, unless something else is set.
    pub const ARM_FOR: Duration = Duration::from_mins(15);

    /// With the usual time and the machine's clock.
    pub fn new(policy: Policy, read_only: bool, who: Who) -> Self {
        Self { policy, read_only, who, arm_for: Self::ARM_FOR, clock: Arc::new(Timestamp::now) }
    }
}

/// The one path to a change. What is not `async` here and writes the journal waits for the disk: call it off the runtime.
pub struct Guard {
    pub(super) settings: Settings,
    /// The policy as it is now.
    policy: RwLock<Arc<Policy>>,
    known: RwLock<Known>,
    pub(super) arms: Arms,
    pub(super) journal: Arc<Journal>,
    pub(super) hands: Arc<dyn Hands>,
    pub(super) underway: Arc<Underway>,
    pub(super) busy: Arc<AtomicUsize>,
}

impl Guard {
    /// A guard over these environments.
    pub fn new(
        settings: Settings,
        environments: Vec<Arc<Environment>>,
        journal: Journal,
        hands: Arc<dyn Hands>,
    ) -> Arc<Self> {
        let policy = RwLock::new(Arc::new(settings.policy.clone()));
        Arc::new(Self {
            settings,
            policy,
            known: RwLock::new(by_name(environments)),
            arms: Arms::default(),
            journal: Arc::new(journal),
            hands,
            underway: Arc::default(),
            busy: Arc::default(),
        })
    }

    /// The environments are now these. What is gone or is another one under the same name is disarmed, which is journalled.
    pub fn set(&self, environments: Vec<Arc<Environment>>) {
        let new = by_name(environments);
        let now = (self.settings.clock)();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let others = known.iter().filter(|(name, old)| new.get(*name) != Some(*old));
        let disarmed: Vec<_> =
            others.filter(|(name, _)| self.arms.disarm(name, now)).map(|(_, old)| old).cloned().collect();
        *known = new;
        drop(known);
        for environment in disarmed {
            self.note_disarmed(&environment, Some("the configuration has changed".to_owned()), now);
        }
    }

    /// The policy is now this one.
    pub fn set_policy(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nothing can be armed, whatever anybody says.
    pub fn is_read_only(&self) -> bool {
        self.settings.read_only
    }

    /// Plans for these orders, from fresh reads, and what there is to say to them.
    pub async fn propose(&self, orders: &[Order], now: Timestamp) -> Result<Proposal, Fault> {
        if orders.is_empty() || orders.len() > MOST {
            let words = format!("{} targets: from 1 to {MOST} can be planned together", orders.len());
            return Err(Fault::new(FaultClass::Invalid, words));
        }
        let plans: Vec<_> = orders.iter().map(|order| self.hands.plan(order)).collect();
        let parts: Vec<Plan> = stream::iter(plans).buffered(AT_ONCE).try_collect().await?;
        let judgement = self.judge(&parts, now).judgement;
        Ok(Proposal { parts, judgement })
    }

    fn judge(&self, parts: &[Plan], now: Timestamp) -> Judged {
        let (known, policy) = (self.known(), self.policy());
        judge::judge(Bench { known: &known, policy: &policy, read_only: self.settings.read_only, now }, parts)
    }

    /// Arms an environment whose name was typed; until when.
    pub fn arm(
        &self,
        environment: &str,
        typed: &str,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        let Some(known) = self.known().get(environment).cloned() else {
            return Err(Refusal::Denied(Denial::Identity(format!("there is no environment {environment}").into())));
        };
        if self.settings.read_only {
            return Err(Refusal::Denied(Denial::ReadOnly));
        }
        let reason = given(reason);
        match self.policy().arming(&known, now) {
            Some((Arming::Never, rule)) => return Err(Refusal::Denied(judge::never_armed(environment, rule))),
            Some((Arming::Reason, _)) if reason.is_none() => return Err(Refusal::Reason),
            _ => {}
        }
        if typed != &*known.name {
            return Err(Refusal::Text(Arc::clone(&known.name)));
        }
        let until = self.until(now);
        self.note(&known, Event::Armed { until, reason }, now).map_err(|error| Refusal::Journal(error.to_string()))?;
        self.arms.arm(Arc::clone(&known.name), until);
        Ok(until)
    }

    /// Disarms an environment. That this can't be journalled does not keep it armed.
    pub fn disarm(&self, environment: &str, now: Timestamp) {
        if !self.arms.disarm(environment, now) {
            return;
        }
        if let Some(known) = self.known().get(environment) {
            self.note_disarmed(known, None, now);
        }
    }

    fn note_disarmed(&self, environment: &Environment, reason: Option<String>, now: Timestamp) {
        if let Err(error) = self.note(environment, Event::Disarmed { reason }, now) {
            tracing::error!("disarming {} could not be journalled: {error}", environment.name);
        }
    }

    /// The environments that are armed, until when.
    pub fn armed(&self, now: Timestamp) -> Vec<(Arc<str>, Timestamp)> {
        self.arms.armed(now)
    }

    /// Whether an answer confirms a proposal; what it is carried out with. It is judged once more: the policy knows the time, and
    /// what a proposal says of itself counts for nothing. With `arms_itself` its environments are armed for it alone.
    pub fn confirm(
        &self,
        proposal: Proposal,
        consent: &Consent,
        arms_itself: bool,
        now: Timestamp,
    ) -> Result<Warrant, Refusal> {
        let Judged { judgement, tickets, rules, environments, arms_with_reason } = self.judge(&proposal.parts, now);
        let (reason, ticket) = (given(consent.reason.as_deref()), given(consent.ticket.as_deref()));
        let broke_glass = match &judgement.denial {
            None => false,
            Some(Denial::Policy { breakable: true, .. }) if consent.break_glass => true,
            Some(denial) => return Err(Refusal::Denied(denial.clone())),
        };
        let unarmed = environments.iter().find(|name| !self.arms.is_armed(name, now));
        if let Some(name) = unarmed.filter(|_| !arms_itself) {
            return Err(Refusal::NotArmed(Arc::clone(name)));
        }
        if !judge::confirms(&consent.text, &judgement.confirm, &proposal.parts) {
            return Err(Refusal::Text(judgement.confirm.text().into()));
        }
        if reason.is_none() && (judgement.reason || broke_glass || (arms_itself && arms_with_reason)) {
            return Err(Refusal::Reason);
        }
        let fits = |wanted: &&Ticket| ticket.as_deref().is_some_and(|ticket| wanted.fits(ticket));
        if let Some(wanted) = tickets.iter().find(|wanted| !fits(wanted)) {
            return Err(Refusal::Ticket(Arc::clone(&wanted.pattern)));
        }
        let run = self.journal.start(now).map_err(|error| Refusal::Journal(error.to_string()))?;
        let grant = Grant {
            run: Arc::new(run),
            reason,
            ticket,
            rules: rules.iter().map(ToString::to_string).collect(),
            broke_glass,
            environments,
            arms_itself: arms_itself.then(|| self.until(now)),
        };
        Ok(Warrant { proposal: Proposal { judgement, ..proposal }, grant })
    }

    /// Carries out what was confirmed, in order, up to the first step that does not end as it should. Each step is followed to its
    /// end; without `follow` the last of each part is only sent. What is being sent when this is dropped is still driven to its
    /// end and journalled.
    pub async fn carry_out(&self, warrant: Warrant, follow: bool, tell: Tell<'_>) -> Ended {
        Carrying::new(self, warrant, follow, tell).run().await
    }

    /// Intents of consoles that ended before the outcome was known; each is told once.
    pub fn orphans(&self) -> Vec<Entry> {
        self.journal.orphans((self.settings.clock)(), &self.settings.who)
    }

    /// The newest so many entries of the journal, newest first.
    pub fn journal(&self, newest: usize) -> Result<Vec<Entry>, journal::Error> {
        self.journal.newest(newest, None, &|_| true)
    }

    /// What tells whether anything was written in the journal since.
    pub fn journal_mark(&self) -> journal::Mark {
        self.journal.mark()
    }

    /// Whether something is being sent or is still to be sent: whoever leaves now should be asked.
    pub fn is_sending(&self) -> bool {
        self.busy.load(Ordering::SeqCst) > 0
    }

    /// The console is left without a question: nothing more is sent, and what has left without an answer is journalled as unknown.
    /// How many requests that are.
    pub fn hang_up(&self) -> usize {
        self.underway.hang_up()
    }

    pub(super) fn is_hung_up(&self) -> bool {
        self.underway.is_closed()
    }

    /// An action was applied: the time of what is armed starts anew.
    pub(super) fn renew(&self, environments: &[Arc<str>]) {
        let now = (self.settings.clock)();
        for name in environments {
            self.arms.renew(name, now, self.until(now));
        }
    }

    fn until(&self, now: Timestamp) -> Timestamp {
        let time = SignedDuration::try_from(self.settings.arm_for).unwrap_or_default();
        now.checked_add(time).unwrap_or(now)
    }

    /// Writes down something about an environment as a whole.
    fn note(&self, environment: &Environment, event: Event, at: Timestamp) -> Result<(), journal::Error> {
        let place = Place {
            environment: environment.name.to_string(),
            account: environment.account.as_deref().map(str::to_owned),
            ..Place::default()
        };
        let draft = Draft { at, run: String::new(), who: self.settings.who.clone(), place, event };
        self.journal.append(draft).map(|_| ())
    }
}

fn by_name(environments: Vec<Arc<Environment>>) -> Known {
    environments.into_iter().map(|environment| (Arc::clone(&environment.name), environment)).collect()
}

/// What was given, if it was more than blanks.
fn given(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
