//! `--demo` and `demo`: the built-in estate in place of AWS and Kubernetes.

use std::sync::Arc;

use super::Failure;
use super::args::Global;
use super::setup::files;
use crate::config::{Config, Described, Origin};
use crate::demo::world::{Clock, StateBackend};
use crate::demo::{Estate, EstateEnvironment};
use crate::model::{Backend, Environment, Stage};
use crate::providers::Source;

/// The seed, unless another one is asked for.
const SEED: u64 = 1;

/// AWS, or the estate where the flags want it; then its environments become those of the configuration.
pub(super) fn source(global: &Global, mut config: Config) -> Result<(Config, Source), Failure> {
    if !global.demo {
        if global.seed.is_some() || global.size.is_some() || !global.faults.is_empty() {
            return Err(Failure::usage(
                "`--seed`, `--size` and `--fault` are about the built-in estate",
                "say `--demo`, too",
            ));
        }
        let source = files(&config);
        return Ok((config, source));
    }
    let seed = global.seed.unwrap_or(SEED);
    let estate = match global.size {
        Some((environments, services)) => Estate::sized(seed, Clock::Real, environments, services),
        None => Estate::new(seed, Clock::Real),
    };
    for rule in &global.faults {
        estate.faults().add(rule).map_err(|error| Failure::usage(error.to_string(), ""))?;
    }
    config.described = estate.environments().iter().map(|environment| describe(environment, global)).collect();
    config.environments = config.described.iter().map(|described| described.environment.clone()).collect();
    Ok((config, reached(&estate)))
}

/// The estate as what stands in for everything outside.
pub fn reached(estate: &Estate) -> Source {
    let (accounts, clusters) = (estate.clone(), estate.clone());
    Source::Estate {
        aws: Arc::new(move |name| Some((accounts.http_client(name)?, accounts.credentials()))),
        kube: Arc::new(move |environment, cluster| clusters.kube(environment, cluster)),
    }
}

/// An environment of the estate as a configuration would have it.
pub fn configured(environment: &EstateEnvironment) -> Environment {
    let stage = [Stage::Prod, Stage::Staging, Stage::Test, Stage::Dev];
    let text = |text: &String| Arc::from(text.as_str());
    let backend = |backend: &StateBackend| Backend {
        bucket: Some(text(&backend.bucket)),
        table: backend.table.as_ref().map(text),
        lockfile: Some(backend.lockfile),
        key_prefix: backend.key_prefix.as_ref().map(text),
        profile: backend.profile.as_ref().map(text),
        region: backend.region.as_ref().map(text),
        ..Backend::default()
    };
    Environment {
        name: text(&environment.name),
        customer: Some(text(&environment.customer)),
        stage: stage.into_iter().find(|stage| stage.word() == environment.stage),
        profile: Some(text(&environment.profile)),
        account: Some(text(&environment.account)),
        regions: vec![text(&environment.region)],
        terraform: environment.backends.iter().map(backend).collect(),
        ..Environment::default()
    }
}

fn describe(environment: &EstateEnvironment, global: &Global) -> Described {
    let own = configured(environment);
    let regions = global.region.as_ref().map_or_else(|| own.regions.clone(), |region| vec![region.as_str().into()]);
    Described {
        environment: Environment { regions, ..own },
        place: None,
        customer: Origin::Estate,
        stage: Origin::Estate,
        regions: if global.region.is_some() { Origin::Flag } else { Origin::Estate },
        credentials: "the built-in estate".to_owned(),
        by_itself: false,
        contexts: Vec::new(),
    }
}
