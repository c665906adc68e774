//! The environments as they are when the estate's past begins: one file each, made with shared builders.
//! Stories are only written on the agenda here; `stories` and `sim` play them.

mod bench;
mod beta9;
mod databases;
mod dhbw;
mod edge;
mod edt;
mod enterprise;
mod kube;
mod lecture;
mod services;
mod shared;
mod starttech;
mod states;
mod tfe;
mod unilux;
mod watch;

pub(super) use bench::{account as bench, kube as bench_kube};

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::account::Account;
use super::agenda::{Act, Agenda};
use super::dice::{Dice, hash, hex};
use super::logs::{Spell, Trouble};
use super::model::{Alarm, AlarmRule, Caller, MetricId, Network};
use super::signal::{Signal, Surge, Wave, after};
use super::stories::Beat;

/// The estate's past begins so many seconds before its start.
pub(super) const HISTORY: i64 = 6 * 3_600;
const DAY: i64 = 86_400;
/// Days before the estate's past in which everything was in its place already.
const LONG_AGO: i64 = 40;

/// Who and where an account is.
pub(super) struct Site<'a> {
    pub(super) environment: &'a str,
    pub(super) id: &'a str,
    pub(super) alias: &'a str,
    pub(super) region: &'a str,
    /// The hour (UTC) in which its customers are busiest.
    pub(super) peak_hour: i64,
}

