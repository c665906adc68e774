//! The terminal while it is lent to a program elsewhere: bytes as they are typed, bytes as they are to be shown. Nothing is drawn.

use std::io::{self, Write, stdout};

/// Typed twice it takes the terminal back (`Ctrl-]`), whatever the program does.
const LEAVE: u8 = 0x1d;

/// What is typed to a program that does not take it is forgotten beyond this.
const MOST: usize = 1 << 20;

/// What is typed, byte by byte.
#[cfg(unix)]
pub struct Typed {
    terminal: tokio::io::unix::AsyncFd<std::fs::File>,
    /// The last byte was the one that leaves.
    leaving: bool,
    /// What was typed and not taken yet.
    waiting: Vec<u8>,
}

#[cfg(unix)]
impl Typed {
    /// Begins to listen; nobody else may meanwhile. Must be called on a runtime.
    pub fn listen() -> io::Result<Self> {
        use std::os::fd::AsFd;
        let terminal = std::fs::File::from(io::stdin().as_fd().try_clone_to_owned()?);
        #[expect(
            deprecated,
            reason = "a file keeps its descriptor as long as it lives; the way beside this one is unsafe"
        )]
        let terminal = tokio::io::unix::AsyncFd::with_interest(terminal, tokio::io::Interest::READABLE)?;
        Ok(Self { terminal, leaving: false, waiting: Vec::new() })
    }

    /// Waits until more is typed. `false`: whoever types wants the terminal back, or it is gone. Dropping the future loses nothing.
    pub async fn more(&mut self) -> bool {
        use std::io::Read;
        // More than a terminal keeps: what is read is all there is, and readiness comes anew with the next key.
        let mut piece = vec![0; 16 * 1024];
        let Ok(mut ready) = self.terminal.readable().await else { return false };
        // Ready means that some bytes are there: reading them does not wait.
        let count = { ready.get_inner() }.read(&mut piece);
        ready.clear_ready();
        let Some(typed) = count.ok().and_then(|count| piece.get(..count)).filter(|typed| !typed.is_empty()) else {
            return false;
        };
        if self.waiting.len() < MOST {
            self.waiting.extend_from_slice(typed);
        }
        !leaves(typed, &mut self.leaving)
    }

    /// Whether something was typed and is not taken yet.
    pub fn has_some(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes what was typed.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.waiting)
    }
}

/// Nothing can be typed elsewhere.
#[cfg(not(unix))]
pub struct Typed;

#[cfg(not(unix))]
impl Typed {
    /// There is no such terminal here.
    pub fn listen() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Nothing is typed.
    pub async fn more(&mut self) -> bool {
        false
    }

    /// Nothing.
    pub fn has_some(&self) -> bool {
        false
    }

    /// Nothing.
    pub fn take(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// Whether the byte that leaves was typed twice in a row.
fn leaves(typed: &[u8], leaving: &mut bool) -> bool {
    typed.iter().any(|byte| {
        let again = *leaving && *byte == LEAVE;
        *leaving = *byte == LEAVE;
        again
    })
}

/// Shows bytes as they are.
pub fn show(bytes: &[u8]) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_byte_twice_in_a_row_leaves() {
        let typed = |pieces: &[&[u8]]| {
            let mut leaving = false;
            pieces.iter().any(|piece| leaves(piece, &mut leaving))
        };
        assert!(typed(&[b"\x1d\x1d"]));
        assert!(typed(&[b"ls\x1d", b"\x1d"]));
        assert!(!typed(&[b"\x1da\x1d"]));
        assert!(!typed(&[b"\x03\x03"]));
    }
}
