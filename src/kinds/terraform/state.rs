//! The content of a state, as Terraform writes it (format 4): what it says of itself, what is in it, and what of that may be shown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use md5::{Digest, Md5};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use crate::model::{Fault, FaultClass, text};
use crate::providers::aws::raw;

/// What stands in the place of a secret.
const MASK: &str = "(sensitive)";
/// The most characters of an output's value that are shown.
const SHOWN: usize = 200;
/// The most resources of one state by name that are remembered.
const REMEMBERED: usize = 5_000;

/// What a state says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Raised with each write.
    pub serial: i64,
    /// What stays the same for one state.
    pub lineage: Arc<str>,
    /// The Terraform that wrote it last.
    pub terraform_version: Arc<str>,
    /// Instances by type, data sources left out.
    pub types: BTreeMap<Arc<str>, usize>,
    /// Its outputs.
    pub outputs: Vec<Output>,
    /// Instances by type, id and address, so that the holder of a resource can be found.
    pub instances: Vec<Instance>,
    /// The digest of its content, as hexadecimal digits.
    pub md5: Arc<str>,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: Arc<str>,
    /// Its type, such as `string`.
    pub sort: Arc<str>,
    /// Its value, masked where it is sensitive.
    pub value: Arc<str>,
}

/// An instance of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Such as `aws_ecs_service`.
    pub sort: Arc<str>,
    /// Such as `module.app.aws_ecs_service.backend`.
    pub address: Arc<str>,
    /// What it is called in AWS: its name, id and ARN.
    pub names: Vec<Arc<str>>,
}

#[derive(Deserialize)]
struct File {
    version: i64,
    #[serde(default)]
    terraform_version: String,
    serial: i64,
    lineage: String,
    #[serde(default)]
    outputs: BTreeMap<String, FileOutput>,
    #[serde(default)]
    resources: Vec<FileResource>,
}

#[derive(Deserialize)]
struct FileOutput {
    #[serde(default)]
    value: Json,
    #[serde(default, rename = "type")]
    sort: Json,
    #[serde(default)]
    sensitive: bool,
}

#[derive(Deserialize)]
struct FileResource {
    #[serde(default)]
    module: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    sort: String,
    name: String,
    #[serde(default)]
    instances: Vec<FileInstance>,
}

#[derive(Deserialize)]
struct FileInstance {
    #[serde(default)]
    attributes: Option<Names>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Names {
    name: Named,
    id: Named,
    arn: Named,
}

/// Text; what is something else names nothing.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Named {
    Text(String),
    Other(IgnoredAny),
    #[default]
    Missing,
}

impl Named {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) | Self::Missing => None,
        }
    }
}

