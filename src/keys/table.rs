//! The table itself. Its order is that of the help and the footer.

use crokey::key;

use super::Binding;
use crate::app::{
    Action,
    Context::{
        self, CommandLine, Details, Dialog, Editor, Environment, Filter, Function, Functions, Global,
        LogFilter, Logs, Page, Picker, Start, Test,
    },
};

/// All places, in the order in which they are told.
pub(super) const PLACES: [Context; 15] = [
    Global,
    Start,
    Functions,
    Filter,
    Function,
    Details,
    Environment,
    Test,
    Editor,
    Logs,
    LogFilter,
    CommandLine,
    Picker,
    Dialog,
    Page,
];

/// One row: places, keys, action, help, hint.
macro_rules! row {
    ([$($context:ident),+], [$($key:expr),+], $action:expr, $help:literal) => {
        row!([$($context),+], [$($key),+], $action, $help, "")
    };
    ([$($context:ident),+], [$($key:expr),+], $action:expr, $help:literal, $hint:literal) => {
        Binding { contexts: &[$($context),+], keys: &[$($key),+], action: $action, help: $help, hint: $hint }
    };
}

pub(super) static TABLE: &[Binding] = &[
    // Places of one's own come first in the footer.
    row!([Start], [key!(enter)], Action::Open, "do what is selected", "choose"),
    row!([Functions], [key!(enter)], Action::Open, "open the function", "open"),
    row!(
        [Functions, Function],
        [key!(i)],
        Action::Invoke,
        "invoke: to the Test tab, there send the event",
        "invoke"
    ),
    row!([Functions, Function], [key!(l)], Action::Logs, "show the logs", "logs"),
    row!(
        [Functions, Function],
        [key!(shift - e)],
        Action::Environment,
        "show the environment variables",
        "env"
    ),
    row!([Functions, Function], [key!(v), key!(a)], Action::Versions, "show versions and aliases"),
    row!([Functions, Function], [key!(m)], Action::Monitor, "show the metrics"),
    row!([Functions, Logs], [key!('/')], Action::Filter, "filter as you type", "filter"),
    row!([Functions], [key!(s)], Action::Sort, "sort by the next column"),
    row!([Functions], [key!(shift - s)], Action::ReverseSort, "reverse the order"),
    row!([Functions], [key!(p)], Action::Preview, "show or hide the preview"),
    row!([Environment], [key!(x)], Action::Reveal, "show the value for 30 s, or mask it again", "reveal"),
    row!([Test], [key!(e)], Action::Edit, "edit the event", "edit"),
    row!([Test], [key!(enter), key!(ctrl - s)], Action::Send, "send the event", "send"),
    row!([Test], [key!(f)], Action::Format, "write the event prettily"),
    row!([Editor], [key!(ctrl - s), key!(f5)], Action::Send, "send the event", "send"),
    row!([Editor], [key!(ctrl - f)], Action::Format, "write the event prettily", "format"),
    row!([Editor], [key!(pageup)], Action::PageUp, "move a page up"),
    row!([Editor], [key!(pagedown)], Action::PageDown, "move a page down"),
    row!([Editor], [key!(esc)], Action::Back, "leave the editor; the event stays", "done"),
    row!([Logs], [key!(f)], Action::Follow, "follow the end", "follow"),
    row!([Logs], [key!(space)], Action::Pause, "pause, or go on", "pause"),
    row!([Logs], [key!('!')], Action::ErrorsOnly, "show errors only, or all", "errors"),
    row!([Logs], [key!(w)], Action::Wrap, "wrap long lines, or not"),
    row!([Function], [key!(1)], Action::Tab(1), "show the tab of that number"),
    row!([Function], [key!(2)], Action::Tab(2), "show the tab of that number"),
    row!([Function], [key!(3)], Action::Tab(3), "show the tab of that number"),
    row!([Function], [key!(4)], Action::Tab(4), "show the tab of that number"),
    row!([Function], [key!(5)], Action::Tab(5), "show the tab of that number"),
    row!([Function], [key!(6)], Action::Tab(6), "show the tab of that number"),
    row!([Function], [key!(7)], Action::Tab(7), "show the tab of that number"),
    row!([Function], [key!(8)], Action::Tab(8), "show the tab of that number"),
    row!([Function], [key!(9)], Action::Tab(9), "show the tab of that number"),
    row!([Function], [key!(tab)], Action::NextTab, "show the next tab", "next tab"),
    row!([Function], [key!(backtab)], Action::PreviousTab, "show the previous tab"),
    row!([Functions, Function], [key!(y)], Action::CopyName, "copy the name"),
    row!([Functions, Function], [key!(shift - y)], Action::CopyArn, "copy the ARN"),
    row!([Functions, Function], [key!(d)], Action::RawJson, "show the raw JSON"),
    // Text fields: characters are text, so only other keys are bound.
    row!([Filter, LogFilter], [key!(enter)], Action::Open, "keep the filter", "keep"),
    row!([Filter, LogFilter], [key!(esc)], Action::Back, "drop the filter", "drop"),
    row!([CommandLine], [key!(enter)], Action::Open, "run the command", "run"),
    row!([CommandLine], [key!(tab)], Action::Complete, "complete the command", "complete"),
    row!([Picker], [key!(enter)], Action::Open, "choose", "choose"),
    row!([CommandLine, Picker], [key!(esc)], Action::Back, "cancel", "cancel"),
    row!([Filter, CommandLine, Picker], [key!(up)], Action::Up, "move up"),
    row!([Filter, CommandLine, Picker], [key!(down)], Action::Down, "move down"),
    row!([Filter, Picker], [key!(pageup)], Action::PageUp, "move a page up"),
    row!([Filter, Picker], [key!(pagedown)], Action::PageDown, "move a page down"),
    // Questions: No is the default.
    row!([Dialog], [key!(y)], Action::Yes, "yes", "yes"),
    row!([Dialog], [key!(n), key!(enter), key!(esc)], Action::No, "no", "no"),
    // Everywhere.
    row!([Page], [key!(esc), key!(q), key!('?')], Action::Back, "close", "close"),
    row!([Global, Page], [key!(k), key!(up)], Action::Up, "move up"),
    row!([Global, Page], [key!(j), key!(down)], Action::Down, "move down"),
    row!([Global, Page], [key!(g), key!(home)], Action::Top, "move to the top"),
    row!([Global, Page], [key!(shift - g), key!(end)], Action::Bottom, "move to the end"),
    row!([Global, Page], [key!(pageup)], Action::PageUp, "move a page up"),
    row!([Global, Page], [key!(pagedown)], Action::PageDown, "move a page down"),
    row!([Global], [key!(left)], Action::Left, "scroll left"),
    row!([Global], [key!(right)], Action::Right, "scroll right"),
    row!([Global], [key!(esc)], Action::Back, "go back; never quits"),
    row!([Global], [key!(r)], Action::Refresh, "read again"),
    row!([Global], [key!(':'), key!(ctrl - p)], Action::CommandLine, "type a command", "command"),
    row!([Global], [key!('?')], Action::Help, "show the keys of this place", "help"),
    row!([Global], [key!(ctrl - z)], Action::Suspend, "suspend"),
    row!([Global], [key!(q), key!(ctrl - c)], Action::Quit, "quit; asks when something is under way", "quit"),
    row!(
        [Filter, Editor, LogFilter],
        [key!(ctrl - c)],
        Action::Quit,
        "quit; asks when something is under way"
    ),
    row!([CommandLine, Picker, Dialog, Page], [key!(ctrl - c)], Action::Back, "close"),
    row!(
        [Filter, Editor, LogFilter, CommandLine, Picker, Dialog, Page],
        [key!(ctrl - z)],
        Action::Suspend,
        "suspend"
    ),
];
