//! `unilux-prod`: nothing is wrong. Somebody takes a snapshot before the semester begins.

use jiff::Timestamp;

use super::lecture::{Scale, furnish};
use super::{Site, begin, shared};
use crate::demo::world::account::Account;
use crate::demo::world::model::StateBackend;
use crate::demo::world::people;
use crate::demo::world::stories::Beat;

pub(super) fn account(seed: u64, start: Timestamp) -> Account {
    let site = Site {
        environment: "unilux-prod",
        id: "333344445555",
        alias: "lecture-unilux-prod",
        region: "eu-west-3",
        peak_hour: 11,
    };
    let mut account = begin(seed, start, &site);
    let scale = Scale { backend: 2, frontend: 2, rate: 1.2, revision: 44, tag: "2.30.2-77aa0c1", percents: (200, 100) };
    furnish(&mut account, "unilux", &scale);
    let snapshot = Beat::Snapshot {
        source: "lecture-unilux-cluster".to_owned(),
        prefix: "lecture-unilux-manual-".to_owned(),
        kind: "manual",
        every: Some(90 * 60),
        by: &people::NOOR,
    };
    account.on(start, -330, snapshot);
    // Its states are in an account that several customers share.
    account.backends.push(StateBackend {
        bucket: shared::BUCKET.to_owned(),
        table: None,
        lockfile: true,
        key_prefix: Some("unilux/".to_owned()),
        profile: Some(shared::NAME.to_owned()),
        region: Some(shared::REGION.to_owned()),
    });
    account.begin_life();
    account
}
