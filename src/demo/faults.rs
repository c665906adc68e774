//! Trouble on demand: rules that make the estate throttle, delay, deny, or break its answers, for tests and training.
//!
//! A rule is `ENV[/SERVICE[/OPERATION]]=KIND[:ARG]`, such as `dhbw-prod/ecs=throttle:0.3` or `*-prod/rds/Describe*=delay:2s`;
//! `latency:20ms` sets how long every answer takes. It must not know how a service writes an error.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::wire::Service;

/// The kinds of fault, as they are written in a rule.
const KINDS: &str =
    "throttle[:RATIO], delay:DURATION, deny, expire, break, garble, unreachable, hang, repeat-token, error500";

/// What the API of the clusters is called in rules and counts; its operations are `VERB RESOURCE[/SUBRESOURCE]`.
pub(super) const KUBERNETES: &str = "kubernetes";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultKind {
    /// The service says that there were too many requests, to that share of the calls (0 to 1).
    Throttle(f64),
    /// The answer takes so much longer.
    Delay(Duration),
    /// The caller lacks the permission.
    Deny,
    /// The credentials have expired, until somebody signs in.
    Expire,
    /// The connection is cut in the middle of the answer.
    Break,
    /// The answer is nonsense, with status 200.
    Garble,
    /// No connection can be made.
    Unreachable,
    /// There is never an answer.
    Hang,
    /// Paging returns the same token for ever.
    RepeatToken,
    /// The service has an internal error.
    Error500,
}

/// Which calls a fault befalls. Each part may contain `*`.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    /// The environment's name.
    pub environment: String,
    /// The service, by the prefix of its permissions (`ecs`, `cloudwatch`, `elasticloadbalancing`, …).
    pub service: String,
    /// The operation, such as `ListServices`.
    pub operation: String,
    /// What goes wrong.
    pub kind: FaultKind,
}

/// Why a rule was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It is not written as a rule is.
    #[error(
        "`{0}` is no fault rule: it must be ENV[/SERVICE[/OPERATION]]=KIND[:ARG], with KIND one of {KINDS}; or latency:DURATION"
    )]
    Form(String),
    /// There is no such kind.
    #[error("`{0}` is no kind of fault; allowed are {KINDS}")]
    Kind(String),
    /// The kind's argument can't be read.
    #[error("`{argument}` is no argument for `{kind}`: it takes {takes}")]
    Argument {
        /// The kind.
        kind: String,
        /// What was given.
        argument: String,
        /// What can be.
        takes: &'static str,
    },
    /// There is no such service.
    #[error("the estate has no service `{0}`; it has {all}", all = services())]
    Service(String),
    /// There is no such environment.
    #[error("the estate has no environment `{name}`; it has {known}")]
    Environment {
        /// What was asked for.
        name: String,
        /// Those there are.
        known: String,
    },
}

fn services() -> String {
    format!("{}, {KUBERNETES}", Service::ALL.map(Service::name).join(", "))
}

/// The rules in force and the latency of every call. They can be changed at any time.
#[derive(Debug)]
pub struct Faults {
    environments: Vec<String>,
    rules: Mutex<Vec<FaultRule>>,
    latency_millis: AtomicU64,
    drawn: AtomicU64,
}

impl Faults {
    /// No faults, for an estate of these environments.
    pub(super) fn new(environments: Vec<String>) -> Self {
        Self { environments, rules: Mutex::default(), latency_millis: AtomicU64::new(0), drawn: AtomicU64::new(0) }
    }

    /// Adds a rule, or sets the latency by `latency:DURATION`.
    pub fn add(&self, rule: &str) -> Result<(), FaultError> {
        if let Some(argument) = rule.trim().strip_prefix("latency:") {
            self.set_latency(duration("latency", argument)?);
            return Ok(());
        }
        let rule: FaultRule = rule.parse()?;
        if !self.environments.iter().any(|name| matches(&rule.environment, name)) {
            return Err(FaultError::Environment { name: rule.environment, known: self.environments.join(", ") });
        }
        self.rules().push(rule);
        Ok(())
    }

    /// Takes all rules back; the latency stays.
    pub fn clear(&self) {
        self.rules().clear();
    }

    /// Somebody has signed in: credentials are no longer expired.
    pub(super) fn signed_in(&self) {
        self.rules().retain(|rule| rule.kind != FaultKind::Expire);
    }

    /// How long every answer takes.
    pub fn set_latency(&self, latency: Duration) {
        self.latency_millis.store(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long every answer takes.
    pub fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_millis.load(Ordering::Relaxed))
    }

    /// What befalls this call: the delays of all its rules, and the first other fault.
    pub(super) fn befall(&self, environment: &str, service: Service, operation: &str) -> (Duration, Option<FaultKind>) {
        self.befall_named(environment, service.name(), operation)
    }

