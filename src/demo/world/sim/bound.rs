//! Targets that clusters register: a pod that is ready becomes one, and one that is not any more is drained.

use jiff::Timestamp;

use crate::demo::world::account::Account;
use crate::demo::world::agenda::{Act, TargetStep};
use crate::demo::world::kube::Bound;
use crate::demo::world::signal::after;

/// Seconds until a new target has passed its health checks.
const CHECKED: i64 = 30;
/// Seconds for which a target is drained.
const DRAINED: i64 = 300;

impl Account {
    /// Brings target groups in line with what a cluster said at an instant.
    pub(super) fn follow_bound(&mut self, bound: &[Bound], at: Timestamp) {
        for Bound { group, targets } in bound {
            let Some(there) = self.target_group(group).map(|group| group.targets.clone()) else { continue };
            for (address, zone) in targets {
                match there.iter().find(|target| target.id == *address) {
                    Some(target) if target.state != "draining" => continue,
                    Some(_) => self.remove_target(group, address),
                    None => {}
                }
                self.register_target(group, address, zone);
                self.next_of_target(group, address, after(at, CHECKED), TargetStep::Healthy);
            }
            let wanted = |id: &String| targets.iter().any(|(address, _)| address == id);
            for target in there.iter().filter(|target| target.state != "draining" && !wanted(&target.id)) {
                self.drain_target(group, &target.id);
                self.next_of_target(group, &target.id, after(at, DRAINED), TargetStep::Drained);
            }
        }
    }

    fn next_of_target(&mut self, group: &str, id: &str, at: Timestamp, step: TargetStep) {
        self.agenda.add(at, Act::Target { group: group.to_owned(), id: id.to_owned(), step });
    }

    /// Takes a target's step, unless it has gone another way meanwhile.
    pub(super) fn target_step(&mut self, group: &str, id: &str, step: TargetStep) {
        let targets = self.target_group(group).map(|group| group.targets.as_slice()).unwrap_or_default();
        let Some(state) = targets.iter().find(|target| target.id == id).map(|target| target.state) else { return };
        match (step, state) {
            (TargetStep::Healthy, "initial") => self.set_target(group, id, "healthy", None),
            (TargetStep::Drained, "draining") => self.remove_target(group, id),
            _ => {}
        }
    }
}
