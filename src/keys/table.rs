//! The bindings. This table is the only place that names a key: lookup, footer, help and the README's table derive
//! from it.

use crokey::{KeyCombination, key};

use crate::app::{Action, Context};

/// What some keys do in some places.
#[derive(Debug)]
pub struct Binding {
    /// The places.
    pub contexts: &'static [Context],
    /// The keys, the one to show first.
    pub keys: &'static [KeyCombination],
    /// What they do.
    pub action: Action,
    /// What they do, in words.
    pub help: &'static str,
    /// The word for it on the footer; none where it does not show there.
    pub hint: Option<&'static str>,
}

const LISTED: &[Context] = &[Context::Functions, Context::Function];
const SCROLLED: &[Context] =
    &[Context::Global, Context::Page, Context::Merge, Context::Compare, Context::Bulk, Context::History, Context::Answer];
const EDITED: &[Context] = &[Context::Environment, Context::Configuration];
const TAB: &str = "to the tab of that number";

const fn binding(
    contexts: &'static [Context],
    keys: &'static [KeyCombination],
    action: Action,
    help: &'static str,
    hint: Option<&'static str>,
) -> Binding {
    Binding { contexts, keys, action, help, hint }
}

/// All bindings, in the order in which they are shown.
pub static BINDINGS: &[Binding] = &[
    // The start screen.
    binding(&[Context::Start], &[key!(enter)], Action::Open, "do what is marked", Some("choose")),
    // The list of functions.
    binding(&[Context::Functions], &[key!(enter)], Action::Open, "open the function", Some("open")),
    // The Test tab. The key that leads here sends nothing, for it may be held down.
    binding(&[Context::Test], &[key!(enter)], Action::Send, "send the event", Some("send")),
    binding(&[Context::Test], &[key!(e)], Action::Edit, "edit the event", Some("edit")),
    binding(&[Context::Test], &[key!('=')], Action::Format, "write the event prettily", Some("format")),
    binding(
        &[Context::Test],
        &[key!('@')],
        Action::Qualifier,
        "choose the version or alias it is sent to",
        Some("to"),
    ),
    binding(
        &[Context::Test],
        &[key!(s)],
        Action::SendAs,
        "choose how it is sent: wait, stream, queue, dry run; tenant, client context",
        Some("as"),
    ),
    binding(
        &[Context::Test],
        &[key!(shift - j)],
        Action::NextInvocation,
        "look at the next invocation",
        None,
    ),
    binding(
        &[Context::Test],
        &[key!(shift - k)],
        Action::PreviousInvocation,
        "look at the invocation before",
        None,
    ),
    binding(&[Context::Test], &[key!(i)], Action::Invoke, "says which key sends", None),
    // The Environment tab.
    binding(
        &[Context::Environment],
        &[key!(e), key!(enter)],
        Action::Edit,
        "edit the value in its place",
        Some("edit"),
    ),
    binding(&[Context::Environment], &[key!('+')], Action::Add, "add a variable", Some("add")),
    binding(
        &[Context::Environment],
        &[key!(t)],
        Action::EditText,
        "edit the value in an editor of several lines",
        None,
    ),
    binding(&[Context::Environment], &[key!(shift - r)], Action::Rename, "rename the variable", None),
    binding(
        &[Context::Environment],
        &[key!(p)],
        Action::Import,
        "add variables from a .env text, which may also be pasted",
        None,
    ),
    binding(
        &[Context::Environment, Context::Merge],
        &[key!(x)],
        Action::Reveal,
        "show the value for 30 s, or mask it again",
        Some("reveal"),
    ),
    binding(&[Context::Environment], &[key!('/')], Action::Filter, "filter the variables", None),
    // The Configuration tab.
    binding(&[Context::Configuration], &[key!(e), key!(enter)], Action::Edit, "edit the row", Some("edit")),
    binding(
        &[Context::Configuration],
        &[key!('+')],
        Action::Add,
        "add to the group one is in: provisioned concurrency, asynchronous invocation, a tag",
        Some("add"),
    ),
    binding(
        &[Context::Configuration],
        &[key!(shift - k)],
        Action::KillSwitch,
        "stop the function (no concurrency), or restore what was reserved before",
        Some("stop"),
    ),
    // Environment and Configuration.
    binding(EDITED, &[key!(ctrl - d)], Action::Delete, "delete it", Some("delete")),
    binding(EDITED, &[key!(u)], Action::Revert, "take back the change of this row", Some("undo")),
    binding(EDITED, &[key!(shift - u)], Action::Restore, "back to what was there before the last save", None),
    binding(EDITED, &[key!(ctrl - s)], Action::Save, "show the diff, then save", Some("save")),
    // The Versions tab.
    binding(
        &[Context::Versions],
        &[key!(e), key!(enter)],
        Action::Edit,
        "point the alias to another version; of a version: compare it with $LATEST",
        Some("point"),
    ),
    binding(
        &[Context::Versions],
        &[key!(b)],
        Action::Rollback,
        "point the alias back to the version before",
        Some("roll back"),
    ),
    binding(&[Context::Versions], &[key!(w)], Action::Weights, "set the alias's weights", Some("weights")),
    binding(
        &[Context::Versions],
        &[key!(shift - p)],
        Action::Promote,
        "give the alias's additional version all invocations",
        Some("promote"),
    ),
    binding(
        &[Context::Versions],
        &[key!(p)],
        Action::Publish,
        "publish $LATEST as a version",
        Some("publish"),
    ),
    binding(
        &[Context::Versions],
        &[key!('+')],
        Action::Add,
        "add an alias of the version",
        Some("add alias"),
    ),
    binding(&[Context::Versions], &[key!(ctrl - d)], Action::Delete, "delete the alias or version", None),
    // Text fields in a tab.
    binding(&[Context::Field], &[key!(enter)], Action::Open, "take it over, unsaved", Some("take")),
    binding(
        &[Context::Field],
        &[key!(ctrl - s)],
        Action::Save,
        "take it over, show the diff, then save",
        Some("save"),
    ),
    binding(&[Context::Field], &[key!(esc)], Action::Back, "leave the field", Some("leave")),
    binding(&[Context::Field], &[key!(up)], Action::Up, "the previous choice", None),
    binding(&[Context::Field], &[key!(down)], Action::Down, "the next choice", None),
    binding(&[Context::VariableFilter], &[key!(enter)], Action::Open, "edit the variable", Some("edit")),
    binding(&[Context::VariableFilter], &[key!(esc)], Action::Back, "drop the filter", Some("clear")),
    binding(&[Context::VariableFilter], &[key!(up), key!(ctrl - p)], Action::Up, "to the previous row", None),
    binding(&[Context::VariableFilter], &[key!(down), key!(ctrl - n)], Action::Down, "to the next row", None),
    binding(
        &[Context::TextEditor],
        &[key!(esc)],
        Action::Back,
        "leave the editor; what was typed is taken over, unsaved",
        Some("take"),
    ),
    binding(
        &[Context::TextEditor],
        &[key!(ctrl - s)],
        Action::Save,
        "take it over, show the diff, then save",
        Some("save"),
    ),
    binding(&[Context::TextEditor], &[key!(pageup)], Action::PageUp, "a page up", None),
    binding(&[Context::TextEditor], &[key!(pagedown)], Action::PageDown, "a page down", None),
    binding(&[Context::Field, Context::Prompt], &[key!(ctrl - u)], Action::Clear, "empty the field", None),
    // The Logs tab.
    binding(&[Context::Logs], &[key!(space)], Action::Pause, "hold the log, or let it run", Some("pause")),
    binding(&[Context::Logs], &[key!(f)], Action::Follow, "follow the end of the log", Some("follow")),
    binding(&[Context::Logs], &[key!('/')], Action::Filter, "filter the lines", Some("filter")),
    binding(&[Context::Logs], &[key!('!')], Action::ErrorsOnly, "only errors, or all", Some("errors")),
    binding(
        &[Context::Logs],
        &[key!('o')],
        Action::Older,
        "read older events, four times as far back",
        Some("older"),
    ),
    binding(&[Context::Logs], &[key!(w)], Action::Wrap, "wrap long lines, or cut them", Some("wrap")),
    binding(&[Context::Logs], &[key!(enter)], Action::Open, "the whole event, with its stream", None),
    binding(&[Context::Logs], &[key!(left)], Action::Left, "scroll left", None),
    binding(&[Context::Logs], &[key!(right)], Action::Right, "scroll right", None),
    // One function, from the list or from any of its tabs.
    binding(LISTED, &[key!(i)], Action::Invoke, "invoke: to the Test tab", Some("invoke")),
    binding(LISTED, &[key!(l)], Action::Logs, "to its logs", Some("logs")),
    binding(LISTED, &[key!(shift - e)], Action::Environment, "to its environment variables", Some("env")),
    binding(LISTED, &[key!(v)], Action::Versions, "to its versions", None),
    binding(LISTED, &[key!(a)], Action::Aliases, "to its aliases", None),
    binding(LISTED, &[key!(c)], Action::Compare, "compare it with another, or the two that are marked", None),
    binding(LISTED, &[key!(m)], Action::Monitor, "to its metrics", None),
    binding(LISTED, &[key!(d)], Action::RawJson, "the function as raw JSON", None),
    binding(LISTED, &[key!(y)], Action::CopyName, "copy its name", None),
    binding(LISTED, &[key!(shift - y)], Action::CopyArn, "copy its ARN", None),
    binding(&[Context::Functions], &[key!('/')], Action::Filter, "filter the functions", Some("filter")),
    binding(
        &[Context::Functions],
        &[key!(space)],
        Action::Mark,
        "mark for what is done to several",
        Some("mark"),
    ),
    binding(&[Context::Functions], &[key!('*')], Action::MarkAll, "mark all that are shown, or none", None),
    binding(
        &[Context::Functions],
        &[key!(shift - b)],
        Action::Bulk,
        "one change of all marked functions",
        None,
    ),
    binding(&[Context::Functions], &[key!(s)], Action::Sort, "sort by the next column", None),
    binding(&[Context::Functions], &[key!(shift - s)], Action::ReverseSort, "reverse the order", None),
    binding(&[Context::Functions], &[key!(p)], Action::Preview, "show or hide the preview", None),
    binding(&[Context::Function], &[key!(tab)], Action::NextTab, "to the next tab", Some("next tab")),
    binding(&[Context::Function], &[key!(backtab)], Action::PreviousTab, "to the previous tab", None),
    binding(&[Context::Function], &[key!(1)], Action::Tab(1), TAB, None),
    binding(&[Context::Function], &[key!(2)], Action::Tab(2), TAB, None),
    binding(&[Context::Function], &[key!(3)], Action::Tab(3), TAB, None),
    binding(&[Context::Function], &[key!(4)], Action::Tab(4), TAB, None),
    binding(&[Context::Function], &[key!(5)], Action::Tab(5), TAB, None),
    binding(&[Context::Function], &[key!(6)], Action::Tab(6), TAB, None),
    binding(&[Context::Function], &[key!(7)], Action::Tab(7), TAB, None),
    binding(&[Context::Function], &[key!(8)], Action::Tab(8), TAB, None),
    binding(&[Context::Function], &[key!(9)], Action::Tab(9), TAB, None),
    // The event editor.
    binding(&[Context::Editor], &[key!(f5), key!(ctrl - r)], Action::Send, "send the event", Some("send")),
    binding(&[Context::Editor], &[key!(ctrl - f)], Action::Format, "write it prettily", Some("format")),
    binding(
        &[Context::Editor],
        &[key!(esc), key!(ctrl - s)],
        Action::Back,
        "leave the editor; the event is kept",
        Some("done"),
    ),
    binding(&[Context::Editor], &[key!(pageup)], Action::PageUp, "a page up", None),
    binding(&[Context::Editor], &[key!(pagedown)], Action::PageDown, "a page down", None),
    // The filters.
    binding(
        &[Context::Filter, Context::LogFilter],
        &[key!(enter)],
        Action::Open,
        "keep the filter and leave its field",
        Some("keep"),
    ),
    binding(
        &[Context::Filter, Context::LogFilter],
        &[key!(esc)],
        Action::Back,
        "drop the filter",
        Some("clear"),
    ),
    binding(&[Context::Filter], &[key!(up), key!(ctrl - p)], Action::Up, "to the previous row", None),
    binding(&[Context::Filter], &[key!(down), key!(ctrl - n)], Action::Down, "to the next row", None),
    binding(&[Context::Filter], &[key!(pageup)], Action::PageUp, "a page up", None),
    binding(&[Context::Filter], &[key!(pagedown)], Action::PageDown, "a page down", None),
    // The command line and the pickers.
    binding(&[Context::CommandLine], &[key!(enter)], Action::Open, "do it", Some("do it")),
    binding(&[Context::CommandLine], &[key!(tab)], Action::Complete, "complete the word", Some("complete")),
    binding(&[Context::Picker], &[key!(enter)], Action::Open, "choose what is marked", Some("choose")),
    binding(
        &[Context::CommandLine, Context::Picker],
        &[key!(esc)],
        Action::Back,
        "leave it, nothing is changed",
        Some("cancel"),
    ),
    binding(
        &[Context::CommandLine, Context::Picker],
        &[key!(up), key!(ctrl - p)],
        Action::Up,
        "mark the previous one",
        None,
    ),
    binding(
        &[Context::CommandLine, Context::Picker],
        &[key!(down), key!(ctrl - n)],
        Action::Down,
        "mark the next one",
        None,
    ),
    binding(&[Context::Picker], &[key!(pageup)], Action::PageUp, "a page up", None),
    binding(&[Context::Picker], &[key!(pagedown)], Action::PageDown, "a page down", None),
    // Questions.
    binding(&[Context::Dialog], &[key!(y)], Action::Yes, "yes", Some("yes")),
    binding(
        &[Context::Dialog],
        &[key!(n), key!(esc), key!(enter), key!(q)],
        Action::No,
        "no, the default",
        Some("no (enter)"),
    ),
    binding(&[Context::Dialog], &[key!(j), key!(down)], Action::Down, "down", None),
    binding(&[Context::Dialog], &[key!(k), key!(up)], Action::Up, "up", None),
    binding(&[Context::Dialog, Context::Confirm], &[key!(pageup)], Action::PageUp, "a page up", None),
    binding(&[Context::Dialog, Context::Confirm], &[key!(pagedown)], Action::PageDown, "a page down", None),
    // A change that takes a typed name.
    binding(
        &[Context::Confirm],
        &[key!(enter)],
        Action::Open,
        "do it, once the name is typed",
        Some("do it"),
    ),
    binding(&[Context::Confirm], &[key!(down)], Action::Down, "down", None),
    binding(&[Context::Confirm], &[key!(up)], Action::Up, "up", None),
    // One line to be typed.
    binding(&[Context::Prompt], &[key!(enter)], Action::Open, "go on", Some("go on")),
    binding(
        &[Context::Confirm, Context::Prompt, Context::Weights],
        &[key!(esc)],
        Action::Back,
        "leave it, nothing is sent",
        Some("cancel"),
    ),
    // Base, mine and theirs.
    binding(&[Context::Merge], &[key!(m)], Action::Mine, "my side counts", Some("mine")),
    binding(&[Context::Merge], &[key!(t)], Action::Theirs, "their side counts", Some("theirs")),
    binding(
        &[Context::Merge],
        &[key!(ctrl - s), key!(enter)],
        Action::Save,
        "show the diff of what was decided, then save",
        Some("go on"),
    ),
    binding(
        &[Context::Merge],
        &[key!(esc), key!(q)],
        Action::Back,
        "decide later; nothing is lost",
        Some("later"),
    ),
    // The weights of an alias.
    binding(&[Context::Weights], &[key!(enter)], Action::Open, "show the diff, then save", Some("save")),
    binding(&[Context::Weights], &[key!(right)], Action::Right, "one percent more", Some("more")),
    binding(&[Context::Weights], &[key!(left)], Action::Left, "one percent less", Some("less")),
    binding(
        &[Context::Weights],
        &[key!(up)],
        Action::Up,
        "the next canary step: 1, 5, 10, 25, 50, 100",
        Some("step"),
    ),
    binding(&[Context::Weights], &[key!(down)], Action::Down, "the canary step before", None),
    binding(&[Context::Weights], &[key!(tab)], Action::NextTab, "another additional version", None),
    // Two sides.
    binding(
        &[Context::Compare],
        &[key!('!')],
        Action::ErrorsOnly,
        "only what differs, or all",
        Some("differences"),
    ),
    binding(
        &[Context::Compare, Context::Bulk, Context::History],
        &[key!(esc), key!(q)],
        Action::Back,
        "close; what is under way goes on",
        Some("close"),
    ),
    // One change of many functions.
    binding(
        &[Context::BulkConfirm],
        &[key!(enter)],
        Action::Open,
        "do it, once the number is typed",
        Some("do it"),
    ),
    binding(&[Context::BulkConfirm], &[key!(esc)], Action::Back, "drop the plan", Some("cancel")),
    binding(&[Context::BulkConfirm], &[key!(down)], Action::Down, "down", None),
    binding(&[Context::BulkConfirm], &[key!(up)], Action::Up, "up", None),
    binding(&[Context::BulkConfirm], &[key!(pagedown)], Action::PageDown, "a page down", None),
    binding(&[Context::BulkConfirm], &[key!(pageup)], Action::PageUp, "a page up", None),
    binding(
        &[Context::Bulk],
        &[key!(s)],
        Action::Pause,
        "stop after the function that is being changed",
        Some("stop"),
    ),
    binding(
        &[Context::Bulk],
        &[key!(r)],
        Action::Refresh,
        "plan those again that failed",
        Some("retry failed"),
    ),
    // The journal.
    binding(&[Context::History], &[key!(enter)], Action::Open, "the whole entry, or the list", Some("open")),
    binding(
        &[Context::History],
        &[key!(u)],
        Action::Restore,
        "take the change back, where that is known",
        Some("take back"),
    ),
    binding(&[Context::History], &[key!(y)], Action::CopyName, "copy the aws command", Some("copy command")),
    // An answer.
    binding(&[Context::Answer], &[key!(tab)], Action::NextView, "the next view", Some("view")),
    binding(&[Context::Answer], &[key!(backtab)], Action::PreviousView, "the view before", None),
    binding(
        &[Context::Answer],
        &[key!(enter), key!(space)],
        Action::Fold,
        "open or close the value, or show the tree",
        Some("fold"),
    ),
    binding(&[Context::Answer], &[key!(z)], Action::FoldAll, "open or close all values", None),
    binding(&[Context::Answer], &[key!('/')], Action::Filter, "search", Some("search")),
    binding(&[Context::Answer], &[key!(n)], Action::NextMatch, "the next match", None),
    binding(&[Context::Answer], &[key!(shift - n)], Action::PreviousMatch, "the match before", None),
    binding(&[Context::Answer], &[key!('|')], Action::Query, "filter by jq", Some("jq")),
    binding(
        &[Context::Answer],
        &[key!(x)],
        Action::Decode,
        "see through base64, gzip and JSON in a text",
        Some("decode"),
    ),
    binding(&[Context::Answer], &[key!(y)], Action::CopyName, "copy the value, or all", Some("copy")),
    binding(&[Context::Answer], &[key!(shift - y)], Action::CopyPath, "copy the path of the value", None),
    binding(&[Context::Answer], &[key!(esc), key!(q)], Action::Back, "back", Some("back")),
    binding(&[Context::AnswerField], &[key!(enter)], Action::Open, "search, filter", Some("go")),
    binding(&[Context::AnswerField], &[key!(ctrl - u)], Action::Clear, "empty the field", None),
    binding(&[Context::AnswerField], &[key!(esc)], Action::Back, "leave it", Some("leave")),
    // Pages to read.
    binding(
        &[Context::Page],
        &[key!(esc), key!(q), key!('?'), key!(enter)],
        Action::Back,
        "close",
        Some("close"),
    ),
    // Everywhere.
    binding(&[Context::Global], &[key!(esc)], Action::Back, "back", None),
    binding(SCROLLED, &[key!(j), key!(down)], Action::Down, "down", None),
    binding(SCROLLED, &[key!(k), key!(up)], Action::Up, "up", None),
    binding(SCROLLED, &[key!(g), key!(home)], Action::Top, "to the top", None),
    binding(SCROLLED, &[key!(shift - g), key!(end)], Action::Bottom, "to the bottom", None),
    binding(SCROLLED, &[key!(pageup)], Action::PageUp, "a page up", None),
    binding(SCROLLED, &[key!(pagedown)], Action::PageDown, "a page down", None),
    binding(
        &[Context::Global, Context::Compare, Context::History],
        &[key!(r)],
        Action::Refresh,
        "read again",
        None,
    ),
    binding(&[Context::Global], &[key!(':')], Action::CommandLine, "type a command", Some("command")),
    binding(&[Context::Global], &[key!('?'), key!(f1)], Action::Help, "the keys of this place", Some("help")),
    binding(
        &[Context::Editor, Context::Filter, Context::LogFilter],
        &[key!(f1)],
        Action::Help,
        "the keys of this place",
        Some("help"),
    ),
    binding(&[Context::Global], &[key!(ctrl - z)], Action::Suspend, "put lambdeck into the background", None),
    binding(
        &[Context::Global],
        &[key!(q), key!(ctrl - c)],
        Action::Quit,
        "quit; asks while something is unsaved or under way",
        None,
    ),
];
