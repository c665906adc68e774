//! Which environments there are, and where each of their properties came from: from `[[environment]]` sections, else one for
//! each AWS profile and one for ambient credentials; and in either case one for each context of the kubeconfig that no section
//! names. Reads no file itself and asks no provider.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::aws_files::{AwsFiles, Profile};
use super::contexts::{self, KubeContexts};
use super::problem::{Place, Problem, Report};
use super::reader::{At, Section};
use super::{stage, terraform};
use crate::model::{Backend, Environment, Stage, text};

/// Where a property of an environment came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The configuration says so.
    Configured,
    /// Its name says so.
    Name,
    /// Its AWS profile says so.
    Profile,
    /// An environment variable says so.
    Variable,
    /// `--region` says so.
    Flag,
    /// The built-in estate is so.
    Estate,
    /// Nothing says anything.
    Nothing,
}

impl Origin {
    /// The words after a property.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Name => "from the name",
            Self::Profile => "from the profile",
            Self::Variable => "from the environment variable",
            Self::Flag => "from --region",
            Self::Estate => "the built-in estate",
            Self::Nothing => "nothing says",
        }
    }
}

/// An environment and where its properties came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The environment; without regions when it has none, and then it is left out.
    pub environment: Environment,
    /// Where it is written down.
    pub place: Option<Place>,
    /// Origin of the customer.
    pub customer: Origin,
    /// Origin of the stage.
    pub stage: Origin,
    /// Origin of the regions.
    pub regions: Origin,
    /// How its credentials come about, in words.
    pub credentials: String,
    /// How one signs in to each of its contexts, in words.
    pub contexts: Vec<(Arc<str>, String)>,
    /// It is a context of the kubeconfig that no `[[environment]]` names.
    pub by_itself: bool,
}

impl Described {
    /// Whether it can be used.
    pub fn is_usable(&self) -> bool {
        !self.environment.regions.is_empty()
    }
}

/// Name of the environment of ambient credentials.
pub const AMBIENT: &str = "ambient";

/// Fields of `[[environment]]` that later work uses.
const LATER: [&str; 2] = ["redis", "probes"];

/// What stands for the region of an environment that lies in none.
const NOWHERE: &str = "-";

/// What is known besides the sections.
pub(super) struct Around<'a> {
    /// The AWS files.
    pub(super) files: &'a AwsFiles,
    /// The contexts of the kubeconfig.
    pub(super) kube: &'a KubeContexts,
    /// Environment variables.
    pub(super) var: &'a dyn Fn(&str) -> Option<String>,
    /// The region of `--region`.
    pub(super) region: Option<&'a str>,
    /// Whether the built-in estate stands in for all environments.
    pub(super) demo: bool,
}

impl Around<'_> {
    fn profile(&self, name: Option<&str>) -> Option<&Profile> {
        self.files.profiles.get(name?)
    }

    /// The regions that count: the flag's, else the configured ones, else the profile's own or the ambient one.
    fn regions(&self, configured: Vec<Arc<str>>, profile: Option<&str>) -> (Vec<Arc<str>>, Origin) {
        if let Some(region) = self.region {
            return (vec![region.into()], Origin::Flag);
        }
        if !configured.is_empty() {
            return (configured, Origin::Configured);
        }
        let (region, origin) = if profile.is_some() {
            (self.profile(profile).and_then(|profile| profile.region.clone()), Origin::Profile)
        } else {
            ((self.var)("AWS_REGION").or_else(|| (self.var)("AWS_DEFAULT_REGION")), Origin::Variable)
        };
        match region.filter(|region| is_region(region)) {
            Some(region) => (vec![region.into()], origin),
            None => (Vec::new(), Origin::Nothing),
        }
    }

    fn credentials(&self, profile: Option<&str>) -> String {
        let Some(name) = profile else { return "ambient".to_owned() };
        self.profile(profile).map_or_else(|| format!("there is no profile `{name}`"), Profile::credentials)
    }

    /// How one signs in to a context, and where it stands.
    fn context(&self, name: &str) -> String {
        match self.kube.named(name) {
            Some(context) => format!("{} ({})", context.credentials, context.file.display()),
            None => "not in the kubeconfig".to_owned(),
        }
    }

    /// Fills in what is not configured.
    fn describe(&self, wanted: Wanted) -> Described {
        let Wanted { name, place, profile, account, regions, customer, stage, terraform, kube_contexts, without_aws } =
            wanted;
        let (regions, regions_from) = if without_aws {
            (vec![NOWHERE.into()], Origin::Nothing)
        } else {
            self.regions(regions, profile.as_deref())
        };
        let said = contexts::short(&name);
        let (customer, customer_from) = match (customer, stage::customer_of_name(said)) {
            (Some(customer), _) => (Some(customer), Origin::Configured),
            (None, Some(customer)) => (Some(customer.into()), Origin::Name),
            (None, None) => (None, Origin::Nothing),
        };
        let (stage, stage_from) = match (stage, stage::of_name(said)) {
            (Some(stage), _) => (Some(stage), Origin::Configured),
            (None, Some(stage)) => (Some(stage), Origin::Name),
            (None, None) => (None, Origin::Nothing),
        };
        Described {
            credentials: if without_aws { "no AWS account".to_owned() } else { self.credentials(profile.as_deref()) },
            contexts: kube_contexts.iter().map(|context| (Arc::clone(context), self.context(context))).collect(),
            environment: Environment {
                name,
                customer,
                stage,
                profile,
                account,
                regions,
                kube_contexts,
                without_aws,
                terraform,
            },
            place,
            customer: customer_from,
            stage: stage_from,
            regions: regions_from,
            by_itself: false,
        }
    }
}

