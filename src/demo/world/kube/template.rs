//! Templates: from an object's `spec.template` to what its pods share, and the hash that tells one revision from another.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::dice::hash;
use super::KubeCluster;
use super::json::{list, map, mebibytes, millicores, text};
use super::pod::{Load, Template};

/// What the hashes of templates and the ends of pods' names are written with.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// So many letters that follow from a number.
pub(super) fn letters(mut seed: u64, count: usize) -> String {
    let mut text = String::with_capacity(count);
    for _ in 0..count {
        text.push(char::from(LETTERS[(seed % LETTERS.len() as u64) as usize]));
        seed /= LETTERS.len() as u64;
    }
    text
}

/// What a template hashes to.
pub(super) fn hash_of(template: &Value) -> String {
    letters(hash(17, &template.to_string()), 10)
}

impl KubeCluster {
    /// What the pods of an owner share; the same for all of them.
    pub(super) fn template(&mut self, owner: &str, template: &Value, mark: Option<(&str, &str)>) -> Arc<Template> {
        let key = (owner.to_owned(), mark.map(|mark| mark.1.to_owned()).unwrap_or_default());
        let new = || Arc::new(Template::of(template, mark));
        Arc::clone(self.templates.entry(key).or_insert_with(new))
    }

    /// Lets templates go that no pod has any more.
    pub(super) fn forget_templates(&mut self) {
        self.templates.retain(|_, template| Arc::strong_count(template) > 1);
    }
}

impl Template {
    /// From the JSON of a template, with a label that marks its revision.
    fn of(template: &Value, mark: Option<(&str, &str)>) -> Self {
        let mut labels = map(template, "/metadata/labels").cloned().unwrap_or_default();
        if let Some((key, value)) = mark {
            labels.insert(key.to_owned(), value.into());
        }
        let mut spec = template["spec"].clone();
        for (key, value) in [
            ("restartPolicy", json!("Always")),
            ("terminationGracePeriodSeconds", json!(30)),
            ("dnsPolicy", json!("ClusterFirst")),
            ("schedulerName", json!("default-scheduler")),
            ("serviceAccountName", json!("default")),
        ] {
            if spec[key].is_null() {
                spec[key] = value;
            }
        }
        let asks = asks(&spec);
        let annotations = template.pointer("/metadata/annotations").filter(|it| it.is_object()).cloned();
        Self { labels, annotations, spec, asks }
    }

    pub(super) fn grace(&self) -> i64 {
        self.spec["terminationGracePeriodSeconds"].as_i64().unwrap_or(30)
    }

    pub(super) fn restarts(&self) -> bool {
        text(&self.spec, "/restartPolicy") == "Always"
    }
}

fn asks(spec: &Value) -> Load {
    let mut load = Load { pods: 1, ..Load::default() };
    for container in list(spec, "/containers") {
        let requests = &container["resources"]["requests"];
        load.cpu += millicores(&requests["cpu"]);
        load.memory += mebibytes(&requests["memory"]);
        load.gpus += millicores(&container["resources"]["limits"]["nvidia.com/gpu"]) / 1_000;
    }
    load
}
