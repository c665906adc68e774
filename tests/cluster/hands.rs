//! What a test does with the cluster: kubectl, the fixtures, lines in a pod's log, and waiting for what it asked for.

use std::fs::{self, File};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ADMIN, Cluster};

const PATIENCE: Duration = Duration::from_mins(2);
const LINES_OF_A_LOG: usize = 15;

impl Cluster {
    /// As the administrator; what it prints. It must succeed.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        text_of(&format!("kubectl {arguments:?}"), &self.try_kubectl(ADMIN, arguments))
    }

    /// As the user of this context, whatever comes of it.
    pub fn try_kubectl(&self, context: &str, arguments: &[&str]) -> Output {
        self.kubectl_command(context, arguments).stdin(Stdio::null()).output().expect("kubectl runs")
    }

    /// What `kubectl get` has of an object or a list.
    pub fn get(&self, arguments: &[&str]) -> Value {
        let text = self.kubectl(&[&["get", "--output=json"][..], arguments].concat());
        serde_json::from_str(&text).expect("kubectl prints JSON")
    }

    /// Creates or changes what the YAML has, in its own namespace or in `default`.
    pub fn apply(&self, yaml: &str) {
        self.apply_with(&[], yaml);
    }

    /// The YAML says nothing of namespaces.
    pub fn apply_in(&self, namespace: &str, yaml: &str) {
        self.apply_with(&["--namespace", namespace], yaml);
    }

    fn apply_with(&self, arguments: &[&str], yaml: &str) {
        // On the server: a second manager's fields and a CRD's size are no trouble there.
        let apply = ["apply", "--server-side", "--force-conflicts", "--filename=-"];
        let mut command = self.kubectl_command(ADMIN, &[&apply[..], arguments].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("kubectl runs");
        let written = child.stdin.take().expect("a pipe").write_all(yaml.as_bytes());
        let output = child.wait_with_output().expect("kubectl ends");
        text_of("kubectl apply", &output);
        written.expect("kubectl reads it all");
    }

    /// The file of that name in `fixtures`.
    pub fn fixture(&self, name: &str) {
        self.apply(&fixture_text(name));
    }

    /// The same in a namespace of that name, which is made when it isn't there.
    pub fn fixture_in(&self, namespace: &str, name: &str) {
        self.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n"));
        self.apply_in(namespace, &fixture_text(name));
    }

    /// Adds lines to the log of this pod, of all its containers, and from now on it has only these.
    pub fn log<'a>(&self, namespace: &str, pod: &str, lines: impl IntoIterator<Item = &'a str>) {
        let path = self.home().join(format!("logs/{namespace}.{pod}.log"));
        let is_new = !path.exists();
        let mut file = File::options().create(true).append(true).open(&path).expect("a log");
        file.write_all(stamped(lines).as_bytes()).expect("a line is written");
        if is_new {
            let (path, previous) = (path.display(), self.home().join("logs/previous.log"));
            let previous = previous.display();
            self.apply(&format!(
                "apiVersion: kwok.x-k8s.io/v1alpha1\nkind: Logs\nmetadata: {{name: {pod}, namespace: {namespace}}}\n\
                 spec:\n  logs:\n  - {{logsFile: {path}, previousLogsFile: {previous}, follow: true}}\n"
            ));
        }
    }

    /// What `kubectl top` shows of this pod's only container; the fixture `metrics-crd` must be there.
    pub fn usage(&self, namespace: &str, pod: &str, container: &str, cpu: &str, memory: &str) {
        self.apply(&format!(
            "apiVersion: metrics.k8s.io/v1beta1\nkind: PodMetrics\nmetadata: {{name: {pod}, namespace: {namespace}}}\n\
             timestamp: \"{}\"\nwindow: 15s\ncontainers:\n- {{name: {container}, usage: {{cpu: {cpu}, memory: {memory}}}}}\n",
            now()
        ));
    }

    /// Waits until a workload is rolled out.
    pub fn rolled_out(&self, workload: &str) {
        self.kubectl(&["rollout", "status", workload, "--timeout=90s"]);
    }

    /// How many pods of this label are ready.
    pub fn ready_pods(&self, namespace: &str, selector: &str) -> usize {
        let pods = self.get(&["pods", "--namespace", namespace, "--selector", selector]);
        let is_ready = |pod: &&Value| {
            let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
            conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        };
        pods["items"].as_array().into_iter().flatten().filter(is_ready).count()
    }

    /// Asks until it is so; a test that waits for ever fails with what it waited for.
    pub fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) {
            self.all_parts_run();
            assert!(Instant::now() < until, "not within {} s: {what}", PATIENCE.as_secs());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(super) fn kubectl_command(&self, context: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.env_clear().env("HOME", self.home()).env("KUBECONFIG", self.kubeconfig());
        command.args(["--context", context]).args(arguments);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// The last words of every part, for a test that failed.
    pub(super) fn show_logs(&self) {
        for entry in fs::read_dir(self.home()).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                let last = &lines[lines.len().saturating_sub(LINES_OF_A_LOG)..];
                eprintln!("--- {}\n{}", path.display(), last.join("\n"));
            }
        }
    }
}

fn fixture_text(name: &str) -> String {
    let path = format!("{}/tests/cluster/fixtures/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// As a container runtime writes a log.
pub(super) fn stamped<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let stamped: Vec<String> = lines.into_iter().map(|line| format!("{} stdout F {line}\n", now())).collect();
    stamped.concat()
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

pub(super) fn text_of(what: &str, output: &Output) -> String {
    assert!(output.status.success(), "{what} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
