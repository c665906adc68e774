//! Titles that a server gives to a kind's columns, and the names that filters, JSON and CSV know them by.

use std::sync::Arc;

use super::KindDef;

/// What stands for a character of a title in the name of its column.
fn plain(c: char) -> char {
    if c.is_alphanumeric() { c.to_lowercase().next().unwrap_or(c) } else { '_' }
}

/// The name of a column of this title: `Up-to-date` is `up_to_date`.
pub fn id_of(title: &str) -> String {
    title.chars().map(plain).collect()
}

/// Whether a column of this title has this name.
fn is_named(title: &str, id: &str) -> bool {
    !title.is_empty() && title.chars().map(plain).eq(id.chars())
}

/// The title of a kind's column, where the server may have named it; nothing where it is not shown.
pub fn title_of<'a>(kind: &KindDef, titles: &'a [Arc<str>], at: usize) -> Option<&'a str> {
    match titles.get(at) {
        Some(title) => Some(&**title).filter(|title| !title.is_empty()),
        None => kind.columns.get(at).map(|column| column.title),
    }
}

/// The position of the column that has this name, by its title where the server has named it.
pub fn place_of(kind: &KindDef, titles: &[Arc<str>], id: &str) -> Option<usize> {
    titles.iter().position(|title| is_named(title, id)).or_else(|| kind.column(id))
}

/// The name of a kind's column in filters, JSON and CSV.
pub fn name_of(kind: &KindDef, titles: &[Arc<str>], at: usize) -> Option<String> {
    let column = kind.columns.get(at)?;
    match titles.get(at) {
        // What has the kind's own title has its own name, too.
        Some(title) if **title == *column.title => Some(column.id.to_owned()),
        Some(title) if title.is_empty() => None,
        Some(title) => Some(id_of(title)),
        None => Some(column.id.to_owned()),
    }
}
