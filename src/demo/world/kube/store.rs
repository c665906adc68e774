//! What is in a cluster, with the version of every change. It keeps what was deleted for some minutes, so that a watch can be taken
//! up from a version that is not too old. It must not know what the objects mean.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::model::Word;
use super::super::signal::after;
use super::event::Event;
use super::json::{map, text};
use super::pod::Pod;

/// Seconds for which what was deleted is remembered, and how much at most.
const REMEMBERED: i64 = 300;
const MOST_GONE: usize = 20_000;

/// An object: pods and events, of which there are many, in slim types, the rest as JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// Anything.
    Doc(Box<Doc>),
    /// A pod.
    Pod(Box<Pod>),
    /// An event.
    Event(Box<Event>),
}

/// An object as JSON, without what follows from its place: its type and its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Doc {
    /// Metadata, spec, status, data.
    pub json: Value,
    version: u64,
    first: u64,
}

/// Something that was deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Gone {
    /// Its type.
    pub plural: Word,
    /// As it was last.
    pub object: Object,
    /// The version of its deletion.
    pub version: u64,
    at: Timestamp,
}

/// By name.
type Shelf = BTreeMap<Arc<str>, Object>;

/// All objects: by type, by namespace (empty: none), by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    version: u64,
    /// Watches can't begin before it.
    horizon: u64,
    objects: BTreeMap<Word, BTreeMap<Arc<str>, Shelf>>,
    gone: VecDeque<Gone>,
    /// When something of a type last changed.
    latest: BTreeMap<Word, u64>,
}

impl Object {
    /// The version of its last change.
    pub fn version(&self) -> u64 {
        match self {
            Self::Doc(doc) => doc.version,
            Self::Pod(pod) => pod.version,
            Self::Event(event) => event.version,
        }
    }

    /// The version of its creation.
    pub fn first(&self) -> u64 {
        match self {
            Self::Doc(doc) => doc.first,
            Self::Pod(pod) => pod.first,
            Self::Event(event) => event.first,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Doc(doc) => text(&doc.json, "/metadata/name"),
            Self::Pod(pod) => &pod.name,
            Self::Event(event) => &event.name,
        }
    }

    /// Its namespace; empty where it has none.
    pub fn namespace(&self) -> &str {
        match self {
            Self::Doc(doc) => text(&doc.json, "/metadata/namespace"),
            Self::Pod(pod) => &pod.namespace,
            Self::Event(event) => &event.namespace,
        }
    }

    /// A label.
    pub fn label(&self, key: &str) -> Option<&str> {
        match self {
            Self::Doc(doc) => map(&doc.json, "/metadata/labels")?.get(key)?.as_str(),
            Self::Pod(pod) => pod.label(key),
            Self::Event(_) => None,
        }
    }

    fn stamp(&mut self, version: u64, new: bool) {
        let (at, first) = match self {
            Self::Doc(doc) => (&mut doc.version, &mut doc.first),
            Self::Pod(pod) => (&mut pod.version, &mut pod.first),
            Self::Event(event) => (&mut event.version, &mut event.first),
        };
        *at = version;
        if new {
            *first = version;
        }
    }
}

impl Store {
    /// Nothing, at a version.
    pub fn new(version: u64) -> Self {
        Self { version, horizon: version, objects: BTreeMap::new(), gone: VecDeque::new(), latest: BTreeMap::new() }
    }

    /// The version of the last change of anything.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The oldest version that a watch can begin at.
    pub fn horizon(&self) -> u64 {
        self.horizon
    }

    /// Forgets all changes so far: watches from older versions are gone.
    pub fn compact(&mut self) {
        self.horizon = self.version;
        self.gone.clear();
    }

    /// Whether something of a type has changed since a version.
    pub fn changed(&self, plural: &str, since: u64) -> bool {
        self.latest.get(plural).is_some_and(|latest| *latest > since)
    }

    /// An object.
    pub fn get(&self, plural: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.objects.get(plural)?.get(namespace)?.get(name)
    }

    /// An object that is kept as JSON.
    pub fn doc(&self, plural: &str, namespace: &str, name: &str) -> Option<&Value> {
        match self.get(plural, namespace, name)? {
            Object::Doc(doc) => Some(&doc.json),
            _ => None,
        }
    }

    /// A pod.
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&Pod> {
        match self.get("pods", namespace, name)? {
            Object::Pod(pod) => Some(pod),
            _ => None,
        }
    }

