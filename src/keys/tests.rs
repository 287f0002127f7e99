use std::collections::{HashMap, HashSet};

use crokey::key;
use rstest::rstest;

use super::*;

const ALL: [Context; 42] = [
    Context::Global,
    Context::Start,
    Context::Functions,
    Context::Filter,
    Context::Function,
    Context::Details,
    Context::Environment,
    Context::Field,
    Context::VariableFilter,
    Context::Configuration,
    Context::Versions,
    Context::Test,
    Context::Editor,
    Context::Logs,
    Context::LogFilter,
    Context::CommandLine,
    Context::Picker,
    Context::Dialog,
    Context::Page,
    Context::Confirm,
    Context::Prompt,
    Context::TextEditor,
    Context::Merge,
    Context::Weights,
    Context::Compare,
    Context::Bulk,
    Context::BulkConfirm,
    Context::History,
    Context::Answer,
    Context::AnswerField,
    Context::Invocations,
    Context::Differences,
    Context::Events,
    Context::RepeatForm,
    Context::Repeat,
    Context::LogNext,
    Context::LogPrevious,
    Context::LogInvocations,
    Context::LogFilters,
    Context::LogSources,
    Context::Insights,
    Context::InsightsQuery,
];

fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

fn plain(code: KeyCode) -> KeyEvent {
    press(code, KeyModifiers::NONE)
}

fn control(character: char) -> KeyEvent {
    press(KeyCode::Char(character), KeyModifiers::CONTROL)
}

fn held(event: KeyEvent) -> KeyEvent {
    KeyEvent { kind: KeyEventKind::Repeat, ..event }
}

#[test]
fn no_key_means_two_things_in_one_place() {
    let mut seen = HashMap::new();
    for binding in bindings() {
        for context in binding.contexts {
            for key in binding.keys {
                let before = seen.insert((*context, *key), &binding.action);
                assert_eq!(before, None, "{} twice in {context:?}", label(*key));
            }
        }
    }
}

#[test]
fn an_inner_place_takes_no_key_of_an_outer_one_but_where_it_is_meant() {
    let meant = [
        (Context::Test, key!(i)),
        // The first row of a log is at `home`; what is copied of it is not the function.
        (Context::Logs, key!(g)),
        (Context::Logs, key!(y)),
        (Context::Logs, key!(shift - y)),
        (Context::LogInvocations, key!(g)),
        (Context::LogInvocations, key!(esc)),
        (Context::LogInvocations, key!(y)),
        (Context::LogNext, key!(b)),
        (Context::LogNext, key!(g)),
        (Context::LogPrevious, key!(b)),
        (Context::LogPrevious, key!(g)),
    ];
    for chain in CHAINS {
        for (depth, inner) in chain.iter().enumerate() {
            for binding in bindings().filter(|binding| binding.contexts.contains(inner)) {
                for key in binding.keys {
                    let taken = find(&chain[depth + 1..], *key);
                    assert!(
                        taken.is_none() || meant.contains(&(*inner, *key)),
                        "{} in {inner:?} hides {:?}",
                        label(*key),
                        taken.map(|binding| &binding.action)
                    );
                }
            }
        }
    }
}

#[test]
fn every_binding_is_explained_and_reachable() {
    for binding in bindings() {
        assert!(!binding.help.is_empty() && !binding.keys.is_empty() && !binding.contexts.is_empty());
        for context in binding.contexts {
            let shown = CHAINS
                .iter()
                .filter(|chain| chain.contains(context))
                .flat_map(|chain| help(chain))
                .flat_map(|group| group.rows)
                .any(|(_, help)| help == binding.help);
            assert!(shown, "{:?} of {context:?} is in no help", binding.action);
        }
    }
}

