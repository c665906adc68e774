//! Rules as they are written, and what mistakes in them come to.

use rstest::rstest;

use super::super::tests::{Machine, said};
use crate::config::{Config, Flags};
use crate::guard::{Arming, Rule};
use crate::model::{Environment, Risk, Stage};

fn load(text: &str) -> Config {
    Machine::new().config(text).load()
}

/// The one rule of a text without mistakes.
fn rule(text: &str) -> Rule {
    let config = load(&format!("[[policy]]\n{text}"));
    assert_eq!(said(&config.problems), [""; 0], "{text}");
    assert_eq!(config.unused, []);
    config.policy.rules.into_iter().next().unwrap()
}

fn environment(name: &str) -> Environment {
    Environment {
        name: name.into(),
        stage: Some(Stage::Prod),
        regions: vec!["eu-central-1".into()],
        ..Environment::default()
    }
}

/// Whether everything is denied in an environment, and whether a reason breaks that open.
fn denied(config: &Config, name: &str) -> Option<bool> {
    let environment = environment(name);
    let rules: Vec<&Rule> = config.policy.about(&environment, "ecs-scale", &["ecs-service"]).collect();
    let denying = rules.iter().filter(|rule| rule.effects.deny && rule.when.is_none());
    denying.map(|rule| rule.effects.break_glass).min()
}

#[test]
fn everything_can_be_said() {
    let text = "name = 'big ones'\nenvironment = ['dhbw-*', 'edt-prod']\nstage = 'prod'\ncustomer = 'dhbw'\n\
                kind = 'ecs-*'\naction = ['ecs-scale']\nresource = 'web-?'\nconfirm = 'high'\nreason = true\n\
                ticket = 'OPS-[0-9]+'\nmin = 1\nmax = 20\nmax_factor = 3\ndeny = false\nbreak_glass = true\n";
    let rule = rule(text);
    assert_eq!(&*rule.name, "big ones");
    assert_eq!((rule.selects.environment.len(), &rule.selects.stage[..]), (2, &[Stage::Prod][..]));
    assert_eq!((&*rule.selects.kind[0], &*rule.selects.resource[0]), ("ecs-*", "web-?"));
    assert_eq!(
        rule.words(),
        "confirmation at least high, a reason, a ticket like OPS-[0-9]+, not below 1, not above 20, not more than 3 times, \
         can be broken open with a reason"
    );
    assert!(rule.when.is_none() && rule.effects.ticket.unwrap().fits("OPS-12"));
}

#[test]
fn a_rule_without_a_name_is_called_by_its_place() {
    let config = load("[[policy]]\ndeny = true\n\n[[policy]]\nconfirm = 'critical'\n");
    let names: Vec<&str> = config.policy.rules.iter().map(|rule| &*rule.name).collect();
    assert_eq!(names, ["policy 1 (config.toml:1)", "policy 2 (config.toml:4)"]);
    assert_eq!(config.policy.rules[1].effects.confirm, Some(Risk::Critical));
}

#[rstest]
#[case("arm = 'never'", Some(Arming::Never))]
#[case("arm = 'reason'", Some(Arming::Reason))]
#[case("arm = 'never'\nbreak_glass = true", Some(Arming::Reason))]
#[case("deny = true", None)]
fn arming(#[case] text: &str, #[case] expected: Option<Arming>) {
    let config = load(&format!("[[policy]]\nstage = 'prod'\n{text}"));
    let environment = environment("dhbw-prod");
    let said = config.policy.arming(&environment, "2026-03-02T09:00:00Z".parse().unwrap());
    assert_eq!(said.map(|(arming, _)| arming), expected);
}

#[rstest]
#[case("from = '2026-12-20T18:00:00Z'", "from 2026-12-20 18:00Z")]
#[case("from = 2026-12-20T18:00:00+01:00", "from 2026-12-20 17:00Z")]
// A day alone: from its beginning, until its end.
#[case("from = 2026-12-20\nuntil = '2026-12-24'", "from 2026-12-20 00:00Z until 2026-12-25 00:00Z")]
#[case("from = '2026-12-20'\ntimezone = 'Europe/Berlin'", "from 2026-12-19 23:00Z")]
#[case("until = '2026-12-20 18:00'\ntimezone = 'Europe/Berlin'", "until 2026-12-20 17:00Z")]
#[case("days = ['sat', 'Sunday']\nhours = '22:00-06:00'\noutside = true", "outside of sat,sun 22:00-06:00 UTC")]
#[case("hours = '09:00-24:00'\ntimezone = 'Europe/Berlin'", "09:00-00:00 Europe/Berlin")]
fn times(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(rule(&format!("deny = true\n{text}")).when.unwrap().words(), expected);
}