/// What is written down about an environment.
#[derive(Default)]
struct Wanted {
    name: Arc<str>,
    place: Option<Place>,
    profile: Option<Arc<str>>,
    account: Option<Arc<str>>,
    regions: Vec<Arc<str>>,
    customer: Option<Arc<str>>,
    stage: Option<Stage>,
    terraform: Vec<Backend>,
    kube_contexts: Vec<Arc<str>>,
    without_aws: bool,
}

/// One environment for each AWS profile, in the order of their names, and one for ambient credentials.
pub(super) fn from_files(around: &Around, problems: &mut Vec<Problem>) -> Vec<Described> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let only_settings = |name: &str, profile: &Profile| name == "default" && !profile.has_credentials();
    for (name, profile) in &around.files.profiles {
        // `[default]` often holds nothing but a region and an output format for the others.
        if only_settings(name, profile) {
            continue;
        }
        wanted.push(Wanted {
            name: text::clean(name).into(),
            profile: Some(name.as_str().into()),
            place: profile.place.clone(),
            ..Wanted::default()
        });
    }
    wanted.sort_by_cached_key(|wanted| text::natural_key(&wanted.name));
    if has_ambient(around.var) {
        if wanted.iter().any(|other| &*other.name == AMBIENT) {
            let message = format!("the ambient credentials are left out: a profile is called `{AMBIENT}`, too");
            problems.push(Problem::new(None, message, "configure an [[environment]] with `ambient = true`"));
        } else {
            wanted.push(Wanted { name: AMBIENT.into(), ..Wanted::default() });
        }
    }
    wanted.into_iter().map(|wanted| around.describe(wanted)).collect()
}

/// Adds an environment for each context that none of these has. Where another one has its name already, it gets one of its own.
pub(super) fn add_contexts(environments: &mut Vec<Described>, around: &Around) {
    let named = |environments: &[Described], name: &str| {
        environments.iter().any(|other| other.environment.kube_contexts.iter().any(|context| **context == *name))
    };
    let left: Vec<_> = around.kube.contexts.iter().filter(|context| !named(environments, &context.name)).collect();
    for context in &left {
        // Not the name of another context either: that one is to have it.
        let others =
            |name: &str| name != text::clean(&context.name) && left.iter().any(|it| text::clean(&it.name) == name);
        let taken = |name: &str| others(name) || environments.iter().any(|it| &*it.environment.name == name);
        let wanted = Wanted {
            name: contexts::own_name(&context.name, taken),
            place: Some(Place::file(&context.file)),
            kube_contexts: vec![context.name.as_str().into()],
            without_aws: true,
            ..Wanted::default()
        };
        environments.push(Described { by_itself: true, ..around.describe(wanted) });
    }
}

/// The environments of the `[[environment]]` sections.
pub(super) fn from_sections(sections: Vec<At<Section>>, around: &Around, report: &Report) -> Vec<Described> {
    let mut names: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    let mut environments = Vec::new();
    for At { value: mut section, span } in sections {
        let wanted = read(&mut section, &At { value: (), span: span.clone() }, around, report);
        section.finish();
        let Some(wanted) = wanted else { continue };
        let line = report.place(&span).line;
        if let Some(first) = names.get(&wanted.name) {
            let message = format!("there is an environment `{}` in line {first} already", wanted.name);
            report.problem(&span, message, "this one is left out: give it a name of its own");
            continue;
        }
        names.insert(wanted.name.clone(), line);
        environments.push(around.describe(wanted));
    }
    environments
}

