//! A Terraform backend of the S3 sort: where states are kept, and where their locks are.

use std::fmt;
use std::sync::Arc;

/// Where an environment's Terraform states and their locks are. What is not said is not known: whoever asks looks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Backend {
    /// The bucket that holds the states; none where only the table is known.
    pub bucket: Option<Arc<str>>,
    /// The DynamoDB table of the locks and digests.
    pub table: Option<Arc<str>>,
    /// Whether locks are objects beside the states (`use_lockfile`), where it is said.
    pub lockfile: Option<bool>,
    /// The one state that is meant, with those of its workspaces.
    pub key: Option<Arc<str>>,
    /// What the keys of the environment's states begin with.
    pub key_prefix: Option<Arc<str>>,
    /// What the keys of workspaces begin with; Terraform's own `env:` where it is not said.
    pub workspaces: Option<Arc<str>>,
    /// The AWS profile of the account that holds it; the environment's own where it is not said.
    pub profile: Option<Arc<str>>,
    /// Its region; the environment's first where it is not said.
    pub region: Option<Arc<str>>,
}

impl Backend {
    /// What the keys of workspaces begin with, the slash included.
    pub fn workspaces(&self) -> String {
        format!("{}/", self.workspaces.as_deref().unwrap_or("env:"))
    }

    /// Whether the state of this key is the environment's, and not only in the same bucket.
    pub fn holds(&self, key: &str) -> bool {
        // A workspace's state: `env:/NAME/KEY`.
        let of_workspace = || key.strip_prefix(&self.workspaces())?.split_once('/').map(|(_, key)| key);
        let own = |wanted: &str| key == wanted || of_workspace() == Some(wanted);
        let under = |prefix: &str| key.starts_with(prefix) || of_workspace().is_some_and(|key| key.starts_with(prefix));
        match (&self.key, &self.key_prefix) {
            (Some(wanted), _) => own(wanted),
            (None, Some(prefix)) => under(prefix),
            (None, None) => true,
        }
    }
}

/// Its bucket and key, its table, and where they are if not in the environment's own account and region.
impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.bucket.as_ref().map(|bucket| match (&self.key, &self.key_prefix) {
            (Some(key), _) => format!("{bucket}/{key}"),
            (None, Some(prefix)) => format!("{bucket}/{prefix}*"),
            (None, None) => bucket.to_string(),
        });
        let table = self.table.as_ref().map(|table| format!("table {table}"));
        let lockfile = self.lockfile.filter(|used| *used).map(|_| "lockfile".to_owned());
        let profile = self.profile.as_ref().map(|profile| format!("profile {profile}"));
        let region = self.region.as_ref().map(ToString::to_string);
        let parts: Vec<String> = [state, table, lockfile, profile, region].into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn backend(key: Option<&str>, prefix: Option<&str>) -> Backend {
        Backend { key: key.map(Into::into), key_prefix: prefix.map(Into::into), ..Backend::default() }
    }

    #[rstest]
    #[case(None, None, "any/thing", true)]
    #[case(None, Some("dhbw/"), "dhbw/prod.tfstate", true)]
    #[case(None, Some("dhbw/"), "dhbwx/prod.tfstate", false)]
    #[case(None, Some("dhbw/"), "env:/blue/dhbw/prod.tfstate", true)]
    #[case(Some("a.tfstate"), None, "a.tfstate", true)]
    #[case(Some("a.tfstate"), None, "env:/blue/a.tfstate", true)]
    #[case(Some("a.tfstate"), None, "env:/blue/b/a.tfstate", false)]
    #[case(Some("a.tfstate"), Some("a"), "a.tfstate.backup", false)]
    fn keys_belong(#[case] key: Option<&str>, #[case] prefix: Option<&str>, #[case] of: &str, #[case] holds: bool) {
        assert_eq!(backend(key, prefix).holds(of), holds);
    }

    #[test]
    fn workspaces_can_have_another_prefix() {
        let backend = Backend { workspaces: Some("stages".into()), ..backend(Some("a"), None) };
        assert!(backend.holds("stages/blue/a") && !backend.holds("env:/blue/a"));
    }
}
