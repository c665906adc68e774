use serde_json::json;

use super::*;

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_service_selects_by_all_of_its_labels() {
    let selector = labels(&[("app", "web"), ("tier", "front")]);
    assert!(is_selected(&selector, Some(&labels(&[("app", "web"), ("tier", "front"), ("x", "y")]))));
    assert!(!is_selected(&selector, Some(&labels(&[("app", "web")]))));
    assert!(!is_selected(&selector, None) && !is_selected(&BTreeMap::new(), Some(&labels(&[("app", "web")]))));
}

#[test]
fn what_something_owns_is_found_by_uid() {
    let scope = Scope { namespace: Some("shop".into()), ..Scope::new("dhbw-prod", "eu-central-1") };
    let owner = ResourceId { scope, kind: "deployment", id: "web".into() };
    let set = |name: &str, namespace: &str, uid: &str| -> ObjectMeta {
        serde_json::from_value(json!({ "name": "s", "namespace": namespace, "uid": uid, "ownerReferences": [
            { "apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": "d", "controller": true },
        ] }))
        .unwrap()
    };
    let sets = [set("web", "shop", "a"), set("web", "other", "b"), set("api", "shop", "c")];
    assert_eq!(by_owners(sets.iter(), &owner), HashSet::from(["a"]));
}
