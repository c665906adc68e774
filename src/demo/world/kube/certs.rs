//! cert-manager: a certificate whose secret is missing is issued anew.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::deploy::names;
use super::event::{About, Said};
use super::json::{int, stamp, text};
use super::steps::Step;
use super::store::Store;
use super::{KubeCluster, condition};

const DAY: i64 = 86_400;
/// How long a certificate holds, and how long before its end it is renewed.
const HOLDS: i64 = 90 * DAY;
const RENEWED: i64 = 30 * DAY;

impl KubeCluster {
    /// Begins to issue certificates whose secrets are not there.
    pub(super) fn renew_missing(&mut self, namespace: &str) {
        for name in names(&self.store, "certificates", namespace) {
            let Some(certificate) = self.store.doc("certificates", namespace, &name).cloned() else { continue };
            let there = self.store.get("secrets", namespace, text(&certificate, "/spec/secretName")).is_some();
            let under_way = condition(&certificate, "Issuing").is_some_and(|it| it["status"] == "True");
            if there || under_way {
                continue;
            }
            let why = "Issuing certificate as Secret does not exist";
            let now = stamp(self.now);
            self.store.edit("certificates", namespace, &name, |it| {
                let of = |kind: &str, status: &str| {
                    json!({
                        "type": kind, "status": status, "reason": "DoesNotExist", "message": why, "lastTransitionTime": now,
                        "observedGeneration": 1,
                    })
                };
                it["status"]["conditions"] = json!([of("Issuing", "True"), of("Ready", "False")]);
            });
            self.say_of_certificate(&certificate, "Issuing", why.to_owned());
            self.later(1_800, Step::Issue { namespace: namespace.into(), name: name.into(), asked: false });
        }
    }

    fn say_of_certificate(&mut self, certificate: &Value, reason: &'static str, words: String) {
        let about = About::doc("certificates", certificate);
        self.tell(about, Said("Normal", reason, "cert-manager-certificates-issuing", words), None);
    }

    /// Asks for a certificate, and puts it in its secret when it has come.
    pub(super) fn issue(&mut self, namespace: &Arc<str>, name: &Arc<str>, asked: bool) {
        let Some(certificate) = self.store.doc("certificates", namespace, name).cloned() else { return };
        let revision = int(&certificate, "/status/revision").unwrap_or(0) + 1;
        let request = format!("{name}-{revision}");
        if !asked {
            let words = "Stored new private key in temporary Secret resource".to_owned();
            self.say_of_certificate(&certificate, "Generated", words);
            let words = format!("Created new CertificateRequest resource \"{request}\"");
            self.say_of_certificate(&certificate, "Requested", words);
            self.add_request(&certificate, &request, false);
            self.later(4_200, Step::Issue { namespace: Arc::clone(namespace), name: Arc::clone(name), asked: true });
            return;
        }
        let now = self.now;
        self.store.edit("certificaterequests", namespace, &request, |it| it["status"] = approved(now));
        self.add_tls(namespace, text(&certificate, "/spec/secretName"), name, now);
        self.store.edit("certificates", namespace, name, |it| it["status"] = issued(now, HOLDS, revision));
        let words = "The certificate has been successfully issued".to_owned();
        self.say_of_certificate(&certificate, "Issuing", words);
    }

    pub(super) fn add_request(&mut self, certificate: &Value, name: &str, done: bool) {
        let now = self.now;
        let request = json!({
            "metadata": {
                "name": name, "namespace": certificate["metadata"]["namespace"],
                "annotations": { "cert-manager.io/certificate-name": certificate["metadata"]["name"] },
                "ownerReferences": [Store::reference("cert-manager.io/v1", "Certificate", certificate)],
            },
            "spec": { "issuerRef": certificate["spec"]["issuerRef"], "request": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNU" },
            "status": if done { approved(now) } else { json!({ "conditions": [] }) },
        });
        self.put("certificaterequests", request, now);
    }

    pub(super) fn add_tls(&mut self, namespace: &str, secret: &str, certificate: &str, since: Timestamp) {
        let part = |what: &str, length: usize| {
            super::super::dice::hex(super::super::dice::hash(self.seed, &format!("{what}{since}")), length)
        };
        let secret = json!({
            "metadata": {
                "name": secret, "namespace": namespace,
                "annotations": { "cert-manager.io/certificate-name": certificate, "cert-manager.io/issuer-name": "letsencrypt-prod" },
            },
            "type": "kubernetes.io/tls",
            "data": { "tls.crt": part("certificate", 2_048), "tls.key": part("key", 1_024) },
        });
        self.put("secrets", secret, since);
    }
}

fn approved(now: Timestamp) -> Value {
    let of = |kind: &str, reason: &str, words: &str| json!({ "type": kind, "status": "True", "reason": reason, "message": words, "lastTransitionTime": stamp(now) });
    json!({ "conditions": [
        of("Approved", "cert-manager.io", "Certificate request has been approved by cert-manager.io"),
        of("Ready", "Issued", "Certificate fetched from issuer successfully"),
    ] })
}

/// The status of a certificate that was issued at an instant and holds for so many seconds.
pub(super) fn issued(at: Timestamp, holds: i64, revision: i64) -> Value {
    let end = super::after(at, holds);
    json!({
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Ready", "message": "Certificate is up to date and has not expired",
            "lastTransitionTime": stamp(at), "observedGeneration": 1,
        }],
        "notBefore": stamp(at), "notAfter": stamp(end), "renewalTime": stamp(super::after(end, -RENEWED)), "revision": revision,
    })
}
