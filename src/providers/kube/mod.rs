//! Kubernetes: clusters by kubeconfig contexts and by EKS, watches, single reads, faults. Requests leave only through the gate. Knows
//! objects by the types that kinds define, nothing of what they mean.

mod client;
mod cluster;
mod clusters;
mod fault;
mod log;
mod lately;
mod moves;
mod object;
mod watch;

pub use cluster::Cluster;
pub use clusters::Clusters;
pub use fault::fault;
pub use log::{LogAsk, Written};
pub use lately::Answered;
pub use moves::{Move, Moves};
pub use object::{Object, Shelf};
