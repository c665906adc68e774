//! The guard's lane: plans, confirmations, arming and the journal, beside everything that reads and never behind it. Whatever is
//! asked for is a task of its own; what is being carried out is driven to its end, whoever looks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::interval;

use super::reminders::Reminders;
use super::slot::Slot;
use super::{Act, Acted, Event, Shared};
use crate::actions::Carrier;
use crate::guard::{Consent, Ended, Guard, Proposal, Refusal, Report};
use crate::model::Sent;

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
    /// Something that was carried out has ended: what is due may be another.
    ended: Arc<Notify>,
}

impl Lane {
    pub(super) fn new(shared: Arc<Shared>, acts: Acts, orders: Arc<Slot<Orders>>) -> Self {
        Self { shared, acts, orders, proposals: Arc::default(), ended: Arc::default() }
    }

    /// Runs until it is dropped; what is being carried out then goes on.
    pub(super) async fn run(self) {
        let mut running = JoinSet::new();
        // Beside the lane: the journal may have to be waited for, while another console holds its lock.
        running.spawn(remind(Arc::clone(&self.shared), Arc::clone(&self.acts.guard), Arc::clone(&self.ended)));
        let mut planning: HashMap<u64, AbortHandle> = HashMap::new();
        loop {
            tokio::select! {
                orders = self.orders.take() => {
                    for act in orders {
                        self.begin(act, &mut running, &mut planning);
                    }
                }
                Some(_) = running.join_next() => planning.retain(|_, task| !task.is_finished()),
            }
        }
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
                let (shared, ended) = (Arc::clone(&self.shared), Arc::clone(&self.ended));
                // Not of the lane's set: it goes on when the lane ends.
                drop(tokio::spawn(async move {
                    confirm(guard, &shared, proposals, id, consent).await;
                    ended.notify_one();
                }));
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

/// Tells what other consoles have left unknown, once; then what is due, at the start and whenever that is another.
async fn remind(shared: Arc<Shared>, guard: Arc<Guard>, ended: Arc<Notify>) {
    let looking = Arc::clone(&guard);
    let orphans = blocking(move || looking.orphans()).await.unwrap_or_default();
    if !orphans.is_empty() {
        tell(&shared, Acted::Orphans(orphans.into())).await;
    }
    let mut reminders = Reminders::default();
    let mut looks = interval(LOOK);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = ended.notified() => {}
        }
        let (looking, now) = (Arc::clone(&guard), shared.sources.now());
        // A journal that can't be read now takes nothing back.
        let look = move || {
            let due = reminders.look(now, looking.journal_mark(), || looking.journal(LOOKED_THROUGH).ok());
            let due = due.map(Into::into);
            (reminders, due)
        };
        let Some((looked, due)) = blocking(look).await else { return };
        reminders = looked;
        if let Some(due) = due {
            tell(&shared, Acted::Due(due)).await;
        }
    }
}

/// What is said of a proposal that is being carried out, until it is told. Whoever says it never waits. As long as the proposal at
/// most: of how far a step has come the newest word counts, everything else is said once.
#[derive(Default)]
struct Said {
    words: Vec<Report>,
    /// Nothing more is said.
    over: bool,
}

impl Said {
    fn add(&mut self, report: Report) {
        match (self.words.last_mut(), &report) {
            (Some(Report::Headway(at, newest)), Report::Headway(of, headway)) if at == of => {
                *newest = headway.clone();
            }
            _ => self.words.push(report),
        }
    }
}

/// Carries a proposal out, if this consent confirms it. It is taken by the first consent that does: a second one finds nothing.
async fn confirm(
    guard: Arc<Guard>,
    shared: &Shared,
    proposals: Arc<Mutex<HashMap<u64, Proposal>>>,
    id: u64,
    consent: Consent,
) {
    let Some(proposal) = taken(&proposals, id) else { return };
    let (confirming, proposed, now) = (Arc::clone(&guard), proposal.clone(), shared.sources.now());
    let confirmed = blocking(move || confirming.confirm(proposed, &consent, false, now)).await;
    let warrant = match confirmed.unwrap_or_else(|| Err(Refusal::Journal("it was lost".to_owned()))) {
        Ok(warrant) => warrant,
        Err(refusal) => {
            keep(&proposals, id, proposal);
            return tell(shared, Acted::Refused(id, refusal)).await;
        }
    };
    let said = Slot::<Said>::default();
    let carry = async {
        let ended = guard.carry_out(warrant, true, &|report| said.fold(|said| said.add(report))).await;
        said.fold(|said| said.over = true);
        ended
    };
    let (ended, ()) = tokio::join!(carry, pass_on(shared, &guard, id, &said));
    if let Ended::Moved { proposal: Ok(anew), .. } = &ended {
        keep(&proposals, id, Proposal::clone(anew));
    }
    tell(shared, Acted::Ended(id, Arc::new(ended))).await;
    tell(shared, Acted::Armed(guard.armed(shared.sources.now()))).await;
}

/// Tells what is said. Each step that was accepted starts the time of what is armed anew, and following it may take longer than that:
/// it is told at once.
async fn pass_on(shared: &Shared, guard: &Guard, id: u64, said: &Slot<Said>) {
    loop {
        let Said { words, over } = said.take().await;
        for report in words {
            let renewed = matches!(report, Report::Sent(_, Sent::Accepted { .. }));
            tell(shared, Acted::Report(id, report)).await;
            if renewed {
                tell(shared, Acted::Armed(guard.armed(shared.sources.now()))).await;
            }
        }
        if over {
            return;
        }
    }
}

async fn tell(shared: &Shared, acted: Acted) {
    shared.report.tell(Event::Acted(acted)).await;
}

#[cfg(test)]
mod tests;
