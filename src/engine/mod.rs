//! Runs what the console asks for: polls, batches, tails, signs in. One request in flight for each query, limits for each account,
//! timeouts, backoff with jitter, cancellation when nobody looks any more. Knows kinds and providers, nothing of the screen.
//!
//! Each part is a task of its own with a slot for what is wanted of it, so that neither the main loop nor another part ever
//! waits for it. All of them end when the handle is dropped or nobody takes events any more.

mod acts;
mod contract;
mod errands;
mod ledger;
mod live;
mod metrics;
mod pace;
mod reminders;
mod report;
mod schedule;
mod slot;
mod sources;
mod tail;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::acts::Lane;
use self::errands::Errands;
use self::metrics::Metrics;
use self::pace::Pace;
use self::report::Report;
use self::schedule::Schedule;
use self::slot::Slot;
use self::tail::Tails;

/// Somebody wants the operator's terminal.
pub use crate::providers::lend::{Asked, Lending, Lent};
pub use acts::Acts;
pub use contract::{
    Act, Acted, ApiStats, Event, Interest, MetricKey, MetricWant, MetricsSpent, Priority, Request, SignInState,
    TailEvent, TailMode,
};
pub use live::{Live, Reread};
pub use pace::Settings;
pub use sources::{Asking, Changed, Progress, Sources};

/// What all parts stand on.
struct Shared {
    sources: Arc<dyn Sources>,
    report: Report,
    settings: Settings,
    pace: Pace,
}

/// What is wanted of each part.
#[derive(Default)]
struct Wanted {
    schedule: Arc<Slot<schedule::Orders>>,
    metrics: Arc<Slot<Option<Vec<MetricWant>>>>,
    tails: Arc<Slot<tail::Orders>>,
    errands: Arc<Slot<errands::Orders>>,
    acts: Arc<Slot<acts::Orders>>,
}

/// The engine at work; it ends when this is dropped.
pub struct Engine {
    wanted: Wanted,
    _end: DropGuard,
}

impl Engine {
    /// Starts on these sources; reports to `events`, and ends when nobody takes them any more. Without `acts` it only reads. Must be
    /// called on a runtime.
    pub fn start(
        sources: Arc<dyn Sources>,
        acts: Option<Acts>,
        events: mpsc::Sender<Event>,
        settings: Settings,
    ) -> Self {
        let (report, pace) = (Report::new(events), Pace::default());
        Self::on(&Arc::new(Shared { sources, report, settings, pace }), acts)
    }

    fn on(shared: &Arc<Shared>, acts: Option<Acts>) -> Self {
        let wanted = Wanted::default();
        let mut parts = JoinSet::new();
        parts.spawn(Schedule::new(Arc::clone(shared), Arc::clone(&wanted.schedule)).run());
        parts.spawn(Metrics::new(Arc::clone(shared), Arc::clone(&wanted.metrics)).run());
        parts.spawn(Tails::new(Arc::clone(shared), Arc::clone(&wanted.tails)).run());
        parts.spawn(Errands::new(Arc::clone(shared), Arc::clone(&wanted.errands), Arc::clone(&wanted.schedule)).run());
        let guard = acts.as_ref().map(|acts| Arc::clone(&acts.guard));
        if let Some(acts) = acts {
            parts.spawn(Lane::new(Arc::clone(shared), acts, Arc::clone(&wanted.acts)).run());
        }
        parts.spawn(watch::looks(Arc::clone(shared), Arc::clone(&wanted.schedule), guard));
        parts.spawn(watch::moves(Arc::clone(shared), Arc::clone(&wanted.schedule)));
        let end = CancellationToken::new();
        tokio::spawn(live(parts, shared.report.clone(), end.clone()));
        Self { wanted, _end: end.drop_guard() }
    }

    /// Asks for something. Never waits; what was asked before and not begun yet is folded together with it.
    pub fn request(&self, request: Request) {
        let Wanted { schedule, metrics, tails, errands, acts } = &self.wanted;
        match request {
            Request::Interests(interests) => schedule.fold(|orders| orders.interests = Some(interests)),
            Request::Refresh(queries) => schedule.fold(|orders| orders.refresh.extend(queries)),
            Request::Metrics(wants) => metrics.fold(|wanted| *wanted = Some(wants)),
            Request::Act(act) => acts.fold(|orders| orders.push(act)),
            Request::Tail(spec) => tails.fold(|orders| orders.start(spec)),
            Request::StopTail(id) => tails.fold(|orders| orders.stop(id)),
            Request::FindLogs(of) => errands.fold(|orders| {
                orders.logs.insert(of);
            }),
            Request::SignIn(environment) => errands.fold(|orders| {
                orders.sign_ins.insert(environment);
            }),
            Request::Code { environment, code } => errands.fold(|orders| {
                orders.codes.insert(environment, code);
            }),
        }
    }
}

/// Lets the parts live until the end; dropping them ends all that they have under way.
async fn live(mut parts: JoinSet<()>, report: Report, end: CancellationToken) {
    let broken = async {
        while let Some(ended) = parts.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the engine has failed");
            }
        }
    };
    tokio::select! {
        () = end.cancelled() => {}
        () = report.closed() => {}
        () = broken => {}
    }
}
