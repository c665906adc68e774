//! What can be asked, and what comes back.

use std::sync::Arc;

use super::{Changes, Detail, Fault, Identity, ResourceId, Rows, Scope};

/// Id of a kind, such as `ecs-service`: the registry's own word.
pub type KindId = &'static str;

/// Something that can be asked; the key of the store and of the engine's single flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Query {
    /// Who answers in an environment.
    Identity(Scope),
    /// All resources of a kind in a region, or those within another (the tasks of a service).
    List {
        /// Environment and region.
        scope: Scope,
        /// The kind.
        kind: KindId,
        /// Only those that belong to this resource.
        within: Option<Arc<ResourceId>>,
    },
    /// The detail of one resource.
    Detail(Arc<ResourceId>),
    /// The raw JSON of one resource, as the provider sent it.
    Raw(Arc<ResourceId>),
    /// What changed, newest first.
    Changes {
        /// Environment and region.
        scope: Scope,
        /// How far back, in seconds.
        seconds: u32,
        /// Only what concerns this resource.
        about: Option<Arc<ResourceId>>,
    },
}

impl Query {
    /// Where it is asked.
    pub fn scope(&self) -> &Scope {
        match self {
            Self::Identity(scope) | Self::List { scope, .. } | Self::Changes { scope, .. } => scope,
            Self::Detail(id) | Self::Raw(id) => &id.scope,
        }
    }
}

/// A good answer to a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Query::Identity`].
    Identity(Arc<Identity>),
    /// To [`Query::List`].
    Rows(Arc<Rows>),
    /// To [`Query::Detail`].
    Detail(Arc<Detail>),
    /// To [`Query::Raw`]: pretty JSON, cleaned.
    Raw(Arc<str>),
    /// To [`Query::Changes`].
    Changes(Arc<Changes>),
}

impl Answer {
    /// Why it is not all there is: a good answer can lack what one of its sources should have told.
    pub fn missing(&self) -> Option<&Fault> {
        match self {
            Self::Changes(changes) => changes.faults.first(),
            Self::Rows(rows) => rows.faults.first(),
            Self::Identity(_) | Self::Detail(_) | Self::Raw(_) => None,
        }
    }
}
