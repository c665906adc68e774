//! What a patch makes of an object: merge patches, strategic merge patches for the lists that have keys, JSON patches.

use serde_json::{Map, Value};

use crate::demo::world::kube::Refusal;

/// By what the items of lists are told apart in a strategic merge.
const KEYS: [(&str, &str); 10] = [
    ("containers", "name"),
    ("initContainers", "name"),
    ("env", "name"),
    ("ports", "containerPort"),
    ("volumes", "name"),
    ("volumeMounts", "mountPath"),
    ("imagePullSecrets", "name"),
    ("conditions", "type"),
    ("taints", "key"),
    ("ownerReferences", "uid"),
];

/// The object with the patch applied.
pub fn patched(object: &Value, content_type: &str, patch: &Value) -> Result<Value, Refusal> {
    let mut new = object.clone();
    match content_type {
        "application/merge-patch+json" => merge(&mut new, patch),
        "application/strategic-merge-patch+json" => strategic(&mut new, patch),
        "application/json-patch+json" => {
            let steps =
                patch.as_array().ok_or_else(|| bad("cannot unmarshal object into Go value of type jsonpatch.Patch"))?;
            for step in steps {
                json_patch(&mut new, step)?;
            }
        }
        other => {
            let words = format!(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, not {other}"
            );
            return Err(Refusal::new(415, "UnsupportedMediaType", words));
        }
    }
    Ok(new)
}

fn bad(words: impl Into<String>) -> Refusal {
    Refusal::new(400, "BadRequest", words)
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let map = object(target);
    for (key, value) in patch {
        if value.is_null() {
            map.shift_remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn object(target: &mut Value) -> &mut Map<String, Value> {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    match target {
        Value::Object(map) => map,
        _ => unreachable!("it was just made one"),
    }
}

fn strategic(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").is_some_and(|it| it == "replace") {
        let mut whole = patch.clone();
        whole.shift_remove("$patch");
        *target = Value::Object(whole);
        return;
    }
    let map = object(target);
    for (key, value) in patch.iter().filter(|(key, _)| !key.starts_with('$')) {
        if value.is_null() {
            map.shift_remove(key);
            continue;
        }
        let at = map.entry(key.clone()).or_insert(Value::Null);
        match (KEYS.iter().find(|it| it.0 == key), value) {
            (Some((_, by)), Value::Array(items)) if items.iter().all(Value::is_object) => merge_list(at, items, by),
            _ => strategic(at, value),
        }
    }
}

fn merge_list(target: &mut Value, items: &[Value], by: &str) {
    let mut all = target.as_array().cloned().unwrap_or_default();
    for item in items {
        let place = all.iter().position(|it| it.get(by).is_some() && it.get(by) == item.get(by));
        let deletes = item.get("$patch").is_some_and(|it| it == "delete");
        match (place, deletes) {
            (Some(place), true) => drop(all.remove(place)),
            (Some(place), false) => strategic(&mut all[place], item),
            (None, true) => {}
            (None, false) => all.push(item.clone()),
        }
    }
    *target = Value::Array(all);
}

fn json_patch(target: &mut Value, step: &Value) -> Result<(), Refusal> {
    let path = step["path"].as_str().unwrap_or_default();
    let missing = || {
        let words = format!("the server rejected our request due to an error in our request: {path} is missing");
        Refusal::new(422, "Invalid", words)
    };
    let value = step.get("value").cloned().unwrap_or_default();
    match step["op"].as_str() {
        // As the API server has it, what is not there is null.
        Some("test") if target.pointer(path).unwrap_or(&Value::Null) == &value => return Ok(()),
        Some("test") => return Err(Refusal::new(422, "Invalid", format!("testing value {path} failed: test failed"))),
        Some("replace") => {
            *target.pointer_mut(path).ok_or_else(missing)? = value;
            return Ok(());
        }
        Some("add" | "remove") => {}
        other => return Err(bad(format!("unsupported operation {other:?}"))),
    }
    let adds = step["op"] == "add";
    let (within, last) = path.rsplit_once('/').ok_or_else(missing)?;
    let key = last.replace("~1", "/").replace("~0", "~");
    match target.pointer_mut(within) {
        Some(Value::Object(map)) if adds => drop(map.insert(key, value)),
        Some(Value::Object(map)) => drop(map.shift_remove(&key).ok_or_else(missing)?),
        Some(Value::Array(items)) => {
            let index = if key == "-" { items.len() } else { key.parse().map_err(|_| missing())? };
            if index > items.len() || !adds && index == items.len() {
                return Err(missing());
            }
            if adds { items.insert(index, value) } else { drop(items.remove(index)) }
        }
        _ => return Err(missing()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patches_come_to_what_the_api_makes_of_them() {
        let object = json!({ "a": { "b": 1, "c": 2 }, "containers": [{ "name": "x", "image": "1" }, { "name": "y" }] });
        let of = |kind: &str, patch: Value| patched(&object, &format!("application/{kind}+json"), &patch);
        assert_eq!(of("merge-patch", json!({ "a": { "b": null } })).unwrap()["a"], json!({ "c": 2 }));
        assert_eq!(of("merge-patch", json!({ "containers": [] })).unwrap()["containers"], json!([]));
        let strategic = of("strategic-merge-patch", json!({ "containers": [{ "name": "x", "image": "2" }] })).unwrap();
        assert_eq!(strategic["containers"], json!([{ "name": "x", "image": "2" }, { "name": "y" }]));
        let replaced = of("strategic-merge-patch", json!({ "a": { "$patch": "replace", "d": 1 } })).unwrap();
        assert_eq!(replaced["a"], json!({ "d": 1 }));
        let deleted =
            of("strategic-merge-patch", json!({ "containers": [{ "name": "y", "$patch": "delete" }] })).unwrap();
        assert_eq!(deleted["containers"].as_array().unwrap().len(), 1);
        let steps = json!([{ "op": "test", "path": "/a/b", "value": 1 }, { "op": "replace", "path": "/a/b", "value": 5 }, { "op": "remove", "path": "/a/c" }, { "op": "add", "path": "/a/e~1f", "value": 7 }]);
        assert_eq!(of("json-patch", steps).unwrap()["a"], json!({ "b": 5, "e/f": 7 }));
        assert_eq!(of("json-patch", json!([{ "op": "test", "path": "/a/b", "value": 2 }])).unwrap_err().code, 422);
        assert_eq!(of("apply-patch", json!({})).unwrap_err().code, 415);
    }
}
