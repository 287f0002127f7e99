//! Random keys and answers: nothing panics, and nothing is sent that was not agreed to.

use jiff::ToSpan;
use lambdeck::{
    app::layout::Size,
    domain::function::State,
    ui::{self, Theme},
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use ratatui::{Terminal, backend::TestBackend};

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Keys(String),
    /// Somebody changes the function meanwhile.
    Other(u32),
    /// The newest request is answered, well or badly.
    Answer(bool),
    Stale,
    Resize(u16, u16),
    Click(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
    let one = prop::sample::select(vec![
        "j", "k", "g", "G", "e", "<enter>", "<enter>", "<esc>", "<ctrl-s>", "<ctrl-s>", "<ctrl-u>",
        "<ctrl-d>", "u", "U", "K", "+", "r", "y", "y", "n", "<up>", "<down>", "3", "1", "q", "<ctrl-c>", "?",
        ":", " ", "x",
    ]);
    let texts = prop::sample::select(vec![
        "checkout-api",
        "1024",
        "live 5",
        "7",
        "a=b",
        "\u{202e}世",
        "e<ctrl-u>1024<ctrl-s>",
        "jje<ctrl-u>9<enter>",
        "Kcheckout-api<enter>",
        "G+a=b<enter>y",
    ]);
    prop_oneof![
        12 => one.prop_map(|key| Step::Keys(key.to_owned())),
        5 => texts.prop_map(|text| Step::Keys(text.to_owned())),
        1 => (100u32..2000).prop_map(Step::Other),
        2 => any::<bool>().prop_map(Step::Answer),
        1 => Just(Step::Stale),
        1 => (1u16..130, 1u16..50).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        1 => (0u16..130, 0u16..50).prop_map(|(column, row)| Step::Click(column, row)),
    ]
}

/// Takes what happens, and answers reads as a function that nobody else changes would.
struct World {
    app: App,
    now: Details,
    writes: Vec<(Ticket, Order)>,
}

impl World {
    fn send(&mut self, msg: Msg) {
        let agreed = match (&self.app.overlay, &msg) {
            (Some(Overlay::Review(review)), Msg::Action(Action::Yes)) if review.typed.is_none() => {
                Some(review.order.clone())
            }
            (Some(Overlay::Review(review)), Msg::Action(Action::Open))
                if review.typed.as_deref() == Some(review.field.text().trim()) =>
            {
                Some(review.order.clone())
            }
            _ => None,
        };
        let at = self.app.now + 1.seconds();
        let effects = self.app.update(at, msg);
        let mut agreed = agreed;
        for effect in effects {
            match effect {
                Effect::Write(ticket, order, _) => {
                    assert_eq!(agreed.take().as_ref(), Some(&*order), "it was not agreed to");
                    self.writes.push((ticket, *order));
                }
                Effect::GetFunction { ticket, .. } => {
                    self.app.update(at, Msg::Function(ticket, Ok(Box::new(self.now.clone()))));
                }
                Effect::Observe { ticket, .. } => {
                    let details = Ok(Box::new(self.now.clone()));
                    self.send(Msg::Observed(ticket, NAME.into(), details));
                }
                Effect::GetExtras(ticket, _) => {
                    self.app.update(at, Msg::Extras(ticket, Box::new(extras())));
                }
                Effect::ReadJournal(ticket) => {
                    self.app.update(at, Msg::Journal(ticket, Ok(vec![stopped(Some(20))])));
                }
                _ => {}
            }
        }
    }

    fn press(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let (key, after) = match rest.strip_prefix('<').and_then(|inside| inside.split_once('>')) {
                Some((name, after)) => (named(name), after),
                None => (KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE), &rest[first.len_utf8()..]),
            };
            rest = after;
            if let Some(action) = keys::lookup(&self.app.contexts(), self.app.takes_text(), key) {
                self.send(Msg::Action(action));
            }
        }
    }

    /// What a write makes of the function.
    fn apply(&mut self, change: &Change) {
        match change {
            Change::ReservedConcurrency { after, .. } => self.now.reserved_concurrency = *after,
            Change::Tag { key, after: Some(value), .. } => {
                self.now.tags.insert(key.clone(), value.clone());
            }
            Change::Tag { key, after: None, .. } => _ = self.now.tags.remove(key),
            Change::Settings { after, .. } => {
                if let Some(memory) = after.get(Setting::Memory) {
                    self.now.configuration.memory_mb = memory.parse().ok();
                }
                self.now.configuration.revision_id = Some(format!("r{}", self.writes.len() + 10));
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Keys(keys) => self.press(keys),
            Step::Other(memory) => {
                self.now.configuration.memory_mb = Some(*memory);
                self.now.configuration.revision_id = Some(format!("other-{memory}"));
                self.now.configuration.state =
                    State { last_update_status: Some("Successful".into()), ..State::default() };
            }
            Step::Answer(good) => {
                let Some((ticket, order)) = self.writes.pop() else { return };
                let result = if *good {
                    self.apply(&order.change);
                    Ok(Box::new(Written::default()))
                } else {
                    Err(Error::new(Kind::OutcomeUnknown, "no answer came"))
                };
                self.send(Msg::Written(ticket, result));
            }
            Step::Stale => {
                let Some((ticket, _)) = self.writes.pop() else { return };
                self.send(Msg::Written(ticket, Err(Error::new(Kind::Stale, "somebody was faster"))));
            }
            Step::Resize(columns, rows) => self.send(Msg::Resize(Size { columns: *columns, rows: *rows })),
            Step::Click(column, row) => self.send(Msg::Action(Action::DoubleClick(*column, *row))),
        }
        let Size { columns, rows } = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| ui::draw(&self.app, &Theme::DEFAULT, frame)).unwrap();
    }
}

fn world() -> World {
    let app = at_tab(reserved(Some(20)), extras(), vec![stopped(Some(20))]);
    World { app, now: reserved(Some(20)), writes: Vec::new() }
}

proptest! {
    #![proptest_config(Config { cases: 64, rng_seed: RngSeed::Fixed(3), failure_persistence: None, ..Config::default() })]
    #[test]
    fn nothing_is_sent_that_was_not_agreed_to(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = world();
        for step in &steps {
            world.step(step);
            prop_assert!(world.writes.len() <= world.app.writing.len());
        }
    }
}

#[test]
fn the_steps_do_send_what_is_agreed_to() {
    let mut world = world();
    for keys in ["je<ctrl-u>1024<ctrl-s>y", "Kcheckout-api<enter>", "G+a=b<enter>y"] {
        let before = world.writes.len();
        world.step(&Step::Keys(keys.into()));
        assert_eq!(world.writes.len(), before + 1, "{keys}: {}", said(&world.app));
        world.step(&Step::Answer(true));
    }
    assert_eq!(world.now.configuration.memory_mb, Some(1024));
    assert_eq!(world.now.reserved_concurrency, Some(0));
    assert!(world.now.tags.contains_key("a"));
}
