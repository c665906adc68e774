//! The XML of query services as JSON. Knows nothing of any service's shapes: what is a list, a number or a flag is seen from the
//! names.

mod scalar;

use serde_json::{Map, Value};
use xmlparser::{ElementEnd, Token, Tokenizer};

/// Nothing AWS sends is nested deeper.
const DEPTH: usize = 64;

/// An element being read.
struct Element<'a> {
    name: &'a str,
    text: String,
    children: Vec<(&'a str, Value)>,
}

/// The answer as JSON, without the envelope (`…Response`, `…Result`) and the metadata.
pub fn to_json(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    for token in Tokenizer::from(text) {
        match token.map_err(|error| error.to_string())? {
            Token::ElementStart { local, .. } if open.len() < DEPTH => {
                open.push(Element { name: local.as_str(), text: String::new(), children: Vec::new() });
            }
            Token::ElementStart { .. } => return Err("nested too deeply".to_owned()),
            Token::Text { text } => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&unescape(text.as_str()));
                }
            }
            Token::Cdata { text, .. } => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(text.as_str());
                }
            }
            Token::ElementEnd { end, .. } if !matches!(end, ElementEnd::Open) => close(&mut open, &mut root, end)?,
            _ => {}
        }
    }
    if !open.is_empty() {
        return Err("cut off".to_owned());
    }
    root.map(without_envelope).ok_or_else(|| "no element".to_owned())
}

/// Ends the innermost open element: its value goes to its parent, or is the document.
fn close<'a>(open: &mut Vec<Element<'a>>, root: &mut Option<Value>, end: ElementEnd<'a>) -> Result<(), String> {
    let element = open.pop().ok_or("an end without a start")?;
    if let ElementEnd::Close(_, name) = end
        && name.as_str() != element.name
    {
        return Err(format!("{} ends where {} should", name.as_str(), element.name));
    }
    let name = element.name;
    let value = value(element);
    match open.last_mut() {
        Some(parent) => parent.children.push((name, value)),
        None => *root = Some(value),
    }
    Ok(())
}

/// A finished element: text, a list, or an object.
fn value(element: Element) -> Value {
    let Some((first, _)) = element.children.first() else {
        return if element.text.trim().is_empty() { Value::Null } else { scalar::value(element.name, element.text) };
    };
    let same = element.children.iter().all(|(name, _)| name == first);
    if same && (element.children.len() > 1 || is_list(element.name, first)) {
        return element.children.into_iter().map(|(_, value)| value).collect();
    }
    let mut fields = Map::new();
    for (name, value) in element.children {
        match fields.get_mut(name) {
            None => {
                fields.insert(name.to_owned(), value);
            }
            Some(Value::Array(items)) => items.push(value),
            Some(other) => *other = Value::Array(vec![other.take(), value]),
        }
    }
    Value::Object(fields)
}

/// Whether a parent with one child of this name is a list of one: `member`, or a plural over what it is a plural of
/// (`DBInstances` over `DBInstance`, `AssociatedRoles` over `DBClusterRole`, `TagList` over `Tag`).
fn is_list(parent: &str, child: &str) -> bool {
    let Some(singular) = parent.strip_suffix("List").or_else(|| parent.strip_suffix('s')) else {
        return child == "member";
    };
    let last_word = singular.rfind(|c: char| c.is_ascii_uppercase()).map_or(singular, |start| &singular[start..]);
    child == "member" || child.contains(last_word)
}

/// What is inside of `DescribeDBInstancesResponse` and `DescribeDBInstancesResult`.
fn without_envelope(mut root: Value) -> Value {
    let Some(fields) = root.as_object_mut() else { return root };
    fields.shift_remove("ResponseMetadata");
    let result = fields.keys().find(|name| name.ends_with("Result")).cloned();
    result.and_then(|name| fields.shift_remove(&name)).unwrap_or(root)
}

/// The five named entities and the numbered ones; anything else stays as it is.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let known = after.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail)));
        let (c, tail) = known.unwrap_or(('&', after));
        out.push(c);
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_rds_answer() {
        let body = br#"<?xml version="1.0"?>
            <DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">
              <DescribeDBInstancesResult><DBInstances><DBInstance>
                <DBInstanceIdentifier>a &amp; b &#x41;</DBInstanceIdentifier>
                <Endpoint><Address>h</Address><Port>5432</Port></Endpoint>
                <VpcSecurityGroups><VpcSecurityGroupMembership><Status>active</Status></VpcSecurityGroupMembership></VpcSecurityGroups>
                <PendingModifiedValues><MultiAZ>true</MultiAZ></PendingModifiedValues>
                <AssociatedRoles><DBClusterRole><RoleArn>r</RoleArn></DBClusterRole></AssociatedRoles>
                <TagList><Tag><Key>k</Key><Value><![CDATA[<v>]]></Value></Tag></TagList>
                <EnabledCloudwatchLogsExports><member>error</member></EnabledCloudwatchLogsExports>
                <ReadReplicaDBInstanceIdentifiers/>
              </DBInstance></DBInstances></DescribeDBInstancesResult>
              <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
            </DescribeDBInstancesResponse>"#;
        assert_eq!(
            to_json(body).unwrap(),
            json!({ "DBInstances": [{
                "DBInstanceIdentifier": "a & b A",
                "Endpoint": { "Address": "h", "Port": 5432 },
                "VpcSecurityGroups": [{ "Status": "active" }],
                "PendingModifiedValues": { "MultiAZ": true },
                "AssociatedRoles": [{ "RoleArn": "r" }],
                "TagList": [{ "Key": "k", "Value": "<v>" }],
                "EnabledCloudwatchLogsExports": ["error"],
                "ReadReplicaDBInstanceIdentifiers": null,
            }] })
        );
    }

    #[test]
    fn lists_of_one_and_of_several() {
        let body = b"<R><XResult><Members><member>1</member><member>2</member></Members><MemberClusters><ClusterId>c</ClusterId></MemberClusters></XResult></R>";
        assert_eq!(to_json(body).unwrap(), json!({ "Members": ["1", "2"], "MemberClusters": ["c"] }));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[<>/a-c&;#x0-9 ]{0,60}") {
            let _ = to_json(text.as_bytes());
        }
    }
}
