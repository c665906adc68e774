//! JSON 1.0, JSON 1.1 and REST-JSON bodies.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::failure::Failure;
use super::input::Input;
use super::node::Node;

/// The parameters of a JSON call; no body is an empty structure.
pub fn read(body: &[u8]) -> Option<Input> {
    if body.is_empty() {
        return Some(Input(Value::Object(serde_json::Map::new())));
    }
    serde_json::from_slice::<Value>(body).ok().filter(Value::is_object).map(Input)
}

/// The body of an answer.
pub fn write(node: &Node) -> Vec<u8> {
    // A tree with string keys can't fail to serialise.
    serde_json::to_vec(node).unwrap_or_default()
}

/// The body of an error: `__type` is what JSON 1.x clients read the code from.
pub fn write_error(failure: &Failure) -> Vec<u8> {
    serde_json::json!({ "__type": failure.code, "message": failure.message }).to_string().into_bytes()
}

/// The body of a REST-JSON error; its code goes into a header.
pub fn write_rest_error(failure: &Failure) -> Vec<u8> {
    serde_json::json!({ "message": failure.message }).to_string().into_bytes()
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Real(number) => serializer.serialize_f64(*number),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Time(at) => serializer.serialize_f64(at.as_millisecond() as f64 / 1000.0),
            Self::List(_, items) => serializer.collect_seq(items),
            Self::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.0.len()))?;
                for (key, value) in &fields.0 {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::{fields, list};
    use super::*;

    #[test]
    fn a_tree_becomes_json_with_instants_as_seconds() {
        let at = jiff::Timestamp::from_millisecond(1_772_442_000_250).ok();
        let node = fields! { "at": at, "names": list(["a", "b"]), "on": true, "n": 3, "inner": fields! { "x": 0.5 } };
        let text = String::from_utf8(write(&node)).unwrap();
        assert_eq!(text, r#"{"at":1772442000.25,"names":["a","b"],"on":true,"n":3,"inner":{"x":0.5}}"#);
    }

    #[test]
    fn a_body_that_is_no_structure_is_refused() {
        assert!(read(b"[1]").is_none() && read(b"{").is_none());
        assert!(read(b"").is_some());
    }
}