#[test]
fn the_keys_are_written_as_crokey_reads_them_from_events() {
    // A key such as `key!('G')` that no event is ever equal to would be dead.
    for key in bindings().flat_map(|binding| binding.keys) {
        let event: KeyEvent = (*key).into();
        assert_eq!(normalised(event), *key, "{}", label(*key));
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one line for each action")]
fn whatever_a_user_can_mean_has_a_key() {
    // The match is there so that a new action does not compile until it is listed here.
    let needs_key = |action: &Action| match action {
        Action::Text(_)
        | Action::Paste(_)
        | Action::Click(..)
        | Action::DoubleClick(..)
        | Action::Scroll(_) => false,
        Action::Up
        | Action::Down
        | Action::Top
        | Action::Bottom
        | Action::PageUp
        | Action::PageDown
        | Action::Left
        | Action::Right
        | Action::Open
        | Action::Back
        | Action::Filter
        | Action::CommandLine
        | Action::Complete
        | Action::Help
        | Action::Refresh
        | Action::Tab(_)
        | Action::NextTab
        | Action::PreviousTab
        | Action::Invoke
        | Action::Logs
        | Action::Environment
        | Action::Versions
        | Action::Aliases
        | Action::Monitor
        | Action::Edit
        | Action::EditText
        | Action::Add
        | Action::Import
        | Action::Export
        | Action::Rename
        | Action::Delete
        | Action::Revert
        | Action::Restore
        | Action::Save
        | Action::Clear
        | Action::Mark
        | Action::MarkAll
        | Action::Bulk
        | Action::Compare
        | Action::KillSwitch
        | Action::Publish
        | Action::Weights
        | Action::Promote
        | Action::Rollback
        | Action::Mine
        | Action::Theirs
        | Action::Send
        | Action::Qualifier
        | Action::SendAs
        | Action::NextInvocation
        | Action::PreviousInvocation
        | Action::Format
        | Action::Minify
        | Action::Undo
        | Action::Redo
        | Action::GoToProblem
        | Action::EditOutside
        | Action::Events
        | Action::OpenAnswer
        | Action::NextView
        | Action::PreviousView
        | Action::NextMatch
        | Action::PreviousMatch
        | Action::Query
        | Action::Fold
        | Action::FoldAll
        | Action::Decode
        | Action::CopyPath
        | Action::CopyAs
        | Action::RequestLog
        | Action::Invocations
        | Action::SendAgain
        | Action::SendElsewhere
        | Action::Pin
        | Action::Diff
        | Action::Repeat
        | Action::Stop
        | Action::CopyName
        | Action::CopyArn
        | Action::RawJson
        | Action::Reveal
        | Action::Pause
        | Action::Follow
        | Action::Wrap
        | Action::ErrorsOnly
        | Action::Older
        | Action::Lead(_)
        | Action::NextError
        | Action::PreviousError
        | Action::NextBookmark
        | Action::PreviousBookmark
        | Action::NextGap
        | Action::PreviousGap
        | Action::Bookmark
        | Action::Times
        | Action::Histogram
        | Action::GoToTime
        | Action::CopyMessage
        | Action::CopyLine
        | Action::Include
        | Action::Exclude
        | Action::Highlight
        | Action::Filters
        | Action::ServerFilter
        | Action::LiveTail
        | Action::Sources
        | Action::Solo
        | Action::Insights
        | Action::Templates
        | Action::Range
        | Action::Sort
        | Action::ReverseSort
        | Action::Preview
        | Action::Yes
        | Action::No
        | Action::Suspend
        | Action::Quit => true,
    };
    assert!(bindings().all(|binding| needs_key(&binding.action)), "text and mouse are no keys");
    let bound: HashSet<_> = bindings().map(|binding| std::mem::discriminant(&binding.action)).collect();
    // All variants of the match above, which is one for each line.
    assert_eq!(bound.len(), 117);
    let tabs: HashSet<u8> = bindings()
        .filter_map(|binding| if let Action::Tab(number) = binding.action { Some(number) } else { None })
        .collect();
    assert_eq!(tabs, (1..=9).collect());
}

#[rstest]
#[case(&[Context::Functions, Context::Global], plain(KeyCode::Enter), Some(Action::Open))]
#[case(&[Context::Functions, Context::Global], plain(KeyCode::Char('j')), Some(Action::Down))]
#[case(&[Context::Functions, Context::Global], plain(KeyCode::Char('x')), None)]
#[case(&[Context::Functions, Context::Global], plain(KeyCode::Char('i')), Some(Action::Invoke))]
#[case(&[Context::Functions, Context::Global], press(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Action::Bottom))]
#[case(&[Context::Functions, Context::Global], plain(KeyCode::Char('G')), Some(Action::Bottom))]
#[case(&[Context::Functions, Context::Global], press(KeyCode::Char('?'), KeyModifiers::SHIFT), Some(Action::Help))]
#[case(&[Context::Functions, Context::Global], plain(KeyCode::Char('?')), Some(Action::Help))]
#[case(&[Context::Functions, Context::Global], press(KeyCode::Char(':'), KeyModifiers::SHIFT), Some(Action::CommandLine))]
#[case(&[Context::Test, Context::Function, Context::Global], plain(KeyCode::Enter), Some(Action::Send))]
#[case(&[Context::Test, Context::Function, Context::Global], plain(KeyCode::Char('i')), Some(Action::Invoke))]
#[case(&[Context::Test, Context::Function, Context::Global], plain(KeyCode::Char('7')), Some(Action::Tab(7)))]
#[case(&[Context::Details, Context::Function, Context::Global], plain(KeyCode::BackTab), Some(Action::PreviousTab))]
#[case(&[Context::Details, Context::Function, Context::Global], press(KeyCode::BackTab, KeyModifiers::SHIFT), Some(Action::PreviousTab))]
#[case(&[Context::Details, Context::Function, Context::Global], press(KeyCode::Tab, KeyModifiers::SHIFT), Some(Action::PreviousTab))]
#[case(&[Context::Dialog], plain(KeyCode::Enter), Some(Action::No))]
#[case(&[Context::Dialog], plain(KeyCode::Char('x')), None)]
#[case(&[Context::Page], control('z'), Some(Action::Suspend))]
fn looks_keys_up(#[case] contexts: &[Context], #[case] event: KeyEvent, #[case] expected: Option<Action>) {
    assert_eq!(lookup(contexts, false, event), expected);
}

#[test]
fn a_text_field_takes_plain_characters_and_editing_keys() {
    for context in ALL.into_iter().filter(|context| context.takes_text()) {
        for character in (' '..='~').chain(['é', '世']) {
            let event = plain(KeyCode::Char(character));
            assert_eq!(
                lookup(&[context], true, event),
                Some(Action::Text(Input::from(event))),
                "{context:?}"
            );
        }
        // The slider takes the arrows: its field holds a number of three digits at most.
        if context == Context::Weights {
            continue;
        }
        for event in [
            plain(KeyCode::Backspace),
            plain(KeyCode::Left),
            plain(KeyCode::Home),
            control('w'),
            control('a'),
            press(KeyCode::Char('b'), KeyModifiers::ALT),
            press(KeyCode::Char('A'), KeyModifiers::SHIFT),
        ] {
            assert_eq!(
                lookup(&[context], true, event),
                Some(Action::Text(Input::from(event))),
                "{context:?}"
            );
        }
        assert_eq!(lookup(&[context], true, control('c')), Some(Action::Quit));
        assert_eq!(lookup(&[context], true, control('z')), Some(Action::Suspend));
        assert_eq!(lookup(&[context], true, plain(KeyCode::Esc)), Some(Action::Back));
        assert_eq!(lookup(&[context], true, plain(KeyCode::F(9))), None);
        assert_eq!(lookup(&[context], true, plain(KeyCode::CapsLock)), None);
    }
}

#[test]
fn the_editor_has_commands_on_control_and_function_keys() {
    let editor = |event| lookup(&[Context::Editor], true, event);
    assert_eq!(editor(plain(KeyCode::F(5))), Some(Action::Send));
    assert_eq!(editor(control('r')), Some(Action::Send));
    assert_eq!(editor(control('f')), Some(Action::Format));
    assert_eq!(editor(control('l')), Some(Action::Minify));
    assert_eq!(editor(control('u')), Some(Action::Undo));
    assert_eq!(editor(control('y')), Some(Action::Redo));
    assert_eq!(editor(control('o')), Some(Action::EditOutside));
    assert_eq!(editor(control('s')), Some(Action::Back));
    let enter = plain(KeyCode::Enter);
    assert_eq!(editor(enter), Some(Action::Text(Input::from(enter))));
}

#[test]
fn a_held_key_moves_but_never_acts() {
    let test = [Context::Test, Context::Function, Context::Global];
    assert_eq!(lookup(&test, false, held(plain(KeyCode::Char('j')))), Some(Action::Down));
    assert_eq!(lookup(&test, false, held(plain(KeyCode::Enter))), None);
    assert_eq!(lookup(&[Context::Editor], true, held(plain(KeyCode::F(5)))), None);
    assert_eq!(lookup(&[Context::Functions, Context::Global], false, held(plain(KeyCode::Char('i')))), None);
    assert_eq!(lookup(&[Context::Dialog], false, held(plain(KeyCode::Char('y')))), None);
    let released = KeyEvent { kind: KeyEventKind::Release, ..plain(KeyCode::Char('j')) };
    assert_eq!(lookup(&test, false, released), None);
    assert_eq!(lookup(&[Context::Filter], true, released), None);
}

#[test]
fn the_footer_names_what_matters_here() {
    let words = |contexts: &[Context]| {
        hints(contexts).into_iter().map(|(key, word)| format!("{key} {word}")).collect::<Vec<_>>().join("  ")
    };
    assert_eq!(
        words(&[Context::Functions, Context::Global]),
        "enter open  i invoke  l logs  E env  / filter  space mark  : command  ? help"
    );
    assert_eq!(words(&[Context::Dialog]), "y yes  n no (enter)");
    assert_eq!(words(&[Context::Editor]), "f5 send  ctrl-f format  esc done  f1 help");
}

#[test]
fn help_merges_the_tabs_and_shows_each_key_once() {
    let groups = help(&[Context::Test, Context::Function, Context::Global]);
    assert_eq!(
        groups.iter().map(|group| group.title).collect::<Vec<_>>(),
        ["Test", "Function", "Everywhere"]
    );
    let rows: Vec<_> = groups.into_iter().flat_map(|group| group.rows).collect();
    assert!(rows.contains(&("1-9".into(), "to the tab of that number")));
    assert!(rows.contains(&("enter".into(), "send the event")));
    assert!(!rows.iter().any(|(key, help)| key == "enter" && *help != "send the event"), "enter sends here");
}

#[test]
fn markdown_has_a_row_for_each_help() {
    let text = markdown();
    for binding in bindings() {
        assert!(text.contains(binding.help), "{}", binding.help);
    }
    assert!(text.contains("| Everywhere | `esc` | back |"));
    assert!(text.contains("|  | `q` `ctrl-c` | quit; asks while something is unsaved or under way |"));
}
