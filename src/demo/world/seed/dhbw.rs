//! `dhbw-prod`: the backend crash-loops since a release forty minutes before the estate's start. The new revision lost
//! the secret with the database password; the circuit breaker is off, so that it goes on and on.

use jiff::Timestamp;
use serde_json::json;

use super::lecture::{Scale, furnish};
use super::states::Place;
use super::{Site, begin, lasting, spell};
use crate::demo::world::account::Account;
use crate::demo::world::logs::Trouble;
use crate::demo::world::model::Fate;
use crate::demo::world::people;
use crate::demo::world::signal::after;
use crate::demo::world::sim::Release;
use crate::demo::world::stories::Beat;

/// Seconds from the estate's start to the release.
const RELEASE: i64 = -40 * 60;

pub(super) fn account(seed: u64, start: Timestamp) -> Account {
    let site = Site {
        environment: "dhbw-prod",
        id: "111122223333",
        alias: "lecture-dhbw-prod",
        region: "eu-central-1",
        peak_hour: 10,
    };
    let mut account = begin(seed, start, &site);
    let scale = Scale { backend: 3, frontend: 3, rate: 3.5, revision: 47, tag: "2.31.0-4e7d19a", percents: (200, 50) };
    furnish(&mut account, "dhbw", &scale);
    crash_loop(&mut account, start);
    states(&mut account, start);
    account.begin_life();
    account
}

fn crash_loop(account: &mut Account, start: Timestamp) {
    let (cluster, service) = ("lecture-dhbw-cluster", "lecture-backend-service");
    account.on(
        start,
        RELEASE - 400,
        Beat::Did {
            by: &people::JANA,
            source: "ssm.amazonaws.com",
            name: "PutParameter",
            resource: ("AWS::SSM::Parameter", "/lecture/dhbw/backend/version".to_owned()),
            request: json!({ "name": "/lecture/dhbw/backend/version", "value": "2.32.0", "overwrite": true }),
        },
    );
    let release = Release {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        tag: "2.32.0-9c41fe2".to_owned(),
        fate: Fate::Crash,
        drops_secret: Some("LECTURE_DB_PASSWORD".to_owned()),
        by: &people::JANA,
    };
    account.on(start, RELEASE, Beat::Release(Box::new(release)));
    let from = after(start, RELEASE + 120);
    let about = ("ServiceName", service);
    account.surge("AWS/ECS", "CPUUtilization", about, &lasting(from, 94.0));
    account.surge("AWS/ECS", "MemoryUtilization", about, &lasting(from, 78.0));
    for (name, level) in
        [("HTTPCode_Target_5XX_Count", 140.0), ("HTTPCode_ELB_5XX_Count", 31.0), ("TargetResponseTime", 3.4)]
    {
        account.surge_traffic("lecture-dhbw-alb", "lecture-backend-tg", name, &lasting(from, level));
    }
    account.add_spell("/ecs/lecture-backend", spell(from, 0.35, Trouble::Overload));
    let database = format!("/aws/rds/cluster/{cluster}/postgresql");
    account.add_spell(&database, spell(from, 0.8, Trouble::BadLogin));
}

/// A runner was killed in the middle of an apply, hours before: its lock is still held.
fn states(account: &mut Account, start: Timestamp) {
    let (bucket, table) = ("tfstate-dhbw", "terraform-state-lock");
    account.add_bucket(bucket);
    account.add_lock_table(table);
    account.keeps_states(bucket, Some(table));
    let place = Place { bucket, table: Some(table), key: "lecture/prod/terraform.tfstate" };
    account.add_state(place, 214, &[35, 19, 8, 2]);
    account.add_state(Place { key: "network/prod/terraform.tfstate", ..place }, 41, &[40, 33]);
    account.leave_lock(start, place, ("gitlab-runner@ip-10-0-2-117", 5 * 3_600 + 754));
}
