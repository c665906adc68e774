//! The whole console on the built-in estate, as a person meets it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

mod pty;

use pty::Console;

/// The estate held still, so that the screen can be told in advance.
const DEMO: &[&str] = &["demo", "--seed", "7"];

const ESCAPE: &str = "\u{1b}";
const ENTER: &str = "\r";
const TAB: &str = "\t";
const PAGE_DOWN: &str = "\u{1b}[6~";
const CTRL_C: &str = "\u{3}";
const CTRL_Z: &str = "\u{1a}";

/// A console whose bridge shows rows.
fn started(rows: u16, cols: u16) -> Console {
    let console = Console::start(DEMO, rows, cols);
    console.wait_text("lecture-backend-service");
    console
}

#[test]
fn the_bridge_comes_up_with_the_estate_and_two_interrupts_leave() {
    let mut console = started(48, 180);
    let screen = console.text();
    for word in ["clusters", "services", "databases", "alarms", "logs", "DEMO"] {
        assert!(screen.contains(word), "no {word} on:\n{screen}");
    }
    console.press(CTRL_C);
    console.wait_text("again");
    console.press(CTRL_C);
    assert!(console.wait_end().success());
    assert!(!console.on_alternate_screen());
}

#[test]
fn a_key_opens_what_it_says_and_escape_leads_back() {
    let mut console = started(40, 140);
    console.press("?");
    console.wait_text("pick environments");
    console.press(ESCAPE);
    console.wait_gone("pick environments");
    console.press("f");
    console.wait_text("7 environments ─");
    // Escape and a key at once would be Alt and that key.
    console.press(ESCAPE);
    console.wait_text("1 clusters");
    console.press(":targ");
    console.wait_text("target-groups");
    console.press(ENTER);
    console.wait_text("target-groups");
    console.press("q");
    console.wait_text("databases");
}

#[test]
fn switch_filter_drill_and_come_back() {
    let mut console = started(40, 140);
    console.press("P");
    console.wait_text("enterprise-prod");
    console.press("enterprise");
    console.press(ENTER);
    console.wait_text("app-service");
    console.press("2/app-serv");
    console.wait_gone("maintenance-page");
    console.press(ENTER);
    console.press(ENTER);
    console.wait_text("task definition");
    console.press("[");
    console.wait_text("clusters");
}

#[test]
fn logs_of_a_service_flow_pause_and_search() {
    let mut console = started(40, 140);
    console.press("2/env:dhbw backend-service");
    console.wait_gone("reporting-service");
    console.press(ENTER);
    console.press("l");
    console.wait_text("lecture-backend");
    console.wait_for("log lines", |screen| screen.contents().matches("ERROR").count() > 1);
    console.press(" ");
    console.wait_text("paused");
    console.press("/error");
    console.press(ENTER);
    console.wait_text("error");
    console.press("q");
    console.wait_text("databases");
}

#[test]
fn a_storm_of_sizes_breaks_nothing_and_a_tiny_terminal_gets_a_sentence() {
    let mut console = started(40, 140);
    for (rows, cols) in [(5, 20), (24, 80), (1, 1), (60, 200), (10, 300), (3, 7), (24, 80), (100, 40)] {
        console.resize(rows, cols);
        console.press("j");
    }
    console.resize(5, 20);
    console.wait_for("a sentence", |screen| screen.contents().contains("needs 40"));
    console.resize(40, 140);
    console.wait_text("services");
    console.press(TAB);
    assert!(console.runs());
}

#[test]
fn tabs_stand_for_panes_at_eighty_by_twenty_four() {
    let mut console = started(24, 80);
    let screen = console.wait_text("2 services");
    assert!(screen.contains("4 alarms"), "{screen}");
    console.press("4");
    console.wait_text("ALARM");
}

#[cfg(unix)]
#[test]
fn the_terminal_is_given_back_on_signals_and_on_stop_and_continue() {
    for signal in ["TERM", "HUP"] {
        let mut console = started(30, 100);
        console.signal(signal);
        console.wait_end();
        assert!(!console.on_alternate_screen(), "after {signal}");
    }
    let mut console = started(30, 100);
    console.press(CTRL_Z);
    console.wait_stopped();
    assert!(!console.on_alternate_screen());
    console.signal("CONT");
    console.wait_for("the console again", |screen| screen.alternate_screen() && screen.contents().contains("services"));
    console.press(CTRL_C);
    console.press(CTRL_C);
    console.wait_end();
}

