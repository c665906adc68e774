//! The profiles in the AWS config and credentials files: their names and the few settings that environments are made from.
//! Reads tolerantly: a broken line is a problem at its place and the rest works. Knows no credentials; it never keeps a
//! secret it reads past.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::problem::{Place, Problem};

/// One profile, from both files together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Where it stands first.
    pub place: Option<Place>,
    /// Its own region.
    pub region: Option<String>,
    /// The profile whose credentials assume its role.
    pub source_profile: Option<String>,
    /// The device its code comes from.
    pub mfa_serial: Option<String>,
    /// The name of the first setting that says where credentials come from, and its value where that is no secret.
    source: Option<(Source, String)>,
}

/// Where a profile's credentials come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Role,
    WebIdentity,
    SsoSession,
    Sso,
    Login,
    Process,
    Keys,
}

impl Source {
    fn of_setting(name: &str) -> Option<Self> {
        Some(match name {
            "role_arn" => Self::Role,
            "web_identity_token_file" => Self::WebIdentity,
            "sso_session" => Self::SsoSession,
            "sso_start_url" | "sso_account_id" => Self::Sso,
            "login_session" => Self::Login,
            "credential_process" => Self::Process,
            "aws_access_key_id" => Self::Keys,
            _ => return None,
        })
    }
}

impl Profile {
    /// Whether anything in it says where credentials come from.
    pub fn has_credentials(&self) -> bool {
        self.source.is_some()
    }

    /// How its credentials come about, in words.
    pub fn credentials(&self) -> String {
        let Some((source, value)) = &self.source else { return "nothing in the profile gives any".to_owned() };
        let mut words = match source {
            Source::Role => format!("role {value}"),
            Source::WebIdentity => "web identity".to_owned(),
            Source::SsoSession => format!("SSO session {value}"),
            Source::Sso => "SSO".to_owned(),
            Source::Login => "login session".to_owned(),
            Source::Process => "credential process".to_owned(),
            Source::Keys => "keys".to_owned(),
        };
        if let Some(profile) = &self.source_profile {
            words = format!("{words} through profile {profile}");
        }
        if self.mfa_serial.is_some() {
            words.push_str(", with a code");
        }
        words
    }

    /// Takes one setting; what concerns nothing here is passed over.
    fn set(&mut self, name: &str, value: &str) {
        match name {
            "region" => self.region = Some(value.to_owned()),
            "source_profile" => self.source_profile = Some(value.to_owned()),
            "mfa_serial" => self.mfa_serial = Some(value.to_owned()),
            _ => {
                let Some(source) = Source::of_setting(name) else { return };
                if self.source.as_ref().is_none_or(|(old, _)| *old >= source) {
                    let told = matches!(source, Source::Role | Source::SsoSession);
                    self.source = Some((source, if told { value.to_owned() } else { String::new() }));
                }
            }
        }
    }
}

/// What the two files say.
#[derive(Clone, Debug, Default)]
pub struct AwsFiles {
    /// The profiles by name.
    pub profiles: BTreeMap<String, Profile>,
    /// What is wrong in the files.
    pub problems: Vec<Problem>,
}

/// Which of the two files; they name profiles differently.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Config,
    Credentials,
}

