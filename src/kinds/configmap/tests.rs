use serde_json::json;

use super::*;

#[test]
fn a_config_map_is_known_by_lengths() {
    let map: ConfigMap = serde_json::from_value(json!({
        "metadata": { "name": "app", "namespace": "shop" },
        "data": { "app.toml": "a = 1\n", "mode": "" }, "binaryData": { "logo": "aGkh" },
    }))
    .unwrap();
    assert_eq!(map.keys().collect::<Vec<_>>(), [("app.toml", 6), ("mode", 0), ("logo", 3)]);
    let empty: ConfigMap = serde_json::from_value(json!({ "metadata": { "name": "app" }, "data": null })).unwrap();
    assert_eq!(empty.keys().count(), 0);
}

#[test]
fn values_are_shown_as_far_as_they_go_and_without_escapes() {
    let long = vec!["x"; LINES + 5].join("\n");
    let wide = "ü".repeat(WIDE + 1);
    let Section::Text { lines, .. } = values(&json!({ "a": "one\n\u{1b}[31mtwo", "long": long, "wide": wide })) else {
        panic!()
    };
    assert_eq!(lines[..5].iter().map(|line| &**line).collect::<Vec<_>>(), ["a:", "  one", "  two", "", "long:"]);
    assert!(lines.iter().any(|line| &**line == "  … 5 lines more"));
    assert!(lines.last().unwrap().ends_with("ü…"));
}
