//! Columns that the kinds of Kubernetes have in common.

use super::super::{Column, Show};

/// The namespace; the first column of everything that lives in one.
pub const NAMESPACE: Column = Column::text("namespace", "NAMESPACE", (6, 24), Show::Table(1), "Its namespace");
/// When it was made.
pub const AGE: Column = Column::text("created", "AGE", (4, 6), Show::Table(8), "When it was made");
/// The cluster.
pub const CLUSTER: Column = Column::text("cluster", "CLUSTER", (8, 30), Show::Table(9), "Its Kubernetes cluster");
/// Its labels.
pub const LABELS: Column = Column::text("labels", "LABELS", (8, 60), Show::Data, "Its labels");
