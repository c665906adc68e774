//! The screen handed over to a program elsewhere, and taken back when it ends: keys go there as they are typed, and what is printed
//! to one that takes them is shown as it is. What is only printed is shown as plain text. What the engine reports is taken
//! meanwhile; nothing is drawn.

use std::io;

use tokio::time::{Duration, Interval, interval};

use super::input::Keys;
use super::signals::{Signal, Signals};
use super::{Console, Sources};
use crate::app::Msg;
use crate::engine::{Asked, Lending, Lent};
use crate::model::Plain;
use crate::terminal::{Typed, show, sizes};

/// What is printed by something that was not typed to is read before the screen comes back.
const BACK: &str = "\r\n— press Enter to go back —";

/// What goes on while the screen is lent.
struct Behind<'a> {
    from: &'a mut Sources,
    signals: &'a mut Signals,
    seconds: Interval,
}

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
        let mut behind = Behind { from, signals, seconds: interval(Duration::from_secs(1)) };
        if let Some(lent) = asked.lend(sizes()) {
            let leave = if interactive { " (Ctrl-] twice leaves it)" } else { "" };
            show(format!("— {}{leave} —\r\n", want.words).as_bytes())?;
            self.pass(lent, interactive, &mut typed, &mut behind).await?;
        }
        if !interactive && !self.over {
            show(BACK.as_bytes())?;
            self.wait_to_go_back(&mut typed, &mut behind).await;
        }
        drop(typed);
        if !self.over {
            self.terminal.retake()?;
        }
        drop(held);
        self.dirty = true;
        Ok(())
    }

    /// Passes on what is typed and what is printed, until one end has had enough.
    async fn pass(
        &mut self,
        mut lent: Lent,
        interactive: bool,
        typed: &mut Typed,
        behind: &mut Behind<'_>,
    ) -> io::Result<()> {
        let mut plain = Plain::default();
        while !self.over {
            tokio::select! {
                biased;
                resized = self.meanwhile(behind) => if resized {
                    let _ = lent.sizes.send(sizes());
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
                    Some(bytes) => show(&cooked(&plain.of(&bytes)))?,
                    None => break,
                },
            }
        }
        Ok(())
    }

    /// Waits until whoever has read what was printed wants the screen back.
    async fn wait_to_go_back(&mut self, typed: &mut Typed, behind: &mut Behind<'_>) {
        while !self.over {
            tokio::select! {
                biased;
                _ = self.meanwhile(behind) => {}
                more = typed.more() => {
                    if !more || typed.take().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 3)) {
                        return;
                    }
                }
            }
        }
    }

    /// Takes one thing that happens while the screen is lent: nobody else would, and the engine waits for room. Whether the terminal
    /// has another size now. Dropping the future loses nothing.
    async fn meanwhile(&mut self, behind: &mut Behind<'_>) -> bool {
        tokio::select! {
            biased;
            signal = behind.signals.next() => match signal {
                Signal::Leave => self.over = true,
                Signal::Resize => return true,
                Signal::Stop | Signal::Continue => {}
            },
            Some(message) = behind.from.rankings.recv() => self.take(message),
            Some(event) = behind.from.events.recv() => self.take(Msg::Event(event)),
            _ = behind.seconds.tick() => self.take(Msg::Tick(jiff::Timestamp::now())),
        }
        false
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
