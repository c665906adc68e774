//! Columns that several kinds of workloads have: one name, one width and one meaning wherever they stand. What the services pane shows
//! of ECS services they tell under the same names.

use crate::kinds::{Column, Show};

pub const AGE: Column = Column::text("created", "AGE", (4, 8), Show::Table(7), "When it was made");
pub const CLUSTER: Column = Column::text("cluster", "CLUSTER", (8, 24), Show::Table(9), "The cluster it runs in");
pub const CONTAINERS: Column = Column::text("containers", "CONTAINERS", (4, 60), Show::Data, "Its containers");
pub const DEPLOYED: Column =
    Column::text("deployed_at", "DEPLOYED", (4, 8), Show::Table(6), "When its newest revision was made");
pub const DESIRED: Column = Column::number("desired", "DESIRED", 5, Show::Data, "Pods wanted");
pub const EVIDENCE: Column =
    Column::text("evidence", "EVIDENCE", (8, 80), Show::Data, "The pod or event that says why it is not well");
pub const IMAGE: Column =
    Column::text("image", "IMAGE", (10, 40), Show::Table(3), "Its images, without their registries");
pub const IMAGES: Column = Column::text("images", "IMAGES", (10, 100), Show::Data, "Its images");
pub const LABELS: Column = Column::text("labels", "LABELS", (10, 100), Show::Data, "Its labels");
pub const NAMESPACE: Column = Column::text("namespace", "NAMESPACE", (6, 24), Show::Table(1), "Its namespace");
pub const OWNER: Column = Column::text("owner", "OWNER", (8, 44), Show::Table(6), "What made it");
pub const READY: Column = Column::number("ready", "READY", 7, Show::Table(0), "Pods ready of desired");
pub const ROLLOUT: Column =
    Column::text("rollout", "ROLLOUT", (9, 11), Show::Table(2), "COMPLETED, IN_PROGRESS, FAILED or PAUSED");
pub const RUNNING: Column = Column::number("running", "RUNNING", 5, Show::Data, "Pods ready");
pub const SELECTOR: Column = Column::text("selector", "SELECTOR", (10, 80), Show::Data, "Labels of its pods");
pub const STRATEGY: Column = Column::text("strategy", "STRATEGY", (8, 40), Show::Data, "How it changes its pods");
pub const TASKS: Column =
    Column::number("tasks", "TASKS", 7, Show::Data, "Pods ready of desired, as the services pane shows");
pub const AVAILABLE: Column =
    Column::number("available", "AVAILABLE", 5, Show::Table(5), "Pods that have been ready for long enough");
pub const UP_TO_DATE: Column =
    Column::number("up_to_date", "UP-TO-DATE", 5, Show::Table(4), "Pods of its newest revision");
