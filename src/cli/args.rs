//! The command line's structure: flags, subcommands and their help. Parses only; what they do is in the subcommands' own files.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::act::ActArgs;
use crate::config::duration;
use crate::kinds::{self, BridgePane};

/// An operations console for the terminal: the live state of many customers' AWS accounts on one screen
#[derive(Debug, Parser)]
#[command(name = "quarterdeck", version, disable_help_subcommand = true, max_term_width = 110)]
#[command(after_help = "Without a command: the console.\n\
    Exit status: 0 done, 1 something is wrong, 2 a source failed (what the others returned is printed), 64 wrong usage.")]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Global {
    /// Only these environments: a name or a pattern with `*` and `?` (can be given several times)
    #[arg(short = 'e', long = "environment", value_name = "NAME|GLOB", global = true, conflicts_with = "all")]
    pub environments: Vec<String>,
    /// All environments; must be said where there are more than ten
    #[arg(long, global = true)]
    pub all: bool,
    /// This AWS region instead of the environments' own
    #[arg(long, value_name = "R", global = true)]
    pub region: Option<String>,
    /// How results are printed; a table unless something else is asked for
    #[arg(short = 'o', long = "output", value_name = "FORMAT", global = true)]
    pub output: Option<Format>,
    /// Use the built-in estate instead of AWS: no account, no network
    #[cfg(feature = "demo")]
    #[arg(long, global = true)]
    pub demo: bool,
    /// The built-in estate's seed: the same seed tells the same story
    #[cfg(feature = "demo")]
    #[arg(long, value_name = "N", global = true)]
    pub seed: Option<u64>,
    /// Another estate to measure with: so many environments of so many services, such as `20x500`
    #[cfg(feature = "demo")]
    #[arg(long, value_name = "ENVIRONMENTSxSERVICES", global = true, value_parser = size)]
    pub size: Option<(usize, usize)>,
    /// Trouble in the built-in estate, such as `dhbw-prod/ecs=throttle` (can be given several times)
    #[cfg(feature = "demo")]
    #[arg(long = "fault", value_name = "ENV[/SERVICE[/OPERATION]]=KIND[:ARG]", global = true)]
    pub faults: Vec<String>,
    /// Nothing can be armed or applied, whatever the configuration says
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Another configuration file
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The theme
    #[arg(long, value_name = "NAME", global = true)]
    pub theme: Option<String>,
    /// No colours
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Say more on standard error, and in the console's log (`-vv`: still more)
    #[arg(short = 'v', long = "verbose", global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

impl Global {
    /// How results are printed.
    pub fn format(&self) -> Format {
        self.output.unwrap_or_default()
    }

    /// Whether the built-in estate stands in for AWS.
    pub const fn is_demo(&self) -> bool {
        #[cfg(feature = "demo")]
        return self.demo;
        #[cfg(not(feature = "demo"))]
        false
    }
}

/// Parses `20x500`.
#[cfg(feature = "demo")]
fn size(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('x').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let fits = |(environments, services): &(usize, usize)| (1..=500).contains(environments) && *services <= 20_000;
    parts.filter(fits).ok_or_else(|| "up to 500 environments of up to 20000 services, such as `20x500`".to_owned())
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for people, fitted to the terminal
    #[default]
    Table,
    /// One array with every column for programs
    Json,
    /// Comma-separated values with every column
    Csv,
    /// A Markdown table for reports
    Markdown,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The console on a built-in estate: no account, no network, nothing to install
    #[cfg(feature = "demo")]
    Demo,
    /// Print resources, or what changed
    Get(GetArgs),
    /// Print log lines of services, tasks, log groups…
    Logs(LogsArgs),
    /// Plan a change, and carry it out
    Act(ActArgs),
    /// Show what was done, newest first, or verify that the record is whole
    Journal(JournalArgs),
    /// Show where the configuration is, check it, or print an example
    Config {
        /// What to do with it.
        #[command(subcommand)]
        command: Option<ConfigCommand>,
    },
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

impl Command {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "demo")]
            Self::Demo => "demo",
            Self::Get(_) => "get",
            Self::Logs(_) => "logs",
            Self::Act(_) => "act",
            Self::Journal(_) => "journal",
            Self::Config { .. } => "config",
            Self::Completions { .. } => "completions",
            Self::Man => "man",
        }
    }
}

