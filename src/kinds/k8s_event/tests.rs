use super::*;
use crate::model::{Query, Scope};

fn id(kind: crate::model::KindId, namespace: Option<&str>, name: &str) -> ResourceId {
    let scope = Scope { cluster: Some("c".into()), ..Scope::new("dhbw-prod", "eu-central-1") };
    ResourceId { scope: Scope { namespace: namespace.map(Into::into), ..scope }, kind, id: name.into() }
}

#[test]
fn events_about_an_object_are_read_where_they_lie() {
    let (path, selector) = about(&id("pod", Some("shop"), "web-1")).unwrap();
    assert_eq!(
        (&*path, &*selector),
        ("/api/v1/namespaces/shop/events", "involvedObject.kind=Pod,involvedObject.name=web-1")
    );
    let (path, selector) = about(&id("k8s-node", None, "n1")).unwrap();
    assert_eq!((&*path, &*selector), ("/api/v1/events", "involvedObject.kind=Node,involvedObject.name=n1"));
    assert_eq!(about(&id("namespace", None, "shop")), None);
}

#[test]
fn an_event_leads_to_what_it_is_about() {
    let column = DEF.column("object").unwrap();
    let mut cells = vec![Value::None; COLUMNS.len()];
    cells[column] = Value::text("replicaset/web-7d");
    let row = parts::row(Arc::new(id(KIND, Some("shop"), "web.1")), "x", None, parts::fine(), cells);
    let relations = relations(&row);
    let Query::Detail(object) = &relations[0].query else { panic!("{relations:?}") };
    assert_eq!((object.kind, &*object.id, object.scope.namespace.as_deref()), ("replicaset", "web-7d", Some("shop")));
}