    /// All objects of a type, in one namespace or in all, ordered by namespace and name.
    pub fn list<'a>(&'a self, plural: &str, namespace: Option<&'a str>) -> impl Iterator<Item = &'a Object> + use<'a> {
        let all = self.objects.get(plural).into_iter().flatten();
        let wanted = all.filter(move |(name, _)| namespace.is_none_or(|one| one == &***name));
        wanted.flat_map(|(_, shelf)| shelf.values())
    }

    /// All objects of a type in a namespace that are kept as JSON.
    pub fn docs<'a>(&'a self, plural: &str, namespace: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let shelf = self.objects.get(plural).and_then(|all| all.get(namespace));
        shelf.into_iter().flat_map(BTreeMap::values).filter_map(|object| match object {
            Object::Doc(doc) => Some(&doc.json),
            _ => None,
        })
    }

    /// The pods of a namespace.
    pub fn pods<'a>(&'a self, namespace: &str) -> impl Iterator<Item = &'a Pod> + use<'a> {
        let shelf = self.objects.get("pods").and_then(|all| all.get(namespace));
        shelf.into_iter().flat_map(BTreeMap::values).filter_map(|object| match object {
            Object::Pod(pod) => Some(&**pod),
            _ => None,
        })
    }

    /// How many objects of a type there are.
    pub fn count(&self, plural: &str) -> usize {
        self.objects.get(plural).into_iter().flatten().map(|(_, shelf)| shelf.len()).sum()
    }

    /// What was deleted after a version.
    pub fn gone<'a>(&'a self, plural: &'a str, since: u64) -> impl Iterator<Item = &'a Gone> + use<'a> {
        self.gone.iter().filter(move |gone| gone.plural == plural && gone.version > since)
    }

    /// Puts an object in its place, anew.
    pub fn put(&mut self, plural: Word, mut object: Object) {
        let (namespace, name) = (Arc::from(object.namespace()), Arc::from(object.name()));
        object.stamp(self.next(plural), true);
        self.objects.entry(plural).or_default().entry(namespace).or_default().insert(name, object);
    }

    /// Puts JSON in its place, anew.
    pub fn put_doc(&mut self, plural: Word, json: Value) {
        self.put(plural, Object::Doc(Box::new(Doc { json, version: 0, first: 0 })));
    }

    fn next(&mut self, plural: Word) -> u64 {
        self.version += 1;
        self.latest.insert(plural, self.version);
        self.version
    }

    fn slot(&mut self, plural: &str, namespace: &str, name: &str) -> Option<&mut Object> {
        self.objects.get_mut(plural)?.get_mut(namespace)?.get_mut(name)
    }

    /// Changes an object that is kept as JSON; says whether it is another now.
    pub fn edit(&mut self, plural: Word, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) -> bool {
        let Some(Object::Doc(doc)) = self.slot(plural, namespace, name) else { return false };
        let mut json = doc.json.clone();
        change(&mut json);
        if json == doc.json {
            return false;
        }
        doc.json = json;
        let version = self.next(plural);
        self.slot(plural, namespace, name).into_iter().for_each(|object| object.stamp(version, false));
        true
    }

    /// Changes a pod.
    pub fn edit_pod(&mut self, namespace: &str, name: &str, change: impl FnOnce(&mut Pod)) {
        let version = self.version + 1;
        let Some(Object::Pod(pod)) = self.slot("pods", namespace, name) else { return };
        change(pod);
        pod.version = version;
        self.next("pods");
    }

    /// Changes an event.
    pub fn edit_event(&mut self, namespace: &str, name: &str, change: impl FnOnce(&mut Event)) {
        let version = self.version + 1;
        let Some(Object::Event(event)) = self.slot("events", namespace, name) else { return };
        change(event);
        event.version = version;
        self.next("events");
    }

    /// Deletes an object.
    pub fn remove(&mut self, plural: Word, namespace: &str, name: &str, now: Timestamp) -> Option<Object> {
        let shelf = self.objects.get_mut(plural)?.get_mut(namespace)?;
        let object = shelf.remove(name)?;
        let version = self.next(plural);
        self.gone.push_back(Gone { plural, object: object.clone(), version, at: now });
        Some(object)
    }

    /// Forgets what was deleted long ago.
    pub fn forget(&mut self, now: Timestamp) {
        let old = after(now, -REMEMBERED);
        while self.gone.front().is_some_and(|gone| gone.at < old) || self.gone.len() > MOST_GONE {
            if let Some(gone) = self.gone.pop_front() {
                self.horizon = gone.version;
            }
        }
    }

    /// What has no owner that is there, by the owners' UIDs: for what is kept as JSON.
    pub fn owner(json: &Value) -> Option<&Value> {
        json.pointer("/metadata/ownerReferences/0")
    }

    /// A reference to an owner.
    pub fn reference(api_version: &str, kind: &str, owner: &Value) -> Value {
        json!({
            "apiVersion": api_version, "kind": kind, "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
            "controller": true, "blockOwnerDeletion": true,
        })
    }
}
