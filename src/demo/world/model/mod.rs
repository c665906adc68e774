//! What the estate is made of: plain data in the words of the AWS APIs, one file for each group of services.
//!
//! It must not know how an API puts it on the wire, and nothing here moves: `sim` and `stories` change it.
//!
//! State words (`RUNNING`, `available`, …) are static strings spelled as the API spells them, so that they can be
//! written out as they are.
#![expect(missing_docs, reason = "the fields carry the names of the API's own fields")]
#![expect(clippy::struct_excessive_bools, reason = "the API has them so")]

pub mod compute;
pub mod data;
pub mod ecs;
pub mod elb;
pub mod store;
pub mod trail;
pub mod watch;

pub use compute::*;
pub use data::*;
pub use ecs::*;
pub use elb::*;
pub use store::*;
pub use trail::*;
pub use watch::*;

use std::collections::BTreeMap;

/// A state word as the API spells it.
pub type Word = &'static str;

/// Tags of a resource, by key.
pub type Tags = BTreeMap<String, String>;

/// Who the estate says is calling, as `GetCallerIdentity` has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    pub arn: String,
    pub user_id: String,
}

/// A source security group, subnets and zones: what the account's resources live in.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    pub vpc_id: String,
    /// Zone name (`eu-central-1a`) and subnet id, one for each zone.
    pub subnets: Vec<(String, String)>,
    pub security_group: String,
}
