//! The screens, one file each. A screen draws one view into an area; it knows neither header nor layers.

pub(super) mod bridge;
pub(super) mod changes;
pub(super) mod console_log;
pub(super) mod detail;
pub(super) mod fleet;
pub(super) mod journal;
pub(super) mod list;
pub(super) mod logs;
pub(super) mod summary;
