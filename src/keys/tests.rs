use std::collections::{HashMap, HashSet};

use rstest::rstest;
use tui_textarea::{Input, Key};

use super::*;

fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

/// A key as a terminal without extensions sends it.
fn typed(text: &str) -> KeyEvent {
    let key = crokey::parse(text).unwrap();
    let OneToThree::One(code) = key.codes else { panic!("{text} is no single key") };
    press(code, key.modifiers)
}

/// All actions that come from keys. The `match` makes whoever adds an action come here.
fn actions() -> Vec<Action> {
    use Action::*;
    let needs_a_key = |action: &Action| match action {
        Text(_) | Paste(_) | Click(..) | DoubleClick(..) | Scroll(_) => false,
        Up | Down | Top | Bottom | PageUp | PageDown | Left | Right | Open | Back | Filter | CommandLine
        | Complete | Help | Refresh | Tab(_) | NextTab | PreviousTab | Invoke | Logs | Environment
        | Versions | Monitor | Edit | Send | Format | CopyName | CopyArn | RawJson | Reveal | Pause
        | Follow | Wrap | ErrorsOnly | Sort | ReverseSort | Preview | Yes | No | Suspend | Quit => true,
    };
    let mut all = vec![
        Up,
        Down,
        Top,
        Bottom,
        PageUp,
        PageDown,
        Left,
        Right,
        Open,
        Back,
        Filter,
        CommandLine,
        Complete,
        Help,
        Refresh,
        NextTab,
        PreviousTab,
        Invoke,
        Logs,
        Environment,
        Versions,
        Monitor,
        Edit,
        Send,
        Format,
        CopyName,
        CopyArn,
        RawJson,
        Reveal,
        Pause,
        Follow,
        Wrap,
        ErrorsOnly,
        Sort,
        ReverseSort,
        Preview,
        Yes,
        No,
        Suspend,
        Quit,
    ];
    all.extend((1..=9).map(Tab));
    assert!(all.iter().all(needs_a_key));
    all
}

#[test]
fn every_action_has_a_key() {
    for action in actions() {
        assert!(TABLE.iter().any(|binding| binding.action == action), "{action:?} has no key");
    }
}

#[test]
fn every_binding_says_what_it_does() {
    for binding in TABLE {
        assert!(!binding.help.is_empty() && !binding.help.ends_with('.'), "{binding:?}");
        assert!(!binding.contexts.is_empty() && !binding.keys.is_empty(), "{binding:?}");
        assert!(binding.hint.len() <= 10, "{binding:?}");
    }
}

#[test]
fn no_key_twice_in_a_place() {
    let mut seen = HashMap::new();
    for binding in TABLE {
        for context in binding.contexts {
            for key in binding.keys {
                if let Some(other) = seen.insert((*context, *key), &binding.action) {
                    panic!("{} in {context:?} is {other:?} and {:?}", key_name(*key), binding.action);
                }
            }
        }
    }
}

#[test]
fn every_place_is_told_and_can_be_left() {
    let told: HashSet<Context> = table::PLACES.into_iter().collect();
    assert_eq!(told.len(), table::PLACES.len());
    for binding in TABLE {
        assert!(binding.contexts.iter().all(|context| told.contains(context)));
    }
    for context in table::PLACES {
        // Overlays and text fields stand alone, all others fall back on Global.
        let alone = context.takes_text() || matches!(context, Context::Dialog | Context::Page);
        let chain = if alone { vec![context] } else { vec![context, Context::Global] };
        for key in ["esc", "ctrl-c", "ctrl-z"] {
            let action = lookup(&chain, context.takes_text(), typed(key));
            assert!(action.is_some_and(|action| !matches!(action, Action::Text(_))), "{key} in {context:?}");
        }
    }
}

#[test]
fn esc_never_quits() {
    for binding in TABLE.iter().filter(|binding| binding.action == Action::Quit) {
        assert!(!binding.keys.contains(&crokey::key!(esc)));
    }
}

