//! The real loop with a screen in memory: keys go in, the screen is looked at, AWS is whatever endpoint is given.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use lambdeck::{
    app::{App, Msg, Settings, session::SessionState},
    cloud::{Error, Kind, Spec},
    disk::Disk,
    runtime::{self, Clock, Editors, Ends, Executor, Exit, QUEUE, StartLocal, terminal::Screen},
    ui::Theme,
};
use ratatui::{
    Terminal,
    backend::{Backend, ClearType, TestBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

/// How long something may take to appear: only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A screen in memory that the loop draws on and the test looks at.
#[derive(Clone)]
struct SharedBackend {
    inner: Arc<Mutex<TestBackend>>,
    drawn: watch::Sender<u64>,
}

impl Backend for SharedBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut inner = self.inner.lock().unwrap();
        let area = inner.buffer().area;
        // A terminal that has become smaller meanwhile clips what is drawn for its old size.
        let content = content.filter(|(column, row, _)| area.contains(Position::new(*column, *row)));
        inner.draw(content).map_err(never)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.lock().unwrap().hide_cursor().map_err(never)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.lock().unwrap().show_cursor().map_err(never)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.lock().unwrap().get_cursor_position().map_err(never)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.lock().unwrap().set_cursor_position(position).map_err(never)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.lock().unwrap().clear().map_err(never)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.lock().unwrap().clear_region(clear_type).map_err(never)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.lock().unwrap().size().map_err(never)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.lock().unwrap().window_size().map_err(never)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.lock().unwrap().flush().map_err(never)?;
        self.drawn.send_modify(|frames| *frames += 1);
        Ok(())
    }
}

fn never(error: Infallible) -> io::Error {
    match error {}
}

/// What the loop did to the terminal beside drawing.
#[derive(Clone, Default)]
pub struct Recorded {
    /// Texts put on the clipboard.
    pub copied: Arc<Mutex<Vec<String>>>,
    /// How often it was put into the background.
    pub suspended: Arc<Mutex<u32>>,
    /// How often it was left to another program.
    pub lent: Arc<Mutex<u32>>,
    /// How often it was taken back.
    pub taken_back: Arc<Mutex<u32>>,
}

impl Screen for Recorded {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.copied.lock().unwrap().push(text.to_owned());
        Ok(())
    }

    async fn suspend(&mut self) -> io::Result<()> {
        *self.suspended.lock().unwrap() += 1;
        Ok(())
    }

    fn lend(&mut self) -> io::Result<()> {
        *self.lent.lock().unwrap() += 1;
        Ok(())
    }

    fn take_back(&mut self) -> io::Result<()> {
        *self.taken_back.lock().unwrap() += 1;
        Ok(())
    }

    async fn continued(&mut self) {
        std::future::pending::<()>().await;
    }
}

/// A dashboard that runs.
pub struct Harness {
    events: mpsc::UnboundedSender<io::Result<Event>>,
    backend: SharedBackend,
    frames: watch::Receiver<u64>,
    /// What was done to the terminal beside drawing.
    pub terminal: Recorded,
    /// Where results of effects come in.
    pub results: mpsc::Sender<Msg>,
    running: JoinHandle<Exit>,
}

impl Harness {
    /// Starts a dashboard on a session. It keeps nothing on disk.
    pub fn start(spec: Spec, size: (u16, u16)) -> Self {
        Self::start_on(spec, size, Disk::none())
    }

    /// Starts a dashboard on a session, with files of its own.
    pub fn start_on(spec: Spec, size: (u16, u16), disk: Disk) -> Self {
        let editors = Editors::new(Err("there is no editor in this test".into()), Vec::new());
        Self::launch(spec, size, disk, editors)
    }

    /// Starts a dashboard on a session, with an editor.
    pub fn start_with(spec: Spec, size: (u16, u16), editors: Editors) -> Self {
        Self::launch(spec, size, Disk::none(), editors)
    }

