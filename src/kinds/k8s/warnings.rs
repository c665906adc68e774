//! Warnings about the objects of a cluster: what is not told of an object itself, such as which probe it does not pass. They are read
//! only where something is not well, at most every half minute, and never all that there are.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kube::core::ObjectMeta;

use super::Look;
use super::event::{Event, Events};
use crate::model::FaultClass;
use crate::providers::kube::Object;

/// What a list that asks for them stands on.
pub const NAME: &str = "warnings";

const AGE: Duration = Duration::from_secs(30);
/// So many are read: those that there are in all but a very sick cluster.
const MOST: &str = "2000";

/// Warnings by the uid of what they are about.
#[derive(Debug, Default)]
pub struct Warnings {
    events: Arc<Events>,
    by_uid: HashMap<String, Vec<usize>>,
}

impl Warnings {
    /// Of these events those that are warnings.
    pub fn new(events: Arc<Events>) -> Self {
        let mut by_uid: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, event) in events.items.iter().enumerate().filter(|(_, event)| event.is_warning()) {
            if let Some(uid) = &event.involved_object.uid {
                by_uid.entry(uid.clone()).or_default().push(at);
            }
        }
        Self { events, by_uid }
    }

    /// Those about an object.
    pub fn about(&self, meta: &ObjectMeta) -> impl Iterator<Item = &Event> {
        let places = meta.uid.as_deref().and_then(|uid| self.by_uid.get(uid));
        places.into_iter().flatten().filter_map(|at| self.events.items.get(*at))
    }

    /// The newest about an object with one of these reasons.
    pub fn newest(&self, meta: &ObjectMeta, reasons: &[&str]) -> Option<&Event> {
        self.about(meta).filter(|event| reasons.contains(&event.why())).max_by_key(|event| event.last())
    }

    /// The newest about an object with this reason and a word in it.
    pub fn newest_saying(&self, meta: &ObjectMeta, reason: &str, word: &str) -> Option<&Event> {
        let saying = self.about(meta).filter(|event| event.why() == reason && event.words().contains(word));
        saying.max_by_key(|event| event.last())
    }
}

/// The warnings of a cluster, as far as they may be read: what may not is missing among the reasons, and hides nothing else.
pub async fn of(look: &Look<'_>) -> Warnings {
    let path = Event::of(look.cluster.only().as_deref());
    let query = [("fieldSelector", "type=Warning"), ("limit", MOST)];
    match look.cluster.lately::<Events>(NAME, &path, &query, AGE).await {
        Some(Ok(events)) => Warnings::new(events),
        Some(Err(fault)) if !matches!(fault.class, FaultClass::Denied { .. }) => {
            look.lacks(fault);
            Warnings::default()
        }
        Some(Err(_)) | None => Warnings::default(),
    }
}
