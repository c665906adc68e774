//! One watch: a type of object of one cluster, listed once and then followed. It runs for as long as somebody reads it, and keeps
//! what it has when the connection breaks. What is listed anew replaces what was there only when the list is whole. One that could
//! not list at all is over: whoever asks again begins a new one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use kube::runtime::WatchStreamExt;
use kube::runtime::utils::{Backoff, ResetTimerBackoff};
use kube::runtime::watcher::{Config, Error, Event, watcher};
use kube::{Api, Client};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::client::HEAD;
use super::fault::fault;
use super::moves::Moves;
use super::object::{APPLIED, Object, Shelf};
use crate::model::{Fault, FaultClass, Scope};

/// A watch that nobody has read for so long ends. It is longer than the cadence of what is on screen, and shorter than the
/// background's: what is not on screen is listed now and then, not watched.
const LEASE: Duration = Duration::from_secs(45);

/// Between two looks at the lease.
const LOOK: Duration = Duration::from_secs(5);

/// Between two attempts to take a broken watch up again, at first and at most. There is no jitter, so that one that has not failed
/// for longer than an attempt can take is known to run, even when nothing has happened since.
const PAUSE: Duration = Duration::from_millis(800);
const LONGEST: Duration = Duration::from_secs(30);
const MENDED: Duration = Duration::from_secs(LONGEST.as_secs() + HEAD.as_secs() + 10);

/// Pauses are short again after a watch has run for so long.
const RUNS: Duration = Duration::from_mins(2);

/// A watch is asked for anew after so long. A connection that died without a word is noticed a little later.
const ANEW: u32 = 90;

/// What may be listed and not watched is listed anew after so long.
const RELIST: Duration = Duration::from_secs(20);

/// Objects listed in one page.
const PAGE: u32 = 500;

/// By namespace and name.
pub(super) type Key = (Option<String>, String);

/// What is watched.
pub(super) trait Item: Send + Sync + 'static {
    /// How many are kept at most: the newest.
    const KEPT: usize;

    fn key(&self) -> Key;

    /// What tells the newest.
    fn at(&self) -> Option<Timestamp>;
}

impl<K: Object> Item for K {
    const KEPT: usize = <K as Object>::KEPT;

    fn key(&self) -> Key {
        (self.meta().namespace.clone(), self.meta().name.clone().unwrap_or_default())
    }

    fn at(&self) -> Option<Timestamp> {
        Object::at(self)
    }
}

/// A watch at work. It ends with the last handle on it.
pub(super) struct Watch<K> {
    kept: Arc<Mutex<Kept<K>>>,
    changed: tokio::sync::watch::Receiver<()>,
    task: AbortHandle,
}

struct Kept<K> {
    objects: BTreeMap<Key, Arc<K>>,
    /// What is being listed, until that is whole.
    listing: BTreeMap<Key, Arc<K>>,
    /// Whether a list was whole once.
    whole: bool,
    /// When that was last.
    listed: Instant,
    fault: Option<Fault>,
    /// When it failed last.
    failed: Instant,
    read: Instant,
    ended: bool,
    /// The plural of what is watched.
    what: &'static str,
}

impl<K> Drop for Watch<K> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where a watch looks, and whom it tells.
pub(super) struct Place {
    /// Environment and region.
    pub(super) scope: Scope,
    pub(super) moves: Arc<Moves>,
    /// The plural of what is watched.
    pub(super) what: &'static str,
}

/// What happens to the objects of a type, in the whole cluster or in one namespace.
pub(super) fn events<K: Object>(
    client: Client,
    namespace: Option<&str>,
) -> impl Stream<Item = Result<Event<K>, Error>> + Send + 'static {
    let api: Api<K> = match namespace {
        Some(namespace) if K::NAMESPACED => Api::namespaced_with(client, namespace, &()),
        _ => Api::all_with(client, &()),
    };
    let events = watcher(api, Config::default().page_size(PAGE).timeout(ANEW));
    StreamExt::map(events, |event| event.map(|event| event.modify(slim)))
}