    fn launch(spec: Spec, (columns, rows): (u16, u16), disk: Disk, editors: Editors) -> Self {
        let (drawn, frames) = watch::channel(0);
        let backend = SharedBackend { inner: Arc::new(Mutex::new(TestBackend::new(columns, rows))), drawn };
        let (events, incoming) = mpsc::unbounded_channel();
        let incoming = Arc::new(Mutex::new(incoming));
        let (messages, results) = mpsc::channel(QUEUE);
        let terminal = Recorded::default();
        let (on, mut screen, messages_of_test) = (backend.clone(), terminal.clone(), messages.clone());
        let running = tokio::spawn(async move {
            let start_local: StartLocal =
                Arc::new(|| Box::pin(async { Err(Error::new(Kind::Unsupported, "not in this test")) }));
            let clock = Clock::System;
            let mut app = App::new(clock.now(), Settings::default(), SessionState::new(spec));
            let mut terminal = Terminal::new(on).unwrap();
            let events = || {
                let incoming = Arc::clone(&incoming);
                futures_util::stream::poll_fn(move |context| incoming.lock().unwrap().poll_recv(context))
            };
            let ends = Ends {
                terminal: &mut terminal,
                screen: &mut screen,
                events,
                editors: &editors,
                executor: &mut Executor::new(messages, start_local, disk),
                results,
                clock,
                theme: &Theme::named("default").unwrap(),
            };
            runtime::run(&mut app, ends).await.unwrap()
        });
        Self { events, backend, frames, terminal, results: messages_of_test, running }
    }

    /// Presses keys: characters, or names in angle brackets such as `<enter>`, `<ctrl-c>`, `<f5>`.
    pub fn press(&self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let key = if let Some((name, after)) = named {
                rest = after;
                named_key(name)
            } else {
                rest = &rest[first.len_utf8()..];
                let shift = if first.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
                KeyEvent::new(KeyCode::Char(first), shift)
            };
            self.send(Event::Key(key));
        }
    }

    /// Sends an event of the terminal.
    pub fn send(&self, event: Event) {
        self.events.send(Ok(event)).unwrap();
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.backend.inner.lock().unwrap().resize(columns, rows);
        self.send(Event::Resize(columns, rows));
    }

    /// The screen, a line for each row.
    pub fn screen(&self) -> String {
        let backend = self.backend.inner.lock().unwrap();
        let buffer = backend.buffer();
        let width = usize::from(buffer.area.width).max(1);
        let lines = buffer.content.chunks(width).map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Waits until the screen shows what is wanted.
    ///
    /// # Panics
    /// When it does not, with the screen.
    pub async fn wait_for(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let waiting = async {
            loop {
                let screen = self.screen();
                if wanted(&screen) {
                    return Some(screen);
                }
                if self.frames.changed().await.is_err() {
                    return None;
                }
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(Some(screen)) => screen,
            _ => panic!("{what} did not appear on:\n{}", self.screen()),
        }
    }

    /// Waits until a text is on the screen.
    pub async fn wait_text(&mut self, text: &str) -> String {
        self.wait_for(text, |screen| screen.contains(text)).await
    }

    /// Frames drawn so far.
    pub fn frames(&self) -> u64 {
        *self.frames.borrow()
    }

    /// Waits until so many frames were drawn.
    ///
    /// # Panics
    /// When they are not.
    pub async fn wait_frames(&mut self, count: u64) {
        let drawn = timeout(PATIENCE, self.frames.wait_for(|drawn| *drawn >= count)).await;
        assert!(drawn.is_ok_and(|drawn| drawn.is_ok()), "{} of {count} frames", self.frames());
    }

    /// Waits for the end and answers with the exit code.
    pub async fn exit(self) -> u8 {
        timeout(PATIENCE, self.running).await.expect("the loop ends").expect("without a panic").0
    }
}

fn named_key(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.strip_prefix("ctrl-") {
        Some(name) => (KeyModifiers::CONTROL, name),
        None => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "pgdn" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "backspace" => KeyCode::Backspace,
        "f5" => KeyCode::F(5),
        "space" => KeyCode::Char(' '),
        one if one.chars().count() == 1 => KeyCode::Char(one.chars().next().unwrap()),
        other => panic!("no key {other}"),
    };
    KeyEvent::new(code, modifiers)
}
