//! Reads from a request what is asked for: verb, type, place, subresource, parameters, body. It must not know the clusters.

use http::request::Parts;
use serde_json::{Value, json};

use crate::demo::world::kube::{Refusal, Type};

/// A request, taken apart.
#[derive(Debug, Default, Clone)]
pub struct Ask {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// Empty: the core.
    pub group: String,
    pub version: String,
    /// Empty: no resource, but what `path` says.
    pub plural: String,
    /// Empty: none, or all.
    pub namespace: String,
    pub name: String,
    pub sub: String,
    pub accept: String,
    pub content_type: String,
    pub body: Value,
    /// Whether the body could be read.
    pub legible: bool,
    method: String,
    pub path: String,
    query_text: String,
    query: Vec<(String, String)>,
}

impl Ask {
    pub fn read(head: &Parts, body: &[u8]) -> Self {
        let header = |name| head.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        let query_text = head.uri.query().unwrap_or_default().to_owned();
        let parsed = if body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(body).ok() };
        let mut ask = Self {
            accept: header(http::header::ACCEPT),
            content_type: header(http::header::CONTENT_TYPE).split(';').next().unwrap_or_default().to_owned(),
            legible: parsed.is_some(),
            body: parsed.unwrap_or_default(),
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: form_urlencoded::parse(query_text.as_bytes()).into_owned().collect(),
            query_text,
            ..Self::default()
        };
        ask.read_path();
        ask.verb = ask.verb_of();
        ask
    }

    fn read_path(&mut self) {
        let decoded = percent_encoding::percent_decode_str(&self.path).decode_utf8_lossy().into_owned();
        let parts: Vec<&str> = decoded.split('/').filter(|part| !part.is_empty()).collect();
        let rest = match parts.as_slice() {
            ["api", version, rest @ ..] => {
                (*version).clone_into(&mut self.version);
                rest
            }
            ["apis", group, version, rest @ ..] => {
                (*group).clone_into(&mut self.group);
                (*version).clone_into(&mut self.version);
                rest
            }
            _ => return,
        };
        let place = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() && !matches!(rest[0], "status" | "finalize") => {
                (*namespace).clone_into(&mut self.namespace);
                rest
            }
            rest => rest,
        };
        for (part, at) in place.iter().zip([&mut self.plural, &mut self.name, &mut self.sub]) {
            (*part).clone_into(at);
        }
    }

    fn verb_of(&self) -> String {
        let named = !self.name.is_empty();
        match self.method.as_str() {
            "GET" | "HEAD" if self.flag("watch") => "watch",
            "GET" | "HEAD" if named || self.plural.is_empty() => "get",
            "GET" | "HEAD" => "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            _ if named => "delete",
            _ => "deletecollection",
        }
        .to_owned()
    }

    /// `patch deployments/scale`; where there is no resource, the path: `get /version`.
    pub fn operation(&self) -> String {
        match (self.plural.as_str(), self.sub.as_str()) {
            ("", _) => format!("{} {}", self.verb, self.path),
            (plural, "") => format!("{} {plural}", self.verb),
            (plural, sub) => format!("{} {plural}/{sub}", self.verb),
        }
    }

    /// A parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn flag(&self, name: &str) -> bool {
        matches!(self.param(name), Some("true" | "1"))
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.param(name)?.parse().ok()
    }

    /// Whether it is only tried: by the parameter, or by the options in the body.
    pub fn is_dry(&self) -> bool {
        let within = |options: &Value| options["dryRun"].as_array().is_some_and(|all| all.iter().any(|it| it == "All"));
        self.param("dryRun") == Some("All") || within(&self.body) || within(&self.body["deleteOptions"])
    }

    /// Whether it is one of the questions about oneself, which are asked by creating them.
    pub fn is_review(&self) -> bool {
        matches!(self.plural.as_str(), "selfsubjectaccessreviews" | "selfsubjectrulesreviews" | "selfsubjectreviews")
    }

    /// Whether it changes something.
    pub fn changes(&self) -> bool {
        let reads =
            matches!(self.verb.as_str(), "get" | "list" | "watch") && !matches!(self.sub.as_str(), "exec" | "attach");
        !reads && !self.is_review() && !self.is_dry()
    }

    /// As it came.
    pub fn as_sent(&self) -> Value {
        let mut sent = json!({ "method": self.method, "path": self.path });
        for (key, value) in [("query", &self.query_text), ("contentType", &self.content_type)] {
            if !value.is_empty() {
                sent[key] = value.as_str().into();
            }
        }
        if !self.body.is_null() {
            sent["body"] = self.body.clone();
        }
        sent
    }

    /// The type it is about.
    pub fn of(&self) -> Result<&'static Type, Refusal> {
        Type::find(&self.group, &self.version, &self.plural)
            .ok_or_else(|| Refusal::new(404, "NotFound", "the server could not find the requested resource"))
    }

    /// The namespace, if it asks for one.
    pub fn space(&self) -> Option<&str> {
        Some(self.namespace.as_str()).filter(|it| !it.is_empty())
    }
}