impl<K: Item> Watch<K> {
    /// Begins to watch. Must be called on a runtime.
    pub(super) fn start(place: Place, events: impl Stream<Item = Result<Event<K>, Error>> + Send + 'static) -> Self {
        let kept = Arc::new(Mutex::new(Kept {
            objects: BTreeMap::new(),
            listing: BTreeMap::new(),
            whole: false,
            listed: Instant::now(),
            fault: None,
            failed: Instant::now(),
            read: Instant::now(),
            ended: false,
            what: place.what,
        }));
        let (tell, changed) = tokio::sync::watch::channel(());
        let task = tokio::spawn(run(place, events, Arc::clone(&kept), tell)).abort_handle();
        Self { kept, changed, task }
    }

    /// Whether it has ended for want of readers.
    pub(super) fn is_over(&self) -> bool {
        self.kept().ended
    }

    /// The objects, where they are known and the watch runs.
    pub(super) fn present(&self) -> Option<Vec<Arc<K>>> {
        let kept = self.kept();
        let good = kept.whole && !kept.ended && kept.fault.is_none();
        good.then(|| kept.objects.values().cloned().collect())
    }

    /// The objects, as soon as the first list is whole. A glance does not keep the watch alive.
    pub(super) async fn read(&self, glance: bool) -> Result<Shelf<K>, Fault> {
        let mut changed = self.changed.clone();
        loop {
            {
                let mut kept = self.kept();
                if !glance {
                    kept.read = Instant::now();
                }
                if kept.whole && !kept.ended {
                    return Ok(Shelf { items: kept.objects.values().cloned().collect(), fault: kept.fault.clone() });
                }
                if let Some(fault) = &kept.fault {
                    return Err(fault.clone());
                }
            }
            if changed.changed().await.is_err() {
                return Err(Fault::new(FaultClass::Unreachable, "the watch has ended"));
            }
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept<K>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches until nobody reads any more, or to the first failure of one that has nothing to keep.
async fn run<K: Item>(
    place: Place,
    events: impl Stream<Item = Result<Event<K>, Error>> + Send + 'static,
    kept: Arc<Mutex<Kept<K>>>,
    tell: tokio::sync::watch::Sender<()>,
) {
    let lock = || kept.lock().unwrap_or_else(PoisonError::into_inner);
    let mut events = Box::pin(events.backoff(ResetTimerBackoff::new(Pauses(PAUSE), RUNS)));
    let mut looks = tokio::time::interval(LOOK);
    loop {
        let moved = match select(events.next(), Box::pin(looks.tick())).await {
            Either::Left((Some(event), _)) => lock().take(event),
            Either::Left((None, _)) => break,
            // Who waits for a first list that takes long is a reader too.
            Either::Right(_) if lock().read.elapsed() > LEASE && tell.receiver_count() < 2 => break,
            Either::Right(_) if lock().is_refused() => break,
            Either::Right(_) => lock().mended(),
        };
        if lock().is_futile() {
            break;
        }
        if moved {
            let _ = tell.send(());
            place.moves.tell(&place.scope, place.what);
        }
    }
    lock().end();
    // Whoever waits for the first list waits no longer.
    let _ = tell.send(());
}

/// From the first to the longest, each twice the one before.
struct Pauses(Duration);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (2 * pause).min(LONGEST);
        Some(pause)
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.0 = PAUSE;
    }
}

/// Who wrote which field fills half of an object, and is of no use here.
fn slim<K: Object>(object: &mut K) {
    object.meta_mut().managed_fields = None;
    if let Some(annotations) = &mut object.meta_mut().annotations {
        annotations.remove(APPLIED);
    }
}

impl<K: Item> Kept<K> {
    /// Takes the fault away from a watch that runs again although nothing has happened since; says whether there was one.
    fn mended(&mut self) -> bool {
        self.whole && self.failed.elapsed() > MENDED && self.fault.take().is_some()
    }

    /// Whether the list could be had, and the watch may not: whoever reads next lists anew.
    fn is_refused(&self) -> bool {
        let denied = self.fault.as_ref().is_some_and(|fault| matches!(fault.class, FaultClass::Denied { .. }));
        self.whole && denied && self.listed.elapsed() > RELIST
    }

    /// Whether it has failed before there was anything.
    fn is_futile(&self) -> bool {
        !self.whole && self.fault.is_some()
    }

