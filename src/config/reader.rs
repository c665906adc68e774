//! Reads tables of TOML field by field, so that each mistake is reported at its place and everything else is used. Knows
//! types and spans, nothing of what the fields mean.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::duration;
use super::problem::{Problem, Report};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// A value of TOML with its span.
pub(super) type Raw<'d> = Spanned<DeValue<'d>>;

/// A table being read. Every getter makes its field known; [`Section::finish`] reports the fields that nothing asked for.
pub(super) struct Section<'d, 'r> {
    /// What the table is called in messages, such as `[console]`.
    title: &'static str,
    table: &'d DeTable<'d>,
    report: &'r Report<'d>,
    known: Vec<&'static str>,
}

impl<'d, 'r> Section<'d, 'r> {
    pub(super) fn new(title: &'static str, table: &'d DeTable<'d>, report: &'r Report<'d>) -> Self {
        Self { title, table, report, known: Vec::new() }
    }

    /// A field of any type.
    pub(super) fn raw(&mut self, field: &'static str) -> Option<&'d Raw<'d>> {
        self.known.push(field);
        self.table.get(field)
    }

    /// A field of one type; another one there is a mistake.
    fn typed<T>(
        &mut self,
        field: &'static str,
        expected: &str,
        read: fn(&'d DeValue<'d>) -> Option<T>,
    ) -> Option<At<T>> {
        let raw = self.raw(field)?;
        let value = read(raw.get_ref());
        if value.is_none() {
            wrong_type(self.report, field, raw, expected);
        }
        Some(At { value: value?, span: raw.span() })
    }

