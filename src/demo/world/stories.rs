//! What happens in the estate beyond its everyday life: releases, scaling, snapshots, launches that fail. The seeds write
//! beats on an account's agenda; here they are played, and those that come again are written down anew.

use serde_json::Value;

use super::account::Account;
use super::agenda::Act;
use super::model::{Fate, Word};
use super::people;
use super::sim::terraform::Pipeline;
use super::sim::{Actor, Call, Release};

/// Something that happens in a story.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Beat {
    Release(Box<Release>),
    Rescale {
        cluster: String,
        service: String,
        desired: i32,
        by: &'static Actor,
    },
    /// A pipeline releases one of the services after another, for ever.
    Rolling {
        cluster: String,
        services: Vec<String>,
        turn: usize,
        every: i64,
    },
    /// A service is scaled out and in again by its policy, for ever.
    Breathe {
        cluster: String,
        service: String,
        counts: (i32, i32),
        every: i64,
    },
    /// A snapshot of a database; `every` so many seconds, if it comes again.
    Snapshot {
        source: String,
        prefix: String,
        kind: Word,
        every: Option<i64>,
        by: &'static Actor,
    },
    /// Another image is pushed under a tag that is in use.
    Push {
        repository: &'static str,
        tag: &'static str,
        fate: Fate,
        by: &'static Actor,
    },
    /// An instance can't be had, for ever.
    NoCapacity {
        group: String,
        instance_type: String,
        zones: Vec<String>,
        every: i64,
    },
    /// A pipeline applies a Terraform state; with its lock, where the run has begun.
    Apply(Box<Pipeline>, Option<String>),
    /// Somebody makes a call.
    Did {
        by: &'static Actor,
        source: Word,
        name: &'static str,
        resource: (Word, String),
        request: Value,
    },
}

impl Account {
    pub(super) fn play(&mut self, beat: Beat) {
        match beat {
            Beat::Release(release) => self.release(&release),
            Beat::Rescale { cluster, service, desired, by } => self.rescale(&cluster, &service, desired, by),
            Beat::Rolling { cluster, services, turn, every } => self.roll(cluster, services, turn, every),
            Beat::Breathe { cluster, service, counts, every } => {
                self.rescale(&cluster, &service, counts.0, &people::SERVICE_SCALING);
                let counts = (counts.1, counts.0);
                self.later(every, Act::Story(Beat::Breathe { cluster, service, counts, every }));
            }
            Beat::Snapshot { source, prefix, kind, every, by } => self.snap(source, prefix, kind, every, by),
            Beat::Push { repository, tag, fate, by } => self.push_again(repository, tag, fate, by),
            Beat::NoCapacity { group, instance_type, zones, every } => {
                let zone = self.dice.pick(&zones).clone();
                if self.lacks_instances(&group) {
                    self.launch_fails(&group, &instance_type, &zone);
                }
                self.later(every, Act::Story(Beat::NoCapacity { group, instance_type, zones, every }));
            }
            Beat::Apply(pipeline, None) => self.begin_apply(pipeline),
            Beat::Apply(pipeline, Some(lock)) => self.end_apply(pipeline, &lock),
            Beat::Did { by, source, name, resource, request } => {
                self.record(by, Call { source, name, resources: vec![resource], request, error: None });
            }
        }
    }

    fn roll(&mut self, cluster: String, services: Vec<String>, turn: usize, every: i64) {
        if let Some(service) = services.get(turn % services.len().max(1)) {
            let minor = 40 + turn;
            let release = Release {
                cluster: cluster.clone(),
                service: service.clone(),
                tag: format!("2.{minor}.0-{}", self.dice.hex(7)),
                fate: Fate::Well,
                drops_secret: None,
                by: &people::GITHUB,
            };
            self.release(&release);
        }
        self.later(every, Act::Story(Beat::Rolling { cluster, services, turn: turn + 1, every }));
    }

    fn snap(&mut self, source: String, prefix: String, kind: Word, every: Option<i64>, by: &'static Actor) {
        let id = format!("{prefix}{}", self.now.strftime("%Y-%m-%d-%H-%M"));
        if kind == "manual" {
            let cluster = self.db_clusters.contains_key(&source);
            let (name, what) = if cluster {
                ("CreateDBClusterSnapshot", "AWS::RDS::DBClusterSnapshot")
            } else {
                ("CreateDBSnapshot", "AWS::RDS::DBSnapshot")
            };
            let request = serde_json::json!({ "snapshotIdentifier": id, "sourceIdentifier": source });
            let resources = vec![(what, id.clone())];
            self.record(by, Call { source: "rds.amazonaws.com", name, resources, request, error: None });
        }
        self.begin_snapshot(&id, &source, kind);
        if let Some(seconds) = every {
            self.later(seconds, Act::Story(Beat::Snapshot { source, prefix, kind, every, by }));
        }
    }
}