/// Reads one section. `None` when it makes no environment.
fn read(section: &mut Section, here: &At<()>, around: &Around, report: &Report) -> Option<Wanted> {
    let name = section.text("name");
    let customer = section.text("customer").map(|customer| text::clean(customer.value).into());
    let stage = section.text("stage").and_then(|stage| read_stage(&stage, report));
    let profile = section.text("aws_profile");
    let ambient = section.flag("ambient") == Some(true);
    let account = read_account(section, report);
    let regions = read_regions(section, report);
    let terraform = terraform::read(section, around, report);
    let kube_contexts = contexts::read(section, around.kube, report);
    let without_aws = profile.is_none() && !ambient && !kube_contexts.is_empty();
    let later = LATER.iter().filter(|field| section.later(field)).count() > 0;
    let Some(name) = name else {
        report.problem(&here.span, "the environment has no `name`", "it is left out: give it a name");
        return None;
    };
    match &profile {
        Some(profile) if ambient => {
            report.problem(
                &profile.span,
                "`aws_profile` and `ambient = true` exclude each other",
                "the profile counts",
            );
        }
        Some(profile) if !around.files.profiles.contains_key(profile.value) => {
            let known = around.files.profiles.keys().map(String::as_str);
            let message = format!("there is no AWS profile `{}`", profile.value);
            report.problem(&profile.span, message, Problem::one_of(profile.value, known));
        }
        None if !ambient && !without_aws => {
            if !later {
                let message = format!("the environment `{}` has no `aws_profile`", name.value);
                report.problem(
                    &name.span,
                    message,
                    "name one, or `kube_contexts`, or set `ambient = true` for the process's own credentials",
                );
            }
            return None;
        }
        _ => {}
    }
    Some(Wanted {
        name: text::clean(name.value).into(),
        place: Some(report.place(&here.span)),
        profile: profile.map(|profile| profile.value.into()),
        account,
        regions,
        customer,
        stage,
        terraform,
        kube_contexts,
        without_aws,
    })
}

pub(super) fn read_stage(written: &At<&str>, report: &Report) -> Option<Stage> {
    const ALL: [Stage; 4] = [Stage::Prod, Stage::Staging, Stage::Test, Stage::Dev];
    let stage = ALL.into_iter().find(|stage| stage.word() == written.value);
    if stage.is_none() {
        let allowed = ALL.map(|stage| format!("`{stage}`")).join(", ");
        report.problem(&written.span, format!("there is no stage `{}`", written.value), format!("allowed: {allowed}"));
    }
    stage
}

/// An account id is text: as a number it would lose its leading zeros.
fn read_account(section: &mut Section, report: &Report) -> Option<Arc<str>> {
    let raw = section.raw("account")?;
    let digits = raw.get_ref().as_str().filter(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()));
    if digits.is_none() {
        let message = format!("{} is not an account id", report.quote(&raw.span()));
        report.problem(&raw.span(), message, "allowed: 12 digits in quotes");
    }
    digits.map(Arc::from)
}

fn read_regions(section: &mut Section, report: &Report) -> Vec<Arc<str>> {
    let mut regions: Vec<Arc<str>> = Vec::new();
    for region in section.texts("regions").unwrap_or_default() {
        if !is_region(region.value) {
            let message = format!("`{}` is not a region", region.value);
            report.problem(&region.span, message, "write it like `eu-central-1`");
        } else if regions.iter().any(|other| **other == *region.value) {
            report.problem(&region.span, format!("`{}` is named twice", region.value), "");
        } else {
            regions.push(region.value.into());
        }
    }
    regions
}

/// What is wrong with environments that are left out for want of a region, and with profiles whose region or source is wrong.
pub(super) fn check(environments: &[Described], files: &AwsFiles) -> Vec<Problem> {
    let mut problems = Vec::new();
    for described in environments.iter().filter(|described| !described.is_usable()) {
        let Environment { name, profile, .. } = &described.environment;
        let bad = profile.as_ref().and_then(|name| files.profiles.get(&**name)?.region.as_deref());
        let message = match bad {
            Some(region) => format!("environment `{name}` is left out: `{region}` is not a region"),
            None => format!("environment `{name}` is left out: it has no region"),
        };
        let allowed = match profile {
            Some(profile) => {
                format!("set `region` in the AWS profile `{profile}`, `regions` in its [[environment]], or --region")
            }
            None => "set AWS_REGION, `regions` in its [[environment]], or --region".to_owned(),
        };
        problems.push(Problem::new(described.place.clone(), message, allowed));
    }
    for (name, profile) in &files.profiles {
        if let Some(source) = profile.source_profile.as_ref().filter(|source| !files.profiles.contains_key(*source)) {
            let message = format!("profile `{name}`: there is no source profile `{source}`");
            let allowed = Problem::one_of(source, files.profiles.keys().map(String::as_str));
            problems.push(Problem::new(profile.place.clone(), message, allowed));
        }
    }
    problems
}

/// Whether it has the form of a region: `eu-central-1`, `us-gov-west-1`. Whether there is such a one only AWS knows.
pub fn is_region(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, words)) if words.len() >= 2 => {
            matches!(number.as_bytes(), [b'0'..=b'9']) && words[0].len() >= 2 && words.iter().all(letters)
        }
        _ => false,
    }
}

/// Whether the process was given credentials of its own.
fn has_ambient(var: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
    (set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY"))
        || (set("AWS_WEB_IDENTITY_TOKEN_FILE") && set("AWS_ROLE_ARN"))
        || set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        || set("AWS_CONTAINER_CREDENTIALS_FULL_URI")
}
