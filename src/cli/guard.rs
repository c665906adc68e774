//! The guard that the console and `act` go through, made from the configuration and the flags.

use std::path::PathBuf;
use std::sync::Arc;

use super::Setup;
use crate::actions::Carrier;
use crate::guard::{Guard, Policy, Settings};
use crate::journal::{Journal, Who};
use crate::model::text;

/// The guard, and the hands it works with.
pub(super) fn of(setup: &Setup) -> (Arc<Guard>, Arc<Carrier>) {
    let carrier = Arc::new(Carrier::new(Arc::clone(&setup.access)));
    let settings = Settings::new(Policy::default(), false, who());
    let environments = setup.config.environments.iter().cloned().map(Arc::new).collect();
    let hands = Arc::clone(&carrier);
    (Guard::new(settings, environments, journal(setup), hands), carrier)
}

/// The journal. What is done in the built-in estate is nothing that an auditor should come upon: it has one of its own.
pub(super) fn journal(setup: &Setup) -> Journal {
    let folder = setup.config.folders.state.as_ref();
    let folder = folder.map(|folder| if setup.global.is_demo() { folder.join("demo") } else { PathBuf::from(folder) });
    Journal::new(folder, None)
}

/// Who is at the keyboard.
fn who() -> Who {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    Who {
        user: text::clean(&user.unwrap_or_else(|| "unknown".to_owned())).into_owned(),
        host: text::clean(&host).into_owned(),
        caller: None,
    }
}
