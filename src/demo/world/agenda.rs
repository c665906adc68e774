//! What is going to happen in an account and when. Acts are carried out at their own instant, so that it does not matter
//! how often the clock is looked at. It must not know what the acts do.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::sim::DatabaseStep;
use super::stories::Beat;

/// Something that is going to happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// The service scheduler looks at a service.
    Reconcile { cluster: String, service: String },
    /// A task takes its next step.
    Task { cluster: String, task: String, step: TaskStep },
    /// An instance of an Auto Scaling group takes its next step.
    Instance { group: String, instance: String, step: InstanceStep },
    /// A target that a cluster has registered takes its next step.
    Target { group: String, id: String, step: TargetStep },
    /// A snapshot gets on.
    Snapshot { id: String },
    /// A snapshot of a cache is done.
    CacheSnapshot { id: String },
    /// A database comes to its next step.
    Database { id: String, step: DatabaseStep },
    /// A failover is done.
    FailedOver { cluster: String, writer: String },
    /// Every alarm is evaluated.
    Alarms,
    /// What is past keeping goes; clocks such as the latest restorable time move.
    Tidy,
    /// Somebody does something of no consequence.
    Stir,
    /// A story goes on.
    Story(Beat),
}

/// What a task comes to next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskStep {
    Pending,
    Running,
    Healthy,
    /// It fails as its task definition's fate has it.
    Fail,
    /// Its connections are drained: it gets the signal.
    Signal,
    Deprovision,
    Stopped,
}

/// What an instance comes to next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstanceStep {
    InService,
    Sicken,
    Replace,
    Terminated,
}

/// What a target comes to next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetStep {
    Healthy,
    Drained,
}

/// Acts by the instant they are due, in the order they were written down.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Agenda {
    acts: BTreeMap<(Timestamp, u64), Act>,
    written: u64,
}

impl Agenda {
    pub(super) fn add(&mut self, at: Timestamp, act: Act) {
        self.acts.insert((at, self.written), act);
        self.written += 1;
    }

    /// When the first act is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.acts.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the first act that is due by `now`.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<(Timestamp, Act)> {
        let entry = self.acts.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let at = entry.key().0;
        Some((at, entry.remove()))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.acts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_come_when_due_in_the_order_written() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut agenda = Agenda::default();
        agenda.add(at(20), Act::Alarms);
        agenda.add(at(10), Act::Tidy);
        agenda.add(at(10), Act::Stir);
        assert_eq!(agenda.due(at(9)), None);
        assert_eq!(agenda.due(at(30)), Some((at(10), Act::Tidy)));
        assert_eq!(agenda.due(at(30)), Some((at(10), Act::Stir)));
        assert_eq!(agenda.due(at(19)), None);
        assert_eq!(agenda.len(), 1);
    }
}
