//! Databases: snapshots get on, events accrue, restorable times move.

use crate::demo::world::account::Account;
use crate::demo::world::agenda::Act;
use crate::demo::world::model::{DbSnapshot, RdsEvent, Word};
use crate::demo::world::signal::after;

/// Seconds between two steps of a snapshot, and percent done in one.
const STEP: i64 = 30;
const PERCENT: i32 = 4;

impl Account {
    /// Begins a snapshot of an instance or a cluster.
    pub fn begin_snapshot(&mut self, id: &str, source: &str, kind: Word) {
        let Some(mut snapshot) = self.snapshot_of(id, source, kind) else {
            return;
        };
        snapshot.status = "creating";
        snapshot.percent_progress = 0;
        snapshot.created_at = None;
        let what = if snapshot.cluster { "db-cluster-snapshot" } else { "db-snapshot" };
        let made = if kind == "manual" { "Manual" } else { "Automated" };
        let text = if snapshot.cluster {
            format!("Creating {} cluster snapshot", made.to_lowercase())
        } else {
            format!("Creating {} snapshot", made.to_lowercase())
        };
        self.rds_event(what, id, &text, &["creation"]);
        if !snapshot.cluster {
            self.set_instance_status(source, "backing-up");
            self.rds_event("db-instance", source, "Backing up DB instance", &["backup"]);
        }
        self.db_snapshots.insert(id.to_owned(), snapshot);
        self.later(STEP, Act::Snapshot { id: id.to_owned() });
    }

    pub(super) fn snapshot_step(&mut self, id: &str) {
        let Some(snapshot) = self.db_snapshots.get_mut(id) else {
            return;
        };
        snapshot.percent_progress = (snapshot.percent_progress + PERCENT).min(100);
        if snapshot.percent_progress < 100 {
            self.later(STEP, Act::Snapshot { id: id.to_owned() });
            return;
        }
        snapshot.status = "available";
        snapshot.created_at = Some(snapshot.started_at);
        let (cluster, source, kind) = (snapshot.cluster, snapshot.source.clone(), snapshot.snapshot_type);
        let made = if kind == "manual" { "Manual" } else { "Automated" };
        if cluster {
            self.rds_event("db-cluster-snapshot", id, &format!("{made} cluster snapshot created"), &["backup"]);
        } else {
            self.rds_event("db-snapshot", id, &format!("{made} snapshot created"), &["creation"]);
            self.rds_event("db-instance", &source, "Finished DB Instance backup", &["backup"]);
            self.set_instance_status(&source, "available");
        }
        self.forget_snapshots(&source, kind);
    }

    /// A finished snapshot of an instance or a cluster, taken now; `None` when there is no such database.
    pub(in crate::demo::world) fn snapshot_of(&self, id: &str, source: &str, kind: Word) -> Option<DbSnapshot> {
        let cluster = self.db_clusters.get(source);
        let instance = match cluster {
            Some(cluster) => self.db_instances.get(&cluster.members.first()?.instance)?,
            None => self.db_instances.get(source)?,
        };
        let resource = if cluster.is_some() { "cluster-snapshot" } else { "snapshot" };
        Some(DbSnapshot {
            id: id.to_owned(),
            arn: self.arn("rds", &format!("{resource}:{id}")),
            cluster: cluster.is_some(),
            source: source.to_owned(),
            snapshot_type: kind,
            status: "available",
            percent_progress: 100,
            engine: instance.engine,
            engine_version: instance.engine_version.clone(),
            allocated_storage: instance.allocated_storage,
            storage_type: instance.storage_type,
            encrypted: instance.storage_encrypted,
            port: instance.port,
            availability_zone: instance.availability_zone.clone(),
            vpc_id: instance.vpc_id.clone(),
            master_username: instance.master_username.clone(),
            created_at: Some(self.now),
            started_at: self.now,
            source_created_at: cluster.map_or(instance.created_at, |cluster| cluster.created_at),
            tags: instance.tags.clone(),
        })
    }

    /// Keeps the last snapshots of a source: more would never end.
    fn forget_snapshots(&mut self, source: &str, kind: Word) {
        let own = self.db_snapshots.values().filter(|s| s.source == source && s.snapshot_type == kind);
        let mut ages: Vec<_> = own.map(|snapshot| (snapshot.started_at, snapshot.id.clone())).collect();
        ages.sort();
        let surplus = ages.len().saturating_sub(9);
        for (_, id) in ages.into_iter().take(surplus) {
            self.db_snapshots.remove(&id);
        }
    }

    pub(super) fn set_instance_status(&mut self, id: &str, status: Word) {
        if let Some(instance) = self.db_instances.get_mut(id) {
            instance.status = status;
        }
    }

    /// Notes an RDS event, now.
    pub(in crate::demo::world) fn rds_event(&mut self, kind: Word, id: &str, message: &str, categories: &[Word]) {
        let resource = match kind {
            "db-instance" => "db",
            "db-cluster" => "cluster",
            "db-snapshot" => "snapshot",
            _ => "cluster-snapshot",
        };
        self.rds_events.push_back(RdsEvent {
            source_id: id.to_owned(),
            source_type: kind,
            source_arn: self.arn("rds", &format!("{resource}:{id}")),
            message: message.to_owned(),
            categories: categories.to_vec(),
            at: self.now,
        });
    }

    /// Moves the latest restorable times.
    pub(super) fn databases_go_on(&mut self) {
        let latest = after(self.now, -240);
        for instance in self.db_instances.values_mut() {
            if let Some(time) = &mut instance.latest_restorable_time {
                *time = latest;
            }
        }
        for cluster in self.db_clusters.values_mut() {
            cluster.latest_restorable_time = latest;
        }
    }
}
