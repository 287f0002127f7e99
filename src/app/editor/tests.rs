use proptest::prelude::*;
use rstest::rstest;
use tui_textarea::{Input, Key};

use super::*;

fn key(key: Key) -> Input {
    Input { key, ctrl: false, alt: false, shift: false }
}

fn control(character: char) -> Input {
    Input { key: Key::Char(character), ctrl: true, alt: false, shift: false }
}

fn type_in(editor: &mut Editor, text: &str) {
    for character in text.chars() {
        editor.input(&key(Key::Char(character)));
    }
}

/// That the index is what it would be if it were made anew, and the cursor stands on a character.
#[track_caller]
fn assert_sound(editor: &Editor) {
    let lines: Vec<&str> = editor.text().split('\n').collect();
    assert_eq!(editor.line_count(), lines.len());
    assert!((0..lines.len()).all(|nth| editor.line(nth) == lines[nth]), "{:?}", editor.text());
    assert!(editor.text().is_char_boundary(editor.cursor()));
    let (line, column) = editor.place(editor.cursor());
    assert_eq!(editor.offset(line, column), editor.cursor());
}

#[test]
fn a_word_is_one_step_and_so_is_each_replacement() {
    let mut editor = Editor::new("");
    type_in(&mut editor, "one two");
    editor.replace("three\nfour".into());
    editor.go_to_end();
    editor.insert("\nfive");
    let mut seen = Vec::new();
    while editor.undo() {
        seen.push(editor.text().to_owned());
    }
    assert_eq!(seen, ["three\nfour", "one two", "one ", "one", ""]);
    while editor.redo() {}
    assert_eq!((editor.text(), editor.steps()), ("three\nfour\nfive", 5));
}

#[test]
fn what_was_taken_back_is_gone_once_something_else_is_typed() {
    let mut editor = Editor::new("");
    type_in(&mut editor, "ab");
    editor.undo();
    type_in(&mut editor, "c");
    assert!(!editor.redo());
    assert_eq!(editor.text(), "c");
}

#[test]
fn the_cursor_goes_by_characters_as_people_count_them() {
    let mut editor = Editor::new("a\u{301}👩‍👩‍👧b");
    editor.input(&key(Key::Right));
    assert_eq!(editor.cursor(), 3);
    editor.input(&key(Key::Delete));
    assert_eq!(editor.text(), "a\u{301}b");
    editor.input(&key(Key::Backspace));
    assert_eq!(editor.text(), "b");
}

#[test]
fn going_up_and_down_keeps_the_column() {
    let mut editor = Editor::new("äbcdef\nx\nghijkl");
    editor.go(editor.offset(0, 4));
    editor.input(&key(Key::Down));
    assert_eq!(editor.place(editor.cursor()), (1, 1));
    editor.input(&key(Key::Down));
    assert_eq!(editor.place(editor.cursor()), (2, 4));
    editor.go_lines(-9);
    assert_eq!(editor.place(editor.cursor()), (0, 4));
}

#[test]
fn a_place_in_a_long_line_is_found() {
    let line = "aé世👧".repeat(3000);
    let editor = Editor::new(&format!("x\n{line}"));
    for (column, (at, _)) in line.char_indices().enumerate().step_by(97) {
        assert_eq!((skip(&line, column), editor.offset(1, column)), (at, at + 2));
        assert_eq!(editor.place(at + 2), (1, column));
    }
    assert_eq!((skip(&line, 12_000), skip(&line, usize::MAX)), (line.len(), line.len()));
}

#[test]
fn a_selection_is_replaced_cut_and_pasted() {
    let mut editor = Editor::new("one two");
    editor.input(&Input { key: Key::Right, ctrl: true, alt: false, shift: true });
    assert_eq!(editor.selection(), Some(0..3));
    editor.input(&control('x'));
    editor.input(&key(Key::End));
    editor.input(&control('v'));
    assert_eq!(editor.text(), " twoone");
    editor.input(&Input { key: Key::Home, ctrl: false, alt: false, shift: true });
    editor.insert(&unix_lines("x\r\ny\rz"));
    assert_eq!(editor.text(), "x\ny\nz");
    editor.undo();
    assert_eq!(editor.text(), " twoone");
}

