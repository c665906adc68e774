//! The configuration as a whole: files in, settings, environments and problems out.

use std::time::Duration;

use rstest::rstest;
use tempfile::TempDir;

use super::*;
use crate::model::Stage;

/// A machine with files and variables.
pub(super) struct Machine {
    home: TempDir,
    vars: Vec<(&'static str, String)>,
    kube: KubeContexts,
    pub(super) flags: Flags,
}

impl Machine {
    pub(super) fn new() -> Self {
        let home = TempDir::new().unwrap();
        std::fs::create_dir_all(home.path().join(".aws")).unwrap();
        let vars = vec![("HOME", home.path().to_str().unwrap().to_owned())];
        Self { home, vars, kube: KubeContexts::default(), flags: Flags::default() }
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.home.path().join(name), text).unwrap();
        self
    }

    pub(super) fn config(self, text: &str) -> Self {
        self.file("config.toml", text)
    }

    fn profiles(self, text: &str) -> Self {
        self.file(".aws/config", text)
    }

    fn var(mut self, name: &'static str, value: &str) -> Self {
        self.vars.push((name, value.to_owned()));
        self
    }

    fn contexts(mut self, names: &[&str]) -> Self {
        let context = |name: &&str| KubeContext {
            name: (*name).to_owned(),
            file: "/k/config".into(),
            credentials: "exec aws".to_owned(),
        };
        self.kube.contexts = names.iter().map(context).collect();
        self
    }

    pub(super) fn load(&self) -> Config {
        let var = |name: &str| self.vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        let folders = Folders { config: Some(self.home.path().to_owned()), state: None };
        load(&Sources { flags: self.flags.clone(), var: &var, folders, kube: self.kube.clone() })
    }
}

/// Problems without the folder of the file.
pub(super) fn said(problems: &[Problem]) -> Vec<String> {
    let without_folder = |problem: &Problem| {
        let mut problem = problem.clone();
        if let Some(place) = &mut problem.place {
            place.file = place.file.file_name().unwrap().into();
        }
        problem.to_string()
    };
    problems.iter().map(without_folder).collect()
}

fn names(config: &Config) -> Vec<&str> {
    config.environments.iter().map(|environment| &*environment.name).collect()
}

const PROFILES: &str = "[default]\nregion = us-east-1\n\
    [profile lecture-dhbw-prod]\nregion = eu-central-1\nsso_session = lecture\n\
    [profile acme-dev]\nregion = eu-west-1\nrole_arn = r\nsource_profile = lecture-dhbw-prod\n";

#[test]
fn nothing_at_all_is_no_mistake() {
    let config = Machine::new().load();
    assert_eq!(said(&config.problems), [""; 0]);
    assert_eq!(config.console, Console::default());
    assert!(!config.file_exists && config.environments.is_empty());
}

#[test]
fn reads_every_setting() {
    let config = Machine::new()
        .config(
            "[console]\ntheme = 'x'\nrefresh = '1m'\nread_only = true\nmouse = false\nlocal_time = true\nages = false\n\
             log_lines = 5_000\nmetrics = { calls_per_day = 7, dollars_per_day = 1 }\n\
             [keys]\nquit = 'ctrl-q'\nback = ['q', 'esc']\nhelp = []\n",
        )
        .load();
    assert_eq!(said(&config.problems), [""; 0]);
    assert_eq!(config.unused, []);
    let console = config.console;
    assert_eq!((&*console.theme, console.theme_place.unwrap().line), ("x", 2));
    assert_eq!(console.refresh, Some(Duration::from_mins(1)));
    assert!(!console.mouse && console.local_time && !console.ages && console.read_only);
    assert_eq!(console.log_lines, 5_000);
    assert_eq!(console.metrics, MetricsBudget { calls_per_day: 7, dollars_per_day: 1.0 });
    let keys: Vec<_> = config.keys.iter().map(|key| (&*key.command, key.place.line, key.chords.len())).collect();
    assert_eq!(keys, [("quit", 11, 1), ("back", 12, 2), ("help", 13, 0)]);
}

