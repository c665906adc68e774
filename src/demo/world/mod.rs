//! The estate's model: seven customers' AWS accounts with a clock, a past of some hours and a life of their own.
//!
//! Plain data and rules. It must not know how an API is spoken: `wire` renders what is here. Everything follows from the
//! seed and the instant, however often the world was advanced on the way.

mod account;
mod bulk;
mod clock;
mod logs;
mod metrics;
pub mod model;

pub use account::Account;
pub use clock::Clock;
pub use model::*;

use jiff::Timestamp;

/// All accounts of the estate, at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    accounts: Vec<Account>,
}

impl World {
    /// The seven environments of the runbooks, with some hours of history before `start`.
    pub fn new(seed: u64, start: Timestamp) -> Self {
        Self::sized(seed, start, 7, 8)
    }

    /// An estate to measure with: `env-000` and so on, each with one cluster of that many healthy services, and the
    /// log group `/bench/firehose` with 20,000 lines a second.
    pub fn sized(seed: u64, start: Timestamp, environments: usize, services_each: usize) -> Self {
        let accounts = (0..environments).map(|n| bulk::account(seed, start, n, services_each)).collect();
        Self { accounts }
    }

    /// Brings every account to `now`; an instant that has passed changes nothing.
    pub fn advance_to(&mut self, now: Timestamp) {
        for account in &mut self.accounts {
            account.advance_to(now);
        }
    }

    /// The accounts in the order of the estate.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The account of an environment.
    pub fn account(&self, environment: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.environment == environment)
    }
}
