//! The tree an answer is made of, before a protocol puts it into bytes. It must not know any protocol: each has a
//! writer of its own that walks this.

use std::borrow::Cow;

use jiff::Timestamp;

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A string.
    Text(Cow<'static, str>),
    /// An integer.
    Whole(i64),
    /// A double.
    Real(f64),
    /// A boolean.
    Truth(bool),
    /// An instant: seconds in JSON, a tagged number in CBOR, ISO 8601 in XML.
    Time(Timestamp),
    /// A list, with the name that XML gives to each element.
    List(&'static str, Vec<Node>),
    /// A structure or a map.
    Map(Fields),
}

/// The fields of a structure, in order. A field whose value is absent is not there at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields(pub Vec<(Cow<'static, str>, Node)>);

impl Fields {
    /// Adds a field, unless the value is `None`.
    pub fn put(&mut self, key: impl Into<Cow<'static, str>>, value: impl IntoNode) {
        if let Some(node) = value.into_node() {
            self.0.push((key.into(), node));
        }
    }
}

/// What can stand as a field's value.
pub trait IntoNode {
    /// The node, or `None` for a value that is absent.
    fn into_node(self) -> Option<Node>;
}

/// A structure: `fields! { "name": value, … }`.
macro_rules! fields {
    ($($key:literal : $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an empty structure has nothing to put")]
        let mut fields = $crate::demo::wire::node::Fields::default();
        $(fields.put($key, $value);)*
        $crate::demo::wire::node::Node::Map(fields)
    }};
}
pub(crate) use fields;

/// A list whose elements XML calls `member`.
pub fn list<T: IntoNode>(items: impl IntoIterator<Item = T>) -> Node {
    list_of("member", items)
}

/// A list whose elements XML calls `element`.
pub fn list_of<T: IntoNode>(element: &'static str, items: impl IntoIterator<Item = T>) -> Node {
    Node::List(element, items.into_iter().filter_map(IntoNode::into_node).collect())
}

/// A map with free keys.
pub fn map<'a>(items: impl IntoIterator<Item = (&'a String, &'a String)>) -> Node {
    Node::Map(Fields(
        items
            .into_iter()
            .map(|(key, value)| (Cow::Owned(key.clone()), Node::Text(Cow::Owned(value.clone()))))
            .collect(),
    ))
}

impl IntoNode for Node {
    fn into_node(self) -> Option<Node> {
        Some(self)
    }
}

impl<T: IntoNode> IntoNode for Option<T> {
    fn into_node(self) -> Option<Node> {
        self.and_then(IntoNode::into_node)
    }
}

impl IntoNode for &Option<String> {
    fn into_node(self) -> Option<Node> {
        self.as_ref().and_then(IntoNode::into_node)
    }
}

macro_rules! into_node {
    ($($type:ty => |$value:ident| $node:expr;)*) => {
        $(impl IntoNode for $type {
            fn into_node(self) -> Option<Node> {
                let $value = self;
                Some($node)
            }
        })*
    };
}

into_node! {
    &'static str => |value| Node::Text(Cow::Borrowed(value));
    &String => |value| Node::Text(Cow::Owned(value.clone()));
    &&'static str => |value| Node::Text(Cow::Borrowed(value));
    String => |value| Node::Text(Cow::Owned(value));
    i32 => |value| Node::Whole(i64::from(value));
    i64 => |value| Node::Whole(value);
    usize => |value| Node::Whole(i64::try_from(value).unwrap_or(i64::MAX));
    f64 => |value| Node::Real(value);
    bool => |value| Node::Truth(value);
    Timestamp => |value| Node::Time(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_value_leaves_no_field() {
        let name = "a".to_owned();
        let node = fields! { "name": &name, "none": Option::<i32>::None, "some": Some(3), "unset": &None };
        let Node::Map(Fields(fields)) = node else { panic!("not a map") };
        assert_eq!(fields, vec![("name".into(), Node::Text("a".into())), ("some".into(), Node::Whole(3))]);
    }
}
