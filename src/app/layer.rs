//! What lies over a view and takes its keys.

use std::sync::Arc;

use tui_input::Input;

use super::acts::ActLayer;
use super::command::Command;
use super::nav::Nav;

/// One entry of the palette.
#[derive(Clone, Debug)]
pub struct PaletteEntry {
    /// What is matched and shown.
    pub words: Arc<str>,
    /// What it is: `kind`, `command`, `environment`.
    pub sort: &'static str,
    /// Its keys, if it has any.
    pub keys: Arc<str>,
    /// What it does.
    pub command: Command,
}

/// What a line of input is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// The filter of the focused list.
    Filter,
    /// A search in logs, detail or raw.
    Search,
    /// A CloudWatch filter pattern.
    Pattern,
    /// A namespace, and labels of pods in it whose logs are to be opened.
    Labels,
}

/// What lies over a view and takes its keys.
#[derive(Clone, Debug)]
pub enum Layer {
    /// A line of input at the bottom.
    Prompt {
        /// What it is for.
        prompt: Prompt,
        /// The text.
        input: Input,
        /// What is wrong with it, as far as typed.
        error: Option<String>,
        /// What it was before, for Esc.
        before: String,
    },
    /// The palette.
    Palette {
        /// The text.
        input: Input,
        /// Everything there is.
        entries: Arc<[PaletteEntry]>,
        /// Indices of what matches, best first.
        matches: Vec<usize>,
        /// Chosen, index into the matches.
        at: usize,
    },
    /// Pick environments; Space marks several.
    Picker {
        /// The text.
        input: Input,
        /// Indices into the state's environments that match, best first.
        matches: Vec<usize>,
        /// Cursor and marks by name.
        nav: Nav<Arc<str>>,
        /// Something was marked or unmarked here: then Enter takes the marks, else the row under the cursor.
        marked: bool,
    },
    /// Choose the column to sort by: title and id of each.
    SortMenu {
        /// Titles and ids.
        columns: Vec<(Arc<str>, &'static str)>,
        /// Chosen.
        at: usize,
    },
    /// Help, scrolled by so many lines.
    Help {
        /// First line.
        top: usize,
    },
    /// The code of an MFA device.
    Code {
        /// Whose.
        environment: Arc<str>,
        /// The device.
        serial: String,
        /// The text.
        input: Input,
        /// It is being tried.
        waiting: bool,
        /// Why the last one did not work.
        error: Option<String>,
    },
    /// For the sake of an action.
    Act(ActLayer),
    /// A sign-in under way.
    SignIn {
        /// Whose.
        environment: Arc<str>,
        /// Where it is.
        state: Option<crate::engine::SignInState>,
    },
}
