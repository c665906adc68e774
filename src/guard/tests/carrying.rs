//! Carrying out what was confirmed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use rstest::rstest;

use super::fake::{Following, Sending, Stand, order};
use crate::guard::{At, Ended, Guard, Policy, Report};
use crate::journal::{Event, Outcome};
use crate::model::{Order, Sent};

fn stand() -> Stand {
    Stand::new(Policy::default())
}

fn at(part: usize, step: usize) -> At {
    At { part, step }
}

fn three() -> Vec<Order> {
    ["a", "b", "c"].map(|name| order("dhbw-prod", name, &[])).to_vec()
}

fn undone(undo: &[Order]) -> Vec<&str> {
    undo.iter().map(|order| &*order.target.id).collect()
}

const STEP: [&str; 4] = ["intent", "sent", "outcome succeeded", "followed succeeded"];

#[tokio::test]
async fn one_step_goes_all_the_way() {
    let stand = stand();
    let (ended, reports) = stand.carry_out(&[order("dhbw-prod", "web", &[])]).await;
    let Ended::Done { words, undo } = ended else { panic!("{ended:?}") };
    assert_eq!((&*words[0], &undo[0].fields["to"][..]), ("raise web to 3: it is so", "2"));
    let kinds = reports.iter().map(|report| match report {
        Report::Checking(_) => "checking",
        Report::Sending(_) => "sending",
        Report::Sent(_, Sent::Accepted { .. }) => "sent",
        Report::Headway(..) => "headway",
        Report::Followed(_, Ok(_)) => "followed",
        _ => "?",
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["checking", "sending", "sent", "headway", "followed"]);
    assert_eq!(stand.journal(), [&["armed"][..], &STEP].concat());
    assert!(!stand.guard.is_sending());
    assert_eq!(std::fs::read_dir(stand.folder.path().join("runs")).unwrap().count(), 0);
    let entries = stand.guard.journal(9).unwrap();
    let intent = &entries[3];
    assert_eq!(intent.who.caller.as_deref(), Some("arn:aws:sts::111122223333:assumed-role/Admin/session"));
    assert_eq!((intent.place.account.as_deref(), &*intent.place.name), (Some("111122223333"), "web"));
    assert!(matches!(&entries[1].event, Event::Outcome { request_id: Some(id), .. } if id == "request-1"));
    assert!(entries[..4].iter().all(|entry| entry.run == intent.run));
}

#[tokio::test]
async fn the_intent_is_on_disk_when_the_request_leaves() {
    let stand = stand();
    stand.carry_out(&[order("dhbw-prod", "web", &[("steps", 3)]), order("dhbw-prod", "api", &[])]).await;
    let world = stand.fake.world();
    let expected = [("web", 0, 0), ("web", 1, 0), ("web", 2, 0), ("api", 0, 1)];
    assert_eq!(world.sent.len(), expected.len());
    for ((name, step, last), (expected_name, expected_step, part)) in world.sent.iter().zip(expected) {
        assert_eq!((&**name, *step), (expected_name, expected_step));
        let [sent, intent] = &last[..] else { panic!("{last:?}") };
        assert_eq!((sent.event.step(), intent.event.step()), (Some((part, *step)), Some((part, *step))));
        assert!(matches!(sent.event, Event::Sent { .. }));
        assert!(matches!(&intent.event, Event::Intent { input, .. } if input["service"] == expected_name));
    }
    assert_eq!(world.leaks, 0);
}

#[tokio::test]
async fn a_target_that_has_moved_stops_before_anything_is_sent() {
    let stand = stand();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&three()).await;
    stand.fake.world().numbers.insert(("dhbw-prod".into(), "b".into()), 7);
    let (ended, _) = stand.run(warrant, true).await;
    let Ended::Moved { part, differences, proposal, undo } = ended else { panic!("{ended:?}") };
    let difference = &differences[0];
    assert_eq!((part, &*difference.name, &*difference.was, &*difference.is), (1, "number", "2", "7"));
    let proposal = proposal.unwrap();
    let titles: Vec<_> = proposal.parts.iter().map(|plan| &*plan.title).collect();
    assert_eq!(titles, ["raise b to 8", "raise c to 3"]);
    assert_eq!(undone(&undo), ["a"], "what is done can still be taken back");
    assert_eq!(stand.sent(), [("a".to_owned(), 0)]);
}

#[tokio::test]
async fn between_steps_a_change_from_elsewhere_stops_and_says_what_is_done() {
    let stand = stand();
    stand.fake.world().somebody = Some(1);
    let (ended, _) = stand.carry_out(&[order("dhbw-prod", "web", &[("steps", 2)])]).await;
    let Ended::Failed { at: failed, words, undo } = ended else { panic!("{ended:?}") };
    assert_eq!((failed, undone(&undo)), (at(0, 1), vec!["web"]));
    assert_eq!(&*words, "what it stands on has moved: number was 3, is 103: not sent. done: web: step 0");
}

