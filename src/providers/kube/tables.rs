//! Objects of any type as the API server prints them, watched: the server's own columns, kept up to date by a watch of its tables.
//! What a printed row tells in words relative to now, such as `5m`, grows old without a change: each minute all is listed anew.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use http::header::{ACCEPT, HeaderValue};
use kube::Client;
use kube::core::WatchEvent;
use kube::runtime::watcher::{Error, Event};
use tokio::time::{sleep, timeout};

use super::cluster::{self, Cluster};
use super::discovery::ApiType;
use super::fault::fault;
use super::moves::ANY_TYPE;
use super::printed::{Page, PrintedColumn, PrintedRow, TABLE};
use super::watch::{Item, Key, Place, Watch};
use crate::model::{Fault, FaultClass};

/// All is listed anew after so long,
const ANEW: Duration = Duration::from_mins(1);
/// what can't be watched sooner.
const AGAIN: Duration = Duration::from_secs(20);
/// The server ends a watch in time; it is waited for a little longer.
const GRACE: Duration = Duration::from_secs(15);

/// Rows in one page.
const PAGE: &str = "500";

/// Rows that are kept at most: the newest.
const KEPT: usize = 10_000;

/// Printed objects as last seen.
#[derive(Debug)]
pub struct Table {
    /// The columns, in the server's order.
    pub columns: Arc<[PrintedColumn]>,
    /// The rows, by namespace and name.
    pub rows: Vec<Arc<PrintedRow>>,
    /// Why some may be old or missing.
    pub faults: Vec<Fault>,
}

/// A table that is watched.
pub(super) struct TableWatch {
    watch: Watch<PrintedRow>,
    told: Arc<Mutex<Told>>,
}

/// What is told beside the rows.
struct Told {
    columns: Arc<[PrintedColumn]>,
    /// What may not be read of the whole cluster, where only the context's own namespace may.
    missing: Option<Fault>,
}

impl Item for PrintedRow {
    const KEPT: usize = KEPT;

    fn key(&self) -> Key {
        (self.object.metadata.namespace.clone(), self.object.metadata.name.clone())
    }

    fn at(&self) -> Option<jiff::Timestamp> {
        self.object.metadata.creation_timestamp
    }
}

impl Cluster {
    /// The objects of a type as the server prints them, as soon as they are known. From then on they are watched for as long as this
    /// is asked again now and then.
    pub async fn table(&self, found: &ApiType) -> Result<Table, Fault> {
        let kept = self.tabled(found);
        let shelf = kept.watch.read(false).await?;
        let told = kept.told.lock().unwrap_or_else(PoisonError::into_inner);
        let over = (shelf.items.len() >= KEPT).then(|| {
            let words = format!("there are more {} than the newest {KEPT} that are shown", found.name());
            Fault::new(FaultClass::Invalid, words)
        });
        let faults = shelf.fault.into_iter().chain(told.missing.clone()).chain(over).collect();
        Ok(Table { columns: Arc::clone(&told.columns), rows: shelf.items, faults })
    }

    fn tabled(&self, found: &ApiType) -> Arc<TableWatch> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.retain(|_, kept| !kept.watch.is_over());
        let start = || {
            let told = Arc::new(Mutex::new(Told { columns: Arc::default(), missing: None }));
            let asking = Asking {
                of: Source { client: self.reads.clone(), found: found.clone(), namespace: None },
                own_namespace: self.access.own_namespace.clone().filter(|_| found.namespaced),
                cluster: Arc::clone(&self.name),
                told: Arc::clone(&told),
                at: At::Anew,
                events: VecDeque::new(),
            };
            let place = Place { scope: self.scope.region_scope(), moves: Arc::clone(&self.moves), what: ANY_TYPE };
            Arc::new(TableWatch { watch: Watch::start(place, asking.stream()), told })
        };
        Arc::clone(tables.entry(found.name()).or_insert_with(start))
    }
}

/// Lists, then watches, then lists anew.
struct Asking {
    of: Source,
    own_namespace: Option<Arc<str>>,
    cluster: Arc<str>,
    told: Arc<Mutex<Told>>,
    at: At,
    /// Taken from the server and not told yet.
    events: VecDeque<Event<PrintedRow>>,
}

/// Where it is asked.
struct Source {
    client: Client,
    found: ApiType,
    /// The namespace that is read in place of the whole cluster.
    namespace: Option<Arc<str>>,
}

enum At {
    /// All is to be listed.
    Anew,
    /// The page behind this token is to be listed.
    Page(String),
    /// Listed up to this version; changes from there on are to be watched.
    Listed(String),
    /// Changes come in.
    Watching(Changes),
}

