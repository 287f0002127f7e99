use super::*;
use crate::domain::{
    function::{Function, Layer},
    text::width,
};

fn lines() -> Vec<Line> {
    let details = Details {
        configuration: Function { layers: vec![Layer::default(); 3], ..Function::default() },
        tags: (0..3).map(|n| (format!("key-{n}"), "value ".repeat(20 * n))).collect(),
        ..Details::default()
    };
    let extras = Extras {
        account: Ok(AccountConcurrency::default()),
        event_invoke: Ok(Vec::new()),
        provisioned: Ok(vec![Provisioned { qualifier: "live".into(), ..Provisioned::default() }]),
    };
    let mut pane = ConfigurationPane::default();
    pane.extras.value = Some(extras);
    pane.lines(&details, Timestamp::UNIX_EPOCH)
}

#[test]
fn every_row_is_one_of_its_own_and_its_rule_fits_the_screen() {
    let lines = lines();
    let rows: Vec<&Row> = lines.iter().filter_map(Line::row).collect();
    for (nth, row) in rows.iter().enumerate() {
        assert!(rows[..nth].iter().all(|other| other.key != row.key), "{row:?}");
    }
    let own = [Key::Reserved, Key::Event(LATEST.into(), EventPart::Age), Key::Tag("key-1".into())];
    assert!(own.iter().all(|key| rows.iter().any(|row| row.key == *key)));
    let rules = rows.iter().map(|row| row.rule.as_ref());
    let parts = [EventPart::Retries, EventPart::Age, EventPart::OnSuccess, EventPart::OnFailure];
    for rule in rules.chain(Setting::ALL.map(Setting::rule)).chain(parts.map(EventPart::rule)) {
        assert!(width(rule) <= 76, "{rule}");
    }
}

#[test]
fn the_selected_row_shows_at_every_size() {
    let lines = lines();
    let mut pane = ConfigurationPane::default();
    for columns in [1, 10, 24, 80, 200] {
        for height in [1, 2, 3, 7, 18, 100] {
            for action in
                [Action::Top, Action::Bottom, Action::PageUp, Action::PageDown, Action::Down, Action::Up]
            {
                assert!(pane.moves(&action, &lines, columns, height));
                let at = pane.at(&lines);
                let top = pane.top(&lines, columns, height);
                assert_eq!(pane.cursor.top, top);
                let start: usize = lines[..at].iter().map(|line| line.rows(columns)).sum();
                assert!(top <= start && start < top + height, "{columns}x{height} {action:?}");
                assert_eq!(pane.line_at(&lines, columns, height, start - top), Some(at));
            }
        }
    }
}

#[test]
fn a_row_that_is_gone_leaves_its_place() {
    let mut lines = lines();
    let mut pane = ConfigurationPane::default();
    pane.moves(&Action::Bottom, &lines, 80, 20);
    pane.moves(&Action::Up, &lines, 80, 20);
    assert_eq!(pane.row(&lines).map(|row| row.label.as_str()), Some("key-1"));
    // Another row comes before it: the same one stays selected.
    let copy = lines[1].clone();
    lines.insert(1, copy);
    assert_eq!(pane.row(&lines).map(|row| row.label.as_str()), Some("key-1"));
    lines.remove(1);
    let at = pane.at(&lines);
    lines.remove(at);
    assert_eq!(pane.row(&lines).map(|row| row.label.as_str()), Some("key-2"));
    assert_eq!(pane.row(&[]), None);
}

#[test]
fn rows_of_the_same_key_can_be_passed() {
    let mut lines = lines();
    let copy = lines[1].clone();
    lines.insert(2, copy);
    let mut pane = ConfigurationPane::default();
    let rows = lines.iter().filter(|line| line.row().is_some()).count();
    for _ in 0..rows {
        pane.moves(&Action::Down, &lines, 80, 20);
    }
    assert_eq!(pane.at(&lines), lines.len() - 1);
}
