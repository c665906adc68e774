//! A small API server for the tests of actions: objects by their paths, patches that are really applied, and a record of what it saw.
//! In front of it is the gate that stands before every cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Map, Value as Json, json};
use tower::{BoxError, Layer, service_fn};

use super::super::rig::Rig;
use super::super::{ActionDef, check};
use crate::guard::Permit;
use crate::model::{Difference, Fault, Fields, Followed, Headway, Order, Plan, ResourceId, Scope, Sent};
use crate::providers::Acting;
use crate::providers::kube::{Gate, Reach};

#[derive(Default)]
pub(in crate::actions) struct Server {
    pub(in crate::actions) objects: BTreeMap<String, Json>,
    /// Changes that were done, and those that were tried, as steps say them.
    pub(in crate::actions) done: Vec<Map<String, Json>>,
    pub(in crate::actions) tried: Vec<Map<String, Json>>,
    /// `patch deployments/scale`.
    pub(in crate::actions) denied: BTreeSet<&'static str>,
    /// Answers that are given instead, by method and path.
    pub(in crate::actions) instead: BTreeMap<String, (u16, Json)>,
    /// Questions, in order.
    pub(in crate::actions) asked: Vec<String>,
}

/// An action before such a server.
pub(in crate::actions) struct Stand {
    pub(in crate::actions) acting: Acting,
    pub(in crate::actions) server: Arc<Mutex<Server>>,
    _rig: Rig,
}

pub(in crate::actions) fn status(code: u16, message: &str) -> (u16, Json) {
    (code, json!({ "kind": "Status", "status": "Failure", "code": code, "message": message }))
}

