//! The console's own log: a pane (through tui-logger) and a file. Only our own targets unless `-v` asks for more; what a library
//! logs may hold what should not be seen.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// A file that has grown beyond this is put aside at the start.
const FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Lines on their way to the file; more than these are dropped rather than waited for.
const ROOM: usize = 1_024;

/// Starts the log. A file that can't be written leaves the pane; the reason is its first line.
pub fn start(folder: Option<&Path>, verbosity: u8) {
    let level = match verbosity {
        0 => "quarterdeck=info",
        1 => "quarterdeck=debug",
        _ => "quarterdeck=trace,aws_config=debug,aws_smithy_runtime=debug",
    };
    // What the subscriber lets through is what the pane shows; a second filter there would only hide.
    tui_logger::set_default_level(log_level(verbosity));
    let file = folder.map(open).transpose();
    let (file, trouble) = match file {
        Ok(file) => (file, None),
        Err(error) => (None, Some(error)),
    };
    let layer = file.map(|file| tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Lines::to(file)));
    let started = tracing_subscriber::registry()
        .with(EnvFilter::new(level))
        .with(tui_logger::TuiTracingSubscriberLayer)
        .with(layer)
        .try_init();
    if started.is_err() {
        return;
    }
    tracing::info!("quarterdeck {} started", env!("CARGO_PKG_VERSION"));
    if let Some(error) = trouble {
        tracing::warn!("the log is not kept in a file: {error}");
    }
}

const fn log_level(verbosity: u8) -> tui_logger::LevelFilter {
    match verbosity {
        0 => tui_logger::LevelFilter::Info,
        1 => tui_logger::LevelFilter::Debug,
        _ => tui_logger::LevelFilter::Trace,
    }
}

fn open(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let path = folder.join("quarterdeck.log");
    if fs::metadata(&path).is_ok_and(|data| data.len() > FILE_BYTES) {
        fs::rename(&path, folder.join("quarterdeck.log.old"))?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Hands lines to a thread that writes them: no task ever waits for the disk.
#[derive(Clone)]
struct Lines(SyncSender<Vec<u8>>);

impl Lines {
    fn to(file: File) -> Self {
        let (sender, lines) = sync_channel(ROOM);
        std::thread::spawn(move || write_all(file, &lines));
        Self(sender)
    }
}

fn write_all(mut file: File, lines: &Receiver<Vec<u8>>) {
    for line in lines {
        if file.write_all(&line).is_err() {
            return;
        }
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.try_send(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}
