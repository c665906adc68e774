//! `config path|check|example`.

use std::io::{self, Write};
use std::process::ExitCode;

use super::args::{ConfigCommand, Global};
use super::screen::Screen;
use super::{DONE, Failure, Setup, policy, wrong};
use crate::config::{Config, Described, EXAMPLE, Origin};
use crate::model::text;

pub(super) fn run(command: Option<ConfigCommand>, global: Global) -> Result<ExitCode, Failure> {
    let Setup { mut config, .. } = Setup::new(global)?;
    let mut out = io::stdout().lock();
    match command.unwrap_or(ConfigCommand::Check) {
        ConfigCommand::Path => match &config.file {
            Some(file) => writeln!(out, "{}", file.display())?,
            None => return Err(anyhow::anyhow!("there is no home folder; name a file with --config").into()),
        },
        ConfigCommand::Example => out.write_all(EXAMPLE.as_bytes())?,
        ConfigCommand::Check => {
            Screen::new(&mut config);
            check(&config, &mut out)?;
            return Ok(if config.problems.is_empty() { DONE } else { wrong() });
        }
    }
    Ok(DONE)
}

/// Writes what is made of the configuration.
fn check(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    if let Some(file) = &config.file {
        let missing = if config.file_exists { "" } else { " (not there: every setting has its default)" };
        writeln!(out, "configuration  {}{missing}", file.display())?;
    }
    for (name, folder) in [("themes", config.themes()), ("state", config.folders.state.clone())] {
        if let Some(folder) = folder {
            writeln!(out, "{name:13}  {}", folder.display())?;
        }
    }
    if let Some(folder) = &config.journal {
        writeln!(out, "journal        {} where the state folder can't be written", folder.display())?;
    }
    writeln!(out, "theme          {}", config.console.theme)?;
    let read_only =
        if config.console.read_only { "yes: nothing can be armed" } else { "until an environment is armed" };
    writeln!(out, "read-only      {read_only}")?;
    for described in &config.described {
        environment(described, out)?;
    }
    policy::explain(config, out)?;
    for (title, list) in [("not used yet", &config.unused), ("problems", &config.problems)] {
        if !list.is_empty() {
            writeln!(out, "\n{title}: {}", list.len())?;
        }
        for problem in list {
            writeln!(out, "  {problem}")?;
        }
    }
    if config.problems.is_empty() {
        writeln!(out, "\nno problems; environments: {}", config.environments.len())?;
    }
    Ok(())
}

/// Why a context of the kubeconfig is an environment, and why it is not called by its name where it is not.
fn by_itself(described: &Described) -> String {
    let Some(context) = described.environment.kube_contexts.first().filter(|_| described.by_itself) else {
        return String::new();
    };
    let context = text::clean(context);
    let renamed = if *context == *described.environment.name {
        String::new()
    } else {
        format!("; another environment is called `{context}`")
    };
    format!("no [[environment]] has this context in its `kube_contexts`{renamed}")
}

fn environment(described: &Described, out: &mut dyn Write) -> io::Result<()> {
    let environment = &described.environment;
    let with = |value: &str, origin: Origin| match origin {
        Origin::Nothing => "-".to_owned(),
        origin => format!("{value} ({})", origin.words()),
    };
    let left_out = if described.is_usable() { "" } else { "  left out" };
    writeln!(out, "\n{}{left_out}", environment.name)?;
    let customer = with(environment.customer.as_deref().unwrap_or_default(), described.customer);
    let stage = match environment.stage {
        Some(stage) => with(stage.word(), described.stage),
        None => "- (treated like prod)".to_owned(),
    };
    let account = match &environment.account {
        _ if environment.without_aws => String::new(),
        Some(account) => format!("{account} (configured)"),
        None => "pinned at first sight".to_owned(),
    };
    let contexts: Vec<String> = described.contexts.iter().map(|(name, how)| format!("{name}: {how}")).collect();
    let profile = match &environment.profile {
        Some(profile) => format!("{profile}: {}", described.credentials),
        None => described.credentials.clone(),
    };
    let place = described.place.as_ref().map(ToString::to_string).unwrap_or_default();
    let backends: Vec<String> = environment.terraform.iter().map(ToString::to_string).collect();
    let regions =
        if environment.without_aws { String::new() } else { with(&environment.regions.join(", "), described.regions) };
    for (label, value) in [
        ("customer", customer),
        ("stage", stage),
        ("profile", profile),
        ("account", account),
        ("regions", regions),
        ("contexts", contexts.join("; ")),
        ("terraform", backends.join("; ")),
        ("stands in", place),
        ("by itself", by_itself(described)),
    ] {
        if !value.is_empty() {
            writeln!(out, "  {label:11}  {value}")?;
        }
    }
    Ok(())
}
