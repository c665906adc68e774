//! What a key, the palette or the mouse can ask of the console. The keymap gives each its keys and words.

use std::sync::Arc;

use crate::model::{KindId, ResourceId};

/// A movement of the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One up.
    Up,
    /// One down.
    Down,
    /// A screenful up.
    PageUp,
    /// A screenful down.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
}

/// Something the console can do. None of these changes a customer's system by itself: what does is confirmed in a dialog.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Move the cursor, or scroll what has no cursor.
    Move(Motion),
    /// Scroll sideways, by this many cells.
    Sideways(i16),
    /// Drill in.
    Open,
    /// Clear the filter, close, go back: the nearest of these.
    Close,
    /// Back, and out at the last.
    Back,
    /// Leave the console.
    Quit,
    /// Leave from anywhere, when pressed twice.
    Interrupt,
    /// Stop as a job of the shell.
    Suspend,
    /// The detail.
    Describe,
    /// Raw JSON.
    Raw,
    /// Logs of the selection.
    Logs,
    /// Logs of all pods that carry some labels.
    Labels,
    /// Filter a list, or search what is read.
    Filter,
    /// The palette.
    Palette,
    /// Help.
    Help,
    /// Pick environments.
    Environments,
    /// The fleet.
    Fleet,
    /// The bridge.
    Bridge,
    /// A list of a kind.
    List(KindId),
    /// The objects of a type that a Kubernetes cluster has.
    Objects(Arc<ResourceId>),
    /// Switch to one environment.
    Switch(Arc<str>),
    /// What changed over the marked environments in the last two hours.
    Changes,
    /// What changed on the selected resource.
    ChangesHere,
    /// The console's own log.
    ConsoleLog,
    /// Focus the next pane.
    NextPane,
    /// Focus the pane before.
    PreviousPane,
    /// Focus a pane by number, from 0.
    Pane(u8),
    /// Zoom the focused pane, and back.
    Zoom,
    /// Choose the column to sort by.
    SortMenu,
    /// Sort by a column by number, from 0; again turns it round.
    SortBy(u8),
    /// Mark or unmark the row.
    Mark,
    /// Unmark everything.
    Unmark,
    /// Copy the selection's id (or the marked ones'), or the line.
    Copy,
    /// Copy the link to the AWS console.
    Link,
    /// Refresh now.
    Refresh,
    /// Back through views.
    HistoryBack,
    /// Forward through views.
    HistoryForward,
    /// Sign in again.
    SignIn,
    /// UTC or local time.
    LocalTime,
    /// The next window of metrics, or time range of logs and changes.
    Window,
    /// Logs: pause or follow.
    Pause,
    /// Logs: next match.
    NextMatch,
    /// Logs: previous match.
    PreviousMatch,
    /// Logs: least level shown.
    Level,
    /// Logs: wrap long lines.
    Wrap,
    /// Logs: CloudWatch filter pattern.
    Pattern,
    /// The next theme.
    Theme,
    /// The actions of what is marked or selected.
    Actions,
    /// Arm or disarm environments.
    Arm,
    /// What is under way and has ended.
    Runs,
    /// The journal.
    Journal,
}

/// What takes the keys now: which of the keymap's tables is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// A line is being edited: characters belong to it.
    Text,
    /// A line is being edited, and Space marks.
    Picker,
    /// A line is being edited among others: Tab goes to the next.
    Field,
    /// A menu or the help.
    Menu,
    /// A dialog, its buttons.
    Dialog,
    /// A dialog, its buttons, and a field that letters go to.
    Answer,
    /// The bridge, with one of its lists focused.
    Bridge,
    /// A list, the fleet or the changes.
    List,
    /// A detail.
    Detail,
    /// A tail, full screen or focused on the bridge.
    Logs,
    /// The console's own log.
    ConsoleLog,
}
