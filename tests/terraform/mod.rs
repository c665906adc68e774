//! Real Terraform with its S3 backend on moto: the one that is installed, else `OpenTofu`, installed or built from its Go module under
//! the target folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::servers::{ACCOUNT, REGION};

/// As long as an apply hangs in the middle if nobody kills it.
const HANGS: u32 = 120;

/// How the state is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    DynamoDb,
    Lockfile,
}

/// A folder with a configuration, and the program that works on it.
pub struct Terraform {
    program: PathBuf,
    folder: PathBuf,
}

/// What a lock says, as Terraform prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    pub id: String,
    pub path: String,
    pub operation: String,
    pub who: String,
    pub version: String,
    /// As a timestamp is written elsewhere.
    pub created: String,
}

/// A program that speaks Terraform; `None` where none can be had, which in CI is a failure.
pub fn program() -> Option<PathBuf> {
    let installed = ["terraform", "tofu"].into_iter().map(PathBuf::from);
    let speaks = |program: &PathBuf| Command::new(program).arg("version").output().is_ok_and(|it| it.status.success());
    let found = installed.into_iter().find(speaks).or_else(|| built().filter(speaks));
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI must have Terraform, or Go to build OpenTofu with");
        eprintln!("\n*** SKIPPED: neither Terraform nor OpenTofu can be had here; locks were NOT tested with it ***\n");
    }
    found
}

/// `OpenTofu`, built once. Its module replaces another one, so that it can't be installed as it is: ours does the same.
fn built() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tofu");
    let program = folder.join(if cfg!(windows) { "tofu.exe" } else { "tofu" });
    fs::create_dir_all(&folder).ok()?;
    let lock = File::create(folder.join("lock")).ok()?;
    lock.lock().ok()?;
    let wanted = include_str!("tofu.mod");
    let done = folder.join("built.txt");
    if fs::read_to_string(&done).is_ok_and(|built| built == wanted) {
        return Some(program);
    }
    fs::write(folder.join("go.mod"), wanted).ok()?;
    let mut build = Command::new("go");
    build.args(["build", "-mod=mod", "-o"]).arg(&program).arg("github.com/opentofu/opentofu/cmd/tofu");
    if !build.current_dir(&folder).env("GOFLAGS", "").env("CGO_ENABLED", "0").status().ok()?.success() {
        return None;
    }
    fs::write(done, wanted).ok()?;
    Some(program)
}

impl Terraform {
    /// Writes a configuration whose apply hangs when it is told to, and initialises it.
    pub fn new(program: &Path, folder: PathBuf, moto: &str, sort: Sort) -> Self {
        fs::create_dir_all(&folder).expect("a folder");
        let lock = match sort {
            Sort::DynamoDb => "dynamodb_table = \"terraform-state-lock\"",
            Sort::Lockfile => "use_lockfile = true",
        };
        let configuration = include_str!("main.tf.txt")
            .replace("MOTO", moto)
            .replace("REGION", REGION)
            .replace("ACCOUNT", ACCOUNT)
            .replace("HANGS", &HANGS.to_string())
            .replace("KEY", sort.key())
            .replace("LOCK", lock);
        fs::write(folder.join("main.tf"), configuration).expect("the configuration");
        let terraform = Self { program: program.to_owned(), folder };
        let init = terraform.run(&["init", "-no-color", "-input=false"]);
        assert!(init.status.success(), "init: {}", said(&init));
        terraform
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).args(arguments).env_clear().stdin(Stdio::null());
        for name in ["PATH", "SYSTEMROOT"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", &self.folder).env("CHECKPOINT_DISABLE", "1");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    pub fn plan(&self) -> Output {
        self.run(&["plan", "-no-color", "-input=false"])
    }

    /// Applies to the end, with another value of what changes.
    pub fn apply(&self, value: &str) {
        let value = format!("value={value}");
        let apply = self.run(&["apply", "-no-color", "-input=false", "-auto-approve", "-var", &value]);
        assert!(apply.status.success(), "apply: {}", said(&apply));
    }

    /// Begins an apply, waits until it is in the middle, and kills it without a chance to tidy up.
    pub fn apply_and_kill(&self) {
        let marker = self.folder.join("in-the-middle");
        let _ = fs::remove_file(&marker);
        let arguments = ["apply", "-no-color", "-input=false", "-auto-approve", "-var", "hang=true"];
        let log = File::create(self.folder.join("apply.log")).expect("a log");
        let mut command = self.command(&arguments);
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut apply = command.spawn().expect("it runs");
        let until = Instant::now() + Duration::from_mins(2);
        while !marker.exists() {
            let ended = apply.try_wait().expect("it can be waited for");
            let log = || fs::read_to_string(self.folder.join("apply.log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < until, "it does not get to the middle: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        kill(&mut apply);
    }

    /// The lock that keeps Terraform from planning, as it prints it.
    pub fn locked(&self) -> Printed {
        let plan = self.plan();
        let text = said(&plan);
        assert!(!plan.status.success() && text.contains("Error acquiring the state lock"), "{text}");
        printed(&text)
    }

    pub fn state(&self) -> serde_json::Value {
        let pulled = self.run(&["state", "pull"]);
        assert!(pulled.status.success(), "{}", said(&pulled));
        serde_json::from_slice(&pulled.stdout).expect("a state")
    }
}

impl Sort {
    /// The key of its state.
    pub fn key(self) -> &'static str {
        match self {
            Self::DynamoDb => "table/terraform.tfstate",
            Self::Lockfile => "lockfile/terraform.tfstate",
        }
    }
}

/// With whatever it has started: by the group that was made for it.
fn kill(apply: &mut Child) {
    #[cfg(unix)]
    {
        let group = format!("-{}", apply.id());
        let killed = Command::new("kill").args(["-9", "--", &group]).status().expect("kill");
        assert!(killed.success(), "it was not killed");
    }
    #[cfg(not(unix))]
    apply.kill().expect("it is killed");
    apply.wait().expect("it has ended");
}

/// Everything that was said.
pub fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn printed(text: &str) -> Printed {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.trim_start_matches(['│', ' ']).strip_prefix(&format!("{name}:")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
    };
    // `2026-11-21 14:02:03.123456789 +0000 UTC`
    let created = value("Created").replace(" +0000 UTC", "Z").replacen(' ', "T", 1);
    Printed {
        id: value("ID"),
        path: value("Path"),
        operation: value("Operation"),
        who: value("Who"),
        version: value("Version"),
        created,
    }
}
