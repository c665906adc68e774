//! The estate's model: seven customers' AWS accounts with a clock, a past of some hours and a life of their own.
//!
//! Plain data and rules. It must not know how an API is spoken: `wire` renders what is here. Everything follows from the
//! seed and the instant, however often the world was advanced on the way.

mod account;
mod agenda;
mod bulk;
mod clock;
mod dice;
pub mod kube;
mod logs;
mod metrics;
pub mod model;
mod people;
mod seed;
mod signal;
mod sim;
mod stories;
#[cfg(test)]
mod tests;

pub use account::Account;
pub use clock::Clock;
pub use model::*;
pub use sim::{InstanceUpdate, Restored, ServiceUpdate};

use jiff::Timestamp;

/// All accounts of the estate, at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    accounts: Vec<Account>,
    /// Accounts that are no environments, but that environments keep something in.
    central: Vec<Account>,
}

impl World {
    /// The seven environments of the runbooks, with some hours of history before `start`.
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let mut world = Self::begun(seed, start);
        world.advance_to(start);
        world
    }

    /// The same at the beginning of that history: it has yet to be advanced to `start`.
    pub fn begun(seed: u64, start: Timestamp) -> Self {
        let accounts = seed::estate(seed, start);
        let central = seed::central(seed, start, &accounts);
        Self { accounts, central }
    }

    /// An estate to measure with: `env-000` and so on, each with one cluster of that many healthy services, and the
    /// log group `/bench/firehose` with 20,000 lines a second.
    pub fn sized(seed: u64, start: Timestamp, environments: usize, services_each: usize) -> Self {
        let accounts = (0..environments).map(|n| seed::bench(seed, start, n, services_each)).collect();
        Self { accounts, central: Vec::new() }
    }

    /// One environment, `kube-000`, with one Kubernetes cluster, `bench`, of that many pods; so many of them are restarted each
    /// second.
    pub fn with_pods(seed: u64, start: Timestamp, pods: usize, churn: u32) -> Self {
        Self { accounts: vec![seed::bench_kube(seed, start, pods, churn)], central: Vec::new() }
    }

    /// Brings every account to `now`; an instant that has passed changes nothing.
    pub fn advance_to(&mut self, now: Timestamp) {
        for account in self.everyone() {
            account.advance_to(now);
        }
    }

    fn everyone(&mut self) -> impl Iterator<Item = &mut Account> {
        self.accounts.iter_mut().chain(&mut self.central)
    }

    /// The accounts in the order of the estate.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The names that accounts are reached by, also those that are no environments.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().chain(&self.central).map(|account| account.environment.as_str())
    }

    /// The account of an environment.
    pub fn account(&self, environment: &str) -> Option<&Account> {
        self.accounts.iter().chain(&self.central).find(|account| account.environment == environment)
    }

    /// The account of an environment, to change something in it.
    pub fn account_mut(&mut self, environment: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().chain(&mut self.central).find(|account| account.environment == environment)
    }
}