#[rstest]
#[case("[console]\nrefesh = '10s'", "config.toml:2:1: unknown field `refesh` in [console] (did you mean `refresh`?)")]
#[case("[consol]", "config.toml:1:2: unknown field `consol` in the file (did you mean `console`?)")]
#[case("console = 1", "config.toml:1:11: `console` can't be 1 (allowed: a table)")]
#[case("[console]\nmouse = 'yes'", "config.toml:2:9: `mouse` can't be the text \"yes\" (allowed: `true` or `false`)")]
#[case("[console]\ntheme = ''", "config.toml:2:9: `theme` is empty (leave it out, or give it a value)")]
#[case(
    "[console]\nlog_lines = 5",
    "config.toml:2:13: `log_lines` can't be 5 (allowed: a whole number from 1000 to 10000000)"
)]
#[case(
    "[console]\nlog_lines = -5",
    "config.toml:2:13: `log_lines` can't be -5 (allowed: a whole number from 1000 to 10000000)"
)]
#[case(
    "[console.metrics]\ndollars_per_day = -0.5",
    "config.toml:2:19: `dollars_per_day` can't be -0.5 (allowed: 0 or more)"
)]
#[case(
    "[console.metrics]\ndollars_per_day = nan",
    "config.toml:2:19: `dollars_per_day` can't be nan (allowed: 0 or more)"
)]
#[case(
    "[console.metrics]\ncalls = 1",
    "config.toml:2:1: unknown field `calls` in [console.metrics] (did you mean `calls_per_day`?)"
)]
#[case("[keys]\nquit = 1", "config.toml:2:8: `quit` can't be 1 (allowed: text in quotes, or a list of texts)")]
#[case("[keys]\nquit = ['q', 1]", "config.toml:2:14: `quit` can't be 1 (allowed: text in quotes, or a list of texts)")]
#[case(
    "[environment]\nname = 'x'",
    "config.toml:1:1: `environment` can't be a table (allowed: a list of tables: write `[[environment]]`)"
)]
fn a_mistake_is_named_with_its_place(#[case] text: &str, #[case] expected: &str) {
    let config = Machine::new().config(text).load();
    assert_eq!(said(&config.problems), [expected]);
    assert_eq!(config.console, Console::default());
}

#[rstest]
#[case("'10'")]
#[case("'1s'")]
#[case("'2h'")]
#[case("'soon'")]
fn a_bad_duration_says_what_is_allowed(#[case] value: &str) {
    let config = Machine::new().config(&format!("[console]\nrefresh = {value}")).load();
    let said = said(&config.problems);
    assert!(said[0].starts_with("config.toml:2:11: `refresh` can't be"), "{said:?}");
    assert!(said[0].ends_with("such as `10s` or `1h30m`, from 2s to 1h)"), "{said:?}");
}

#[test]
fn what_is_right_is_used_beside_what_is_wrong() {
    let text = "[console]\ntheme = 5\nmouse = false\nrefresh = '30s\nages = false\n[[environment]]\n\
                name = 'a'\naws_profile = 'acme-dev'\nstage = 'live'\n";
    let config = Machine::new().profiles(PROFILES).config(text).load();
    let said = said(&config.problems);
    assert!(!config.console.mouse && !config.console.ages, "{said:?}");
    assert_eq!(config.console.theme, "harbor");
    assert_eq!(names(&config), ["a"]);
    let lines: Vec<_> = config.problems.iter().map(|problem| problem.place.as_ref().unwrap().line).collect();
    assert_eq!(lines, [2, 4, 9], "{said:?}");
    assert!(said[2].ends_with("(allowed: `prod`, `staging`, `test`, `dev`)"), "{said:?}");
}

#[test]
fn environments_come_from_the_sections() {
    let text = "[[environment]]\nname = 'dhbw-prod'\naws_profile = 'lecture-dhbw-prod'\naccount = '111122223333'\n\
                [[environment]]\nname = 'x'\naws_profile = 'acme-dev'\ncustomer = 'Acme'\nstage = 'test'\n\
                regions = ['eu-west-1', 'us-east-1']\n";
    let config = Machine::new().profiles(PROFILES).config(text).load();
    assert_eq!(said(&config.problems), [""; 0]);
    let [dhbw, acme] = &config.environments[..] else { panic!("{:?}", config.environments) };
    assert_eq!((dhbw.customer.as_deref(), dhbw.stage), (Some("dhbw"), Some(Stage::Prod)));
    assert_eq!((dhbw.account.as_deref(), &*dhbw.regions[0]), (Some("111122223333"), "eu-central-1"));
    assert_eq!((acme.customer.as_deref(), acme.stage), (Some("Acme"), Some(Stage::Test)));
    assert_eq!(acme.regions.iter().map(|region| &**region).collect::<Vec<_>>(), ["eu-west-1", "us-east-1"]);
    let origins: Vec<_> = config.described.iter().map(|d| (d.customer, d.stage, d.regions)).collect();
    assert_eq!(origins[0], (Origin::Name, Origin::Name, Origin::Profile));
    assert_eq!(origins[1], (Origin::Configured, Origin::Configured, Origin::Configured));
    assert_eq!(config.described[1].credentials, "role r through profile lecture-dhbw-prod");
}

