//! What the journal costs: an append that is on disk when it returns, and the check of a whole file.

#![allow(clippy::expect_used, reason = "a benchmark says what it needs by failing")]
#![allow(missing_docs, reason = "criterion's macros make items without docs")]

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use quarterdeck::journal::{Draft, Event, Journal, Outcome, Place, Who};
use quarterdeck::model::Risk;
use serde_json::json;

/// Entries of the file that is checked.
const ENTRIES: u64 = 100_000;

fn journal(folder: &Path) -> Journal {
    Journal::new(Some(folder.to_owned()), None)
}

fn draft(event: Event) -> Draft {
    let place = Place {
        environment: "dhbw-prod".into(),
        account: Some("111122223333".into()),
        region: "eu-central-1".into(),
        cluster: Some("lecture".into()),
        kind: "ecs-service".into(),
        id: "lecture-backend-service".into(),
        name: "lecture-backend-service".into(),
    };
    let caller = Some("arn:aws:sts::111122223333:assumed-role/Operations/anna".into());
    let who = Who { user: "anna".into(), host: "bridge".into(), caller };
    let at = Timestamp::from_second(1_800_000_000).expect("an instant");
    Draft { at, run: "20270115T080000Z-4711-3".into(), who, place, event }
}

fn intent() -> Draft {
    let input = json!({ "cluster": "lecture", "service": "lecture-backend-service", "desiredCount": 6 });
    draft(Event::Intent {
        action: "ecs-scale".into(),
        title: "scale lecture-backend-service from 2 to 6 tasks".into(),
        part: 0,
        step: 0,
        steps: 1,
        operation: "ecs:UpdateService".into(),
        input: input.as_object().cloned().unwrap_or_default(),
        changes: vec![("desired count".into(), 2.into(), 6.into())],
        risk: Risk::Medium,
        reason: Some("the queue grows".into()),
        ticket: None,
        policy: vec!["big changes".into()],
        broke_glass: false,
    })
}

fn outcome() -> Draft {
    let request_id = Some("4d3f6e4c-1f5e-4b7a-9d53-000000000000".into());
    draft(Event::Outcome { part: 0, step: 0, outcome: Outcome::Succeeded, request_id, fault: None })
}

fn append(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = journal(folder.path());
    criterion.bench_function("append, on disk", |bencher| bencher.iter(|| journal.append(intent()).expect("room")));
}

/// A long journal, made without waiting for the disk at every entry: its hashes are those of a short one, over and over, so each
/// entry is found to follow another than it names. What that costs is the same.
fn verify(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = journal(folder.path());
    for entry in [intent(), draft(Event::Sent { part: 0, step: 0 }), outcome()] {
        journal.append(entry).expect("room");
    }
    let file = folder.path().join("journal.jsonl");
    let three = std::fs::read(&file).expect("a file");
    std::fs::write(&file, three.repeat(ENTRIES as usize / 3)).expect("room");
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(ENTRIES)).sample_size(10);
    group.bench_function("entries", |bencher| {
        bencher.iter(|| {
            let verified = journal.verify().expect("a journal");
            assert_eq!(verified[0].entries, ENTRIES / 3 * 3);
        });
    });
    group.finish();
}

criterion_group!(benches, append, verify);
criterion_main!(benches);
