//! A real Kubernetes control plane on loopback: etcd, the API server, the controller manager and the scheduler that everyone runs,
//! and kwok in the place of kubelets, so that pods come up, fail and log without containers. Ended with the test. It knows
//! nothing of the program under test.

#![allow(dead_code, reason = "each test binary and bench uses its own part")]

mod hands;
mod load;
mod program;

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::json;
use tempfile::TempDir;

/// Who can be, by the context of the kubeconfig: everything, nothing, and one namespace of that name.
pub const ADMIN: &str = "admin";
pub const DENIED: &str = "denied";
pub const NARROW: &str = "narrow";

const NODES: usize = 3;

/// A running cluster with three nodes.
pub struct Cluster {
    program: PathBuf,
    api_server: Option<Child>,
    /// The others, in the order of their start.
    parts: Mutex<Vec<(&'static str, Child)>>,
    port: u16,
    etcd: u16,
    home: TempDir,
}

impl Cluster {
    /// Starts it; `None` where this machine can't have it, which in CI is a failure.
    pub fn start() -> Option<Self> {
        let program = program::program()?;
        let home = tempfile::tempdir().expect("a home folder");
        let (etcd, port) = (free_port(), free_port());
        let mut cluster = Self { program, api_server: None, parts: Mutex::default(), port, etcd, home };
        cluster.write_files();
        cluster.start_etcd();
        cluster.restart_apiserver();
        let logs = cluster.ask_program(&["crd"]);
        cluster.apply(&logs);
        cluster.fixture("users");
        cluster.start_the_rest();
        cluster.add_nodes(NODES);
        cluster.until("nodes are ready and the default account is there", |cluster| {
            let ready = cluster.kubectl(&["get", "nodes", "--no-headers"]);
            let accounts = cluster.kubectl(&["get", "serviceaccounts", "--all-namespaces", "--output=name"]);
            ready.matches(" Ready ").count() == NODES && accounts.matches("/default\n").count() > 4
        });
        Some(cluster)
    }

