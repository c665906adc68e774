//! Where the platform keeps what belongs to the console.

use std::path::PathBuf;

use directories::ProjectDirs;

/// The folders of the platform; `None` where there is no home folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    /// For `config.toml` and `themes/`.
    pub config: Option<PathBuf>,
    /// For the console's log, pins and what it remembers.
    pub state: Option<PathBuf>,
}

impl Folders {
    /// Those of this process.
    pub fn of_platform() -> Self {
        let Some(folders) = ProjectDirs::from("", "", "quarterdeck") else { return Self::default() };
        // macOS and Windows have no folder for state; their local data folder serves.
        let state = folders.state_dir().unwrap_or_else(|| folders.data_local_dir());
        Self { config: Some(folders.config_dir().to_owned()), state: Some(state.to_owned()) }
    }
}
