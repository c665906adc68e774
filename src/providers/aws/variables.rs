//! The process's environment variables as data, so that what a profile may see of them is decided in one place. Knows their names,
//! nothing of credentials.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use aws_types::os_shim_internal::Env;

/// Ambient credentials, identity and place: none of them may shadow what a named profile says.
const AMBIENT: [&str; 17] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// Environment variables, taken once.
#[derive(Clone, Debug, Default)]
pub struct Variables(Arc<HashMap<String, String>>);

impl Variables {
    /// Those of this process. What is not UTF-8 names nothing of AWS's and is left out.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a variable that is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The same without the ambient credentials, identity and place.
    #[must_use]
    pub fn without_ambient(&self) -> Self {
        self.0
            .iter()
            .filter(|(name, _)| !AMBIENT.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// As the SDK takes them.
    pub fn env(&self) -> Env {
        Env::from(HashMap::clone(&self.0))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }

    /// The home folder.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from)
    }

    /// The path that a variable names, else this one below the home folder; `~` is the home folder.
    pub fn path(&self, name: &str, below_home: &str) -> Option<PathBuf> {
        match self.get(name) {
            Some(path) => match path.strip_prefix("~/") {
                Some(rest) => Some(self.home()?.join(rest)),
                None => Some(PathBuf::from(path)),
            },
            None => Some(self.home()?.join(below_home)),
        }
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(Arc::new(variables.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_sees_files_and_endpoints_but_no_ambient_credentials() {
        let all: Variables = AMBIENT
            .into_iter()
            .chain(["AWS_CONFIG_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS", "HOME", "AWS_CA_BUNDLE"])
            .map(|name| (name.to_owned(), "x".to_owned()))
            .collect();
        let seen = all.without_ambient();
        assert!(AMBIENT.iter().all(|name| seen.get(name).is_none()));
        assert_eq!(seen.iter().count(), 5);
    }

    #[test]
    fn paths_come_from_variables_or_home() {
        let variables: Variables = [("HOME", "/h"), ("AWS_CONFIG_FILE", "~/c")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(variables.path("AWS_CONFIG_FILE", ".aws/config"), Some("/h/c".into()));
        assert_eq!(
            variables.path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
            Some("/h/.aws/credentials".into())
        );
    }
}