    /// Text that is not empty.
    pub(super) fn text(&mut self, field: &'static str) -> Option<At<&'d str>> {
        let text = self.typed(field, "text in quotes", DeValue::as_str)?;
        if text.value.trim().is_empty() {
            self.report.problem(&text.span, format!("`{field}` is empty"), "leave it out, or give it a value");
            return None;
        }
        Some(text)
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, field: &'static str) -> Option<bool> {
        self.located_flag(field).map(|at| at.value)
    }

    /// Yes or no, and where that stands.
    pub(super) fn located_flag(&mut self, field: &'static str) -> Option<At<bool>> {
        self.typed(field, "`true` or `false`", DeValue::as_bool)
    }

    /// Text, or yes or no.
    pub(super) fn text_or_flag(&mut self, field: &'static str) -> Option<At<Result<bool, &'d str>>> {
        self.typed(field, "text in quotes, or `true`", |value| {
            let text = || value.as_str().filter(|text| !text.trim().is_empty()).map(Err);
            value.as_bool().map(Ok).or_else(text)
        })
    }

    /// A whole number within bounds.
    pub(super) fn count(&mut self, field: &'static str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let expected = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let number = self.typed(field, &expected, DeValue::as_integer)?;
        let value = u64::from_str_radix(number.value.as_str(), number.value.radix()).ok();
        let value = value.filter(|value| bounds.contains(value));
        if value.is_none() {
            let quote = self.report.quote(&number.span);
            self.report.problem(&number.span, format!("`{field}` can't be {quote}"), format!("allowed: {expected}"));
        }
        value
    }

    /// An amount that is not negative.
    pub(super) fn amount(&mut self, field: &'static str) -> Option<f64> {
        let amount = self.typed(field, "a number", |value| match value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse::<f64>().ok(),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        })?;
        if amount.value.is_finite() && amount.value >= 0.0 {
            return Some(amount.value);
        }
        let quote = self.report.quote(&amount.span);
        self.report.problem(&amount.span, format!("`{field}` can't be {quote}"), "allowed: 0 or more");
        None
    }

    /// A length of time within bounds.
    pub(super) fn duration(&mut self, field: &'static str, bounds: RangeInclusive<Duration>) -> Option<Duration> {
        let text = self.typed(field, "a length of time in quotes, such as \"10s\"", DeValue::as_str)?;
        let value = duration::parse(text.value).filter(|value| bounds.contains(value));
        if value.is_none() {
            let (least, most) = (duration::show(*bounds.start()), duration::show(*bounds.end()));
            let allowed = format!("allowed: {}, from {least} to {most}", duration::ALLOWED);
            self.report.problem(&text.span, format!("`{field}` can't be {:?}", text.value), allowed);
        }
        value
    }

    /// A list of texts. One text alone counts as a list of one.
    pub(super) fn texts(&mut self, field: &'static str) -> Option<Vec<At<&'d str>>> {
        let raw = self.raw(field)?;
        texts(self.report, field, raw)
    }

    /// A table within.
    pub(super) fn table(&mut self, field: &'static str, title: &'static str) -> Option<Section<'d, 'r>> {
        let table = self.typed(field, "a table", DeValue::as_table)?;
        Some(Section::new(title, table.value, self.report))
    }

    /// An array of tables within, each with its span.
    pub(super) fn tables(&mut self, field: &'static str, title: &'static str) -> Vec<At<Section<'d, 'r>>> {
        let Some(raw) = self.raw(field) else { return Vec::new() };
        let Some(array) = raw.get_ref().as_array() else {
            wrong_type(self.report, field, raw, &format!("a list of tables: write `{title}`"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in array {
            match item.get_ref().as_table() {
                Some(table) => {
                    sections.push(At { value: Section::new(title, table, self.report), span: item.span() });
                }
                None => wrong_type(self.report, field, item, "a table"),
            }
        }
        sections
    }

    /// A field for later work: right, but nothing uses it.
    pub(super) fn later(&mut self, field: &'static str) -> bool {
        self.known.push(field);
        let found = self.table.get_key_value(field);
        if let Some((key, _)) = found {
            self.report.unused(&key.span(), &format!("`{field}` in {}", self.title));
        }
        found.is_some()
    }

    /// Every field in the order of the file, for tables whose fields have names of their own.
    pub(super) fn fields(&self) -> Vec<(At<&'d str>, &'d Raw<'d>)> {
        let mut fields: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| (At { value: key.get_ref().as_ref(), span: key.span() }, value))
            .collect();
        fields.sort_by_key(|(key, _)| key.span.start);
        fields
    }

    /// Reports the fields that nothing asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.fields() {
            if !self.known.contains(&key.value) {
                let allowed = Problem::one_of(key.value, self.known.iter().copied());
                let message = format!("unknown field `{}` in {}", key.value, self.title);
                self.report.problem(&key.span, message, allowed);
            }
        }
    }
}

/// One text or a list of texts.
pub(super) fn texts<'d>(report: &Report<'d>, field: &str, raw: &'d Raw<'d>) -> Option<Vec<At<&'d str>>> {
    let expected = "text in quotes, or a list of texts";
    let items = match raw.get_ref() {
        DeValue::String(_) => vec![raw],
        DeValue::Array(items) => items.iter().collect(),
        _ => {
            wrong_type(report, field, raw, expected);
            return None;
        }
    };
    let mut texts = Vec::new();
    for item in items {
        match item.get_ref().as_str().filter(|text| !text.trim().is_empty()) {
            Some(value) => texts.push(At { value, span: item.span() }),
            None => wrong_type(report, field, item, expected),
        }
    }
    Some(texts)
}

fn wrong_type(report: &Report, field: &str, raw: &Raw, expected: &str) {
    // After a syntax error the parser fills in what it could not read; the syntax error itself says enough.
    if report.broken.get() && report.quote(&raw.span()).is_empty() {
        return;
    }
    let found = match raw.get_ref() {
        DeValue::String(text) if text.trim().is_empty() => "empty text".to_owned(),
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
        _ => report.quote(&raw.span()).to_owned(),
    };
    report.problem(&raw.span(), format!("`{field}` can't be {found}"), format!("allowed: {expected}"));
}
