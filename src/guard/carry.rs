//! How a confirmed proposal is carried out: part by part and step by step, each checked again at the last moment, up to the first
//! that does not end as it should.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::report::{At, Ended, Report};
use super::send::{Busy, Came, Pen, Sending};
use super::warrant::{Grant, Warrant};
use super::{Guard, Proposal, record};
use crate::journal::Who;
use crate::model::{Difference, Fault, Followed, Identity, Order, Plan, Risk, Sent, Undo};

/// Is told what happens.
pub(super) type Tell<'a> = &'a (dyn Fn(Report) + Send + Sync);

/// A proposal that is being carried out.
pub(super) struct Carrying<'a> {
    guard: &'a Guard,
    parts: Vec<Arc<Plan>>,
    risk: Risk,
    grant: Grant,
    follow: bool,
    tell: Tell<'a>,
}

/// Why a run stops.
enum Stop {
    /// Before anything of the part was sent.
    Moved(Vec<Difference>),
    /// With these words. Whether the step itself has changed something.
    Failed(String, bool),
    /// With these words. Whether it is known at least that the step was accepted.
    Unknown(String, bool),
}

impl<'a> Carrying<'a> {
    pub(super) fn new(guard: &'a Guard, warrant: Warrant, follow: bool, tell: Tell<'a>) -> Self {
        let Warrant { proposal: Proposal { parts, judgement }, grant } = warrant;
        let parts = parts.into_iter().map(Arc::new).collect();
        Self { guard, parts, risk: judgement.risk, grant, follow, tell }
    }

    pub(super) async fn run(self) -> Ended {
        let mut words = Vec::new();
        let mut busy = Some(Busy::count(&self.guard.busy));
        for (part, plan) in self.parts.iter().enumerate() {
            let mut evidence = None;
            for step in 0..plan.steps.len() {
                let at = At { part, step };
                let is_last = part + 1 == self.parts.len() && step + 1 == plan.steps.len();
                match self.step(at, plan, busy.take_if(|_| is_last)).await {
                    Ok(said) => evidence = said,
                    Err(stop) => return self.stopped(at, stop).await,
                }
            }
            let evidence = evidence.map(|said| format!(": {said}")).unwrap_or_default();
            words.push(format!("{}{evidence}", plan.title).into());
        }
        Ended::Done { words, undo: self.undo(self.parts.len()) }
    }

    /// One step from the last check to its end, with what can be said of it. `busy` is let go of when it is sent.
    async fn step(&self, at: At, plan: &Arc<Plan>, busy: Option<Busy>) -> Result<Option<Arc<str>>, Stop> {
        (self.tell)(Report::Checking(at));
        self.still_allowed(at)?;
        let caller = self.check(at, plan).await?;
        self.still_allowed(at)?;
        let pen = self.pen(plan, &caller);
        self.send(at, plan, pen.clone()).await?;
        drop(busy);
        // The next step stands on what this one has done.
        if self.follow || at.step + 1 < plan.steps.len() { self.followed(at, plan, &pen).await } else { Ok(None) }
    }

    /// Whether it may still be sent. Time that runs out does not stop what was begun; an operator who disarms does, between parts.
    fn still_allowed(&self, at: At) -> Result<(), Stop> {
        let guard = self.guard;
        let now = (guard.settings.clock)();
        let not_sent = |why: &str| Err(Stop::Failed(format!("{why}: not sent"), false));
        if guard.settings.read_only {
            return not_sent("the console is read-only");
        }
        if guard.is_hung_up() {
            return not_sent("the console is being left");
        }
        let is_first = at == At { part: 0, step: 0 };
        if let Some(until) = self.grant.arms_itself {
            return if is_first && now >= until { not_sent("the confirmation is too old") } else { Ok(()) };
        }
        let mut environments = self.grant.environments.iter();
        let missing = environments.find(|name| match at.step {
            0 if is_first => !guard.arms.is_armed(name, now),
            0 => !guard.arms.is_not_disarmed(name),
            _ => false,
        });
        missing.map_or(Ok(()), |name| not_sent(&format!("{name} is not armed any more")))
    }

