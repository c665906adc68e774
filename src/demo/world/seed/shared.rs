//! `lecture-shared-state`: no environment by itself, but the account that the lecture platform's newest customer keeps its states in.
//! Somebody has left the lock of a sandbox behind that is nobody's.

use jiff::Timestamp;

use super::states::Place;
use super::{Site, begin};
use crate::demo::world::account::Account;

/// The account's name, which is also that of the profile that reaches it.
pub(super) const NAME: &str = "lecture-shared-state";
/// Its bucket and region.
pub(super) const BUCKET: &str = "lecture-shared-tfstate";
pub(super) const REGION: &str = "eu-central-1";

pub(super) fn account(seed: u64, start: Timestamp, customer: &Account) -> Account {
    let site = Site { environment: NAME, id: "888899990000", alias: NAME, region: REGION, peak_hour: 11 };
    let mut account = begin(seed, start, &site);
    account.add_bucket(BUCKET);
    let place = |key| Place { bucket: BUCKET, table: None, key };
    // The states tell of what is in the customer's account.
    let mut theirs = customer.clone();
    theirs.add_bucket(BUCKET);
    theirs.add_state(place("unilux/prod/terraform.tfstate"), 31, &[38, 21, 9]);
    if let Some(bucket) = theirs.buckets.remove(BUCKET) {
        account.buckets.insert(BUCKET.to_owned(), bucket);
    }
    account.add_state(place("sandbox/terraform.tfstate"), 4, &[30, 12]);
    account.leave_lock(start, place("sandbox/terraform.tfstate"), ("tomasz@thinkpad", 11 * 86_400 + 4_210));
    account
}
