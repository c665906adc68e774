//! The operator's terminal, for what a cluster sends there.

use std::sync::Arc;

use crate::guard::Watching;
use crate::model::{Followed, Headway, Plan};
use crate::providers::Acting;
use crate::providers::lend::{Lending, Loan, Want};

/// The terminal as soon as it is free, or what a step ends with that has none.
pub(in crate::actions) async fn borrow(
    acting: &Acting,
    plan: &Plan,
    sort: Lending,
    watch: Watching<'_>,
) -> Result<Loan, Followed> {
    let none = || Followed::Failed("there is no terminal to show it on".into());
    let terminal = acting.terminal.as_ref().ok_or_else(none)?;
    watch(Headway { words: "it has the terminal".into(), percent: None });
    terminal.borrow(Want { sort, words: Arc::clone(&plan.title) }).await.ok_or_else(none)
}