    /// The same for a service by its name: those of AWS, and Kubernetes.
    pub(super) fn befall_named(
        &self,
        environment: &str,
        service: &str,
        operation: &str,
    ) -> (Duration, Option<FaultKind>) {
        let rules = self.rules();
        let mut delay = Duration::ZERO;
        let mut fault = None;
        for rule in rules.iter().filter(|rule| rule.covers(environment, service, operation)) {
            match rule.kind {
                FaultKind::Delay(by) => delay += by,
                FaultKind::Throttle(ratio) if !self.draw(ratio) => {}
                // Signing in takes no credentials.
                FaultKind::Expire if service == Service::SsoOidc.name() => {}
                kind => fault = fault.or(Some(kind)),
            }
        }
        (delay, fault)
    }

    /// Whether a rule denies an operation of Kubernetes, without befalling anybody.
    pub(super) fn denies(&self, environment: &str, operation: &str) -> bool {
        self.rules().iter().any(|rule| rule.kind == FaultKind::Deny && rule.covers(environment, KUBERNETES, operation))
    }

    /// Whether this draw is among the given share of all: scattered, but the same in every run.
    fn draw(&self, ratio: f64) -> bool {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed >> 11) as f64 / (1_u64 << 53) as f64) < ratio
    }

    fn rules(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultRule {
    fn covers(&self, environment: &str, service: &str, operation: &str) -> bool {
        matches(&self.environment, environment)
            && matches(&self.service, service)
            && matches(&self.operation, operation)
    }
}

impl FromStr for FaultRule {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || FaultError::Form(text.trim().to_owned());
        let (target, kind) = text.trim().split_once('=').ok_or_else(form)?;
        // Operations of Kubernetes have a slash of their own: `patch deployments/scale`.
        let mut parts = target.splitn(3, '/').map(str::trim);
        let mut part = || parts.next().map_or_else(|| "*".to_owned(), str::to_owned);
        let (environment, mut service, operation) = (part(), part(), part());
        if service == "k8s" {
            KUBERNETES.clone_into(&mut service);
        }
        if [&environment, &service, &operation].iter().any(|part| part.is_empty()) {
            return Err(form());
        }
        if !matches(&service, KUBERNETES) && !Service::ALL.iter().any(|known| matches(&service, known.name())) {
            return Err(FaultError::Service(service));
        }
        Ok(Self { environment, service, operation, kind: kind.trim().parse()? })
    }
}

impl FromStr for FaultKind {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, argument) = text.split_once(':').map_or((text, None), |(kind, argument)| (kind, Some(argument)));
        let plain = |fault| match argument {
            None => Ok(fault),
            Some(argument) => Err(wrong(kind, argument, "no argument")),
        };
        match kind {
            "throttle" => match argument {
                None => Ok(Self::Throttle(1.0)),
                Some(argument) => Ok(Self::Throttle(ratio(kind, argument)?)),
            },
            "delay" => Ok(Self::Delay(duration(kind, argument.unwrap_or_default())?)),
            "deny" => plain(Self::Deny),
            "expire" => plain(Self::Expire),
            "break" => plain(Self::Break),
            "garble" => plain(Self::Garble),
            "unreachable" => plain(Self::Unreachable),
            "hang" => plain(Self::Hang),
            "repeat-token" => plain(Self::RepeatToken),
            "error500" => plain(Self::Error500),
            _ => Err(FaultError::Kind(text.to_owned())),
        }
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}={}", self.environment, self.service, self.operation, self.kind)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttle(ratio) => write!(f, "throttle:{ratio}"),
            Self::Delay(by) => write!(f, "delay:{}ms", by.as_millis()),
            Self::Deny => f.write_str("deny"),
            Self::Expire => f.write_str("expire"),
            Self::Break => f.write_str("break"),
            Self::Garble => f.write_str("garble"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Hang => f.write_str("hang"),
            Self::RepeatToken => f.write_str("repeat-token"),
            Self::Error500 => f.write_str("error500"),
        }
    }
}

fn wrong(kind: &str, argument: &str, takes: &'static str) -> FaultError {
    FaultError::Argument { kind: kind.to_owned(), argument: argument.to_owned(), takes }
}

fn ratio(kind: &str, argument: &str) -> Result<f64, FaultError> {
    let ratio = argument.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| wrong(kind, argument, "a share between 0 and 1, such as 0.3"))
}

fn duration(kind: &str, argument: &str) -> Result<Duration, FaultError> {
    let refuse = || wrong(kind, argument, "a duration such as 1500ms, 2s or 1m");
    let digits = argument.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
    let number: u32 = argument[..digits].parse().map_err(|_| refuse())?;
    match &argument[digits..] {
        "ms" => Ok(Duration::from_millis(number.into())),
        "s" => Ok(Duration::from_secs(number.into())),
        "m" => Ok(Duration::from_secs(u64::from(number) * 60)),
        _ => Err(refuse()),
    }
}

