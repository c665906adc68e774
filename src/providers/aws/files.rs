//! The AWS config and credentials files as text: split into sections, so that a broken one concerns nobody else and a change
//! concerns only the profiles that stand on it. Knows the files' outline; what is in a section is `chain`'s.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::section::EnvConfigSections;
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};

use super::variables::Variables;
use crate::model::{Fault, FaultClass, text};

/// No chain of profiles is longer.
const LONGEST_CHAIN: usize = 20;

/// The two files as last read.
#[derive(Clone, Default)]
pub struct AwsFiles {
    config: AwsFile,
    credentials: AwsFile,
}

#[derive(Clone, Default)]
struct AwsFile {
    path: Option<PathBuf>,
    /// Modification time and length, to see at a glance that nothing changed.
    stamp: Stamp,
    sections: Vec<Section>,
}

/// Modification time and length of a file; `None` where there is none.
pub type Stamp = Option<(Option<SystemTime>, u64)>;

#[derive(Clone)]
struct Section {
    /// `profile`, `sso-session`, `services`; empty where there is only a name.
    kind: String,
    name: String,
    /// The whole section, its header included.
    text: String,
}

/// The sections that a profile stands on: enough to resolve it, and when they are the same, nothing changed for it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    profile: String,
    config: String,
    credentials: String,
}

/// The text has keys in it, which stay out of logs.
impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Excerpt").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl AwsFiles {
    /// Reads both files; one that isn't there is empty.
    pub async fn read(variables: &Variables) -> Result<Self, Fault> {
        Ok(Self {
            config: AwsFile::read(variables.path("AWS_CONFIG_FILE", ".aws/config")).await?,
            credentials: AwsFile::read(variables.path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")).await?,
        })
    }

    /// Files with these texts.
    #[cfg(test)]
    pub fn of_text(config: &str, credentials: &str) -> Self {
        let file = |text| AwsFile { sections: split(text), ..AwsFile::default() };
        Self { config: file(config), credentials: file(credentials) }
    }

    /// Whether the files on disk still look like what was read. Blocks.
    pub fn is_current(&self) -> bool {
        [&self.config, &self.credentials].iter().all(|file| look(file.path.as_deref()) == file.stamp)
    }

    /// What a profile stands on: its own sections, those of its source profiles, of its SSO session and of its services.
    pub async fn excerpt(&self, profile: &str) -> Result<Excerpt, Fault> {
        let mut excerpt = Excerpt { profile: profile.to_owned(), ..Excerpt::default() };
        let mut next = Some(profile.to_owned());
        let mut seen = Vec::new();
        while let Some(name) = next.take().filter(|name| !seen.contains(name)) {
            self.add_profile(&mut excerpt, &name);
            let sections = excerpt.parse().await?;
            let found = sections.get_profile(&name);
            for (kind, key) in [("sso-session", "sso_session"), ("services", "services")] {
                if let Some(section) = found.and_then(|profile| profile.get(key)) {
                    self.config.copy(kind, section, &mut excerpt.config);
                }
            }
            next = found.and_then(|profile| profile.get("source_profile")).map(str::to_owned);
            seen.push(name);
            if seen.len() > LONGEST_CHAIN {
                return Err(broken(profile, "too many source profiles"));
            }
        }
        Ok(excerpt)
    }

    fn add_profile(&self, excerpt: &mut Excerpt, name: &str) {
        self.config.copy("profile", name, &mut excerpt.config);
        if name == "default" {
            self.config.copy("", name, &mut excerpt.config);
        }
        self.credentials.copy("", name, &mut excerpt.credentials);
    }
}

impl AwsFile {
    async fn read(path: Option<PathBuf>) -> Result<Self, Fault> {
        let stamp = stamp(path.as_deref()).await;
        let text = match &path {
            None => String::new(),
            Some(path) => match tokio::fs::read(path).await {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
                Err(error) => {
                    let summary = format!("{} can't be read: {error}", path.display());
                    return Err(Fault::new(FaultClass::Invalid, summary));
                }
            },
        };
        Ok(Self { path, stamp, sections: split(&text) })
    }

    /// Appends the sections of this kind and name.
    fn copy(&self, kind: &str, name: &str, to: &mut String) {
        for section in self.sections.iter().filter(|section| section.kind == kind && section.name == name) {
            if !to.contains(&section.text) {
                to.push_str(&section.text);
            }
        }
    }
}

