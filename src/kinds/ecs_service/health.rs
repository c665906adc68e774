//! Health of a service, by rules over what `DescribeServices` tells and over evidence that is fetched only where [`needs`] asks
//! for it. Makes no call.

use std::borrow::Cow;

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service, ServiceEvent, StabilityStatus, TaskSet};
use jiff::{SignedDuration, Timestamp};

use crate::kinds::ecs::name_of;
use crate::kinds::ecs::stop::{Cause, Stop};
use crate::kinds::elb::target_group_name;
use crate::kinds::parts::{self, Verdict, fine};
use crate::model::{Health, text};

/// So many failed tasks are no accident: the least at which ECS's own circuit breaker trips.
const KEEPS: usize = 3;
/// How long the stops that count together may lie back: ECS waits up to a quarter of an hour before it tries again.
const LATELY: SignedDuration = SignedDuration::from_mins(30);
/// With all tasks running, a stop this far back is over and done with.
const HEALED: SignedDuration = SignedDuration::from_mins(10);

/// Evidence that a verdict wants and that costs calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Why its tasks stopped.
    pub stops: bool,
    /// The health of the targets in these groups, by ARN.
    pub targets: Vec<String>,
}

/// Evidence that was fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How tasks ended within the last hour.
    pub stops: Vec<Stop>,
    /// Target groups with unhealthy targets.
    pub targets: Vec<SickTargets>,
}

/// A target group in which not all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SickTargets {
    /// Name of the group.
    pub group: String,
    /// How many targets are unhealthy.
    pub unhealthy: i64,
    /// Of how many.
    pub of: i64,
    /// Why, in the words of most of them.
    pub why: String,
}

/// The deployment that is wanted.
pub fn primary(service: &Service) -> Option<&Deployment> {
    let all = service.deployments();
    all.iter().find(|deployment| deployment.status() == Some("PRIMARY")).or(all.first())
}

/// What evidence the service needs. Nothing, when it looks healthy or rolls out without a failure.
pub fn needs(service: &Service, now: Timestamp) -> Needs {
    let seen = Seen { service, evidence: &Evidence::default(), now };
    if service.status() != Some("ACTIVE") || service.desired_count() == 0 {
        return Needs::default();
    }
    let rolls = seen.rolls_out();
    let failing = service.deployments().iter().any(|d| (rolls && d.failed_tasks() > 0) || has_failed(d));
    let short = service.running_count() < service.desired_count() && !rolls;
    let unwell = seen.events().any(|event| is_trouble(words_of(event)));
    let stops = failing || short || unwell || seen.churns();
    let groups = service.load_balancers().iter().filter_map(|balancer| balancer.target_group_arn());
    let told = |arn: &&str| stops || seen.events().any(|event| words_of(event).contains(*arn) && unhealthy(event));
    Needs { stops, targets: groups.filter(told).map(str::to_owned).collect() }
}

fn unhealthy(event: &ServiceEvent) -> bool {
    words_of(event).contains("is unhealthy in")
}

/// Its health and the reason, which ends with the newest telling event.
pub fn verdict(service: &Service, evidence: &Evidence, now: Timestamp) -> Verdict {
    let seen = Seen { service, evidence, now };
    let rules = [
        Seen::life,
        Seen::zero,
        Seen::broken,
        Seen::keeps_stopping,
        Seen::targets,
        Seen::rollout,
        Seen::task_sets,
        Seen::short,
    ];
    let Some((health, reason)) = rules.iter().find_map(|rule| rule(&seen)) else {
        return fine();
    };
    match seen.telling().filter(|_| health.is_sick()) {
        Some(event) if !reason.contains(&event) => (health, format!("{reason}; “{event}”")),
        _ => (health, reason),
    }
}

struct Seen<'a> {
    service: &'a Service,
    evidence: &'a Evidence,
    now: Timestamp,
}

impl<'a> Seen<'a> {
    /// A service on its way out.
    fn life(&self) -> Option<Verdict> {
        match self.service.status() {
            Some("DRAINING") => {
                Some((Health::Progressing, format!("being deleted, {} tasks still run", self.service.running_count())))
            }
            Some("INACTIVE") => Some((Health::Unknown, "deleted".to_owned())),
            _ => None,
        }
    }

    /// Nothing is wanted: whatever it was like before does not matter now.
    fn zero(&self) -> Option<Verdict> {
        if self.service.desired_count() != 0 {
            return None;
        }
        match self.service.running_count() {
            0 if primary(self.service).is_some_and(has_failed) => {
                Some((Health::Ok, "scaled to zero; its last rollout failed".to_owned()))
            }
            0 => Some((Health::Ok, "scaled to zero".to_owned())),
            left => Some((Health::Progressing, format!("scaling to zero, {left} still run"))),
        }
    }

