//! The console before a real cluster, in a pseudo-terminal: a shell in a container, a plan whose target goes away under it, and a
//! list of objects of nobody's kind that follows what happens.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::pty::Console;

const ENTER: &str = "\r";
const TAB: &str = "\t";
const CTRL_C: &str = "\u{3}";
/// Typed twice it leaves a shell.
const LEAVE: &str = "\u{1d}";

/// The environment that the cluster belongs to.
const PLACE: &str = "shop-prod";

/// Less than what is not watched takes to be asked for again.
const SECONDS: Duration = Duration::from_secs(15);

#[test]
fn a_person_sees_and_does_what_a_script_does() {
    let Some(cluster) = Cluster::start() else { return };
    for name in ["deployment", "crd"] {
        cluster.fixture(name);
    }
    cluster.kubectl(&["wait", "--for=condition=Established", "crd/widgets.quarterdeck.test", "--timeout=60s"]);
    cluster.fixture("widget");
    cluster.rolled_out("deployment/web");
    a_shell_has_the_terminal_and_gives_it_back(&cluster);
    so_has_one_that_a_command_asked_for(&cluster);
    a_plan_keeps_its_target(&cluster);
    a_printed_list_follows(&cluster);
}

/// A console that has the cluster as production, and shows nothing else: other contexts are environments by themselves.
fn started(cluster: &Cluster) -> Console {
    let console = begun(cluster, &["-e", PLACE]);
    console.wait_text("1 clusters ─ 3");
    console
}

/// The program in a terminal. It knows the cluster's kubeconfig alone.
fn begun(cluster: &Cluster, arguments: &[&str]) -> Console {
    let home = tempfile::tempdir().expect("a home");
    let folder = home.path().join(".config/quarterdeck");
    fs::create_dir_all(&folder).expect("a folder");
    let config = format!("[[environment]]\nname = \"{PLACE}\"\nstage = \"prod\"\nkube_contexts = [\"admin\"]\n");
    fs::write(folder.join("config.toml"), config).expect("a configuration");
    let kubeconfig = cluster.kubeconfig().display().to_string();
    Console::start_in(home, arguments, 40, 200, &[("KUBECONFIG", &kubeconfig)])
}

fn journal(console: &Console) -> String {
    fs::read_to_string(console.home.path().join(".local/state/quarterdeck/journal.jsonl")).unwrap_or_default()
}

/// A dialog hears no key for half a second.
fn look_at_it() {
    sleep(Duration::from_millis(700));
}

/// The pods of the deployment, and the cursor on the first; its name.
fn on_the_first_pod(console: &mut Console, cluster: &Cluster) -> String {
    let pods = pods(cluster);
    console.press(":pods");
    console.wait_text(": pods");
    console.press(ENTER);
    console.wait_text("pods ─ ");
    console.press("/web-");
    console.press(ENTER);
    console.wait_text("/web- ─");
    let screen = console.wait_for("every pod", |screen| pods.iter().all(|pod| is_listed(screen, pod)));
    console.press("g");
    // The list sorts numbers in names by their value: its first is not always the first by letters.
    pods.into_iter().min_by_key(|pod| screen.find(pod.as_str())).expect("a pod")
}

fn pods(cluster: &Cluster) -> Vec<String> {
    let names = cluster.kubectl(&["get", "pods", "--selector=app=web", "--output=jsonpath={.items[*].metadata.name}"]);
    names.split(' ').map(str::to_owned).collect()
}

/// The plan of a shell in the pod under the cursor.
fn plan_a_shell(console: &mut Console, pod: &str) {
    console.press("a");
    console.wait_text(&format!("actions on {pod}"));
    console.press("j");
    console.wait_text("does  Run a shell or a command in a container");
    console.press(ENTER);
    console.wait_text(&format!("shell: {pod}"));
    // Which containers there are has been asked for.
    console.wait_text("it runs since");
    console.press(ENTER);
    let screen = console.wait_text(&format!("risk high: type the environment's name: {PLACE}"));
    for words in [&format!("run sh in app of {pod}"), "allowed to get pods/exec", "[ Cancel ]"] {
        assert!(screen.contains(words), "no {words} on:\n{screen}");
    }
    look_at_it();
}

fn confirm(console: &mut Console) {
    console.press(&format!("{TAB}{PLACE}{TAB}{ENTER}"));
}

fn a_shell_has_the_terminal_and_gives_it_back(cluster: &Cluster) {
    let mut console = started(cluster);
    let pod = on_the_first_pod(&mut console, cluster);
    plan_a_shell(&mut console, &pod);
    console.wait_text(&format!("{PLACE} is not armed"));
    console.press("!");
    console.wait_text(&format!("type its name: {PLACE}"));
    look_at_it();
    confirm(&mut console);
    console.wait_text(&format!("ARMED {PLACE}"));
    console.wait_text("[ Apply ]");
    look_at_it();
    confirm(&mut console);
    console.wait_text(&format!("— run sh in app of {pod} (Ctrl-] twice leaves it) —"));
    assert!(!console.on_alternate_screen(), "the shell has the person's own screen");
    console.press("echo is $((40+2)) in a container: $IN_CONTAINER\r");
    console.wait_text("is 42 in a container: yes");
    console.press("token=open-sesame; echo ${token}s\r");
    console.wait_text("open-sesames");
    // What is a key of the console is text here.
    console.press("echo q:quit\r");
    console.wait_for("the answer", |screen| screen.contents().matches("q:quit").count() == 2);
    console.press("exit\r");
    console.wait_for("the list again", |screen| screen.alternate_screen() && screen.contents().contains("/web- ─"));
    console.wait_text("ended with exit code 0");

    // Whoever is caught in something that takes every key leaves all the same.
    plan_a_shell(&mut console, &pod);
    confirm(&mut console);
    console.wait_for("the shell", |screen| !screen.alternate_screen() && screen.contents().contains("twice leaves it"));
    console.press("cat\r");
    console.press("it says this after me\r");
    console.wait_for("the echo", |screen| screen.contents().matches("it says this after me").count() == 2);
    console.press(LEAVE);
    console.press(LEAVE);
    console.wait_for("the list again", |screen| screen.alternate_screen() && screen.contents().contains("/web- ─"));
    console.press(":journal");
    console.wait_text(": journal");
    console.press(ENTER);
    console.wait_for("both shells", |screen| screen.contents().matches("k8s-exec").count() == 2);
    for end in ["(it was left)", "ended with exit code 0"] {
        console.wait_text(end);
    }
    let journal = journal(&console);
    assert_eq!(journal.matches("\"event\":\"followed\"").count(), 2, "{journal}");
    for typed in ["open-sesame", "40+2", "is 42", "q:quit", "after me", "cat"] {
        assert!(!journal.contains(typed), "`{typed}` is in the journal:\n{journal}");
    }
    leave(&mut console);
}