/// The seven environments, at the beginning of their past.
pub(super) fn estate(seed: u64, start: Timestamp) -> Vec<Account> {
    let makers: [fn(u64, Timestamp) -> Account; 7] = [
        dhbw::account,
        edt::account,
        unilux::account,
        enterprise::account,
        starttech::account,
        beta9::account,
        tfe::account,
    ];
    // Side by side: none knows of the others, and somebody waits for the first frame.
    std::thread::scope(|scope| {
        let accounts = makers.map(|make| scope.spawn(move || make(seed, start)));
        accounts.into_iter().map(|made| made.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// The accounts that are no environments, but that environments keep something in.
pub(super) fn central(seed: u64, start: Timestamp, environments: &[Account]) -> Vec<Account> {
    let customer = environments.iter().find(|account| account.environment == "unilux-prod");
    customer.map(|customer| shared::account(seed, start, customer)).into_iter().collect()
}

/// An account with nothing in it.
pub(super) fn empty(seed: u64, now: Timestamp, site: &Site<'_>) -> Account {
    let own = hash(seed, site.environment);
    let role = "AWSReservedSSO_Operations_8d1f4c0e7a2b9635";
    let user = "noor.haddad@example.com";
    let zone = |letter: char| {
        let zone = format!("{}{letter}", site.region);
        let subnet = format!("subnet-0{}", hex(hash(own, &zone), 16));
        (zone, subnet)
    };
    Account {
        environment: site.environment.to_owned(),
        id: site.id.to_owned(),
        alias: site.alias.to_owned(),
        region: site.region.to_owned(),
        caller: Caller {
            arn: format!("arn:aws:sts::{}:assumed-role/{role}/{user}", site.id),
            user_id: format!("AROA{}:{user}", hex(own, 16).to_uppercase()),
        },
        network: Network {
            vpc_id: format!("vpc-0{}", hex(hash(own, "vpc"), 16)),
            subnets: ['a', 'b', 'c'].map(zone).to_vec(),
            security_group: format!("sg-0{}", hex(hash(own, "sg"), 16)),
        },
        now,
        ecs_clusters: BTreeMap::new(),
        task_definitions: BTreeMap::new(),
        scalable_targets: BTreeMap::new(),
        moved_tags: BTreeMap::new(),
        eks_clusters: BTreeMap::new(),
        kube: BTreeMap::new(),
        auto_scaling_groups: BTreeMap::new(),
        db_instances: BTreeMap::new(),
        db_clusters: BTreeMap::new(),
        db_snapshots: BTreeMap::new(),
        rds_events: VecDeque::new(),
        cache_clusters: BTreeMap::new(),
        cache_snapshots: BTreeMap::new(),
        replication_groups: BTreeMap::new(),
        load_balancers: BTreeMap::new(),
        target_groups: BTreeMap::new(),
        buckets: BTreeMap::new(),
        tables: BTreeMap::new(),
        backends: Vec::new(),
        alarms: BTreeMap::new(),
        alarm_history: VecDeque::new(),
        log_groups: BTreeMap::new(),
        trail: VecDeque::new(),
        peak_hour: site.peak_hour,
        seed: own,
        dice: Dice::new(own),
        agenda: Agenda::default(),
        signals: BTreeMap::new(),
    }
}

/// An account of the estate, at the beginning of its past.
fn begin(seed: u64, start: Timestamp, site: &Site<'_>) -> Account {
    empty(seed, after(start, -HISTORY), site)
}

impl Account {
    /// The same account in another region: empty.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Account {
        let site = Site {
            environment: &self.environment,
            id: &self.id,
            alias: &self.alias,
            region,
            peak_hour: self.peak_hour,
        };
        Account { caller: self.caller.clone(), ..empty(self.seed, self.now, &site) }
    }

    /// Sets the everyday life going once everything is there: alarms, small calls, tidying.
    fn begin_life(&mut self) {
        self.settle_alarms();
        self.later(20, Act::Alarms);
        self.later(60, Act::Tidy);
        self.later(90, Act::Stir);
    }

    /// Gives every alarm the state it came to when it last changed, days ago.
    fn settle_alarms(&mut self) {
        let now = self.now;
        let metric = |alarm: &&Alarm| matches!(alarm.rule, AlarmRule::Metric(_));
        let (metric, composite): (Vec<&Alarm>, Vec<&Alarm>) = self.alarms.values().partition(metric);
        let ages = metric.into_iter().chain(composite).map(|alarm| (alarm.name.clone(), alarm.state_updated_at));
        for (name, changed) in ages.collect::<Vec<_>>() {
            self.now = changed;
            self.settle_alarm(&name);
        }
        self.now = now;
    }

    /// Writes a beat on the agenda, so many seconds from `start` (negative: before it).
    fn on(&mut self, start: Timestamp, seconds: i64, beat: Beat) {
        self.agenda.add(after(start, seconds), Act::Story(beat));
    }

    /// Does something as if it were `days` ago.
    fn days_ago<T>(&mut self, days: i64, act: impl FnOnce(&mut Self) -> T) -> T {
        let now = self.now;
        self.now = after(now, -days * DAY - (self.seed % 20_000) as i64);
        let result = act(self);
        self.now = now;
        result
    }

    /// Does something as if it were so many hours ago.
    fn hours_ago(&mut self, hours: i64, act: impl FnOnce(&mut Self)) {
        let now = self.now;
        self.now = after(now, -hours * 3_600 + (self.seed % 3_000) as i64);
        act(self);
        self.now = now;
    }

    /// Sends metrics to another level for a time: those of that namespace and name with that dimension.
    fn surge(&mut self, namespace: &str, name: &str, about: (&str, &str), surge: &Surge) {
        self.waves(namespace, name, about, |wave| wave.surges.push(surge.clone()));
    }

    /// Sets the most that metrics can come to.
    fn limit(&mut self, namespace: &str, name: &str, about: (&str, &str), most: f64) {
        self.waves(namespace, name, about, |wave| wave.limits.1 = most);
    }

    fn waves(&mut self, namespace: &str, name: &str, about: (&str, &str), change: impl Fn(&mut Wave)) {
        let concerns = |metric: &MetricId| {
            metric.namespace == namespace
                && metric.name == name
                && metric.dimensions.iter().any(|(key, value)| key == about.0 && value == about.1)
        };
        for (metric, signal) in &mut self.signals {
            if let (true, Signal::Wave(wave)) = (concerns(metric), signal) {
                change(wave);
            }
        }
    }
}

/// Trouble that a part of a group's lines tells of from an instant on.
fn spell(from: Timestamp, share: f64, trouble: Trouble) -> Spell {
    Spell { from, until: None, share, trouble, spared: None }
}

/// A level that is reached within some minutes and held.
fn lasting(from: Timestamp, level: f64) -> Surge {
    Surge { from, until: None, ramp: 240, level, every: None }
}
