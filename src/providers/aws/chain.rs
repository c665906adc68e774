//! How a profile comes to its credentials, as data: the base it starts from and the roles it assumes on the way. Follows the rules
//! of the AWS SDKs, and `mfa_serial`, which the Rust SDK passes over. Resolves nothing.

use aws_runtime::env_config::section::{EnvConfigSections, Profile};

use super::files::broken;
use crate::model::Fault;

/// Where credentials come from, and what they become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// What it starts from.
    pub base: Base,
    /// The roles assumed, each with the credentials of the one before.
    pub roles: Vec<Role>,
    /// The device whose code is needed.
    pub mfa_serial: Option<String>,
}

/// What a chain starts from.
#[derive(Clone, PartialEq, Eq)]
pub enum Base {
    /// Keys in the files.
    Keys {
        /// Access key id.
        id: String,
        /// Secret access key.
        secret: String,
        /// Session token of keys that end.
        token: Option<String>,
    },
    /// A role given by IAM Identity Center.
    Sso {
        /// The session it stands on.
        session: SsoSession,
        /// Account of the role.
        account: String,
        /// Name of the permission set.
        role: String,
    },
    /// A role for a token in a file.
    WebIdentity {
        /// The role.
        role_arn: String,
        /// Where the token is.
        token_file: String,
        /// Name of the role session, if the profile gives one.
        session_name: Option<String>,
    },
    /// What a program prints.
    Process(String),
    /// Keys in the process's environment.
    Environment,
    /// The role of the instance the program runs on.
    Instance,
    /// The role of the container the program runs in.
    Container,
    /// Whatever of environment, web identity and container the process has: the ambient environment.
    Ambient,
    /// There is no account.
    Nothing,
}

/// Secrets stay out of logs.
impl std::fmt::Debug for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keys { .. } => "Keys",
            Self::Sso { .. } => "Sso",
            Self::WebIdentity { .. } => "WebIdentity",
            Self::Process(_) => "Process",
            Self::Environment => "Environment",
            Self::Instance => "Instance",
            Self::Container => "Container",
            Self::Ambient => "Ambient",
            Self::Nothing => "Nothing",
        })
    }
}

/// An SSO session, shared by many profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoSession {
    /// Its name; a profile of the old form has none.
    pub name: Option<String>,
    /// Where people sign in.
    pub start_url: String,
    /// Region of the identity centre.
    pub region: String,
    /// What is asked for at registration.
    pub scopes: Vec<String>,
}

impl SsoSession {
    /// What its cached token is filed under.
    pub fn key(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.start_url)
    }
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// ARN of the role.
    pub arn: String,
    /// Name of the role session, if the profile gives one.
    pub session_name: Option<String>,
    /// External id.
    pub external_id: Option<String>,
    /// Length of the session in seconds.
    pub seconds: Option<i32>,
}

impl Chain {
    /// The chain of the ambient environment.
    pub const fn ambient() -> Self {
        Self { base: Base::Ambient, roles: Vec::new(), mfa_serial: None }
    }

    /// The chain of an environment that has no AWS account.
    pub const fn nothing() -> Self {
        Self { base: Base::Nothing, roles: Vec::new(), mfa_serial: None }
    }

    /// The chain of the selected profile.
    pub fn of(sections: &EnvConfigSections) -> Result<Self, Fault> {
        let mut name = sections.selected_profile();
        let mut visited: Vec<&str> = Vec::new();
        let mut roles = Vec::new();
        let mut mfa_serial = None;
        let base = loop {
            let profile = sections.get_profile(name).ok_or_else(|| missing(name, visited.last().copied()))?;
            if visited.contains(&name) {
                return Err(broken(name, "its source profiles form a loop"));
            }
            // Keys of a source profile come before a role it would assume itself.
            if !visited.is_empty() && profile.get("aws_access_key_id").is_some() {
                break keys(profile)?;
            }
            visited.push(name);
            let role = profile.get("role_arn").filter(|_| profile.get("web_identity_token_file").is_none());
            // The device belongs to whoever calls first, so the serial nearest to the base counts.
            if let Some(serial) = profile.get("mfa_serial").filter(|_| role.is_some() || roles.is_empty()) {
                mfa_serial = Some(serial.to_owned());
            }
            let Some(arn) = role else { break base(sections, profile)? };
            roles.push(role_of(profile, arn));
            match (profile.get("source_profile"), profile.get("credential_source")) {
                (Some(_), Some(_)) => return Err(broken(name, "it has both source_profile and credential_source")),
                (None, None) => return Err(broken(name, "role_arn wants source_profile or credential_source")),
                (Some(source), None) if source != name => name = source,
                _ => break base(sections, profile)?,
            }
        };
        roles.reverse();
        Ok(Self { base, roles, mfa_serial })
    }