type Changes = BoxStream<'static, kube::Result<WatchEvent<Page>>>;

impl Asking {
    fn stream(self) -> impl Stream<Item = Result<Event<PrintedRow>, Error>> + Send + 'static {
        stream::unfold(self, |mut asking| async move { Some((asking.next().await, asking)) })
    }

    async fn next(&mut self) -> Result<Event<PrintedRow>, Error> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            // Whatever fails, all is listed anew after it.
            match std::mem::replace(&mut self.at, At::Anew) {
                At::Anew => {
                    self.events.push_back(Event::Init);
                    self.of.namespace = None;
                    self.list(None).await?;
                }
                At::Page(token) => self.list(Some(&token)).await?,
                At::Listed(_) if !self.of.found.can("watch") => sleep(AGAIN).await,
                At::Listed(version) => self.at = At::Watching(self.of.watch(&version).await?),
                At::Watching(mut changes) => {
                    // A connection that died without a word is as good as one that has ended.
                    let Ok(Some(change)) = timeout(ANEW + GRACE, changes.next()).await else { continue };
                    if self.goes_on(change.map_err(Error::WatchFailed)?)? {
                        self.at = At::Watching(changes);
                    }
                }
            }
        }
    }

    async fn list(&mut self, token: Option<&str>) -> Result<(), Error> {
        let mut page = self.of.page(token).await;
        if let (Err(error), Some(own), None) = (&page, &self.own_namespace, token)
            && let denied = fault(&self.of.found.plural, error)
            && matches!(denied.class, FaultClass::Denied { .. })
        {
            let summary = format!("{}: only namespace {own}: {}", self.cluster, denied.summary);
            self.told().missing = Some(Fault { summary, ..denied });
            self.of.namespace = Some(Arc::clone(own));
            page = self.of.page(None).await;
        }
        let page = page.map_err(Error::InitialListFailed)?;
        if token.is_none() {
            let mut told = self.told();
            told.columns = page.columns.as_slice().into();
            if self.of.namespace.is_none() {
                told.missing = None;
            }
        }
        let (next, version) = (page.next().map(str::to_owned), page.version().map(str::to_owned));
        self.events.extend(page.into_rows().map(Event::InitApply));
        self.at = match (next, version) {
            (Some(next), _) if token == Some(&next) => {
                let words = format!("{}: the server repeats a page", self.of.found.plural);
                return Err(Error::InitialListFailed(kube::Error::Service(words.into())));
            }
            (Some(next), _) => At::Page(next),
            (None, version) => {
                self.events.push_back(Event::InitDone);
                At::Listed(version.unwrap_or_default())
            }
        };
        Ok(())
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a change, and says whether the next one can be waited for.
    fn goes_on(&mut self, change: WatchEvent<Page>) -> Result<bool, Error> {
        match change {
            WatchEvent::Added(page) | WatchEvent::Modified(page) => {
                self.events.extend(page.into_rows().map(Event::Apply));
            }
            WatchEvent::Deleted(page) => self.events.extend(page.into_rows().map(Event::Delete)),
            WatchEvent::Bookmark(_) => {}
            // The server has forgotten the version that was listed.
            WatchEvent::Error(status) if status.code == 410 => return Ok(false),
            WatchEvent::Error(status) => return Err(Error::WatchError(status)),
        }
        Ok(true)
    }
}

impl Source {
    async fn page(&self, token: Option<&str>) -> kube::Result<Page> {
        let next = token.map(|token| ("continue", token));
        let query: Vec<_> = [("limit", PAGE)].into_iter().chain(next).collect();
        let text = self.client.request_text(self.request(&query)?).await?;
        serde_json::from_str(&text).map_err(kube::Error::SerdeError)
    }

    async fn watch(&self, version: &str) -> Result<Changes, Error> {
        let seconds = ANEW.as_secs().to_string();
        let query = [("watch", "1"), ("resourceVersion", version), ("timeoutSeconds", &seconds)];
        let request = self.request(&query).map_err(Error::WatchStartFailed)?;
        let changes = self.client.request_events::<Page>(request).await.map_err(Error::WatchStartFailed)?;
        Ok(changes.boxed())
    }

    fn request(&self, query: &[(&str, &str)]) -> kube::Result<http::Request<Vec<u8>>> {
        let query: Vec<_> = query.iter().copied().chain([("includeObject", "Metadata")]).collect();
        let path = self.found.path(self.namespace.as_deref());
        let request = cluster::request(&path, &query);
        let mut request = request.map_err(|fault| kube::Error::Service(Box::new(fault)))?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(TABLE));
        Ok(request)
    }
}
