//! What the console and the commands start from: the configuration and the way to the environments, made from the flags.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;

use jiff::Timestamp;

use super::args::{Format, Global};
use super::failure::say;
use super::output::{self, Paper, Sheet};
use super::{Failure, select};
use crate::actions;
use crate::config::{self, Config, Flags, KubeContext, KubeContexts, Sources};
use crate::kinds;
use crate::model::Environment;
use crate::providers::kube::{self, KubeFiles, Listed};
use crate::providers::{Environments, Source, Variables};

/// As many problems are named by the way.
const FEW: usize = 3;

/// Everything that is settled before the first request.
pub struct Setup {
    /// The configuration, with its problems. With the built-in estate its environments are the estate's.
    pub config: Config,
    /// The flags.
    pub global: Global,
    /// The way to the environments.
    pub access: Arc<Environments>,
}

impl Setup {
    /// Reads the configuration and makes the way to the environments. Blocks on files: to be called before the runtime starts.
    pub fn new(global: Global) -> Result<Self, Failure> {
        let (config, source) = sourced(&global)?;
        let reads = kinds::reads().into_iter().chain(actions::reads()).collect();
        let access = Environments::new(config.environments.clone(), source, reads);
        Ok(Self { config, global, access })
    }

    /// The environments that the flags mean.
    pub fn chosen(&self) -> Result<Vec<Environment>, Failure> {
        let Global { environments, all, .. } = &self.global;
        select::choose(&self.config, environments, *all)
    }

    /// Says on standard error what is wrong with the configuration, so that nobody wonders why something is not there.
    pub fn warn(&self) {
        let problems = &self.config.problems;
        for problem in problems.iter().take(FEW) {
            say(&problem.to_string());
        }
        if problems.len() > FEW {
            let more = problems.len() - FEW;
            say(&format!("{more} more problems in the configuration: `quarterdeck config check` names them"));
        }
    }

    /// Whether standard output is a terminal that may be coloured.
    pub fn colour(&self) -> bool {
        self.config.console.colour && io::stdout().is_terminal()
    }

    /// Prints sheets as one on standard output in the format of the flags. `what` is in them; that there is none is only said where
    /// every source has answered.
    pub fn print(&self, sheets: &[Sheet], what: &str, complete: bool) -> Result<(), Failure> {
        let format = self.global.format();
        let width = io::stdout().is_terminal().then(crate::terminal::columns).flatten();
        let paper = Paper { width: width.map(usize::from), colour: self.colour(), now: Timestamp::now() };
        let mut out = BufWriter::new(io::stdout().lock());
        let left_out = output::write(sheets, format, paper, &mut out)?;
        out.flush()?;
        if complete && format == Format::Table && sheets.iter().all(|sheet| sheet.rows.is_empty()) {
            say(&format!("no {what}"));
        }
        if !left_out.columns.is_empty() {
            say(&format!("no room for: {} (`-o json` has everything)", left_out.columns.join(", ")));
        }
        Ok(())
    }
}

/// The configuration and where its environments are: AWS, or the built-in estate, whose environments then stand in the
/// configuration.
pub fn sourced(global: &Global) -> Result<(Config, Source), Failure> {
    let config = load(global);
    #[cfg(feature = "demo")]
    return super::demo::source(global, config);
    #[cfg(not(feature = "demo"))]
    {
        let source = files(&config);
        Ok((config, source))
    }
}

/// Reads the configuration as the flags say, and checks its policy by the actions and kinds there are.
pub fn load(global: &Global) -> Config {
    let flags = Flags {
        file: global.config.clone(),
        theme: global.theme.clone(),
        no_colour: global.no_color,
        read_only: global.read_only,
        region: global.region.clone(),
        demo: global.is_demo(),
    };
    let kube = if global.is_demo() { KubeContexts::default() } else { contexts() };
    let mut config = config::load(&Sources::of_process(flags, kube));
    let actions: Vec<&str> = actions::ALL.iter().map(|action| action.id).collect();
    let kinds: Vec<&str> = kinds::ALL.iter().map(|kind| kind.id).collect();
    config.check_policy(&actions, &kinds);
    config
}

/// The contexts of the kubeconfig, as the configuration takes them. Blocks on files.
fn contexts() -> KubeContexts {
    let variables = Variables::of_process();
    let files = KubeFiles::read(&variables);
    let context = |Listed { name, file, credentials }| KubeContext { name, file, credentials };
    KubeContexts {
        files: kube::paths(&variables),
        contexts: files.contexts().into_iter().map(context).collect(),
        broken: files.broken,
    }
}

/// AWS, by its files and variables; clusters, by the kubeconfig.
pub(super) fn files(config: &Config) -> Source {
    let pins = config.folders.state.as_ref().map(|folder| folder.join("accounts.json"));
    Source::Files { variables: Variables::of_process(), pins }
}
