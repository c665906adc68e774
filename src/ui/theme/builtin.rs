//! The themes that come with the program.

use super::parse::{self, Source};

/// The theme without configuration.
pub const DEFAULT: &str = "harbor";

/// The theme for `NO_COLOR`: modifiers only. Not among the five that the theme key walks through.
pub const PLAIN: &str = "plain";

const FILES: [(&str, &str); 6] = [
    ("harbor", include_str!("../../../themes/harbor.toml")),
    ("daylight", include_str!("../../../themes/daylight.toml")),
    ("beacon", include_str!("../../../themes/beacon.toml")),
    ("okabe", include_str!("../../../themes/okabe.toml")),
    ("sixteen", include_str!("../../../themes/sixteen.toml")),
    (PLAIN, include_str!("../../../themes/plain.toml")),
];

/// Names of the built-in themes.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// A built-in theme's file as it is written.
pub(super) fn source(name: &str) -> Option<Source> {
    let (_, text) = FILES.iter().find(|(known, _)| *known == name)?;
    parse::read(text, false).ok()
}