impl AwsFiles {
    /// Reads both files; one that does not exist has no profiles.
    pub(super) fn read(config: Option<&Path>, credentials: Option<&Path>) -> Self {
        let mut files = Self::default();
        for (path, sort) in [(config, Sort::Config), (credentials, Sort::Credentials)] {
            let Some(path) = path else { continue };
            match std::fs::read(path) {
                // A wrong encoding spoils the characters concerned, not the file.
                Ok(bytes) => files.take(path, &String::from_utf8_lossy(&bytes), sort),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let message = format!("the AWS file can't be read: {error}");
                    files.problems.push(Problem::new(Some(Place::file(path)), message, ""));
                }
            }
        }
        files
    }

    /// Takes the lines of one file.
    pub(super) fn take(&mut self, path: &Path, text: &str, sort: Sort) {
        let mut section = In::Nothing;
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let place = || Place::line(path, number + 1);
            let content = line.trim();
            if content.is_empty() || content.starts_with(['#', ';']) {
                continue;
            }
            if content.starts_with('[') {
                section = self.header(content, sort, &place);
            } else if line.starts_with([' ', '\t']) && !matches!(section, In::Nothing) {
                // Indented lines belong to the setting above (`s3 =`, `ecs =`); nothing here needs them.
            } else {
                self.setting(content, &section, &place);
            }
        }
    }

    /// Takes a section's header; returns what the lines below it belong to.
    fn header(&mut self, content: &str, sort: Sort, place: &dyn Fn() -> Place) -> In {
        let Some((inside, _)) = content[1..].split_once(']') else {
            self.problem(place(), "the section's `]` is missing; its lines are left out", "");
            return In::Other;
        };
        let (word, rest) = inside.trim().split_once(char::is_whitespace).unwrap_or((inside.trim(), ""));
        let rest = rest.trim().trim_matches(['"', '\'']);
        let name = match (sort, word, rest) {
            (Sort::Config, "profile", name) if !name.is_empty() => name,
            (Sort::Config, "sso-session" | "services" | "plugins" | "preview", _) => return In::Other,
            (_, "default", "") => word,
            (Sort::Credentials, "", _) | (Sort::Config, "profile", "") => {
                self.problem(place(), "the section has no name; its lines are left out", "");
                return In::Other;
            }
            (Sort::Credentials, "profile", name) if !name.is_empty() => {
                let allowed = format!("in the credentials file write `[{name}]`");
                self.problem(place(), "the section is not a profile", allowed);
                return In::Other;
            }
            (Sort::Credentials, ..) => inside.trim().trim_matches(['"', '\'']),
            (Sort::Config, ..) => {
                let inside = inside.trim();
                let message = format!("the section `[{inside}]` is not a profile; its lines are left out");
                self.problem(place(), message, format!("in the config file write `[profile {inside}]`"));
                return In::Other;
            }
        };
        self.profiles.entry(name.to_owned()).or_default().place.get_or_insert_with(place);
        In::Profile(name.to_owned())
    }

    /// Takes a line `name = value`.
    fn setting(&mut self, content: &str, section: &In, place: &dyn Fn() -> Place) {
        let Some((name, value)) = content.split_once('=') else {
            // The line is not quoted: it may be half of a secret.
            self.problem(place(), "the line is neither a section nor `name = value`", "");
            return;
        };
        let profile = match section {
            In::Nothing => {
                self.problem(place(), "the setting stands before the first section", "");
                return;
            }
            In::Other => return,
            In::Profile(name) => self.profiles.entry(name.clone()).or_default(),
        };
        let value = without_comment(value);
        if !value.is_empty() {
            profile.set(&name.trim().to_ascii_lowercase(), value);
        }
    }

    fn problem(&mut self, place: Place, message: impl AsRef<str>, allowed: impl AsRef<str>) {
        self.problems.push(Problem::new(Some(place), message, allowed));
    }
}

/// What a line belongs to.
enum In {
    /// No section has begun.
    Nothing,
    /// A profile.
    Profile(String),
    /// A section that makes no environment, or a broken one.
    Other,
}

/// A value without the comment behind it, which needs a space before it.
fn without_comment(value: &str) -> &str {
    let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
    value[..end.unwrap_or(value.len())].trim()
}

