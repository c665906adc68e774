//! Which account an environment is: as configured, else as first seen; and which cluster a context leads to. Pins are kept in a
//! small file in the state folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::files::write_private;
use crate::model::{Environment, Fault, FaultClass};
use crate::providers::kube::Found;

/// Accounts and clusters seen first.
#[derive(Debug)]
pub struct Pins {
    file: Option<PathBuf>,
    seen: Mutex<BTreeMap<Place, Pin>>,
    /// One writer at a time.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Pin {
    Account { environment: String, profile: String, account: String },
    Cluster { environment: String, context: String, uid: Option<String>, address: String },
}

/// What a pin is for: an environment, and its profile or one of its contexts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Profile(String, String),
    Context(String, String),
}

impl Pin {
    fn place(&self) -> Place {
        match self {
            Self::Account { environment, profile, .. } => Place::Profile(environment.clone(), profile.clone()),
            Self::Cluster { environment, context, .. } => Place::Context(environment.clone(), context.clone()),
        }
    }
}

impl Pins {
    /// Kept in this file, or in memory only.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, seen: Mutex::default(), writing: tokio::sync::Mutex::default() }
    }

    /// Whether the account that answered is the one this environment must be. The first one to answer where none is configured
    /// is the one from then on.
    pub async fn check(&self, environment: &Environment, found: &str) -> Result<(), Fault> {
        let expected = match &environment.account {
            Some(account) => account.to_string(),
            None => self.pinned(environment, found).await?,
        };
        if expected == found {
            return Ok(());
        }
        let name = &environment.name;
        let summary = match (&environment.account, &self.file) {
            (None, Some(file)) => {
                format!("{name} has been account {expected}, now {found} answers (pinned in {})", file.display())
            }
            _ => format!("{name} must be account {expected}, but {found} answers"),
        };
        Err(Fault::new(FaultClass::WrongAccount { expected, found: found.to_owned() }, summary))
    }

    /// The pinned account, pinned now if there is none.
    async fn pinned(&self, environment: &Environment, found: &str) -> Result<String, Fault> {
        let profile = environment.profile.as_deref().unwrap_or_default().to_owned();
        let new = Pin::Account { environment: environment.name.to_string(), profile, account: found.to_owned() };
        match self.first(new).await? {
            Pin::Account { account, .. } => Ok(account),
            Pin::Cluster { .. } => Err(Fault::new(FaultClass::Bug, "a pinned cluster is no account")),
        }
    }

    /// Whether the cluster that answered is the one that this context of an environment leads to. The first one to answer is the
    /// one from then on. It is told by its uid; where that could or can't be read, by its address and certificate authority.
    pub async fn check_cluster(&self, environment: &str, context: &str, found: &Found) -> Result<(), Fault> {
        let Found { uid, address } = found.clone();
        let new = Pin::Cluster { environment: environment.to_owned(), context: context.to_owned(), uid, address };
        let Pin::Cluster { uid, address, .. } = self.first(new).await? else {
            return Err(Fault::new(FaultClass::Bug, "a pinned account is no cluster"));
        };
        let same = match (&uid, &found.uid) {
            (Some(pinned), Some(found)) => pinned == found,
            _ => address == found.address,
        };
        if same {
            return Ok(());
        }
        let (expected, now) = (Found { uid, address }.words(), found.words());
        let pinned = self.file.as_ref().map(|file| format!(" (pinned in {})", file.display())).unwrap_or_default();
        let summary = format!("context {context} has led to {expected}, now {now} answers{pinned}");
        Err(Fault::new(FaultClass::WrongAccount { expected, found: now }, summary))
    }

    /// The pin for the place of this one, which it is from now on if there is none.
    async fn first(&self, new: Pin) -> Result<Pin, Fault> {
        let place = new.place();
        if let Some(known) = self.remembered(&place) {
            return Ok(known);
        }
        let _writing = self.writing.lock().await;
        if let Some(file) = self.file.clone() {
            let pin = new.clone();
            let pins = tokio::task::spawn_blocking(move || add(&file, pin))
                .await
                .unwrap_or_else(|error| Err(Fault::new(FaultClass::Bug, error.to_string())))?;
            let pins = pins.into_iter().map(|pin| (pin.place(), pin));
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(pins);
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(seen.entry(place).or_insert(new).clone())
    }

    fn remembered(&self, place: &Place) -> Option<Pin> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }
}