#[test]
fn a_text_field_binds_no_character() {
    for binding in TABLE.iter().filter(|binding| binding.contexts.iter().any(|context| context.takes_text()))
    {
        assert!(!binding.keys.iter().any(|key| is_character(*key)), "{binding:?}");
    }
}

#[test]
fn every_key_is_found_as_a_terminal_sends_it() {
    for binding in TABLE {
        for (context, key) in
            binding.contexts.iter().flat_map(|context| binding.keys.iter().map(move |key| (context, key)))
        {
            let OneToThree::One(code) = key.codes else { panic!("{key} can't be sent by most terminals") };
            let action = lookup(&[*context], context.takes_text(), press(code, key.modifiers));
            assert_eq!(action.as_ref(), Some(&binding.action), "{} in {context:?}", key_name(*key));
        }
    }
}

#[rstest]
#[case("j", Some(Action::Down))]
#[case("shift-g", Some(Action::Bottom))]
#[case("i", Some(Action::Invoke))]
#[case("shift-e", Some(Action::Environment))]
#[case("?", Some(Action::Help))]
#[case(":", Some(Action::CommandLine))]
#[case("esc", Some(Action::Back))]
#[case("ctrl-c", Some(Action::Quit))]
#[case("ctrl-j", None)]
#[case("5", None)]
#[case("z", None)]
fn keys_of_the_list(#[case] key: &str, #[case] expected: Option<Action>) {
    assert_eq!(lookup(&[Context::Functions, Context::Global], false, typed(key)), expected);
}

#[test]
fn the_inner_place_wins() {
    let chain = [Context::Logs, Context::Function, Context::Global];
    assert_eq!(lookup(&chain, false, typed("f")), Some(Action::Follow));
    assert_eq!(lookup(&chain, false, typed("5")), Some(Action::Tab(5)));
    assert_eq!(lookup(&chain, false, typed("r")), Some(Action::Refresh));
    assert_eq!(lookup(&[Context::Dialog], false, typed("r")), None);
}

#[rstest]
#[case::shift_is_told(KeyCode::Char('?'), KeyModifiers::SHIFT, Action::Help)]
#[case::shift_is_not_told(KeyCode::Char('?'), KeyModifiers::NONE, Action::Help)]
#[case::caps_lock(KeyCode::Char('G'), KeyModifiers::NONE, Action::Bottom)]
#[case::capital(KeyCode::Char('G'), KeyModifiers::SHIFT, Action::Bottom)]
#[case::kitty(KeyCode::Char('g'), KeyModifiers::SHIFT, Action::Bottom)]
#[case::back_tab(KeyCode::BackTab, KeyModifiers::SHIFT, Action::PreviousTab)]
#[case::bare_back_tab(KeyCode::BackTab, KeyModifiers::NONE, Action::PreviousTab)]
#[case::shift_tab(KeyCode::Tab, KeyModifiers::SHIFT, Action::PreviousTab)]
fn terminals_report_one_key_in_several_ways(
    #[case] code: KeyCode,
    #[case] modifiers: KeyModifiers,
    #[case] expected: Action,
) {
    let chain = [Context::Details, Context::Function, Context::Global];
    assert_eq!(lookup(&chain, false, press(code, modifiers)), Some(expected));
}

#[rstest]
#[case("q", Key::Char('q'), false)]
#[case("shift-q", Key::Char('Q'), false)]
#[case(":", Key::Char(':'), false)]
#[case("space", Key::Char(' '), false)]
#[case("backspace", Key::Backspace, false)]
#[case("left", Key::Left, false)]
#[case("home", Key::Home, false)]
#[case("ctrl-w", Key::Char('w'), true)]
fn a_text_field_takes_what_is_text(#[case] key: &str, #[case] expected: Key, #[case] ctrl: bool) {
    let Some(Action::Text(Input { key, ctrl: with_ctrl, .. })) = lookup(&[Context::Filter], true, typed(key))
    else {
        panic!("{key} is not text");
    };
    assert_eq!((key, with_ctrl), (expected, ctrl));
}

