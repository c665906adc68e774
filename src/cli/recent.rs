//! The order of the most recently used environments, kept for the next start. A thread of its own writes it: a newer order can't be
//! overtaken by an older one, and the loop never waits for the disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::providers::aws::write_private;

/// How many names are worth keeping.
const KEPT: usize = 100;

/// Keeps the order; whoever drops it waits until the last one is written.
pub(super) struct Recent {
    file: Option<PathBuf>,
    writer: Option<(Sender<String>, JoinHandle<()>)>,
}

impl Recent {
    /// Nothing is kept without a file, and no thread is begun before there is something to write.
    pub(super) const fn in_file(file: Option<PathBuf>) -> Self {
        Self { file, writer: None }
    }

    /// Keeps this order, the newest name first.
    pub(super) fn keep(&mut self, names: &[Arc<str>]) {
        let Some(file) = &self.file else { return };
        let (orders, _) = self.writer.get_or_insert_with(|| {
            let (orders, told) = channel();
            let file = file.clone();
            (orders, std::thread::spawn(move || write_all(&file, &told)))
        });
        let text = names.iter().take(KEPT).map(|name| &**name).collect::<Vec<_>>().join("\n");
        // The thread ends with the sender, not before.
        let _ = orders.send(text);
    }
}

impl Drop for Recent {
    fn drop(&mut self) {
        if let Some((orders, thread)) = self.writer.take() {
            drop(orders);
            let _ = thread.join();
        }
    }
}

/// Writes the newest of what was told, until nobody tells any more.
fn write_all(file: &std::path::Path, told: &Receiver<String>) {
    while let Ok(first) = told.recv() {
        let newest = told.try_iter().last().unwrap_or(first);
        if let Err(error) = write_private(file, newest.as_bytes()) {
            tracing::warn!("the order of the environments is not kept in {}: {error}", file.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_order_is_what_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/recent");
        let mut recent = Recent::in_file(Some(file.clone()));
        let names: Vec<Arc<str>> = (0..200).map(|at| format!("env{at}").into()).collect();
        for at in 0..names.len() {
            recent.keep(&names[at..]);
        }
        recent.keep(&names);
        drop(recent);
        let kept = std::fs::read_to_string(file).unwrap();
        assert!(kept.lines().eq(names[..KEPT].iter().map(|name| &**name)), "{kept}");
    }
}
