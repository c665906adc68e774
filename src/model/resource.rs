//! One resource of a kind, and a fetched list of them.

use std::sync::Arc;

use super::{Fault, Health, KindId, Scope, Value};

/// What a resource is, for ever: never a row number, never what is selected now, never an account id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId {
    /// Where it lives.
    pub scope: Scope,
    /// Its kind, such as `ecs-service`.
    pub kind: KindId,
    /// Its id in that scope, enough to ask the provider for it again (a service's name, a task's id, an alarm's name).
    pub id: Arc<str>,
}

/// One resource as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Identity.
    pub id: Arc<ResourceId>,
    /// The name shown, cleaned of control characters.
    pub name: Arc<str>,
    /// ARN, where the provider gives one.
    pub arn: Option<Arc<str>>,
    /// Health, by the kind's own rules.
    pub health: Health,
    /// Why, in words; empty where `ok` needs no words.
    pub reason: Arc<str>,
    /// The kind's own columns, in the order of its `columns`.
    pub cells: Box<[Value]>,
}

/// A fetched list, never changed after it was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The resources, in the provider's order.
    pub items: Vec<Resource>,
    /// Why some may be missing.
    pub faults: Vec<Fault>,
    /// The titles of the kind's columns, where the server names them: an empty one is not shown. Empty: those of the kind.
    pub titles: Arc<[Arc<str>]>,
}

impl Rows {
    /// Adds a page. Most of a list says the same as the row before in most columns: such texts are kept once.
    pub fn append(&mut self, page: Vec<Resource>) {
        self.items.reserve(page.len());
        for mut row in page {
            if let Some(before) = self.items.last() {
                row.share(before);
            }
            self.items.push(row);
        }
    }
}

impl Resource {
    /// Takes over from another row what is the same.
    fn share(&mut self, other: &Self) {
        if self.reason == other.reason {
            self.reason = Arc::clone(&other.reason);
        }
        for (cell, known) in self.cells.iter_mut().zip(&other.cells) {
            if cell == known {
                cell.clone_from(known);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[Value], reason: &str) -> Resource {
        let scope = Scope::new("dhbw-prod", "eu-central-1");
        Resource {
            id: Arc::new(ResourceId { scope, kind: "ecs-service", id: "web".into() }),
            name: "web".into(),
            arn: None,
            health: Health::Ok,
            reason: reason.into(),
            cells: cells.into(),
        }
    }

    #[test]
    fn what_rows_have_in_common_is_kept_once() {
        let pages = [
            vec![row(&[Value::text("FARGATE"), Value::text("a")], "")],
            vec![row(&[Value::text("FARGATE"), Value::text("b")], ""), row(&[Value::text("FARGATE")], "down")],
        ];
        let mut rows = Rows::default();
        for page in pages.clone() {
            rows.append(page);
        }
        assert_eq!(rows.items, pages.concat());
        let text = |at: usize| match &rows.items[at].cells[0] {
            Value::Text(text) => Arc::clone(text),
            other => panic!("{other:?}"),
        };
        assert!(Arc::ptr_eq(&text(0), &text(1)) && Arc::ptr_eq(&text(1), &text(2)));
        assert!(Arc::ptr_eq(&rows.items[0].reason, &rows.items[1].reason));
    }
}
