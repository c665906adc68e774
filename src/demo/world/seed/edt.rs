//! `edt-prod`: all is well, and the pipeline releases something every now and then.

use jiff::Timestamp;

use super::lecture::{Scale, furnish};
use super::states::Place;
use super::{HISTORY, Site, begin};
use crate::demo::world::account::Account;
use crate::demo::world::stories::Beat;

/// Seconds between two releases, and from the estate's start to the one that is under way then.
const EVERY: i64 = 25 * 60;
const UNDER_WAY: i64 = -60;

pub(super) fn account(seed: u64, start: Timestamp) -> Account {
    let site = Site {
        environment: "edt-prod",
        id: "222233334444",
        alias: "lecture-edt-prod",
        region: "eu-west-1",
        peak_hour: 12,
    };
    let mut account = begin(seed, start, &site);
    let scale = Scale { backend: 4, frontend: 4, rate: 4.0, revision: 47, tag: "2.39.0-4e7d19a", percents: (125, 100) };
    furnish(&mut account, "edt", &scale);
    let services = ["lecture-backend-service", "lecture-frontend-service", "lecture-transcriber"];
    let rolling = Beat::Rolling {
        cluster: "lecture-edt-cluster".to_owned(),
        services: services.map(str::to_owned).to_vec(),
        turn: 0,
        every: EVERY,
    };
    // A multiple of the services' number before, so that the backend is the one that is under way.
    let before = (HISTORY / EVERY - 1) / 3 * 3;
    account.on(start, UNDER_WAY - before * EVERY, rolling);
    states(&mut account, start);
    account.begin_life();
    account
}

/// The pipeline applies something now and then; it is at it when the estate starts.
fn states(account: &mut Account, start: Timestamp) {
    let (bucket, table, key) = ("tfstate-edt", "terraform-state-lock", "lecture/prod/terraform.tfstate");
    account.add_bucket(bucket);
    account.add_lock_table(table);
    account.keeps_states(bucket, Some(table));
    account.add_state(Place { bucket, table: Some(table), key }, 377, &[28, 15, 6, 1]);
    account.apply_often(start, bucket, table, key);
}
