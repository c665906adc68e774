//! Kubernetes: clusters by kubeconfig contexts and by EKS, watches, single reads, faults. Requests leave only through the gate. Knows
//! objects by the types that kinds define, nothing of what they mean.

mod access;
mod claims;
mod client;
mod cluster;
mod clusters;
mod contexts;
mod discovery;
pub mod eks;
mod exec;
mod fault;
mod gate;
mod identity;
mod lately;
mod log;
mod moves;
mod object;
mod once;
mod printed;
mod proxy;
mod reach;
mod route;
mod send;
mod shell;
mod watch;

pub use access::OPERATIONS;
pub use client::Transport;
pub use cluster::Cluster;
pub(in crate::providers) use clusters::concerned;
pub use clusters::{Clusters, Ground, Names, Stand};
pub use contexts::{KubeFiles, KubeSource, Listed, paths};
pub use discovery::{ApiType, ApiTypes};
pub use fault::fault;
pub use gate::{Gate, Gated};
pub use identity::Found;
pub use lately::Answered;
pub use log::{LogAsk, Written};
pub use moves::{Move, Moves};
pub use object::{Object, Shelf, nullable};
pub use printed::{Printed, PrintedColumn, PrintedMeta, PrintedObject, PrintedRow};
pub use reach::{May, Question, Reach};
pub use shell::{Shell, ShellEnd};
