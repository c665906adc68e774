//! Flags that can't be meant: refused before anything is asked, with what would be right. What the parser can tell by itself is
//! not its affair.

use super::args::{Command, Global};
use super::{Failure, screen, setup};
use crate::config::{Config, Problem, is_region};
use crate::model::text::near_misses;

/// Looks at the flags that every command takes.
pub(super) fn check(command: Option<&Command>, global: &Global) -> Result<(), Failure> {
    let prints = matches!(command, Some(Command::Get(_) | Command::Logs(_) | Command::Act(_) | Command::Journal(_)));
    if global.output.is_some() && !prints {
        let what = command.map_or_else(|| "the console".to_owned(), |command| format!("`{}`", command.name()));
        return Err(Failure::usage(
            format!("`--output` says nothing about {what}"),
            "it belongs to `get`, `logs`, `act` and `journal`",
        ));
    }
    let region = global.region.as_deref().filter(|region| !is_region(region));
    if region.is_none() && global.theme.is_none() {
        return Ok(());
    }
    // Without the wrong region, so that the right ones are there.
    let (config, _) = setup::sourced(&Global { region: None, ..global.clone() })?;
    if let Some(region) = region {
        return Err(Failure::usage(format!("`{region}` is not a region"), near_regions(region, &config)));
    }
    global.theme.as_deref().map_or(Ok(()), |theme| screen::check_theme(&config, theme))
}

/// The near misses among the regions that environments are in; else how a region is written: those are not all that there are.
fn near_regions(wanted: &str, config: &Config) -> String {
    let known = config.described.iter().flat_map(|described| &described.environment.regions);
    let wanted = wanted.to_lowercase();
    match near_misses(&wanted, known.map(|region| &**region)) {
        near if near.is_empty() => "write it like `eu-central-1`".to_owned(),
        near => Problem::one_of(&wanted, near),
    }
}
