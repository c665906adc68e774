//! The control plane as one program: built by Go from the module in `control-plane`, once for each state of that module, and kept
//! under the target folder.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FILES: [&str; 4] = [
    include_str!("control-plane/go.mod"),
    include_str!("control-plane/go.sum"),
    include_str!("control-plane/main.go"),
    include_str!("control-plane/load.go"),
];
/// What the program says of its version to clients, which look at it.
const VERSION: (&str, &str, &str) = ("1", "33", "v1.33.13");

/// The program, or a loud word that there is none, which in CI is a failure.
pub fn program() -> Option<PathBuf> {
    let program = kubectl_is_there().then(built).flatten();
    if program.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI must have Go, kubectl and reach Go's module proxy");
        eprintln!("\n*** SKIPPED: no Go, no kubectl or no modules here; nothing was tested against Kubernetes ***\n");
    }
    program
}

fn kubectl_is_there() -> bool {
    succeeds(Command::new("kubectl").args(["version", "--client"]))
}

/// `None` where there is no Go or its modules can't be had. A module that doesn't build is a fault of ours, and fails.
fn built() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("control-plane");
    fs::create_dir_all(&folder).ok()?;
    // Two test runs at once must not build the same thing twice.
    let lock = File::create(folder.join("lock")).ok()?;
    lock.lock().ok()?;
    let program = folder.join(digest()).join("control-plane");
    if program.exists() {
        return Some(program);
    }
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/control-plane");
    if !succeeds(Command::new("go").args(["list", "-deps", "."]).current_dir(module)) {
        return None;
    }
    forget_older_ones(&folder);
    eprintln!("*** the Kubernetes control plane is built now, once: this takes minutes ***");
    // Built beside its place and moved there: what is in its place is whole.
    let unfinished = folder.join("unfinished");
    let status = Command::new("go")
        .args(["build", "-buildvcs=false", "-trimpath", "-ldflags", &linker_flags(), "-o"])
        .arg(&unfinished)
        .arg(".")
        .current_dir(module)
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the control plane doesn't build");
    fs::create_dir_all(program.parent()?).ok()?;
    fs::rename(unfinished, &program).ok()?;
    Some(program)
}

fn digest() -> String {
    let mut hasher = DefaultHasher::new();
    (FILES, linker_flags()).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn linker_flags() -> String {
    let (major, minor, version) = VERSION;
    let at = "k8s.io/component-base/version";
    format!("-s -w -X {at}.gitMajor={major} -X {at}.gitMinor={minor} -X {at}.gitVersion={version}")
}

/// Each is hundreds of megabytes, and only the newest is ever used again.
fn forget_older_ones(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().join("control-plane").exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
