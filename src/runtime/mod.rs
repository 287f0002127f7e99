//! The loop that joins everything: input and results become messages, effects become tasks, a dirty state a frame.
//!
//! Nothing is decided here. Input comes first, then a frame that is due, then results in bounded portions; frames for
//! results are at least 16 ms apart. So a flood of log lines starves neither a key nor the screen. While nothing
//! happens nothing runs.

pub mod clock;
pub mod crash;
pub mod executor;
mod exporting;
mod following;
pub mod frames;
mod log_sources;
mod look;
pub mod outside;
mod sending;
pub mod signals;
pub mod terminal;

use std::{
    io::{self, BufWriter, Write as _},
    mem::ManuallyDrop,
    time::Duration,
};

use crossterm::event::{Event, EventStream, KeyEventKind, MouseButton, MouseEventKind};
use futures_util::{Stream, StreamExt};
use ratatui::{
    Terminal,
    backend::{Backend, CrosstermBackend},
    layout::Rect,
};
use tokio::{sync::mpsc, time::sleep_until};

pub use self::{
    clock::Clock,
    executor::{Executor, StartLocal, Started},
    outside::Editors,
};
use self::{
    frames::Frames,
    outside::Outside,
    terminal::{Guard, Screen},
};
use crate::{
    app::{
        Action, App, Effect, Msg, Settings, Ticket, layout::Size, msg::EditedOutside, session::SessionState,
    },
    cloud::Spec,
    disk::Disk,
    keys,
    ui::{self, Theme},
};

/// Results waiting to be taken in; a sender waits when they are more.
pub const QUEUE: usize = 1024;

/// Results that are taken in before a key is looked for again.
const PORTION: usize = 256;

/// How long results are taken in before a key is looked for again: half a frame.
const TAKING: Duration = Duration::from_millis(8);

/// Bytes of a frame that are gathered before they are written.
const FRAME: usize = 64 * 1024;

/// The exit code when the terminal is gone: 128 and SIGHUP.
const HANGUP: u8 = 129;

/// How long the answers of changes that are on their way are waited for when the program ends, and the disk.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Rows that one notch of the mouse wheel moves.
const WHEEL: i16 = 3;

/// Why the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

/// The two ends between which the loop runs. Generic over both, so that tests drive this very loop.
pub struct Ends<'e, B: Backend, F, S> {
    /// Where frames are drawn.
    pub terminal: &'e mut Terminal<B>,
    /// What else is done to the terminal.
    pub screen: &'e mut S,
    /// Begins to read keys, mouse and sizes. That is done anew after another program had the terminal.
    pub events: F,
    /// The user's editor.
    pub editors: &'e Editors,
    /// What runs effects.
    pub executor: &'e mut Executor,
    /// The executor's results.
    pub results: mpsc::Receiver<Msg>,
    /// The time.
    pub clock: Clock,
    /// Colours and shapes.
    pub theme: &'e Theme,
}

/// What the dashboard is started with.
pub struct Options {
    /// What the session is to be made of.
    pub spec: Spec,
    /// Choices that hold for the whole run.
    pub settings: Settings,
    /// Colours and shapes.
    pub theme: Theme,
    /// Whether the mouse is listened to.
    pub mouse: bool,
    /// Starts the local engine.
    pub start_local: StartLocal,
    /// What is kept on disk.
    pub disk: Disk,
}

