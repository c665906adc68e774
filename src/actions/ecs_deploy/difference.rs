//! What is different between two task definitions, line by line, for an operator who chooses between them. Values that look like
//! secrets are masked; that they differ is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ecs::types::{ContainerDefinition, PortMapping, TaskDefinition};

use crate::model::text;

const MASK: &str = "(masked)";

/// A setting's value, and how it is shown.
struct Setting {
    value: String,
    secret: bool,
}

/// The settings of a task definition by their names in words, such as `app image`.
type Settings = BTreeMap<String, Setting>;

/// What would be different with `to` in the place of `from`.
pub(super) fn difference(from: &TaskDefinition, to: &TaskDefinition) -> Vec<Arc<str>> {
    let (from, to) = (settings(from), settings(to));
    let names: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    names.into_iter().filter_map(|name| line(name, from.get(name), to.get(name))).collect()
}

fn line(name: &str, from: Option<&Setting>, to: Option<&Setting>) -> Option<Arc<str>> {
    let line = match (from, to) {
        (Some(from), Some(to)) if from.value == to.value => return None,
        (Some(from), Some(to)) if from.secret || to.secret => format!("{name}: another value {MASK}"),
        (Some(from), Some(to)) => format!("{name}: {} → {}", from.value, to.value),
        (None, Some(to)) => format!("{name}: added, {}", shown(to)),
        (Some(from), None) => format!("{name}: gone, was {}", shown(from)),
        (None, None) => return None,
    };
    Some(text::clean(&line).into())
}

fn shown(setting: &Setting) -> &str {
    match setting.value.as_str() {
        _ if setting.secret => MASK,
        "" => "empty",
        value => value,
    }
}

fn settings(definition: &TaskDefinition) -> Settings {
    let mut settings = Settings::new();
    put(&mut settings, "task cpu", definition.cpu());
    put(&mut settings, "task memory", definition.memory());
    put(&mut settings, "task role", definition.task_role_arn());
    put(&mut settings, "execution role", definition.execution_role_arn());
    put(&mut settings, "network mode", definition.network_mode().map(|mode| mode.as_str().to_owned()));
    for container in definition.container_definitions() {
        of_container(&mut settings, container);
    }
    settings
}

fn of_container(settings: &mut Settings, container: &ContainerDefinition) {
    let name = container.name().unwrap_or("container");
    let of = |what: &str| format!("{name} {what}");
    put(settings, &of("image"), container.image());
    put(settings, &of("cpu"), Some(container.cpu()).filter(|cpu| *cpu > 0).map(|cpu| cpu.to_string()));
    put(settings, &of("memory"), container.memory().map(|memory| memory.to_string()));
    put(settings, &of("memory reservation"), container.memory_reservation().map(|memory| memory.to_string()));
    put(settings, &of("ports"), joined(container.port_mappings().iter().map(port), ", "));
    put(settings, &of("essential"), (container.essential() == Some(false)).then_some("no"));
    put(settings, &of("health check"), container.health_check().map(|check| check.command().join(" ")));
    for (what, words) in [("entry point", container.entry_point()), ("command", container.command())] {
        let value = words.join(" ");
        let secret = words.iter().any(|word| is_secret(word));
        if !value.is_empty() {
            settings.insert(of(what), Setting { value, secret });
        }
    }
    for pair in container.environment() {
        let (key, value) = (pair.name().unwrap_or_default(), pair.value().unwrap_or_default());
        let secret = names_secret(key) || is_secret(value);
        settings.insert(of(&format!("env {key}")), Setting { value: value.to_owned(), secret });
    }
    for secret in container.secrets() {
        put(settings, &of(&format!("secret {}", secret.name())), Some(secret.value_from()));
    }
    put(
        settings,
        &of("env files"),
        joined(container.environment_files().iter().map(|file| file.value().to_owned()), ", "),
    );
}

