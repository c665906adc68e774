//! stub
#![allow(missing_docs, unused, clippy::all, clippy::pedantic)]
use super::*;
use crate::journal::Entry;
use crate::model::*;
use jiff::Timestamp;
use std::sync::Arc;
pub struct Guard;
pub struct Warrant;
impl Guard {
    pub async fn propose(&self, _: &[Order], _: Timestamp) -> Result<Proposal, Fault> {
        Err(Fault::new(FaultClass::Bug, ""))
    }
    pub fn arm(&self, _: &str, _: &str, _: Option<&str>, _: Timestamp) -> Result<Timestamp, Refusal> {
        Err(Refusal::Reason)
    }
    pub fn disarm(&self, _: &str, _: Timestamp) {}
    pub fn armed(&self, _: Timestamp) -> Vec<(Arc<str>, Timestamp)> {
        vec![]
    }
    pub fn confirm(&self, _: Proposal, _: &Consent, _: bool, _: Timestamp) -> Result<Warrant, Refusal> {
        Err(Refusal::Reason)
    }
    pub async fn carry_out(&self, _: Warrant, _: bool, _: &(dyn Fn(Report) + Send + Sync)) -> Ended {
        Ended::Unknown { at: At { part: 0, step: 0 }, words: "".into() }
    }
    pub fn orphans(&self) -> Vec<Entry> {
        vec![]
    }
    pub fn journal(&self, _: usize) -> Result<Vec<Entry>, String> {
        Ok(vec![])
    }
}
