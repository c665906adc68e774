//! The guard that the console and `act` go through, made from the configuration and the flags.

use std::sync::Arc;

use super::Setup;
use crate::actions::Carrier;
use crate::guard::{Guard, Settings};
use crate::journal::Who;

/// The guard, and the hands it works with.
pub(super) fn of(setup: &Setup) -> (Arc<Guard>, Arc<Carrier>) {
    let carrier = Arc::new(Carrier::new(Arc::clone(&setup.access)));
    let settings = Settings::new(setup.config.policy.clone(), setup.read_only(), Who::of_process());
    let environments = setup.config.environments.iter().cloned().map(Arc::new).collect();
    (Guard::new(settings, environments, setup.journal(), carrier.clone()), carrier)
}
