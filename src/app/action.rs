//! What a key can mean, and where.

use tui_textarea::Input;

use crate::domain::secret::Secret;

/// A place where keys are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Everywhere but in overlays and text fields.
    Global,
    /// The start screen.
    Start,
    /// The list of functions.
    Functions,
    /// The filter's text field above the list.
    Filter,
    /// One function, whatever its tab.
    Function,
    /// A tab that shows fields or text to scroll.
    Details,
    /// The Environment tab.
    Environment,
    /// A text field in the Environment or Configuration tab.
    Field,
    /// The filter's text field of the Environment tab.
    VariableFilter,
    /// The Configuration tab.
    Configuration,
    /// The Versions tab.
    Versions,
    /// The Test tab.
    Test,
    /// The Test tab's event editor.
    Editor,
    /// An answer over the whole screen.
    Answer,
    /// A text field of an answer: search or filter.
    AnswerField,
    /// The invocations of this run and of earlier ones.
    Invocations,
    /// Two answers compared.
    Differences,
    /// The events that can be chosen.
    Events,
    /// What is to be sent many times: how often, how many at a time.
    RepeatForm,
    /// Sending many times, under way or done.
    Repeat,
    /// The Logs tab.
    Logs,
    /// A log, after the key that leads to the next of something.
    LogNext,
    /// A log, after the key that leads to the previous of something.
    LogPrevious,
    /// The invocations that a log tells of.
    LogInvocations,
    /// The text field of a log's filters.
    LogFilter,
    /// The filters of a log.
    LogFilters,
    /// The log groups that are followed together.
    LogSources,
    /// Logs Insights.
    Insights,
    /// The query of Logs Insights.
    InsightsQuery,
    /// The command line.
    CommandLine,
    /// A picker: a list narrowed down by typing.
    Picker,
    /// A question.
    Dialog,
    /// A page to read: help, messages, raw JSON.
    Page,
    /// A change that takes a typed name.
    Confirm,
    /// One line to be typed.
    Prompt,
    /// Several lines to be typed.
    TextEditor,
    /// Base, mine and theirs.
    Merge,
    /// The weights of an alias.
    Weights,
    /// Two functions, versions or aliases side by side.
    Compare,
    /// One change of many functions: planned, under way or done.
    Bulk,
    /// The same while its number is to be typed.
    BulkConfirm,
    /// The journal of changes.
    History,
}

impl Context {
    /// Whether it is a text field.
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Filter
                | Self::Field
                | Self::VariableFilter
                | Self::Editor
                | Self::AnswerField
                | Self::Events
                | Self::RepeatForm
                | Self::LogFilter
                | Self::InsightsQuery
                | Self::CommandLine
                | Self::Picker
                | Self::Confirm
                | Self::Prompt
                | Self::TextEditor
                | Self::Weights
                | Self::BulkConfirm
        )
    }
}

/// Which way a pair of keys leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// To the next of something.
    Next,
    /// To the previous one.
    Previous,
}