/// Runs the dashboard on the real terminal until it is quit. The terminal is restored on every way out.
///
/// # Errors
/// Standard output is no terminal, or can't be written to.
pub async fn dashboard(options: Options) -> io::Result<Exit> {
    let clock = Clock::System;
    let mut app = App::new(clock.now(), options.settings, SessionState::new(options.spec));
    let (messages, results) = mpsc::channel(QUEUE);
    // Before the terminal is entered: from then on no signal may end the program without restoring it.
    signals::watch(&messages);
    crash::watch(&messages);
    let mut screen = Guard::enter(options.mouse)?;
    // A frame in one piece: the terminal shows no half of it.
    let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME, io::stdout()));
    // Never dropped: it would show the cursor, which is the guard's affair, and panic where the terminal is gone.
    let mut terminal = ManuallyDrop::new(Terminal::new(backend)?);
    let mut executor = Executor::new(messages, options.start_local, options.disk);
    let ends = Ends {
        terminal: &mut *terminal,
        screen: &mut screen,
        events: EventStream::new,
        editors: &Editors::from_environment(),
        executor: &mut executor,
        results,
        clock,
        theme: &options.theme,
    };
    let result = run(&mut app, ends).await;
    drop(screen);
    let sending = app.sending();
    if !executor.finish(LAST_ANSWERS).await {
        for function in sending {
            // The terminal may be gone.
            let _ = writeln!(
                io::stderr(),
                "lambdeck: {function}: no answer came before the end, outcome unknown: look before doing it again"
            );
        }
    }
    match result {
        _ if crash::happened() => {
            crash::report();
            Ok(Exit(crash::EXIT))
        }
        Err(error) if is_hangup(&error) => Ok(Exit(HANGUP)),
        result => result,
    }
}

/// Whether the terminal is gone. Using it may tell that before the signal has come.
fn is_hangup(error: &io::Error) -> bool {
    #[cfg(unix)]
    return [rustix::io::Errno::IO, rustix::io::Errno::NXIO]
        .iter()
        .any(|gone| error.raw_os_error() == Some(gone.raw_os_error()));
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::BrokenPipe;
}