    /// Reads caller and target again; who sends the step.
    async fn check(&self, at: At, plan: &Plan) -> Result<Arc<Identity>, Stop> {
        let Some(step) = plan.steps.get(at.step) else {
            return Err(Stop::Failed("the plan has no such step".to_owned(), false));
        };
        let hands = &self.guard.hands;
        // What is sent to a cluster is asked of the cluster.
        let region = plan.target.id.scope.region_scope();
        let home = match &step.scope.cluster {
            Some(cluster) if step.scope.environment == region.environment => region.in_cluster(Arc::clone(cluster)),
            _ => region,
        };
        // What a step in another account sends is still for this target: both callers must be who they should be.
        let elsewhere = async {
            if step.scope.environment == home.environment { None } else { Some(hands.caller(&step.scope).await) }
        };
        let (caller, elsewhere, seen) = futures_util::join!(hands.caller(&home), elsewhere, hands.look(plan, at.step));
        let doubt = |why: String| Stop::Failed(format!("the account is in doubt: {why}: not sent"), false);
        let caller = caller.map_err(|fault| doubt(fault.summary))?;
        let elsewhere = elsewhere.transpose().map_err(|fault| doubt(fault.summary))?;
        let pairs = [(&plan.target.identity, Some(&caller)), (&step.sender, elsewhere.as_ref())];
        for (was, is) in pairs.into_iter().filter_map(|(was, is)| Some((was, is?))) {
            if !is_same(is, was) {
                return Err(doubt(format!(
                    "the plan was made as {} in {}, now {} in {} answers",
                    was.arn, was.account, is.arn, is.account
                )));
            }
        }
        let caller = elsewhere.unwrap_or(caller);
        let seen = seen.map_err(|fault| {
            Stop::Failed(format!("the target could not be read again: {}: not sent", fault.summary), false)
        })?;
        let differences = step.seen.differences(&seen);
        match at.step {
            _ if differences.is_empty() => Ok(caller),
            0 => Err(Stop::Moved(differences)),
            _ => {
                let moved = |it: &Difference| format!("{} was {}, is {}", it.name, it.was, it.is);
                let moved = differences.iter().map(moved).collect::<Vec<_>>().join(", ");
                Err(Stop::Failed(format!("what it stands on has moved: {moved}: not sent"), false))
            }
        }
    }

    fn pen(&self, plan: &Plan, caller: &Identity) -> Pen {
        let settings = &self.guard.settings;
        Pen {
            journal: Arc::clone(&self.guard.journal),
            run: Arc::clone(&self.grant.run),
            clock: Arc::clone(&settings.clock),
            who: Who { caller: Some(caller.arn.to_string()), ..settings.who.clone() },
            place: record::place(plan),
        }
    }

    async fn send(&self, at: At, plan: &Arc<Plan>, pen: Pen) -> Result<(), Stop> {
        let Some(intent) = record::intent(plan, at, self.risk, &self.grant) else {
            return Err(Stop::Failed("the plan has no such step".to_owned(), false));
        };
        let sending = Sending {
            hands: Arc::clone(&self.guard.hands),
            pen,
            plan: Arc::clone(plan),
            at,
            intent,
            underway: Arc::clone(&self.guard.underway),
            busy: Busy::count(&self.guard.busy),
        };
        let (leaves, leaving) = oneshot::channel();
        let task = tokio::spawn(sending.drive(leaves));
        if leaving.await.is_ok() {
            (self.tell)(Report::Sending(at));
        }
        let (sent, unwritten) = match task.await {
            Ok(Came::NotSent(why)) => return Err(Stop::Failed(format!("{why}: not sent"), false)),
            Ok(Came::Answered { sent, unwritten }) => (sent, unwritten),
            Err(error) => return Err(Stop::Unknown(format!("sending was broken off: {error}"), false)),
        };
        if matches!(sent, Sent::Accepted { .. }) && unwritten.is_none() {
            // Before it is told: whoever hears of it looks at what is armed.
            self.guard.renew(&self.grant.environments);
        }
        (self.tell)(Report::Sent(at, sent.clone()));
        let unwritten = unwritten.map(|why| format!("; THIS IS NOT IN THE JOURNAL: {why}"));
        match (sent, unwritten) {
            (Sent::Accepted { .. }, None) => Ok(()),
            (Sent::Accepted { request_id }, Some(unwritten)) => {
                let id = request_id.map(|id| format!(" (request {id})")).unwrap_or_default();
                Err(Stop::Failed(format!("it was accepted{id}{unwritten}"), true))
            }
            (Sent::Refused(fault), unwritten) => {
                Err(Stop::Failed(format!("refused: {}{}", fault.summary, unwritten.unwrap_or_default()), false))
            }
            (Sent::Unknown(fault), unwritten) => {
                Err(Stop::Unknown(format!("{}{}", fault.summary, unwritten.unwrap_or_default()), false))
            }
        }
    }