#[test]
fn a_broken_section_is_left_out_and_says_why() {
    let text = "[[environment]]\naws_profile = 'acme-dev'\n\
                [[environment]]\nname = 'a'\naws_profile = 'acme-dev'\naccount = 111122223333\nregions = ['Frankfurt']\n\
                [[environment]]\nname = 'a'\naws_profile = 'acme-dev'\n\
                [[environment]]\nname = 'b'\naws_profile = 'acme-dve'\nregions = 'eu-west-1'\n\
                [[environment]]\nname = 'c'\n\
                [[environment]]\nname = 'd'\nambient = true\n";
    let config = Machine::new().profiles(PROFILES).config(text).load();
    assert_eq!(names(&config), ["a", "b"]);
    assert_eq!(
        said(&config.problems),
        [
            "config.toml:1:1: the environment has no `name` (it is left out: give it a name)",
            "config.toml:6:11: 111122223333 is not an account id (allowed: 12 digits in quotes)",
            "config.toml:7:12: `Frankfurt` is not a region (write it like `eu-central-1`)",
            "config.toml:8:1: there is an environment `a` in line 3 already (this one is left out: give it a name of its own)",
            "config.toml:13:15: there is no AWS profile `acme-dve` (did you mean `acme-dev`?)",
            "config.toml:16:8: the environment `c` has no `aws_profile` (name one, or `kube_contexts`, or set \
             `ambient = true` for the process's own credentials)",
            "config.toml:17:1: environment `d` is left out: it has no region (set AWS_REGION, `regions` in its \
             [[environment]], or --region)",
        ]
    );
}

#[test]
fn later_sections_are_accepted_and_named_once() {
    let text = "[[environment]]\nname = 'a'\naws_profile = 'acme-dev'\n\
                probes = []\nregions = ['eu-west-1']\nredis = []\n\
                [[environment]]\nname = 'b'\nredis = []\n";
    let config = Machine::new().profiles(PROFILES).config(text).load();
    assert_eq!(said(&config.problems), [""; 0]);
    assert_eq!(names(&config), ["a"]);
    assert_eq!(
        said(&config.unused),
        [
            "config.toml:4:1: `probes` in [[environment]] is not used yet",
            "config.toml:6:1: `redis` in [[environment]] is not used yet",
        ]
    );
}

#[test]
fn every_context_is_an_environment_by_itself() {
    let arn = "arn:aws:eks:eu-central-1:111122223333:cluster/dhbw-prod";
    let mut machine = Machine::new().profiles(PROFILES).contexts(&["kind", "acme-dev", arn]);
    machine.flags.region = Some("eu-west-3".to_owned());
    let config = machine.load();
    assert_eq!(said(&config.problems), [""; 0]);
    assert_eq!(names(&config), ["acme-dev", "lecture-dhbw-prod", "kind", "acme-dev-k8s", arn]);
    let of = |name: &str| config.environments.iter().find(|environment| &*environment.name == name).unwrap();
    let eks = of(arn);
    assert!(eks.without_aws && eks.profile.is_none());
    assert_eq!((eks.stage, eks.customer.as_deref()), (Some(Stage::Prod), Some("dhbw")));
    assert_eq!((&eks.regions[..], &eks.kube_contexts[..]), (&["-".into()][..], &[arn.into()][..]));
    assert_eq!(of("acme-dev-k8s").kube_contexts, ["acme-dev".into()]);
    assert_eq!(&*of("acme-dev").regions[0], "eu-west-3");
}

