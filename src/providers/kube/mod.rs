//! Kubernetes: clusters by kubeconfig contexts and by EKS, watches, single reads, faults. Requests leave only through the gate. Knows
//! objects by the types that kinds define, nothing of what they mean.

mod claims;
mod client;
mod cluster;
mod clusters;
mod fault;
mod log;
mod gate;
mod lately;
mod moves;
mod object;
mod reach;
mod route;
mod send;
mod watch;

pub use cluster::Cluster;
pub use clusters::Clusters;
pub use fault::fault;
pub use log::{LogAsk, Written};
pub use gate::{Gate, Gated};
pub use lately::Answered;
pub use moves::{Move, Moves};
pub use object::{Object, Shelf};
pub use reach::{May, Question, Reach};