/// A digest as Terraform writes it down.
pub fn md5(body: &[u8]) -> String {
    Md5::digest(body).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

impl Summary {
    /// Reads a state; else says why it can't be read. Takes a while for a large one: not for the runtime's own threads.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let file: File = serde_json::from_slice(body).map_err(|error| format!("it is no Terraform state ({error})"))?;
        if file.version != 4 {
            return Err(format!("it is a state of format {}, and only 4 is known", file.version));
        }
        let clean = |text: &str| Arc::from(text::clean(text));
        let managed = || file.resources.iter().filter(|resource| resource.mode != "data");
        let mut types = BTreeMap::new();
        for resource in managed() {
            *types.entry(clean(&resource.sort)).or_default() += resource.instances.len();
        }
        Ok(Self {
            serial: file.serial,
            lineage: clean(&file.lineage),
            terraform_version: clean(&file.terraform_version),
            types,
            outputs: outputs(&file.outputs),
            instances: managed().flat_map(instances).take(REMEMBERED).collect(),
            md5: md5(body).into(),
        })
    }

    /// The same, off the runtime.
    pub async fn of(body: bytes::Bytes) -> Result<Self, String> {
        let parsed = tokio::task::spawn_blocking(move || Self::parse(&body)).await;
        parsed.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// How many instances there are.
    pub fn count(&self) -> usize {
        self.types.values().sum()
    }
}

fn outputs(written: &BTreeMap<String, FileOutput>) -> Vec<Output> {
    let output = |(name, output): (&String, &FileOutput)| {
        let value = match by_name(name, &output.value) {
            _ if output.sensitive => MASK.to_owned(),
            Json::String(text) => text,
            other => other.to_string(),
        };
        let sort = output.sort.as_str().map_or_else(|| Cow::Owned(output.sort.to_string()), Cow::Borrowed);
        Output {
            name: text::clean(name).into(),
            sort: text::clean(&sort).into(),
            value: cut(&text::clean(&value)).into(),
        }
    };
    written.iter().map(output).collect()
}

/// The value of an output that is not marked as sensitive, but may be called like a secret.
fn by_name(name: &str, value: &Json) -> Json {
    let mut shown = raw::masked(serde_json::json!({ name: value }));
    shown[name].take()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn instances(resource: &FileResource) -> impl Iterator<Item = Instance> {
    let module = if resource.module.is_empty() { String::new() } else { format!("{}.", resource.module) };
    let address: Arc<str> = text::clean(&format!("{module}{}.{}", resource.sort, resource.name)).into();
    let sort: Arc<str> = text::clean(&resource.sort).into();
    resource.instances.iter().map(move |instance| {
        let names = instance.attributes.iter().flat_map(|it| [&it.name, &it.id, &it.arn]).filter_map(Named::text);
        Instance { sort: Arc::clone(&sort), address: Arc::clone(&address), names: names.map(Into::into).collect() }
    })
}

/// A state as JSON in which nothing is shown that Terraform or a name calls sensitive.
pub fn shown(body: &[u8]) -> Result<Json, Fault> {
    let malformed = |error: serde_json::Error| {
        Fault::new(FaultClass::Malformed, "it is no Terraform state").with_raw(error.to_string())
    };
    let mut state: Json = serde_json::from_slice(body).map_err(malformed)?;
    for (name, output) in state["outputs"].as_object_mut().into_iter().flatten() {
        if output["sensitive"] == Json::Bool(true) {
            output["value"] = MASK.into();
        } else if let Some(value) = output.get_mut("value") {
            *value = by_name(name, &*value);
        }
    }
    for resource in state["resources"].as_array_mut().into_iter().flatten() {
        for instance in resource["instances"].as_array_mut().into_iter().flatten() {
            hide(instance);
        }
    }
    Ok(raw::masked(state))
}

/// Masks the sensitive attributes of an instance. Where it can't be told which they are, all are.
fn hide(instance: &mut Json) {
    // What providers keep for themselves is not for people.
    if let Some(private) = instance.get_mut("private") {
        *private = MASK.into();
    }
    let paths = match instance.get("sensitive_attributes") {
        None | Some(Json::Null) => return,
        Some(Json::Array(paths)) => paths.clone(),
        Some(_) => vec![Json::Null],
    };
    let Some(attributes) = instance.get_mut("attributes") else { return };
    for path in &paths {
        let steps = path.as_array().and_then(|steps| steps.iter().map(step).collect::<Option<Vec<_>>>());
        match steps.as_deref() {
            Some([first, ..]) if !first.is_empty() => mask(attributes, steps.as_deref().unwrap_or_default()),
            _ => *attributes = MASK.into(),
        }
    }
}

/// A step of a path: an attribute's name, or an index.
fn step(step: &Json) -> Option<String> {
    let value = match step["type"].as_str()? {
        "get_attr" => &step["value"],
        "index" => &step["value"]["value"],
        _ => return None,
    };
    match value {
        Json::String(name) => Some(name.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn mask(value: &mut Json, steps: &[String]) {
    let Some((first, rest)) = steps.split_first() else {
        if !value.is_null() {
            *value = MASK.into();
        }
        return;
    };
    match value {
        Json::Object(fields) => {
            if let Some(next) = fields.get_mut(first) {
                mask(next, rest);
            }
        }
        Json::Array(items) => match first.parse::<usize>().ok().filter(|at| *at < items.len()) {
            Some(at) => mask(&mut items[at], rest),
            // A path into a set has no index that can be followed: nothing of it is shown.
            None => *value = MASK.into(),
        },
        _ => {}
    }
}

/// The same content with another serial, every other byte as it is: numbers and order are Terraform's.
pub fn with_serial(body: &str, serial: i64) -> Option<String> {
    let (start, end) = serial_span(body)?;
    Some(format!("{}{serial}{}", &body[..start], &body[end..]))
}

/// Where the number of the outermost `serial` stands.
fn serial_span(body: &str) -> Option<(usize, usize)> {
    let bytes = body.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => {
                let end = string_end(bytes, at)?;
                let value = skip_space(bytes, end);
                if depth == 1 && &body[at..end] == "\"serial\"" && bytes.get(value) == Some(&b':') {
                    let start = skip_space(bytes, value + 1);
                    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    return (length > 0).then_some((start, start + length));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Behind the closing quote of the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn skip_space(bytes: &[u8], at: usize) -> usize {
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn state() -> Json {
        json!({
            "version": 4, "terraform_version": "1.11.4", "serial": 17, "lineage": "l-1",
            "outputs": {
                "url": { "value": "https://x", "type": "string" },
                "db_password": { "value": "hunter2", "type": "string" },
                "list": { "value": ["a", 1], "type": ["tuple", ["string", "number"]] },
                "key": { "value": "k-1", "type": "string", "sensitive": true },
            },
            "resources": [
                { "mode": "data", "type": "aws_region", "name": "here", "instances": [{ "attributes": { "id": "x" } }] },
                {
                    "module": "module.app", "mode": "managed", "type": "aws_ecs_service", "name": "backend",
                    "instances": [{ "attributes": { "name": "web", "id": "arn:x", "arn": null, "serial": 3 } }],
                },
                {
                    "mode": "managed", "type": "aws_db_instance", "name": "db", "instances": [{
                        "attributes": {
                            "id": 5, "username": "u", "blocks": [{ "pin": "1234" }, { "pin": "5678" }], "set": [{ "a": 1 }],
                        },
                        "private": "c2VjcmV0",
                        "sensitive_attributes": [
                            [{ "type": "get_attr", "value": "username" }],
                            [
                                { "type": "get_attr", "value": "blocks" },
                                { "type": "index", "value": { "value": 1, "type": "number" } },
                                { "type": "get_attr", "value": "pin" },
                            ],
                            [{ "type": "get_attr", "value": "set" }, { "type": "index", "value": { "value": "k", "type": "string" } }],
                        ],
                    }],
                },
            ],
        })
    }

    #[test]
    fn a_state_is_summed_up() {
        let body = state().to_string();
        let summary = Summary::parse(body.as_bytes()).unwrap();
        assert_eq!((summary.serial, &*summary.lineage, summary.count()), (17, "l-1", 2));
        assert_eq!(summary.types.keys().map(|key| &**key).collect::<Vec<_>>(), ["aws_db_instance", "aws_ecs_service"]);
        let service = &summary.instances[0];
        assert_eq!(&*service.address, "module.app.aws_ecs_service.backend");
        assert_eq!(service.names, ["web".into(), Arc::<str>::from("arn:x")]);
        let shown: Vec<(&str, &str)> = summary.outputs.iter().map(|it| (&*it.name, &*it.value)).collect();
        assert_eq!(
            shown,
            [("db_password", "(masked)"), ("key", "(sensitive)"), ("list", "[\"a\",1]"), ("url", "https://x")]
        );
        assert_eq!(summary.md5.len(), 32);
    }

    #[test]
    fn what_is_no_state_says_so() {
        assert!(Summary::parse(b"{").unwrap_err().contains("no Terraform state"));
        assert!(Summary::parse(br#"{"version":3,"serial":1,"lineage":"x"}"#).unwrap_err().contains("format 3"));
    }

    #[test]
    fn nothing_sensitive_is_shown() {
        let shown = shown(state().to_string().as_bytes()).unwrap();
        let text = shown.to_string();
        for secret in ["hunter2", "k-1", "5678", "c2VjcmV0", "\"u\""] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let database = &shown["resources"][2]["instances"][0]["attributes"];
        assert_eq!(database["blocks"][0]["pin"], "1234");
        assert_eq!(database["set"], MASK, "a set has no index to follow");
        assert_eq!(shown["resources"][1]["instances"][0]["attributes"]["name"], "web");
    }

    #[test]
    fn where_it_can_t_be_told_what_is_sensitive_everything_is() {
        let mut state = state();
        state["resources"][2]["instances"][0]["sensitive_attributes"] = json!([[{ "type": "novel", "value": "x" }]]);
        let shown = shown(state.to_string().as_bytes()).unwrap();
        assert_eq!(shown["resources"][2]["instances"][0]["attributes"], MASK);
    }

    #[test]
    fn only_the_outermost_serial_changes() {
        let body = format!("{:#}", state());
        let raised = with_serial(&body, 18).unwrap();
        assert_eq!(raised.replacen("\"serial\": 18", "\"serial\": 17", 1), body);
        assert_eq!(Summary::parse(raised.as_bytes()).unwrap().serial, 18);
        let nested = r#"{"a":{"serial":1},"b":"\"serial\":2","serial" : 3}"#;
        assert_eq!(with_serial(nested, 9).unwrap(), r#"{"a":{"serial":1},"b":"\"serial\":2","serial" : 9}"#);
        assert_eq!(with_serial("{}", 9), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".*") {
            let _ = with_serial(&text, 1);
            let _ = Summary::parse(text.as_bytes());
        }

        #[test]
        fn a_serial_is_found_among_anything(before in "[a-z\"\\\\{}]*", serial in 0_i64..) {
            let body = json!({ "before": before, "nested": [{ "serial": 5 }], "serial": 1 }).to_string();
            let raised: Json = serde_json::from_str(&with_serial(&body, serial).unwrap()).unwrap();
            prop_assert_eq!(&raised["serial"], &json!(serial));
            prop_assert_eq!(&raised["before"], &json!(before));
        }
    }
}