/// What a key does. Which key does it is told by the table in `keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// To the previous row.
    Up,
    /// To the next row.
    Down,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Scroll left.
    Left,
    /// Scroll right.
    Right,
    /// Open what is selected, accept what was typed.
    Open,
    /// Back; never quits.
    Back,
    /// Type a filter.
    Filter,
    /// Type a command.
    CommandLine,
    /// Complete what was typed.
    Complete,
    /// Help for this place.
    Help,
    /// Read again.
    Refresh,
    /// To a tab by its number, 1 to 9.
    Tab(u8),
    /// To the next tab.
    NextTab,
    /// To the previous tab.
    PreviousTab,
    /// To the Test tab, or send the event when there.
    Invoke,
    /// To the Logs tab.
    Logs,
    /// To the Environment tab.
    Environment,
    /// To the versions in the Versions tab.
    Versions,
    /// To the aliases in the Versions tab.
    Aliases,
    /// To the Monitor tab.
    Monitor,
    /// Edit what is shown.
    Edit,
    /// Edit it in an editor of several lines.
    EditText,
    /// Add a variable, an alias, a tag.
    Add,
    /// Add variables from a `.env` text, an event from a file.
    Import,
    /// Write it to a file.
    Export,
    /// Rename a variable.
    Rename,
    /// Delete, always confirmed.
    Delete,
    /// Take the change of this row back.
    Revert,
    /// Back to what was there before the last save; in the journal: take the change back.
    Restore,
    /// Show the diff, then save.
    Save,
    /// Empty the text field.
    Clear,
    /// Mark for what is done to several.
    Mark,
    /// Mark all that are shown, or none.
    MarkAll,
    /// One change of all marked functions.
    Bulk,
    /// Compare with another one.
    Compare,
    /// Stop the function by reserving no concurrency, or restore what was there before.
    KillSwitch,
    /// Publish a version.
    Publish,
    /// Set the weights of an alias.
    Weights,
    /// Give an alias's additional version all invocations.
    Promote,
    /// Point an alias back to where it pointed before.
    Rollback,
    /// My side counts.
    Mine,
    /// Their side counts.
    Theirs,
    /// Send the event.
    Send,
    /// Choose the version or alias that the event is sent to.
    Qualifier,
    /// Choose how the event is sent.
    SendAs,
    /// Look at the next invocation.
    NextInvocation,
    /// Look at the previous invocation.
    PreviousInvocation,
    /// Write the event prettily.
    Format,
    /// Write the event without white space.
    Minify,
    /// Take the last change of the text back.
    Undo,
    /// Make the change again that was taken back.
    Redo,
    /// To the place where the event is not JSON.
    GoToProblem,
    /// Edit the event in the editor that `$EDITOR` names.
    EditOutside,
    /// Choose an event: saved ones, shareable ones, templates.
    Events,
    /// Open the answer over the whole screen.
    OpenAnswer,
    /// The next view of an answer: pretty, tree, raw, headers, log.
    NextView,
    /// The previous view of an answer.
    PreviousView,
    /// To the next match of what was searched.
    NextMatch,
    /// To the previous match.
    PreviousMatch,
    /// Type a jq filter.
    Query,
    /// Open or close a value of the tree.
    Fold,
    /// Open or close all values of the tree.
    FoldAll,
    /// See through a text: base64, gzip, JSON in a string.
    Decode,
    /// Copy the path of a value.
    CopyPath,
    /// Choose what is copied of an invocation: response, request id, `aws` command, curl.
    CopyAs,
    /// The whole log of this request.
    RequestLog,
    /// The invocations of this run and of earlier ones.
    Invocations,
    /// Send the same event again.
    SendAgain,
    /// Send the same event to another version or alias.
    SendElsewhere,
    /// Keep the event of an invocation under a name.
    Pin,
    /// Compare two answers.
    Diff,
    /// Send the event many times.
    Repeat,
    /// Stop sending.
    Stop,
    /// Copy the name.
    CopyName,
    /// Copy the ARN.
    CopyArn,
    /// Show the raw JSON.
    RawJson,
    /// Show a masked value for 30 s, or mask it again.
    Reveal,
    /// Hold the log where it is, or let it run.
    Pause,
    /// Follow the log's end.
    Follow,
    /// Wrap long lines.
    Wrap,
    /// Only errors.
    ErrorsOnly,
    /// Read further back.
    Older,
    /// Begin a pair of keys.
    Lead(Lead),
    /// To the next error.
    NextError,
    /// To the previous error.
    PreviousError,
    /// To the next bookmark.
    NextBookmark,
    /// To the previous bookmark.
    PreviousBookmark,
    /// To the next place where events may be missing.
    NextGap,
    /// To the previous place where events may be missing.
    PreviousGap,
    /// Put a bookmark, or take it away.
    Bookmark,
    /// Write times in another way.
    Times,
    /// Show the histogram, or hide it.
    Histogram,
    /// To a moment.
    GoToTime,
    /// Copy the message of the row.
    CopyMessage,
    /// Copy the row with its time and source.
    CopyLine,
    /// Add a filter: only what matches is shown.
    Include,
    /// Add a filter: what matches is not shown.
    Exclude,
    /// Mark what matches, and hide nothing.
    Highlight,
    /// The filters that are in force.
    Filters,
    /// Ask the service for what matches alone, or for all.
    ServerFilter,
    /// Use Live Tail, or no more.
    LiveTail,
    /// The log groups that are followed together.
    Sources,
    /// Show only this one, or all.
    Solo,
    /// Logs Insights.
    Insights,
    /// Choose a query from the templates.
    Templates,
    /// Choose the time that is looked at.
    Range,
    /// Sort by the next column.
    Sort,
    /// Reverse the order.
    ReverseSort,
    /// Hide or show the preview beside the list.
    Preview,
    /// Yes to the question.
    Yes,
    /// No to the question.
    No,
    /// Put the program into the background.
    Suspend,
    /// Quit; asks when something is under way.
    Quit,
    /// A key for the focused text field.
    Text(Input),
    /// A bracketed paste: text, never a command. It may hold a payload, so it shows in no `Debug`.
    Paste(Secret),
    /// Mouse: pressed at a cell (column, row).
    Click(u16, u16),
    /// Mouse: pressed twice at a cell (column, row).
    DoubleClick(u16, u16),
    /// Mouse wheel: rows, negative is up.
    Scroll(i16),
}
