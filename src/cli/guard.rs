//! The guard that the console and `act` go through, made from the configuration and the flags.

use std::path::PathBuf;
use std::sync::Arc;

use super::Setup;
use crate::actions::Carrier;
use crate::config::Config;
use crate::guard::{Guard, Settings};
use crate::journal::{Journal, Who};
use crate::model::text;
use crate::providers::lend::Lender;

/// The guard, and the hands it works with; they ask for the terminal with this.
pub(super) fn of(setup: &Setup, terminal: Lender) -> (Arc<Guard>, Arc<Carrier>) {
    let config = &setup.config;
    let carrier = Arc::new(Carrier::new(Arc::clone(&setup.access)).lending(terminal));
    let settings = Settings::new(config.policy.clone(), config.console.read_only, who());
    let environments = config.environments.iter().cloned().map(Arc::new).collect();
    let hands = Arc::clone(&carrier);
    (Guard::new(settings, environments, journal(config, setup.global.is_demo()), hands), carrier)
}

/// The journal. What is done in the built-in estate is nothing that an auditor should come upon: it has one of its own.
pub(super) fn journal(config: &Config, demo: bool) -> Journal {
    let folder = |folder: &PathBuf| if demo { folder.join("demo") } else { folder.clone() };
    Journal::new(config.folders.state.as_ref().map(folder), config.journal.as_ref().map(folder))
}

/// Who is at the keyboard: the user that the operating system knows, whatever the variables say.
fn who() -> Who {
    let unknown = || "unknown".to_owned();
    let user = whoami::username().unwrap_or_else(|_| unknown());
    let host = whoami::hostname().unwrap_or_else(|_| unknown());
    Who { user: text::clean(&user).into_owned(), host: text::clean(&host).into_owned(), caller: None }
}
