//! How the estate moves: acts are taken from the agenda at their instant and carried out. It must not know what the
//! environments are made of (`seed`) or what happens when (`stories`).

mod alarms;
mod asg;
mod bound;
mod databases;
mod deploy;
mod ecs;
mod images;
mod operate;
mod rds;
mod store;
mod targets;
mod task;
pub(in crate::demo::world) mod terraform;
mod trail;

use jiff::Timestamp;

use super::account::Account;
use super::agenda::Act;
use super::kube::{Bound, Ground};
use super::logs;
use super::model::Word;
use super::signal::{Signal, after};

pub(in crate::demo::world) use databases::DatabaseStep;
pub use databases::{InstanceUpdate, Restored};
pub(super) use deploy::Release;
pub use operate::ServiceUpdate;
pub use store::md5;
pub(super) use targets::balancer_metric;
pub(super) use trail::{Actor, Call};

/// Seconds for which stopped tasks, events and records are kept.
const STOPPED_TASKS: i64 = 3_600;
const RECORDS: i64 = 14 * 24 * 3_600;
/// And how many of them at most.
const MOST_RECORDS: usize = 1_000;
/// Seconds between two rounds of tidying.
pub(super) const TIDY: i64 = 300;

impl Account {
    /// Carries out what is due by `now`.
    pub(super) fn advance_to(&mut self, now: Timestamp) {
        loop {
            // What a cluster does before the next act of the account comes first: its nodes are the account's instances.
            let next = self.agenda.next().filter(|at| *at <= now).unwrap_or(now);
            if let Some((at, bound)) = self.advance_clusters(next) {
                self.now = self.now.max(at);
                self.follow_bound(&bound, at);
                continue;
            }
            let Some((at, act)) = self.agenda.due(now) else { break };
            self.now = self.now.max(at);
            self.carry_out(act);
        }
        self.now = self.now.max(now);
    }

    /// Lets the clusters go on to an instant, or to where one has something to say of the account's target groups.
    fn advance_clusters(&mut self, to: Timestamp) -> Option<(Timestamp, Vec<Bound>)> {
        let ground = Ground { eks: &self.eks_clusters, groups: &self.auto_scaling_groups };
        for cluster in self.kube.values_mut().filter(|cluster| cluster.is_awake()) {
            loop {
                if let Some(bound) = cluster.bound_anew() {
                    return Some((cluster.now, bound));
                }
                if cluster.next().is_none_or(|at| at > to) {
                    break;
                }
                cluster.step(to, &ground);
            }
            cluster.now = cluster.now.max(to);
        }
        None
    }

    fn carry_out(&mut self, act: Act) {
        match act {
            Act::Reconcile { cluster, service } => self.reconcile(&cluster, &service),
            Act::Task { cluster, task, step } => self.task_step(&cluster, &task, step),
            Act::Instance { group, instance, step } => self.instance_step(&group, &instance, step),
            Act::Target { group, id, step } => self.target_step(&group, &id, step),
            Act::Snapshot { id } => self.snapshot_step(&id),
            Act::CacheSnapshot { id } => self.cache_snapshot_done(&id),
            Act::Database { id, step } => self.database_step(&id, step),
            Act::FailedOver { cluster, writer } => self.failed_over(&cluster, &writer),
            Act::Alarms => self.evaluate_alarms(),
            Act::Tidy => self.tidy(),
            Act::Stir => self.stir(),
            Act::Story(beat) => self.play(beat),
        }
    }

    /// Lets go what is past keeping and moves the clocks that databases show.
    fn tidy(&mut self) {
        let now = self.now;
        let stopped = after(now, -STOPPED_TASKS);
        for cluster in self.ecs_clusters.values_mut() {
            cluster.tasks.retain(|_, task| task.stopped_at.is_none_or(|at| at > stopped));
            let tasks = &cluster.tasks;
            for service in cluster.services.values_mut() {
                service.task_ids.retain(|id| tasks.contains_key(id));
            }
        }
        let unread = after(now, -logs::KEPT);
        for group in self.log_groups.values_mut() {
            group.streams.retain(|_, span| span.until.is_none_or(|until| until > unread));
        }
        for signal in self.signals.values_mut() {
            if let Signal::Steps(steps) = signal {
                steps.forget(after(now, -2 * 24 * 3_600));
            }
        }
        let old = after(now, -RECORDS);
        self.trail.truncate(MOST_RECORDS);
        self.alarm_history.truncate(MOST_RECORDS);
        while self.rds_events.front().is_some_and(|event| event.at < old) {
            self.rds_events.pop_front();
        }
        for group in self.auto_scaling_groups.values_mut() {
            group.activities.truncate(MOST_RECORDS / 10);
        }
        self.databases_go_on();
        self.steady_states();
        self.later(TIDY, Act::Tidy);
    }
}

/// The zone of a subnet or anything else that stands in a list, by number.
fn nth<T>(things: &[T], number: u64) -> Option<&T> {
    things.get((number % things.len().max(1) as u64) as usize)
}

/// `RUNNING` tasks are wanted, `STOPPED` ones not.
const RUNNING: Word = "RUNNING";
const STOPPED: Word = "STOPPED";
