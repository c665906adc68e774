//! The estate as a whole: it repeats itself, its stories hold, its numbers agree and its references resolve.

mod logs;
mod numbers;
mod references;
mod sized;
mod stories;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::*;

/// A Monday morning.
fn start() -> Timestamp {
    "2026-03-02T09:17:23Z".parse().unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn world_after(count: i64) -> World {
    let mut world = World::new(7, start());
    world.advance_to(start() + minutes(count));
    world
}

fn account<'a>(world: &'a World, environment: &str) -> &'a Account {
    world.account(environment).unwrap()
}

fn service<'a>(account: &'a Account, cluster: &str, name: &str) -> &'a EcsService {
    account.ecs_clusters[cluster].services.get(name).unwrap()
}

#[test]
fn one_long_step_comes_to_the_same_as_many_short_ones() {
    let (mut long, mut short) = (World::new(7, start()), World::new(7, start()));
    assert_eq!(long, short);
    let end = start() + minutes(40);
    long.advance_to(end);
    let mut now = start();
    while now < end {
        now += SignedDuration::from_millis(7_300);
        short.advance_to(now.min(end));
    }
    assert_eq!(long, short);
}

#[test]
fn another_seed_is_another_estate_and_time_never_goes_back() {
    let mut world = World::new(7, start());
    assert_ne!(world, World::new(8, start()));
    let before = world.clone();
    world.advance_to(start() - minutes(90));
    assert_eq!(world, before);
}

#[test]
fn the_seven_environments_are_seven_accounts() {
    let world = World::new(1, start());
    let names: Vec<&str> = world.accounts().iter().map(|account| account.environment.as_str()).collect();
    assert_eq!(
        names,
        ["dhbw-prod", "edt-prod", "unilux-prod", "enterprise-prod", "starttech-dev", "beta9-prod", "tfe-prod"]
    );
    let of = |part: fn(&Account) -> &String| world.accounts().iter().map(part).collect::<BTreeSet<_>>().len();
    assert_eq!(of(|account| &account.id), 7);
    assert_eq!(of(|account| &account.alias), 7);
    for account in world.accounts() {
        assert!(account.id.len() == 12 && account.id.bytes().all(|digit| digit.is_ascii_digit()));
        assert!(account.caller.arn.contains(&account.id));
        assert!(account.network.subnets.iter().all(|(zone, _)| zone.starts_with(&account.region)));
    }
}

#[test]
fn a_day_later_nothing_has_grown_without_bounds() {
    let world = world_after(24 * 60);
    for account in world.accounts() {
        let hour_ago = account.now - SignedDuration::from_mins(66);
        for cluster in account.ecs_clusters.values() {
            assert!(cluster.tasks.values().all(|task| task.stopped_at.is_none_or(|at| at > hour_ago)));
            assert!(cluster.services.values().all(|service| service.events.len() <= 100));
            let kept: usize = cluster.services.values().map(|service| service.task_ids.len()).sum();
            assert_eq!(kept, cluster.tasks.len(), "{}", account.environment);
        }
        let streams: usize = account.log_groups.values().map(|group| group.streams.len()).sum();
        assert!(streams < 1_000, "{streams} streams in {}", account.environment);
        assert!(account.agenda.len() < 40, "{} acts in {}", account.agenda.len(), account.environment);
        assert!(account.trail.len() <= 1_000 && account.alarm_history.len() <= 1_000);
        assert!(account.db_snapshots.len() < 30 && account.rds_events.len() < 200);
        assert!(account.auto_scaling_groups.values().all(|group| group.activities.len() <= 110));
    }
}

#[test]
fn a_step_of_ten_seconds_is_cheap() {
    let mut world = World::new(7, start());
    let begun = std::time::Instant::now();
    for step in 1..=60 {
        world.advance_to(start() + SignedDuration::from_secs(10 * step));
    }
    // Five milliseconds for each step, with room for a busy machine.
    assert!(begun.elapsed().as_millis() < 60 * 20, "{:?}", begun.elapsed());
}
