//! What the kinds of Terraform share: where an environment's states and locks are, how they are read, and what stands in them.
//! Knows S3 and DynamoDB, and the formats that Terraform writes.

mod attribution;
mod contents;
mod holder;
pub mod lock;
pub mod objects;
pub mod records;
pub mod state;
mod stores;
mod survey;

pub use attribution::{Attribution, attribution};
pub use contents::{MOST, State, contents, state as read_state};
pub use holder::{Held, holder, read_ahead};
pub use lock::Lock;
pub use records::{Record, Sort};
pub use state::Summary;
pub use stores::{Bucket, Place, Stores, Table, stores};
pub use survey::{Found, Survey, known_lock, survey};

use super::Op;
pub use super::parts::encoded;

/// Scans a lock table.
pub const SCAN: Op = "dynamodb:Scan";
/// Reads an item of a lock table.
pub const ITEM: Op = "dynamodb:GetItem";
/// Which tables there are.
const TABLES: Op = "dynamodb:ListTables";
/// What a table's key is.
const TABLE: Op = "dynamodb:DescribeTable";
/// Which objects are in a bucket.
pub const OBJECTS: Op = "s3:ListObjectsV2";
/// Which versions an object has.
pub const VERSIONS: Op = "s3:ListObjectVersions";
/// Reads an object.
pub const OBJECT: Op = "s3:GetObject";

/// What a survey calls.
pub const SURVEYS: [Op; 5] = [TABLES, TABLE, SCAN, OBJECTS, OBJECT];

/// What a state's lockfile ends with.
pub const LOCKFILE: &str = ".tflock";
/// What the key of a state's digest row ends with.
pub const DIGEST: &str = "-md5";

/// The path of a state, as Terraform itself writes it: `BUCKET/KEY`.
pub fn path(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}")
}

/// Bucket and key of a path.
pub fn split(path: &str) -> Option<(&str, &str)> {
    path.split_once('/').filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
