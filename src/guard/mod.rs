//! The one path to a change: plan → policy → confirmation → journal intent → permit → last check → send → follow → outcome → undo
//! on offer, for the screen and for `quarterdeck act` alike. Knows the model and the journal; how plans are made and carried out
//! it knows only as [`Hands`], so that every rule can be tested without a provider.

mod arms;
mod carry;
mod desk;
mod hands;
mod judge;
mod judgement;
mod permit;
mod policy;
mod record;
mod report;
mod send;
#[cfg(test)]
mod tests;
mod warrant;
mod when;

pub use desk::{Clock, Guard, Settings};
pub use hands::{Hands, Watching};
pub use judgement::{Confirm, Consent, Denial, Judgement, Proposal, Refusal};
pub use permit::{Claim, Permit};
pub use policy::{Arming, Effects, Policy, Rule, Selects, Ticket};
pub use report::{At, Ended, Report};
pub use warrant::Warrant;
pub use when::{DAYS, When};
