//! The terminal that `act` was started in, while a program elsewhere has it. Without a terminal only what is printed passes.

use std::io::{self, IsTerminal};

use tokio::sync::mpsc;

use crate::model::Plain;
use crate::providers::lend::{Asked, Lending, Lent};
use crate::terminal::{Raw, Typed, show, sizes};

/// Lends the terminal to whoever asks, one after the other. Never ends.
pub(super) async fn lend(mut borrowers: mpsc::Receiver<Asked>) -> std::convert::Infallible {
    while let Some(asked) = borrowers.recv().await {
        let interactive = asked.want.sort == Lending::Typed;
        if interactive && !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            continue;
        }
        let Some(lent) = asked.lend(sizes()) else { continue };
        let passed = if interactive { joined(lent).await } else { printed(lent).await };
        if let Err(error) = passed {
            tracing::warn!("the terminal could not be lent: {error}");
        }
    }
    std::future::pending().await
}

/// What is printed; plain where a person reads it at a terminal, as it is where something else does.
async fn printed(mut lent: Lent) -> io::Result<()> {
    let mut plain = io::stdout().is_terminal().then(Plain::default);
    while let Some(bytes) = lent.output.recv().await {
        match &mut plain {
            Some(plain) => show(&plain.of(&bytes))?,
            None => show(&bytes)?,
        }
    }
    Ok(())
}

async fn joined(mut lent: Lent) -> io::Result<()> {
    let _raw = Raw::take()?;
    let mut typed = Typed::listen()?;
    let mut resized = Resized::listen()?;
    loop {
        tokio::select! {
            biased;
            more = typed.more() => if !more {
                return Ok(());
            },
            room = lent.input.reserve(), if typed.has_some() => match room {
                Ok(room) => room.send(typed.take()),
                Err(_) => return Ok(()),
            },
            shown = lent.output.recv() => match shown {
                Some(bytes) => show(&bytes)?,
                None => return Ok(()),
            },
            () = resized.next() => drop(lent.sizes.send(sizes())),
        }
    }
}

/// Whenever the terminal has another size.
#[cfg(unix)]
struct Resized(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Resized {
    fn listen() -> io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::window_change()).map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

/// Nobody says so elsewhere.
#[cfg(not(unix))]
struct Resized;

#[cfg(not(unix))]
impl Resized {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}