/// Adds a pin to the file unless there is one, and returns all of them. Blocking.
fn add(file: &Path, new: Pin) -> Result<Vec<Pin>, Fault> {
    let mut pins: Vec<Pin> = match std::fs::read(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => {
            // Starting over without them would pin whatever answers now.
            let unreadable = |why: String| {
                let summary =
                    format!("the pinned accounts in {} can't be read; mend or remove the file", file.display());
                Fault::new(FaultClass::Invalid, summary).with_raw(why)
            };
            let bytes = read.map_err(|error| unreadable(error.to_string()))?;
            serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?
        }
    };
    let place = new.place();
    if pins.iter().any(|pin| pin.place() == place) {
        return Ok(pins);
    }
    pins.push(new);
    let written =
        serde_json::to_vec_pretty(&pins).map_err(std::io::Error::from).and_then(|json| write_private(file, &json));
    if let Err(error) = written {
        tracing::warn!(file = %file.display(), %error, "pinned accounts are kept in memory only");
    }
    Ok(pins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, profile: &str, account: Option<&str>) -> Environment {
        Environment {
            name: name.into(),
            profile: Some(profile.into()),
            account: account.map(Into::into),
            regions: vec!["eu-central-1".into()],
            ..Environment::default()
        }
    }

    #[tokio::test]
    async fn the_first_account_is_pinned_and_survives() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state").join("accounts.json");
        let web = environment("web", "p", None);
        let pins = Pins::new(Some(file.clone()));
        pins.check(&web, "111122223333").await.unwrap();
        pins.check(&web, "111122223333").await.unwrap();
        for pins in [pins, Pins::new(Some(file.clone()))] {
            let fault = pins.check(&web, "444455556666").await.unwrap_err();
            let class = FaultClass::WrongAccount { expected: "111122223333".into(), found: "444455556666".into() };
            assert_eq!(fault.class, class);
        }
        // Another profile under the same name is another pin.
        Pins::new(Some(file)).check(&environment("web", "q", None), "444455556666").await.unwrap();
    }

    #[tokio::test]
    async fn the_configured_account_counts() {
        let pins = Pins::new(None);
        let web = environment("web", "p", Some("111122223333"));
        pins.check(&web, "111122223333").await.unwrap();
        assert!(matches!(pins.check(&web, "4").await.unwrap_err().class, FaultClass::WrongAccount { .. }));
    }

    #[tokio::test]
    async fn a_cluster_is_pinned_beside_the_account_and_survives() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.json");
        let found =
            |uid: Option<&str>, address: &str| Found { uid: uid.map(str::to_owned), address: address.to_owned() };
        let pins = Pins::new(Some(file.clone()));
        pins.check(&environment("web", "c", None), "111122223333").await.unwrap();
        pins.check_cluster("web", "c", &found(Some("u-1"), "a")).await.unwrap();
        for pins in [pins, Pins::new(Some(file.clone()))] {
            // It may have moved, but is the same; or may no longer be asked, but is where it was.
            pins.check_cluster("web", "c", &found(Some("u-1"), "b")).await.unwrap();
            pins.check_cluster("web", "c", &found(None, "a")).await.unwrap();
            for other in [found(Some("u-2"), "a"), found(None, "b")] {
                let fault = pins.check_cluster("web", "c", &other).await.unwrap_err();
                assert!(matches!(fault.class, FaultClass::WrongAccount { .. }));
                assert!(fault.summary.starts_with("context c has led to cluster u-1, now cluster"), "{fault}");
            }
            pins.check(&environment("web", "c", None), "111122223333").await.unwrap();
        }
        Pins::new(Some(file)).check_cluster("web", "d", &found(Some("u-2"), "a")).await.unwrap();
    }

    #[tokio::test]
    async fn a_broken_file_pins_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.json");
        std::fs::write(&file, "{").unwrap();
        let fault = Pins::new(Some(file)).check(&environment("web", "p", None), "1").await.unwrap_err();
        assert_eq!(fault.class, FaultClass::Invalid);
    }
}
