//! Virtual environments of Python with what is pinned installed: made once, under the target folder, used by every run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// The Python of a virtual environment of this name, with these requirements installed; `None` where this machine can't have it.
pub fn environment(name: &str, requirements: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).ok()?;
    // Two test runs at once must not install into one folder.
    let lock = File::create(folder.join("lock")).ok()?;
    lock.lock().ok()?;
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let done = folder.join("installed.txt");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == requirements) {
        return Some(python);
    }
    let wanted = folder.join("requirements.txt");
    fs::write(&wanted, requirements).ok()?;
    let steps = [
        Command::new("python3").args(["-m", "venv"]).arg(&folder).status(),
        Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&wanted).status(),
    ];
    if !steps.iter().all(|step| step.as_ref().is_ok_and(ExitStatus::success)) {
        return None;
    }
    fs::write(done, requirements).ok()?;
    Some(python)
}
