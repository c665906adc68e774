//! CBOR (RFC 8949) as JSON: what rpc-v2-cbor services send. Timestamps become RFC 3339 text, byte strings their length.

use serde_json::{Map, Number, Value};

/// Nothing AWS sends is nested deeper.
const DEPTH: usize = 64;

/// The answer as JSON.
pub fn to_json(body: &[u8]) -> Result<Value, String> {
    let mut reader = Reader { rest: body };
    let value = reader.value(DEPTH)?.ok_or("a break outside of a list")?;
    if reader.rest.is_empty() { Ok(value) } else { Err("something follows the end".to_owned()) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

/// Major type and argument of an item; no argument is an indefinite length.
struct Head {
    major: u8,
    info: u8,
    argument: Option<u64>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], String> {
        let count = usize::try_from(count).map_err(|_| "cut off")?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("cut off")?;
        self.rest = rest;
        Ok(taken)
    }

    fn head(&mut self) -> Result<Head, String> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => {
                let bytes = self.take(1 << (info - 24))?;
                Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            }
            31 => None,
            _ => return Err("a reserved length".to_owned()),
        };
        Ok(Head { major, info, argument })
    }

    /// The next item; `None` at the break that ends an indefinite list.
    fn value(&mut self, depth: usize) -> Result<Option<Value>, String> {
        let depth = depth.checked_sub(1).ok_or("nested too deeply")?;
        let head = self.head()?;
        let value = match (head.major, head.argument) {
            (0, Some(number)) => Value::from(number),
            (1, Some(number)) => {
                i64::try_from(number).map_or_else(|_| float(-1.0 - number as f64), |n| Value::from(-1 - n))
            }
            (2, length) => Value::String(format!("({} bytes)", self.string(2, length)?.len())),
            (3, length) => {
                Value::String(String::from_utf8(self.string(3, length)?).map_err(|error| error.to_string())?)
            }
            (4, length) => self.list(length, depth)?,
            (5, length) => self.map(length, depth)?,
            (6, Some(1)) => {
                let seconds = self.value(depth)?.ok_or("a tag without a value")?;
                instant(&seconds)
            }
            (6, Some(_)) => self.value(depth)?.ok_or("a tag without a value")?,
            (7, None) => return Ok(None),
            (7, Some(bits)) => simple(head.info, bits),
            _ => return Err("an unknown item".to_owned()),
        };
        Ok(Some(value))
    }

    /// A byte or text string, whole or in chunks.
    fn string(&mut self, major: u8, length: Option<u64>) -> Result<Vec<u8>, String> {
        if let Some(length) = length {
            return self.take(length).map(<[u8]>::to_vec);
        }
        let mut whole = Vec::new();
        loop {
            let head = self.head()?;
            match (head.major, head.argument) {
                (7, None) => return Ok(whole),
                (m, Some(length)) if m == major => whole.extend_from_slice(self.take(length)?),
                _ => return Err("a broken string".to_owned()),
            }
        }
    }

    fn list(&mut self, length: Option<u64>, depth: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        while length.is_none_or(|length| (items.len() as u64) < length) {
            match (self.value(depth)?, length) {
                (Some(item), _) => items.push(item),
                (None, None) => break,
                (None, Some(_)) => return Err("a break inside of a list".to_owned()),
            }
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, length: Option<u64>, depth: usize) -> Result<Value, String> {
        let mut fields = Map::new();
        let mut count = 0;
        while length.is_none_or(|length| count < length) {
            let key = match (self.value(depth)?, length) {
                (Some(Value::String(key)), _) => key,
                (Some(other), _) => other.to_string(),
                (None, None) => break,
                (None, Some(_)) => return Err("a break inside of a map".to_owned()),
            };
            fields.insert(key, self.value(depth)?.ok_or("a key without a value")?);
            count += 1;
        }
        Ok(Value::Object(fields))
    }
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// False, true, null, undefined and floats of three sizes.
fn simple(info: u8, bits: u64) -> Value {
    match info {
        20 | 21 => Value::Bool(info == 21),
        25 => float(half(bits as u16)),
        26 => float(f64::from(f32::from_bits(bits as u32))),
        27 => float(f64::from_bits(bits)),
        _ => Value::Null,
    }
}

/// A float of 16 bits.
fn half(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 0x1f);
    let mantissa = f64::from(bits & 0x3ff);
    let size = match exponent {
        0 => mantissa * f64::powi(2.0, -24),
        31 if mantissa > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        _ => (mantissa + 1024.0) * f64::powi(2.0, exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// Epoch seconds as text; a number that is no time stays a number.
fn instant(seconds: &Value) -> Value {
    let at =
        seconds.as_f64().and_then(|seconds| jiff::Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok());
    at.map_or_else(|| seconds.clone(), |at| Value::String(at.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_alarm() {
        // {_ "A": [_ {"n": "x", "t": 1(1700000000.5), "e": true, "v": -3, "f": 1.5 (half)}], "b": h'0102', "u": null}
        let mut body = vec![0xbf, 0x61, b'A', 0x9f, 0xa5, 0x61, b'n', 0x61, b'x', 0x61, b't', 0xc1, 0xfb];
        body.extend_from_slice(&1_700_000_000.5_f64.to_be_bytes());
        body.extend_from_slice(&[0x61, b'e', 0xf5, 0x61, b'v', 0x22, 0x61, b'f', 0xf9, 0x3e, 0x00, 0xff]);
        body.extend_from_slice(&[0x61, b'b', 0x42, 1, 2, 0x61, b'u', 0xf6, 0xff]);
        assert_eq!(
            to_json(&body).unwrap(),
            json!({
                "A": [{ "n": "x", "t": "2023-11-14T22:13:20.5Z", "e": true, "v": -3, "f": 1.5 }],
                "b": "(2 bytes)",
                "u": null,
            })
        );
    }

    #[test]
    fn chunked_strings_and_large_lengths() {
        assert_eq!(to_json(&[0x7f, 0x62, b'a', b'b', 0x61, b'c', 0xff]).unwrap(), json!("abc"));
        assert!(to_json(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(to_json(&[0x81; 100]).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = to_json(&body);
        }
    }
}
