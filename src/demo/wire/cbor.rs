//! rpc-v2-cbor bodies.

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::decode::DeserializeError;
use aws_smithy_cbor::{Decoder, Encoder};
use aws_smithy_types::DateTime;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::input::Input;
use super::node::{Node, fields};

/// The parameters of a CBOR call; `None` when the body can't be read.
pub fn read(body: &[u8]) -> Option<Input> {
    if body.is_empty() {
        return Some(Input(Value::Object(Map::new())));
    }
    read_value(&mut Decoder::new(body), 0).ok().map(Input)
}

/// The body of an answer.
pub fn write(node: &Node) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(4096));
    write_node(&mut encoder, node);
    encoder.into_writer()
}

/// The body of an error of the service whose shapes live in `namespace`.
pub fn write_error(namespace: &str, failure: &Failure) -> Vec<u8> {
    write(&fields! { "__type": format!("{namespace}#{}", failure.code), "message": failure.message.clone() })
}

fn write_node(encoder: &mut Encoder, node: &Node) {
    match node {
        Node::Text(text) => drop(encoder.str(text)),
        Node::Whole(number) => drop(encoder.long(*number)),
        Node::Real(number) => drop(encoder.double(*number)),
        Node::Truth(truth) => drop(encoder.boolean(*truth)),
        Node::Time(at) => drop(encoder.timestamp(&DateTime::from_millis(at.as_millisecond()))),
        Node::List(_, items) => {
            encoder.array(items.len());
            for item in items {
                write_node(encoder, item);
            }
        }
        Node::Map(fields) => {
            encoder.map(fields.0.len());
            for (key, value) in &fields.0 {
                encoder.str(key);
                write_node(encoder, value);
            }
        }
    }
}

/// Deeper than any request is; a body that nests without end must not take the stack.
const DEEPEST: usize = 32;

fn read_value(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, DeserializeError> {
    if depth > DEEPEST {
        return Err(DeserializeError::custom("nested too deeply", decoder.position()));
    }
    Ok(match decoder.datatype()? {
        Type::Map | Type::MapIndef => Value::Object(read_map(decoder, depth)?),
        Type::Array | Type::ArrayIndef => Value::Array(read_array(decoder, depth)?),
        Type::String | Type::StringIndef => Value::String(decoder.string()?),
        Type::Bool => Value::Bool(decoder.boolean()?),
        Type::F16 | Type::F32 | Type::F64 => Value::from(decoder.double()?),
        Type::Tag => Value::from(decoder.timestamp()?.as_secs_f64()),
        Type::Null | Type::Undefined => {
            decoder.skip()?;
            Value::Null
        }
        _ => Value::from(decoder.long()?),
    })
}

fn read_map(decoder: &mut Decoder<'_>, depth: usize) -> Result<Map<String, Value>, DeserializeError> {
    let mut map = Map::new();
    let length = decoder.map()?;
    let mut read = 0;
    while !ended(decoder, length, read)? {
        let key = decoder.string()?;
        map.insert(key, read_value(decoder, depth + 1)?);
        read += 1;
    }
    Ok(map)
}

fn read_array(decoder: &mut Decoder<'_>, depth: usize) -> Result<Vec<Value>, DeserializeError> {
    let mut items = Vec::new();
    let length = decoder.list()?;
    while !ended(decoder, length, items.len() as u64)? {
        items.push(read_value(decoder, depth + 1)?);
    }
    Ok(items)
}

/// Whether a map or list of that length, or of unknown length up to a break, has been read to its end.
fn ended(decoder: &mut Decoder<'_>, length: Option<u64>, read: u64) -> Result<bool, DeserializeError> {
    if let Some(length) = length {
        return Ok(read >= length);
    }
    let ended = decoder.datatype()? == Type::Break;
    if ended {
        decoder.skip()?;
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::node::list;
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let at: Option<jiff::Timestamp> = "2026-03-02T09:00:00.25Z".parse().ok();
        let node =
            fields! { "name": "a", "n": -3, "x": 0.5, "on": true, "at": at, "items": list([fields! { "y": 1 }]) };
        let read = read(&write(&node)).unwrap();
        assert_eq!(
            read.0,
            json!({ "name": "a", "n": -3, "x": 0.5, "on": true, "at": 1_772_442_000.25, "items": [{ "y": 1 }] })
        );
    }

    #[test]
    fn maps_and_lists_of_unknown_length_are_read() {
        let mut encoder = Encoder::new(Vec::new());
        encoder.begin_map().str("a").begin_array().integer(1).integer(2).end().str("b").null().end();
        assert_eq!(read(&encoder.into_writer()).unwrap().0, json!({ "a": [1, 2], "b": null }));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(read(&[0xa1, 0x61]).is_none());
        assert!(read(&[0x81; 64]).is_none(), "a list in a list in a list…");
    }
}
