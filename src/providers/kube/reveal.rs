//! One value of a secret, read on a permit: that somebody asked for it is on disk before. It is handed on once and kept nowhere else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::kept::Opened;
use super::reach::Reach;
use crate::guard::{Claim, Permit};
use crate::model::{Fault, FaultClass, Sent, text};

/// The operation that is permitted.
const OPERATION: &str = "k8s:get secrets";

impl Reach {
    /// Reads the value that a permit names by `path` and `key`, and keeps it for who takes it by `kept_by`.
    pub async fn reveal(&self, permit: Permit, kept_by: &str) -> Sent {
        match self.value(&permit.claim()).await {
            Ok(value) => {
                self.kept.keep(kept_by, Opened::Value(value));
                Sent::Accepted { request_id: None }
            }
            // Nothing is changed by reading, whatever became of it.
            Err(fault) => Sent::Refused(fault),
        }
    }

    async fn value(&self, claim: &Claim) -> Result<Vec<u8>, Fault> {
        let member = |name: &str| claim.input().get(name).and_then(Json::as_str).unwrap_or_default();
        let (path, key) = (member("path"), member("key"));
        if claim.cluster() != self.scope.cluster.as_deref() {
            return Err(Fault::new(FaultClass::Bug, "refused: the permit is for another cluster"));
        }
        // The gate lets reads pass by themselves: that this one is asked for once is for here to see to.
        claim.spend(&self.scope.environment, Some(&self.scope.region), OPERATION)?;
        let secret: Json = self.read(path).await?;
        let key = text::clean(key);
        let value = secret.get("data").and_then(|data| data.get(&*key)).and_then(Json::as_str);
        let value =
            value.ok_or_else(|| Fault::new(FaultClass::NotFound, format!("{path} has no key {key} any more")))?;
        // What can't be read is not repeated: it may be the secret.
        STANDARD
            .decode(value)
            .map_err(|_| Fault::new(FaultClass::Malformed, format!("the value of {key} is no base64")))
    }
}
