//! CloudTrail: what anybody does is recorded here, and now and then somebody does something of no consequence.

use serde_json::{Value, json};

use super::MOST_RECORDS;
use crate::demo::world::account::{Account, after_colon, last_part};
use crate::demo::world::agenda::Act;
use crate::demo::world::dice::{hash, hex};
use crate::demo::world::model::{TrailEvent, Word};
use crate::demo::world::people;

/// Somebody who calls APIs: a person through single sign-on, a user, a pipeline's role or a service.
#[derive(Debug, PartialEq)]
pub(in crate::demo::world) struct Actor {
    /// The user's name, the role session's, or the service.
    pub(in crate::demo::world) name: &'static str,
    /// The role, with its path; `None`: a user of IAM.
    pub(in crate::demo::world) role: Option<&'static str>,
    pub(in crate::demo::world) address: &'static str,
    pub(in crate::demo::world) agent: &'static str,
}

/// A call to an API.
pub(in crate::demo::world) struct Call {
    pub(in crate::demo::world) source: Word,
    pub(in crate::demo::world) name: &'static str,
    /// Type, and ARN or name.
    pub(in crate::demo::world) resources: Vec<(Word, String)>,
    pub(in crate::demo::world) request: Value,
    /// Code and message.
    pub(in crate::demo::world) error: Option<(&'static str, String)>,
}

impl Actor {
    /// The ARN of the caller in an account.
    pub(in crate::demo::world) fn arn(&self, account: &str) -> String {
        match self.role {
            Some(role) => format!("arn:aws:sts::{account}:assumed-role/{}/{}", last_part(role), self.name),
            None => format!("arn:aws:iam::{account}:user/{}", self.name),
        }
    }

    /// The access key the caller has in an account: none that opens anything.
    fn key(&self, account: &str) -> String {
        let prefix = if self.role.is_some() { "ASIA" } else { "AKIA" };
        let digits = hex(hash(7, &self.arn(account)), 9).to_uppercase();
        format!("{prefix}{digits}EXAMPLE")
    }

    fn identity(&self, account: &str) -> Value {
        let principal = format!("AROA{}", hex(hash(9, self.role.unwrap_or(self.name)), 16).to_uppercase());
        let key = self.key(account);
        match self.role {
            Some(role) => json!({
                "type": "AssumedRole", "principalId": format!("{principal}:{}", self.name), "arn": self.arn(account),
                "accountId": account, "accessKeyId": key,
                "sessionContext": { "sessionIssuer": {
                    "type": "Role", "principalId": principal, "arn": format!("arn:aws:iam::{account}:role/{role}"),
                    "accountId": account, "userName": last_part(role) } },
            }),
            None => json!({
                "type": "IAMUser", "principalId": principal.replacen("AROA", "AIDA", 1), "arn": self.arn(account),
                "accountId": account, "accessKeyId": key, "userName": self.name,
            }),
        }
    }
}

impl Account {
    /// Records that somebody made a call, now.
    pub(in crate::demo::world) fn record(&mut self, by: &Actor, call: Call) {
        let read_only = ["Describe", "Get", "List", "Lookup"].iter().any(|verb| call.name.starts_with(verb));
        let id = self.dice.uuid();
        let at = self.now;
        let mut record = json!({
            "eventVersion": "1.10", "userIdentity": by.identity(&self.id),
            "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "eventSource": call.source,
            "eventName": call.name, "awsRegion": self.region, "sourceIPAddress": by.address, "userAgent": by.agent,
            "requestParameters": call.request, "responseElements": null, "requestID": self.dice.uuid(), "eventID": id,
            "readOnly": read_only, "eventType": "AwsApiCall", "managementEvent": true,
            "recipientAccountId": self.id, "eventCategory": "Management",
        });
        if let (Some(fields), Some((code, message))) = (record.as_object_mut(), &call.error) {
            fields.insert("errorCode".to_owned(), json!(code));
            fields.insert("errorMessage".to_owned(), json!(message));
        }
        let named = |(kind, arn): (Word, String)| (kind, resource_name(kind, &arn));
        let event = TrailEvent {
            id,
            at,
            name: call.name.to_owned(),
            source: call.source,
            read_only,
            username: by.name.to_owned(),
            access_key_id: Some(by.key(&self.id)),
            resources: call.resources.into_iter().map(named).collect(),
            source_ip: by.address.to_owned(),
            user_agent: by.agent.to_owned(),
            error_code: call.error.as_ref().map(|(code, _)| (*code).to_owned()),
            error_message: call.error.map(|(_, message)| message),
            record: record.to_string(),
        };
        self.trail.push_front(event);
        self.trail.truncate(MOST_RECORDS);
    }

