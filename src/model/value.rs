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

    /// Order for sorting a column; nothing sorts last either way round a column is sorted ascending.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::None, Self::None) => Ordering::Equal,
            (Self::None, _) => Ordering::Greater,
            (_, Self::None) => Ordering::Less,
            (Self::Text(a), Self::Text(b)) => text::natural(a, b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Percent(a), Self::Percent(b)) => a.total_cmp(b),
            (Self::Instant(a), Self::Instant(b)) => a.cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Health(a), Self::Health(b)) => a.cmp(b),
            // What is missing most comes first: 0/4 before 3/4 before 4/4.
            (Self::Count { have: a, want: x }, Self::Count { have: b, want: y }) => {
                (a - x).cmp(&(b - y)).then_with(|| y.cmp(x))
            }
            (a, b) => text::natural(&a.show_exact(), &b.show_exact()),
        }
    }
}
