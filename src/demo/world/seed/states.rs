//! Terraform states of what the environments are made of, their buckets and lock tables, and locks that somebody has left behind.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::DAY;
use crate::demo::world::account::Account;
use crate::demo::world::model::{Bucket, EcsService, StateBackend, Table};
use crate::demo::world::signal::after;
use crate::demo::world::sim::md5;
use crate::demo::world::sim::terraform::{Pipeline, VERSION, lock_text, uuid};
use crate::demo::world::stories::Beat;

/// Seconds between two of a pipeline's runs, how many of them one takes, and from the estate's start to the one under way then.
const EVERY: i64 = 25 * 60;
const TAKES: i64 = 12 * 60;
const UNDER_WAY: i64 = -100;

/// Where a state is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) bucket: &'a str,
    pub(super) table: Option<&'a str>,
    pub(super) key: &'a str,
}

impl Account {
    /// A bucket for states, with versioning as everybody is told to have it.
    pub(super) fn add_bucket(&mut self, name: &str) {
        let bucket = Bucket { name: name.to_owned(), versioned: true, objects: BTreeMap::new() };
        self.buckets.insert(name.to_owned(), bucket);
    }

    /// A table that Terraform locks its states in.
    pub(super) fn add_lock_table(&mut self, name: &str) {
        self.add_table(name, "LockID");
    }

    /// A table with a key of text.
    pub(super) fn add_table(&mut self, name: &str, hash_key: &str) {
        let table = Table {
            name: name.to_owned(),
            arn: self.arn("dynamodb", &format!("table/{name}")),
            hash_key: hash_key.to_owned(),
            created_at: after(self.now, -400 * DAY),
            items: BTreeMap::new(),
        };
        self.tables.insert(name.to_owned(), table);
    }

    /// Says in the operators' configuration where the states are.
    pub(super) fn keeps_states(&mut self, bucket: &str, table: Option<&str>) {
        let table = table.map(str::to_owned);
        let lockfile = table.is_none();
        self.backends.push(StateBackend { bucket: bucket.to_owned(), table, lockfile, ..StateBackend::default() });
    }

    /// A state of what is in the account, in as many versions as there were days on which it was changed.
    pub(super) fn add_state(&mut self, place: Place<'_>, serial: i64, changed_days_ago: &[i64]) {
        let lineage = uuid(self.seed, &format!("lineage of {}/{}", place.bucket, place.key));
        let (resources, outputs) = (self.resources(), self.outputs());
        for (nth, days) in changed_days_ago.iter().enumerate() {
            let left = changed_days_ago.len() - 1 - nth;
            // Each change brought one thing more.
            let there = &resources[..resources.len().saturating_sub(left)];
            let state = json!({
                "version": 4, "terraform_version": VERSION, "serial": serial - left as i64, "lineage": lineage,
                "outputs": outputs, "resources": there, "check_results": null,
            });
            let body = format!("{state:#}\n");
            self.days_ago(*days, |account| {
                account.put_object(place.bucket, place.key, &body, "application/json").is_some()
            });
            if let Some(table) = place.table {
                self.note_digest(table, &format!("{}/{}", place.bucket, place.key), &md5(&body));
            }
        }
    }

    /// A lock that a run took so many seconds before `start` and never released.
    pub(super) fn leave_lock(&mut self, start: Timestamp, place: Place<'_>, (who, seconds): (&str, i64)) {
        let path = format!("{}/{}", place.bucket, place.key);
        let created = after(start, -seconds);
        let id = uuid(self.seed, &format!("lock of {path}"));
        let text = lock_text(&id, "OperationTypeApply", who, created, &path);
        if let Some(table) = place.table {
            let item = json!({ "LockID": { "S": path }, "Info": { "S": text } });
            self.put_item(table, item.as_object().cloned().unwrap_or_default());
        } else {
            let now = std::mem::replace(&mut self.now, created);
            self.put_object(place.bucket, &format!("{}.tflock", place.key), &text, "application/json");
            self.now = now;
        }
    }

    /// A pipeline that applies this state every now and then, and does at `start`.
    pub(super) fn apply_often(&mut self, start: Timestamp, bucket: &str, table: &str, key: &str) {
        let who = "terraform-ci@ip-10-0-4-23".to_owned();
        let [bucket, table, key] = [bucket, table, key].map(str::to_owned);
        let pipeline = Pipeline { bucket, table, key, who, every: EVERY, takes: TAKES };
        self.on(start, UNDER_WAY, Beat::Apply(Box::new(pipeline), None));
    }

    /// What Terraform made here, as its states tell it.
    fn resources(&self) -> Vec<Value> {
        let mut resources = Vec::new();
        let mut add = |sort: &str, name: &str, attributes: Value, secrets: &[&str]| {
            resources.push(resource(sort, name, &attributes, secrets));
        };
        for cluster in self.ecs_clusters.values() {
            add(
                "aws_ecs_cluster",
                &cluster.name,
                json!({ "id": cluster.arn, "arn": cluster.arn, "name": cluster.name }),
                &[],
            );
            for service in cluster.services.values() {
                add("aws_ecs_service", &service.name, service_attributes(service), &[]);
            }
        }
        for one in self.load_balancers.values() {
            add("aws_lb", &one.name, json!({ "id": one.arn, "arn": one.arn, "name": one.name }), &[]);
        }
        for one in self.db_clusters.values() {
            let attributes =
                json!({ "id": one.id, "cluster_identifier": one.id, "engine_version": one.engine_version });
            add("aws_rds_cluster", &one.id, attributes, &[]);
        }
        for one in self.db_instances.values() {
            let password = format!("pw-{}", uuid(self.seed, &one.id));
            let attributes =
                json!({ "id": one.id, "identifier": one.id, "username": one.master_username, "password": password });
            add("aws_db_instance", &one.id, attributes, &["password"]);
        }
        for one in self.auto_scaling_groups.values() {
            add(
                "aws_autoscaling_group",
                &one.name,
                json!({ "id": one.name, "name": one.name, "max_size": one.max_size }),
                &[],
            );
        }
        for one in self.eks_clusters.values() {
            add("aws_eks_cluster", &one.name, json!({ "id": one.name, "name": one.name, "arn": one.arn }), &[]);
        }
        resources
    }

    fn outputs(&self) -> Value {
        let mut outputs = serde_json::Map::new();
        if let Some(balancer) = self.load_balancers.values().next() {
            outputs.insert("load_balancer_dns".to_owned(), json!({ "value": balancer.dns_name, "type": "string" }));
        }
        if let Some(database) = self.db_instances.values().next() {
            let url =
                format!("postgres://{}:{}@{}", database.master_username, uuid(self.seed, "url"), database.endpoint);
            outputs.insert("database_url".to_owned(), json!({ "value": url, "type": "string", "sensitive": true }));
        }
        outputs.insert("region".to_owned(), json!({ "value": self.region, "type": "string" }));
        Value::Object(outputs)
    }
}

fn service_attributes(service: &EcsService) -> Value {
    json!({
        "id": service.arn, "name": service.name, "cluster": service.cluster_arn, "desired_count": service.desired_count,
        "task_definition": service.task_definition, "launch_type": service.launch_type,
    })
}

fn resource(sort: &str, name: &str, attributes: &Value, secrets: &[&str]) -> Value {
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_");
    let paths: Vec<Value> = secrets.iter().map(|secret| json!([{ "type": "get_attr", "value": secret }])).collect();
    json!({
        "mode": "managed", "type": sort, "name": name,
        "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances": [{ "schema_version": 0, "attributes": attributes, "sensitive_attributes": paths }],
    })
}
