//! How long a text is, read without keeping the text: values of secrets and long texts of config maps stay out of memory.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// The bytes of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextLength(pub u64);

/// The bytes that a text in base64 stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base64Length(pub u64);

impl<'de> Deserialize<'de> for TextLength {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Measure(|text| text.len() as u64)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Base64Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Measure(decoded)).map(Self)
    }
}

/// Four characters stand for three bytes; what fills up at the end stands for none.
fn decoded(text: &str) -> u64 {
    let digits = text.bytes().filter(|byte| !matches!(byte, b'=' | b'\r' | b'\n')).count() as u64;
    digits * 3 / 4
}

struct Measure(fn(&str) -> u64);

impl Visitor<'_> for Measure {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<u64, E> {
        Ok((self.0)(text))
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_values() {
        let lengths: Vec<Base64Length> =
            serde_json::from_str(r#"["", "aA==", "aGk=", "aGkh", "aGkhIQ==", null]"#).unwrap();
        assert_eq!(lengths.iter().map(|length| length.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 0]);
        let texts: Vec<TextLength> = serde_json::from_str(r#"["a\nb", "ü"]"#).unwrap();
        assert_eq!(texts, [TextLength(3), TextLength(2)]);
    }

    #[test]
    fn what_is_no_text_is_not_quoted_in_the_error() {
        let error = serde_json::from_str::<Base64Length>("[\"geheim\"]").unwrap_err();
        assert!(!error.to_string().contains("geheim"), "{error}");
    }
}