impl Excerpt {
    /// The sections, with the profile selected.
    pub async fn parse(&self) -> Result<EnvConfigSections, Fault> {
        let files = EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, &self.config)
            .with_contents(EnvConfigFileKind::Credentials, &self.credentials)
            .build();
        let nothing = Env::from_slice(&[]);
        let mut source = source::load(&nothing, &Fs::from_slice(&[]), &files)
            .await
            .map_err(|error| broken(&self.profile, &error.to_string()))?;
        source.profile = self.profile.clone().into();
        EnvConfigSections::parse(source).map_err(|error| {
            // The line that it counts is one of the excerpt's, which would mislead.
            let words = error.to_string();
            broken(&self.profile, words.lines().next_back().unwrap_or_default().trim())
        })
    }
}

/// A profile that can't be used as it is written.
pub fn broken(profile: &str, why: &str) -> Fault {
    Fault::new(FaultClass::Invalid, format!("profile {profile} in the AWS files: {}", text::clean(why)))
}

/// The look of a file on disk.
pub async fn stamp(path: Option<&Path>) -> Stamp {
    let path = path?.to_owned();
    tokio::task::spawn_blocking(move || look(Some(&path))).await.ok()?
}

/// The same. Blocks.
pub fn look(path: Option<&Path>) -> Stamp {
    let metadata = std::fs::metadata(path?).ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}

/// Cuts a file at its headers. What comes before the first belongs to nobody.
fn split(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            let inner =
                line.split(['#', ';']).next().unwrap_or_default().trim().trim_start_matches('[').trim_end_matches(']');
            let (kind, name) = inner.trim().split_once(char::is_whitespace).unwrap_or(("", inner));
            sections.push(Section { kind: kind.to_owned(), name: name.trim().to_owned(), text: String::new() });
        }
        if let Some(section) = sections.last_mut() {
            section.text.push_str(line);
            section.text.push('\n');
        }
    }
    sections
}

/// Two who write the same file at once must not share a draft.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// Writes a file that only its owner may read, whole or not at all. Blocking.
pub fn write_private(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = folder.join(format!(".{name}.{}.{number}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&draft, path)).inspect_err(|_| {
        let _ = std::fs::remove_file(&draft);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "# head\n[default]\nregion = eu-central-1\n\n[profile a] # x\nrole_arn = r\nsource_profile = b\nservices = local\n\
        [profile  broken]\nno equals sign\n[profile b]\nsso_session = s\n[sso-session s]\nsso_region = eu-west-1\n\
        [services local]\necs =\n  endpoint_url = http://localhost:1\n[services other]\n";

    #[tokio::test]
    async fn an_excerpt_is_what_a_profile_stands_on() {
        let excerpt = AwsFiles::of_text(CONFIG, "[b]\naws_access_key_id = x\n[c]\n").excerpt("a").await.unwrap();
        for part in ["[profile a]", "[profile b]", "[sso-session s]", "[services local]"] {
            assert!(excerpt.config.contains(part), "{part}");
        }
        for part in ["[default]", "broken", "[services other]"] {
            assert!(!excerpt.config.contains(part), "{part}");
        }
        assert_eq!(excerpt.credentials, "[b]\naws_access_key_id = x\n");
        let sections = excerpt.parse().await.unwrap();
        assert_eq!(sections.get("role_arn"), Some("r"));
        assert_eq!(sections.sso_session("s").unwrap().get("sso_region"), Some("eu-west-1"));
    }

    #[tokio::test]
    async fn a_broken_section_concerns_nobody_else() {
        let files = AwsFiles::of_text(CONFIG, "");
        assert!(files.excerpt("b").await.is_ok());
        let fault = files.excerpt("broken").await.unwrap_err();
        assert!(fault.summary.contains("Expected an '=' sign"), "{}", fault.summary);
    }

    #[tokio::test]
    async fn a_change_concerns_only_who_stands_on_it() {
        let before = AwsFiles::of_text(CONFIG, "");
        let after = AwsFiles::of_text(&CONFIG.replace("eu-west-1", "eu-west-2"), "");
        assert_ne!(before.excerpt("a").await.unwrap(), after.excerpt("a").await.unwrap());
        assert_eq!(before.excerpt("default").await.unwrap(), after.excerpt("default").await.unwrap());
    }

    #[tokio::test]
    async fn loops_end() {
        let files = AwsFiles::of_text("[profile a]\nsource_profile = b\n[profile b]\nsource_profile = a\n", "");
        assert!(files.excerpt("a").await.is_ok());
    }
}
