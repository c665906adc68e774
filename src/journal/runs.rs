//! Runs of actions that are under way. Each holds the lock of a file of its own for as long as it lasts; the file goes when the run
//! has ended as it should. A file that nobody holds is what a console has left that ended in the middle: the operating system lets
//! go of the lock, however the console ended.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;

use super::files;

/// Folder of the files.
const FOLDER: &str = "runs";

/// A run of an action that is under way.
#[derive(Debug)]
pub struct Run {
    id: String,
    path: PathBuf,
    /// Its lock lasts as long as it is open.
    _lock: File,
    /// An intent was written and no outcome: what became of it must be told at the next start.
    open: AtomicBool,
}

impl Run {
    /// Starts a run whose file is in this folder's own.
    pub(super) fn start(folder: &Path, own: bool, at: Timestamp) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let runs = folder.join(FOLDER);
        files::folder(&runs, own)?;
        let at = at.strftime("%Y%m%dT%H%M%SZ");
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let id = format!("{at}-{}-{number}", std::process::id());
            let path = runs.join(format!("{id}.lock"));
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            match options.open(&path) {
                // Of a process of the same number, in another container.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => {
                    let lock = opened?;
                    lock.try_lock()?;
                    files::sync_folder(&runs)?;
                    return Ok(Self { id, path, _lock: lock, open: AtomicBool::new(false) });
                }
            }
        }
    }

    /// Its id in the journal.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// From now on something may become of it that nobody has written down.
    pub fn begin(&self) {
        self.open.store(true, Ordering::SeqCst);
    }

    /// What became of it is written down.
    pub fn settle(&self) {
        self.open.store(false, Ordering::SeqCst);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !*self.open.get_mut() {
            // What stays is looked at once more at the next start, no more.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What a console has left behind: nobody holds it, and so do we now.
pub(super) struct LeftBehind {
    pub(super) id: String,
    path: PathBuf,
    _lock: File,
}

impl LeftBehind {
    /// It has been told.
    pub(super) fn clear(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The runs that consoles have left behind in this folder.
pub(super) fn left_behind(folder: &Path) -> Vec<LeftBehind> {
    let Ok(listed) = std::fs::read_dir(folder.join(FOLDER)) else { return Vec::new() };
    let held = |path: PathBuf| {
        let id = path.file_name()?.to_str()?.strip_suffix(".lock")?.to_owned();
        let lock = OpenOptions::new().write(true).open(&path).ok()?;
        match lock.try_lock() {
            Ok(()) => Some(LeftBehind { id, path, _lock: lock }),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
        }
    };
    listed.flatten().filter_map(|entry| held(entry.path())).collect()
}
