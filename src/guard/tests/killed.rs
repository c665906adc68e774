//! A console that ends in the middle.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rstest::rstest;
use tempfile::TempDir;

use super::fake::{Following, Sending, Stand, environments, fake, order, words};
use crate::guard::{Consent, Guard, Hands, Policy, Settings};
use crate::journal::testing::{now, who};
use crate::journal::{Event, Journal, Outcome};

/// A guard as the next start has it.
fn next_start(folder: &Path) -> Arc<Guard> {
    let settings = Settings::new(Policy::default(), false, who());
    Guard::new(settings, environments(), Journal::new(Some(folder.to_owned()), None), fake(folder) as Arc<dyn Hands>)
}

/// The steps that the next start tells of. Told once, and journalled as unknown.
fn told(folder: &Path) -> Vec<(usize, usize)> {
    let guard = next_start(folder);
    let orphans = guard.orphans();
    if !orphans.is_empty() {
        let newest = guard.journal(1).unwrap().remove(0);
        assert!(matches!(newest.event, Event::Outcome { outcome: Outcome::Unknown, .. }), "{newest:?}");
        assert_eq!(newest.run, orphans[0].run);
        assert_eq!(&*orphans[0].place.name, "web");
    }
    assert!(guard.orphans().is_empty() && next_start(folder).orphans().is_empty());
    let verified = Journal::new(Some(folder.to_owned()), None).verify().unwrap();
    assert!(verified.iter().all(|it| it.findings.is_empty()), "{verified:?}");
    orphans.iter().filter_map(|entry| entry.event.step()).collect()
}

fn wait_until(what: impl Fn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < give_up, "it never came to it");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn lines(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("journal.jsonl")).map_or(0, |text| text.lines().count())
}

/// Where the console ends, in a plan of two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// The second request has left, and nothing came back.
    Sending,
    /// The same, and the terminal was closed before.
    HungUp,
    /// The second step is being followed.
    Following,
    /// So many entries were written: intent, sent, outcome and follow-up of each step.
    Writing(usize),
}

#[rstest]
#[case(Ends::Sending, Some((0, 1)))]
#[case(Ends::HungUp, Some((0, 1)))]
#[case(Ends::Following, None)]
#[case(Ends::Writing(0), None)]
#[case(Ends::Writing(1), Some((0, 0)))]
#[case(Ends::Writing(2), Some((0, 0)))]
#[case(Ends::Writing(3), None)]
#[case(Ends::Writing(4), None)]
#[case(Ends::Writing(5), Some((0, 1)))]
#[case(Ends::Writing(6), Some((0, 1)))]
#[case(Ends::Writing(7), None)]
fn what_was_being_sent_is_told_at_the_next_start(#[case] ends: Ends, #[case] expected: Option<(usize, usize)>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let stand = Stand::new(Policy::default());
    let folder = stand.folder.path().to_owned();
    if let Ends::Writing(count) = ends {
        // The arming comes before them.
        stand.end_after(count + 1);
    }
    stand.arm("dhbw-prod");
    match ends {
        Ends::Following => stand.fake.world().following = vec![Following::Verified, Following::Hangs],
        Ends::Sending | Ends::HungUp => stand.fake.world().sending = vec![Sending::Accepted, Sending::Hangs],
        Ends::Writing(_) => {}
    }
    let warrant = runtime.block_on(stand.warrant(&[order("dhbw-prod", "web", &[("steps", 2)])]));
    let guard = Arc::clone(&stand.guard);
    let carrying = runtime.spawn(async move { guard.carry_out(warrant, true, &|_| {}).await });
    match ends {
        Ends::Sending | Ends::HungUp => {
            wait_until(|| stand.sent().len() == 2);
            assert!(next_start(&folder).orphans().is_empty(), "it is alive");
        }
        Ends::Following => wait_until(|| lines(&folder) == 8),
        Ends::Writing(count) => {
            let _ = runtime.block_on(carrying);
            assert_eq!(lines(&folder), count + 1);
        }
    }
    if ends == Ends::HungUp {
        stand.guard.hang_up();
    }
    runtime.shutdown_timeout(Duration::from_secs(5));
    assert_eq!(told(&folder), expected.into_iter().collect::<Vec<_>>());
}

/// The folder in which the other process acts.
const FOLDER: &str = "QUARTERDECK_TEST_KILLED";

/// Acts until it is killed. Started by the test below in a process of its own, and no test otherwise.
#[tokio::test]
async fn acts_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let fake = fake(folder);
    fake.world().sending = vec![Sending::Hangs];
    let settings = Settings::new(Policy::default(), false, who());
    let journal = Journal::new(Some(folder.to_owned()), None);
    let guard = Guard::new(settings, environments(), journal, Arc::clone(&fake) as Arc<dyn Hands>);
    let proposal = guard.propose(&[order("dhbw-prod", "web", &[])], now()).await.unwrap();
    let consent = Consent { text: "yes".into(), ..Consent::default() };
    let now = jiff::Timestamp::now();
    let warrant = guard.confirm(proposal, &consent, true, now).unwrap();
    let tell = tokio::spawn(async move {
        fake.arrived.notified().await;
        eprintln!("it has left");
    });
    guard.carry_out(warrant, true, &|_| {}).await;
    tell.await.unwrap();
}

#[test]
fn what_a_killed_process_was_sending_is_told_at_the_next_start() {
    let folder = TempDir::new().unwrap();
    let name = "guard::tests::killed::acts_until_killed";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.into_iter().any(|line| line == "it has left"));
    assert!(next_start(folder.path()).orphans().is_empty(), "it is alive");
    child.kill().unwrap();
    child.wait().unwrap();
    let entries = next_start(folder.path()).journal(9).unwrap();
    assert_eq!(entries.iter().rev().map(|entry| words(&entry.event)).collect::<Vec<_>>(), ["intent", "sent"]);
    assert_eq!(told(folder.path()), [(0, 0)]);
}