#[rstest]
#[case("Reader", "111122223333")]
#[case("Admin", "444455556666")]
#[tokio::test]
async fn another_caller_stops(#[case] role: &'static str, #[case] account: &'static str) {
    let stand = stand();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&three()).await;
    (stand.fake.world().role, stand.fake.world().account) = ("Admin", "111122223333");
    stand.fake.world().role = role;
    stand.fake.world().account = account;
    let (ended, _) = stand.run(warrant, true).await;
    assert!(matches!(&ended, Ended::Failed { words, .. } if words.contains("in doubt")), "{ended:?}");
    assert!(stand.sent().is_empty());
    assert_eq!(stand.journal(), ["armed"]);
}

#[rstest]
#[case("arn:aws:sts::999999999999:assumed-role/States/later", true)]
#[case("arn:aws:sts::999999999999:assumed-role/Reader/session", false)]
#[case("arn:aws:sts::888888888888:assumed-role/States/session", false)]
#[tokio::test]
async fn who_sends_in_another_account_is_asked_there_again(#[case] answers: &'static str, #[case] sent: bool) {
    let stand = stand();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&[order("dhbw-prod", "web", &[("elsewhere", 1)])]).await;
    stand.fake.world().elsewhere = answers;
    let (ended, _) = stand.run(warrant, true).await;
    assert_eq!(stand.sent().len(), usize::from(sent), "{ended:?}");
    assert_eq!(stand.fake.world().leaks, 0);
    if sent {
        // The journal names the one who sent it.
        let entries = stand.guard.journal(9).unwrap();
        let intent = entries.iter().find(|entry| matches!(entry.event, Event::Intent { .. })).unwrap();
        assert_eq!(intent.who.caller.as_deref(), Some(answers));
    } else {
        assert!(matches!(&ended, Ended::Failed { words, .. } if words.contains("in doubt")), "{ended:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_again_is_not_sent() {
    for (caller, expected) in [(true, "in doubt: expired"), (false, "could not be read again: throttled")] {
        let stand = stand();
        stand.arm("dhbw-prod");
        let warrant = stand.warrant(&three()).await;
        stand.fake.world().caller_fails = caller;
        stand.fake.world().look_fails = !caller;
        let (ended, _) = stand.run(warrant, true).await;
        assert!(matches!(&ended, Ended::Failed { words, .. } if words.contains(expected)), "{ended:?}");
        assert!(stand.sent().is_empty());
    }
}

#[tokio::test]
async fn a_refusal_stops_the_rest_and_offers_what_undoes_the_first() {
    let stand = stand();
    stand.fake.world().sending = vec![Sending::Accepted, Sending::Refused];
    let (ended, _) = stand.carry_out(&three()).await;
    let Ended::Failed { at: failed, words, undo } = ended else { panic!("{ended:?}") };
    assert_eq!((failed, undone(&undo)), (at(1, 0), vec!["a"]));
    assert_eq!(&*words, "refused: no luck. done: a: step 0. not done: c: step 0");
    assert_eq!(stand.sent().len(), 2);
    assert_eq!(stand.journal()[5..], ["intent", "sent", "outcome failed"]);
    assert!(stand.guard.orphans().is_empty());
}

#[rstest]
#[case(Sending::Unknown)]
#[case(Sending::Panic)]
#[tokio::test]
async fn an_unknown_outcome_is_never_sent_again(#[case] sending: Sending) {
    let stand = stand();
    stand.fake.world().sending = vec![sending];
    let (ended, _) = stand.carry_out(&three()).await;
    assert!(matches!(ended, Ended::Unknown { at, .. } if at == At { part: 0, step: 0 }), "{ended:?}");
    assert_eq!(stand.sent().len(), 1);
    assert_eq!(stand.journal()[1..], ["intent", "sent", "outcome unknown"]);
    assert!(stand.guard.orphans().is_empty(), "the operator has been told");
}

#[rstest]
#[case(Following::Failed, "followed failed")]
#[case(Following::Fault, "followed unknown")]
#[tokio::test]
async fn what_ends_otherwise_stops_the_rest(#[case] following: Following, #[case] journalled: &str) {
    let stand = stand();
    stand.fake.world().following = vec![following];
    let (ended, _) = stand.carry_out(&three()).await;
    match (following, ended) {
        (Following::Failed, Ended::Failed { words, undo, .. }) => {
            assert_eq!(&*words, "it went wrong. done: a: step 0. not done: b: step 0; c: step 0");
            assert_eq!(undone(&undo), ["a"]);
        }
        (Following::Fault, Ended::Unknown { words, undo, .. }) => {
            assert!(words.contains("accepted, but could not be followed"));
            assert_eq!(undone(&undo), ["a"], "it was accepted");
        }
        (_, ended) => panic!("{ended:?}"),
    }
    assert_eq!(stand.sent().len(), 1);
    assert_eq!(stand.journal().last().unwrap(), journalled);
}

#[tokio::test]
async fn without_following_only_the_last_step_of_a_part_is_not_followed() {
    let stand = stand();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&[order("dhbw-prod", "web", &[("steps", 2)])]).await;
    let (ended, _) = stand.run(warrant, false).await;
    assert!(matches!(ended, Ended::Done { .. }));
    assert_eq!(stand.journal()[1..], [&STEP[..], &STEP[..3]].concat());
}

