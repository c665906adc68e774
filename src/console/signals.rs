//! Signals as the main loop takes them: leaving, stopping and continuing all go through it, so that the terminal is given back
//! and taken in order.

use std::io;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Leave (SIGTERM, SIGHUP, SIGINT from outside).
    Leave,
    /// Stop (SIGTSTP from outside; Ctrl-Z comes as a key).
    Stop,
    /// The terminal has another size. It comes as an event, too, but that one can get lost when a key is pressed at the same time.
    Resize,
    /// Continued after somebody else stopped the process: the shell has used the screen.
    Continue,
}

#[cfg(not(unix))]
pub use elsewhere::Signals;
#[cfg(unix)]
pub use on_unix::Signals;

#[cfg(unix)]
mod on_unix {
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    use super::{Signal, io};

    /// The signals that are listened to.
    pub struct Signals {
        terminate: Stream,
        hang_up: Stream,
        interrupt: Stream,
        stop: Stream,
        resume: Stream,
        resize: Stream,
    }

    impl Signals {
        /// Starts to listen.
        pub fn listen() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                stop: signal(SignalKind::from_raw(signal_hook::consts::SIGTSTP))?,
                resume: signal(SignalKind::from_raw(signal_hook::consts::SIGCONT))?,
                resize: signal(SignalKind::window_change())?,
            })
        }

        /// The next one.
        pub async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.terminate.recv() => Signal::Leave,
                _ = self.hang_up.recv() => Signal::Leave,
                _ = self.interrupt.recv() => Signal::Leave,
                _ = self.stop.recv() => Signal::Stop,
                _ = self.resume.recv() => Signal::Continue,
                _ = self.resize.recv() => Signal::Resize,
            }
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::{Signal, io};

    /// The signals that are listened to.
    pub struct Signals;

    impl Signals {
        /// Starts to listen.
        pub fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// The next one.
        pub async fn next(&mut self) -> Signal {
            // Without a console to listen to, nothing will ever come.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Signal::Leave
        }
    }
}
