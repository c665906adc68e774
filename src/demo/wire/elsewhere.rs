//! The regions where an account has nothing.

use crate::demo::world::Account;

/// The same account in another region: empty.
pub fn empty(account: &Account, region: &str) -> Account {
    account.in_region(region)
}
