//! Columns that several kinds have: one name, one width and one meaning wherever they stand.

use super::{Column, Show};

pub const BACKUP_DAYS: Column =
    Column::number("backup_days", "BACKUP DAYS", 3, Show::Data, "Days that automatic backups are kept");
pub const BACKUP_WINDOW: Column =
    Column::text("backup_window", "BACKUP WINDOW", (11, 11), Show::Data, "When backups are made, UTC");
pub const CREATED: Column = Column::text("created", "CREATED", (4, 20), Show::Data, "When it was made");
pub const DATABASE: Column =
    Column::text("database", "DATABASE", (4, 30), Show::Data, "Name of the database made with it");
pub const DELETION_PROTECTION: Column =
    Column::text("deletion_protection", "DELETION PROTECTION", (3, 3), Show::Data, "Whether it can't be deleted");
pub const ENCRYPTED: Column =
    Column::text("encrypted", "ENCRYPTED", (3, 3), Show::Data, "Whether its storage is encrypted");
pub const GRACE_SECONDS: Column =
    Column::number("grace_seconds", "GRACE", 5, Show::Data, "Seconds before health checks count");
pub const LOG_EXPORTS: Column =
    Column::text("log_exports", "LOG EXPORTS", (4, 40), Show::Data, "Logs it sends to CloudWatch");
pub const MAINTENANCE_WINDOW: Column =
    Column::text("maintenance_window", "MAINTENANCE", (19, 19), Show::Data, "When it may be maintained, UTC");
pub const PENDING: Column =
    Column::text("pending", "PENDING", (8, 60), Show::Data, "Changes that wait or are under way");
pub const STORAGE_TYPE: Column = Column::text("storage_type", "STORAGE TYPE", (3, 10), Show::Data, "Storage type");
pub const VPC: Column = Column::text("vpc", "VPC", (12, 21), Show::Data, "Its network");