#[test]
fn contexts_belong_to_the_environments_that_name_them() {
    let text = "[[environment]]\nname = 'a'\naws_profile = 'acme-dev'\nkube_contexts = ['one', 'one']\n\
                [[environment]]\nname = 'b-prod'\nkube_contexts = ['two', 'thre']\n";
    let config = Machine::new().profiles(PROFILES).contexts(&["one", "two", "three"]).config(text).load();
    assert_eq!(names(&config), ["a", "b-prod", "three"]);
    assert_eq!(
        said(&config.problems),
        [
            "config.toml:4:25: `one` is named twice",
            "config.toml:7:25: there is no kubeconfig context `thre` (did you mean `three`?)",
        ]
    );
    let [a, b, three] = &config.environments[..] else { panic!("{:?}", config.environments) };
    assert!(!a.without_aws && b.without_aws && three.without_aws);
    assert_eq!(config.described.iter().map(|it| it.by_itself).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!((&a.kube_contexts[..], &*b.regions[0]), (&["one".into()][..], "-"));
    assert_eq!(config.described[0].contexts, [("one".into(), "exec aws (/k/config)".to_owned())]);
    assert_eq!(config.described[1].contexts[1].1, "not in the kubeconfig");
}

#[test]
fn a_context_that_no_section_names_is_one_by_itself_whatever_its_name() {
    let text = "[[environment]]\nname = 'kind'\naws_profile = 'acme-dev'\nkube_contexts = ['b']\n\
                [[environment]]\nname = 'lost'\naws_profile = 'none'\nkube_contexts = ['c']\n";
    let config = Machine::new().profiles(PROFILES).contexts(&["kind", "b", "c", "kind-k8s"]).config(text).load();
    // An environment that is left out for want of a region still has its context.
    assert_eq!(names(&config), ["kind", "kind-k8s-2", "kind-k8s"]);
    let contexts: Vec<_> = config.environments.iter().map(|it| &*it.kube_contexts[0]).collect();
    assert_eq!(contexts, ["b", "kind", "kind-k8s"]);
    // AWS profiles are not added to what is configured.
    assert!(config.environments[1..].iter().all(|it| it.without_aws));
}

#[test]
fn a_broken_kubeconfig_hides_nothing() {
    let mut machine = Machine::new().profiles(PROFILES).contexts(&["kind"]);
    machine.kube.broken.push(("/k/other".into(), "no YAML".to_owned()));
    let config = machine.load();
    assert!(names(&config).contains(&"kind") && names(&config).contains(&"acme-dev"));
    assert_eq!(said(&config.problems), ["other: the kubeconfig can't be read: no YAML (its contexts are left out)"]);
}

#[test]
fn terraform_backends_come_from_the_section_and_the_files_it_names() {
    let text = "[[environment]]\nname = 'dhbw-prod'\naws_profile = 'lecture-dhbw-prod'\n\
                terraform = [{ bucket = 'tfstate-dhbw', dynamodb_table = 'terraform-state-lock' }, { backend_file = 'dhbw.hcl' },\n\
                { bucket = 'central', key_prefix = 'dhbw/', aws_profile = 'acme-dev', region = 'eu-west-1', use_lockfile = true }]\n";
    let machine = Machine::new().profiles(PROFILES).config(text);
    let machine = machine.file("dhbw.hcl", "bucket = \"b\"\nkey = \"k\"\nregion = \"eu-north-1\"\n");
    let config = machine.load();
    assert_eq!(said(&config.problems), [""; 0]);
    let backends: Vec<String> = config.environments[0].terraform.iter().map(ToString::to_string).collect();
    assert_eq!(
        backends,
        [
            "tfstate-dhbw, table terraform-state-lock",
            "b/k, eu-north-1",
            "central/dhbw/*, lockfile, profile acme-dev, eu-west-1"
        ]
    );
    assert_eq!(config.backend_files, [machine.home.path().join("dhbw.hcl")]);
}

#[test]
fn mistakes_in_backends_leave_the_others() {
    let text = "[[environment]]\nname = 'a'\naws_profile = 'acme-dev'\n\
                terraform = [{ key = 'k' },\n{ bucket = 'b', region = 'x' },\n{ bucket = 'c', aws_profile = 'acme-dve' },\n\
                { bucket = 'd', prefix = 'p' },\n{ backend_file = 'none.hcl' },\n{ backend_file = 'bad.hcl' },\n\
                { bucket = 'e', key = 'k', key_prefix = 'p' }]\n";
    let machine = Machine::new().profiles(PROFILES).config(text).file("bad.hcl", "\nbucket = local.name\n");
    let config = machine.load();
    let buckets: Vec<_> = config.environments[0].terraform.iter().filter_map(|it| it.bucket.as_deref()).collect();
    assert_eq!(buckets, ["b", "c", "d", "e"]);
    let missing = format!("`{}` can't be read", machine.home.path().join("none.hcl").display());
    let problems = said(&config.problems);
    let starts = [
        "config.toml:4:14: the Terraform backend names nothing to look at (it is left out: name a `bucket`",
        "config.toml:5:26: `x` is not a region",
        "config.toml:6:31: there is no AWS profile `acme-dve` (did you mean `acme-dev`?)",
        "config.toml:7:17: unknown field `prefix` in terraform = [{ … }]",
        &format!("config.toml:8:18: {missing}"),
        "config.toml:10:1: `key` and `key_prefix` exclude each other (the key counts)",
        "bad.hcl:2:10: `bucket` is not written out",
    ];
    assert_eq!(problems.len(), starts.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}\n{start}");
    }
}