/// The files' paths as AWS's own tools find them. `None` where there is no home folder.
pub(super) fn paths(var: &dyn Fn(&str) -> Option<String>) -> [Option<PathBuf>; 2] {
    let home = || var("HOME").or_else(|| var("USERPROFILE")).filter(|home| !home.is_empty()).map(PathBuf::from);
    [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")].map(|(name, file)| {
        match var(name).filter(|path| !path.is_empty()) {
            Some(path) => match path.strip_prefix("~/") {
                Some(rest) => Some(home()?.join(rest)),
                None => Some(PathBuf::from(path)),
            },
            None => Some(home()?.join(".aws").join(file)),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn read(text: &str, sort: Sort) -> AwsFiles {
        let mut files = AwsFiles::default();
        files.take(Path::new("f"), text, sort);
        files
    }

    fn problems(files: &AwsFiles) -> String {
        files.problems.iter().fold(String::new(), |mut out, problem| {
            let _ = writeln!(out, "{problem}");
            out
        })
    }

    #[test]
    fn reads_both_files_into_one_profile() {
        let mut files = read("[profile a]\nregion = eu-west-1 # Ireland\n", Sort::Config);
        files.take(Path::new("c"), "[a]\naws_access_key_id=x\naws_secret_access_key=y\n[b]\n", Sort::Credentials);
        assert_eq!(files.profiles.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(files.profiles["a"].region.as_deref(), Some("eu-west-1"));
        assert_eq!(files.profiles["a"].place, Some(Place::line(Path::new("f"), 1)));
        assert!(files.profiles["a"].has_credentials());
        assert!(!files.profiles["b"].has_credentials());
        assert_eq!(files.problems, []);
    }

    #[test]
    fn reads_every_way_to_write_a_header() {
        let text =
            "[default]\n[profile a]\n[ profile  \"b c\" ]\n[profile 'd'] # comment\n[sso-session s]\n[services x]\n";
        let files = read(text, Sort::Config);
        assert_eq!(files.profiles.keys().collect::<Vec<_>>(), ["a", "b c", "d", "default"]);
        assert_eq!(files.problems, []);
    }

    #[test]
    fn indented_lines_belong_to_the_setting_above() {
        let files = read("[profile a]\ns3 =\n  region = nowhere\n  what\nregion = r\n", Sort::Config);
        assert_eq!(files.profiles["a"].region.as_deref(), Some("r"));
        assert_eq!(files.problems, []);
    }

    #[test]
    fn a_session_s_settings_are_no_profile_s() {
        let files =
            read("[profile a]\nsso_session = s\n[sso-session s]\nsso_start_url = u\nregion = r\n", Sort::Config);
        assert_eq!(files.profiles.len(), 1);
        assert_eq!(files.profiles["a"].credentials(), "SSO session s");
        assert_eq!(files.profiles["a"].region, None);
    }

    #[test]
    fn says_how_credentials_come_about_and_no_secret() {
        let text = "[profile a]\nsource_profile = b\nmfa_serial = m\nrole_arn = r\n[profile b]\n\
                    aws_access_key_id = AKIA\n[profile c]\ncredential_process = /bin/x --token t\n[profile d]\n";
        let files = read(text, Sort::Config);
        let words: Vec<_> = files.profiles.values().map(Profile::credentials).collect();
        let nothing = "nothing in the profile gives any";
        assert_eq!(words, ["role r through profile b, with a code", "keys", "credential process", nothing]);
    }

    #[test]
    fn a_broken_line_is_a_problem_and_the_rest_works() {
        let text = "stray = 1\n[profile a\nregion = lost\n[profile b]\nsecretvalue\nregion = r\n[c]\nregion = lost\n[profile]\n";
        let files = read(text, Sort::Config);
        assert_eq!(files.profiles.keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!(files.profiles["b"].region.as_deref(), Some("r"));
        let said = problems(&files);
        for line in
            ["f:1: the setting stands", "f:2: the section's `]`", "f:5: the line is neither", "f:7: the section `[c]`"]
        {
            assert!(said.contains(line), "{line} is not in\n{said}");
        }
        assert!(said.contains("write `[profile c]`") && said.contains("f:9: "), "{said}");
        assert!(!said.contains("secretvalue"), "{said}");
    }

    #[test]
    fn binary_rubbish_does_no_harm() {
        let files = read("\u{feff}[profile a]\r\nregion = r\r\n\u{0}\u{fffd}[x\r\n=\r\n[]\r\n]\r\n", Sort::Config);
        assert_eq!(files.profiles["a"].region.as_deref(), Some("r"));
        assert!(!files.problems.is_empty());
    }

    #[test]
    fn finds_the_files_as_aws_does() {
        let vars = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let [config, credentials] = paths(&vars(&[("HOME", "/h")]));
        assert_eq!(config, Some(PathBuf::from("/h/.aws/config")));
        assert_eq!(credentials, Some(PathBuf::from("/h/.aws/credentials")));
        let set = &[("HOME", "/h"), ("AWS_CONFIG_FILE", "~/c"), ("AWS_SHARED_CREDENTIALS_FILE", "/x")];
        assert_eq!(paths(&vars(set)), [Some("/h/c".into()), Some("/x".into())]);
        assert_eq!(paths(&vars(&[])), [None, None]);
    }
}