/// `get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// What to print; besides these, whatever a Kubernetes cluster has (`certificates.cert-manager.io`)
    #[arg(value_name = "KIND", value_parser = KindParser)]
    pub kind: String,
    /// Only rows that match: words, `!word`, `column:value`, `/regular expression/`
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// How far back changes go
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub since: Option<Duration>,
}

/// `logs`.
#[derive(Debug, Args)]
#[command(
    after_help = "SOURCE is the name of a log group (`/ecs/backend`, `/ecs/*`), `KIND/NAME` of something that has logs \
    (`service/backend`, `pod/web-0`, `deployment/web`), a bare name: a service, else a log group, or the pods that carry \
    some labels: `labels:NAMESPACE/app=web,tier!=cache`, in every cluster of the environment.\n\
    With -o json every line is an object of its own."
)]
pub struct LogsArgs {
    /// Where the lines come from
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<String>,
    /// How far back
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1h")]
    pub since: Duration,
    /// Go on with new lines until Ctrl-C
    #[arg(short = 'f', long)]
    pub follow: bool,
    /// Only lines that match this regular expression
    #[arg(long, value_name = "RE")]
    pub grep: Option<regex::Regex>,
}

/// `journal`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "With --demo: what was done in the built-in estate, which has a journal of its own.\n\
    Exit status of verify: 0 whole, 1 something was changed, is missing or is cut off.")]
pub struct JournalArgs {
    /// What to do with it; show unless something else is said.
    #[command(subcommand)]
    pub command: Option<JournalCommand>,
    /// How far back
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, global = true)]
    pub since: Option<Duration>,
    /// So many entries at most [default: 100; with --since 10000]
    #[arg(short = 'n', long, value_name = "N", global = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub newest: Option<u32>,
}

/// What to do with the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum JournalCommand {
    /// Print entries, newest first
    Show,
    /// Find what was changed, is missing or is cut off, and say where
    Verify,
}

/// `config`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print where the configuration file is, or would be
    Path,
    /// Explain every environment and name every mistake; exit 1 if there is one
    Check,
    /// Print an example with every setting and its default
    Example,
}

/// The word for the time line of changes, which is no kind.
pub const CHANGES: &str = "changes";

/// Panes by their words, kinds by their titles; ids and aliases are accepted, too. Any other word may be a type that a Kubernetes
/// cluster has, which only that can tell.
#[derive(Clone)]
struct KindParser;

impl TypedValueParser for KindParser {
    type Value = String;

    fn parse_ref(&self, _: &clap::Command, _: Option<&clap::Arg>, word: &OsStr) -> Result<String, clap::Error> {
        let word = word.to_str().filter(|word| !word.is_empty());
        word.map(str::to_owned).ok_or_else(|| clap::Error::new(clap::error::ErrorKind::InvalidUtf8))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let several = |pane: &BridgePane| pane.kinds().nth(1).is_some();
        let panes = BridgePane::ALL.into_iter().filter(several).map(|pane| {
            let kinds: Vec<&str> = pane.kinds().map(|kind| kind.id).collect();
            PossibleValue::new(pane.word()).help(format!("All of {}", kinds.join(", ")))
        });
        let kinds = kinds::ALL.iter().filter(|kind| kind.stands_alone()).map(move |kind| {
            // The word of a pane means all that stands in it: this one is asked for by its id.
            let value = match BridgePane::by_word(kind.title).filter(several) {
                Some(_) => PossibleValue::new(kind.id),
                None => PossibleValue::new(kind.title).alias(kind.id),
            };
            value.aliases(kind.aliases).help(kind.doc)
        });
        let changes = PossibleValue::new(CHANGES).help("What changed, newest first, and who did it");
        Some(Box::new(panes.chain(kinds).chain([changes])))
    }
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| format!("it must be {}", duration::ALLOWED))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_structure_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_global() {
        let cli =
            Cli::try_parse_from(["quarterdeck", "get", CHANGES, "a", "!b", "-e", "x-*", "-e", "y", "--since", "2h"])
                .unwrap();
        assert_eq!(cli.global.environments, ["x-*", "y"]);
        let Some(Command::Get(get)) = cli.command else { panic!("{:?}", cli.command) };
        assert_eq!(get.filter, ["a", "!b"]);
        assert_eq!(get.since, Some(Duration::from_hours(2)));
    }
}
