//! Plain data that every room speaks: scopes, resources, values, faults, queries. Imports no other room, does no I/O and
//! reads no clock.

mod backend;
mod change;
mod detail;
mod environment;
mod fault;
pub mod filter;
mod health;
mod loadable;
mod log;
pub mod mask;
mod metric;
pub mod pattern;
mod plain;
mod plan;
mod query;
mod resource;
mod scope;
pub mod stamp;
pub mod text;
mod value;

pub use backend::Backend;
pub use change::{Change, ChangeSource, Changes};
pub use detail::{Detail, Section};
pub use environment::{Environment, Identity, Stage};
pub use fault::{Fault, FaultClass};
pub use filter::Filter;
pub use health::Health;
pub use loadable::{Loadable, Loading};
pub use log::{Level, LogLine, LogOrigin, LogSource, PodsOf, TailSpec};
pub use metric::{MetricSpec, Points, Unit, Window};
pub use plain::Plain;
pub use plan::{
    ActionId, Difference, FieldChange, Fields, Followed, Headway, Order, PHRASE, Plan, Precondition, Risk, Seen, Sent,
    Step, Target, Undo, Verdict,
};
pub use query::{Answer, KindId, Query};
pub use resource::{Resource, ResourceId, Rows};
pub use scope::Scope;
pub use value::{SortKey, Value};
