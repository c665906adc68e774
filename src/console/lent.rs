//! The screen handed over to a program elsewhere, and taken back when it ends: keys go there as they are typed, what it prints is
//! shown as it is. What the engine reports is taken meanwhile; nothing is drawn.

use std::io;

use tokio::time::{Duration, interval};

use super::input::Keys;
use super::signals::{Signal, Signals};
use super::{Console, Sources};
use crate::app::Msg;
use crate::engine::{Asked, Lending};
use crate::terminal::{Typed, show, sizes};

/// What is printed by something that was not typed to is read before the screen comes back.
const BACK: &str = "\r\n— press Enter to go back —";

impl Console {
    /// Lends the terminal until it is given back, or taken back by whoever types.
    pub(super) async fn lend(
        &mut self,
        asked: Asked,
        keys: &mut Keys,
        from: &mut Sources,
        signals: &mut Signals,
    ) -> io::Result<()> {
        let Some(held) = keys.hold().await else { return Ok(()) };
        let want = asked.want.clone();
        let interactive = want.sort == Lending::Typed;
        self.terminal.lend(want.sort == Lending::Secret)?;
        let mut typed = Typed::listen()?;
        if let Some(mut lent) = asked.lend(sizes()) {
            let leave = if interactive { " (Ctrl-] twice leaves it)" } else { "" };
            show(format!("— {}{leave} —\r\n", want.words).as_bytes())?;
            let mut seconds = interval(Duration::from_secs(1));
            loop {
                tokio::select! {
                    biased;
                    signal = signals.next() => match signal {
                        Signal::Leave => {
                            self.over = true;
                            break;
                        }
                        Signal::Resize => drop(lent.sizes.send(sizes())),
                        Signal::Stop | Signal::Continue => {}
                    },
                    more = typed.more() => {
                        // What only prints can be left with Ctrl-C.
                        let leaves = !interactive && typed.take().contains(&3);
                        if !more || leaves {
                            break;
                        }
                    }
                    room = lent.input.reserve(), if typed.has_some() => match room {
                        Ok(room) => room.send(typed.take()),
                        Err(_) => break,
                    },
                    shown = lent.output.recv() => match shown {
                        Some(bytes) if interactive => show(&bytes)?,
                        Some(bytes) => show(&cooked(&bytes))?,
                        None => break,
                    },
                    Some(message) = from.rankings.recv() => self.take(message),
                    Some(event) = from.events.recv() => self.take(Msg::Event(event)),
                    _ = seconds.tick() => self.take(Msg::Tick(jiff::Timestamp::now())),
                }
            }
        }
        if !interactive && !self.over {
            show(BACK.as_bytes())?;
            while typed.more().await && !typed.take().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 3)) {}
        }
        drop(typed);
        if !self.over {
            self.terminal.retake()?;
        }
        drop(held);
        self.dirty = true;
        Ok(())
    }
}

/// A raw terminal goes down a line without going back to its start.
fn cooked(bytes: &[u8]) -> Vec<u8> {
    let mut cooked = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for byte in bytes {
        if *byte == b'\n' {
            cooked.push(b'\r');
        }
        cooked.push(*byte);
    }
    cooked
}
