use serde_json::json;

use super::*;
use crate::kinds::titles::{name_of, place_of, title_of};

fn columns() -> Vec<PrintedColumn> {
    serde_json::from_value(json!([
        { "name": "Name", "type": "string", "format": "name", "priority": 0 },
        { "name": "Issuer", "type": "string", "priority": 1 },
        { "name": "Ready", "type": "string", "priority": 0 },
        { "name": "Up-to-date", "type": "integer", "priority": 0 },
        { "name": "Status", "type": "string", "priority": 1 },
        { "name": "Age", "type": "date", "priority": 0 },
    ]))
    .unwrap()
}

fn certificates() -> ApiType {
    ApiType { group: "cert-manager.io".into(), plural: "certificates".into(), namespaced: true, ..ApiType::default() }
}

#[test]
fn the_servers_columns_get_the_servers_titles() {
    let columns = columns();
    let titles = titles(&certificates(), &shown(&columns));
    assert_eq!(titles.len(), COLUMNS.len());
    let told: Vec<_> = titles.iter().filter(|title| !title.is_empty()).map(|title| &**title).collect();
    assert_eq!(told, ["NAMESPACE", "READY", "UP-TO-DATE", "ISSUER", "STATUS", "AGE", "CLUSTER"]);
    assert_eq!((title_of(&DEF, &titles, 2), title_of(&DEF, &titles, 5)), (Some("UP-TO-DATE"), None));
    let names: Vec<_> = (0..COLUMNS.len()).filter_map(|at| name_of(&DEF, &titles, at)).collect();
    assert_eq!(names, ["namespace", "ready", "up_to_date", "issuer", "status", "created", "cluster"]);
    assert_eq!((place_of(&DEF, &titles, "up_to_date"), place_of(&DEF, &titles, "created")), (Some(2), Some(13)));
    let everywhere = ApiType { namespaced: false, ..certificates() };
    assert_eq!(&*super::titles(&everywhere, &[])[0], "");
}

#[test]
fn no_more_columns_are_printed_than_there_is_room_for() {
    let many: Vec<PrintedColumn> = (0..40)
        .map(|n| PrintedColumn { name: format!("A column number {n} \u{1b}[31m"), ..PrintedColumn::default() })
        .collect();
    let titles = titles(&certificates(), &shown(&many));
    assert_eq!(titles.len(), COLUMNS.len());
    assert!(titles.iter().all(|title| title.chars().count() <= TITLE && !title.contains('\u{1b}')), "{titles:?}");
}

#[test]
fn what_says_that_it_is_not_ready_is_believed() {
    let columns = columns();
    let verdict = |ready: &str| {
        verdict(&shown(&columns), &[json!("web"), json!("ca"), json!(ready), json!(1), json!("no issuer"), json!("3d")])
    };
    assert_eq!(verdict("True"), fine());
    assert_eq!(verdict("False"), (Health::Degraded, "not ready: no issuer".to_owned()));
    assert_eq!(verdict("1/1"), fine());
}

#[test]
fn cells_are_what_they_are() {
    let cells = [json!(null), json!("a\u{1b}[31m"), json!(3), json!(0.5), json!(true)];
    let expected = [Value::None, Value::text("a"), Value::Int(3), Value::text("0.5"), Value::Bool(true)];
    assert_eq!(cells.each_ref().map(value), expected);
}
