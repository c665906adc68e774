//! A terminal that is lent to a program elsewhere: whoever runs it asks, whoever has the terminal gives it for as long as it is used.
//! Knows neither terminals nor programs, only the bytes between them.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

/// Pieces on their way; whoever is slower is waited for.
const ROOM: usize = 16;

/// Columns and rows.
pub type Size = (u16, u16);

/// How the terminal is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lending {
    /// What is typed goes there as it is, each key by itself.
    Typed,
    /// Something is printed, and may stay there.
    Printed,
    /// Something is shown that must not stay there.
    Secret,
}

/// What the terminal is wanted for.
#[derive(Clone, Debug)]
pub struct Want {
    /// How it is used.
    pub sort: Lending,
    /// Said before it begins.
    pub words: Arc<str>,
}

/// Asks for the terminal.
#[derive(Clone, Debug)]
pub struct Lender(mpsc::Sender<Asked>);

/// Somebody wants the terminal.
#[derive(Debug)]
pub struct Asked {
    /// What for.
    pub want: Want,
    answer: oneshot::Sender<Loan>,
}

/// The terminal as the borrower has it. Dropping this gives it back.
#[derive(Debug)]
pub struct Loan {
    /// What is typed. It ends when the terminal is taken back.
    pub input: mpsc::Receiver<Vec<u8>>,
    /// What is shown.
    pub output: mpsc::Sender<Vec<u8>>,
    /// How large it is.
    pub sizes: watch::Receiver<Size>,
}

/// The other ends, for whoever has the terminal. Dropping them takes it back.
#[derive(Debug)]
pub struct Lent {
    /// What is typed.
    pub input: mpsc::Sender<Vec<u8>>,
    /// What is shown. It ends when the terminal is given back.
    pub output: mpsc::Receiver<Vec<u8>>,
    /// How large it is.
    pub sizes: watch::Sender<Size>,
}

impl Lender {
    /// Somebody who can ask, and what is asked.
    pub fn new() -> (Self, mpsc::Receiver<Asked>) {
        let (asks, asked) = mpsc::channel(1);
        (Self(asks), asked)
    }

    /// The terminal, as soon as it is free. `None`: nobody has one.
    pub async fn borrow(&self, want: Want) -> Option<Loan> {
        let (answer, loan) = oneshot::channel();
        self.0.send(Asked { want, answer }).await.ok()?;
        loan.await.ok()
    }
}

impl Asked {
    /// Lends a terminal of this size. `None`: nobody wants it any more.
    pub fn lend(self, size: Size) -> Option<Lent> {
        let (input, typed) = mpsc::channel(ROOM);
        let (shown, output) = mpsc::channel(ROOM);
        let (sizes, size) = watch::channel(size);
        self.answer.send(Loan { input: typed, output: shown, sizes: size }).ok()?;
        Some(Lent { input, output, sizes })
    }
}
