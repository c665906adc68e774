//! What the guard tells while a confirmed proposal is carried out, and how that ends.

use std::sync::Arc;

use super::Proposal;
use crate::model::{Difference, Fault, Followed, Headway, Order, Sent};

/// Which step of which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At {
    /// Position of the part, from 0.
    pub part: usize,
    /// Position of the step in its plan, from 0.
    pub step: usize,
}

/// What is happening to a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// The target and the caller are read once more.
    Checking(At),
    /// The intent is on disk, and the request leaves now.
    Sending(At),
    /// What came of the request.
    Sent(At, Sent),
    /// How far it has come.
    Headway(At, Headway),
    /// What came of following it; a fault where it could not be followed.
    Followed(At, Result<Followed, Fault>),
}

/// How the carrying out of a proposal has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Everything is done and verified (or accepted, where it was not to be followed).
    Done {
        /// What came of it, a line for each part.
        words: Vec<Arc<str>>,
        /// What takes it back, the last part first.
        undo: Vec<Order>,
    },
    /// What the plan stood on has moved, before anything of that part was sent. The new plan, with the difference.
    Moved {
        /// Which part; those before it are done.
        part: usize,
        /// What is different.
        differences: Vec<Difference>,
        /// The remaining parts planned anew.
        proposal: Result<Box<Proposal>, Fault>,
        /// What takes back the parts that are done.
        undo: Vec<Order>,
    },
    /// A step was refused, or ended otherwise than wanted. What came before it is done, what comes after is not.
    Failed {
        /// Which.
        at: At,
        /// Why.
        words: Arc<str>,
        /// What takes back the steps and parts that are done.
        undo: Vec<Order>,
    },
    /// Nobody can say what became of a step. It is not sent again, and nothing after it is.
    Unknown {
        /// Which.
        at: At,
        /// Why.
        words: Arc<str>,
        /// What takes back the steps and parts that are done, and what was accepted and could not be followed.
        undo: Vec<Order>,
    },
}
