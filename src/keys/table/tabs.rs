//! The start screen, the list of functions, and a function's tabs but Logs.

use crokey::key;

use super::{Binding, binding};
use crate::app::{Action, Context};

const EDITED: &[Context] = &[Context::Environment, Context::Configuration];

pub(super) static BINDINGS: &[Binding] = &[
    // The start screen.
    binding(&[Context::Start], &[key!(enter)], Action::Open, "do what is marked", Some("choose")),
    // The list of functions.
    binding(&[Context::Functions], &[key!(enter)], Action::Open, "open the function", Some("open")),
    // The Test tab. The key that leads here sends nothing, for it may be held down.
    binding(&[Context::Test], &[key!(enter)], Action::Send, "send the event", Some("send")),
    binding(&[Context::Test], &[key!(e)], Action::Edit, "edit the event", Some("edit")),
    binding(&[Context::Test], &[key!('=')], Action::Format, "write the event prettily", Some("format")),
    binding(&[Context::Test], &[key!(shift - m)], Action::Minify, "write the event without blanks", None),
    binding(&[Context::Test], &[key!(u)], Action::Undo, "take the last change of the event back", None),
    binding(&[Context::Test], &[key!(shift - u)], Action::Redo, "make that change again", None),
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
        &[key!(t)],
        Action::Events,
        "choose an event: saved ones, the console's, templates",
        Some("events"),
    ),
    binding(&[Context::Test], &[key!(ctrl - s)], Action::Save, "save the event under a name", None),
    binding(
        &[Context::Test],
        &[key!(o)],
        Action::OpenAnswer,
        "open the answer over the whole screen",
        Some("open"),
    ),
    binding(
        &[Context::Test],
        &[key!(h)],
        Action::Invocations,
        "what was sent in this run and before: send again, compare",
        Some("history"),
    ),
    binding(
        &[Context::Test],
        &[key!(shift - r)],
        Action::Repeat,
        "send the event many times: how often, how many at a time",
        Some("repeat"),
    ),
    binding(
        &[Context::Test, Context::Answer, Context::Invocations],
        &[key!(shift - c)],
        Action::CopyAs,
        "copy the response, its request id, an aws or a curl command",
        None,
    ),
    binding(
        &[Context::Test, Context::Answer, Context::Invocations],
        &[key!(shift - l)],
        Action::RequestLog,
        "the whole log of this request, in the Logs tab",
        Some("log"),
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
    binding(
        &[Context::Field, Context::Prompt, Context::LogFilter],
        &[key!(ctrl - u)],
        Action::Clear,
        "empty the field",
        None,
    ),
];
