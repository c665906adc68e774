//! What a colour can mean. Screens speak of roles only, themes say how each looks.

macro_rules! roles {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// What a piece of the screen means; a theme gives each a style.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Role {
            $(#[doc = $doc] $variant,)*
        }

        impl Role {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in theme files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

roles! {
    Base "base" "The whole screen, below everything else.";
    Text "text" "Ordinary text.";
    Muted "muted" "Labels and what matters less.";
    Faint "faint" "Rules and ornaments; never words.";
    Accent "accent" "The one accent.";
    Border "border" "The border of what has no focus.";
    BorderFocus "border-focus" "The border of what has it.";
    Title "title" "The word in a border.";
    TitleFocus "title-focus" "The word in the border of what has the focus.";
    Header "header" "The header's band.";
    HeaderProd "header-prod" "The header's band while production is on the screen.";
    Subheader "subheader" "The header's second line.";
    StageProd "stage-prod" "Badge of production.";
    StageStaging "stage-staging" "Badge of staging.";
    StageTest "stage-test" "Badge of test.";
    StageDev "stage-dev" "Badge of development.";
    StageNone "stage-none" "Badge of an environment whose stage nothing tells.";
    Tag "tag" "Tags in the header, such as `DEMO`.";
    Armed "armed" "The sign in the header that an environment is armed.";
    Ok "ok" "Health: as it should be.";
    Progressing "progressing" "Health: moving towards what was asked for.";
    Degraded "degraded" "Health: with less than it should have.";
    Failed "failed" "Health: does not work.";
    Unknown "unknown" "Health: nothing is known.";
    Stale "stale" "Rows that could not be read again.";
    Loading "loading" "Being fetched for the first time.";
    Empty "empty" "Nothing there.";
    Expired "expired" "Credentials are expired or missing.";
    Denied "denied" "Not allowed.";
    Throttled "throttled" "Asked too often.";
    Unreachable "unreachable" "No answer.";
    Fault "fault" "Any other fault.";
    ColumnTitle "column-title" "Titles of columns.";
    ColumnSorted "column-sorted" "Title of the column that is sorted by.";
    Cursor "cursor" "The row under the cursor.";
    CursorBlurred "cursor-blurred" "The same in a list without the focus.";
    Mark "mark" "The sign of a marked row.";
    Match "match" "What a filter or a search matched.";
    Scrollbar "scrollbar" "The thumb of a scrollbar.";
    Tab "tab" "A tab.";
    TabFocus "tab-focus" "The tab that is shown.";
    LevelError "level-error" "A log line: error.";
    LevelWarn "level-warn" "A log line: warning.";
    LevelInfo "level-info" "A log line: information.";
    LevelDebug "level-debug" "A log line: debug.";
    LogTime "log-time" "The time of a log line.";
    LogLate "log-late" "The sign of a late line.";
    LogGap "log-gap" "A gap in a log.";
    Source1 "source-1" "First colour of log sources.";
    Source2 "source-2" "Second colour of log sources.";
    Source3 "source-3" "Third colour of log sources.";
    Source4 "source-4" "Fourth colour of log sources.";
    Source5 "source-5" "Fifth colour of log sources.";
    Source6 "source-6" "Sixth colour of log sources.";
    Chart "chart" "The line of a chart.";
    Axis "axis" "Axes and their words.";
    Spark "spark" "Sparklines.";
    JsonKey "json-key" "JSON: a key.";
    JsonText "json-text" "JSON: a text.";
    JsonNumber "json-number" "JSON: a number.";
    JsonWord "json-word" "JSON: `true`, `false`, `null`.";
    Key "key" "A key in a hint.";
    Hint "hint" "The words of a hint.";
    Notice "notice" "A word to the operator.";
    NoticeBad "notice-bad" "A word to the operator about what went wrong.";
    Input "input" "A line of input.";
    InputBad "input-bad" "What is wrong with it.";
    Layer "layer" "The ground of what lies over a view.";
    LayerBorder "layer-border" "Its border.";
}
