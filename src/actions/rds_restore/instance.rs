//! An instance from a snapshot: with the source's class, subnets, security groups, parameter and option groups, and roles.

use aws_sdk_rds::types::DbInstance;
use serde_json::{Map, Value as Json, json};

use super::{Drawn, RESTORE_INSTANCE, ROLE_OF_INSTANCE, Wanted, without_source};
use crate::actions::parts::{self, flag_of, texts_of};
use crate::actions::rds;
use crate::guard::Permit;
use crate::model::{FieldChange, Seen, Sent, Step, Value};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

pub(super) async fn draw(acting: &Acting, wanted: &Wanted<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let source = match wanted.source {
        Some(source) => rds::instance(acting, source).await.map_err(Some),
        None => Err(None),
    };
    let source = source.map_err(|fault| drawn.preconditions.push(without_source(wanted.source, fault.as_ref()))).ok();
    let mut input = Map::new();
    input.insert("DBInstanceIdentifier".to_owned(), json!(wanted.to));
    input.insert("DBSnapshotIdentifier".to_owned(), json!(wanted.snapshot));
    input.extend(of_source(source.as_ref(), wanted.class));
    drawn.changes = input.iter().skip(2).map(|(parameter, value)| shown(parameter, value)).collect();
    let command = [("db-instance-identifier", wanted.to), ("db-snapshot-identifier", wanted.snapshot)];
    drawn.command = Some(command_of(acting, "rds restore-db-instance-from-db-snapshot", &command, &input));
    let words = format!("restore {} from {}", wanted.to, wanted.snapshot);
    drawn.steps.push(parts::step(acting, RESTORE_INSTANCE, words, &Json::Object(input), wanted.seen.clone()));
    for role in source.iter().flat_map(DbInstance::associated_roles) {
        let (arn, feature) = (role.role_arn().unwrap_or_default(), role.feature_name().unwrap_or_default());
        let input = json!({ "DBInstanceIdentifier": wanted.to, "RoleArn": arn, "FeatureName": feature });
        drawn.changes.push(parts::change("role", None, Some(arn)));
        drawn.steps.push(parts::step(
            acting,
            ROLE_OF_INSTANCE,
            format!("give it the role {arn}"),
            &input,
            Seen::default(),
        ));
    }
    drawn
}

/// What the source has, as parameters.
fn of_source(source: Option<&DbInstance>, class: Option<&str>) -> Map<String, Json> {
    let mut input = Map::new();
    let mut put = |parameter: &str, value: Option<Json>| {
        if let Some(value) = value {
            input.insert(parameter.to_owned(), value);
        }
    };
    let class = class.or_else(|| source.and_then(DbInstance::db_instance_class));
    put("DBInstanceClass", class.map(|class| json!(class)));
    let Some(db) = source else { return input };
    put(
        "DBSubnetGroupName",
        db.db_subnet_group().and_then(|group| group.db_subnet_group_name()).map(|name| json!(name)),
    );
    let groups: Vec<&str> = db.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id()).collect();
    put("VpcSecurityGroupIds", (!groups.is_empty()).then(|| json!(groups)));
    let parameters = db.db_parameter_groups().first().and_then(|group| group.db_parameter_group_name());
    put("DBParameterGroupName", parameters.map(|name| json!(name)));
    let options = db.option_group_memberships().first().and_then(|group| group.option_group_name());
    // That of the engine is taken anyway.
    let options = options.filter(|name| !name.starts_with("default:"));
    put("OptionGroupName", options.map(|name| json!(name)));
    put("MultiAZ", db.multi_az().map(|flag| json!(flag)));
    put("PubliclyAccessible", db.publicly_accessible().map(|flag| json!(flag)));
    put("DeletionProtection", db.deletion_protection().map(|flag| json!(flag)));
    input
}

/// A parameter as a change from nothing.
pub(super) fn shown(parameter: &str, value: &Json) -> FieldChange {
    let to = match value {
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Array(items) => Value::list(items.iter().filter_map(Json::as_str)),
        Json::String(text) => Value::text(text),
        other => other.as_i64().map_or_else(|| Value::text(other.to_string()), Value::Int),
    };
    FieldChange { field: parameter.into(), from: Value::None, to }
}

/// The command with a flag for each parameter after the first two.
pub(super) fn command_of(
    acting: &Acting,
    words: &str,
    names: &[(&str, &str)],
    input: &Map<String, Json>,
) -> std::sync::Arc<str> {
    let more: Vec<(String, String)> = input.iter().skip(2).map(|(parameter, value)| flag(parameter, value)).collect();
    let flags: Vec<(&str, &str)> =
        names.iter().copied().chain(more.iter().map(|(flag, value)| (&**flag, &**value))).collect();
    parts::aws_command(acting, words, &flags)
}

/// A parameter as a flag of the AWS command line: `VpcSecurityGroupIds` is `vpc-security-group-ids`.
fn flag(parameter: &str, value: &Json) -> (String, String) {
    let mut name = String::new();
    let letters: Vec<char> = parameter.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let begins = letter.is_uppercase()
            && at > 0
            && (letters[at - 1].is_lowercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if begins {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    match value {
        Json::Bool(true) => (name, String::new()),
        Json::Bool(false) => (format!("no-{name}"), String::new()),
        Json::Array(items) => (name, items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" ")),
        Json::String(text) => (name, text.clone()),
        other => (name, other.to_string()),
    }
}

pub(super) async fn send(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
    let ride = Ride::with(permit);
    if step.operation == ROLE_OF_INSTANCE {
        let call = acting.writes.rds().add_role_to_db_instance();
        let call = call.set_db_instance_identifier(text("DBInstanceIdentifier"));
        let call = call.set_role_arn(text("RoleArn")).set_feature_name(text("FeatureName"));
        return sent(step.operation, call.customize().interceptor(ride).send().await);
    }
    let call = acting.writes.rds().restore_db_instance_from_db_snapshot();
    let call = call
        .set_db_instance_identifier(text("DBInstanceIdentifier"))
        .set_db_snapshot_identifier(text("DBSnapshotIdentifier"))
        .set_db_instance_class(text("DBInstanceClass"))
        .set_db_subnet_group_name(text("DBSubnetGroupName"))
        .set_vpc_security_group_ids(texts_of(step, "VpcSecurityGroupIds"))
        .set_db_parameter_group_name(text("DBParameterGroupName"))
        .set_option_group_name(text("OptionGroupName"))
        .set_multi_az(flag_of(step, "MultiAZ"))
        .set_publicly_accessible(flag_of(step, "PubliclyAccessible"))
        .set_deletion_protection(flag_of(step, "DeletionProtection"));
    sent(step.operation, call.customize().interceptor(ride).send().await)
}