/// Runs the loop until the state says that it is over.
///
/// # Errors
/// The terminal can't be written to.
pub async fn run<B, F, E, S>(app: &mut App, ends: Ends<'_, B, F, S>) -> io::Result<Exit>
where
    B: Backend<Error: Into<io::Error>>,
    F: FnMut() -> E,
    E: Stream<Item = io::Result<Event>> + Unpin,
    S: Screen,
{
    let Ends { terminal, screen, events: mut begin_to_read, editors, executor, mut results, clock, theme } =
        ends;
    // None while another program has the terminal.
    let mut events = Some(begin_to_read());
    let mut outside: Option<Outside> = None;
    let size = terminal.size().map_err(Into::into)?;
    app.update(clock.now(), Msg::Resize(Size { columns: size.width, rows: size.height }));
    // The first frame does not wait for anything.
    terminal.draw(|frame| ui::draw(app, theme, frame)).map_err(Into::into)?;
    let mut frames = Frames::default();
    frames.drawn();
    for effect in app.start() {
        executor.execute(effect);
    }
    let mut clicks = Clicks::default();

    loop {
        if let Some(code) = app.exit {
            if let Some(outside) = outside {
                outside.end().await;
            }
            return Ok(Exit(code));
        }
        let lent = outside.is_some();
        let wake_at = app.wake_at().map(|at| clock.instant(at));
        let frame_at = frames.due();
        let mut effects = Vec::new();
        tokio::select! {
            biased;
            event = async { events.as_mut()?.next().await }, if !lent => {
                let message = match event {
                    Some(Ok(event)) => message(app, event, &mut clicks, &clock),
                    // The terminal is gone.
                    Some(Err(_)) | None => Some(Msg::Terminate(HANGUP)),
                };
                if let Some(message) = message {
                    if matches!(message, Msg::Resize(_)) {
                        // Also where the size is by now what it was before: the terminal may have cut its content.
                        frames.ask_afresh();
                    }
                    frames.ask_now();
                    effects = app.update(clock.now(), message);
                }
            }
            (ticket, edited) = edited(&mut outside), if lent => {
                outside = None;
                screen.take_back()?;
                events = Some(begin_to_read());
                frames.ask_afresh();
                effects = app.update(clock.now(), Msg::EditedOutside(ticket, edited));
            }
            () = async { sleep_until(frame_at.unwrap_or_else(tokio::time::Instant::now)).await }, if frame_at.is_some() && !lent => {
                if frames.is_afresh() {
                    // Not `clear`: it asks the terminal for its cursor, and the answer comes in among the keys.
                    let size = terminal.size().map_err(Into::into)?;
                    terminal.resize(Rect::new(0, 0, size.width, size.height)).map_err(Into::into)?;
                    effects = app.update(clock.now(), Msg::Resize(Size { columns: size.width, rows: size.height }));
                }
                terminal.draw(|frame| ui::draw(app, theme, frame)).map_err(Into::into)?;
                frames.drawn();
            }
            result = results.recv() => {
                crash::rehearse("loop");
                let mut next = result;
                let begun = std::time::Instant::now();
                for _ in 0..PORTION {
                    let Some(message) = next.take() else { break };
                    effects.extend(app.update(clock.now(), message));
                    if begun.elapsed() > TAKING {
                        break;
                    }
                    next = results.try_recv().ok();
                }
                if let Some(message) = next {
                    effects.extend(app.update(clock.now(), message));
                }
                frames.ask();
            }
            () = screen.continued(), if !lent => frames.ask_afresh(),
            () = async { sleep_until(wake_at.unwrap_or_else(tokio::time::Instant::now)).await }, if wake_at.is_some() => {
                effects = app.update(clock.now(), Msg::Tick);
                frames.ask();
            }
        }
        for effect in effects {
            match effect {
                Effect::EditOutside(ticket, event) => {
                    // Before the editor starts: a key is read by one of them.
                    events = None;
                    screen.lend()?;
                    outside = Some(Outside::begin(editors, ticket, event));
                }
                effect => apply(effect, executor, screen, &mut frames).await?,
            }
        }
    }
}

/// What became of the event that is edited outside.
async fn edited(outside: &mut Option<Outside>) -> (Ticket, Result<EditedOutside, String>) {
    match outside {
        Some(outside) => (outside.ticket, outside.wait().await),
        None => std::future::pending().await,
    }
}

async fn apply<S: Screen>(
    effect: Effect,
    executor: &mut Executor,
    screen: &mut S,
    frames: &mut Frames,
) -> io::Result<()> {
    match effect {
        Effect::Copy(text) => screen.copy(&text)?,
        Effect::Suspend => {
            screen.suspend().await?;
            frames.ask_afresh();
        }
        effect => executor.execute(effect),
    }
    Ok(())
}

/// What an event of the terminal means to the state.
fn message(app: &App, event: Event, clicks: &mut Clicks, clock: &Clock) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => None,
        Event::Key(key) => keys::lookup(&app.contexts(), app.takes_text(), key).map(Msg::Action),
        Event::Paste(text) => app.takes_paste().then_some(Msg::Action(Action::Paste(text.into()))),
        Event::Resize(columns, rows) => Some(Msg::Resize(Size { columns, rows })),
        Event::FocusGained => Some(Msg::Focus(true)),
        Event::FocusLost => Some(Msg::Focus(false)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollUp => Some(Msg::Action(Action::Scroll(-WHEEL))),
            MouseEventKind::ScrollDown => Some(Msg::Action(Action::Scroll(WHEEL))),
            MouseEventKind::Down(MouseButton::Left) => {
                Some(Msg::Action(clicks.pressed(mouse.column, mouse.row, clock)))
            }
            _ => None,
        },
    }
}

/// Tells a double click from two clicks.
#[derive(Debug, Default)]
struct Clicks {
    last: Option<(u16, u16, jiff::Timestamp)>,
}

impl Clicks {
    const DOUBLE_MS: i64 = 400;

    fn pressed(&mut self, column: u16, row: u16, clock: &Clock) -> Action {
        let now = clock.now();
        let double = self.last.is_some_and(|(last_column, last_row, at)| {
            (last_column, last_row) == (column, row)
                && now.as_millisecond() - at.as_millisecond() < Self::DOUBLE_MS
        });
        self.last = (!double).then_some((column, row, now));
        if double { Action::DoubleClick(column, row) } else { Action::Click(column, row) }
    }
}