#[test]
fn hostile_log_lines_reach_the_terminal_without_their_escapes() {
    let mut console = started(40, 140);
    console.press("5z");
    console.wait_for("log lines", |screen| screen.contents().lines().count() > 20);
    let raw = console.raw();
    let text = String::from_utf8_lossy(&raw);
    // Titles, clipboard and colours of the estate's hostile lines; our own frames set a title once, at the start.
    assert!(text.matches("\u{1b}]0;").count() <= 1, "a log line set the title");
    assert!(!text.contains("\u{1b}]52;"), "a log line reached the clipboard");
}

#[test]
fn one_failing_environment_delays_no_other_and_its_fault_is_told() {
    let args = ["demo", "--seed", "7", "--fault", "dhbw-prod=hang", "--fault", "edt-prod=deny"];
    let mut console = Console::start(&args, 48, 180);
    console.press("f");
    // Services of enterprise, which nothing is wrong with, while dhbw never answers.
    console.wait_text("1 of 13");
    console.wait_text("denied");
}

/// A home with so many AWS profiles, whose services are where nobody listens.
fn profiles(count: usize) -> tempfile::TempDir {
    use std::fmt::Write;
    let home = tempfile::tempdir().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (mut config, mut keys) = (String::new(), String::new());
    for number in 0..count {
        let name = format!("customer{number:03}-{}", ["prod", "staging", "dev"][number % 3]);
        writeln!(config, "[profile {name}]\nregion = eu-central-1\nendpoint_url = http://{nobody}").unwrap();
        writeln!(keys, "[{name}]\naws_access_key_id = 111122223333\naws_secret_access_key = none").unwrap();
    }
    let aws = home.path().join(".aws");
    std::fs::create_dir(&aws).unwrap();
    std::fs::write(aws.join("config"), config).unwrap();
    std::fs::write(aws.join("credentials"), keys).unwrap();
    home
}

/// The environments in the picker, from above.
fn offered(screen: &str) -> Vec<String> {
    let left = |line: &str| Some(line[..line.find("╭─ environments")?].chars().count());
    let Some(left) = screen.lines().find_map(left) else { return Vec::new() };
    let in_the_box = |line: &str| line.chars().skip(left).collect::<String>();
    let name = |line: &str| {
        in_the_box(line)
            .split_whitespace()
            .find(|word| word.starts_with("customer") && word.contains('-'))
            .map(str::to_owned)
    };
    let lines = screen.lines().skip_while(|line| !line.contains("╭─ environments")).skip(3);
    lines.take_while(|line| !in_the_box(line).starts_with('╰')).filter_map(name).collect()
}

fn pick(console: &mut Console, word: &str, name: &str) {
    console.press("P");
    console.wait_text("500 of 500");
    console.press(word);
    console.wait_for("what is meant first, and others left out", |screen| {
        let text = screen.contents();
        offered(&text).first().is_some_and(|first| first == name) && !text.contains("500 of 500")
    });
    console.press(ENTER);
    console.wait_for("there", |screen| screen.contents().lines().next().is_some_and(|head| head.contains(name)));
}