#[test]
fn every_profile_is_an_environment() {
    let config = Machine::new()
        .profiles(PROFILES)
        .file(".aws/credentials", "[legacy]\naws_access_key_id = a\naws_secret_access_key = b\n")
        .load();
    assert_eq!(names(&config), ["acme-dev", "lecture-dhbw-prod"]);
    assert_eq!(config.environments[1].customer.as_deref(), Some("lecture-dhbw"));
    assert_eq!(
        said(&config.problems),
        [
            "credentials:1: environment `legacy` is left out: it has no region (set `region` in the AWS profile `legacy`, \
          `regions` in its [[environment]], or --region)"
        ]
    );
    assert_eq!(config.described.len(), 3);
}

#[test]
fn a_default_profile_with_credentials_is_an_environment() {
    let config = Machine::new().profiles("[default]\nregion = eu-west-1\ncredential_process = x\n").load();
    assert_eq!(names(&config), ["default"]);
}

#[test]
fn ambient_variables_are_an_environment_of_their_own() {
    let machine = Machine::new()
        .profiles(PROFILES)
        .var("AWS_ACCESS_KEY_ID", "AKIA")
        .var("AWS_SECRET_ACCESS_KEY", "s")
        .var("AWS_REGION", "us-west-2");
    let config = machine.load();
    assert_eq!(names(&config), ["acme-dev", "lecture-dhbw-prod", "ambient"]);
    let regions: Vec<_> = config.environments.iter().map(|environment| &*environment.regions[0]).collect();
    assert_eq!(regions, ["eu-west-1", "eu-central-1", "us-west-2"]);
    assert_eq!(config.environments[2].profile, None);
    assert_eq!(config.described[2].regions, Origin::Variable);
}

#[test]
fn a_region_flag_counts_for_all_of_them() {
    let mut machine = Machine::new().profiles("[profile a]\n[profile b]\nregion = eu-west-1\n");
    machine.flags.region = Some("us-east-2".to_owned());
    let config = machine.load();
    assert_eq!(said(&config.problems), [""; 0]);
    assert!(config.environments.iter().all(|environment| *environment.regions == ["us-east-2".into()]));
    assert_eq!(names(&config), ["a", "b"]);
}

#[test]
fn aws_profile_says_which_is_meant() {
    let machine = |profile| Machine::new().profiles(PROFILES).var("AWS_PROFILE", profile);
    assert_eq!(machine("acme-dev").load().preferred, ["acme-dev".into()]);
    let config = machine("acme-dve").load();
    assert_eq!(config.preferred, []);
    assert_eq!(said(&config.problems), ["AWS_PROFILE: there is no profile `acme-dve` (did you mean `acme-dev`?)"]);
}

#[test]
fn a_missing_source_profile_is_a_problem() {
    let text =
        "[profile a]\nregion = eu-west-1\nrole_arn = r\nsource_profile = bse\n[profile base]\nregion = eu-west-1\n";
    let config = Machine::new().profiles(text).load();
    assert_eq!(
        said(&config.problems),
        ["config:1: profile `a`: there is no source profile `bse` (did you mean `base`?)"]
    );
}

