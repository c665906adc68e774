//! The whole program in a pseudo-terminal: keys go in, the screen that a person would see is read back.

#![allow(
    dead_code,
    missing_docs,
    clippy::expect_used,
    reason = "each test binary and bench uses its own part of the harness"
)]

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

pub use vt100::Screen;

/// Longest wait for anything: machines are noisy, and a test must not measure them.
const PATIENCE: Duration = Duration::from_mins(1);

struct Shared {
    parser: vt100::Parser,
    /// Bytes written to the terminal so far.
    bytes: u64,
    /// In so many pieces.
    writes: u64,
    /// Everything written, for tests about what reaches the terminal.
    raw: Vec<u8>,
    closed: bool,
}

/// A running console.
pub struct Console {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    shared: Arc<(Mutex<Shared>, Condvar)>,
    /// The home folder of the run: nothing of the machine's own configuration is seen.
    pub home: TempDir,
}

impl Console {
    /// Starts the program at this size, with a home of its own.
    pub fn start(args: &[&str], rows: u16, cols: u16) -> Self {
        Self::start_with(args, rows, cols, &[])
    }

    /// The same, with further environment variables.
    pub fn start_with(args: &[&str], rows: u16, cols: u16, variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a home folder");
        Self::start_in(home, args, rows, cols, variables)
    }

    /// The same, in a home that was prepared.
    pub fn start_in(home: TempDir, args: &[&str], rows: u16, cols: u16, variables: &[(&str, &str)]) -> Self {
        // Another build can be measured in place of the one that this was built with.
        let program = std::env::var("QUARTERDECK_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_quarterdeck").to_owned());
        Self::start_program(&program, home, args, rows, cols, variables)
    }

    /// Starts another program in the same way.
    pub fn start_program(
        program: &str,
        home: TempDir,
        args: &[&str],
        rows: u16,
        cols: u16,
        variables: &[(&str, &str)],
    ) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.env_clear();
        for name in ["PATH", "LANG", "LC_ALL"] {
            if let Ok(value) = std::env::var(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        command.args(args);
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let writer = pair.master.take_writer().expect("a writer");
        let reader = pair.master.try_clone_reader().expect("a reader");
        let parser = vt100::Parser::new(cells(rows), cells(cols), 0);
        let shared = Shared { parser, bytes: 0, writes: 0, raw: Vec::new(), closed: false };
        let shared = Arc::new((Mutex::new(shared), Condvar::new()));
        read_all(reader, Arc::clone(&shared));
        Self { master: pair.master, writer, child, shared, home }
    }

    /// Presses keys: plain characters, or escape sequences.
    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.writer.flush().expect("the terminal takes keys");
    }

    /// Waits until the screen is as wanted; panics with the screen where it never is.
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&Screen) -> bool) -> String {
        self.wait_until(PATIENCE, what, wanted);
        self.text()
    }

    /// The same with another patience, without reading the screen back.
    pub fn wait_until(&self, patience: Duration, what: &str, wanted: impl Fn(&Screen) -> bool) {
        let (lock, changed) = &*self.shared;
        let mut shared = lock.lock().expect("the reader lives");
        let until = Instant::now() + patience;
        loop {
            if wanted(shared.parser.screen()) {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            let gone = shared.closed;
            assert!(
                !left.is_zero() && !gone,
                "{what}: not seen (closed: {gone}):\n{}",
                shared.parser.screen().contents()
            );
            shared = changed.wait_timeout(shared, left.min(Duration::from_millis(200))).expect("the reader lives").0;
        }
    }

    /// Waits until a text stands on the screen.
    pub fn wait_text(&self, text: &str) -> String {
        self.wait_for(text, |screen| screen.contents().contains(text))
    }

    /// Waits until a text is gone from the screen.
    pub fn wait_gone(&self, text: &str) -> String {
        self.wait_for(&format!("without {text}"), |screen| !screen.contents().contains(text))
    }

    /// Looks at the screen as it is now.
    pub fn look<T>(&self, at: impl Fn(&Screen) -> T) -> T {
        at(self.shared.0.lock().expect("the reader lives").parser.screen())
    }

    /// The screen now.
    pub fn text(&self) -> String {
        self.shared.0.lock().expect("the reader lives").parser.screen().contents()
    }

    /// Bytes written to the terminal so far.
    pub fn bytes(&self) -> u64 {
        self.shared.0.lock().expect("the reader lives").bytes
    }

    /// In how many pieces they came: frames that came at once count as one.
    pub fn writes(&self) -> u64 {
        self.shared.0.lock().expect("the reader lives").writes
    }

    /// Everything that was written to the terminal.
    pub fn raw(&self) -> Vec<u8> {
        self.shared.0.lock().expect("the reader lives").raw.clone()
    }

    /// Whether keys come line by line and are shown as they are typed, as the shell has them.
    #[cfg(unix)]
    pub fn is_cooked(&self) -> bool {
        self.master.get_termios().is_some_and(|modes| format!("{:?}", modes.local_flags).contains("ICANON"))
    }

    /// Whether the program is on the alternate screen.
    pub fn on_alternate_screen(&self) -> bool {
        self.shared.0.lock().expect("the reader lives").parser.screen().alternate_screen()
    }

    /// Makes the terminal another size.
    pub fn resize(&self, rows: u16, cols: u16) {
        self.shared.0.lock().expect("the reader lives").parser.screen_mut().set_size(cells(rows), cells(cols));
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("the terminal resizes");
    }

    /// Process id of the program.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = std::process::Command::new("kill").args(["-s", name, &self.pid().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits until the program has ended, and all that it wrote is on the screen.
    pub fn wait_end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                let (lock, changed) = &*self.shared;
                let shared = lock.lock().expect("the reader lives");
                let left = until.saturating_duration_since(Instant::now());
                drop(changed.wait_timeout_while(shared, left, |shared| !shared.closed).expect("the reader lives"));
                return status;
            }
            assert!(Instant::now() < until, "it does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the program is stopped as a job: a signal to go on would be lost before that.
    pub fn wait_stopped(&self) {
        let until = Instant::now() + PATIENCE;
        let stopped = || {
            let status = std::process::Command::new("ps").args(["-o", "stat=", "-p", &self.pid().to_string()]).output();
            status.is_ok_and(|status| status.stdout.starts_with(b"T"))
        };
        while !stopped() {
            assert!(Instant::now() < until, "it does not stop:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("the program can be waited for").is_none()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(mut reader: Box<dyn Read + Send>, shared: Arc<(Mutex<Shared>, Condvar)>) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = reader.read(&mut buffer).unwrap_or(0);
            let (lock, changed) = &*shared;
            let Ok(mut shared) = lock.lock() else { return };
            if count == 0 {
                shared.closed = true;
                changed.notify_all();
                return;
            }
            shared.bytes += count as u64;
            shared.writes += 1;
            shared.parser.process(&buffer[..count]);
            if shared.raw.len() < 4 * 1024 * 1024 {
                shared.raw.extend_from_slice(&buffer[..count]);
            }
            changed.notify_all();
        }
    });
}

/// A terminal has a cell at least.
fn cells(count: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(count).expect("a terminal has a cell at least")
}
