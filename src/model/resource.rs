//! One resource of a kind, and a fetched list of them.

use std::sync::Arc;

use super::{Fault, Health, KindId, Scope, Value};

/// What a resource is, for ever: never a row number, never what is selected now, never an account id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId {
    /// Where it lives.
    pub scope: Scope,
    /// Its kind, such as `ecs-service`.
    pub kind: KindId,
    /// Its id in that scope, enough to ask the provider for it again (a service's name, a task's id, an alarm's name).
    pub id: Arc<str>,
}

/// One resource as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Identity.
    pub id: Arc<ResourceId>,
    /// The name shown, cleaned of control characters.
    pub name: Arc<str>,
    /// ARN, where the provider gives one.
    pub arn: Option<Arc<str>>,
    /// Health, by the kind's own rules.
    pub health: Health,
    /// Why, in words; empty where `ok` needs no words.
    pub reason: Arc<str>,
    /// The kind's own columns, in the order of its `columns`.
    pub cells: Box<[Value]>,
}

/// A fetched list, never changed after it was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The resources, in the provider's order.
    pub items: Vec<Resource>,
    /// Why some may be missing.
    pub faults: Vec<Fault>,
    /// The titles of the kind's columns, where the server names them: an empty one is not shown. Empty: those of the kind.
    pub titles: Arc<[Arc<str>]>,
}
