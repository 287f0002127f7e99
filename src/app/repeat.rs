//! A request that is sent many times: what is asked before, and what comes of it.

mod report;

pub use report::{Line, Tone};

use jiff::Timestamp;
use tui_textarea::Key;

use super::{
    Action, Ticket,
    field::Field,
    layout::{self, Size},
    list::Cursor,
};
use crate::{
    cloud::repeat::Why,
    domain::{
        cost, format,
        invocation::{Ending, Mode, Request},
        place::Place,
        repeat::{Plan, Tally},
    },
};

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// How often.
    Times,
    /// How many at a time.
    AtOnce,
    /// The function's name, where it must be typed.
    Name,
}

/// What invocations cost, as far as that can be estimated.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The architecture, which decides the price of the time.
    pub architecture: String,
    /// What the last answer was billed: milliseconds, and the memory in MB.
    pub last: Option<(u64, u32)>,
}

/// How often a request is to be sent. Nothing in it follows the screen behind it: what is agreed to is what is sent.
#[derive(Debug)]
pub struct RepeatForm {
    /// Account, region, endpoint.
    pub place: Place,
    /// The session's epoch: with another one nothing is sent.
    pub epoch: u32,
    /// Whether the configuration file protects the place or the function: then its name must be typed.
    pub protected: bool,
    /// What is to be sent.
    pub request: Request,
    /// The template or saved event that it came from.
    pub event: Option<String>,
    /// None where nothing is billed by time.
    pub price: Option<Price>,
    /// The function's reserved concurrency, where it has one.
    pub reserved: Option<u32>,
    /// How often.
    pub times: Field,
    /// How many at a time.
    pub at_once: Field,
    /// The function's name, as typed.
    pub typed: Field,
    /// The field that takes the keys.
    pub focus: Focus,
    /// Whether something else was typed than the function's name.
    pub mistyped: bool,
    /// Whether the next digit replaces the number.
    fresh: bool,
}

impl RepeatForm {
    /// A form that begins with a plan.
    pub fn new(place: Place, epoch: u32, protected: bool, request: Request, plan: Plan) -> Self {
        let (mut times, mut at_once) = (Field::default(), Field::default());
        times.set(&plan.times.to_string());
        at_once.set(&plan.at_once.to_string());
        Self {
            place,
            epoch,
            protected,
            request,
            event: None,
            price: None,
            reserved: None,
            times,
            at_once,
            typed: Field::default(),
            focus: Focus::Times,
            mistyped: false,
            fresh: true,
        }
    }

    /// The fields, from the top.
    pub fn fields(&self) -> &'static [Focus] {
        if self.protected {
            &[Focus::Times, Focus::AtOnce, Focus::Name]
        } else {
            &[Focus::Times, Focus::AtOnce]
        }
    }

    /// A field.
    pub fn field(&self, focus: Focus) -> &Field {
        match focus {
            Focus::Times => &self.times,
            Focus::AtOnce => &self.at_once,
            Focus::Name => &self.typed,
        }
    }

    fn field_mut(&mut self) -> &mut Field {
        match self.focus {
            Focus::Times => &mut self.times,
            Focus::AtOnce => &mut self.at_once,
            Focus::Name => &mut self.typed,
        }
    }

    /// What the numbers say.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn plan(&self) -> Result<Plan, String> {
        let times = number(&self.times, "how many times")?;
        let at_once = number(&self.at_once, "how many at a time")?;
        Plan::new(times, at_once)
    }

    /// Whether the name was typed, where it must be.
    pub fn is_agreed(&self) -> bool {
        !self.protected || self.typed.text().trim() == self.request.function
    }

    /// What it costs in all in USD, by what the last answer was billed.
    pub fn cost(&self, plan: Plan) -> Option<f64> {
        let price = self.price.as_ref().filter(|_| self.request.mode != Mode::DryRun)?;
        let (billed_ms, memory_mb) = price.last?;
        Some(cost::estimate(billed_ms, memory_mb, &price.architecture)? * f64::from(plan.times))
    }

    /// What it costs, in words; nothing where nothing is billed.
    pub fn cost_note(&self, plan: Plan) -> Option<String> {
        if self.request.mode == Mode::DryRun {
            return Some("A dry run runs nothing and costs nothing.".into());
        }
        let price = self.price.as_ref()?;
        Some(match (price.last, self.cost(plan)) {
            (Some((billed_ms, memory_mb)), Some(cost)) => format!(
                "est. {} in all, if each is billed as the last answer was: {billed_ms} ms with {}",
                cost::usd(cost),
                format::megabytes(memory_mb)
            ),
            _ => "What it costs can be estimated once the event was sent and answered.".into(),
        })
    }

    /// What one should know before it is sent: warnings.
    pub fn warnings(&self) -> Vec<String> {
        let Ok(plan) = self.plan() else { return Vec::new() };
        let mut warnings = Vec::new();
        if plan.needs_consent() {
            let what = if self.protected { "" } else { ": enter asks first" };
            warnings.push(format!(
                "more than {} times or more than {} at a time{what}",
                Plan::FREE_TIMES,
                Plan::FREE_AT_ONCE
            ));
        }
        match self.reserved {
            Some(0) => warnings.push("its reserved concurrency is 0: all of them will be throttled".into()),
            Some(reserved) if plan.at_once > reserved => {
                warnings
                    .push(format!("its reserved concurrency is {reserved}: more at a time are throttled"));
            }
            None if plan.at_once > Plan::FREE_AT_ONCE && self.place.endpoint.is_none() => {
                warnings.push(
                    "all functions of the account in this region share its concurrency: others may be throttled"
                        .into(),
                );
            }
            _ => {}
        }
        warnings
    }

    /// What holds whatever the numbers are.
    pub fn notes(&self) -> Vec<String> {
        let runs = match self.request.mode {
            Mode::RequestResponse | Mode::ResponseStream => {
                "Each one runs the function, with all that it does."
            }
            Mode::Event => {
                "Each one is queued and runs later; those that fail Lambda tries again, twice by default."
            }
            Mode::DryRun => "Each one asks only whether the function may be invoked.",
        };
        let caps = if self.protected {
            "This is protected: its name must be typed, however few they are.".to_owned()
        } else {
            format!(
                "Up to {} times and {} at a time nothing is asked. At most {} times, {} at a time.",
                Plan::FREE_TIMES,
                Plan::FREE_AT_ONCE,
                Plan::MOST_TIMES,
                Plan::MOST_AT_ONCE
            )
        };
        vec![runs.to_owned(), caps]
    }

    pub(super) fn handle(&mut self, action: &Action) {
        let step = |by: usize, form: &Self| {
            let fields = form.fields();
            let at = fields.iter().position(|field| *field == form.focus).unwrap_or_default();
            fields[(at + by) % fields.len()]
        };
        match action {
            Action::NextTab => (self.focus, self.fresh) = (step(1, self), true),
            Action::PreviousTab => {
                (self.focus, self.fresh) = (step(self.fields().len() - 1, self), true);
            }
            Action::Clear => {
                self.field_mut().set("");
                self.mistyped = false;
            }
            Action::Text(input) => {
                let plain = matches!(input.key, Key::Char(_)) && !input.ctrl && !input.alt;
                if self.focus != Focus::Name && plain {
                    if !matches!(input.key, Key::Char('0'..='9')) {
                        return;
                    }
                    if self.fresh {
                        self.field_mut().set("");
                    }
                }
                self.fresh = false;
                self.mistyped = false;
                self.field_mut().input(input.clone());
            }
            // The name is to be typed: pasting it proves nothing.
            Action::Paste(_) if self.focus == Focus::Name => self.mistyped = true,
            Action::Paste(text) => {
                self.fresh = false;
                self.field_mut().set("");
                self.field_mut().paste(text.reveal());
            }
            _ => {}
        }
    }
}

