//! The kinds of resources: one file each. A kind says what its columns are, how it is listed, what its health is and why, what
//! it relates to, which metrics and logs belong to it. Everything else (palette, table, sorting, JSON, help) follows from its
//! [`KindDef`]. Kinds know providers and the model, nothing of the screen.

pub mod alarm;
pub mod asg;
pub mod changes;
mod columns;
pub mod configmap;
pub mod cronjob;
pub mod daemonset;
mod database;
pub mod deployment;
mod dimensions;
pub mod ecs;
pub mod ecs_cluster;
pub mod ecs_service;
pub mod ecs_task;
pub mod ecs_task_definition;
pub mod eks_cluster;
pub mod elasticache;
pub mod elb;
pub mod firing;
pub mod hpa;
pub mod ingress;
pub mod job;
pub mod k8s;
pub mod k8s_certificate;
pub mod k8s_event;
pub mod k8s_node;
pub mod k8s_object;
pub mod k8s_resource;
pub mod k8s_secret;
pub mod k8s_service;
pub mod load_balancer;
pub mod log_group;
pub mod logs;
pub mod metrics;
pub mod namespace;
pub mod parts;
pub mod pod;
pub mod pvc;
pub mod rds_cluster;
pub mod rds_instance;
pub mod rds_snapshot;
pub mod replicaset;
pub mod statefulset;
pub mod target_group;
pub mod terraform;
pub mod terraform_lock;
pub mod terraform_state;
pub mod titles;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::model::{
    Detail, Environment, Fault, KindId, LogSource, MetricSpec, Query, Resource, ResourceId, Scope, Value,
};
use crate::providers::{Env, Environments};

/// An operation of a provider, as `service:Operation` in IAM's spelling, such as `ecs:ListServices`.
pub type Op = &'static str;

/// How a column stands in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// In every table; the lowest numbers stay longest where room is short.
    Table(u8),
    /// Only in details, JSON and CSV.
    Data,
}

/// One column of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in filters, JSON and CSV: lower case with underscores.
    pub id: &'static str,
    /// Title on the screen, short.
    pub title: &'static str,
    /// Least and most characters that make sense.
    pub width: (u16, u16),
    /// Numbers are set to the right.
    pub right: bool,
    /// Where it is shown.
    pub show: Show,
    /// One line for the help and the docs.
    pub doc: &'static str,
}

impl Column {
    /// A column of text.
    pub const fn text(id: &'static str, title: &'static str, width: (u16, u16), show: Show, doc: &'static str) -> Self {
        Self { id, title, width, right: false, show, doc }
    }

    /// A column of numbers.
    pub const fn number(id: &'static str, title: &'static str, width: u16, show: Show, doc: &'static str) -> Self {
        Self { id, title, width: (width, width), right: true, show, doc }
    }
}

/// What a resource leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// The word in the detail, such as `tasks` or `target group`.
    pub label: &'static str,
    /// A list or a detail to open.
    pub query: Query,
    /// Shows only those of a list whose `column:value` filter matches.
    pub filter: Option<String>,
}

/// Which of the bridge's panes shows a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BridgePane {
    /// ECS clusters, EKS clusters, auto scaling groups.
    Clusters,
    /// Services.
    Services,
    /// Databases and caches.
    Databases,
    /// Alarms.
    Alarms,
}

impl BridgePane {
    /// All of them, in the order of the bridge.
    pub const ALL: [Self; 4] = [Self::Clusters, Self::Services, Self::Databases, Self::Alarms];

    /// Its title, which is also the word for all that stands in it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Services => "services",
            Self::Databases => "databases",
            Self::Alarms => "alarms",
        }
    }

    /// The kinds that stand in it, in the order of the palette.
    pub fn kinds(self) -> impl Iterator<Item = &'static KindDef> {
        ALL.iter().copied().filter(move |kind| kind.pane == Some(self))
    }

    /// The pane of this word.
    pub fn by_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pane| pane.word() == word)
    }
}

/// Where a kind's rows go while they are fetched: page by page, so that a count can be shown.
pub trait Sink: Send + Sync {
    /// Takes a page of rows.
    fn page(&self, rows: Vec<Resource>);

    /// One of several places could not be read: what is there is missing among the rows, and hides none of the others.
    fn lacks(&self, fault: Fault);

    /// Whether somebody looks at them: else what they are made of is read, and not watched on.
    fn is_seen(&self) -> bool {
        true
    }

    /// The server names the titles of the kind's columns.
    fn titles(&self, _: Arc<[Arc<str>]>) {}
}

/// What a kind lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// An AWS account. It is polled.
    Aws,
    /// The Kubernetes clusters of an environment. A list stands on the types of these plurals, which are watched: it is made anew
    /// when one of them has moved.
    Kubernetes(&'static [&'static str]),
}

