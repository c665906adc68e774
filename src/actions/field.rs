//! The fields of an action: what they take, and what is wrong with what was given.

use std::sync::Arc;

use super::ActionDef;
use crate::model::{Fields, text};

/// One field of an action.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef {
    /// Its name in [`Fields`], on the command line (`--desired`) and in JSON: lower case with dashes.
    pub id: &'static str,
    /// The word in the form.
    pub title: &'static str,
    /// One line for the help and the docs.
    pub doc: &'static str,
    /// For example.
    pub example: &'static str,
    /// What it takes.
    pub sort: FieldSort,
    /// Must be given.
    pub required: bool,
    /// Names the target on the command line; not asked for in the form.
    pub locates: bool,
}

impl FieldDef {
    /// A field that need not be given.
    pub const fn new(
        id: &'static str,
        title: &'static str,
        doc: &'static str,
        example: &'static str,
        sort: FieldSort,
    ) -> Self {
        Self { id, title, doc, example, sort, required: false, locates: false }
    }

    /// The same, and it must be given.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, and it names the target on the command line.
    #[must_use]
    pub const fn locating(self) -> Self {
        Self { locates: true, ..self }
    }
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldSort {
    /// Text.
    Text,
    /// A whole number within bounds.
    Number(i64, i64),
    /// `yes` or `no`.
    Flag,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// One of what the action's `choices` find; other text is taken, too.
    Chosen,
}

/// Something that can be chosen for a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The field's value.
    pub value: Arc<str>,
    /// What is known of it, in words.
    pub words: Arc<str>,
    /// What would be different, line by line, where it can be told.
    pub difference: Vec<Arc<str>>,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {reason}")]
pub struct FieldProblem {
    /// The field.
    pub field: String,
    /// What is wrong, and what is allowed.
    pub reason: String,
}

/// Whether these fields can be planned with.
pub fn check(action: &ActionDef, fields: &Fields) -> Result<(), FieldProblem> {
    for id in fields.keys() {
        if !action.fields.iter().any(|field| field.id == *id) {
            let near = text::near_misses(id, action.fields.iter().map(|field| field.id)).join(", ");
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {near}?") };
            return problem(id, format!("is no field of {}{hint}", action.id));
        }
    }
    for field in action.fields {
        match fields.get(field.id).map(|value| value.trim()).filter(|value| !value.is_empty()) {
            None if field.required && !field.locates => return problem(field.id, format!("is missing: {}", field.doc)),
            None => {}
            Some(value) => fits(field, value)?,
        }
    }
    Ok(())
}

fn fits(field: &FieldDef, value: &str) -> Result<(), FieldProblem> {
    match field.sort {
        FieldSort::Text | FieldSort::Chosen => Ok(()),
        FieldSort::Number(least, most) => match value.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(()),
            _ => problem(field.id, format!("can't be `{value}`: a whole number from {least} to {most}")),
        },
        FieldSort::Flag if matches!(value, "yes" | "no") => Ok(()),
        FieldSort::Flag => problem(field.id, format!("can't be `{value}`: `yes` or `no`")),
        FieldSort::OneOf(words) if words.contains(&value) => Ok(()),
        FieldSort::OneOf(words) => problem(field.id, format!("can't be `{value}`: one of {}", words.join(", "))),
    }
}

fn problem(field: &str, reason: String) -> Result<(), FieldProblem> {
    Err(FieldProblem { field: field.to_owned(), reason })
}