#[test]
fn the_last_of_file_variable_and_flag_counts() {
    let mut machine = Machine::new().config("[console]\ntheme = 'of-file'\n");
    assert_eq!(machine.load().console.theme, "of-file");
    machine = machine.var("QUARTERDECK_THEME", "of-variable");
    assert_eq!(machine.load().console.theme, "of-variable");
    machine.flags.theme = Some("of-flag".to_owned());
    assert_eq!(machine.load().console.theme, "of-flag");
    assert_eq!(machine.load().console.theme_place, None);
}

#[rstest]
#[case("", false, false)]
#[case("read_only = false", false, false)]
#[case("read_only = true", false, true)]
#[case("read_only = false", true, true)]
fn a_flag_makes_it_read_only_and_nothing_takes_that_back(
    #[case] text: &str,
    #[case] flag: bool,
    #[case] expected: bool,
) {
    let mut machine = Machine::new().config(&format!("[console]\n{text}"));
    machine.flags.read_only = flag;
    assert_eq!(machine.load().console.read_only, expected);
}

#[test]
fn the_journal_has_a_second_folder() {
    let folder = |text: &str| Machine::new().config(&format!("[journal]\nfolder = '{text}'")).load();
    assert_eq!(folder("/var/log/quarterdeck").journal, Some("/var/log/quarterdeck".into()));
    let config = folder("~/audit");
    assert_eq!(config.journal, config.file.map(|file| file.parent().unwrap().join("audit")));
    let config = folder("audit");
    assert_eq!(config.journal, None);
    assert_eq!(
        said(&config.problems),
        ["config.toml:2:10: `folder` can't be \"audit\" (a path from the root, or one that begins with `~/`)"]
    );
}

#[rstest]
#[case(None, false, true)]
#[case(Some(""), false, true)]
#[case(Some("1"), false, false)]
#[case(None, true, false)]
fn colours_can_be_switched_off(#[case] variable: Option<&str>, #[case] flag: bool, #[case] colour: bool) {
    let mut machine = Machine::new();
    if let Some(value) = variable {
        machine = machine.var("NO_COLOR", value);
    }
    machine.flags.no_colour = flag;
    assert_eq!(machine.load().console.colour, colour);
}

#[test]
fn a_named_file_must_exist() {
    let machine = Machine::new().file("other.toml", "[console]\nmouse = false\n");
    let other = machine.home.path().join("other.toml").to_str().unwrap().to_owned();
    let machine = machine.var("QUARTERDECK_CONFIG", &other);
    let config = machine.load();
    assert!(config.file_exists && !config.console.mouse);
    assert_eq!(config.themes(), Some(machine.home.path().join("themes")));
    let mut machine = machine;
    machine.flags.file = Some(machine.home.path().join("nowhere.toml"));
    let config = machine.load();
    assert!(said(&config.problems)[0].starts_with("nowhere.toml: the configuration can't be read"));
    assert!(config.console.mouse);
}

#[test]
fn the_demo_reads_settings_and_no_environments() {
    let text = "[console]\nmouse = false\n[[environment]]\nname = 'a'\naws_profile = 'acme-dev'\n";
    let mut machine = Machine::new().profiles("[profile x\n").config(text);
    machine.flags.demo = true;
    let config = machine.load();
    assert_eq!(said(&config.problems), [""; 0]);
    assert!(config.environments.is_empty() && !config.console.mouse);
}

#[test]
fn the_example_is_right_and_shows_the_defaults() {
    let config = Machine::new().config(EXAMPLE).load();
    assert_eq!(said(&config.problems), [""; 0]);
    let everything: String = EXAMPLE
        .lines()
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '['))
                .unwrap_or(line)
        })
        .fold(String::new(), |text, line| text + line + "\n");
    let config = Machine::new().profiles(PROFILES).contexts(&["dhbw"]).config(&everything).load();
    assert_eq!(said(&config.problems), [""; 0]);
    assert_eq!(Console { theme_place: None, refresh: None, ..config.console.clone() }, Console::default());
    assert_eq!(names(&config), ["dhbw-prod", "here"]);
    assert!(!config.keys.is_empty());
    assert_eq!(crate::keymap::Keymap::new(&config.keys).1, []);
    assert!(crate::ui::Themes::load(None).get(&config.console.theme).is_ok());
    assert_eq!(config.unused, []);
}