impl Stand {
    /// With these objects at these paths.
    pub(in crate::actions) async fn new(objects: &[(&str, Json)]) -> Self {
        let objects = objects.iter().map(|(path, object)| ((*path).to_owned(), object.clone())).collect();
        let server = Arc::new(Mutex::new(Server { objects, ..Server::default() }));
        let rig = Rig::new();
        let mut acting = Arc::into_inner(rig.acting("beta9-prod").await).unwrap();
        let scope = acting.env.scope.in_cluster("beta9");
        let answering = Arc::clone(&server);
        let inner = service_fn(move |request: Request<Body>| {
            let server = Arc::clone(&answering);
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect_bytes().await?;
                let (code, answer) = server.lock().unwrap_or_else(PoisonError::into_inner).answer(&parts, &body);
                Ok::<_, BoxError>(Response::builder().status(code).body(Body::from(serde_json::to_vec(&answer)?))?)
            }
        });
        let client = Client::new(Gate::permitting(&scope).layer(inner), "default");
        acting.cluster = Some(Arc::new(Reach::for_tests(scope, client)));
        Self { acting, server, _rig: rig }
    }

    pub(in crate::actions) fn server(&self) -> std::sync::MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes an object as somebody else would.
    pub(in crate::actions) fn set(&self, path: &str, pointer: &str, value: Json) {
        let mut server = self.server();
        *server.objects.get_mut(path).unwrap().pointer_mut(pointer).unwrap() = value;
    }

    /// A plan for what the command line's fields say.
    pub(in crate::actions) async fn plan(
        &self,
        action: &'static ActionDef,
        fields: &[(&'static str, &str)],
    ) -> Result<Plan, Fault> {
        let mut fields: Fields = fields.iter().map(|(field, value)| (*field, (*value).to_owned())).collect();
        fields.insert("cluster", "beta9".to_owned());
        let target = (action.locate)(&self.acting, &fields).await?;
        self.ordered(action, &Order { action: action.id, target, fields }).await
    }

    pub(in crate::actions) async fn ordered(&self, action: &'static ActionDef, order: &Order) -> Result<Plan, Fault> {
        check(action, &order.fields).map_err(|problem| super::invalid(problem.to_string()))?;
        let plan = (action.plan)(&self.acting, &order.target, &order.fields).await?;
        assert!(plan.steps.iter().all(|step| action.sends.contains(&step.operation)), "{:?}", plan.steps);
        assert!(plan.steps.iter().all(|step| step.scope == scope_of(&order.target)), "{:?}", plan.steps);
        Ok(plan)
    }

    pub(in crate::actions) async fn look(&self, action: &ActionDef, plan: &Plan, step: usize) -> Vec<Difference> {
        let step = &plan.steps[step];
        step.seen.differences(&(action.look)(&self.acting, plan, step).await.unwrap())
    }

    pub(in crate::actions) async fn send(&self, action: &ActionDef, plan: &Plan, step: usize) -> Sent {
        let step = &plan.steps[step];
        (action.send)(&self.acting, plan, step, Permit::for_tests(step)).await
    }

    pub(in crate::actions) async fn follow(
        &self,
        action: &ActionDef,
        plan: &Plan,
        step: usize,
    ) -> (Followed, Vec<Headway>) {
        let told = Mutex::new(Vec::new());
        let watch = |headway: Headway| told.lock().unwrap().push(headway);
        let followed = (action.follow)(&self.acting, plan, &plan.steps[step], &watch).await.unwrap();
        (followed, told.into_inner().unwrap())
    }

    /// Looks, sends and follows every step. What the server saw is what the steps say, and nothing else.
    pub(in crate::actions) async fn carry_out(&self, action: &ActionDef, plan: &Plan) -> Vec<String> {
        let mut words = Vec::new();
        for (number, step) in plan.steps.iter().enumerate() {
            assert_eq!(self.look(action, plan, number).await, [], "{}: nothing has moved", step.words);
            let sent = self.send(action, plan, number).await;
            assert!(matches!(sent, Sent::Accepted { .. }), "{}: {sent:?}", step.words);
            match self.follow(action, plan, number).await.0 {
                Followed::Verified(said) => words.push(said.to_string()),
                failed @ Followed::Failed(_) => panic!("{}: {failed:?}", step.words),
            }
        }
        let said: Vec<_> = plan.steps.iter().map(|step| step.input.clone()).collect();
        assert_eq!(self.server().done, said);
        words
    }
}

fn scope_of(id: &ResourceId) -> Scope {
    Scope { namespace: None, ..id.scope.clone() }
}

impl Server {
    fn answer(&mut self, parts: &http::request::Parts, body: &[u8]) -> (u16, Json) {
        let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default());
        let body: Option<Json> = (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap());
        if path.ends_with("/selfsubjectaccessreviews") {
            return (201, self.review(&body.unwrap()));
        }
        if path.ends_with("/selfsubjectreviews") {
            return (201, json!({ "status": { "userInfo": { "username": "anna" } } }));
        }
        if parts.method == "GET" {
            self.asked.push(path.clone());
            if let Some(answer) = self.instead.get(&format!("GET {path}")) {
                return answer.clone();
            }
            let missing = || status(404, &format!("{path} not found"));
            // A page of a list lies at its whole path.
            let found = self.objects.get(&format!("{path}?{query}")).or_else(|| self.objects.get(&path));
            return found.map_or_else(missing, |object| (200, object.clone()));
        }
        let mut input = super::input(&[("method", parts.method.as_str().into()), ("path", path.clone().into())]);
        let rest: Vec<&str> = query.split('&').filter(|it| !it.is_empty() && *it != "dryRun=All").collect();
        if !rest.is_empty() {
            input.insert("query".to_owned(), rest.join("&").into());
        }
        if let Some(sort) = parts.headers.get("content-type") {
            input.insert("contentType".to_owned(), sort.to_str().unwrap().into());
        }
        input.extend(body.clone().map(|body| ("body".to_owned(), body)));
        let dry = query.contains("dryRun=All");
        if dry {
            self.tried.push(input);
        } else {
            self.done.push(input);
        }
        if let Some(answer) = self.instead.get(&format!("{} {path}", parts.method)) {
            return answer.clone();
        }
        match parts.method.as_str() {
            "PATCH" => self.patch(&path, body.as_ref().unwrap(), dry),
            "DELETE" => self.delete(&path, dry),
            _ => self.delete(path.strip_suffix("/eviction").unwrap(), dry),
        }
    }

    fn review(&self, body: &Json) -> Json {
        let text = |name: &str| body.pointer(&format!("/spec/resourceAttributes/{name}")).and_then(Json::as_str);
        let sub = text("subresource").map(|sub| format!("/{sub}")).unwrap_or_default();
        let what = format!("{} {}{sub}", text("verb").unwrap(), text("resource").unwrap());
        json!({ "status": { "allowed": !self.denied.contains(&*what), "reason": "" } })
    }

    fn patch(&mut self, path: &str, changes: &Json, dry: bool) -> (u16, Json) {
        let path = path.strip_suffix("/scale").unwrap_or(path);
        let Some(object) = self.objects.get(path) else { return status(404, "not found") };
        let mut new = object.clone();
        for change in changes.as_array().unwrap() {
            let (at, value) = (change["path"].as_str().unwrap(), &change["value"]);
            let there = new.pointer(at).cloned().unwrap_or_default();
            // No replicas are not said.
            let there = if at == "/spec/replicas" && there == json!(0) { Json::Null } else { there };
            match change["op"].as_str().unwrap() {
                "test" if there != *value => {
                    return status(422, "the server rejected our request due to an error in our request");
                }
                "test" => {}
                _ => put(&mut new, at, value.clone()),
            }
        }
        if !dry {
            settle(&mut new);
            self.objects.insert(path.to_owned(), new);
        }
        (200, json!({ "metadata": { "resourceVersion": "8" } }))
    }

    fn delete(&mut self, path: &str, dry: bool) -> (u16, Json) {
        if !self.objects.contains_key(path) {
            return status(404, "not found");
        }
        if !dry {
            let gone = self.objects.remove(path).unwrap();
            let uid = gone.pointer("/metadata/uid").cloned();
            for list in self.objects.values_mut().filter_map(|list| list.get_mut("items")?.as_array_mut()) {
                list.retain(|item| item.pointer("/metadata/uid").cloned() != uid);
            }
        }
        (200, json!({ "kind": "Status", "status": "Success" }))
    }
}

/// Puts a value at a place, whose parent is there.
fn put(object: &mut Json, at: &str, value: Json) {
    let (parent, name) = at.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    object.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name, value);
}

/// What controllers would make of it.
fn settle(object: &mut Json) {
    let Some(generation) = object.pointer("/metadata/generation").and_then(Json::as_i64) else { return };
    object["metadata"]["generation"] = (generation + 1).into();
    let replicas = object.pointer("/spec/replicas").cloned().unwrap_or_else(|| 1.into());
    object["status"] = json!({
        "observedGeneration": generation + 1,
        "replicas": replicas, "readyReplicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas,
    });
}
