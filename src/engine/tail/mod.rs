//! Tails: lines of one or several log groups, merged. Each source has a reader of its own, so that one that can't be read stops no
//! other; a gatherer brings their lines in order and in batches.

mod gather;
mod reader;
mod recent;
mod sift;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use self::gather::Gather;
use self::reader::Reader;
use super::slot::Slot;
use super::{Event, Shared, TailEvent};
use crate::model::TailSpec;

/// Room for what readers have found, in pages: a page has up to ten thousand lines.
const PAGES: usize = 4;

/// What is to be started and stopped.
#[derive(Debug, Default)]
pub(super) struct Orders {
    start: Vec<TailSpec>,
    stop: Vec<u64>,
}

impl Orders {
    pub(super) fn start(&mut self, spec: TailSpec) {
        self.start.push(spec);
    }

    /// One that has not begun yet never does.
    pub(super) fn stop(&mut self, id: u64) {
        self.start.retain(|spec| spec.id != id);
        self.stop.push(id);
    }
}

/// Runs tails.
pub(super) struct Tails {
    shared: Arc<Shared>,
    orders: Arc<Slot<Orders>>,
    running: JoinSet<u64>,
    by_id: HashMap<u64, AbortHandle>,
}

impl Tails {
    pub(super) fn new(shared: Arc<Shared>, orders: Arc<Slot<Orders>>) -> Self {
        Self { shared, orders, running: JoinSet::new(), by_id: HashMap::new() }
    }

    /// Runs until it is dropped, and with it all tails.
    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                orders = self.orders.take() => self.follow(orders),
                Some(ended) = self.running.join_next() => match ended {
                    Ok(id) => {
                        self.by_id.remove(&id);
                    }
                    Err(error) if error.is_panic() => tracing::error!(%error, "a tail was lost"),
                    Err(_) => {}
                },
            }
        }
    }

    fn follow(&mut self, orders: Orders) {
        for id in orders.stop {
            if let Some(tail) = self.by_id.remove(&id) {
                tail.abort();
            }
        }
        for spec in orders.start {
            let id = spec.id;
            let tail = run(spec, Arc::clone(&self.shared));
            self.by_id.insert(id, self.running.spawn(tail));
        }
    }
}

/// One tail, until its range is complete or it is stopped.
async fn run(spec: TailSpec, shared: Arc<Shared>) -> u64 {
    let (out, found) = mpsc::channel(PAGES);
    let mut readers = JoinSet::new();
    for index in 0..spec.sources.len() {
        readers.spawn(Reader::new(&spec, index, Arc::clone(&shared), out.clone()).run());
    }
    drop(out);
    let tell = |event| shared.report.tell(Event::Tail(spec.id, event));
    Gather::new(spec.sources.len(), &shared.pace).run(found, tell).await;
    if spec.until.is_some() {
        tell(TailEvent::End).await;
    }
    spec.id
}
