//! Kubernetes: clusters by kubeconfig contexts and by EKS, watches, single reads, faults. Requests leave only through the gate. Knows
//! objects by the types that kinds define, nothing of what they mean.

mod claims;
mod client;
mod cluster;
mod clusters;
mod discovery;
mod fault;
mod gate;
mod lately;
mod moves;
mod object;
mod printed;
mod reach;
mod route;
mod send;
mod watch;

pub use cluster::Cluster;
pub use clusters::Clusters;
pub use discovery::{ApiType, ApiTypes};
pub use fault::fault;
pub use gate::{Gate, Gated};
pub use lately::Answered;
pub use moves::{Move, Moves};
pub use object::{Object, Shelf, nullable};
pub use printed::{Printed, PrintedColumn, PrintedMeta, PrintedObject, PrintedRow};
pub use reach::{May, Question, Reach};
