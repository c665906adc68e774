//! What a confirmation makes of a proposal: the right to carry it out, once.

use std::sync::Arc;

use jiff::Timestamp;

use super::Proposal;
use crate::journal::Run;

/// A proposal that was confirmed. Made only by [`Guard::confirm`](super::Guard::confirm), and used up by being carried out.
#[derive(Debug)]
pub struct Warrant {
    pub(super) proposal: Proposal,
    pub(super) grant: Grant,
}

/// How it was confirmed.
#[derive(Debug)]
pub(super) struct Grant {
    /// Its run in the journal.
    pub(super) run: Arc<Run>,
    pub(super) reason: Option<String>,
    pub(super) ticket: Option<String>,
    /// Rules of the policy that had a say.
    pub(super) rules: Vec<String>,
    pub(super) broke_glass: bool,
    /// The environments that must be armed.
    pub(super) environments: Vec<Arc<str>>,
    /// It is armed by itself, for this one proposal, until then.
    pub(super) arms_itself: Option<Timestamp>,
}

impl Warrant {
    /// What was confirmed.
    pub fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// Its run in the journal.
    pub fn run(&self) -> &str {
        self.grant.run.id()
    }
}
