//! One step on its way: intent, permit, request, outcome. From the intent on it is a task of its own that nobody's impatience ends,
//! so that whatever was sent is written down.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{At, Clock, Hands, Permit, record};
use crate::journal::{Draft, Event, Journal, Outcome, Place, Run, Who};
use crate::model::{Fault, FaultClass, Plan, Sent};

/// Why nothing more is sent.
const LEFT: &str = "the console is being left";

/// A step that is to be sent.
pub(super) struct Sending {
    pub(super) hands: Arc<dyn Hands>,
    pub(super) pen: Pen,
    pub(super) plan: Arc<Plan>,
    pub(super) at: At,
    pub(super) intent: Event,
    pub(super) underway: Arc<Underway>,
    pub(super) busy: Busy,
}

/// What came of it.
pub(super) enum Came {
    /// It has not left, and why.
    NotSent(String),
    /// It has left.
    Answered {
        sent: Sent,
        /// Why the outcome is not in the journal, if it is not.
        unwritten: Option<String>,
    },
}

impl Sending {
    /// Sends it, once. `leaves` is told when the intent is on disk.
    pub(super) async fn drive(self, leaves: oneshot::Sender<()>) -> Came {
        let Some(step) = self.plan.steps.get(self.at.step) else {
            return Came::NotSent("the plan has no such step".to_owned());
        };
        self.pen.run.begin();
        if let Err(why) = self.pen.write(self.intent.clone()).await {
            self.pen.run.settle();
            return Came::NotSent(why);
        }
        let Some(mark) = self.underway.mark(&self.pen, self.at) else {
            self.not_sent(LEFT).await;
            return Came::NotSent(LEFT.to_owned());
        };
        let permit = Permit::issue(step);
        let At { part, step } = self.at;
        if let Err(why) = self.pen.write(Event::Sent { part, step }).await {
            self.not_sent(&why).await;
            return Came::NotSent(why);
        }
        // The console may have been left while that was written.
        if !mark.leaves() {
            self.not_sent(LEFT).await;
            return Came::NotSent(LEFT.to_owned());
        }
        // Whoever waits may have gone.
        let _ = leaves.send(());
        let sent = self.send(permit).await;
        let written = self.pen.write(record::outcome(self.at, &sent)).await;
        if written.is_ok() {
            self.pen.run.settle();
        }
        drop(self.busy);
        Came::Answered { sent, unwritten: written.err() }
    }

    /// In a task of its own: a panic there is no answer.
    async fn send(&self, permit: Permit) -> Sent {
        let (hands, plan, step) = (Arc::clone(&self.hands), Arc::clone(&self.plan), self.at.step);
        let sent = tokio::spawn(async move { hands.send(&plan, step, permit).await }).await;
        sent.unwrap_or_else(|error| {
            let words =
                if error.is_panic() { "sending broke off by a fault of ours" } else { "sending was broken off" };
            Sent::Unknown(Fault::new(FaultClass::Bug, words))
        })
    }

    /// Writes down that the intent came to nothing.
    async fn not_sent(&self, why: &str) {
        let At { part, step } = self.at;
        let fault = Some(format!("not sent: {why}"));
        let event = Event::Outcome { part, step, outcome: Outcome::Failed, request_id: None, fault };
        if self.pen.write(event).await.is_ok() {
            self.pen.run.settle();
        }
    }
}

/// Writes entries of one part of a run.
#[derive(Clone)]
pub(super) struct Pen {
    pub(super) journal: Arc<Journal>,
    pub(super) run: Arc<Run>,
    pub(super) clock: Clock,
    pub(super) who: Who,
    pub(super) place: Place,
}

impl Pen {
    fn draft(&self, event: Event) -> Draft {
        let (run, who, place) = (self.run.id().to_owned(), self.who.clone(), self.place.clone());
        Draft { at: (self.clock)(), run, who, place, event }
    }

    /// Writes an entry, to disk, off the runtime. In words why not.
    pub(super) async fn write(&self, event: Event) -> Result<(), String> {
        let (journal, draft) = (Arc::clone(&self.journal), self.draft(event));
        let written = tokio::task::spawn_blocking(move || journal.append(draft).map_err(|error| error.to_string()));
        match written.await {
            Ok(written) => written.map(|_| ()).map_err(|why| format!("the journal can't be written: {why}")),
            Err(error) => Err(format!("the journal can't be written: {error}")),
        }
    }
}

/// The steps whose request has left, or is about to, and has not been answered.
#[derive(Default)]
pub(super) struct Underway(Mutex<Steps>);

#[derive(Default)]
struct Steps {
    /// Nothing more is sent.
    closed: bool,
    steps: BTreeMap<Key, Pending>,
}

#[derive(Clone)]
struct Pending {
    pen: Pen,
    /// Its request leaves now or has left: nobody can call it back.
    leaves: bool,
}

/// A step of a run.
type Key = (String, At);

impl Underway {
    fn steps(&self) -> MutexGuard<'_, Steps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing more is sent.
    pub(super) fn is_closed(&self) -> bool {
        self.steps().closed
    }

    /// `None` where nothing more is sent.
    fn mark(self: &Arc<Self>, pen: &Pen, at: At) -> Option<Mark> {
        let mut steps = self.steps();
        let key = (pen.run.id().to_owned(), at);
        (!steps.closed).then(|| {
            steps.steps.insert(key.clone(), Pending { pen: pen.clone(), leaves: false });
            Mark { underway: Arc::clone(self), key }
        })
    }

    /// Closes, and writes down what has left as unknown: nobody can say what becomes of it. It stays open, so that the next start
    /// tells of it, unless an answer still comes. What has not left never will, which is written down as well. How many have left.
    pub(super) fn hang_up(&self) -> usize {
        let pending = {
            let mut steps = self.steps();
            steps.closed = true;
            steps.steps.clone()
        };
        let unknown = pending.values().filter(|pending| pending.leaves).count();
        for ((_, At { part, step }), Pending { pen, leaves }) in pending {
            let (outcome, fault) = if leaves {
                (Outcome::Unknown, "the console was left before an answer came".to_owned())
            } else {
                (Outcome::Failed, format!("not sent: {LEFT}"))
            };
            let event = Event::Outcome { part, step, outcome, request_id: None, fault: Some(fault) };
            if let Err(error) = pen.journal.append(pen.draft(event)) {
                tracing::error!("that the console was left could not be journalled: {error}");
            }
        }
        unknown
    }
}

/// As long as a step is under way.
struct Mark {
    underway: Arc<Underway>,
    key: Key,
}

impl Mark {
    /// Its request is about to leave; `false` where nothing more is sent. From here on a hang-up counts it as unknown: there is no
    /// moment between in which it could leave and be told as not sent.
    fn leaves(&self) -> bool {
        let mut steps = self.underway.steps();
        if steps.closed {
            return false;
        }
        if let Some(pending) = steps.steps.get_mut(&self.key) {
            pending.leaves = true;
        }
        true
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.underway.steps().steps.remove(&self.key);
    }
}

/// Counts as long as there is something to be sent.
pub(super) struct Busy(Arc<AtomicUsize>);

impl Busy {
    pub(super) fn count(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(counter))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
