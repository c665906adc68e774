//! A cell that knows how to sort, show and serialise itself.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::{Health, text};

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing known.
    #[default]
    None,
    /// Cleaned text.
    Text(Arc<str>),
    /// A number of things.
    Int(i64),
    /// Running of desired.
    Count {
        /// How many there are.
        have: i64,
        /// How many there should be.
        want: i64,
    },
    /// Bytes.
    Bytes(u64),
    /// 0 to 100.
    Percent(f64),
    /// Shown as an age in tables, as an instant in details and JSON.
    Instant(Timestamp),
    /// Yes or no.
    Bool(bool),
    /// Health in a word.
    Health(Health),
    /// Several texts.
    List(Arc<[Arc<str>]>),
}

impl Value {
    /// Text from outside: cleaned. Empty text is nothing.
    pub fn text(text: impl AsRef<str>) -> Self {
        match text.as_ref() {
            "" => Self::None,
            text => Self::Text(text::clean(text).into()),
        }
    }

    /// Optional text from outside.
    pub fn maybe(text: Option<impl AsRef<str>>) -> Self {
        text.map_or(Self::None, Self::text)
    }

    /// Several texts from outside.
    pub fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(|item| text::clean(item.as_ref()).into()).collect())
    }

    /// An instant of the SDK's, by its epoch milliseconds.
    pub fn instant_ms(millis: Option<i64>) -> Self {
        millis.and_then(|ms| Timestamp::from_millisecond(ms).ok()).map_or(Self::None, Self::Instant)
    }

    /// As a person reads it in a table; instants as their age at `now`.
    pub fn show(&self, now: Timestamp) -> Cow<'_, str> {
        match self {
            Self::Instant(at) => Cow::Owned(text::age(*at, now)),
            other => other.show_exact(),
        }
    }

    /// Whether it is the same without a look at texts: those that are kept once are, others are taken to differ.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Arc::ptr_eq(a, b),
            (Self::List(a), Self::List(b)) => Arc::ptr_eq(a, b),
            (a, b) => a == b,
        }
    }

    /// As a person reads it where there is room; instants in UTC.
    pub fn show_exact(&self) -> Cow<'_, str> {
        match self {
            Self::None => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Int(n) => Cow::Owned(n.to_string()),
            Self::Count { have, want } => Cow::Owned(format!("{have}/{want}")),
            Self::Bytes(bytes) => Cow::Owned(text::bytes(*bytes)),
            Self::Percent(percent) => Cow::Owned(format!("{percent:.0}%")),
            Self::Instant(at) => Cow::Owned(at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()),
            Self::Bool(yes) => Cow::Borrowed(if *yes { "yes" } else { "no" }),
            Self::Health(health) => Cow::Borrowed(health.word()),
            Self::List(items) => Cow::Owned(items.join(", ")),
        }
    }

    /// As a program reads it.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::None => serde_json::Value::Null,
            Self::Text(text) => json!(&**text),
            Self::Int(n) => json!(n),
            Self::Count { have, want } => json!({ "have": have, "want": want }),
            Self::Bytes(bytes) => json!(bytes),
            Self::Percent(percent) => json!(percent),
            Self::Instant(at) => json!(at.to_string()),
            Self::Bool(yes) => json!(yes),
            Self::Health(health) => json!(health),
            Self::List(items) => json!(items.iter().map(|item| &**item).collect::<Vec<_>>()),
        }
    }

    /// What a column is sorted by.
    pub fn sort_key(&self) -> SortKey {
        match self {
            Self::None => SortKey { missing: true, ..SortKey::default() },
            Self::Text(text) => SortKey::text(text),
            Self::Int(n) => SortKey::number(*n),
            // What is missing most comes first: 0/4 before 3/4 before 4/4.
            Self::Count { have, want } => SortKey { number: have - want, second: -want, ..SortKey::default() },
            Self::Bytes(bytes) => SortKey::number(i64::try_from(*bytes).unwrap_or(i64::MAX)),
            Self::Percent(percent) => SortKey::number((percent * 1e6) as i64),
            Self::Instant(at) => SortKey::number(at.as_microsecond()),
            Self::Bool(yes) => SortKey::number(i64::from(*yes)),
            Self::Health(health) => SortKey::number(*health as i64),
            Self::List(items) => SortKey::text(&items.join(", ")),
        }
    }
}

/// What a column is sorted by: made once for each row, compared often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortKey {
    /// Nothing is known; sorts last whichever way round.
    missing: bool,
    number: i64,
    second: i64,
    text: Vec<u8>,
}

impl SortKey {
    /// Sorts as people sort names.
    pub fn text(text: &str) -> Self {
        Self { text: text::natural_key(text), ..Self::default() }
    }

    /// Sorts by value.
    pub fn number(number: i64) -> Self {
        Self { number, ..Self::default() }
    }

    /// Sorts by value, then as people sort names.
    pub fn number_then(number: i64, text: &str) -> Self {
        Self { number, ..Self::text(text) }
    }

    /// The order of two keys of one column.
    pub fn order(&self, other: &Self, descending: bool) -> Ordering {
        let by_value = || (self.number, self.second, &self.text).cmp(&(other.number, other.second, &other.text));
        self.missing.cmp(&other.missing).then_with(|| if descending { by_value().reverse() } else { by_value() })
    }
}
