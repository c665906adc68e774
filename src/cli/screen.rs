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
    /// Reads the themes and settles the keys. An unknown theme is wrong usage where a flag names it, else a problem.
    pub fn new(config: &mut Config, by_flag: bool) -> Result<Self, Failure> {
        let (keymap, key_problems) = Keymap::new(&config.keys);
        let problems = key_problems.into_iter().map(|problem| Problem::new(Some(problem.place), problem.message, ""));
        config.problems.extend(problems);
        let themes = Themes::load(config.themes().as_deref());
        for (file, problem) in &themes.problems {
            let place = Place::line(file, problem.line);
            config.problems.push(Problem::new(Some(place), &problem.message, ""));
        }
        let wanted = config.console.theme.clone();
        let theme = match themes.get(&wanted) {
            _ if !config.console.colour => PLAIN.to_owned(),
            Ok(theme) => theme.name.clone(),
            Err(_) => {
                let names = themes.names();
                let allowed = Problem::one_of(&wanted, names.iter().map(String::as_str));
                let message = format!("there is no theme `{wanted}`");
                if by_flag {
                    return Err(Failure::usage(message, allowed));
                }
                config.problems.push(Problem::new(config.console.theme_place.clone(), message, allowed));
                DEFAULT.to_owned()
            }
        };
        Ok(Self { themes, theme, keymap })
    }
}
