//! Files and folders that only their owner can read, and the lock that lets one append at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// An append takes some milliseconds; nobody holds the lock for longer unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a file to read and write it, made where there is none. Says whether it was made.
pub(super) fn open(path: &Path) -> io::Result<(File, bool)> {
    open_with(path, OpenOptions::new().read(true).write(true))
}

/// Opens a file to read it and add to its end, made where there is none. Says whether it was made.
pub(super) fn open_to_append(path: &Path) -> io::Result<(File, bool)> {
    open_with(path, OpenOptions::new().read(true).append(true))
}

fn open_with(path: &Path, options: &mut OpenOptions) -> io::Result<(File, bool)> {
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return Ok((opened?, false)),
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    // Another console may have made it meanwhile.
    Ok((options.create(true).open(path)?, true))
}

/// Makes a folder where there is none. With `own` it is closed to others even where it was there before.
pub(super) fn folder(path: &Path, own: bool) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    if own {
        use std::os::unix::fs::PermissionsExt;
        let mut permissions = std::fs::metadata(path)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o700);
            std::fs::set_permissions(path, permissions)?;
        }
    }
    Ok(())
}

/// Makes what was created, renamed or removed in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Takes the lock of a folder; it is given back when the file is closed.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    let (file, _) = open(path)?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() > give_up => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another console holds it and does not let go"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}
