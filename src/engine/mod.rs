//! Runs what the console asks for: polls, batches, tails, signs in. One request in flight for each query, limits for each account,
//! timeouts, backoff with jitter, cancellation when nobody looks any more. Knows kinds and providers, nothing of the screen.

mod contract;

pub use contract::{
    ApiStats, Event, Interest, MetricKey, MetricWant, MetricsSpent, Priority, Request, SignInState, TailEvent, TailMode,
};
