//! The guard's lane: plans, confirmations, arming and the journal, beside everything that reads and never behind it. Whatever is
//! asked for is a task of its own; what is being carried out is driven to its end, whoever looks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::interval;

use super::reminders::Reminders;
use super::report::Report;
use super::slot::Slot;
use super::{Act, Acted, Event, Shared};
use crate::actions::Carrier;
use crate::guard::{Consent, Ended, Guard, Proposal, Refusal};

/// The newest word on a step counts: those that nobody has taken yet are few.
const ROOM: usize = 64;

/// Between two looks for what is due.
const LOOK: Duration = Duration::from_mins(1);

/// So many of the newest entries are looked through for it.
const LOOKED_THROUGH: usize = 5_000;

/// What the lane stands on.
#[derive(Clone)]
pub struct Acts {
    /// The one path to a change.
    pub guard: Arc<Guard>,
    /// Finds what can be chosen for a field.
    pub carrier: Arc<Carrier>,
}

/// What was asked for and not begun yet, in order.
pub(super) type Orders = Vec<Act>;

/// Runs the lane.
pub(super) struct Lane {
    shared: Arc<Shared>,
    acts: Acts,
    orders: Arc<Slot<Orders>>,
    /// What was planned and not confirmed yet.
    proposals: Arc<Mutex<HashMap<u64, Proposal>>>,
}

impl Lane {
    pub(super) fn new(shared: Arc<Shared>, acts: Acts, orders: Arc<Slot<Orders>>) -> Self {
        Self { shared, acts, orders, proposals: Arc::default() }
    }

    /// Runs until it is dropped; what is being carried out then goes on.
    pub(super) async fn run(self) {
        self.tell_orphans().await;
        let mut reminders = Reminders::default();
        let mut looks = interval(LOOK);
        let mut running = JoinSet::new();
        let mut planning: HashMap<u64, AbortHandle> = HashMap::new();
        loop {
            tokio::select! {
                orders = self.orders.take() => {
                    for act in orders {
                        self.begin(act, &mut running, &mut planning);
                    }
                }
                _ = looks.tick() => reminders = self.tell_due(reminders).await,
                Some(_) = running.join_next() => planning.retain(|_, task| !task.is_finished()),
            }
        }
    }

    async fn tell_orphans(&self) {
        let guard = Arc::clone(&self.acts.guard);
        let orphans = tokio::task::spawn_blocking(move || guard.orphans()).await.unwrap_or_default();
        if !orphans.is_empty() {
            self.tell(Acted::Orphans(orphans.into())).await;
        }
    }

    /// Says what is due if it is other than before.
    async fn tell_due(&self, mut reminders: Reminders) -> Reminders {
        let (guard, now) = (Arc::clone(&self.acts.guard), self.shared.sources.now());
        let look = move || {
            let read = || guard.journal(LOOKED_THROUGH).ok();
            let due = reminders.look(now, guard.journal_mark(), read).map(Into::into);
            (reminders, due)
        };
        let (reminders, due) = blocking(look).await.unwrap_or_default();
        if let Some(due) = due {
            self.tell(Acted::Due(due)).await;
        }
        reminders
    }

    async fn tell(&self, acted: Acted) {
        self.shared.report.tell(Event::Acted(acted)).await;
    }