fn so_has_one_that_a_command_asked_for(cluster: &Cluster) {
    let pod = pods(cluster).swap_remove(0);
    let shell = |more: &[&str]| begun(cluster, &[&["act", "k8s-exec", "-e", PLACE, "--name", &pod], more].concat());
    let mut console = shell(&["--apply", "--confirm", PLACE]);
    console.wait_text("it has the terminal");
    console.press("echo is $((40+2)) in a container: $IN_CONTAINER\r");
    console.wait_text("is 42 in a container: yes");
    console.press("exit\r");
    console.wait_text("ended with exit code 0");
    assert!(console.wait_end().success(), "{}", console.text());
    assert!(!journal(&console).contains("40+2") && journal(&console).contains("ended with exit code 0"));
    let mut console = shell(&["--apply", "--confirm", PLACE]);
    console.wait_text("it has the terminal");
    console.press("cat\r");
    console.press("after me\r");
    console.wait_for("the echo", |screen| screen.contents().matches("after me").count() == 2);
    console.press(LEAVE);
    console.press(LEAVE);
    console.wait_text("(it was left)");
    assert!(console.wait_end().success(), "{}", console.text());
    let mut console = shell(&["--apply", "--confirm", "yes"]);
    console.wait_text(PLACE);
    assert_eq!(console.wait_end().exit_code(), 64, "{}", console.text());
    assert_eq!(journal(&console), "");
}

fn leave(console: &mut Console) {
    console.press(CTRL_C);
    console.press(CTRL_C);
    assert!(console.wait_end().success());
    assert!(!console.on_alternate_screen());
}

/// What is in the first column of the list, as far as no dialog hides it.
fn is_listed(screen: &crate::pty::Screen, name: &str) -> bool {
    screen.contents().lines().any(|line| line.trim_start_matches(['│', ' ', '●', '◐', '✖', '▲']).starts_with(name))
}

fn a_plan_keeps_its_target(cluster: &Cluster) {
    let mut console = started(cluster);
    let pod = on_the_first_pod(&mut console, cluster);
    console.press("!");
    console.wait_text(&format!("type its name: {PLACE}"));
    look_at_it();
    confirm(&mut console);
    console.wait_text(&format!("ARMED {PLACE}"));
    plan_a_shell(&mut console, &pod);
    assert!(console.look(|screen| is_listed(screen, &pod)), "the list is seen beside the plan:\n{}", console.text());
    cluster.kubectl(&["delete", "pod", &pod]);
    console.wait_for("the list without it", |screen| !is_listed(screen, &pod));
    cluster.until("another one has its place", |cluster| cluster.ready_pods("default", "app=web") == 3);
    // The cursor is on another pod by now; the plan is what it was.
    let screen = console.text();
    assert!(screen.contains(&format!("run sh in app of {pod}")), "{screen}");
    confirm(&mut console);
    console.wait_text("the target could not be read again");
    assert!(console.on_alternate_screen(), "no shell was opened anywhere");
    let journal = journal(&console);
    assert!(!journal.contains("\"event\":\"sent\""), "nothing was sent:\n{journal}");
    leave(&mut console);
}

/// By what the server prints of a kind that has no file of its own.
fn a_printed_list_follows(cluster: &Cluster) {
    let mut console = started(cluster);
    console.press(":widgets");
    // The types are found out when the palette is opened first.
    console.wait_text("widgets.quarterdeck.test");
    console.press(ENTER);
    console.wait_text("blue");
    let screen = console.wait_text("COLOUR");
    assert!(screen.contains("SIZE") && screen.contains("first"), "{screen}");
    cluster.kubectl(&[
        "patch",
        "widget",
        "first",
        "--type=merge",
        "--patch",
        r#"{"spec":{"colour":"green","size":11}}"#,
    ]);
    console.wait_until(SECONDS, "the change", |screen| {
        let text = screen.contents();
        text.contains("green") && text.contains("11") && !text.contains("blue")
    });
    cluster.apply(
        "apiVersion: quarterdeck.test/v1\nkind: Widget\nmetadata: {name: second}\nspec: {size: 4, colour: red}\n",
    );
    console.wait_until(SECONDS, "another one", |screen| is_listed(screen, "second"));
    cluster.kubectl(&["delete", "widget", "first"]);
    console.wait_until(SECONDS, "one less", |screen| !is_listed(screen, "first"));
    assert!(console.look(|screen| is_listed(screen, "second")));
    leave(&mut console);
}
