//! What stands between the program and a server, see `recorder.py`; and a way to ask the server itself, see `ask.py`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ACCOUNT, REGION};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(name)
}

/// A recorder in front of one server.
pub struct Recorder {
    child: Child,
    port: u16,
    file: PathBuf,
}

impl Recorder {
    pub fn start(python: &Path, upstream: &str, file: PathBuf) -> Self {
        let mut command = Command::new(python);
        command.arg(script("recorder.py")).arg(upstream).arg(&file);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the recorder starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its port");
        let port = line.trim().parse().expect("the recorder says its port");
        Self { child, port, file }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        // The last line may be on its way.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).expect("a line of the record")).collect()
    }

    /// Orders trouble with an operation: `cut`, `deny`, `throttle`, `expire`, `hold`, `hold:N`, `none`.
    pub fn trouble(&self, operation: &str, kind: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the recorder listens");
        let body = format!("{operation} {kind}");
        let length = body.len();
        write!(stream, "POST /__trouble HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
            .expect("ordered");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Waits until so many requests of an operation have come.
    pub fn wait_for(&self, operation: &str, count: usize) {
        let until = Instant::now() + Duration::from_mins(1);
        while self.requests().iter().filter(|request| request["operation"] == operation).count() < count {
            assert!(Instant::now() < until, "{operation} did not come {count} times");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// boto3, past the recorders.
pub struct Boto {
    child: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Boto {
    pub fn start(python: &Path) -> Self {
        let mut command = Command::new(python);
        command.arg(script("ask.py")).args([REGION, ACCOUNT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("boto3 starts");
        let pipes = (child.stdin.take().expect("a pipe"), BufReader::new(child.stdout.take().expect("a pipe")));
        Self { child, pipes: Mutex::new(pipes) }
    }

    /// The answer to one call; one that fails has `error`.
    #[expect(clippy::needless_pass_by_value, reason = "so that calls can say `json!` without a reference")]
    pub fn ask(&self, url: &str, service: &str, operation: &str, parameters: Value) -> Value {
        let line = json!({ "url": url, "service": service, "operation": operation, "parameters": parameters });
        let mut pipes = self.pipes.lock().expect("nobody else has failed");
        writeln!(pipes.0, "{line}").expect("asked");
        let mut answer = String::new();
        pipes.1.read_line(&mut answer).expect("answered");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{operation}: {error}: {answer}"))
    }
}

impl Drop for Boto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
