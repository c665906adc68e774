//! What the details of all kinds of Kubernetes end with.

use kube::core::ObjectMeta;

use super::{event, meta};
use crate::kinds::parts;
use crate::model::{Detail, Section};
use crate::providers::kube::Cluster;

/// A detail of these blocks, its events, and what every object has. `kind` is the API's word. Blocks that say nothing are left out.
pub async fn whole(cluster: &Cluster, kind: &str, meta: &ObjectMeta, mut sections: Vec<Section>) -> Detail {
    sections.push(event::recent(cluster, kind, meta).await);
    sections.extend(meta::metadata(&cluster.scope, meta));
    Detail { sections: parts::filled(sections) }
}