#[rstest]
#[case(Context::Editor, "enter", None)]
#[case(Context::Editor, "up", None)]
#[case(Context::Editor, "ctrl-s", Some(Action::Send))]
#[case(Context::Filter, "enter", Some(Action::Open))]
#[case(Context::Filter, "up", Some(Action::Up))]
#[case(Context::CommandLine, "tab", Some(Action::Complete))]
fn other_keys_of_a_text_field(#[case] context: Context, #[case] key: &str, #[case] expected: Option<Action>) {
    let action = lookup(&[context], true, typed(key));
    assert_eq!(action.filter(|action| !matches!(action, Action::Text(_))), expected);
}

#[test]
fn the_footer_of_the_list() {
    let hints = hints(&[Context::Functions, Context::Global]);
    let line: Vec<String> = hints.iter().map(|hint| format!("{} {}", hint.key, hint.label)).collect();
    assert_eq!(line.join("  "), "enter open  i invoke  l logs  E env  / filter  : command  ? help  q quit");
}

#[test]
fn a_hint_names_a_key_that_works() {
    for chain in [
        vec![Context::Test, Context::Function, Context::Global],
        vec![Context::Logs, Context::Function, Context::Global],
        vec![Context::Editor],
        vec![Context::Dialog],
    ] {
        for hint in hints(&chain) {
            let (context, binding, keys) = reachable(&chain)
                .find(|(_, binding, keys)| binding.hint == hint.label && key_name(keys[0]) == hint.key)
                .unwrap();
            let OneToThree::One(code) = keys[0].codes else { panic!() };
            let action = lookup(&chain, context.takes_text(), press(code, keys[0].modifiers));
            assert_eq!(action.as_ref(), Some(&binding.action), "{hint:?}");
        }
    }
}

#[test]
fn help_lists_each_place_without_what_an_inner_one_takes_over() {
    let sections = help(&[Context::Test, Context::Function, Context::Global]);
    let titles: Vec<&str> = sections.iter().map(|section| section.title).collect();
    assert_eq!(titles, ["Test", "Function", "Everywhere"]);
    assert!(sections[0].rows.contains(&("enter ctrl-s".to_owned(), "send the event")));
    assert!(sections[1].rows.contains(&("1-9".to_owned(), "show the tab of that number")));
    assert!(sections[2].rows.contains(&("k up".to_owned(), "move up")));
    // Details has no keys of its own, hence no section.
    assert_eq!(help(&[Context::Details, Context::Global]).len(), 1);
}

#[test]
fn help_lists_every_binding_of_a_place() {
    for context in table::PLACES {
        let shown: Vec<&str> =
            help(&[context]).into_iter().flat_map(|section| section.rows).map(|row| row.1).collect();
        for binding in bindings(context) {
            assert!(shown.contains(&binding.help), "{binding:?}");
        }
    }
}

#[rstest]
#[case("a", "a")]
#[case("shift-a", "A")]
#[case("ctrl-s", "ctrl-s")]
#[case("backtab", "shift-tab")]
#[case("space", "space")]
#[case("pageup", "pgup")]
#[case("f5", "f5")]
#[case("alt-enter", "alt-enter")]
#[case("-", "-")]
fn names_of_keys(#[case] key: &str, #[case] name: &str) {
    let key = crokey::parse(key).unwrap();
    assert_eq!(key_name(key), name);
}

#[test]
fn the_readme_table_has_every_row() {
    let text = markdown();
    assert!(text.starts_with("| where | key | does |\n|---|---|---|\n| Everywhere | `k` `up` | move up |\n"));
    assert!(text.contains("| Start | `enter` | do what is selected |\n"));
    for binding in TABLE {
        assert!(text.contains(&format!("| {} |", binding.help)), "{binding:?}");
    }
}