    /// Follows a step to its end; the evidence.
    async fn followed(&self, at: At, plan: &Plan, pen: &Pen) -> Result<Option<Arc<str>>, Stop> {
        let watch = |headway| (self.tell)(Report::Headway(at, headway));
        let followed = self.guard.hands.follow(plan, at.step, &watch).await;
        let written = pen.write(record::followed(at, &followed)).await;
        (self.tell)(Report::Followed(at, followed.clone()));
        let unwritten = written.err().map(|why| format!("; this is not in the journal: {why}")).unwrap_or_default();
        match followed {
            Ok(Followed::Verified(said)) if unwritten.is_empty() => Ok(Some(said)),
            Ok(Followed::Verified(said)) => Ok(Some(format!("{said}{unwritten}").into())),
            Ok(Followed::Failed(said)) => Err(Stop::Failed(format!("{said}{unwritten}"), true)),
            Err(Fault { summary, .. }) => {
                let words = format!("it was accepted, but could not be followed: {summary}{unwritten}");
                Err(Stop::Unknown(words, true))
            }
        }
    }

    async fn stopped(&self, at: At, stop: Stop) -> Ended {
        match stop {
            Stop::Moved(differences) => {
                let orders: Vec<Order> = self.parts[at.part..].iter().map(|plan| plan.order.clone()).collect();
                let proposal = self.guard.propose(&orders, (self.guard.settings.clock)()).await;
                let undo = self.undo(at.part);
                Ended::Moved { part: at.part, differences, proposal: proposal.map(Box::new), undo }
            }
            Stop::Failed(why, changed) => {
                let words = format!("{why}{}", self.rest(at, changed)).into();
                Ended::Failed { at, words, undo: self.undo(touched(at, changed)) }
            }
            Stop::Unknown(why, accepted) => {
                let words = format!("{why}{}", self.rest(at, false)).into();
                Ended::Unknown { at, words, undo: self.undo(touched(at, accepted)) }
            }
        }
    }

    /// What takes back the first so many parts, the last one first.
    fn undo(&self, parts: usize) -> Vec<Order> {
        let orders = self.parts.iter().take(parts).rev().filter_map(|plan| match &plan.undo {
            Undo::By { order, .. } => Some(order.clone()),
            Undo::No(_) => None,
        });
        orders.collect()
    }

    /// What was done before a step and what is not done after it, where there is more than that step.
    fn rest(&self, at: At, changed: bool) -> String {
        let (mut done, mut left) = (Vec::new(), Vec::new());
        for (part, plan) in self.parts.iter().enumerate() {
            for (number, step) in plan.steps.iter().enumerate() {
                let name = format!("{}: {}", plan.target.name, step.words);
                match (At { part, step: number }).cmp(&at) {
                    std::cmp::Ordering::Less => done.push(name),
                    std::cmp::Ordering::Equal if changed => done.push(name),
                    std::cmp::Ordering::Equal => {}
                    std::cmp::Ordering::Greater => left.push(name),
                }
            }
        }
        let mut words = String::new();
        for (title, names) in [("done", done), ("not done", left)] {
            if !names.is_empty() && self.parts.iter().map(|plan| plan.steps.len()).sum::<usize>() > 1 {
                words.extend([". ", title, ": ", &names.join("; ")]);
            }
        }
        words
    }
}

/// How many parts have changed something when it stops at a step, which itself has or has not.
fn touched(at: At, changed: bool) -> usize {
    at.part + usize::from(changed || at.step > 0)
}

/// Whether the same one answers: the account, and the user or the role whatever its session is called.
fn is_same(a: &Identity, b: &Identity) -> bool {
    a.account == b.account && role(&a.arn) == role(&b.arn)
}

/// An ARN without the name of a session.
fn role(arn: &str) -> &str {
    match arn.split_once(":assumed-role/") {
        Some((_, rest)) => rest.rfind('/').map_or(arn, |at| &arn[..arn.len() - rest.len() + at]),
        None => arn,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "arn:aws:sts::111122223333:assumed-role/Admin/anna",
        "arn:aws:sts::111122223333:assumed-role/Admin/later",
        true
    )]
    #[case("arn:aws:sts::111122223333:assumed-role/Admin/a", "arn:aws:sts::111122223333:assumed-role/Reader/a", false)]
    #[case("arn:aws:iam::111122223333:user/anna", "arn:aws:iam::111122223333:user/anna", true)]
    #[case("arn:aws:iam::111122223333:user/ops/anna", "arn:aws:iam::111122223333:user/ops/bert", false)]
    fn who_is_the_same(#[case] a: &str, #[case] b: &str, #[case] expected: bool) {
        let identity = |arn: &str| Identity { account: "111122223333".into(), alias: None, arn: arn.into() };
        assert_eq!(is_same(&identity(a), &identity(b)), expected);
        let other = Identity { account: "444455556666".into(), ..identity(b) };
        assert!(!is_same(&identity(a), &other));
    }
}
