//! The query protocol: a form body in, XML out.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::failure::Failure;
use super::input::Input;
use super::node::Node;

/// The parameters of a form body, with its dotted names taken apart: `Filters.Filter.1.Name` becomes the name of the
/// first of the filters.
pub fn read(body: &[u8]) -> Input {
    let mut root = Value::Object(Map::new());
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (key, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (decode(&pair[..at]), decode(&pair[at + 1..])),
            None => (decode(pair), String::new()),
        };
        let parts: Vec<&str> = key.split('.').collect();
        insert(&mut root, &parts, value);
    }
    Input(root)
}

/// Percent-decoding, with `+` as a space.
pub fn decode(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let escaped = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(byte) = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(if text[at] == b'+' { b' ' } else { text[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A request has no more elements than this in one list; a larger index is a mistake, not a reason to take memory.
const LARGEST_INDEX: usize = 10_000;

fn insert(node: &mut Value, parts: &[&str], value: String) {
    let Some((name, rest)) = parts.split_first() else {
        *node = Value::String(value);
        return;
    };
    if !node.is_object() {
        *node = Value::Object(Map::new());
    }
    let Some(fields) = node.as_object_mut() else { return };
    let index = |part: Option<&&str>| {
        part.and_then(|part| part.parse::<usize>().ok()).filter(|n| (1..=LARGEST_INDEX).contains(n))
    };
    // A list is `Name.element.N`, or flat, `Name.N`.
    let (position, rest) = match (index(rest.first()), index(rest.get(1))) {
        (Some(position), _) => (Some(position), &rest[1..]),
        (None, Some(position)) => (Some(position), &rest[2..]),
        (None, None) => (None, rest),
    };
    let slot = fields.entry((*name).to_owned()).or_insert(Value::Null);
    match position {
        None => insert(slot, rest, value),
        Some(position) => {
            if !slot.is_array() {
                *slot = Value::Array(Vec::new());
            }
            let Some(items) = slot.as_array_mut() else { return };
            if items.len() < position {
                items.resize(position, Value::Null);
            }
            insert(&mut items[position - 1], rest, value);
        }
    }
}

/// The body of an answer.
pub fn write(operation: &str, namespace: &str, request_id: &str, node: &Node) -> Vec<u8> {
    let mut out = String::with_capacity(4096);
    let _ = write!(out, "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>");
    write_node(&mut out, node);
    let _ = write!(
        out,
        "</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    out.into_bytes()
}

/// The body of an error.
pub fn write_error(namespace: &str, request_id: &str, failure: &Failure) -> Vec<u8> {
    let side = if failure.status < 500 { "Sender" } else { "Receiver" };
    let mut out = format!("<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{side}</Type><Code>");
    escape(&mut out, &failure.code);
    out.push_str("</Code><Message>");
    escape(&mut out, &failure.message);
    let _ = write!(out, "</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>");
    out.into_bytes()
}

/// A tree in XML.
pub fn write_node(out: &mut String, node: &Node) {
    // Writing into a string can't fail.
    match node {
        Node::Text(text) => escape(out, text),
        Node::Whole(number) => drop(write!(out, "{number}")),
        Node::Real(number) => drop(write!(out, "{number}")),
        Node::Truth(truth) => drop(write!(out, "{truth}")),
        Node::Time(at) => drop(write!(out, "{at:.3}")),
        Node::List(element, items) => items.iter().for_each(|item| write_element(out, element, item)),
        Node::Map(fields) => fields.0.iter().for_each(|(key, value)| write_element(out, key, value)),
    }
}

fn write_element(out: &mut String, name: &str, node: &Node) {
    let _ = write!(out, "<{name}>");
    write_node(out, node);
    let _ = write!(out, "</{name}>");
}

/// Text in XML.
pub fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no way to write the other control characters.
            c if c.is_control() && !matches!(c, '\n' | '\r' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::node::{fields, list, list_of};
    use super::*;

    #[test]
    fn a_form_body_is_taken_apart() {
        let input = read(
            b"Action=DescribeDBInstances&Filters.Filter.1.Name=engine&Filters.Filter.1.Values.Value.2=b%20c&\
              Filters.Filter.1.Values.Value.1=a+b&Names.member.1=x&Flat.1=y&MaxRecords=20",
        );
        assert_eq!(
            input.0,
            json!({
                "Action": "DescribeDBInstances", "Filters": [{ "Name": "engine", "Values": ["a b", "b c"] }],
                "Names": ["x"], "Flat": ["y"], "MaxRecords": "20"
            })
        );
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        assert_eq!(decode(b"100%&%2"), "100%&%2");
        assert_eq!(decode(b"%C3%BC"), "ü");
    }

    #[test]
    fn a_tree_becomes_escaped_xml() {
        let at: Option<jiff::Timestamp> = "2026-03-02T09:00:00.25Z".parse().ok();
        let node = fields! { "Name": "a<b>&\"\u{1}", "At": at, "Names": list(["x"]), "Rows": list_of("Row", [fields! { "N": 1 }]) };
        let text = String::from_utf8(write("Op", "urn:x", "id-1", &node)).unwrap();
        assert_eq!(
            text,
            "<OpResponse xmlns=\"urn:x\"><OpResult><Name>a&lt;b&gt;&amp;&quot;\u{fffd}</Name><At>2026-03-02T09:00:00.250Z</At>\
             <Names><member>x</member></Names><Rows><Row><N>1</N></Row></Rows></OpResult>\
             <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></OpResponse>"
        );
    }
}