#[rstest]
#[case::word_before('w', "one two\nthree", 7, "one \nthree")]
#[case::to_the_end('k', "one two\nthree", 3, "one\nthree")]
#[case::the_line_end('k', "one\nthree", 3, "onethree")]
#[case::to_the_beginning('j', "one two\nthree", 3, " two\nthree")]
#[case::before_the_beginning('j', "one\ntwo", 4, "onetwo")]
#[case::at_the_very_beginning('h', "one", 0, "one")]
#[case::at_the_very_end('d', "one", 3, "one")]
fn control_keys_delete(#[case] character: char, #[case] text: &str, #[case] at: usize, #[case] left: &str) {
    let mut editor = Editor::new(text);
    editor.go(at);
    assert_eq!(editor.input(&control(character)), text != left);
    assert_eq!(editor.text(), left);
    assert_eq!(editor.undo(), text != left);
    assert_eq!(editor.text(), text);
}

#[test]
fn the_tab_key_goes_to_the_next_stop_or_writes_a_tab() {
    let mut editor = Editor::new("a");
    editor.go_to_end();
    editor.input(&key(Key::Tab));
    editor.input(&key(Key::Tab));
    assert_eq!(editor.text(), "a   ");
    let mut editor = Editor::new("").with_hard_tabs();
    editor.input(&key(Key::Tab));
    assert_eq!(editor.text(), "\t");
}

#[test]
fn the_oldest_steps_are_forgotten_when_they_take_too_much_and_the_last_is_not() {
    let mut editor = Editor::new("");
    let large = "x".repeat(40 << 20);
    for round in 0..4 {
        editor.replace(large.clone());
        editor.replace(round.to_string());
    }
    assert_eq!(editor.steps(), 8);
    let mut taken_back = 0;
    while editor.undo() {
        taken_back += 1;
    }
    assert!((1..8).contains(&taken_back), "{taken_back}");
    assert!(editor.text().len() == large.len() || editor.text().len() == 1);
}

fn any_input() -> impl Strategy<Value = Input> {
    let key = prop_oneof![
        "[ab \"{}é世👧🏽\u{301}]".prop_map(|text| Key::Char(text.chars().next().unwrap())),
        prop::sample::select(vec![
            Key::Enter,
            Key::Tab,
            Key::Backspace,
            Key::Delete,
            Key::Left,
            Key::Right,
            Key::Up,
            Key::Down,
            Key::Home,
            Key::End,
            Key::Cut,
            Key::Copy,
            Key::Paste,
        ]),
        prop::sample::select("abdefhjkmnpvwx<>".chars().collect::<Vec<_>>()).prop_map(Key::Char),
    ];
    (key, any::<bool>(), prop::bool::weighted(0.1), any::<bool>()).prop_map(|(key, ctrl, alt, shift)| Input {
        key,
        ctrl,
        alt,
        shift,
    })
}

proptest! {
    #[test]
    fn whatever_is_done_can_be_taken_back_to_the_first_text(
        first in "[a-c \n\r世é👧]{0,30}",
        inputs in prop::collection::vec(
            prop_oneof![
                6 => any_input().prop_map(Ok),
                1 => "[x\n\r👧]{0,9}".prop_map(Err),
            ],
            0..120,
        ),
    ) {
        let mut editor = Editor::new(&first);
        let begun = editor.text().to_owned();
        let mut revision = editor.revision();
        for (nth, input) in inputs.iter().enumerate() {
            let before = editor.text().to_owned();
            let changed = match input {
                Ok(input) => editor.input(input),
                Err(text) if nth % 3 == 0 => editor.replace(text.clone()),
                Err(text) if nth % 3 == 1 => editor.insert(text),
                Err(_) => if nth % 2 == 0 { editor.undo() } else { editor.redo() },
            };
            assert_sound(&editor);
            // Inserting what was selected changes nothing but counts as a step.
            prop_assert!(changed || editor.text() == before);
            prop_assert_eq!(changed, editor.revision() != revision);
            revision = editor.revision();
        }
        let last = editor.text().to_owned();
        // What was taken back and never made again is ahead of here.
        let mut ahead = 0;
        while editor.undo() { ahead += 1; }
        prop_assert_eq!(editor.text(), &begun);
        prop_assert_eq!(editor.steps(), 0);
        for _ in 0..ahead { prop_assert!(editor.redo()); }
        prop_assert_eq!(editor.text(), &last);
        assert_sound(&editor);
    }
}