    /// Nothing more comes, and nothing is kept for nobody.
    fn end(&mut self) {
        self.ended = true;
        self.objects.clear();
        self.listing.clear();
    }

    /// Takes an event; says whether a reader would see something else now.
    fn take(&mut self, event: Result<Event<K>, Error>) -> bool {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                let new = fault(self.what, &kube_error(error));
                let same = self.fault.as_ref().is_some_and(|known| known.class == new.class);
                self.fault = Some(new);
                self.failed = Instant::now();
                return !same;
            }
        };
        match event {
            Event::Init => {
                self.listing.clear();
                false
            }
            Event::InitApply(object) => {
                self.listing.insert(object.key(), Arc::new(object));
                bound(&mut self.listing);
                false
            }
            Event::InitDone => {
                self.objects = std::mem::take(&mut self.listing);
                self.whole = true;
                self.listed = Instant::now();
                self.fault = None;
                true
            }
            Event::Apply(object) => {
                self.objects.insert(object.key(), Arc::new(object));
                bound(&mut self.objects);
                self.fault = None;
                true
            }
            Event::Delete(object) => {
                self.fault = None;
                self.objects.remove(&object.key()).is_some()
            }
        }
    }
}

/// Drops the oldest of what comes without end, a tenth of them at a time.
fn bound<K: Item>(objects: &mut BTreeMap<Key, Arc<K>>) {
    if objects.len() <= K::KEPT.saturating_add(K::KEPT / 10) {
        return;
    }
    let mut times: Vec<_> = objects.values().map(|object| object.at()).collect();
    let over = times.len() - K::KEPT;
    let (_, oldest_kept, _) = times.select_nth_unstable(over);
    let oldest_kept = *oldest_kept;
    objects.retain(|_, object| object.at() >= oldest_kept);
}

/// The client's own error within the watcher's.
fn kube_error(error: Error) -> kube::Error {
    match error {
        Error::InitialListFailed(error) | Error::WatchStartFailed(error) | Error::WatchFailed(error) => error,
        Error::WatchError(status) => kube::Error::Api(status),
        other @ Error::NoResourceVersion => kube::Error::Service(other.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Clone, Debug, Deserialize)]
    struct Few {
        metadata: kube::core::ObjectMeta,
    }

    crate::object!(Few: "" "v1" "Few" "fews", true, newest 10 by Few::made);

    impl Few {
        fn made(&self) -> Option<jiff::Timestamp> {
            self.metadata.creation_timestamp.as_ref().map(|at| at.0)
        }
    }

    #[tokio::test]
    async fn what_could_not_be_listed_is_not_tried_again_by_itself() {
        let moves = Arc::<Moves>::default();
        let scope = Scope::new("shop-prod", "eu-central-1");
        let place = Place { scope, moves: Arc::clone(&moves), what: "fews" };
        let failed = || Err(Error::InitialListFailed(kube::Error::Service("nobody there".into())));
        let events = futures_util::stream::repeat_with(failed);
        let watch = Watch::<Few>::start(place, events);
        assert!(watch.read(false).await.is_err());
        assert!(watch.is_over(), "it does not try again by itself");
        assert!(watch.read(false).await.is_err(), "whoever is late hears it too");
        // Nobody is asked to look at what is not there.
        assert!(tokio::time::timeout(Duration::from_millis(50), moves.take()).await.is_err());
    }

    #[test]
    fn of_what_comes_without_end_the_newest_are_kept() {
        let mut objects = BTreeMap::new();
        for second in [5, 1, 9, 3, 7, 0, 8, 2, 6, 4, 11, 10] {
            let made = jiff::Timestamp::from_second(second).unwrap();
            let metadata = kube::core::ObjectMeta {
                name: Some(format!("few-{second}")),
                creation_timestamp: Some(made.into()),
                ..kube::core::ObjectMeta::default()
            };
            let few = Few { metadata };
            objects.insert(few.key(), Arc::new(few));
            bound(&mut objects);
        }
        let kept: std::collections::BTreeSet<i64> =
            objects.values().filter_map(|few| few.made()).map(jiff::Timestamp::as_second).collect();
        assert_eq!(kept, (2..12).collect());
    }
}