/// What a question to a provider ends in.
pub type Asked<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// A kind of resource.
pub struct KindDef {
    /// Id, such as `ecs-service`.
    pub id: KindId,
    /// What a list of them is called, such as `services`; also accepted as an alias.
    pub title: &'static str,
    /// Further names in the palette and on the command line (`svc`).
    pub aliases: &'static [&'static str],
    /// One line for the help and the docs.
    pub doc: &'static str,
    /// What it lives in.
    pub system: System,
    /// The pane of the bridge it stands in.
    pub pane: Option<BridgePane>,
    /// Its own columns; health, name, environment, region and reason come with every kind.
    pub columns: &'static [Column],
    /// Operations it may call. The read guard lets only these pass.
    pub reads: &'static [Op],
    /// How often a list on screen is asked for again.
    pub cadence: Duration,
    /// Lists them: all in the region, or those within another resource. Follows every page.
    pub list: for<'a> fn(&'a Env, Option<&'a ResourceId>, &'a dyn Sink) -> Asked<'a, ()>,
    /// The detail of one, read afresh.
    pub detail: for<'a> fn(&'a Env, &'a ResourceId) -> Asked<'a, Detail>,
    /// The raw JSON of one as the provider sent it, pretty.
    pub raw: for<'a> fn(&'a Env, &'a ResourceId) -> Asked<'a, String>,
    /// What it leads to; the first is where Enter goes when it is more telling than the detail.
    pub relations: fn(&Resource) -> Vec<Relation>,
    /// The metrics worth a sparkline and a chart.
    pub metrics: fn(&Resource) -> Vec<MetricSpec>,
    /// Where its logs are. It may have to ask (a service's task definition names its groups).
    pub logs: for<'a> fn(&'a Env, &'a ResourceId) -> Asked<'a, Vec<LogSource>>,
    /// Whether `logs` can find anything at all.
    pub has_logs: bool,
    /// Path of the resource in the AWS console, below `https://REGION.console.aws.amazon.com/`.
    pub console: fn(&Resource) -> Option<String>,
}

impl KindDef {
    /// The position of a column.
    pub fn column(&self, id: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.id == id)
    }

    /// A cell of one of its resources by column id.
    pub fn cell<'a>(&self, resource: &'a Resource, id: &str) -> Option<&'a Value> {
        resource.cells.get(self.column(id)?)
    }

    /// What it is asked with. What lives in Kubernetes does not wait until AWS says who answers.
    pub async fn env(&self, access: &Environments, scope: &Scope) -> Result<Arc<Env>, Fault> {
        match self.system {
            System::Aws => access.env(&scope.region_scope()).await,
            System::Kubernetes(_) => access.kube_env(&scope.region_scope()).await,
        }
    }

    /// Whether there can be any in this environment.
    pub fn concerns(&self, environment: &Environment) -> bool {
        !(environment.without_aws && self.system == System::Aws)
    }

    /// Whether a list of all of them makes sense: objects of any type are listed by their type.
    pub fn stands_alone(&self) -> bool {
        self.id != k8s_object::DEF.id
    }

    /// Whether this word names it.
    pub fn is_called(&self, word: &str) -> bool {
        self.id == word || self.title == word || self.aliases.contains(&word)
    }
}

/// For kinds without logs of their own.
pub fn no_logs<'a>(_: &'a Env, _: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async { Ok(Vec::new()) })
}

/// The query for a list.
pub fn list_of(scope: &Scope, kind: KindId, within: Option<Arc<ResourceId>>) -> Query {
    Query::List { scope: scope.region_scope(), kind, within }
}

/// Every kind, in the order of the palette.
pub const ALL: &[&KindDef] = &[
    &ecs_cluster::DEF,
    &ecs_service::DEF,
    &ecs_task::DEF,
    &ecs_task_definition::DEF,
    &eks_cluster::DEF,
    &asg::DEF,
    &rds_instance::DEF,
    &rds_cluster::DEF,
    &rds_snapshot::DEF,
    &elasticache::DEF,
    &alarm::DEF,
    &load_balancer::DEF,
    &target_group::DEF,
    &log_group::DEF,
    &terraform_lock::DEF,
    &terraform_state::DEF,
    &deployment::DEF,
    &statefulset::DEF,
    &daemonset::DEF,
    &replicaset::DEF,
    &pod::DEF,
    &k8s_node::DEF,
    &namespace::DEF,
    &k8s_service::DEF,
    &ingress::DEF,
    &hpa::DEF,
    &pvc::DEF,
    &configmap::DEF,
    &k8s_secret::DEF,
    &k8s_certificate::DEF,
    &k8s_resource::DEF,
    &k8s_object::DEF,
    &job::DEF,
    &cronjob::DEF,
    &k8s_event::DEF,
];

/// Every operation that anything in this room calls, each once. The read guard lets these pass, and besides them only what the
/// providers call themselves.
pub fn reads() -> Vec<Op> {
    let of_kinds = ALL.iter().flat_map(|kind| kind.reads);
    let mut all: Vec<Op> = of_kinds
        .chain(metrics::READS)
        .chain(logs::READS)
        .chain(changes::READS.iter().copied().flatten())
        .copied()
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The kind of this id.
pub fn by_id(id: &str) -> Option<&'static KindDef> {
    ALL.iter().copied().find(|kind| kind.id == id)
}

/// The kind that this word names, by id, title or alias.
pub fn by_word(word: &str) -> Option<&'static KindDef> {
    ALL.iter().copied().find(|kind| kind.is_called(word))
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
