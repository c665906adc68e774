//! What a request asks for, whatever its protocol: a tree of named values, read leniently, since a form body knows only
//! strings. It must not know the estate.

use jiff::Timestamp;
use serde_json::Value;

/// The parameters of a call.
#[derive(Debug, Clone, Default)]
pub struct Input(pub Value);

impl Input {
    /// A string that is not empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// An integer, also one written as a string.
    pub fn whole(&self, key: &str) -> Option<i64> {
        let value = self.0.get(key)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A boolean, also one written as a string; absent is false.
    pub fn truth(&self, key: &str) -> bool {
        self.truth_or(key, false)
    }

    /// A boolean with what its absence means.
    pub fn truth_or(&self, key: &str, absent: bool) -> bool {
        match self.0.get(key) {
            Some(Value::Bool(truth)) => *truth,
            Some(Value::String(text)) => text == "true",
            _ => absent,
        }
    }

    /// An instant: seconds since 1970, or ISO 8601.
    pub fn time(&self, key: &str) -> Option<Timestamp> {
        let value = self.0.get(key)?;
        match value {
            Value::String(text) => text.parse().ok(),
            _ => Timestamp::from_millisecond((value.as_f64()? * 1000.0).round() as i64).ok(),
        }
    }

    /// A list of strings; absent is empty.
    pub fn texts(&self, key: &str) -> Vec<&str> {
        self.items(key).iter().filter_map(Value::as_str).collect()
    }

    /// A list of structures; absent is empty.
    pub fn structures(&self, key: &str) -> Vec<Input> {
        self.items(key).iter().map(|item| Self(item.clone())).collect()
    }

    /// A structure.
    pub fn structure(&self, key: &str) -> Option<Input> {
        self.0.get(key).map(|value| Self(value.clone()))
    }

    fn items(&self, key: &str) -> &[Value] {
        self.0.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_truths_and_instants_are_read_from_strings_too() {
        let input = Input(
            json!({ "n": "7", "m": 8, "t": "true", "at": "2026-03-02T09:00:00Z", "secs": 1_772_442_000.5, "no": "" }),
        );
        assert_eq!((input.whole("n"), input.whole("m"), input.whole("x")), (Some(7), Some(8), None));
        assert!(input.truth("t") && !input.truth("x") && input.truth_or("x", true));
        assert_eq!(input.time("at"), "2026-03-02T09:00:00Z".parse().ok());
        assert_eq!(input.time("secs"), "2026-03-02T09:00:00.5Z".parse().ok());
        assert_eq!(input.text("no"), None);
    }
}
