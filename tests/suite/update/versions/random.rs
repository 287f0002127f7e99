//! Anything pressed in any order: nothing panics, and nothing is sent that was not agreed to.

use proptest::prelude::*;

use super::*;

fn any_action() -> impl Strategy<Value = Action> {
    use tui_textarea::{Input, Key};
    let plain = |key| Action::Text(Input { key, ctrl: false, alt: false, shift: false });
    prop_oneof![
        6 => proptest::sample::select(vec![
            Action::Up, Action::Down, Action::Top, Action::Bottom, Action::PageDown, Action::PageUp,
            Action::Left, Action::Right, Action::Scroll(3),
        ]),
        9 => proptest::sample::select(vec![
            Action::Edit, Action::Rollback, Action::Weights, Action::Promote, Action::Publish, Action::Add,
            Action::Delete, Action::Versions, Action::Aliases,
        ]),
        4 => proptest::sample::select(vec![
            Action::Refresh, Action::Tab(4), Action::NextTab, Action::PreviousTab, Action::Help, Action::Clear,
        ]),
        4 => proptest::sample::select(vec![Action::Open, Action::Back, Action::No, Action::Quit]),
        3 => proptest::sample::select(vec!['1', '0', '.', 'x', 'c', '世', '\u{202e}'])
            .prop_map(move |c| plain(Key::Char(c))),
        1 => Just(plain(Key::Backspace)),
        1 => Just(Action::Paste("checkout-api:7".into())),
        2 => (0..90u16, 0..30u16).prop_map(|(column, row)| Action::Click(column, row)),
        1 => (0..90u16, 0..30u16).prop_map(|(column, row)| Action::DoubleClick(column, row)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is pressed, in whatever order answers come: without a Yes nothing is sent.
    #[test]
    fn nothing_is_sent_without_a_confirmation(
        actions in proptest::collection::vec((any_action(), any::<bool>()), 0..80),
        empty in any::<bool>(),
        size in proptest::sample::select(vec![(80, 24), (24, 6), (200, 60), (1, 1)]),
    ) {
        let (mut app, first, journal) = opened(Action::Aliases);
        app.update(moment(), Msg::Resize(lambdeck::app::layout::Size { columns: size.0, rows: size.1 }));
        let read = || if empty {
            Releases { versions: Vec::new(), aliases: Vec::new(), provisioned: Err("denied".into()) }
        } else {
            releases()
        };
        let mut open = vec![Msg::Journal(journal, Ok(Vec::new())), Msg::Releases(first, Ok(Box::new(read())))];
        for (action, answer) in actions {
            let effects = act(&mut app, action.clone());
            for effect in effects {
                match effect {
                    Effect::Write(..) => prop_assert!(false, "{action:?} has sent something"),
                    Effect::GetReleases(ticket, _) => {
                        open.push(Msg::Releases(ticket, Ok(Box::new(read()))));
                    }
                    Effect::ReadJournal(ticket) => open.push(Msg::Journal(ticket, Ok(Vec::new()))),
                    _ => {}
                }
            }
            if answer && let Some(message) = open.pop() {
                let effects = app.update(moment(), message);
                prop_assert!(!effects.iter().any(|effect| matches!(effect, Effect::Write(..))));
            }
            let shown = format!("{:?}", app.messages);
            prop_assert!(!shown.contains(CANARY));
        }
    }

    /// With a Yes exactly what the review showed is sent.
    #[test]
    fn what_is_sent_is_what_was_shown(actions in proptest::collection::vec(any_action(), 0..60)) {
        let mut app = at_versions();
        for action in actions {
            if let Some(Overlay::Review(review)) = &app.overlay {
                let (order, typed) = (review.order.clone(), review.typed.clone());
                let effects = act(&mut app, Action::Yes);
                let sent = matches!(&effects[..], [Effect::Write(_, sent, permit)]
                    if **sent == order && permit.consent == Consent::Yes);
                prop_assert!(sent == typed.is_none() && (sent || effects.is_empty()), "{effects:?}");
                break;
            }
            let effects = act(&mut app, action);
            prop_assert!(!effects.iter().any(|effect| matches!(effect, Effect::Write(..))));
        }
    }
}