    /// Somebody does something of no consequence, and the next one follows some minutes later.
    pub(super) fn stir(&mut self) {
        let (by, call) = self.small_call();
        self.record(by, call);
        let wait = self.dice.between(150, 1_500);
        self.later(wait, Act::Stir);
    }

    fn small_call(&mut self) -> (&'static Actor, Call) {
        match self.dice.between(0, 9) {
            0..=4 => self.pipeline_call(),
            5 => (
                &people::DATADOG,
                call("ecs.amazonaws.com", "DescribeServices", vec![], json!({ "include": ["TAGS"] })),
            ),
            6 => (
                &people::DATADOG,
                call("rds.amazonaws.com", "DescribeDBInstances", vec![], json!({ "maxRecords": 100 })),
            ),
            _ => self.person_call(),
        }
    }

    fn pipeline_call(&mut self) -> (&'static Actor, Call) {
        let environment = self.environment.clone();
        let alarm = self.alarms.keys().next().cloned().unwrap_or_default();
        match self.dice.between(0, 3) {
            0 => {
                let request = json!({ "alarmName": alarm });
                let resources = vec![("AWS::CloudWatch::Alarm", alarm)];
                (&people::TERRAFORM, call("monitoring.amazonaws.com", "PutMetricAlarm", resources, request))
            }
            1 => {
                let request = json!({ "tags": [{ "key": "ManagedBy", "value": "terraform" }] });
                (&people::TERRAFORM, call("ecs.amazonaws.com", "TagResource", vec![], request))
            }
            2 => {
                let request = json!({ "resourceArn": self.arn("dynamodb", "table/terraform-state-lock") });
                (&people::TERRAFORM, call("dynamodb.amazonaws.com", "TagResource", vec![], request))
            }
            _ => {
                let request = json!({ "repositoryName": environment, "imageTag": self.dice.hex(7) });
                let resources = vec![("AWS::ECR::Repository", environment)];
                (&people::GITHUB, call("ecr.amazonaws.com", "PutImage", resources, request))
            }
        }
    }

    fn person_call(&mut self) -> (&'static Actor, Call) {
        let group = self.log_groups.keys().next().cloned().unwrap_or_default();
        match self.dice.between(0, 3) {
            0 => {
                let request = json!({ "logGroupName": group, "retentionInDays": 30 });
                (&people::NOOR, call("logs.amazonaws.com", "PutRetentionPolicy", vec![], request))
            }
            1 => {
                let name = format!("/{}/feature-flags", self.environment);
                let request = json!({ "name": name, "type": "String", "overwrite": true });
                (
                    &people::TOMASZ,
                    call("ssm.amazonaws.com", "PutParameter", vec![("AWS::SSM::Parameter", name)], request),
                )
            }
            2 => (&people::NOOR, call("signin.amazonaws.com", "ConsoleLogin", vec![], Value::Null)),
            _ => {
                let denied = format!(
                    "User: {} is not authorized to perform: iam:CreateUser because no identity-based policy allows the \
                     iam:CreateUser action",
                    people::TOMASZ.arn(&self.id)
                );
                let tried = call("iam.amazonaws.com", "CreateUser", vec![], Value::Null);
                (&people::TOMASZ, Call { error: Some(("AccessDenied", denied)), ..tried })
            }
        }
    }
}

/// A call that succeeds.
fn call(source: Word, name: &'static str, resources: Vec<(Word, String)>, request: Value) -> Call {
    Call { source, name, resources, request, error: None }
}

/// How `LookupEvents` names a resource: services of ECS by ARN, most others by their name.
fn resource_name(kind: &str, arn: &str) -> String {
    if kind.starts_with("AWS::ECS") || !arn.starts_with("arn:") {
        return arn.to_owned();
    }
    last_part(after_colon(arn)).to_owned()
}
