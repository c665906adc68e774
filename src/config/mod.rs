//! What the operator wants: environments and settings, from defaults ← file ← environment variables ← flags. A mistake never
//! stops the rest: what is right is used, and every mistake is a [`Problem`] with its place. Asks no provider and knows nothing
//! of the screen.

mod aws_files;
mod backend_file;
mod console;
mod contexts;
pub mod duration;
mod environments;
mod journal;
mod paths;
mod policy;
mod problem;
mod reader;
pub mod stage;
mod terraform;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use crate::guard::Policy;
use crate::model::Environment;
use aws_files::AwsFiles;
pub use aws_files::Profile;
pub use console::{Console, KeyOverride, MetricsBudget};
pub use contexts::{KubeContext, KubeContexts};
use environments::Around;
pub use environments::{AMBIENT, Described, Origin, is_region};
pub use paths::Folders;
pub use policy::PolicyWord;
use problem::Report;
pub use problem::{Place, Problem};
use reader::Section;

/// The sample configuration: every setting with its default, commented out.
pub const EXAMPLE: &str = include_str!("../../assets/config.example.toml");

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config FILE`.
    pub file: Option<PathBuf>,
    /// `--theme NAME`.
    pub theme: Option<String>,
    /// `--no-color`.
    pub no_colour: bool,
    /// `--read-only`.
    pub read_only: bool,
    /// `--region R`: in place of the environments' own regions.
    pub region: Option<String>,
    /// `--demo`: environments come from the built-in estate, so none are read.
    pub demo: bool,
}

/// Everything the configuration is made from, so that tests need no process of their own.
pub struct Sources<'a> {
    /// The command line.
    pub flags: Flags,
    /// Environment variables.
    pub var: &'a dyn Fn(&str) -> Option<String>,
    /// The platform's folders.
    pub folders: Folders,
    /// The contexts of the kubeconfig.
    pub kube: KubeContexts,
}

impl Sources<'_> {
    /// Those of this process, and these contexts.
    pub fn of_process(flags: Flags, kube: KubeContexts) -> Self {
        Self { flags, var: &|name| std::env::var(name).ok(), folders: Folders::of_platform(), kube }
    }
}

/// The configuration as far as it is right, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file that was read, or would be if it existed. `None` where the platform has no home for it.
    pub file: Option<PathBuf>,
    /// The AWS files that were read, or would be if they existed.
    pub aws_files: Vec<PathBuf>,
    /// The kubeconfig files that were read, or would be if they existed.
    pub kube_files: Vec<PathBuf>,
    /// The Terraform backend files that were read.
    pub backend_files: Vec<PathBuf>,
    /// Whether that file exists.
    pub file_exists: bool,
    /// The platform's folders.
    pub folders: Folders,
    /// Settings of the console.
    pub console: Console,
    /// Keys in place of the built-in ones.
    pub keys: Vec<KeyOverride>,
    /// The environments that can be used, in their order.
    pub environments: Vec<Environment>,
    /// All environments with the origins of their properties, also those that are left out.
    pub described: Vec<Described>,
    /// Names of the environments of the profile in `AWS_PROFILE`: what is meant unless something else is asked for.
    pub preferred: Vec<Arc<str>>,
    /// What may be done, when, and with which confirmation.
    pub policy: Policy,
    /// The actions and kinds that the policy names.
    pub policy_words: Vec<PolicyWord>,
    /// The folder in which the journal is kept when the platform's own can't be written.
    pub journal: Option<PathBuf>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is right, but not used yet.
    pub unused: Vec<Problem>,
}

impl Config {
    /// The folder of the operator's own themes, beside the configuration file.
    pub fn themes(&self) -> Option<PathBuf> {
        Some(self.file.as_ref()?.parent()?.join("themes"))
    }

    /// Checks the policy by the actions and kinds there are. A rule about others has a mistake: it denies what it may be about.
    pub fn check_policy(&mut self, actions: &[&str], kinds: &[&str]) {
        let words = std::mem::take(&mut self.policy_words);
        self.problems.extend(policy::check(&mut self.policy, &words, actions, kinds));
    }
}

/// Reads everything. Blocks on files: to be called before the runtime starts or off it.
pub fn load(sources: &Sources) -> Config {
    let Sources { flags, var, folders, kube } = sources;
    let set = |name: &str| var(name).filter(|value| !value.is_empty());
    let named = flags.file.clone().or_else(|| set("QUARTERDECK_CONFIG").map(PathBuf::from));
    let mut config = Config {
        file: named.clone().or_else(|| Some(folders.config.as_ref()?.join("config.toml"))),
        folders: folders.clone(),
        ..Config::default()
    };
    let text = read_file(&mut config, named.is_some());
    if let Some(file) = config.file.as_ref().filter(|_| !config.problems.is_empty()) {
        config.policy.rules.push(policy::unreadable(file));
    }
    let files = if flags.demo {
        AwsFiles::default()
    } else {
        let [profiles, credentials] = aws_files::paths(&set);
        let read = AwsFiles::read(profiles.as_deref(), credentials.as_deref());
        config.aws_files = profiles.into_iter().chain(credentials).collect();
        read
    };
    config.problems.extend(files.problems.iter().cloned());
    if !flags.demo {
        config.kube_files.clone_from(&kube.files);
        config.problems.extend(kube.problems());
    }
    let around = Around { files: &files, kube, var: &set, region: flags.region.as_deref(), demo: flags.demo };
    let configured = match (text, config.file.clone()) {
        (Some(text), Some(file)) => read_sections(&mut config, &file, &text, &around),
        _ => None,
    };
    if !flags.demo {
        choose_environments(&mut config, configured, &around);
    }
    if let Some(theme) = flags.theme.clone().or_else(|| set("QUARTERDECK_THEME")) {
        config.console.theme = theme;
        config.console.theme_place = None;
    }
    config.console.read_only |= flags.read_only;
    config.console.colour = !flags.no_colour && set("NO_COLOR").is_none();
    config
}

/// The text of the configuration file. That the usual one is missing is no mistake; that a named one is missing is.
fn read_file(config: &mut Config, named: bool) -> Option<String> {
    let file = config.file.as_ref()?;
    let error = match std::fs::read(file) {
        Ok(bytes) => {
            config.file_exists = true;
            return Some(String::from_utf8_lossy(&bytes).into_owned());
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => return None,
        Err(error) => error,
    };
    let message = format!("the configuration can't be read: {error}");
    config.problems.push(Problem::new(Some(Place::file(file)), message, ""));
    None
}

/// Reads the sections of the file; returns its environments if it has any.
fn read_sections(config: &mut Config, file: &Path, text: &str, around: &Around) -> Option<Vec<Described>> {
    let report = Report::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        report.broken.set(true);
        report.problem(&error.span().unwrap_or_default(), error.message(), "");
    }
    let mut root = Section::new("the file", table.get_ref(), &report);
    if let Some(section) = root.table("console", "[console]") {
        config.console = console::console(section, &report);
    }
    if let Some(section) = root.table("keys", "[keys]") {
        config.keys = console::keys(&section, &report);
    }
    // The estate's environments stand in for those of the file, and its mistakes there don't matter then.
    let mut sections = root.tables("environment", "[[environment]]");
    if around.demo {
        sections.clear();
    }
    let configured = (!sections.is_empty()).then(|| environments::from_sections(sections, around, &report));
    let policies = policy::from_sections(root.tables("policy", "[[policy]]"), file, &report);
    config.policy.rules.extend(policies.policy.rules);
    config.policy_words = policies.words;
    config.journal =
        root.table("journal", "[journal]").and_then(|section| journal::folder(section, around.var, &report));
    if report.broken.get() {
        config.policy.rules.push(policy::unreadable(file));
    }
    root.finish();
    let found = report.finish();
    config.problems.extend(found.problems);
    config.unused.extend(found.unused);
    config.backend_files = found.also_read;
    configured
}

/// Settles which environments there are.
fn choose_environments(config: &mut Config, configured: Option<Vec<Described>>, around: &Around) {
    let is_configured = configured.is_some();
    config.described = configured.unwrap_or_else(|| environments::from_files(around, &mut config.problems));
    environments::add_contexts(&mut config.described, around);
    config.problems.extend(environments::check(&config.described, around.files));
    let usable = config.described.iter().filter(|described| described.is_usable());
    config.environments = usable.map(|described| described.environment.clone()).collect();
    let Some(profile) = (around.var)("AWS_PROFILE") else { return };
    let of_profile = config.environments.iter().filter(|environment| environment.profile.as_deref() == Some(&*profile));
    config.preferred = of_profile.map(|environment| environment.name.clone()).collect();
    if !is_configured && !around.files.profiles.contains_key(&profile) {
        let allowed = Problem::one_of(&profile, around.files.profiles.keys().map(String::as_str));
        config.problems.push(Problem::new(None, format!("AWS_PROFILE: there is no profile `{profile}`"), allowed));
    }
}
