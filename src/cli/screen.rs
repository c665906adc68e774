//! What the screen is drawn with and driven by, checked before it starts: themes and keys. Their mistakes join those of the
//! configuration.

use super::Failure;
use crate::config::{Config, Place, Problem};
use crate::keymap::Keymap;
use crate::ui::Themes;
use crate::ui::theme::{DEFAULT, PLAIN};

/// Themes and keys.
pub struct Screen {
    /// All themes there are.
    pub themes: Themes,
    /// The name of the one to use.
    pub theme: String,
    /// The keys in force.
    pub keymap: Keymap,
}

impl Screen {
    /// Reads the themes and settles the keys. What is wrong with them becomes a problem of the configuration.
    pub fn new(config: &mut Config) -> Self {
        let (keymap, key_problems) = Keymap::new(&config.keys);
        let problems = key_problems.into_iter().map(|problem| Problem::new(Some(problem.place), problem.message, ""));
        config.problems.extend(problems);
        let themes = Themes::load(config.themes().as_deref());
        for (file, problem) in &themes.problems {
            let place = Place::line(file, problem.line);
            config.problems.push(Problem::new(Some(place), &problem.message, ""));
        }
        let theme = match known_theme(&themes, &config.console.theme) {
            _ if !config.console.colour => PLAIN.to_owned(),
            Ok(name) => name,
            Err((message, allowed)) => {
                config.problems.push(Problem::new(config.console.theme_place.clone(), message, allowed));
                DEFAULT.to_owned()
            }
        };
        Self { themes, theme, keymap }
    }
}

/// Refuses a theme that there is not.
pub fn check_theme(config: &Config, wanted: &str) -> Result<(), Failure> {
    let themes = Themes::load(config.themes().as_deref());
    known_theme(&themes, wanted).map(drop).map_err(|(message, allowed)| Failure::usage(message, allowed))
}

/// The name of a theme, or that there is none of that name, and what comes near.
fn known_theme(themes: &Themes, wanted: &str) -> Result<String, (String, String)> {
    themes.get(wanted).map(|theme| theme.name.clone()).map_err(|_| {
        let names = themes.names();
        let allowed = Problem::one_of(wanted, names.iter().map(String::as_str));
        (format!("there is no theme `{wanted}`"), allowed)
    })
}
