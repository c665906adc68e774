//! What the operator does through the API, and the record of it: services updated, tasks stopped, capacity set, the actions of
//! alarms switched. Whether it may be done is for the services that take the requests; here it happens.

use serde_json::{Value, json};

use super::deploy::set_desired;
use super::ecs::groups_of;
use super::{Call, MOST_RECORDS};
use crate::demo::world::account::Account;
use crate::demo::world::model::{AlarmHistoryItem, AlarmRule, Word};
use crate::demo::world::people;

/// What shall be another of a service; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceUpdate {
    /// Tasks wanted.
    pub desired: Option<i32>,
    /// ARN of the task definition.
    pub task_definition: Option<String>,
    /// A new deployment, even of the same task definition.
    pub force: bool,
    /// Most that run in a rollout, percent.
    pub maximum_percent: Option<i32>,
    /// Least that is kept healthy in a rollout, percent.
    pub minimum_percent: Option<i32>,
}

impl Account {
    /// Records what the operator did, as CloudTrail would.
    pub fn operated(&mut self, source: Word, name: &'static str, resource: (Word, String), request: Value) {
        self.record(&people::OPERATOR, Call { source, name, resources: vec![resource], request, error: None });
    }

    /// Changes a service, which begins a new deployment where its task definition is another one or where that is forced.
    pub fn update_service(&mut self, cluster: &str, name: &str, update: &ServiceUpdate) {
        self.own(cluster, name);
        let Some(mut service) = self.take_service(cluster, name) else { return };
        let configuration = &mut service.deployment_configuration;
        configuration.maximum_percent = update.maximum_percent.unwrap_or(configuration.maximum_percent);
        configuration.minimum_healthy_percent = update.minimum_percent.unwrap_or(configuration.minimum_healthy_percent);
        if let Some(desired) = update.desired {
            set_desired(&mut service, desired, self.now);
        }
        let wanted = update.task_definition.clone().unwrap_or_else(|| service.task_definition.clone());
        if update.force || wanted != service.task_definition {
            // A deployment none of whose tasks is left is not told of any more.
            service.deployments.retain(|deployment| deployment.running_count + deployment.pending_count > 0);
            self.set_task_definition(&mut service, &wanted);
        }
        self.recount(cluster, &mut service);
        self.put_service(cluster, service);
        self.look_at(cluster, name, 2);
    }

    /// Tells a task to stop because somebody wants it to.
    pub fn stop_task_for(&mut self, cluster: &str, id: &str, reason: &str) {
        let found = self.ecs_clusters.get(cluster);
        let owner = found.and_then(|found| Some(found.task(id)?.group.strip_prefix("service:")?.to_owned()));
        let name = owner.unwrap_or_default();
        self.own(cluster, &name);
        let service = self.ecs_clusters.get(cluster).and_then(|cluster| cluster.services.get(&name));
        let groups = service.map(groups_of).unwrap_or_default();
        self.stop_task(cluster, id, "UserInitiated", reason, &groups);
        self.task_moved(cluster, &name, 4);
    }

    /// Switches the actions of alarms on or off.
    pub fn switch_actions(&mut self, names: &[&str], on: bool) {
        let now = self.now;
        for alarm in self.alarms.values_mut().filter(|alarm| names.contains(&alarm.name.as_str())) {
            alarm.actions_enabled = on;
            alarm.configured_at = now;
            let alarm_type = match alarm.rule {
                AlarmRule::Metric(_) => "MetricAlarm",
                AlarmRule::Composite { .. } => "CompositeAlarm",
            };
            let data = json!({ "version": "1.0", "type": "Update", "updatedAlarm": { "actionsEnabled": on } });
            self.alarm_history.push_front(AlarmHistoryItem {
                alarm: alarm.name.clone(),
                alarm_type,
                at: now,
                item_type: "ConfigurationUpdate",
                summary: format!("Alarm \"{}\" updated", alarm.name),
                data: data.to_string(),
            });
        }
        self.alarm_history.truncate(MOST_RECORDS);
    }
}