fn put(settings: &mut Settings, name: &str, value: Option<impl Into<String>>) {
    if let Some(value) = value {
        settings.insert(name.to_owned(), Setting { value: value.into(), secret: false });
    }
}

fn joined(items: impl Iterator<Item = String>, with: &str) -> Option<String> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| items.join(with))
}

fn port(mapping: &PortMapping) -> String {
    let protocol = mapping.protocol().map_or("tcp", |protocol| protocol.as_str());
    match (mapping.container_port(), mapping.host_port()) {
        (Some(inside), Some(host)) if inside != host && host != 0 => format!("{host}:{inside}/{protocol}"),
        (Some(inside), _) => format!("{inside}/{protocol}"),
        (None, _) => format!("{}/{protocol}", mapping.container_port_range().unwrap_or("any")),
    }
}

/// Whether a variable's name is that of a secret. Rather one too many than one too few.
fn names_secret(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "pass",
        "pwd",
        "secret",
        "token",
        "key",
        "cred",
        "auth",
        "private",
        "cert",
        "dsn",
        "salt",
        "signature",
        "cookie",
        "license",
    ];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Whether a text looks like a secret, or has one in it: credentials in an address, a signed token, an access key, a flag for a
/// password, or a long run of letters and digits that are no words.
fn is_secret(text: &str) -> bool {
    let in_address =
        text.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|it| it.contains('@')));
    let flag =
        text.strip_prefix("--").and_then(|flag| flag.split_once('=')).is_some_and(|(flag, _)| names_secret(flag));
    let mut runs = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '=' | '_')));
    let random = |run: &str| {
        run.len() >= 24
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    in_address || flag || text.starts_with("eyJ") || text.starts_with("AKIA") || runs.any(random)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{KeyValuePair, Secret};
    use rstest::rstest;

    use super::*;

    fn definition(image: &str, environment: &[(&str, &str)], secrets: &[&str], port: i32) -> TaskDefinition {
        let pair = |(name, value): &(&str, &str)| KeyValuePair::builder().name(*name).value(*value).build();
        let secret = |name: &&str| Secret::builder().name(*name).value_from("arn:x").build().unwrap();
        let container = ContainerDefinition::builder()
            .name("app")
            .image(image)
            .set_environment(Some(environment.iter().map(pair).collect()))
            .set_secrets(Some(secrets.iter().map(secret).collect()))
            .port_mappings(PortMapping::builder().container_port(port).build())
            .command("serve");
        TaskDefinition::builder().cpu("512").memory("1024").container_definitions(container.build()).build()
    }

    #[test]
    fn what_differs_is_told_and_secrets_are_masked() {
        let from = definition("web:1", &[("LEVEL", "info"), ("DB_PASSWORD", "a"), ("OLD", "1")], &["KEY"], 80);
        let to = definition("web:2", &[("LEVEL", "debug"), ("DB_PASSWORD", "b"), ("NEW", "")], &[], 8080);
        let lines = difference(&from, &to);
        let lines: Vec<&str> = lines.iter().map(|line| &**line).collect();
        assert_eq!(
            lines,
            [
                "app env DB_PASSWORD: another value (masked)",
                "app env LEVEL: info → debug",
                "app env NEW: added, empty",
                "app env OLD: gone, was 1",
                "app image: web:1 → web:2",
                "app ports: 80/tcp → 8080/tcp",
                "app secret KEY: gone, was arn:x",
            ]
        );
        assert!(difference(&to, &to).is_empty());
    }

    #[rstest]
    #[case("postgres://u:p@h/db", true)]
    #[case("https://example.com/a@b", false)]
    #[case("eyJhbGciOi", true)]
    #[case("--api-token=x", true)]
    #[case("--workers=4", false)]
    #[case("f3a9c0b17d5e4a2f8c6b1d0e", true)]
    #[case("enterprise-prod-reporting-db", false)]
    #[case("sk_live_51H8xYz2eZvKYlo2C0aB", true)]
    fn looks_like_a_secret(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_secret(text), expected);
    }
}
