//! The regions where an account has nothing.

use std::collections::{BTreeMap, VecDeque};

use crate::demo::world::Account;

/// The same account in another region: empty.
pub fn empty(account: &Account, region: &str) -> Account {
    Account {
        environment: account.environment.clone(),
        id: account.id.clone(),
        alias: account.alias.clone(),
        region: region.to_owned(),
        caller: account.caller.clone(),
        network: account.network.clone(),
        now: account.now,
        ecs_clusters: BTreeMap::new(),
        task_definitions: BTreeMap::new(),
        eks_clusters: BTreeMap::new(),
        auto_scaling_groups: BTreeMap::new(),
        db_instances: BTreeMap::new(),
        db_clusters: BTreeMap::new(),
        db_snapshots: BTreeMap::new(),
        rds_events: VecDeque::new(),
        cache_clusters: BTreeMap::new(),
        replication_groups: BTreeMap::new(),
        load_balancers: BTreeMap::new(),
        target_groups: BTreeMap::new(),
        alarms: BTreeMap::new(),
        alarm_history: VecDeque::new(),
        log_groups: BTreeMap::new(),
        trail: VecDeque::new(),
    }
}