fn number(field: &Field, what: &str) -> Result<u32, String> {
    let text = field.text().trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{what}: a number is needed"));
    }
    // What is no number here is too large for one: the bounds say so.
    Ok(text.parse().unwrap_or(u32::MAX))
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Under way.
    Running,
    /// Ends with those that are on their way.
    Stopping,
    /// Over, and why no more were sent.
    Over(Why),
}

/// A request that is sent many times.
#[derive(Debug)]
pub struct Repeating {
    /// The request for it.
    pub ticket: Ticket,
    /// Account, region, endpoint.
    pub place: Place,
    /// Whether the place or the function is protected.
    pub protected: bool,
    /// What is sent.
    pub request: Request,
    /// The template or saved event that it came from.
    pub event: Option<String>,
    /// The architecture that the time is billed for; none where nothing is billed by time.
    pub architecture: Option<String>,
    /// What came of those that ended.
    pub tally: Tally,
    /// When it began.
    pub since: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Where it is.
    pub stage: Stage,
    /// Scroll position of the table.
    pub cursor: Cursor,
}

impl Repeating {
    /// Rows of the view above the table: where it is, a bar, where it goes, a rule.
    pub const HEAD: u16 = 4;

    /// One that is about to begin.
    pub fn new(ticket: Ticket, form: RepeatForm, plan: Plan, now: Timestamp) -> Self {
        Self {
            ticket,
            place: form.place,
            protected: form.protected,
            request: form.request,
            event: form.event,
            architecture: form.price.map(|price| price.architecture),
            tally: Tally::new(plan),
            since: now,
            ended: None,
            stage: Stage::Running,
            cursor: Cursor::default(),
        }
    }

    /// Whether anything of it is still to come.
    pub fn is_running(&self) -> bool {
        !matches!(self.stage, Stage::Over(_))
    }

    /// How far it is, in a few characters: `37 of 100`.
    pub fn progress(&self) -> String {
        match self.stage {
            Stage::Stopping => format!("stops, {} on their way", self.tally.on_their_way()),
            _ => format!("{} of {}", self.tally.ended, self.tally.plan.times),
        }
    }

    /// What it came to: `98 OK, 2 THROTTLED`.
    pub fn outcome(&self) -> String {
        if self.tally.ended == 0 {
            return "nothing was sent".into();
        }
        let endings = self.tally.endings().iter();
        endings.map(|(ending, count)| format!("{count} {}", word(ending))).collect::<Vec<_>>().join(", ")
    }

    /// Whether all that was planned was sent, and went well.
    pub fn is_whole(&self) -> bool {
        self.stage == Stage::Over(Why::Done) && self.tally.good() == self.tally.ended
    }

    /// Milliseconds since it began, until its end.
    pub fn elapsed_ms(&self, now: Timestamp) -> u64 {
        let elapsed = self.ended.unwrap_or(now).duration_since(self.since).as_millis();
        u64::try_from(elapsed).unwrap_or_default()
    }

    /// Columns and rows of the table on the screen.
    pub fn room(size: Size) -> (usize, usize) {
        let text = layout::page(size).text;
        let head = Self::HEAD.min(text.rows.saturating_sub(1));
        (usize::from(text.columns), usize::from(text.rows - head))
    }
}

fn word(ending: &Ending) -> String {
    match ending {
        Ending::FunctionError(code) => format!("{} {code}", ending.word()),
        _ => ending.word().to_owned(),
    }
}
