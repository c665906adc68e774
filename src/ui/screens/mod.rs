//! The screens, one file each. A screen draws one view into an area; it knows neither header nor layers.

pub(super) mod bridge;
pub(super) mod list;
pub(super) mod summary;
