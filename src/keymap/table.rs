//! The table of commands: name, keys, words. Help, palette, footer, README and configuration all come from it.

use crate::app::Command;
use crate::app::Context::{self, Bridge, ConsoleLog, Detail, Dialog, List, Logs, Menu};
use crate::app::command::Motion;

/// A chapter of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Moving about.
    Move,
    /// Looking at what is selected.
    Look,
    /// Changing something.
    Act,
    /// Going elsewhere.
    Go,
    /// Lists.
    Lists,
    /// Logs and charts.
    Read,
    /// The console itself.
    Console,
}

impl Group {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 7] = [Self::Move, Self::Look, Self::Act, Self::Go, Self::Lists, Self::Read, Self::Console];

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Look => "Look at the selection",
            Self::Act => "Change",
            Self::Go => "Go",
            Self::Lists => "Lists",
            Self::Read => "Logs, charts, changes",
            Self::Console => "Console",
        }
    }
}

/// One command of the table.
pub struct Entry {
    /// Its name in the configuration's `[keys]`.
    pub name: &'static str,
    /// What it does.
    pub command: Command,
    /// Its keys unless the configuration says otherwise, in crokey's spelling.
    pub keys: &'static [&'static str],
    /// What it does, in words.
    pub words: &'static str,
    /// Its chapter.
    pub group: Group,
    /// Where its keys hold.
    pub contexts: &'static [Context],
    /// Stands in the palette.
    pub palette: bool,
}

const EVERYWHERE: &[Context] = &[Bridge, List, Detail, Logs, ConsoleLog];
const WITH_MENU: &[Context] = &[Bridge, List, Detail, Logs, ConsoleLog, Menu];
const LAYERS: &[Context] = &[Bridge, List, Detail, Logs, ConsoleLog, Menu, Dialog];
const WITH_DIALOG: &[Context] = &[Bridge, List, Detail, Logs, ConsoleLog, Dialog];
const MARKING: &[Context] = &[Bridge, List, Dialog];
const LISTS: &[Context] = &[Bridge, List];
const SELECTION: &[Context] = &[Bridge, List, Detail];
const CHOSEN: &[Context] = &[Bridge, List, Detail, Menu];
const BRIDGE: &[Context] = &[Bridge, Logs];
const READING: &[Context] = &[Logs];
const MATCHES: &[Context] = &[Logs, Detail];

const fn entry(
    name: &'static str,
    command: Command,
    keys: &'static [&'static str],
    words: &'static str,
    group: Group,
    contexts: &'static [Context],
) -> Entry {
    let palette = !matches!(group, Group::Move);
    Entry { name, command, keys, words, group, contexts, palette }
}

