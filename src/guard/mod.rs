//! The one path to a change: plan → policy → confirmation → journal intent → permit → last check → send → follow → outcome → undo
//! on offer, for the screen and for `quarterdeck act` alike. Knows the model and the journal; how plans are made and carried out
//! it knows only as [`Hands`], so that every rule can be tested without a provider.

mod hands;
mod judgement;
mod permit;
mod report;
mod stub;

pub use hands::{Hands, Watching};
pub use judgement::{Confirm, Consent, Denial, Judgement, Proposal, Refusal};
pub use permit::{Claim, Permit};
pub use report::{At, Ended, Report};
pub use stub::{Guard, Warrant};