    /// One for all tests of a binary that run at a time and don't harm each other: each in a namespace of its own.
    pub fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        // A start that failed in another test says so there.
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = shared.upgrade() {
            return Some(cluster);
        }
        let cluster = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&cluster);
        Some(cluster)
    }

    /// Its contexts are `ADMIN` (the current one), `DENIED` and `NARROW`.
    pub fn kubeconfig(&self) -> PathBuf {
        self.home.path().join("kubeconfig")
    }

    /// A folder that lives as long as the cluster.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Ends it without a farewell. What is stored stays.
    pub fn kill_apiserver(&mut self) {
        if let Some(child) = &mut self.api_server {
            end(child);
        }
        self.api_server = None;
    }

    /// Starts it on the same port with the same certificate, and waits until it is ready.
    pub fn restart_apiserver(&mut self) {
        self.kill_apiserver();
        let key = self.path("service-accounts.key");
        self.api_server = Some(self.run(
            "kube-apiserver",
            &[
                &format!("--etcd-servers=http://127.0.0.1:{}", self.etcd),
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                // An address of loopback can't be an endpoint, and nothing asks for the service `kubernetes`.
                "--endpoint-reconciler-type=none",
                &format!("--secure-port={}", self.port),
                "--permit-address-sharing",
                &format!("--cert-dir={}", self.path("certificates")),
                "--service-account-issuer=https://kubernetes.default.svc",
                &format!("--service-account-key-file={key}"),
                &format!("--service-account-signing-key-file={key}"),
                "--service-cluster-ip-range=10.43.0.0/16",
                // Logs and commands: the names of the nodes are in no DNS.
                "--kubelet-preferred-address-types=InternalIP",
                "--authorization-mode=RBAC",
                &format!("--token-auth-file={}", self.path("tokens.csv")),
                // Nobody is held back: the numbers are of the program under test.
                "--enable-priority-and-fairness=false",
                "--max-requests-inflight=0",
                "--max-mutating-requests-inflight=0",
            ],
        ));
        self.until("the API server is ready", |cluster| {
            cluster.try_kubectl(ADMIN, &["get", "--raw=/readyz"]).status.success()
        });
    }

    fn start_etcd(&self) {
        let client = format!("http://127.0.0.1:{}", self.etcd);
        let peer = format!("http://127.0.0.1:{}", free_port());
        self.add(
            "etcd",
            &[
                "--name=only",
                &format!("--data-dir={}", self.path("etcd")),
                &format!("--listen-client-urls={client}"),
                &format!("--advertise-client-urls={client}"),
                &format!("--listen-peer-urls={peer}"),
                &format!("--initial-advertise-peer-urls={peer}"),
                &format!("--initial-cluster=only={peer}"),
                "--unsafe-no-fsync",
                "--log-level=warn",
            ],
        );
    }

    fn start_the_rest(&self) {
        let kubeconfig = format!("--kubeconfig={}", self.path("kubeconfig"));
        let key = format!("--service-account-private-key-file={}", self.path("service-accounts.key"));
        // No other one is there to be elected, and their own ports are for probes.
        let alone = ["--leader-elect=false", "--secure-port=0", "--kube-api-qps=1000", "--kube-api-burst=2000"];
        let controllers = [
            &kubeconfig,
            &key,
            "--controllers=*",
            "--concurrent-replicaset-syncs=20",
            "--concurrent-deployment-syncs=10",
            // A load on a pod that stands still for a quarter of a minute is too long for a test.
            "--horizontal-pod-autoscaler-sync-period=2s",
        ];
        self.add("kube-controller-manager", &[&controllers[..], &alone].concat());
        self.add("kube-scheduler", &[&[kubeconfig.as_str()][..], &alone].concat());
        let port = free_port();
        let kwok = [
            kubeconfig.as_str(),
            &format!("--config={}", self.path("kwok.yaml")),
            &format!("--node-port={port}"),
            &format!("--server-address=127.0.0.1:{port}"),
        ];
        self.add("kwok", &kwok);
    }

    fn write_files(&self) {
        for folder in ["logs", "container"] {
            fs::create_dir_all(self.home.path().join(folder)).expect("a folder");
        }
        self.ask_program(&["key", &self.path("service-accounts.key")]);
        // A token, a name, a UID and the groups.
        let tokens = format!("{ADMIN},{ADMIN},1,system:masters\n{DENIED},{DENIED},2\n{NARROW},{NARROW},3\n");
        self.write("tokens.csv", &tokens);
        self.write("kubeconfig", &self.kubeconfig_text());
        let home = self.home.path().display().to_string();
        self.write("kwok.yaml", &include_str!("kwok.yaml").replace("HOME", &home));
        self.write("logs/lines.log", &hands::stamped(["one", "two", "three"]));
        self.write("logs/previous.log", &hands::stamped(["the one before", "its last word"]));
    }

    fn kubeconfig_text(&self) -> String {
        // The API server signs its certificate itself and puts what it signed it with into the same file.
        let authority = self.path("certificates/apiserver.crt");
        let user = |name: &str| json!({ "name": name, "user": { "token": name } });
        let context = |name: &str, namespace: &str| json!({ "name": name, "context": { "cluster": "local", "user": name, "namespace": namespace } });
        let text = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "local", "cluster": { "server": self.url(), "certificate-authority": authority } }],
            "users": [user(ADMIN), user(DENIED), user(NARROW)],
            "contexts": [context(ADMIN, "default"), context(DENIED, "default"), context(NARROW, NARROW)],
            "current-context": ADMIN,
        });
        text.to_string()
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.home.path().join(name), text).expect("a file is written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("HOME", self.home.path()).current_dir(self.home.path()).args(arguments);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    fn add(&self, part: &'static str, arguments: &[&str]) {
        let child = self.run(part, arguments);
        self.parts().push((part, child));
    }

    fn parts(&self) -> MutexGuard<'_, Vec<(&'static str, Child)>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing comes of waiting for a part that has ended.
    fn all_parts_run(&self) {
        for (part, child) in self.parts().iter_mut() {
            let status = child.try_wait().expect("it can be waited for");
            assert!(status.is_none(), "{part} has ended: {status:?}");
        }
    }

    /// A part ends when the pipe that is its standard input does, and that is when this process does, however it does.
    fn run(&self, part: &str, arguments: &[&str]) -> Child {
        let log = File::options().create(true).append(true).open(self.path(&format!("{part}.log")));
        let log = log.expect("a log for the part");
        let errors = log.try_clone().expect("a log for the part");
        let mut command = self.command(&[&[part][..], arguments].concat());
        command.stdin(Stdio::piped()).stdout(log).stderr(errors);
        command.spawn().unwrap_or_else(|error| panic!("{part} does not start: {error}"))
    }

    fn ask_program(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).stdin(Stdio::null()).output().expect("the program runs");
        hands::text_of(&format!("{arguments:?}"), &output)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
        self.kill_apiserver();
        for (_, child) in self.parts().iter_mut().rev() {
            end(child);
        }
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// A port below those that the system gives to connections: none of these may take it while a server that is restarted is away.
fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const PORTS: u32 = 10_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let from = std::process::id().wrapping_mul(16);
    let mut next = || (FIRST + from.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % PORTS) as u16;
    let mut ports = std::iter::repeat_with(&mut next).take(PORTS as usize);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}