/// Whether a name matches a pattern in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    while let Some((middle, tail)) = rest.split_once('*') {
        let Some(at) = name.find(middle) else { return false };
        name = &name[at + middle.len()..];
        rest = tail;
    }
    name.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> Faults {
        Faults::new(vec!["dhbw-prod".to_owned(), "tfe-prod".to_owned()])
    }

    #[test]
    fn a_rule_reads_as_it_is_written() {
        let rule: FaultRule = "dhbw-prod/ecs/List*=throttle:0.3".parse().unwrap();
        assert_eq!(rule.kind, FaultKind::Throttle(0.3));
        assert!(rule.covers("dhbw-prod", "ecs", "ListServices"));
        assert!(!rule.covers("dhbw-prod", "ecs", "DescribeServices"));
        assert!(!rule.covers("tfe-prod", "ecs", "ListServices"));
        let scale: FaultRule = "tfe-prod/k8s/patch deployments/scale=deny".parse().unwrap();
        assert!(scale.covers("tfe-prod", KUBERNETES, "patch deployments/scale"));
        assert_eq!(rule.to_string().parse::<FaultRule>().unwrap(), rule);
        let all: FaultRule = "*=delay:1500ms".parse().unwrap();
        assert_eq!(all.kind, FaultKind::Delay(Duration::from_millis(1500)));
        assert!(all.covers("any", "rds", "DescribeEvents"));
    }

    #[test]
    fn a_mistake_says_what_is_allowed() {
        let faults = faults();
        let error = |rule| faults.add(rule).unwrap_err().to_string();
        assert!(error("dhbw-prod").contains("ENV[/SERVICE[/OPERATION]]=KIND[:ARG]"));
        assert!(error("dhbw-prod//x=deny").contains("no fault rule"));
        assert!(error("dhbw-prod=explode").contains("repeat-token"));
        assert!(error("dhbw-prod=delay").contains("1500ms"));
        assert!(error("dhbw-prod=delay:5x").contains("1500ms"));
        assert!(error("dhbw-prod=throttle:3").contains("between 0 and 1"));
        assert!(error("dhbw-prod=deny:x").contains("no argument"));
        assert!(error("dhbw-prod/sqs=deny").contains("elasticloadbalancing"));
        assert!(error("nowhere=deny").contains("dhbw-prod, tfe-prod"));
        assert!(faults.befall("dhbw-prod", Service::Ecs, "ListServices").1.is_none());
    }

    #[test]
    fn delays_add_up_and_the_first_other_fault_counts() {
        let faults = faults();
        for rule in ["dhbw-prod=delay:1s", "*/ecs=delay:2s", "*/ecs=deny", "*=hang", "latency:20ms"] {
            faults.add(rule).unwrap();
        }
        let befallen = faults.befall("dhbw-prod", Service::Ecs, "ListServices");
        assert_eq!(befallen, (Duration::from_secs(3), Some(FaultKind::Deny)));
        assert_eq!(faults.latency(), Duration::from_millis(20));
        faults.clear();
        assert_eq!(faults.befall("dhbw-prod", Service::Ecs, "ListServices"), (Duration::ZERO, None));
    }

    #[test]
    fn signing_in_ends_what_has_expired_and_nothing_else() {
        let faults = faults();
        for rule in ["dhbw-prod=expire", "tfe-prod/ecs=expire", "tfe-prod/ecs=deny"] {
            faults.add(rule).unwrap();
        }
        let fault = |environment, service| faults.befall(environment, service, "X").1;
        assert_eq!(fault("dhbw-prod", Service::Sts), Some(FaultKind::Expire));
        assert_eq!(fault("dhbw-prod", Service::SsoOidc), None);
        assert_eq!(fault("tfe-prod", Service::Ecs), Some(FaultKind::Expire));
        faults.signed_in();
        assert_eq!(fault("dhbw-prod", Service::Sts), None);
        assert_eq!(fault("tfe-prod", Service::Ecs), Some(FaultKind::Deny));
    }

    #[test]
    fn a_ratio_is_kept() {
        let faults = faults();
        faults.add("*=throttle:0.3").unwrap();
        let hits =
            (0..1000).filter(|_| faults.befall("tfe-prod", Service::Sts, "GetCallerIdentity").1.is_some()).count();
        assert!((250..350).contains(&hits), "{hits}");
    }

    #[test]
    fn globs() {
        for (pattern, name, fits) in [
            ("*", "a", true),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("ab*b", "ab", false),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