    /// What renews its credentials, where nobody can sign in for them on the screen.
    pub const fn renewed(&self) -> &'static str {
        match self.base {
            Base::Keys { .. } => "its keys stand in the AWS files, and new ones there are used at once",
            Base::Sso { .. } => "its session is signed in to elsewhere",
            Base::WebIdentity { .. } => "a token in a file buys its credentials, and a new one there is used at once",
            Base::Process(_) => "its credential_process gives the credentials; sign in where that program wants it",
            Base::Environment | Base::Ambient => {
                "its credentials come from the process's environment; start the console again with new ones"
            }
            Base::Nothing => "it has no AWS account",
            Base::Instance | Base::Container => "its credentials come from where the console runs, which renews them",
        }
    }

    /// Whether a program gives its credentials.
    pub const fn runs_program(&self) -> bool {
        matches!(self.base, Base::Process(_))
    }

    /// The SSO session it stands on.
    pub fn sso(&self) -> Option<&SsoSession> {
        match &self.base {
            Base::Sso { session, .. } => Some(session),
            _ => None,
        }
    }
}

fn missing(name: &str, from: Option<&str>) -> Fault {
    match from {
        Some(from) => broken(from, &format!("its source_profile {name} does not exist")),
        None => broken(name, "there is no such profile"),
    }
}

fn role_of(profile: &Profile, arn: &str) -> Role {
    let own = |key| profile.get(key).map(str::to_owned);
    Role {
        arn: arn.to_owned(),
        session_name: own("role_session_name"),
        external_id: own("external_id"),
        seconds: profile.get("duration_seconds").and_then(|seconds| seconds.parse().ok()),
    }
}

/// The credentials that a profile gives by itself, in the SDKs' order.
fn base(sections: &EnvConfigSections, profile: &Profile) -> Result<Base, Fault> {
    let own = |key| profile.get(key).map(str::to_owned);
    match profile.get("credential_source") {
        Some("Environment") => return Ok(Base::Environment),
        Some("Ec2InstanceMetadata") => return Ok(Base::Instance),
        Some("EcsContainer") => return Ok(Base::Container),
        Some(other) => return Err(broken(profile.name(), &format!("credential_source {other} is not known"))),
        None => {}
    }
    if let Some(token_file) = own("web_identity_token_file") {
        let role_arn =
            own("role_arn").ok_or_else(|| broken(profile.name(), "web_identity_token_file wants role_arn"))?;
        return Ok(Base::WebIdentity { role_arn, token_file, session_name: own("role_session_name") });
    }
    if ["sso_session", "sso_start_url", "sso_account_id", "sso_role_name"].iter().any(|key| profile.get(key).is_some())
    {
        return sso(sections, profile);
    }
    if let Some(command) = own("credential_process") {
        return Ok(Base::Process(command));
    }
    if profile.get("login_session").is_some() {
        let instead = format!(
            "login_session can't be used; `credential_process = aws configure export-credentials --profile {}` in a profile of its own can",
            profile.name()
        );
        return Err(broken(profile.name(), &instead));
    }
    keys(profile)
}

fn sso(sections: &EnvConfigSections, profile: &Profile) -> Result<Base, Fault> {
    let want = |value: Option<&str>, key: &str| {
        value.map(str::to_owned).ok_or_else(|| broken(profile.name(), &format!("{key} is missing")))
    };
    let session = match profile.get("sso_session") {
        None => SsoSession {
            name: None,
            start_url: want(profile.get("sso_start_url"), "sso_start_url")?,
            region: want(profile.get("sso_region"), "sso_region")?,
            scopes: Vec::new(),
        },
        Some(name) => {
            let section = sections
                .sso_session(name)
                .ok_or_else(|| broken(profile.name(), &format!("its sso-session {name} does not exist")))?;
            let scopes = section.get("sso_registration_scopes").unwrap_or("sso:account:access");
            SsoSession {
                name: Some(name.to_owned()),
                start_url: want(section.get("sso_start_url"), "sso_start_url of its sso-session")?,
                region: want(section.get("sso_region"), "sso_region of its sso-session")?,
                scopes: scopes.split(',').map(|scope| scope.trim().to_owned()).collect(),
            }
        }
    };
    Ok(Base::Sso {
        session,
        account: want(profile.get("sso_account_id"), "sso_account_id")?,
        role: want(profile.get("sso_role_name"), "sso_role_name")?,
    })
}

fn keys(profile: &Profile) -> Result<Base, Fault> {
    let own = |key| profile.get(key).map(str::to_owned);
    match (own("aws_access_key_id"), own("aws_secret_access_key")) {
        (Some(id), Some(secret)) => Ok(Base::Keys { id, secret, token: own("aws_session_token") }),
        (None, None) => Err(broken(profile.name(), "nothing in it gives credentials")),
        (None, _) => Err(broken(profile.name(), "aws_access_key_id is missing")),
        (_, None) => Err(broken(profile.name(), "aws_secret_access_key is missing")),
    }
}

#[cfg(test)]
mod tests;
