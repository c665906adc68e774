//! How the targets of a group are, and what that makes of the group. Knows target health only.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};

use crate::kinds::parts::{Verdict, fine};
use crate::model::Health;

/// Targets, counted by state.
#[derive(Debug, Default)]
pub struct Targets {
    /// Pass their checks, or are not checked at all.
    pub healthy: i64,
    /// Fail their checks.
    pub unhealthy: i64,
    /// Checked for the first time.
    pub initial: i64,
    /// On their way out.
    pub draining: i64,
    /// Their load balancer does not use them, or nothing is known.
    unknown: i64,
    /// One text for each: id, port, state, reason.
    pub words: Vec<String>,
    /// What the unhealthy ones say, and how many say it.
    complaints: BTreeMap<String, usize>,
    /// What those say of which nothing is known.
    doubt: Option<String>,
}

impl Targets {
    /// Counts them.
    pub fn new(targets: &[TargetHealthDescription]) -> Self {
        let mut counted = Self::default();
        for target in targets {
            counted.count(target);
        }
        counted
    }

    fn count(&mut self, described: &TargetHealthDescription) {
        let health = described.target_health();
        let state = health.and_then(|health| health.state());
        match state {
            Some(TargetHealthStateEnum::Healthy) => self.healthy += 1,
            Some(TargetHealthStateEnum::Unhealthy) => {
                self.unhealthy += 1;
                *self.complaints.entry(complaint(described)).or_default() += 1;
            }
            Some(TargetHealthStateEnum::Initial) => self.initial += 1,
            Some(TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining) => self.draining += 1,
            // Not checked by choice: traffic goes to it.
            Some(TargetHealthStateEnum::Unavailable)
                if health.and_then(|health| health.reason()) == Some(&TargetHealthReasonEnum::HealthCheckDisabled) =>
            {
                self.healthy += 1;
            }
            _ => {
                self.unknown += 1;
                self.doubt.get_or_insert_with(|| complaint(described));
            }
        }
        let target = described.target();
        let id = target.and_then(|target| target.id()).unwrap_or_default();
        let port = target.and_then(TargetDescription::port).map(|port| format!(":{port}")).unwrap_or_default();
        let state = state.map_or("unknown", TargetHealthStateEnum::as_str);
        self.words.push(format!("{id}{port} {state} {}", why(described)).trim_end().to_owned());
    }

    /// Targets that should take traffic.
    pub const fn total(&self) -> i64 {
        self.healthy + self.unhealthy + self.initial + self.unknown
    }

    /// What that makes of a group, which a load balancer uses or not.
    pub fn verdict(&self, in_use: bool) -> Verdict {
        let total = self.total();
        if self.unhealthy > 0 {
            let health = if self.healthy == 0 { Health::Failed } else { Health::Degraded };
            let why = self.complaint().map(|words| format!(": {words}")).unwrap_or_default();
            return (health, format!("{} of {total} unhealthy{why}", self.unhealthy));
        }
        if !in_use {
            return (Health::Unknown, "no load balancer uses it".to_owned());
        }
        if total == 0 {
            let draining = if self.draining > 0 { format!(" ({} draining)", self.draining) } else { String::new() };
            // A page for maintenance and the other half of a blue and green pair wait empty; what should be in use and is
            // empty shows as a sick service.
            return (Health::Unknown, format!("no targets{draining}"));
        }
        if self.initial > 0 {
            return (Health::Progressing, format!("{} of {total} are checked for the first time", self.initial));
        }
        if self.unknown > 0 {
            let doubt = self.doubt.as_deref().filter(|doubt| !doubt.is_empty()).map(|doubt| format!(": {doubt}"));
            return (
                Health::Unknown,
                format!("{} of {total} of unknown health{}", self.unknown, doubt.unwrap_or_default()),
            );
        }
        if self.draining > 0 {
            return (Health::Ok, format!("{} draining", self.draining));
        }
        fine()
    }

    /// What most of the unhealthy ones say.
    pub fn complaint(&self) -> Option<&str> {
        let commonest = self.complaints.iter().max_by_key(|(_, count)| **count).map(|(words, _)| words.as_str());
        commonest.filter(|words| !words.is_empty())
    }
}

/// The reason in words, or its code where there are none.
fn complaint(described: &TargetHealthDescription) -> String {
    let health = described.target_health();
    let code = health.and_then(|health| health.reason()).map(TargetHealthReasonEnum::as_str);
    health.and_then(|health| health.description()).or(code).unwrap_or_default().to_owned()
}

/// The reason's code and description.
fn why(described: &TargetHealthDescription) -> String {
    let health = described.target_health();
    let reason = health.and_then(|health| health.reason()).map(TargetHealthReasonEnum::as_str);
    let words = [reason, health.and_then(|health| health.description())];
    words.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::TargetHealth;
    use rstest::rstest;

    use super::*;

    fn target(words: &str) -> TargetHealthDescription {
        let (state, reason) = words.split_once(' ').unwrap_or((words, ""));
        let (reason, description) = reason.split_once(": ").unwrap_or((reason, ""));
        let health = TargetHealth::builder()
            .state(TargetHealthStateEnum::from(state))
            .set_reason((!reason.is_empty()).then(|| TargetHealthReasonEnum::from(reason)))
            .set_description((!description.is_empty()).then(|| description.to_owned()));
        let target = TargetDescription::builder().id("10.0.1.5").port(8080).build();
        TargetHealthDescription::builder().target(target).target_health(health.build()).build()
    }

    const MISMATCH: &str = "unhealthy Target.ResponseCodeMismatch: Health checks failed with these codes: [502]";

    #[rstest]
    #[case(&["healthy", "healthy"], true, Health::Ok, "")]
    #[case(&["healthy", "draining"], true, Health::Ok, "1 draining")]
    #[case(&["healthy", "initial Elb.RegistrationInProgress"], true, Health::Progressing, "1 of 2 are checked for the first time")]
    #[case(&[], true, Health::Unknown, "no targets")]
    #[case(&["draining"], true, Health::Unknown, "no targets (1 draining)")]
    #[case(&[], false, Health::Unknown, "no load balancer uses it")]
    #[case(&["unused Target.NotInUse"], true, Health::Unknown, "1 of 1 of unknown health: Target.NotInUse")]
    #[case(&["unavailable Target.HealthCheckDisabled"], true, Health::Ok, "")]
    #[case(&["unavailable Elb.InternalError"], true, Health::Unknown, "1 of 1 of unknown health: Elb.InternalError")]
    #[case(&["unhealthy Target.Timeout"], true, Health::Failed, "1 of 1 unhealthy: Target.Timeout")]
    #[case(
        &["healthy", "unhealthy Target.Timeout: Request timed out", MISMATCH, MISMATCH],
        true,
        Health::Degraded,
        "3 of 4 unhealthy: Health checks failed with these codes: [502]"
    )]
    fn verdicts(#[case] targets: &[&str], #[case] in_use: bool, #[case] health: Health, #[case] reason: &str) {
        let targets: Vec<_> = targets.iter().map(|words| target(words)).collect();
        assert_eq!(Targets::new(&targets).verdict(in_use), (health, reason.to_owned()));
    }

    #[test]
    fn every_target_is_told() {
        let targets = Targets::new(&[target("unhealthy Target.Timeout: Request timed out"), target("healthy")]);
        assert_eq!(
            targets.words,
            ["10.0.1.5:8080 unhealthy Target.Timeout: Request timed out", "10.0.1.5:8080 healthy"]
        );
    }
}
