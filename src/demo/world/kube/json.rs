//! Small things about JSON that the cluster's parts share.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// An instant as Kubernetes writes it.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A text by its JSON pointer; empty where there is none.
pub fn text<'a>(of: &'a Value, pointer: &str) -> &'a str {
    of.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number by its JSON pointer.
pub fn int(of: &Value, pointer: &str) -> Option<i64> {
    of.pointer(pointer).and_then(Value::as_i64)
}

/// A list by its JSON pointer; none where there is none.
pub fn list<'a>(of: &'a Value, pointer: &str) -> &'a [Value] {
    of.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A map by its JSON pointer.
pub fn map<'a>(of: &'a Value, pointer: &str) -> Option<&'a Map<String, Value>> {
    of.pointer(pointer).and_then(Value::as_object)
}

/// Sets a member of a map that lies within maps, which are made where they are missing.
pub fn set(of: &mut Value, path: &[&str], value: Value) {
    let mut at = of;
    for key in path {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[*key];
    }
    *at = value;
}

/// Takes a member out of a map that lies within maps.
pub fn unset(of: &mut Value, within: &str, key: &str) -> Option<Value> {
    of.pointer_mut(within)?.as_object_mut()?.shift_remove(key)
}

/// A number, or a percentage of `whole`, rounded up or down: `maxSurge`, `maxUnavailable`, `minAvailable`.
pub fn share(value: Option<&Value>, whole: i64, up: bool, default: &str) -> i64 {
    let percent = |text: &str| {
        let part = text.trim_end_matches('%').parse::<i64>().unwrap_or(0) * whole;
        if up { (part + 99).div_euclid(100) } else { part.div_euclid(100) }
    };
    match value {
        Some(Value::Number(number)) => number.as_i64().unwrap_or(0),
        Some(Value::String(text)) => percent(text),
        _ if default.ends_with('%') => percent(default),
        _ => default.parse().unwrap_or(0),
    }
}

/// A condition of a status by its type.
pub fn condition<'a>(of: &'a Value, kind: &str) -> Option<&'a Value> {
    list(of, "/status/conditions").iter().find(|it| it["type"] == kind)
}

/// Milliseconds of a CPU: `250m` is 250, `2` is 2000.
pub fn millicores(quantity: &Value) -> i64 {
    let Some(text) = quantity.as_str() else { return quantity.as_i64().unwrap_or(0) * 1_000 };
    match text.strip_suffix('m') {
        Some(milli) => milli.parse().unwrap_or(0),
        None => (text.parse::<f64>().unwrap_or(0.0) * 1_000.0) as i64,
    }
}

/// MiB of a quantity of memory.
pub fn mebibytes(quantity: &Value) -> i64 {
    let Some(text) = quantity.as_str() else { return quantity.as_i64().unwrap_or(0) >> 20 };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..digits].parse().unwrap_or(0);
    match &text[digits..] {
        "Gi" => number << 10,
        "Mi" => number,
        "Ki" => number >> 10,
        "G" => number * 954,
        "M" => (number * 1_000_000) >> 20,
        _ => number >> 20,
    }
}

/// Whether the labels fit a `LabelSelector` (`matchLabels` and `matchExpressions`).
pub fn selects<'a>(selector: &Value, label: impl Fn(&str) -> Option<&'a str>) -> bool {
    let all = map(selector, "/matchLabels").into_iter().flatten();
    let exact = all.into_iter().all(|(key, value)| label(key) == value.as_str());
    let within = |values: &Value, found: Option<&str>| {
        values.as_array().is_some_and(|values| values.iter().any(|value| value.as_str() == found))
    };
    exact
        && list(selector, "/matchExpressions").iter().all(|term| {
            let found = label(text(term, "/key"));
            match text(term, "/operator") {
                "In" => found.is_some() && within(&term["values"], found),
                "NotIn" => found.is_none() || !within(&term["values"], found),
                "Exists" => found.is_some(),
                _ => found.is_none(),
            }
        })
}
