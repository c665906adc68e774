//! 5,000 pods on 200 nodes of a real control plane on this machine: how soon they stand on the screen, what they cost in memory and,
//! while nothing changes, in processor time; and what keys and frames do while pods change.

use std::time::{Duration, Instant};

use crate::cluster::{ADMIN, Cluster};
use crate::figures::{Times, leave, millis, processor, resident, row};
use crate::keys::cursor;
use crate::pty::Console;

const NODES: usize = 200;
const PODS: usize = 5_000;
/// Pods that change in a second.
const CHURN: usize = 100;
const STARTS: usize = 3;
const PRESSES: usize = 200;
/// How long what is still is looked at.
const STILL: Duration = Duration::from_mins(1);
/// All have come by then, on any machine.
const PATIENCE: Duration = Duration::from_mins(2);

pub fn measure() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.fill(NODES, PODS);
    shown(&cluster);
    let mut console = listed(&cluster);
    still(&console);
    changing(&cluster, &mut console);
    leave(&mut console);
}

fn start(cluster: &Cluster) -> Console {
    let home = tempfile::tempdir().expect("a home folder");
    let kubeconfig = cluster.kubeconfig().display().to_string();
    Console::start_in(home, &["-e", ADMIN], 60, 200, &[("KUBECONFIG", &kubeconfig)])
}

/// The console with all pods in a list.
fn listed(cluster: &Cluster) -> Console {
    let mut console = start(cluster);
    console.wait_text("bridge");
    console.press(":pods");
    console.wait_text("pods (pod)");
    console.press("\r");
    console.wait_until(PATIENCE, "all pods", |screen| border(screen).contains(&format!("─ {PODS} ─")));
    console
}

fn border(screen: &crate::pty::Screen) -> String {
    screen.rows(0, 200).nth(2).unwrap_or_default()
}

/// From the start of the program, the words typed for the list among it.
fn shown(cluster: &Cluster) {
    let mut times = Times::default();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut console = listed(cluster);
        times.add(begun.elapsed());
        leave(&mut console);
    }
    row("5,000 pods of a real API server: from the start until all are listed, median", &millis(times.median()));
}

fn still(console: &Console) {
    std::thread::sleep(Duration::from_secs(20));
    let (all, own) = resident(console.pid());
    let figure = format!("{all:.1} MiB, of that {:.1} MiB pages of the program's file", all - own);
    row("— resident memory", &figure);
    let before = processor(console.pid());
    std::thread::sleep(STILL);
    let spent = processor(console.pid()).checked_sub(before).unwrap_or_default();
    row("— while nothing changes", &format!("{:.2} % of a core", spent.as_secs_f64() / STILL.as_secs_f64() * 100.0));
}

fn changing(cluster: &Cluster, console: &mut Console) {
    let churn = cluster.churn(CHURN);
    std::thread::sleep(Duration::from_secs(5));
    let mut times = Times::default();
    let spent = (processor(console.pid()), Instant::now());
    for n in 0..PRESSES {
        let before = console.look(cursor);
        let begun = Instant::now();
        console.press(if n % 2 == 0 { "j" } else { "k" });
        console.wait_until(PATIENCE, "the cursor moves", |screen| cursor(screen) != before);
        times.add(begun.elapsed());
        std::thread::sleep(Duration::from_millis(37));
    }
    let share = (processor(console.pid()).checked_sub(spent.0).unwrap_or_default()).as_secs_f64()
        / spent.1.elapsed().as_secs_f64()
        * 100.0;
    drop(churn);
    row(
        &format!("— key to frame while {CHURN} pods change in a second"),
        &format!("{}, {share:.0} % of a core", times.words()),
    );
    let (begun, frames) = (Instant::now(), console.writes());
    cluster.burst();
    let seconds = begun.elapsed().as_secs_f64();
    let frames = console.writes() - frames;
    let (all, _) = resident(console.pid());
    let figure = format!("{frames} frames in {seconds:.0} s; resident memory then {all:.1} MiB");
    row("— a burst of 5,000 updates", &figure);
}
