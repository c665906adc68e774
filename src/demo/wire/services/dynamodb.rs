//! DynamoDB, as far as lock tables need it: tables described, items scanned, read, and written and deleted on conditions.

use serde_json::{Map, Value};

use super::super::call::{Answer, Call};
use super::super::change::Change;
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::node::{Fields, Node, fields, list};
use super::not_offered;
use crate::demo::world::{Account, Table};

/// As many items are on a page of a scan.
const PAGE: i64 = 100;

type Item = Map<String, Value>;

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "ListTables" => list_tables(call),
        "DescribeTable" => describe_table(call),
        "Scan" => scan(call),
        "GetItem" => {
            let (table, key) = addressed(call.account, call.input)?;
            Ok(fields! { "Item": table.items.get(&key).map(item) })
        }
        _ => Err(not_offered(call)),
    }
}

pub fn change(change: &mut Change<'_>) -> Option<Answer> {
    match change.operation {
        "PutItem" => Some(put_item(change)),
        "DeleteItem" => Some(delete_item(change)),
        _ => None,
    }
}

fn list_tables(call: &Call<'_>) -> Answer {
    let names: Vec<&String> = call.account.tables.keys().collect();
    let start = call.input.text("ExclusiveStartTableName");
    let start = start.map_or(0, |last| names.partition_point(|name| name.as_str() <= last));
    let end = start.saturating_add(call.size("Limit", 100, 1..101)?).min(names.len());
    let again = call.repeat_token.then(|| call.input.text("ExclusiveStartTableName").unwrap_or("again").to_owned());
    let next = again.or_else(|| (end < names.len()).then(|| names[end - 1].clone()));
    Ok(fields! { "TableNames": list(names[start..end].iter().copied()), "LastEvaluatedTableName": next })
}

fn table<'a>(account: &'a Account, input: &Input) -> Result<&'a Table, Failure> {
    let name = input.text("TableName").unwrap_or_default();
    let words = format!("Requested resource not found: Table: {name} not found");
    account.tables.get(name).ok_or_else(|| Failure::new(400, "ResourceNotFoundException", words))
}

fn describe_table(call: &Call<'_>) -> Answer {
    let table = table(call.account, call.input)?;
    Ok(fields! { "Table": fields! {
        "TableName": &table.name,
        "TableArn": &table.arn,
        "TableStatus": "ACTIVE",
        "CreationDateTime": table.created_at,
        "ItemCount": table.items.len(),
        "KeySchema": list([fields! { "AttributeName": &table.hash_key, "KeyType": "HASH" }]),
        "AttributeDefinitions": list([fields! { "AttributeName": &table.hash_key, "AttributeType": "S" }]),
    } })
}

fn scan(call: &Call<'_>) -> Answer {
    let table = table(call.account, call.input)?;
    let wanted = call
        .input
        .text("ProjectionExpression")
        .map(|names| names.split(',').map(|name| named(call.input, name.trim())).collect::<Vec<_>>());
    let size = call.input.whole("Limit").unwrap_or(PAGE).clamp(1, PAGE) as usize;
    let last = call.input.structure("ExclusiveStartKey").and_then(|key| text_key(&key.0, &table.hash_key));
    let rest = table.items.iter().filter(|(key, _)| last.as_ref().is_none_or(|last| *key > last));
    let page: Vec<(&String, &Item)> = rest.clone().take(size).collect();
    let more = rest.count() > page.len();
    let show = |found: &Item| {
        let kept = found.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)));
        item(&kept.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    let next = if call.repeat_token { last.or(Some("again".to_owned())) } else { None };
    let next = next.or_else(|| page.last().filter(|_| more).map(|(key, _)| (*key).clone()));
    let mut answer = Fields::default();
    answer.put("Count", page.len());
    answer.put("ScannedCount", page.len());
    answer.put("Items", list(page.iter().map(|(_, found)| show(found))));
    answer.put(
        "LastEvaluatedKey",
        next.map(|key| {
            let mut fields = Fields::default();
            fields.put(table.hash_key.clone(), fields! { "S": key });
            Node::Map(fields)
        }),
    );
    Ok(Node::Map(answer))
}

/// The table, and the hash key that the call names.
fn addressed<'a>(account: &'a Account, input: &Input) -> Result<(&'a Table, String), Failure> {
    let table = table(account, input)?;
    let key = input.structure("Key").and_then(|key| text_key(&key.0, &table.hash_key));
    let words = "The provided key element does not match the schema";
    Ok((table, key.ok_or_else(|| Failure::new(400, "ValidationException", words))?))
}

fn text_key(item: &Value, hash_key: &str) -> Option<String> {
    item.get(hash_key)?.get("S")?.as_str().map(str::to_owned)
}

fn put_item(change: &mut Change<'_>) -> Answer {
    let table = table(change.account, change.input)?;
    let new = change.input.0.get("Item").and_then(Value::as_object).cloned().unwrap_or_default();
    let words = "One or more parameter values were invalid: Missing the key";
    let key = new.get(&table.hash_key).and_then(|value| value.get("S")?.as_str());
    let key = key.ok_or_else(|| Failure::new(400, "ValidationException", words))?;
    hold(change.input, table.items.get(key))?;
    let name = table.name.clone();
    change.account.put_item(&name, new);
    Ok(fields! {})
}

fn delete_item(change: &mut Change<'_>) -> Answer {
    let (table, key) = addressed(change.account, change.input)?;
    hold(change.input, table.items.get(&key))?;
    let name = table.name.clone();
    change.account.delete_item(&name, &key);
    Ok(fields! {})
}

/// A name of an expression, which may stand for another one.
fn named(input: &Input, name: &str) -> String {
    let names = input.structure("ExpressionAttributeNames");
    names.and_then(|names| names.text(name).map(str::to_owned)).unwrap_or_else(|| name.to_owned())
}

/// Whether the condition of a write holds: conditions joined by `AND`, each on whether an attribute is there, or on what it is.
fn hold(input: &Input, there: Option<&Item>) -> Result<(), Failure> {
    let Some(expression) = input.text("ConditionExpression") else { return Ok(()) };
    let attribute = |name: &str| there.and_then(|item| item.get(&named(input, name.trim())));
    for condition in expression.split(" AND ") {
        let inner = |function: &str| condition.trim().strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')');
        let holds = if let Some(name) = inner("attribute_not_exists") {
            attribute(name).is_none()
        } else if let Some(name) = inner("attribute_exists") {
            attribute(name).is_some()
        } else if let Some((name, value)) = condition.split_once('=') {
            let values = input.0.get("ExpressionAttributeValues");
            attribute(name).is_some_and(|found| values.and_then(|values| values.get(value.trim())) == Some(found))
        } else {
            return Err(Failure::new(400, "ValidationException", format!("Invalid ConditionExpression: {condition}")));
        };
        if !holds {
            return Err(Failure::new(400, "ConditionalCheckFailedException", "The conditional request failed"));
        }
    }
    Ok(())
}

/// An item as the API has it.
fn item(found: &Item) -> Node {
    let mut fields = Fields::default();
    for (name, value) in found {
        fields.put(name.clone(), node(value));
    }
    Node::Map(fields)
}

fn node(value: &Value) -> Node {
    match value {
        Value::Object(found) => item(found),
        Value::Array(items) => list(items.iter().map(node)),
        Value::Bool(truth) => Node::Truth(*truth),
        Value::Number(number) => Node::Real(number.as_f64().unwrap_or_default()),
        Value::String(text) => Node::Text(text.clone().into()),
        Value::Null => Node::Truth(false),
    }
}
