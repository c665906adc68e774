//! What metrics have cost today, kept beside the console's other state: a restart begins where the day stands, and consoles that
//! run side by side share the day's budget. Knows no budget; a file that can't be kept leaves the count in memory.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::kinds::metrics::Used;
use crate::providers::aws::write_private;

/// The way to the file; none where nothing is to be kept. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Ledger(Option<Arc<Path>>);

impl Ledger {
    /// Kept in this file.
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self(file.map(Arc::from))
    }

    /// What has been used on the last day that anything was.
    pub(super) async fn read(&self) -> Used {
        let Some(file) = self.0.clone() else { return Used::default() };
        tokio::task::spawn_blocking(move || read(&file)).await.unwrap_or_default()
    }

    /// Books what is about to be used; returns what has been used on that day, by whomever.
    pub(super) async fn book(&self, used: Used) -> Used {
        let Some(file) = self.0.clone() else { return used };
        let booked = tokio::task::spawn_blocking(move || {
            add(&file, used).inspect_err(|error| {
                tracing::warn!(file = %file.display(), %error, "what metrics cost is counted in memory only");
            })
        });
        booked.await.ok().and_then(Result::ok).unwrap_or(used)
    }
}

/// What the file says; one that says nothing that can be read is written anew.
fn read(file: &Path) -> Used {
    let read = match std::fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Used::default(),
        read => read.and_then(|bytes| serde_json::from_slice(&bytes).map_err(io::Error::from)),
    };
    read.unwrap_or_else(|error| {
        tracing::warn!(file = %file.display(), %error, "what metrics have cost today can't be read");
        Used::default()
    })
}

/// Adds to the file while nobody else does.
fn add(file: &Path, used: Used) -> io::Result<Used> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let lock = File::options().create(true).truncate(false).write(true).open(file.with_extension("lock"))?;
    // Held until it is dropped. Some file systems know no locks: then two consoles may lose a call of each other's.
    let _ = lock.lock();
    let all = read(file).and(used);
    write_private(file, &serde_json::to_vec(&all)?)?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(day: &str, calls: u64, metrics: u64) -> Used {
        Used { day: day.parse().unwrap(), calls, metrics }
    }

    #[tokio::test]
    async fn a_day_adds_up_over_restarts_and_consoles() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state").join("metrics.json");
        let ledger = || Ledger::new(Some(file.clone()));
        assert_eq!(ledger().read().await, Used::default());
        assert_eq!(ledger().book(used("2025-08-22", 1, 80)).await, used("2025-08-22", 1, 80));
        let at_once = (0..20).map(|_| async { ledger().book(used("2025-08-22", 1, 1)).await });
        futures_util::future::join_all(at_once).await;
        assert_eq!(ledger().read().await, used("2025-08-22", 21, 100));
        assert_eq!(ledger().book(used("2025-08-23", 1, 5)).await, used("2025-08-23", 1, 5), "a new day");
    }

    #[tokio::test]
    async fn a_broken_file_is_begun_anew_and_none_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("metrics.json");
        std::fs::write(&file, "{").unwrap();
        let ledger = Ledger::new(Some(file));
        assert_eq!(ledger.read().await, Used::default());
        assert_eq!(ledger.book(used("2025-08-22", 1, 2)).await.metrics, 2);
        assert_eq!(ledger.read().await.metrics, 2);
        assert_eq!(Ledger::new(None).book(used("2025-08-22", 1, 2)).await.metrics, 2);
    }
}
