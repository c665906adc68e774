//! AWS servers that we did not write: moto and ministack, installed into a virtual environment under the target folder, run
//! unmodified on loopback, ended with the test.

#![allow(dead_code, reason = "each test binary and bench uses its own part")]

mod python;
pub mod recorder;

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub const REGION: &str = "eu-central-1";
pub const ACCOUNT: &str = "123456789012";

/// Both servers, filled by boto3, and a home whose AWS files lead to them.
pub struct Servers {
    children: Vec<Child>,
    /// The Python that has boto3.
    pub python: PathBuf,
    pub moto: String,
    pub ministack: String,
    /// What boto3 read back: kind, name, column, value.
    pub expected: Value,
    pub home: TempDir,
}

impl Servers {
    /// Moto alone, with nothing in it, and a home whose AWS files lead to it; `None` where this machine can't have it.
    pub fn moto() -> Option<Self> {
        let python = python()?;
        let home = tempfile::tempdir().expect("a home folder");
        let port = free_port();
        let moto = run(
            Command::new(&python).args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]),
            home.path(),
            "moto",
        );
        let url = format!("http://127.0.0.1:{port}");
        let mut servers =
            Self { children: vec![moto], ministack: url.clone(), moto: url, expected: Value::Null, home, python };
        servers.wait_for(port);
        servers.write_profile();
        Some(servers)
    }

    /// Starts and fills them; `None` where this machine can't have them, which in CI is a failure.
    pub fn start() -> Option<Self> {
        let python = python()?;
        let home = tempfile::tempdir().expect("a home folder");
        let (moto_port, ministack_port) = (free_port(), free_port());
        // As modules: the scripts beside this Python name the folder they were installed to, which may have been moved.
        let children = vec![
            run(
                Command::new(&python).args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &moto_port.to_string()]),
                home.path(),
                "moto",
            ),
            run(
                Command::new(&python)
                    .args(["-m", "ministack"])
                    .env("GATEWAY_PORT", ministack_port.to_string())
                    .env("BIND_HOST", "127.0.0.1")
                    .env("CLOUDTRAIL_RECORDING", "1"),
                home.path(),
                "ministack",
            ),
        ];
        let mut servers = Self {
            children,
            python,
            moto: format!("http://127.0.0.1:{moto_port}"),
            ministack: format!("http://127.0.0.1:{ministack_port}"),
            expected: Value::Null,
            home,
        };
        servers.wait_for(moto_port);
        servers.wait_for(ministack_port);
        servers.expected = servers.seed();
        servers.write_profile();
        Some(servers)
    }

    fn wait_for(&mut self, port: u16) {
        let until = Instant::now() + Duration::from_mins(2);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            for child in &mut self.children {
                assert!(child.try_wait().expect("it can be waited for").is_none(), "a server ended at once");
            }
            assert!(Instant::now() < until, "nothing listens on {port}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn seed(&self) -> Value {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/seed.py");
        let output = Command::new(&self.python)
            .arg(script)
            .args([&self.moto, &self.ministack, REGION, ACCOUNT])
            .output()
            .expect("the seed runs");
        assert!(output.status.success(), "the seed failed:\n{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("the seed prints JSON")
    }

    /// One profile, each service sent where it is well served. The access key is the account: ministack takes it so, and for moto
    /// it is the default one.
    fn write_profile(&self) {
        let folder = self.home.path().join(".aws");
        fs::create_dir_all(&folder).expect("a folder for AWS files");
        let (moto, ministack) = (&self.moto, &self.ministack);
        let at = |service: &str| format!("{service} =\n  endpoint_url = {ministack}\n");
        let services: String = ["ecs", "cloudwatch", "cloudwatch_logs", "cloudtrail"].map(at).concat();
        let config = format!(
            "[profile lecture-test]\nregion = {REGION}\nendpoint_url = {moto}\nservices = split\n\n[services split]\n{services}"
        );
        fs::write(folder.join("config"), config).expect("the AWS configuration");
        let keys = format!("[lecture-test]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = secret\n");
        fs::write(folder.join("credentials"), keys).expect("the AWS credentials");
    }

    /// The program with this home, and nothing of the machine's own configuration.
    pub fn quarterdeck(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", self.home.path()).args(arguments);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn run(command: &mut Command, folder: &Path, name: &str) -> Child {
    let log = File::create(folder.join(format!("{name}.log"))).expect("a log for the server");
    let errors = log.try_clone().expect("a log for the server");
    command.current_dir(folder).stdin(Stdio::null()).stdout(log).stderr(errors);
    command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// The virtual environment's Python, or a loud word that there is none.
fn python() -> Option<PathBuf> {
    let python = python::environment("aws-servers", include_str!("requirements.txt"));
    if python.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI must have Python and reach its package index");
        eprintln!(
            "\n*** SKIPPED: no Python with moto and ministack can be had here; nothing was tested against them ***\n"
        );
    }
    python
}
