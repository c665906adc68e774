//! `[journal]`: where else the journal is kept when the platform's own folder can't be written.

use std::path::{Path, PathBuf};

use super::problem::Report;
use super::reader::Section;

/// The second folder.
pub(super) fn folder(mut section: Section, var: &dyn Fn(&str) -> Option<String>, report: &Report) -> Option<PathBuf> {
    let folder = section.text("folder");
    section.finish();
    let folder = folder?;
    let path = match folder.value.strip_prefix("~/") {
        Some(rest) => var("HOME").map(|home| Path::new(&home).join(rest)),
        None => Some(PathBuf::from(folder.value)),
    };
    let path = path.filter(|path| path.is_absolute());
    if path.is_none() {
        let message = format!("`folder` can't be {:?}", folder.value);
        report.problem(&folder.span, message, "a path from the root, or one that begins with `~/`");
    }
    path
}