#[tokio::test]
async fn undo_comes_the_last_part_first() {
    let stand = stand();
    let (ended, _) = stand.carry_out(&three()).await;
    let Ended::Done { words, undo } = ended else { panic!("{ended:?}") };
    assert_eq!((words.len(), undone(&undo)), (3, vec!["c", "b", "a"]));
}

#[tokio::test]
async fn arms_count_up_to_the_first_request() {
    let stand = stand();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&three()).await;
    stand.wait(15);
    let (ended, _) = stand.run(warrant, true).await;
    assert!(matches!(&ended, Ended::Failed { words, .. } if words.contains("not armed any more")), "{ended:?}");
    assert!(stand.sent().is_empty());
}

#[tokio::test]
async fn time_that_runs_out_stops_nothing_but_an_operator_does() {
    for (disarms, sent) in [(false, 3), (true, 1)] {
        let stand = stand();
        stand.arm("dhbw-prod");
        let warrant = stand.warrant(&three()).await;
        let tell = |report: Report| {
            if matches!(report, Report::Followed(At { part: 0, .. }, _)) {
                stand.wait(60);
                if disarms {
                    let guard = Arc::clone(&stand.guard);
                    let now = stand.now();
                    std::thread::spawn(move || guard.disarm("dhbw-prod", now)).join().unwrap();
                }
            }
        };
        let ended = stand.guard.carry_out(warrant, true, &tell).await;
        assert_eq!((stand.sent().len(), matches!(ended, Ended::Done { .. })), (sent, !disarms), "{ended:?}");
    }
}

#[tokio::test]
async fn a_journal_that_breaks_before_the_intent_sends_nothing() {
    let stand = stand();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&three()).await;
    let path = stand.folder.path().join("journal.jsonl");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let (ended, _) = stand.run(warrant, true).await;
    assert!(matches!(&ended, Ended::Failed { words, .. } if words.contains("journal can't be written")), "{ended:?}");
    assert!(stand.sent().is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_sends_nothing() {
    let stand = stand();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&three()).await;
    let path = stand.folder.path().join("journal.jsonl");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let (ended, _) = stand.run(warrant, true).await;
    assert!(matches!(&ended, Ended::Failed { words, .. } if words.contains("No space left")), "{ended:?}");
    assert!(stand.sent().is_empty());
}

