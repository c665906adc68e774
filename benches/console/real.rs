//! A small environment on servers that we did not write, and the program on it.

use std::path::Path;

use tempfile::TempDir;

use crate::pty::Console;
use crate::servers::Servers;

/// A service of the small environment.
pub const SERVICE: &str = "service-02";

/// A home of its own whose AWS files lead to the servers.
pub fn home(servers: &Servers) -> TempDir {
    let home = tempfile::tempdir().expect("a home folder");
    std::fs::create_dir(home.path().join(".aws")).expect("a folder for AWS files");
    for file in [".aws/config", ".aws/credentials"] {
        std::fs::copy(servers.home.path().join(file), home.path().join(file)).expect("AWS files");
    }
    home
}

/// The program on the servers, with its first rows on the screen.
pub fn console(servers: &Servers, config: &str) -> Console {
    let home = home(servers);
    let file = configured(home.path(), config);
    let console = Console::start_in(home, &["--config", &file], 60, 200, &[]);
    console.wait_text(SERVICE);
    console
}

/// A configuration file in a home.
pub fn configured(home: &Path, config: &str) -> String {
    let file = home.join("quarterdeck.toml");
    std::fs::write(&file, config).expect("the configuration");
    file.display().to_string()
}