#[rstest]
#[case(
    "confirm = 'hihg'",
    "config.toml:2:11: `confirm` can't be `hihg` (allowed: `low`, `medium`, `high`, `critical`)"
)]
#[case(
    "deny = true\nstage = 'live'",
    "config.toml:3:9: there is no stage `live` (allowed: `prod`, `staging`, `test`, `dev`)"
)]
#[case("deny = true\nstge = 'dev'", "config.toml:3:1: unknown field `stge` in [[policy]] (did you mean `stage`?)")]
#[case("deny = true\ndays = 'someday'", "config.toml:3:8: there is no day `someday` (")]
#[case("deny = true\nhours = '22-6'", "config.toml:3:9: `hours` can't be `22-6` (write it like \"22:00-06:00\")")]
#[case("deny = true\ntimezone = 'Berlin'", "config.toml:3:12: there is no time zone `Berlin` (")]
#[case("deny = true\nfrom = 'christmas'", "config.toml:3:8: `from` can't be 'christmas' (an instant such as")]
#[case("deny = true\nuntil = 5", "config.toml:3:9: `until` can't be 5 (an instant such as")]
#[case("deny = true\nfrom = 2026-12-24\nuntil = 2026-12-20", "config.toml:4:9: `until` is not after `from`")]
#[case("deny = true\noutside = true", "config.toml:3:11: `outside` of what? (it belongs to `days` or `hours`)")]
#[case("ticket = '('", "config.toml:2:10: `ticket` is no regular expression: unclosed group (")]
#[case("max_factor = 0", "config.toml:2:14: `max_factor` can't be 0 (allowed: a whole number from 1 to 1000000)")]
#[case("min = 5\nmax = 4", "config.toml:1:1: `min` is more than `max`")]
#[case("stage = 'prod'", "config.toml:1:1: the rule does nothing (give it `confirm`,")]
#[case("arm = 'always'", "config.toml:2:7: `arm` can't be `always` (allowed: `never`, `reason`)")]
#[case("arm = 'never'\naction = 'ecs-scale'", "config.toml:1:1: `arm` is about whole environments (")]
#[case("confirm = 'high'\nbreak_glass = true", "config.toml:1:1: `break_glass` without anything to break open (")]
#[case(
    "name = 'web-*'\ndeny = true",
    "config.toml:2:8: `name` is what the rule is called, and `web-*` looks like a pattern ("
)]
fn a_mistake_is_named_and_never_loosens(#[case] text: &str, #[case] expected: &str) {
    let config = load(&format!("[[policy]]\n{text}"));
    let said = said(&config.problems);
    assert!(said[0].starts_with(expected), "{said:?}");
    // What was to be denied for good stays so.
    assert_eq!(denied(&config, "dhbw-prod"), Some(!text.contains("deny = true")), "{:?}", config.policy);
    assert!(config.policy.rules[0].name.ends_with(", which has a mistake"));
}

#[test]
fn a_mistake_closes_only_what_the_rule_is_about() {
    let config = load("[[policy]]\nenvironment = 'dhbw-*'\nconfirm = 'hihg'\n");
    assert_eq!((denied(&config, "dhbw-prod"), denied(&config, "edt-prod")), (Some(true), None));
    // A selector that can't be read may be about everything.
    let config = load("[[policy]]\nenvironment = ['dhbw-*', 5]\nconfirm = 'high'\n");
    assert_eq!(denied(&config, "edt-prod"), Some(true));
}

#[rstest]
#[case("[[policy]\nstage = 'prod'\ndeny = true\n")]
#[case("[console]\nmouse = fals\n")]
fn a_file_that_cannot_be_read_may_hold_a_policy(#[case] text: &str) {
    let config = load(text);
    assert!(!config.problems.is_empty());
    assert_eq!(denied(&config, "dhbw-prod"), Some(true));
    assert_eq!(&*config.policy.rules.last().unwrap().name, "a mistake in config.toml, where a policy may stand");
}

#[test]
fn a_named_file_that_is_not_there_closes_and_an_unnamed_one_does_not() {
    assert_eq!(denied(&Machine::new().load(), "dhbw-prod"), None);
    let mut machine = Machine::new();
    machine.flags = Flags { file: Some("/nowhere/config.toml".into()), ..Flags::default() };
    assert_eq!(denied(&machine.load(), "dhbw-prod"), Some(true));
}

#[test]
fn actions_and_kinds_must_be_known() {
    let known = (["ecs-scale", "rds-modify"], ["ecs-service", "rds-instance"]);
    let text =
        "[[policy]]\nenvironment = 'dhbw-*'\naction = ['ecs-*', 'rds-modfy']\nkind = 'RDS-*'\nconfirm = 'high'\n";
    let mut config = load(text);
    assert_eq!((said(&config.problems).len(), denied(&config, "dhbw-prod")), (0, None));
    config.check_policy(&known.0, &known.1);
    assert_eq!(
        said(&config.problems),
        ["config.toml:3:20: there is no action `rds-modfy` (did you mean `rds-modify`?)"]
    );
    let environment = environment("dhbw-prod");
    let about = |action, kind| config.policy.about(&environment, action, &[kind]).count();
    assert_eq!((about("ecs-scale", "rds-instance"), about("anything", "rds-instance")), (1, 1));
    assert!(config.policy.rules[0].effects.deny);
}
