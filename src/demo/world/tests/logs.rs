//! Lines are the same at every reading, pages join without gap or double, and late lines come late.

use super::*;

fn query(group: &str) -> LogQuery<'_> {
    LogQuery { group, limit: 1_000_000, ..LogQuery::default() }
}

/// All pages of a question, put together in order of time.
fn pages(account: &Account, first: &LogQuery<'_>) -> Vec<LogEvent> {
    let (mut events, mut query) = (Vec::new(), first.clone());
    loop {
        let page = account.log_events(&query).unwrap();
        assert!(page.events.len() <= query.limit);
        if query.backward {
            events.splice(0..0, page.events);
        } else {
            events.extend(page.events);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return events,
        }
    }
}

#[test]
fn pages_join_without_gap_or_double_in_both_directions() {
    let world = world_after(0);
    for (environment, group) in
        [("dhbw-prod", "/ecs/lecture-backend"), ("enterprise-prod", "/aws/application/enterprise-prod")]
    {
        let account = account(&world, environment);
        let start = Some((account.now - minutes(12)).as_millisecond());
        let whole = account.log_events(&LogQuery { start, ..query(group) }).unwrap().events;
        assert!(whole.len() > 300, "{}", whole.len());
        assert!(whole.is_sorted_by_key(|event| event.timestamp));
        let ids: BTreeSet<&String> = whole.iter().map(|event| &event.id).collect();
        assert_eq!(ids.len(), whole.len());
        assert!(ids.iter().all(|id| id.len() == 56 && id.bytes().all(|byte| byte.is_ascii_digit())));
        for limit in [1, 7, 100] {
            let asked = LogQuery { start, limit, ..query(group) };
            assert_eq!(pages(account, &asked), whole);
            assert_eq!(pages(account, &LogQuery { backward: true, ..asked }), whole);
        }
    }
}

#[test]
fn a_line_is_the_same_later_and_late_lines_are_filled_in() {
    let mut world = world_after(0);
    let mut filled = 0;
    for _ in 0..6 {
        let now = account(&world, "dhbw-prod").now;
        let (start, end) = (Some((now - minutes(20)).as_millisecond()), Some(now.as_millisecond()));
        let asked = LogQuery { start, end, ..query("/ecs/lecture-backend") };
        let early = account(&world, "dhbw-prod").log_events(&asked).unwrap().events;
        assert!(early.iter().all(|event| event.ingestion <= now.as_millisecond()));
        world.advance_to(now + minutes(9));
        let late = account(&world, "dhbw-prod").log_events(&asked).unwrap().events;
        let known: BTreeSet<&String> = early.iter().map(|event| &event.id).collect();
        let kept: Vec<&LogEvent> = late.iter().filter(|event| known.contains(&event.id)).collect();
        assert_eq!(kept, early.iter().collect::<Vec<_>>());
        let new = late.iter().filter(|event| !known.contains(&event.id));
        filled += new.filter(|event| event.ingestion > event.timestamp + 5_000).count();
        assert!(late.iter().filter(|e| !known.contains(&e.id)).all(|e| e.ingestion > now.as_millisecond()));
    }
    assert!(filled > 0);
}

#[test]
fn streams_can_be_chosen_by_name_and_by_prefix() {
    let world = world_after(0);
    let account = account(&world, "edt-prod");
    let group = "/ecs/lecture-frontend";
    let start = Some((account.now - minutes(10)).as_millisecond());
    let whole = account.log_events(&LogQuery { start, ..query(group) }).unwrap().events;
    let name = whole[0].stream.clone();
    let of = |name: &str| whole.iter().filter(|event| event.stream == name).cloned().collect::<Vec<_>>();
    let streams = [name.clone()];
    let chosen = account.log_events(&LogQuery { start, streams: &streams, ..query(group) }).unwrap().events;
    assert_eq!(chosen, of(&name));
    let by_prefix = LogQuery { start, stream_prefix: Some(&name), ..query(group) };
    assert_eq!(account.log_events(&by_prefix).unwrap().events, of(&name));
    assert!(account.log_events(&query("/no/such/group")).is_none() && account.log_streams("/no/such/group").is_none());
}

#[test]
fn lines_flow_in_every_group_and_no_older_ones_are_kept() {
    let world = world_after(10);
    for account in world.accounts() {
        for group in account.log_groups.keys().filter(|group| *group != "/ecs/maintenance-page") {
            let page = account.log_events(&LogQuery { start: Some(0), limit: 1, ..query(group) }).unwrap();
            let oldest = page.events.first().unwrap_or_else(|| panic!("nothing in {group}"));
            assert!(oldest.timestamp >= (account.now - minutes(360)).as_millisecond());
            let latest = LogQuery { limit: 1, backward: true, ..query(group) };
            let latest = &account.log_events(&latest).unwrap().events[0];
            assert!(latest.timestamp >= (account.now - minutes(3)).as_millisecond(), "{group}");
        }
    }
}

#[test]
fn what_means_no_good_to_a_terminal_is_among_the_lines() {
    let world = world_after(0);
    let account = account(&world, "enterprise-prod");
    let start = Some((account.now - minutes(180)).as_millisecond());
    let lines = account.log_events(&LogQuery { start, ..query("/aws/application/enterprise-prod") }).unwrap().events;
    for part in ["\u{1b}[", "\u{202e}", "👩‍💻", "AKIAIOSFODNN7EXAMPLE", "\n\tat ", "\"level\":\"error\"", "\r"] {
        assert!(lines.iter().any(|event| event.message.contains(part)), "{part:?}");
    }
}

#[test]
fn the_firehose_gives_twenty_thousand_lines_a_second() {
    let mut world = World::sized(3, start(), 1, 10);
    world.advance_to(start() + SignedDuration::from_secs(90));
    let account = &world.accounts()[0];
    let from = (start() + SignedDuration::from_secs(10)).as_millisecond();
    let asked = LogQuery { start: Some(from), end: Some(from + 1_000), ..query("/bench/firehose") };
    let lines = account.log_events(&asked).unwrap().events;
    assert!((19_900..=20_000).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines.iter().map(|event| &event.stream).collect::<BTreeSet<_>>().len(), 16);
    let paged = pages(account, &LogQuery { limit: 6_000, ..asked });
    assert_eq!(paged, lines);
}