    fn begin(&self, act: Act, running: &mut JoinSet<()>, planning: &mut HashMap<u64, AbortHandle>) {
        let Acts { guard, carrier } = self.acts.clone();
        let (shared, proposals) = (Arc::clone(&self.shared), Arc::clone(&self.proposals));
        let tell = async move |acted| shared.report.tell(Event::Acted(acted)).await;
        let now = self.shared.sources.now();
        match act {
            Act::Choices(id, action, target, field) => drop(running.spawn(async move {
                let found = carrier.choices(action, &target, field).await.map_err(Arc::new);
                tell(Acted::Choices(id, found)).await;
            })),
            Act::Plan(id, orders) => {
                let task = running.spawn(async move {
                    let planned = guard.propose(&orders, now).await;
                    if let Ok(proposal) = &planned {
                        keep(&proposals, id, proposal.clone());
                    }
                    tell(Acted::Planned(id, planned.map(Arc::new).map_err(Arc::new))).await;
                });
                if let Some(old) = planning.insert(id, task) {
                    old.abort();
                }
            }
            Act::Abandon(id) => {
                drop(taken(&proposals, id));
                if let Some(task) = planning.remove(&id) {
                    task.abort();
                }
            }
            Act::Confirm(id, consent) => {
                let report = self.shared.report.clone();
                // Not of the lane's set: it goes on when the lane ends.
                drop(tokio::spawn(confirm(guard, report, proposals, id, consent, now)));
            }
            Act::Arm(environment, typed, reason) => drop(running.spawn(async move {
                let (arming, name) = (Arc::clone(&guard), Arc::clone(&environment));
                let armed = blocking(move || arming.arm(&name, &typed, reason.as_deref(), now)).await;
                match armed {
                    Some(Err(refusal)) => tell(Acted::NotArmed(environment, refusal)).await,
                    _ => tell(Acted::Armed(guard.armed(now))).await,
                }
            })),
            Act::Disarm(environment) => drop(running.spawn(async move {
                let disarming = Arc::clone(&guard);
                blocking(move || disarming.disarm(&environment, now)).await;
                tell(Acted::Armed(guard.armed(now))).await;
            })),
            Act::Journal(newest) => drop(running.spawn(async move {
                let read = blocking(move || guard.journal(newest).map_err(|error| error.to_string())).await;
                let entries = read.unwrap_or_else(|| Err("it could not be read".to_owned()));
                tell(Acted::Journal(entries.map(Into::into).map_err(Into::into))).await;
            })),
        }
    }
}

/// Off the runtime: the journal is a file that is written to the disk before anything goes on.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work)
        .await
        .inspect_err(|error| tracing::error!(%error, "the journal's work was lost"))
        .ok()
}

fn keep(proposals: &Mutex<HashMap<u64, Proposal>>, id: u64, proposal: Proposal) {
    proposals.lock().unwrap_or_else(PoisonError::into_inner).insert(id, proposal);
}

fn taken(proposals: &Mutex<HashMap<u64, Proposal>>, id: u64) -> Option<Proposal> {
    proposals.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
}

/// Carries a proposal out, if this consent confirms it. It is taken by the first consent that does: a second one finds nothing.
async fn confirm(
    guard: Arc<Guard>,
    report: Report,
    proposals: Arc<Mutex<HashMap<u64, Proposal>>>,
    id: u64,
    consent: Consent,
    now: jiff::Timestamp,
) {
    let Some(proposal) = taken(&proposals, id) else { return };
    let (confirming, proposed) = (Arc::clone(&guard), proposal.clone());
    let confirmed = blocking(move || confirming.confirm(proposed, &consent, false, now)).await;
    let warrant = match confirmed.unwrap_or_else(|| Err(Refusal::Journal("it was lost".to_owned()))) {
        Ok(warrant) => warrant,
        Err(refusal) => {
            keep(&proposals, id, proposal);
            return tell(&report, Acted::Refused(id, refusal)).await;
        }
    };
    let (say, mut said) = mpsc::channel(ROOM);
    let carrying = Arc::clone(&guard);
    let carry = async move { carrying.carry_out(warrant, true, &|words| drop(say.try_send(words))).await };
    let pass_on = async {
        while let Some(words) = said.recv().await {
            tell(&report, Acted::Report(id, words)).await;
        }
    };
    let (ended, ()) = tokio::join!(carry, pass_on);
    if let Ended::Moved { proposal: Ok(anew), .. } = &ended {
        keep(&proposals, id, Proposal::clone(anew));
    }
    tell(&report, Acted::Ended(id, Arc::new(ended))).await;
    tell(&report, Acted::Armed(guard.armed(now))).await;
}

async fn tell(report: &Report, acted: Acted) {
    report.tell(Event::Acted(acted)).await;
}
