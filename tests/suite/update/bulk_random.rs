//! A change of many functions under random deeds and answers.

use std::collections::BTreeSet;

use lambdeck::{
    app::{Action, Effect, Msg, bulk::Step, overlay::Overlay},
    cloud::{Error, Kind},
    domain::change::{Consent, Written},
};
use proptest::prelude::*;

use super::bulk::{SIZE, at, place, some};
use crate::support::app::{connected, moment, session};

/// What somebody, or the network, does.
#[derive(Clone, Debug)]
enum Deed {
    Act(Action),
    Type(&'static str),
    TypePhrase,
    Command(&'static str),
    Answer(usize, u8),
    Switch,
}

fn deed() -> impl Strategy<Value = Deed> {
    let actions = prop::sample::select(vec![
        Action::Mark,
        Action::MarkAll,
        Action::Bulk,
        Action::Compare,
        Action::Open,
        Action::Open,
        Action::Back,
        Action::Pause,
        Action::Refresh,
        Action::Up,
        Action::Down,
        Action::PageDown,
        Action::Yes,
        Action::No,
        Action::CommandLine,
        Action::Paste("3".into()),
        Action::Scroll(3),
        Action::ErrorsOnly,
        Action::Restore,
    ]);
    let texts = prop::sample::select(vec!["1", "2", "3", "4", " ", "prod", "x"]);
    let commands = prop::sample::select(vec![
        "bulk memory 1024",
        "bulk env STAGE=new",
        "bulk unset STAGE",
        "bulk tag team=x",
        "bulk retention 7",
        "bulk",
        "history",
        "compare a b",
        "functions",
    ]);
    prop_oneof![
        4 => actions.prop_map(Deed::Act),
        1 => texts.prop_map(Deed::Type),
        3 => Just(Deed::TypePhrase),
        2 => commands.prop_map(Deed::Command),
        8 => (0usize..4, any::<u8>()).prop_map(|(which, how)| Deed::Answer(which, how)),
        1 => Just(Deed::Switch),
    ]
}

fn error_of(how: u8) -> Error {
    let kinds = [
        Kind::Stale,
        Kind::OutcomeUnknown,
        Kind::Denied,
        Kind::NotFound,
        Kind::Credentials,
        Kind::Conflict,
        Kind::Throttled,
    ];
    Error::new(kinds[usize::from(how) % kinds.len()], "no")
}

/// The answers to an effect, one of several that may come.
fn answers(effect: &Effect, how: u8) -> Vec<Msg> {
    let fails = how.is_multiple_of(3);
    match effect {
        Effect::Observe { ticket, names, .. } => names
            .iter()
            .map(|name| {
                let mut details = at(name, &format!("r{how}"));
                details.configuration.memory_mb = Some(if how % 5 == 1 { 1024 } else { 512 });
                let result = if fails { Err(error_of(how)) } else { Ok(Box::new(details)) };
                Msg::Observed(*ticket, name.clone(), result)
            })
            .collect(),
        Effect::GetLogRetention(ticket, groups) => groups
            .iter()
            .map(|(name, _)| {
                Msg::LogRetention(*ticket, name.clone(), if fails { Err(error_of(how)) } else { Ok(None) })
            })
            .collect(),
        Effect::Write(ticket, ..) => {
            let result = if fails { Err(error_of(how)) } else { Ok(Box::<Written>::default()) };
            vec![Msg::Written(*ticket, result)]
        }
        Effect::ListFunctions(ticket) => {
            vec![Msg::FunctionsPage { ticket: *ticket, functions: some(), last: true }]
        }
        Effect::Connect { epoch, .. } => vec![Msg::Connected(*epoch, Ok(session("prod", "eu-west-1")))],
        Effect::ReadJournal(ticket) => vec![Msg::Journal(*ticket, Ok(Vec::new()))],
        Effect::Compare(ticket, _) => vec![Msg::Compared(*ticket, Err(error_of(how)))],
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    /// Whatever is done in whatever order: a change is sent only to a function of a plan whose number was typed, once,
    /// and one at a time.
    #[test]
    fn nothing_is_sent_that_was_not_agreed_to(deeds in prop::collection::vec(deed(), 1..120)) {
        let (mut app, list) = connected(SIZE);
        let mut pending: Vec<Effect> = vec![Effect::ListFunctions(list)];
        let mut agreed: BTreeSet<String> = BTreeSet::new();
        let (mut count, mut phrase, mut epoch) = (0, String::new(), 0);
        for deed in deeds {
            let messages: Vec<Msg> = match deed {
                Deed::Act(action) => vec![Msg::Action(action)],
                Deed::Type(text) => typed(text),
                Deed::TypePhrase => {
                    let bulk = app.bulk.as_ref().filter(|bulk| bulk.takes_text());
                    let phrase = bulk.map(|bulk| bulk.phrase.clone()).unwrap_or_default();
                    typed(&phrase)
                }
                Deed::Command(line) if app.overlay.is_none() => {
                    let mut messages = vec![Msg::Action(Action::CommandLine)];
                    messages.extend(typed(line));
                    messages.push(Msg::Action(Action::Open));
                    messages
                }
                Deed::Answer(which, how) if which < pending.len() => answers(&pending.remove(which), how),
                Deed::Command(_) | Deed::Answer(..) => Vec::new(),
                Deed::Switch => {
                    let next = app.session.epoch + 1;
                    app.session.connecting = Some((next, session("prod", "eu-west-1").spec));
                    vec![Msg::Connected(next, Ok(session("prod", "eu-west-1")))]
                }
            };
            for message in messages {
                if let Msg::Action(Action::Open) = &message
                    && let (Some(Overlay::Bulk), Some(bulk)) = (&app.overlay, &app.bulk)
                    && bulk.takes_text()
                    && bulk.field.text().trim() == bulk.phrase
                {
                    agreed = bulk
                        .rows
                        .iter()
                        .filter(|row| matches!(row.step, Step::Planned(_)))
                        .map(|row| row.name.to_string())
                        .collect();
                    (count, phrase, epoch) = (agreed.len(), bulk.phrase.clone(), app.session.epoch);
                }
                for effect in app.update(moment(), message) {
                    if let Effect::Write(ticket, order, permit) = &effect {
                        prop_assert!(agreed.remove(&order.function), "{} was not agreed to", order.function);
                        prop_assert_eq!(&permit.function, &order.function);
                        prop_assert_eq!(
                            &permit.consent,
                            &Consent::Bulk { count, typed: phrase.clone() }
                        );
                        prop_assert_eq!(&permit.place, &place());
                        prop_assert_eq!((ticket.epoch, app.session.epoch), (epoch, epoch));
                        prop_assert!(
                            !pending.iter().any(|it| matches!(it, Effect::Write(other, ..) if other.epoch == epoch)),
                            "two at a time"
                        );
                    }
                    pending.push(effect);
                }
            }
        }
    }
}

fn typed(text: &str) -> Vec<Msg> {
    use tui_textarea::{Input, Key};
    text.chars()
        .map(|c| {
            Msg::Action(Action::Text(Input { key: Key::Char(c), ctrl: false, alt: false, shift: false }))
        })
        .collect()
}