/// Every command that has a key. Where two hold for one chord, the first whose context fits wins.
pub static TABLE: &[Entry] = &[
    entry("up", Command::Move(Motion::Up), &["k", "up"], "up", Group::Move, LAYERS),
    entry("down", Command::Move(Motion::Down), &["j", "down"], "down", Group::Move, LAYERS),
    entry("page-up", Command::Move(Motion::PageUp), &["pageup", "ctrl-b"], "a screenful up", Group::Move, LAYERS),
    entry(
        "page-down",
        Command::Move(Motion::PageDown),
        &["pagedown", "ctrl-f"],
        "a screenful down",
        Group::Move,
        LAYERS,
    ),
    entry("first", Command::Move(Motion::First), &["g", "home"], "to the first", Group::Move, LAYERS),
    entry("last", Command::Move(Motion::Last), &["shift-g", "end"], "to the last", Group::Move, LAYERS),
    entry("left", Command::Sideways(-8), &["left"], "scroll left", Group::Move, WITH_DIALOG),
    entry("right", Command::Sideways(8), &["right"], "scroll right", Group::Move, WITH_DIALOG),
    entry(
        "next-pane",
        Command::NextPane,
        &["tab"],
        "next pane, or the other half of a detail",
        Group::Move,
        WITH_DIALOG,
    ),
    entry("previous-pane", Command::PreviousPane, &["backtab"], "previous pane", Group::Move, WITH_DIALOG),
    entry("pane-1", Command::Pane(0), &["1"], "clusters", Group::Move, BRIDGE),
    entry("pane-2", Command::Pane(1), &["2"], "services", Group::Move, BRIDGE),
    entry("pane-3", Command::Pane(2), &["3"], "databases", Group::Move, BRIDGE),
    entry("pane-4", Command::Pane(3), &["4"], "alarms", Group::Move, BRIDGE),
    entry("pane-5", Command::Pane(4), &["5"], "logs", Group::Move, BRIDGE),
    entry("zoom", Command::Zoom, &["z"], "zoom the pane, and back", Group::Move, BRIDGE),
    entry("open", Command::Open, &["enter"], "drill in", Group::Look, LAYERS),
    entry("close", Command::Close, &["esc"], "clear the filter, close, back", Group::Look, LAYERS),
    entry("describe", Command::Describe, &["d"], "describe", Group::Look, CHOSEN),
    entry("raw", Command::Raw, &["y"], "raw JSON", Group::Look, SELECTION),
    entry("logs", Command::Logs, &["l"], "logs", Group::Look, SELECTION),
    entry(
        "labels",
        Command::Labels,
        &[],
        "logs of all pods that carry some labels (`:labels`)",
        Group::Look,
        EVERYWHERE,
    ),
    entry("changes-here", Command::ChangesHere, &["h"], "what changed here", Group::Look, SELECTION),
    // In a dialog with a field letters are typed.
    entry("copy", Command::Copy, &["c", "alt-c"], "copy", Group::Look, WITH_DIALOG),
    entry("link", Command::Link, &["b"], "copy the link to the AWS console", Group::Look, SELECTION),
    entry("actions", Command::Actions, &["a"], "actions of what is marked or selected", Group::Act, CHOSEN),
    entry("arm", Command::Arm, &["!"], "arm an environment by its name, or disarm it", Group::Act, WITH_DIALOG),
    entry("under-way", Command::Runs, &["shift-a"], "what is under way and has ended, undo", Group::Act, WITH_MENU),
    entry(
        "journal",
        Command::Journal,
        &[],
        "journal: who did what, and what came of it (`:journal`)",
        Group::Act,
        EVERYWHERE,
    ),
    entry("palette", Command::Palette, &[":"], "palette: kinds, commands, environments", Group::Go, WITH_MENU),
    entry("environments", Command::Environments, &["shift-p"], "pick environments", Group::Go, EVERYWHERE),
    entry("fleet", Command::Fleet, &["f"], "fleet", Group::Go, EVERYWHERE),
    entry("bridge", Command::Bridge, &["shift-b"], "bridge", Group::Go, EVERYWHERE),
    entry(
        "changes",
        Command::Changes,
        &["shift-h"],
        "changes of the last two hours in all marked environments",
        Group::Go,
        EVERYWHERE,
    ),
    entry("history-back", Command::HistoryBack, &["["], "back through views", Group::Go, EVERYWHERE),
    entry("history-forward", Command::HistoryForward, &["]"], "forward through views", Group::Go, EVERYWHERE),
    entry("back", Command::Back, &["q"], "back; twice at the first view: quit", Group::Go, LAYERS),
    entry("filter", Command::Filter, &["/"], "filter a list, search what is read", Group::Lists, EVERYWHERE),
    entry("mark", Command::Mark, &["space"], "mark", Group::Lists, MARKING),
    entry("unmark", Command::Unmark, &["shift-u"], "unmark all", Group::Lists, LISTS),
    entry("sort", Command::SortMenu, &["o"], "sort: menu", Group::Lists, LISTS),
    entry("sort-1", Command::SortBy(0), &["f1"], "sort by the 1st column (F2 the 2nd, to F12)", Group::Lists, LISTS),
    hidden_sort("sort-2", 1, &["f2"]),
    hidden_sort("sort-3", 2, &["f3"]),
    hidden_sort("sort-4", 3, &["f4"]),
    hidden_sort("sort-5", 4, &["f5"]),
    hidden_sort("sort-6", 5, &["f6"]),
    hidden_sort("sort-7", 6, &["f7"]),
    hidden_sort("sort-8", 7, &["f8"]),
    hidden_sort("sort-9", 8, &["f9"]),
    hidden_sort("sort-10", 9, &["f10"]),
    hidden_sort("sort-11", 10, &["f11"]),
    hidden_sort("sort-12", 11, &["f12"]),
    entry("pause", Command::Pause, &["space"], "logs: pause, follow", Group::Read, READING),
    entry("next-match", Command::NextMatch, &["n"], "next match", Group::Read, MATCHES),
    entry("previous-match", Command::PreviousMatch, &["shift-n"], "previous match", Group::Read, MATCHES),
    entry("level", Command::Level, &["v"], "logs: least level", Group::Read, READING),
    entry("wrap", Command::Wrap, &["w"], "logs: wrap long lines", Group::Read, READING),
    entry("pattern", Command::Pattern, &["p"], "logs: CloudWatch filter pattern", Group::Read, READING),
    entry("window", Command::Window, &["t"], "next time range", Group::Read, &[List, Detail, Logs]),
    entry("help", Command::Help, &["?"], "help", Group::Console, WITH_MENU),
    entry("refresh", Command::Refresh, &["ctrl-r"], "refresh now", Group::Console, WITH_DIALOG),
    entry("sign-in", Command::SignIn, &["shift-l"], "sign in again (SSO, MFA)", Group::Console, EVERYWHERE),
    entry("local-time", Command::LocalTime, &["u"], "times in UTC or local", Group::Console, EVERYWHERE),
    entry("theme", Command::Theme, &["shift-t"], "next theme", Group::Console, EVERYWHERE),
    entry("console-log", Command::ConsoleLog, &["~"], "the console's own log", Group::Console, EVERYWHERE),
    entry("suspend", Command::Suspend, &["ctrl-z"], "stop as a job of the shell", Group::Console, LAYERS),
    entry("quit-twice", Command::Interrupt, &["ctrl-c"], "twice: quit from anywhere", Group::Console, LAYERS),
    entry("quit", Command::Quit, &[], "quit (`:q`)", Group::Console, EVERYWHERE),
];

/// F2 to F12 are told with F1.
const fn hidden_sort(name: &'static str, column: u8, keys: &'static [&'static str]) -> Entry {
    let mut entry = entry(name, Command::SortBy(column), keys, "", Group::Lists, LISTS);
    entry.palette = false;
    entry
}