#[test]
fn of_five_hundred_environments_the_most_recent_come_first() {
    let (first, second) = ("customer421-staging", "customer007-staging");
    let mut console = Console::start_in(profiles(500), &[], 40, 140, &[]);
    console.wait_text("500 environments");
    pick(&mut console, "customer421", first);
    pick(&mut console, "c007", second);
    console.press("P");
    console.wait_text("500 of 500");
    let screen = console.wait_for("the recent ones", |screen| offered(&screen.contents()).len() > 10);
    assert_eq!(offered(&screen)[..4], [second, first, "customer000-prod", "customer001-staging"], "{screen}");
    // The end of the list is not out of reach, and a word that nothing has is told.
    console.press(&PAGE_DOWN.repeat(60));
    console.wait_text("customer499-staging");
    console.press("nobody-of-that-name");
    console.wait_text("no environment is called that");
    console.press(ESCAPE);
    console.wait_gone("500 of 500");

    let recent = console.home.path().join(".local/state/quarterdeck/recent");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !std::fs::read_to_string(&recent).is_ok_and(|text| text.starts_with(second)) {
        assert!(std::time::Instant::now() < until, "the order is not kept");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    console.press(CTRL_C);
    console.press(CTRL_C);
    assert!(console.wait_end().success());
    let home = std::mem::replace(&mut console.home, tempfile::tempdir().unwrap());
    let mut again = Console::start_in(home, &[], 40, 140, &[]);
    again.wait_text("500 environments");
    again.press("P");
    let screen = again.wait_for("the recent ones", |screen| offered(&screen.contents()).len() > 10);
    assert_eq!(offered(&screen)[..2], [second, first], "{screen}");
}

/// Stands for the console where it breaks; run by the next one, in a terminal of its own.
#[cfg(unix)]
#[test]
#[ignore = "it takes the terminal and panics"]
fn the_main_thread_panics() {
    use std::io::Read;

    if std::env::var_os("PANIC_HERE").is_none() {
        return;
    }
    // A test has a thread of its own, and the main thread is known by its name.
    let main = std::thread::Builder::new().name("main".into()).spawn(|| {
        let _terminal = quarterdeck::terminal::Terminal::take(true).unwrap();
        std::io::stdin().read_exact(&mut [0]).unwrap();
        panic!("the deck is on fire");
    });
    main.unwrap().join().unwrap();
}

#[cfg(unix)]
#[test]
fn a_panic_of_the_main_thread_gives_the_terminal_back_and_is_told() {
    let program = std::env::current_exe().unwrap();
    let args = ["--exact", "the_main_thread_panics", "--ignored", "--nocapture"];
    let home = tempfile::tempdir().unwrap();
    let mut child = Console::start_program(program.to_str().unwrap(), home, &args, 24, 80, &[("PANIC_HERE", "1")]);
    child.wait_for("the alternate screen", vt100::Screen::alternate_screen);
    assert!(!child.is_cooked());
    child.press("x");
    let screen = child.wait_text("the deck is on fire");
    assert!(!child.wait_end().success());
    assert!(!child.on_alternate_screen() && !child.look(vt100::Screen::hide_cursor), "{screen}");
    assert!(!child.look(vt100::Screen::bracketed_paste), "{screen}");
    assert!(child.is_cooked(), "{screen}");
}

/// Programs that give credentials and write on the terminal: what they write there must not be seen.
#[cfg(unix)]
#[test]
fn programs_that_give_credentials_never_write_on_the_screen() {
    let home = tempfile::tempdir().unwrap();
    let script = |name: &str| {
        let done = home.path().join(name);
        format!("printf SMEARED > /dev/tty; echo done > {}; exit 3", done.display())
    };
    std::fs::create_dir_all(home.path().join(".aws")).unwrap();
    std::fs::create_dir_all(home.path().join(".kube")).unwrap();
    let profile =
        format!("[profile web]\nregion = eu-central-1\ncredential_process = {}/process\n", home.path().display());
    std::fs::write(home.path().join(".aws/config"), profile).unwrap();
    let process = home.path().join("process");
    std::fs::write(&process, format!("#!/bin/sh\n{}\n", script("of-process"))).unwrap();
    std::fs::set_permissions(&process, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster: {{server: 'https://127.0.0.1:1'}}\n\
         contexts:\n- name: rack\n  context: {{cluster: c, user: u}}\nusers:\n- name: u\n  user:\n    exec:\n      \
         apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n      command: /bin/sh\n      \
         args: ['-c', '{}']\n",
        script("of-plugin")
    );
    std::fs::write(home.path().join(".kube/config"), kubeconfig).unwrap();
    let done = ["of-process", "of-plugin"].map(|name| home.path().join(name));
    let mut console = Console::start_in(home, &[], 40, 140, &[]);
    console.wait_for("both programs run", |_| done.iter().all(|file| file.exists()));
    console.press("f");
    console.wait_text("expired");
    let raw = console.raw();
    assert!(!String::from_utf8_lossy(&raw).contains("SMEARED"));
}

/// Started in a session of its own, a program that waits is ended with all it has started, and one that is not there is known.
#[cfg(unix)]
#[tokio::test]
async fn a_program_apart_is_ended_with_all_it_has_started() {
    use quarterdeck::providers::process::{Failure, run};
    use quarterdeck::providers::{Variables, apart};
    use tokio::process::Command;

    apart::through(env!("CARGO_BIN_EXE_quarterdeck").into());
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let variables: Variables = [("PATH".to_owned(), std::env::var("PATH").unwrap())].into_iter().collect();
    let patience = std::time::Duration::from_secs(3);
    let mut waits = Command::new("sh");
    waits.args(["-c", &format!("sleep 60 & echo $! > {}; wait", pid.display())]);
    assert!(matches!(run(waits, &variables, patience).await, Err(Failure::Late)));
    let pid = std::fs::read_to_string(pid).unwrap();
    let runs = || {
        let asked = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid.trim()]).output().unwrap();
        !asked.stdout.is_empty() && !asked.stdout.starts_with(b"Z")
    };
    for _ in 0..100 {
        if !runs() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!runs(), "{pid} still runs");
    let mut says = Command::new("sh");
    says.args(["-c", "echo out; echo err >&2; exit 7"]);
    let ended = run(says, &variables, patience).await.ok().unwrap();
    assert_eq!((ended.status.code(), ended.out, ended.complaint), (Some(7), b"out\n".to_vec(), "err\n".to_owned()));
    match run(Command::new("/no/such/program"), &variables, patience).await {
        Err(Failure::Start(error)) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        other => panic!("{:?}", other.err()),
    }
}
