//! Whatever is pressed, whatever comes: nothing panics, nothing is sent unasked, no value is seen unasked.

use jiff::ToSpan;
use lambdeck::{
    app::{layout::Size, review::Phase},
    cloud::{Error, Kind},
    domain::change::{Consent, Written},
    ui::{self, Theme},
};
use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::support::app::CANARY;

/// What happens to the tab.
#[derive(Clone, Debug)]
enum Step {
    Keys(&'static str),
    Paste(&'static str),
    Focus(bool),
    Wait(i64),
    /// A read of the function is answered with one of some environments.
    Read(usize),
    /// A write is answered.
    Written(Option<Kind>),
    /// A function that is watched is answered.
    Observed(usize),
    Resize(u16, u16),
    Draw,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let keys = prop::sample::select(vec![
        "j",
        "k",
        "G",
        "g",
        "e",
        "t",
        "+",
        "R",
        "p",
        "x",
        "/",
        "u",
        "U",
        "n",
        "y",
        "m",
        "a",
        "_",
        "1",
        "=",
        "<enter>",
        "<esc>",
        "<ctrl-s>",
        "<ctrl-d>",
        "<ctrl-u>",
        "<tab>",
        "E",
        "r",
        "e\u{202e}",
        // What takes several keys to get to.
        "<esc><esc>",
        "<esc><esc>E",
        "+AB<enter>",
        "+CD<enter>1<enter>",
        "jex<enter>",
        "<ctrl-s>y",
        "e<ctrl-u>v<ctrl-s>y",
        "e2<ctrl-s>",
        "Gew<enter><ctrl-s>y",
        "<ctrl-s>m<enter>t<enter>y",
        "tt<enter>",
        "UyU",
        "checkout-api<enter>",
    ]);
    let pastes = prop::sample::select(vec!["x", "A1=1\nB1='2'", "two\r\nlines", "\u{1b}[0m", "checkout-api"]);
    let kinds = prop::sample::select(vec![
        None,
        None,
        Some(Kind::Stale),
        Some(Kind::Stale),
        Some(Kind::OutcomeUnknown),
        Some(Kind::Network),
        Some(Kind::Conflict),
    ]);
    let step = prop_oneof![
        14 => keys.prop_map(Step::Keys),
        1 => pastes.prop_map(Step::Paste),
        1 => any::<bool>().prop_map(Step::Focus),
        1 => prop::sample::select(vec![0, 5, 40]).prop_map(Step::Wait),
        2 => (0..4_usize).prop_map(Step::Read),
        2 => kinds.prop_map(Step::Written),
        2 => (0..4_usize).prop_map(Step::Observed),
        1 => (1..100_u16, 1..40_u16).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        1 => Just(Step::Draw),
    ];
    prop::collection::vec(step, 1..80)
}

fn environments() -> [Details; 4] {
    let secret = |keys: &[&str], revision: &str| {
        let variables =
            keys.iter().map(|key| ((*key).to_owned(), Secret::new(format!("{CANARY}-{key}-{revision}"))));
        with(variables.collect(), revision)
    };
    let mut unreadable = with(Variables::new(), "r4");
    unreadable.configuration.environment.as_mut().unwrap().error = Some("denied".into());
    [
        secret(&["API_KEY", "STAGE", "TOKEN"], "r1"),
        secret(&["API_KEY", "TOKEN"], "r2"),
        secret(&["API_KEY", "OTHER", "STAGE"], "r3"),
        unreadable,
    ]
}

/// Whether a value may be on the screen now.
fn is_shown(app: &App) -> bool {
    let editing = matches!(&pane_of(app), Some(pane) if matches!(pane.editing, Some(Editing::Value { masked: false, .. })));
    let revealed = pane_of(app).is_some_and(|pane| pane.revealed.is_some());
    let over = match &app.overlay {
        Some(Overlay::TextEditor(editor)) => !editor.masked,
        Some(Overlay::Merge(merging)) => merging.revealed.is_some(),
        _ => false,
    };
    editing || revealed || over
}

fn pane_of(app: &App) -> Option<&EnvironmentPane> {
    app.function.as_ref().map(|view| &view.environment)
}

fn shown(app: &App, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| ui::draw(app, &Theme::DEFAULT, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
}

/// What the next key would agree to: the change that is shown, where the key is the one that agrees.
fn agreed(app: &App, action: &Action) -> Option<Change> {
    let Some(Overlay::Review(review)) = &app.overlay else { return None };
    let given = match &review.typed {
        None => *action == Action::Yes,
        Some(wanted) => *action == Action::Open && review.field.text().trim() == wanted,
    };
    given.then(|| review.order.change.clone())
}

struct Run {
    app: App,
    read: Option<lambdeck::app::Ticket>,
    observe: Option<lambdeck::app::Ticket>,
}

impl Run {
    fn take(&mut self, agreed: Option<&Change>, effects: &[Effect]) -> Result<(), TestCaseError> {
        for effect in effects {
            let told = format!("{effect:?}");
            prop_assert!(!told.contains(CANARY), "{}", told);
            match effect {
                Effect::Write(_, order, permit) => {
                    prop_assert_eq!(Some(&order.change), agreed, "sent without being agreed to");
                    prop_assert!(matches!(&permit.consent, Consent::Yes | Consent::Typed(_)));
                    if let Change::Environment { before, .. } = &order.change {
                        prop_assert!(!before.is_empty(), "what can't be read is never saved over");
                    }
                }
                Effect::GetFunction { ticket, .. } => self.read = Some(*ticket),
                Effect::Observe { ticket, .. } => self.observe = Some(*ticket),
                _ => {}
            }
        }
        Ok(())
    }

    fn send(&mut self, msg: Msg) -> Result<(), TestCaseError> {
        let agreed = match &msg {
            Msg::Action(action) => agreed(&self.app, action),
            _ => None,
        };
        let effects = self.app.update(self.app.now, msg);
        self.take(agreed.as_ref(), &effects)
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Keys(keys) => {
                let mut rest = *keys;
                while let Some(first) = rest.chars().next() {
                    let end = rest.find('>').filter(|_| first == '<').map_or(first.len_utf8(), |at| at + 1);
                    let (one, behind) = rest.split_at(end);
                    rest = behind;
                    if let Some(action) = action_of(&self.app, one) {
                        self.send(Msg::Action(action))?;
                    }
                }
            }
            Step::Paste(text) if self.app.takes_paste() => {
                self.send(Msg::Action(Action::Paste(Secret::new(*text))))?;
            }
            Step::Paste(_) => {}
            Step::Focus(gained) => self.send(Msg::Focus(*gained))?,
            Step::Wait(seconds) => {
                self.app.now += seconds.seconds();
                self.send(Msg::Tick)?;
            }
            Step::Read(which) => {
                if let Some(ticket) = self.read.take() {
                    self.send(Msg::Function(ticket, Ok(Box::new(environments()[*which].clone()))))?;
                }
            }
            Step::Written(kind) => {
                let sending = self.app.writing.iter().find(|writing| writing.phase == Phase::Sending);
                if let Some(ticket) = sending.map(|writing| writing.ticket) {
                    let result = match kind {
                        None => Ok(Box::new(Written::default())),
                        Some(kind) => Err(Error::new(*kind, "it failed")),
                    };
                    self.send(Msg::Written(ticket, result))?;
                }
            }
            Step::Observed(which) => {
                if let Some(ticket) = self.observe.take() {
                    let details = Box::new(environments()[*which].clone());
                    self.send(Msg::Observed(ticket, "checkout-api".into(), Ok(details)))?;
                }
            }
            Step::Resize(columns, rows) => self.send(Msg::Resize(Size { columns: *columns, rows: *rows }))?,
            Step::Draw => {
                for (columns, rows) in [(80, 24), (30, 8)] {
                    let screen = shown(&self.app, columns, rows);
                    prop_assert!(is_shown(&self.app) || !screen.contains(CANARY), "{}", screen);
                }
            }
        }
        let told = format!("{:?}", self.app);
        prop_assert!(!told.contains(CANARY), "{}", told);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_sent_or_seen_unasked(steps in steps(), protected in any::<bool>()) {
        let mut app = with_functions(SIZE, three());
        let effects = press(&mut app, "E");
        answer(&mut app, &effects, environments()[0].clone());
        if protected {
            app.session.spec.protected.names = vec!["*".into()];
        }
        let mut run = Run { app, read: None, observe: None };
        for step in &steps {
            run.step(step)?;
        }
        run.step(&Step::Draw)?;
    }

    #[test]
    fn looking_at_a_value_in_its_field_never_changes_it(value in "\\PC{0,12}|[ -~\n\r\t\u{7}\u{200b}\u{202e}é世]{0,230}") {
        let mut app = tab_with(map(&[("AA", &value)]));
        for keys in ["e<esc>", "e<enter>", "t<esc>"] {
            press(&mut app, keys);
            if app.overlay.is_some() {
                // `enter` in the editor is a line break.
                press(&mut app, "<ctrl-u><esc>");
            }
            prop_assert_eq!(draft(&app), None);
            let variables = mine(&app);
            prop_assert_eq!(variables["AA"].reveal(), &value);
        }
    }
}
