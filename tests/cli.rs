//! The program as a script meets it: exit statuses, standard output and standard error.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program in a home of its own, with nothing of this process's environment but the path.
fn quarterdeck(home: &Path, arguments: &[&str]) -> Output {
    command(home, arguments).output().unwrap()
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default()).args(arguments);
    command
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A home with two profiles and a configuration.
fn home(config: &str) -> TempDir {
    let home = TempDir::new().unwrap();
    fs::create_dir_all(home.path().join(".aws")).unwrap();
    let profiles = "[profile acme-dev]\nregion = eu-west-1\ncredential_process = none\n\
                    [profile dhbw-prod]\nregion = eu-central-1\ncredential_process = none\n";
    fs::write(home.path().join(".aws/config"), profiles).unwrap();
    let folder = home.path().join(".config/quarterdeck");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), config).unwrap();
    home
}

#[test]
fn wrong_usage_exits_64_and_names_what_is_near() {
    let home = home("");
    for (arguments, expected) in [
        (&["frobnicate"][..], "unrecognized subcommand"),
        (&["get"], "<KIND>"),
        (&["get", "alrams"], "`alarms`"),
        (&["get", "services", "--nonsense"], "--nonsense"),
        (&["logs"], "<SOURCE>"),
        (&["logs", "x", "--since", "5"], "such as `10s`"),
        (&["logs", "x", "--grep", "(open"], "unclosed group"),
        (&["completions", "tcsh"], "bash"),
        (&["get", "changes", "-o", "jsn"], "json"),
        (&["-e", "a", "--all"], "cannot be used with"),
        (&["get", "services", "--theme", "dayligt"], "there is no theme `dayligt` (did you mean `daylight`?)"),
        (&["logs", "x", "--theme", "dayligt"], "did you mean `daylight`?"),
        (&["config", "path", "--theme", "dayligt"], "did you mean `daylight`?"),
        (&["--theme", "zzz"], "allowed: "),
        (&["get", "services", "--region", "eu-central1"], "`eu-central1` is not a region (did you mean `eu-central-1`"),
        (&["get", "services", "--region", "EU-WEST-1"], "did you mean `eu-west-1`"),
        (&["get", "services", "--region", "frankfurt"], "write it like `eu-central-1`"),
        (&["get", "services", "--region", "eu-central-11"], "is not a region"),
        (&["get", "services", "--region", ""], "is not a region"),
        (&["config", "check", "-o", "json"], "`--output` says nothing about `config` (it belongs to `get`,"),
        (&["man", "-o", "table"], "nothing about `man`"),
        (&["completions", "bash", "-o", "json"], "nothing about `completions`"),
        (&["-o", "json"], "nothing about the console"),
    ] {
        let output = quarterdeck(home.path(), arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(expected), "{arguments:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}

#[test]
fn an_action_that_was_cut_off_is_told_of_once_by_the_next_one() {
    const ACT: &str =
        "act ecs-scale --demo --seed 7 -e edt-prod --cluster lecture-edt-cluster --service lecture-frontend-service";
    let home = home("");
    let act = |more: &str| {
        let words: Vec<&str> = ACT.split(' ').chain(more.split(' ')).collect();
        let mut command = command(home.path(), &words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    // The answer never comes: it is killed with the request under way.
    let hangs = "--desired 1 --apply --confirm edt-prod --fault edt-prod/ecs/UpdateService=hang";
    let mut killed = act(hangs).spawn().unwrap();
    let said = BufReader::new(killed.stderr.take().unwrap()).lines();
    let sending = said.map_while(Result::ok).find(|line| line.contains("sending"));
    assert!(sending.is_some(), "{:?}", killed.wait_with_output());
    killed.kill().unwrap();
    killed.wait().unwrap();
    let next = act("--desired 1").output().unwrap();
    let told = "quarterdeck: edt-prod: scale lecture-frontend-service from 4 to 1 tasks (20";
    assert!(err(&next).contains(told) && err(&next).contains("has ended unknown"), "{}", err(&next));
    assert!(out(&next).contains("confirm"), "the plan is made all the same: {}", out(&next));
    assert_eq!(err(&act("--desired 1").output().unwrap()), "", "once");
}

#[test]
fn help_and_version_are_answers() {
    let home = home("");
    for argument in ["--help", "-h", "--version"] {
        let output = quarterdeck(home.path(), &[argument]);
        assert!(output.status.success() && out(&output).contains("quarterdeck"), "{argument}");
    }
    let help = out(&quarterdeck(home.path(), &["--help"]));
    for later in ["runbook", "check "] {
        assert!(!help.contains(&format!("  {later}")), "{later} is not there yet");
    }
}

#[test]
fn completions_and_the_manual_are_printed() {
    let home = home("");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = quarterdeck(home.path(), &["completions", shell]);
        assert!(output.status.success() && out(&output).contains("quarterdeck"), "{shell}");
        // The others complete no values.
        let values = out(&output).contains("ecs-service") && out(&output).contains("databases");
        assert!(values || !["bash", "zsh"].contains(&shell), "{shell}");
    }
    let output = quarterdeck(home.path(), &["man"]);
    assert!(output.status.success() && out(&output).contains(".TH quarterdeck 1"));
}

#[test]
fn config_path_and_example_fit_together() {
    let home = home("");
    let path = out(&quarterdeck(home.path(), &["config", "path"]));
    assert!(path.trim_end().ends_with("config.toml"), "{path}");
    let example = quarterdeck(home.path(), &["config", "example"]);
    let file = home.path().join("example.toml");
    fs::write(&file, &example.stdout).unwrap();
    let output = quarterdeck(home.path(), &["config", "check", "--config", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn config_check_explains_each_environment() {
    let home = home("");
    let output = quarterdeck(home.path(), &["config", "check"]);
    let text = out(&output);
    assert!(output.status.success(), "{text}");
    for expected in [
        "\ndhbw-prod\n",
        "  customer     dhbw (from the name)\n",
        "  stage        prod (from the name)\n",
        "  profile      dhbw-prod: credential process\n",
        "  account      pinned at first sight\n",
        "  regions      eu-central-1 (from the profile)\n",
        "/.aws/config:4\n",
        "no problems; environments: 2\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn config_check_says_which_contexts_stand_by_themselves() {
    let home = home("[[environment]]\nname = 'acme'\naws_profile = 'acme-dev'\nkube_contexts = ['one']\n");
    fs::create_dir_all(home.path().join(".kube")).unwrap();
    let context = |name: &str| format!("- name: {name}\n  context: {{cluster: c, user: u}}\n");
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster: {{server: 'https://c'}}\nusers:\n- name: u\n  \
         user: {{token: t}}\ncontexts:\n{}",
        ["one", "two", "acme"].map(context).concat()
    );
    fs::write(home.path().join(".kube/config"), kubeconfig).unwrap();
    let text = out(&quarterdeck(home.path(), &["config", "check"]));
    assert!(text.contains("no problems; environments: 3\n"), "{text}");
    let by_itself = "  by itself    no [[environment]] has this context in its `kube_contexts`";
    assert!(text.contains("\ntwo\n") && text.contains(&format!("{by_itself}\n")), "{text}");
    assert!(text.contains("\nacme-k8s\n"), "{text}");
    assert!(text.contains(&format!("{by_itself}; another environment is called `acme`\n")), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn config_check_names_each_mistake_and_exits_1() {
    let home =
        home("[console]\nthem = 'x'\n[[environment]]\nname = 'a'\naws_profile = 'acme-dve'\nregions = ['eu-west-1']\n");
    let output = quarterdeck(home.path(), &["config", "check"]);
    let text = out(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("config.toml:2:1: unknown field `them` in [console] (did you mean `theme`?)"), "{text}");
    assert!(text.contains("config.toml:5:15: there is no AWS profile `acme-dve` (did you mean `acme-dev`?)"), "{text}");
    assert!(text.contains("problems: 2\n"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn config_check_knows_themes_and_keys() {
    let home = home("[console]\ntheme = 'habor'\n[keys]\nqiut = 'q'\nhelp = 'hyper-x'\ncopy = 'Ctrl-%'\n");
    let folder = home.path().join(".config/quarterdeck/themes");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("mine.toml"), "dark = true\n[roles]\nbase = 'no-such-colour'\n").unwrap();
    let output = quarterdeck(home.path(), &["config", "check"]);
    let text = out(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for expected in ["config.toml:2:9: there is no theme `habor` (did you mean `harbor`?)", "config.toml:4:1: "] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(text.contains("config.toml:5:8: ") && text.contains("themes/mine.toml:3: "), "{text}");
    assert!(text.contains("config.toml:6:8: `Ctrl-%` can never be typed"), "{text}");
    let output = quarterdeck(home.path(), &["config", "check", "--theme", "dayligt"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(err(&output).contains("did you mean `daylight`?"), "{}", err(&output));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let home = home("");
    let mut child = command(home.path(), &["completions", "zsh"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(err(&output), "");
}

/// What the built-in estate answers.
#[cfg(feature = "demo")]
mod demo {
    use std::collections::BTreeSet;
    use std::io::{BufRead, BufReader};

    use serde_json::Value;

    use super::*;

    fn rows(output: &Output) -> Vec<Value> {
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", err(output)))
    }

    #[test]
    fn get_prints_every_environment_s_rows_as_one_array() {
        let home = home("");
        let output = quarterdeck(home.path(), &["--demo", "get", "databases", "-o", "json"]);
        assert!(output.status.success(), "{}", err(&output));
        assert_eq!(err(&output), "");
        let rows = rows(&output);
        assert!(rows.iter().any(|row| row["environment"] == "dhbw-prod"));
        assert!(rows.iter().any(|row| row["environment"] == "tfe-prod"));
        for row in &rows {
            assert_eq!(row["account"].as_str().unwrap().len(), 12);
            for member in ["id", "name", "region", "health", "reason", "observed_at", "engine"] {
                assert!(row[member].is_string(), "{member} of {row}");
            }
        }
    }

    #[test]
    fn the_word_of_a_pane_means_all_that_stands_in_it() {
        let home = home("");
        let get = |word: &str| {
            let output = quarterdeck(home.path(), &["--demo", "get", word, "-o", "json"]);
            assert!(output.status.success() && err(&output).is_empty(), "{word}: {}", err(&output));
            rows(&output)
        };
        for (word, expected) in [
            ("services", &["daemonset", "deployment", "ecs-service", "statefulset"][..]),
            ("clusters", &["asg", "ecs-cluster", "eks-cluster", "k8s-node"]),
            ("databases", &["elasticache", "rds-cluster", "rds-instance"]),
            ("alarms", &["alarm"]),
            ("ecs-service", &["ecs-service"]),
            ("rds", &["rds-instance"]),
        ] {
            let rows = get(word);
            let kinds: BTreeSet<&str> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
            assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected, "{word}");
        }
        let rows = get("services");
        let one = |kind: &str| rows.iter().find(|row| row["kind"] == kind).unwrap();
        assert!(one("ecs-service").get("task_definition").is_some());
        assert!(one("deployment").get("task_definition").is_none(), "{}", one("deployment"));
        // What fires on it stands there whatever it was asked with.
        let sick = |rows: &[Value]| rows.iter().filter(|row| row["reason"].as_str().unwrap().contains("alarm")).count();
        assert!(sick(&get("databases")) >= 1);
        let table = out(&quarterdeck(home.path(), &["--demo", "-e", "beta9-prod", "get", "services", "kind:deploy"]));
        let title = table.lines().next().unwrap();
        assert!(title.contains(" KIND ") && title.contains(" TASKS "), "{table}");
        assert!(table.lines().skip(1).all(|line| line.contains(" deployment ")), "{table}");
        assert!(table.contains("provisioning-worker"), "{table}");
    }

    #[test]
    fn what_lives_in_a_cluster_of_an_account_has_that_account() {
        let home = home("");
        let output = quarterdeck(home.path(), &["--demo", "-e", "beta9-prod", "get", "pods", "-o", "json"]);
        assert!(output.status.success(), "{}", err(&output));
        let rows = rows(&output);
        assert!(!rows.is_empty() && rows.iter().all(|row| row["account"] == "666677778888"), "{:?}", rows.first());
        let named = ["--namespace", "beta9-provisioning", "--kind", "deployment", "--name", "provisioning-worker"];
        let act = ["--demo", "-e", "beta9-prod", "-o", "json", "act", "k8s-restart"];
        let output = quarterdeck(home.path(), &[&act[..], &named].concat());
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(plan["target"]["account"], "666677778888", "{plan}");
        assert!(plan["target"]["cluster_identity"].as_str().unwrap().starts_with("cluster "), "{plan}");
    }

    #[test]
    fn a_failing_source_is_named_and_the_others_are_printed() {
        let home = home("");
        let output = quarterdeck(home.path(), &["--demo", "--fault", "dhbw-prod/rds=deny", "get", "rds", "-o", "json"]);
        assert_eq!(output.status.code(), Some(2));
        let rows = rows(&output);
        assert!(!rows.is_empty() && rows.iter().all(|row| row["environment"] != "dhbw-prod"));
        let said = err(&output);
        assert!(said.starts_with("quarterdeck: dhbw-prod/eu-central-1: denied: "), "{said}");
        assert!(said.contains("rds:DescribeDBInstances"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }

    #[test]
    fn environments_and_filters_choose_rows() {
        let home = home("");
        let get = |arguments: &[&str]| {
            let output = quarterdeck(home.path(), &[&["--demo", "get", "databases", "-o", "json"], arguments].concat());
            assert!(output.status.success(), "{}", err(&output));
            rows(&output)
        };
        let all = get(&[]);
        let some = get(&["-e", "e*-prod", "-e", "tfe-prod"]);
        assert!(!some.is_empty() && some.len() < all.len());
        assert!(
            some.iter()
                .all(|row| ["edt-prod", "enterprise-prod", "tfe-prod"].contains(&row["environment"].as_str().unwrap()))
        );
        let aurora = get(&["engine:aurora", "!enterprise"]);
        assert!(!aurora.is_empty() && aurora.len() < all.len());
        assert!(aurora.iter().all(|row| row["engine"].as_str().unwrap().contains("aurora")));
    }

    #[test]
    fn wrong_words_are_wrong_usage_with_near_misses() {
        let home = home("");
        for (arguments, expected) in [
            (&["--demo", "get", "databases", "engin:aurora"][..], "did you mean `engine`"),
            (&["--demo", "get", "databases", "/(open/"], "unclosed group"),
            (&["--demo", "-e", "dhbw-prd", "get", "databases"], "did you mean `dhbw-prod`?"),
            (&["--demo", "-e", "x*", "get", "databases"], "no environment matches `x*`"),
            (&["--demo", "--fault", "dhbw-prod=nonsense", "get", "databases"], "throttle"),
            (&["--seed", "3", "get", "databases"], "--demo"),
        ] {
            let output = quarterdeck(home.path(), arguments);
            assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", err(&output));
            assert!(err(&output).contains(expected), "{arguments:?}: {}", err(&output));
            assert_eq!(out(&output), "", "{arguments:?}");
        }
    }

    #[test]
    fn tables_are_for_people_and_csv_and_markdown_for_reports() {
        let home = home("");
        let get = |format| {
            let output = quarterdeck(home.path(), &["--demo", "get", "databases", "-e", "dhbw-prod", "-o", format]);
            assert!(output.status.success(), "{}", err(&output));
            out(&output)
        };
        assert!(get("table").starts_with("HEALTH  NAME "));
        assert!(get("markdown").starts_with("| HEALTH | NAME |"));
        assert!(get("csv").starts_with("kind,id,name,environment,account,region,health,reason,observed_at,"));
    }

    #[test]
    fn changes_come_newest_first_with_who_and_what() {
        let home = home("");
        let changes = |arguments: &[&str]| {
            let output = quarterdeck(home.path(), &[&["--demo", "get", "changes", "-o", "json"], arguments].concat());
            assert!(output.status.success(), "{}", err(&output));
            rows(&output)
        };
        let all = changes(&["--since", "6h"]);
        let times: Vec<&str> = all.iter().map(|row| row["at"].as_str().unwrap()).collect();
        assert!(times.len() > 10 && times.is_sorted_by(|a, b| a >= b), "{times:?}");
        let since = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(6);
        assert!(all.iter().all(|row| row["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() >= since));
        let trail = changes(&["--since", "6h", "source:cloudtrail", "!who:AutoScaling", "-e", "dhbw-prod"]);
        assert!(!trail.is_empty() && trail.len() < all.len());
        assert!(trail.iter().all(|row| row["source"] == "cloudtrail" && row["environment"] == "dhbw-prod"));
        let output = quarterdeck(home.path(), &["--demo", "get", "services", "--since", "2h"]);
        assert_eq!(output.status.code(), Some(64));
        assert!(err(&output).contains("get changes"), "{}", err(&output));
    }

    #[test]
    fn a_source_of_changes_that_fails_hides_no_other() {
        let home = home("");
        let denied =
            ["--demo", "--fault", "dhbw-prod/cloudtrail=deny", "-e", "dhbw-prod", "get", "changes", "-o", "json"];
        let output = quarterdeck(home.path(), &denied);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(err(&output).contains("cloudtrail:LookupEvents"), "{}", err(&output));
        let rows = rows(&output);
        assert!(!rows.is_empty() && rows.iter().all(|row| row["source"] != "cloudtrail"));
    }

    #[test]
    fn logs_are_merged_by_time_and_searched() {
        let home = home("");
        let logs = |arguments: &[&str]| {
            let output = quarterdeck(home.path(), &[&["--demo", "-e", "dhbw-prod", "logs"], arguments].concat());
            assert!(output.status.success(), "{}", err(&output));
            out(&output)
        };
        let lines = logs(&["service/lecture-backend-service", "/ecs/lecture-front*", "--since", "10m"]);
        let times: Vec<&str> = lines.lines().filter_map(|line| line.split_once(' ')).map(|(time, _)| time).collect();
        assert!(times.len() > 10 && times.is_sorted(), "{} lines", times.len());
        assert!(lines.lines().any(|line| line.contains("Z backend ")), "{lines:.500}");
        let errors = logs(&["lecture-backend-service", "--since", "10m", "--grep", "ERROR|CRITICAL", "-o", "json"]);
        for line in errors.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!((&line["environment"], &line["level"]), (&"dhbw-prod".into(), &"error".into()), "{line}");
        }
        assert!(errors.lines().count() > 0);
    }

    #[test]
    fn logs_of_pods_say_what_is_left_out() {
        let home = home("");
        let logs = ["--demo", "-e", "beta9-prod", "logs", "labels:beta9-provisioning/app=provisioning-api"];
        let output = quarterdeck(home.path(), &[&logs[..], &["--since", "6h"]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(err(&output).contains("only its last 20000 are read"), "{}", err(&output));
        assert!(out(&output).lines().count() >= 20_000);
        assert!(quarterdeck(home.path(), &[&logs[..], &["--since", "10m"]].concat()).status.success());
    }

    #[test]
    fn logs_of_what_is_not_there_are_wrong_usage_and_a_denied_group_is_named() {
        let home = home("");
        let output = quarterdeck(home.path(), &["--demo", "logs", "service/lecture-backend-servic"]);
        assert_eq!(output.status.code(), Some(64));
        assert!(err(&output).contains("did you mean `lecture-backend-service`"), "{}", err(&output));
        let denied = ["--demo", "--fault", "dhbw-prod/logs/FilterLogEvents=deny"];
        let output =
            quarterdeck(home.path(), &[&denied[..], &["logs", "/ecs/lecture-backend", "--since", "5m"]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(err(&output).contains("dhbw-prod/eu-central-1: /ecs/lecture-backend: denied"), "{}", err(&output));
        assert!(out(&output).contains("edt-prod") && !out(&output).contains("dhbw-prod"));
    }

    #[test]
    fn a_followed_log_goes_on_until_nobody_reads_it() {
        let home = home("");
        let arguments = ["--demo", "-e", "dhbw-prod", "logs", "lecture-backend-service", "--follow", "--since", "1m"];
        let mut child = command(home.path(), &arguments).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let start = jiff::Timestamp::now();
        let mut newest = String::new();
        // The past comes first; a line that was written after the start came through the tail.
        while newest.split_once(' ').is_none_or(|(at, _)| at.parse::<jiff::Timestamp>().unwrap() < start) {
            newest.clear();
            assert!(reader.read_line(&mut newest).unwrap() > 0, "the tail ended");
        }
        drop(reader);
        assert!(child.wait().unwrap().success());
    }

    #[test]
    fn a_region_that_is_written_right_is_asked_whether_known_or_not() {
        let home = home("");
        let get = ["--demo", "get", "services", "-e", "dhbw-prod", "-o", "json", "--region"];
        let output = quarterdeck(home.path(), &[&get[..], &["ap-southeast-7"]].concat());
        assert!(output.status.success(), "{}", err(&output));
        assert_eq!(rows(&output), Vec::<Value>::new());
        let output = quarterdeck(home.path(), &[&get[..], &["us-eats-1"]].concat());
        assert!(output.status.success(), "{}", err(&output));
        let output = quarterdeck(home.path(), &[&get[..], &["us-west2"]].concat());
        assert!(err(&output).contains("did you mean `us-west-2`"), "{}", err(&output));
    }

    #[test]
    fn a_source_that_fails_is_no_empty_answer() {
        let home = home("");
        let get = ["--demo", "--fault", "*/ecs=throttle", "get", "ecs-service"];
        for (format, expected) in [("table", ""), ("json", "[]\n"), ("csv", "kind,"), ("markdown", "| HEALTH")] {
            let output = quarterdeck(home.path(), &[&get[..], &["-o", format]].concat());
            assert_eq!(output.status.code(), Some(2), "{format}: {}", err(&output));
            let said = err(&output);
            assert!(!said.contains("no services") && !out(&output).contains("no services"), "{format}: {said}");
            assert!(said.lines().count() == 7 && said.lines().all(|line| line.contains(": throttled: ")), "{said}");
            assert!(out(&output).starts_with(expected), "{format}: {}", out(&output));
            assert!(format != "table" || out(&output).is_empty(), "{}", out(&output));
        }
        let output = quarterdeck(home.path(), &["--demo", "get", "services", "nothing-is-called-so"]);
        assert!(output.status.success() && err(&output).contains("no services"), "{}", err(&output));
    }

    #[test]
    fn an_environment_that_never_answers_is_told_soon() {
        let home = home("");
        let began = std::time::Instant::now();
        let output =
            quarterdeck(home.path(), &["--demo", "--fault", "dhbw-prod=hang", "get", "clusters", "-o", "json"]);
        let took = began.elapsed();
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert_eq!(
            err(&output),
            "quarterdeck: dhbw-prod/eu-central-1: timed out: sts:GetCallerIdentity: no answer in time\n"
        );
        assert!((8..13).contains(&took.as_secs()), "{took:?}");
        assert!(rows(&output).iter().any(|row| row["environment"] == "edt-prod"));
    }

    #[test]
    fn expired_credentials_name_what_renews_them() {
        let home = home("");
        let output = quarterdeck(home.path(), &["--demo", "--fault", "dhbw-prod=expire", "get", "services"]);
        assert_eq!(output.status.code(), Some(2));
        let said = err(&output);
        assert!(said.contains("dhbw-prod/eu-central-1: expired: "), "{said}");
        assert!(said.contains("`aws sso login --profile dhbw-prod` renews them"), "{said}");
    }

    #[test]
    fn the_estate_s_environments_are_explained() {
        let home = home("");
        let text = out(&quarterdeck(home.path(), &["--demo", "config", "check"]));
        assert!(text.contains("\nstarttech-dev\n") && !text.contains("acme-dev"), "{text}");
    }
}