#[tokio::test]
async fn an_outcome_that_cannot_be_journalled_is_said_aloud_and_told_at_the_next_start() {
    let stand = stand();
    stand.fake.world().ruins = true;
    let (ended, _) = stand.carry_out(&three()).await;
    let Ended::Failed { words, undo, .. } = ended else { panic!("{ended:?}") };
    assert!(words.contains("accepted (request request-1)") && words.contains("NOT IN THE JOURNAL"), "{words}");
    assert_eq!((undone(&undo), stand.sent().len()), (vec!["a"], 1));
    assert_eq!(std::fs::read_dir(stand.folder.path().join("runs")).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_being_sent_is_driven_to_its_end_and_journalled() {
    let stand = stand();
    stand.arm("dhbw-prod");
    stand.fake.world().sending = vec![Sending::Hangs];
    let warrant = stand.warrant(&three()).await;
    let guard = Arc::clone(&stand.guard);
    let carrying = tokio::spawn(async move { guard.carry_out(warrant, true, &|_| {}).await });
    stand.fake.arrived.notified().await;
    assert!(stand.guard.is_sending());
    carrying.abort();
    assert!(carrying.await.unwrap_err().is_cancelled());
    assert!(stand.guard.is_sending(), "nobody's impatience ends it");
    stand.fake.answer.notify_one();
    while stand.guard.is_sending() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(stand.journal()[1..], ["intent", "sent", "outcome succeeded"]);
    assert_eq!(stand.sent().len(), 1);
    assert!(stand.guard.orphans().is_empty());
}

#[tokio::test]
async fn following_the_last_step_is_no_sending() {
    let stand = stand();
    stand.arm("dhbw-prod");
    stand.fake.world().following = vec![Following::Hangs];
    let warrant = stand.warrant(&[order("dhbw-prod", "web", &[])]).await;
    let guard = Arc::clone(&stand.guard);
    let carrying = tokio::spawn(async move { guard.carry_out(warrant, true, &|_| {}).await });
    stand.fake.arrived.notified().await;
    stand.fake.arrived.notified().await;
    assert!(!stand.guard.is_sending());
    carrying.abort();
}

#[tokio::test]
async fn a_hang_up_journals_unknown_and_sends_nothing_more() {
    let stand = stand();
    stand.arm("dhbw-prod");
    stand.fake.world().sending = vec![Sending::Hangs];
    let warrant = stand.warrant(&three()).await;
    let later = stand.warrant(&three()[2..]).await;
    let guard = Arc::clone(&stand.guard);
    let carrying = tokio::spawn(async move { guard.carry_out(warrant, true, &|_| {}).await });
    stand.fake.arrived.notified().await;
    assert_eq!(stand.guard.hang_up(), 1, "one has left");
    assert_eq!(stand.journal()[1..], ["intent", "sent", "outcome unknown"]);
    // An answer that still comes is written down, too.
    stand.fake.answer.notify_one();
    let ended = carrying.await.unwrap();
    assert!(matches!(&ended, Ended::Failed { words, .. } if words.contains("being left")), "{ended:?}");
    assert_eq!(stand.journal()[4], "outcome succeeded");
    let (ended, _) = stand.run(later, true).await;
    assert!(matches!(ended, Ended::Failed { .. }));
    assert_eq!(stand.sent().len(), 1);
    let last = stand.guard.journal(2).unwrap().remove(1);
    assert!(matches!(last.event, Event::Outcome { outcome: Outcome::Succeeded, .. }));
}

#[tokio::test]
async fn an_unknown_outcome_keeps_what_undoes_the_parts_before_it() {
    let stand = stand();
    stand.fake.world().sending = vec![Sending::Accepted, Sending::Unknown];
    let (ended, _) = stand.carry_out(&three()).await;
    let Ended::Unknown { at: unknown, undo, .. } = ended else { panic!("{ended:?}") };
    assert_eq!((unknown, undone(&undo)), (at(1, 0), vec!["a"]));
}

#[tokio::test]
async fn when_an_accepted_step_is_told_the_time_has_begun_anew() {
    let stand = stand();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&three()[..1]).await;
    stand.wait(14);
    let told = std::sync::Mutex::new(Vec::new());
    let tell = |report: Report| {
        if matches!(report, Report::Sent(_, Sent::Accepted { .. })) {
            told.lock().unwrap().extend(stand.guard.armed(stand.now()));
        }
    };
    stand.guard.carry_out(warrant, true, &tell).await;
    let until = stand.now() + jiff::SignedDuration::from_mins(15);
    assert_eq!(told.into_inner().unwrap(), [("dhbw-prod".into(), until)]);
}

/// A stand whose console is left while it is written that a request is about to leave, and how many requests had left then.
fn left_at_the_last_moment() -> (Stand, Arc<OnceLock<usize>>) {
    let guarded: Arc<OnceLock<(Weak<Guard>, PathBuf)>> = Arc::default();
    let left: Arc<OnceLock<usize>> = Arc::default();
    let (whose, pending, hanging) = (Arc::clone(&guarded), Arc::clone(&left), AtomicBool::new(false));
    let stand = Stand::with(|settings| {
        let clock = Arc::clone(&settings.clock);
        settings.clock = Arc::new(move || {
            if let Some((guard, path)) = whose.get() {
                let lines = std::fs::read_to_string(path).map_or(0, |text| text.lines().count());
                // The arming and the intent stand there: the next entry is that it leaves.
                if lines == 2 && !hanging.swap(true, Ordering::SeqCst) {
                    pending.set(guard.upgrade().unwrap().hang_up()).unwrap();
                }
            }
            clock()
        });
    });
    let path = stand.folder.path().join("journal.jsonl");
    guarded.set((Arc::downgrade(&stand.guard), path)).unwrap();
    (stand, left)
}

#[tokio::test]
async fn who_leaves_before_the_request_does_keeps_it_from_leaving() {
    let (stand, left) = left_at_the_last_moment();
    stand.arm("dhbw-prod");
    let warrant = stand.warrant(&three()).await;
    let (ended, _) = stand.run(warrant, true).await;
    assert!(matches!(&ended, Ended::Failed { words, .. } if words.contains("being left")), "{ended:?}");
    assert!(stand.sent().is_empty());
    assert_eq!(left.get(), Some(&0), "nothing is unknown");
    let told = stand.journal();
    assert!(told[2..].iter().all(|word| word == "sent" || word == "outcome failed"), "{told:?}");
    assert_eq!(told.last().unwrap(), "outcome failed");
    assert!(stand.guard.orphans().is_empty());
}