    /// A failed rollout, or one that the circuit breaker takes back.
    fn broken(&self) -> Option<Verdict> {
        if let Some(failed) = self.service.deployments().iter().find(|deployment| has_failed(deployment)) {
            let why = failed.rollout_state_reason().unwrap_or("no reason is told");
            let reason = format!("rollout of {} failed: {}", definition_of(failed), trimmed(why));
            return Some((Health::Failed, self.with_stop(reason, failed)));
        }
        let primary = primary(self.service)?;
        let why = primary.rollout_state_reason().filter(|why| why.contains("rolling back"))?;
        Some((Health::Failed, self.with_stop(trimmed(why).to_owned(), primary)))
    }

    /// Tasks that fail one after the other.
    fn keeps_stopping(&self) -> Option<Verdict> {
        let primary = primary(self.service)?;
        let failures = self.failures(primary);
        let full = self.service.running_count() >= self.service.desired_count();
        let healed = failures.first().and_then(|stop| stop.at).is_none_or(|at| self.since(at) > HEALED);
        let by_tasks = failures.len() >= KEEPS && !(full && healed);
        let by_count = primary.failed_tasks() as usize >= KEEPS && self.rolls_out();
        let by_event = self.events().any(|event| words_of(event).contains("unable to consistently start tasks"));
        if !(by_tasks || by_count || by_event) {
            return None;
        }
        let reason = match (failures.first(), oldest(&failures)) {
            (Some(stop), Some(from)) if by_tasks => {
                let span = text::span(self.since(from).as_secs());
                format!("tasks keep stopping: {} ({} in {span})", stop.words, failures.len())
            }
            (Some(stop), _) => format!("tasks keep stopping: {}", stop.words),
            (None, _) if by_count => format!("tasks keep stopping: {} failed", primary.failed_tasks()),
            (None, _) => "tasks keep stopping".to_owned(),
        };
        Some((Health::Failed, reason))
    }

    fn targets(&self) -> Option<Verdict> {
        let sick = self.evidence.targets.first()?;
        let SickTargets { group, unhealthy, of, why } = sick;
        Some((Health::Degraded, format!("{unhealthy} of {of} targets unhealthy in {group}: {why}")))
    }

    fn rollout(&self) -> Option<Verdict> {
        let deployment = primary(self.service).filter(|_| self.rolls_out())?;
        let (running, desired) = (deployment.running_count(), deployment.desired_count());
        let old = self.service.running_count() - running;
        let too = if old > 0 { format!(", {old} old ones too") } else { String::new() };
        let reason = format!("rolling out {}: {running} of {desired} run{too}", definition_of(deployment));
        match deployment.failed_tasks() {
            0 => Some((Health::Progressing, reason)),
            failed => {
                let reason = format!("{reason}, {failed} failed");
                Some((Health::Degraded, self.with_stop(reason, deployment)))
            }
        }
    }

    /// What is deployed from outside has task sets in the place of deployments. Two of them, or one that has yet to become steady, are
    /// a rollout.
    fn task_sets(&self) -> Option<Verdict> {
        if !self.sets_move() {
            return None;
        }
        let told = |set: &TaskSet| {
            let (running, wanted) = (set.running_count(), set.computed_desired_count());
            format!("{}: {running} of {wanted} run", name_of(set.task_definition().unwrap_or("a task set")))
        };
        let sets: Vec<String> = self.service.task_sets().iter().map(told).collect();
        Some((Health::Progressing, format!("rolling out, {}", sets.join(", "))))
    }

    fn short(&self) -> Option<Verdict> {
        let (running, pending, desired) =
            (self.service.running_count(), self.service.pending_count(), self.service.desired_count());
        if running > desired {
            return Some((Health::Progressing, format!("scaling in: {running} run, {desired} are wanted")));
        }
        if running == desired {
            return None;
        }
        let starting = if pending > 0 { format!(", {pending} starting") } else { String::new() };
        let reason = format!("{running} of {desired} tasks run{starting}");
        let reason = match primary(self.service) {
            Some(deployment) => self.with_stop(reason, deployment),
            None => reason,
        };
        Some((Health::Degraded, reason))
    }

    /// Whether a deployment is under way: the wanted one is not complete, or older ones are not gone.
    fn rolls_out(&self) -> bool {
        let unfinished =
            |deployment: &Deployment| deployment.rollout_state() == Some(&DeploymentRolloutState::InProgress);
        self.service.deployments().len() > 1 || primary(self.service).is_some_and(unfinished) || self.sets_move()
    }

    fn sets_move(&self) -> bool {
        let sets = self.service.task_sets();
        sets.len() > 1 || sets.iter().any(|set| set.stability_status() == Some(&StabilityStatus::Stabilizing))
    }

    /// A reason with the newest failure of the deployment's tasks.
    fn with_stop(&self, reason: String, deployment: &Deployment) -> String {
        match self.failures(deployment).first() {
            Some(stop) => format!("{reason}; {}", stop.words),
            None => reason,
        }
    }

