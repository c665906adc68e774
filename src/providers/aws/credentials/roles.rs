//! Roles and sessions by STS.

use aws_credential_types::Credentials;
use aws_sdk_sts::types::Credentials as StsCredentials;

use super::Resolver;
use crate::model::{Fault, FaultClass};
use crate::providers::aws::chain::Role;
use crate::providers::aws::fault::{fault, invalid};

/// Half a day, which is what a person wants to be asked once in.
const SESSION_SECONDS: i32 = 12 * 60 * 60;

impl Resolver<'_> {
    /// The credentials of a role, for those of whoever assumes it; with a device and its code where they are wanted.
    pub(super) async fn assume(
        &self,
        role: &Role,
        credentials: Credentials,
        device: Option<(&str, &str)>,
    ) -> Result<Credentials, Fault> {
        const OP: &str = "sts:AssumeRole";
        let answer = self
            .sts(Some(credentials))
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(self.session_name(role.session_name.as_deref()))
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(role.seconds)
            .set_serial_number(device.map(|(serial, _)| serial.to_owned()))
            .set_token_code(device.map(|(_, code)| code.to_owned()))
            .send()
            .await
            .map_err(|error| code_refused(fault(OP, &error), device.is_some()))?;
        taken(OP, answer.credentials)
    }

    /// A session of long-term keys that the device's code was given for.
    pub(super) async fn session_token(
        &self,
        keys: Credentials,
        serial: &str,
        code: &str,
    ) -> Result<Credentials, Fault> {
        const OP: &str = "sts:GetSessionToken";
        let answer = self
            .sts(Some(keys))
            .get_session_token()
            .serial_number(serial)
            .token_code(code)
            .duration_seconds(SESSION_SECONDS)
            .send()
            .await
            .map_err(|error| code_refused(fault(OP, &error), true))?;
        taken(OP, answer.credentials)
    }

    /// The credentials of a role for a web identity token in a file.
    pub(super) async fn web_identity(&self, role: &str, file: &str, name: Option<&str>) -> Result<Credentials, Fault> {
        const OP: &str = "sts:AssumeRoleWithWebIdentity";
        let token = tokio::fs::read_to_string(file).await.map_err(|error| {
            Fault::new(FaultClass::Invalid, format!("the web identity token {file} can't be read: {error}"))
        })?;
        let answer = self
            .sts(None)
            .assume_role_with_web_identity()
            .role_arn(role)
            .role_session_name(self.session_name(name))
            .web_identity_token(token.trim())
            .send()
            .await
            .map_err(|error| fault(OP, &error))?;
        taken(OP, answer.credentials)
    }

    /// A name for the session that says in CloudTrail who it was: the profile's, else that of the user.
    fn session_name(&self, own: Option<&str>) -> String {
        if let Some(own) = own {
            return own.to_owned();
        }
        let user = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| self.settings.variables.get(name));
        let name = format!("quarterdeck-{}", user.unwrap_or("console"));
        name.chars().filter(|c| c.is_ascii_alphanumeric() || "+=,.@-_".contains(*c)).take(64).collect()
    }
}

/// A code that was mistyped or used before looks like a missing permission.
fn code_refused(fault: Fault, with_code: bool) -> Fault {
    if with_code && fault.raw.contains("MultiFactorAuthentication failed") {
        let class = FaultClass::Invalid;
        return Fault { class, summary: "the code was not accepted; wait for the next one".to_owned(), ..fault };
    }
    fault
}

fn taken(operation: &str, credentials: Option<StsCredentials>) -> Result<Credentials, Fault> {
    let credentials = credentials.ok_or_else(|| invalid(operation, "credentials"))?;
    Ok(Credentials::new(
        credentials.access_key_id,
        credentials.secret_access_key,
        Some(credentials.session_token),
        credentials.expiration.try_into().ok(),
        "quarterdeck",
    ))
}
