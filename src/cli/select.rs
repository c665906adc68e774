//! Which environments a command is about: what `-e` names, else what `AWS_PROFILE` means, else all of them where they are few.

use std::sync::Arc;

use super::Failure;
use crate::config::{Config, Problem};
pub use crate::model::pattern::matches;
use crate::model::{Environment, Scope};

/// With more environments than this, `--all` must be said.
const FEW: usize = 10;

/// Settles which environments are meant. An unknown name is wrong usage, and so is a pattern that nothing matches: a command
/// that silently did nothing would look like an answer.
pub fn choose(config: &Config, wanted: &[String], all: bool) -> Result<Vec<Environment>, Failure> {
    let names = || config.environments.iter().map(|environment| &*environment.name);
    if let Some(pattern) = wanted.iter().find(|pattern| !names().any(|name| matches(pattern, name))) {
        return Err(unknown(config, pattern));
    }
    if config.environments.is_empty() {
        let message = "there is no environment: configure one, or add a profile with a region to the AWS config file";
        return Err(Failure::usage(message, "`quarterdeck config check` says more"));
    }
    let is_chosen = |environment: &&Environment| {
        let preferred = config.preferred.is_empty() || config.preferred.contains(&environment.name);
        all || (wanted.is_empty() && preferred) || wanted.iter().any(|pattern| matches(pattern, &environment.name))
    };
    let chosen: Vec<Environment> = config.environments.iter().filter(is_chosen).cloned().collect();
    if wanted.is_empty() && !all && chosen.len() > FEW {
        let message = format!("there are {} environments", chosen.len());
        return Err(Failure::usage(message, "name some with `-e NAME|GLOB`, or say `--all`"));
    }
    Ok(chosen)
}

/// Nothing is called so, or what is called so is left out.
fn unknown(config: &Config, pattern: &str) -> Failure {
    if config.described.iter().any(|described| *described.environment.name == *pattern) {
        let message = format!("environment `{pattern}` has no region");
        return Failure::usage(message, "`quarterdeck config check` says more, and `--region` names one");
    }
    let what = if pattern.contains(['*', '?']) { "no environment matches" } else { "there is no environment" };
    let names: Vec<&str> = config.environments.iter().map(|environment| &*environment.name).collect();
    Failure::usage(format!("{what} `{pattern}`"), Problem::one_of(pattern, names))
}

/// Every region of every environment.
pub fn scopes(environments: &[Environment]) -> Vec<Scope> {
    let in_regions = |environment: &Environment| {
        let name = Arc::clone(&environment.name);
        environment
            .regions
            .iter()
            .map(move |region| Scope::new(Arc::clone(&name), Arc::clone(region)))
            .collect::<Vec<_>>()
    };
    environments.iter().flat_map(in_regions).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Environment {
        Environment {
            name: name.into(),
            regions: vec!["eu-west-1".into(), "us-east-1".into()],
            ..Environment::default()
        }
    }

    fn chosen(known: &[&str], preferred: &[&str], wanted: &[&str], all: bool) -> Result<Vec<String>, String> {
        let config = Config {
            environments: known.iter().map(|name| environment(name)).collect(),
            preferred: preferred.iter().map(|name| Arc::from(*name)).collect(),
            ..Config::default()
        };
        let wanted: Vec<_> = wanted.iter().map(|&name| name.to_owned()).collect();
        let names = |chosen: Vec<Environment>| chosen.iter().map(|environment| environment.name.to_string()).collect();
        choose(&config, &wanted, all).map(names).map_err(|failure| failure.to_string())
    }

    #[test]
    fn few_are_all_meant_and_many_must_be_asked_for() {
        let many: Vec<String> = (0..11).map(|n| format!("e{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(chosen(&many[..10], &[], &[], false).unwrap().len(), 10);
        let error = chosen(&many, &[], &[], false).unwrap_err();
        assert!(error.contains("11 environments") && error.contains("--all"), "{error}");
        assert_eq!(chosen(&many, &[], &[], true).unwrap().len(), 11);
        assert_eq!(chosen(&many, &[], &["e*"], false).unwrap().len(), 11);
        assert_eq!(chosen(&many, &["e3"], &[], false).unwrap(), ["e3"]);
    }

    #[test]
    fn names_and_patterns_choose() {
        let known = ["dhbw-prod", "edt-prod", "starttech-dev"];
        assert_eq!(
            chosen(&known, &["edt-prod"], &["*-dev", "dhbw-prod"], false).unwrap(),
            ["dhbw-prod", "starttech-dev"]
        );
        let error = chosen(&known, &[], &["dhbw-prd"], false).unwrap_err();
        assert!(error.contains("no environment `dhbw-prd`") && error.contains("did you mean `dhbw-prod`"), "{error}");
        assert!(chosen(&known, &[], &["*-uat"], false).unwrap_err().contains("no environment matches `*-uat`"));
        assert!(chosen(&[], &[], &[], false).unwrap_err().contains("config check"));
    }

    #[test]
    fn every_region_is_a_scope() {
        let scopes = scopes(&[environment("a")]);
        assert_eq!(scopes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a/eu-west-1", "a/us-east-1"]);
    }
}