    /// The tasks of a deployment that failed lately, the newest first.
    fn failures(&self, deployment: &Deployment) -> Vec<&'a Stop> {
        let of_it = |stop: &&Stop| match deployment.id() {
            Some(id) if stop.started_by.starts_with("ecs-svc/") => stop.started_by == id,
            _ => stop.definition == definition_of(deployment),
        };
        let lately = |stop: &&Stop| stop.at.is_some_and(|at| self.since(at) <= LATELY);
        let failed = self.evidence.stops.iter().filter(|stop| stop.cause == Cause::Failed);
        let mut failed: Vec<&Stop> = failed.filter(of_it).filter(lately).collect();
        failed.sort_by_key(|stop| std::cmp::Reverse(stop.at));
        failed
    }

    fn since(&self, at: Timestamp) -> SignedDuration {
        self.now.duration_since(at)
    }

    /// The events since it was last steady and since the wanted deployment began, newest first.
    fn events(&self) -> impl Iterator<Item = &'a ServiceEvent> + use<'a> {
        // What the circuit breaker has to say of the one before comes at the same moment.
        let began = primary(self.service).and_then(|deployment| parts::instant(deployment.created_at()));
        let began = began.map(|at| at - SignedDuration::from_secs(60));
        let mut events: Vec<&ServiceEvent> = self.service.events().iter().collect();
        events.sort_by_key(|event| std::cmp::Reverse(parts::instant(event.created_at())));
        let recent = move |event: &&ServiceEvent| match (parts::instant(event.created_at()), began) {
            (Some(at), Some(began)) => at >= began,
            _ => true,
        };
        events.into_iter().take_while(|event| !is_steady(words_of(event))).take_while(recent)
    }

    /// The newest event that tells of trouble, else the newest at all.
    fn telling(&self) -> Option<String> {
        let trouble = self.events().find(|event| is_trouble(words_of(event)));
        trouble.or_else(|| self.events().next()).map(|event| plain(words_of(event)))
    }

    /// Whether tasks have been started again and again lately, steady or not: ECS calls a service steady between two crashes.
    fn churns(&self) -> bool {
        let lately =
            |event: &&ServiceEvent| parts::instant(event.created_at()).is_some_and(|at| self.since(at) <= LATELY);
        let starts = self.service.events().iter().filter(|event| words_of(event).contains(" has started "));
        starts.filter(lately).count() >= KEEPS
    }
}

fn oldest(stops: &[&Stop]) -> Option<Timestamp> {
    stops.iter().filter_map(|stop| stop.at).min()
}

fn has_failed(deployment: &Deployment) -> bool {
    deployment.rollout_state() == Some(&DeploymentRolloutState::Failed)
}

fn definition_of(deployment: &Deployment) -> &str {
    name_of(deployment.task_definition().unwrap_or("a task definition"))
}

fn trimmed(sentence: &str) -> &str {
    sentence.trim().trim_end_matches('.')
}

/// The message of an event.
pub fn words_of(event: &ServiceEvent) -> &str {
    event.message().unwrap_or_default()
}

/// Whether it only says that all is well.
pub fn is_steady(message: &str) -> bool {
    message.contains("has reached a steady state")
}

/// Whether it only says that targets follow tasks.
pub fn is_bookkeeping(message: &str) -> bool {
    let message = without_service(message);
    ["registered ", "deregistered ", "has begun draining "].iter().any(|start| message.starts_with(start))
}

/// Whether it says that something went wrong.
pub fn is_trouble(message: &str) -> bool {
    /// How events begin that tell of the scheduler's everyday work, whatever the names in them are.
    const ROUTINE: [&str; 3] = ["has started", "has stopped", "has reached"];
    const WORDS: [&str; 10] = [
        "unable",
        "unhealthy",
        "failed",
        "error",
        "rolling back",
        "circuit breaker",
        "insufficient",
        "could not",
        "exceeded",
        "denied",
    ];
    let message = without_service(message);
    let lower = message.to_ascii_lowercase();
    let routine = ROUTINE.iter().any(|start| message.starts_with(start)) || is_bookkeeping(message);
    !routine && WORDS.iter().any(|word| lower.contains(word))
}

/// Events begin with the service's own name, which everybody knows.
fn without_service(message: &str) -> &str {
    match message.strip_prefix("(service ").and_then(|rest| rest.split_once(") ")) {
        Some((_, rest)) => rest,
        None => message,
    }
}

/// An event without the service's name, where to read more, and all of an ARN but the name.
pub fn plain(message: &str) -> String {
    let message = without_service(message);
    let message = message.split(". For more information").next().unwrap_or(message);
    let words: Vec<_> = trimmed(message).split(' ').map(short_arn).collect();
    words.join(" ")
}

/// The name in an ARN; what ends the parenthesis around it stays.
fn short_arn(word: &str) -> Cow<'_, str> {
    if !word.starts_with("arn:") {
        return Cow::Borrowed(word);
    }
    let arn = word.trim_end_matches([')', '.', ',']);
    let name = if arn.contains(":targetgroup/") { target_group_name(arn) } else { name_of(arn) };
    Cow::Owned(format!("{name}{}", &word[arn.len()..]))
}

#[cfg(test)]
mod tests;
