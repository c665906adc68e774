use serde_json::json;

use super::*;

#[test]
fn nothing_of_a_secret_but_lengths_is_kept_or_shown() {
    let mut secret: Secret = serde_json::from_str(
        &json!({
            "metadata": { "name": "db", "namespace": "shop", "annotations": {
                APPLIED: "{\"data\":{\"password\":\"Z2VoZWlt\"}}", "owner": "team" } },
            "type": "Opaque", "data": { "password": "Z2VoZWlt", "empty": "", "null": null }, "stringData": { "x": "geheim" },
        })
        .to_string(),
    )
    .unwrap();
    strip(&mut secret.metadata);
    let kept = format!("{secret:?}");
    let shown = raw::pretty(&shown(&secret).unwrap()).unwrap();
    for text in [&kept, &shown] {
        assert!(!text.contains("Z2VoZWlt") && !text.contains("geheim"), "{text}");
        assert!(text.contains("owner"), "{text}");
    }
    assert_eq!(secret.data["password"].0, 6);
    assert!(shown.contains("\"password\": \"6 B\""), "{shown}");
}
