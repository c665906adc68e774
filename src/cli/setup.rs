//! What the console and the commands start from: the configuration and the way to the environments, made from the flags.

use super::args::Global;
use crate::config::{self, Config, Flags, Sources};

/// Everything that is settled before the first request.
pub struct Setup {
    /// The configuration, with its problems.
    pub config: Config,
    /// The flags.
    pub global: Global,
}

impl Setup {
    /// Reads the configuration. Blocks on files: to be called before the runtime starts.
    pub fn new(global: Global) -> Self {
        let flags = Flags {
            file: global.config.clone(),
            theme: global.theme.clone(),
            no_colour: global.no_color,
            region: global.region.clone(),
            demo: global.demo,
        };
        let config = config::load(&Sources::of_process(flags));
        Self { config, global }
    }
}
