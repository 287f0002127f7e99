//! A real pseudo-terminal: a program runs in it as in a user's terminal, and a test types, looks, resizes, and
//! compares the terminal before and after.
//!
//! Nothing here sleeps: whoever waits is woken when the program writes or ends.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use base64::Engine as _;
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use vt100::{MouseProtocolMode, Screen};

#[cfg(test)]
mod tests;
mod threads;
mod timing;

use threads::{Keyboard, read_output};

/// How long something may take on a busy machine before the test fails; nothing waits as long when all is well.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Keys as a terminal sends them. Type [`Terminal::send`]`(key::ESC)` alone: with more behind it, it reads as Alt.
pub mod key {
    pub const ENTER: &str = "\r";
    pub const ESC: &str = "\x1b";
    pub const TAB: &str = "\t";
    pub const BACKSPACE: &str = "\x7f";
    pub const UP: &str = "\x1b[A";
    pub const DOWN: &str = "\x1b[B";
    pub const PAGE_UP: &str = "\x1b[5~";
    pub const PAGE_DOWN: &str = "\x1b[6~";
    pub const CTRL_C: &str = "\x03";
    pub const CTRL_Z: &str = "\x1a";
}

/// What is started, and in which terminal.
pub struct Launch {
    program: PathBuf,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    rows: u16,
    cols: u16,
}

impl Launch {
    /// The lambdeck binary of this build with these arguments.
    pub fn lambdeck<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Self {
        Self::program(env!("CARGO_BIN_EXE_lambdeck"), args)
    }

    /// Any program, in a terminal of 24 rows and 80 columns, with nothing of the tests' environment but PATH: no AWS
    /// variable, and a HOME that is empty and goes with the terminal.
    pub fn program<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let launch = Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            rows: 24,
            cols: 80,
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        launch.env("PATH", path).env("TERM", "xterm-256color").env("LANG", "C.UTF-8")
    }

    /// With this environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// In a terminal of this size.
    #[must_use]
    pub fn size(mut self, rows: u16, cols: u16) -> Self {
        (self.rows, self.cols) = (rows, cols);
        self
    }

    /// As the job of a shell, so that it can be suspended: the kernel does not stop a program that has no shell to
    /// come back to. The shell prints `<148>` when the program stops itself (128 + SIGTSTP), continues it after a
    /// line of input, prints its exit status as `<0>`, and ends.
    #[must_use]
    pub fn under_shell(mut self) -> Self {
        let script = r#"set -m; "$@"; echo "<$?>"; read -r line && fg >/dev/null; echo "<$?>""#;
        let mut args: Vec<OsString> = ["-c", script, "sh"].map(OsString::from).to_vec();
        args.push(self.program.into());
        args.append(&mut self.args);
        (self.program, self.args) = (PathBuf::from("/bin/sh"), args);
        self
    }

    /// Opens the terminal and starts the program in it.
    pub fn start(self) -> Terminal {
        Terminal::start(self)
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Code(u32),
    /// By this signal, in the system's words, such as `Killed`.
    Signal(String),
}

/// What a program can leave switched on in a terminal; all of it is off in a terminal that is left in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "a list of switches")]
pub struct Switches {
    pub alternate_screen: bool,
    pub cursor_hidden: bool,
    pub bracketed_paste: bool,
    pub mouse: bool,
    pub focus_events: bool,
    pub application_keys: bool,
    /// Levels of the keyboard protocol pushed (`CSI > u`) and not popped (`CSI < u`).
    pub keyboard_levels: usize,
    /// Colour, bold and the like.
    pub text_attributes: bool,
}

/// The line discipline of the terminal, what `stty -a` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modes {
    pub input: String,
    pub output: String,
    pub control: String,
    pub local: String,
    pub characters: Vec<u8>,
}

/// What the terminal notes beside the screen.
#[derive(Default)]
struct Notes {
    title: String,
    clipboard: Option<String>,
    /// Answers to what the program asked the terminal, to be typed into it.
    answers: Vec<u8>,
    drained: bool,
}

/// Sent through the terminal after the program's end; all of the program's output came before it.
const END_OF_OUTPUT: &[u8] = b"\x1b]7777;drained\x07";

impl vt100::Callbacks for Notes {
    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.title = String::from_utf8_lossy(title).into_owned();
    }

    fn copy_to_clipboard(&mut self, _: &mut Screen, _: &[u8], data: &[u8]) {
        let text = base64::engine::general_purpose::STANDARD.decode(data).unwrap_or_default();
        self.clipboard = Some(String::from_utf8_lossy(&text).into_owned());
    }

    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        i1: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        c: char,
    ) {
        match (i1, c, params) {
            (None, 'n', [[6]]) => {
                let (row, col) = screen.cursor_position();
                self.answers.extend(format!("\x1b[{};{}R", row + 1, col + 1).bytes());
            }
            (None, 'c', _) => self.answers.extend(b"\x1b[?62c"),
            _ => {}
        }
    }

    fn unhandled_osc(&mut self, _: &mut Screen, params: &[&[u8]]) {
        self.drained |= params == [b"7777".as_slice(), b"drained"];
    }
}

struct State {
    parser: vt100::Parser<Notes>,
    raw: Vec<u8>,
    /// When output was read, and how long `raw` was with it.
    reads: Vec<(Instant, usize)>,
    exit: Option<Exit>,
    /// The terminal has no more output to give.
    closed: bool,
    /// Nothing can be typed any more, and the keyboard has let go of the terminal.
    unplugged: bool,
    /// The test closes the terminal: the reader lets go of it.
    closing: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Another thread's panic is that test's failure already; here the state is as good as before.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits until `until` holds; the state then, or as it is after `timeout` as an error.
    fn wait(
        &self,
        timeout: Duration,
        mut until: impl FnMut(&State) -> bool,
    ) -> Result<MutexGuard<'_, State>, MutexGuard<'_, State>> {
        let deadline = Instant::now() + timeout;
        let mut state = self.state();
        while !until(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(state);
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        Ok(state)
    }
}

/// A terminal and the program that was started in it. Dropping it ends the program.
pub struct Terminal {
    shared: Arc<Shared>,
    /// `None` once the terminal was closed.
    master: Option<Box<dyn MasterPty + Send>>,
    /// `None` once the terminal was closed.
    keyboard: Option<Keyboard>,
    /// The program's side, held open so that the modes which it leaves behind can still be read.
    tty: File,
    pid: Pid,
    started: Instant,
    /// Rows and columns at the start.
    size: (u16, u16),
    before: Modes,
    home: tempfile::TempDir,
}

impl Terminal {
    fn start(launch: Launch) -> Self {
        let home = tempfile::tempdir().unwrap();
        let size = PtySize { rows: launch.rows, cols: launch.cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = modes(&*pair.master);

        let mut command = CommandBuilder::new(launch.program);
        command.args(launch.args);
        command.cwd(home.path());
        command.env_clear();
        command.env("HOME", home.path());
        for (name, value) in launch.env {
            command.env(name, value);
        }
        let started = Instant::now();
        let mut child = pair.slave.spawn_command(command).unwrap();
        let pid = Pid::from_raw(child.process_id().unwrap().try_into().unwrap()).unwrap();
        let tty = open_tty(&pair.master.tty_name().unwrap());
        drop(pair.slave);

        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                parser: vt100::Parser::new_with_callbacks(launch.rows, launch.cols, 0, Notes::default()),
                raw: Vec::new(),
                reads: Vec::new(),
                exit: None,
                closed: false,
                unplugged: false,
                closing: false,
            }),
            changed: Condvar::new(),
        });

        let reader = pair.master.try_clone_reader().unwrap();
        let (for_reader, for_waiter) = (Arc::clone(&shared), Arc::clone(&shared));
        let keyboard = Keyboard::new(pair.master.take_writer().unwrap(), Arc::clone(&shared));
        let answers = keyboard.clone();
        std::thread::spawn(move || read_output(reader, &for_reader, answers));
        std::thread::spawn(move || {
            let status = child.wait().unwrap();
            let signal = status.signal().map(|signal| Exit::Signal(signal.to_owned()));
            for_waiter.change(|state| state.exit = Some(signal.unwrap_or(Exit::Code(status.exit_code()))));
        });
        let size = (launch.rows, launch.cols);
        Self {
            shared,
            master: Some(pair.master),
            keyboard: Some(keyboard),
            tty,
            pid,
            started,
            size,
            before,
            home,
        }
    }

    /// The HOME of the program.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Types these bytes; see [`key`]. Waits until the terminal has taken them, at most [`PATIENCE`]: it takes no more
    /// while it is full of what a program does not read.
    ///
    /// # Panics
    /// When it has not taken them in time; with the screen.
    #[track_caller]
    pub fn send(&self, keys: &str) {
        self.send_within(keys, PATIENCE);
    }

    #[track_caller]
    fn send_within(&self, keys: &str, timeout: Duration) {
        let Some(keyboard) = &self.keyboard else { return };
        if !keyboard.press(keys.as_bytes()).wait(timeout) {
            let screen = self.screen();
            panic!("the program has not read what was typed within {timeout:?}; the screen:\n{screen}");
        }
    }

    /// Pastes as a terminal does that was asked for bracketed paste.
    pub fn paste(&self, text: &str) {
        self.send(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Waits until the screen is as asked, at most `timeout`.
    ///
    /// # Panics
    /// When it does not get so in time, or the program ended without; with the screen as it is then.
    #[track_caller]
    pub fn wait_for(&self, wanted: impl FnMut(&Screen) -> bool, timeout: Duration) {
        self.wait("the screen is not as wanted", wanted, timeout);
    }

    /// Waits until this text is on the screen, at most [`PATIENCE`].
    ///
    /// # Panics
    /// As [`Self::wait_for`].
    #[track_caller]
    pub fn wait_text(&self, text: &str) {
        self.wait(&format!("no {text:?}"), |screen| screen.contents().contains(text), PATIENCE);
    }

    /// Waits until this text has gone from the screen, at most [`PATIENCE`].
    ///
    /// # Panics
    /// As [`Self::wait_for`].
    #[track_caller]
    pub fn wait_gone(&self, text: &str) {
        self.wait(&format!("still {text:?}"), |screen| !screen.contents().contains(text), PATIENCE);
    }

    #[track_caller]
    fn wait(&self, complaint: &str, mut wanted: impl FnMut(&Screen) -> bool, timeout: Duration) {
        let mut shown = false;
        let outcome = self.shared.wait(timeout, |state| {
            shown = wanted(state.parser.screen());
            shown || state.exit.is_some()
        });
        if let Err(state) = outcome {
            panic!("{complaint} after {timeout:?}:\n{}", show(&state));
        }
        drop(outcome);
        if !shown {
            // What the program wrote last may not have been read yet.
            let exit = self.wait_exit_within(timeout);
            let state = self.shared.state();
            assert!(
                wanted(state.parser.screen()),
                "{complaint}, and the program has ended ({exit:?}):\n{}",
                show(&state)
            );
        }
    }

    /// The screen's text, its rows without trailing blanks.
    pub fn screen(&self) -> String {
        show(&self.shared.state())
    }

    /// Looks at the screen with its colours and its cursor.
    pub fn look<T>(&self, look: impl FnOnce(&Screen) -> T) -> T {
        look(self.shared.state().parser.screen())
    }

    /// The window title that the program set.
    pub fn title(&self) -> String {
        self.shared.state().parser.callbacks().title.clone()
    }

    /// What the program copied to the clipboard last (OSC 52).
    pub fn clipboard(&self) -> Option<String> {
        self.shared.state().parser.callbacks().clipboard.clone()
    }

    /// Everything that the program wrote so far.
    pub fn raw(&self) -> Vec<u8> {
        self.shared.state().raw.clone()
    }

    /// What the program writes within the next `duration`, which it takes: to show that it writes nothing.
    pub fn output_during(&self, duration: Duration) -> Vec<u8> {
        let from = self.shared.state().raw.len();
        match self.shared.wait(duration, |_| false) {
            Ok(state) | Err(state) => state.raw[from..].to_vec(),
        }
    }

    /// Gives the terminal another size and tells the program (SIGWINCH).
    pub fn resize(&self, rows: u16, cols: u16) {
        self.shared.state().parser.screen_mut().set_size(rows, cols);
        self.tell_size(rows, cols);
    }

    /// Tells the program (SIGWINCH) of another size that the screen here does not get.
    pub fn tell_size(&self, rows: u16, cols: u16) {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    /// The program's process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends a signal to the program; under a shell to its job in the foreground.
    pub fn signal(&self, signal: Signal) {
        let foreground = self.master.as_ref().and_then(|master| master.process_group_leader());
        let state = self.shared.state();
        // A program that has ended has given its number back: it may be another's by now.
        assert!(state.exit.is_none(), "the program has ended already");
        kill_process(foreground.and_then(Pid::from_raw).unwrap_or(self.pid), signal).unwrap();
    }

    /// Closes the terminal as closing its window does: the program gets SIGHUP, and its reads and writes fail.
    pub fn hang_up(&mut self) {
        // portable-pty types the end-of-file key when its writer goes; a window that closes types nothing.
        let tty = self.tty.try_clone().unwrap();
        assert!(Command::new("stty").args(["eof", "undef"]).stdin(tty).status().unwrap().success());
        self.shared.change(|state| state.closing = true);
        self.keyboard = None;
        // The reader waits for output: this is what it gets, whereupon it lets go, and the keyboard after it.
        self.write_end_of_output();
        let free = self.shared.wait(PATIENCE, |state| state.closed && state.unplugged).is_ok();
        assert!(free, "reader and keyboard have not let go of the terminal within {PATIENCE:?}");
        self.master = None;
    }

    /// Waits for the program's end, at most [`PATIENCE`], and until all that it wrote is on the screen.
    ///
    /// # Panics
    /// When it does not end in time; with the screen.
    #[track_caller]
    pub fn wait_exit(&self) -> Exit {
        self.wait_exit_within(PATIENCE)
    }

    #[track_caller]
    fn wait_exit_within(&self, timeout: Duration) -> Exit {
        let exit = match self.shared.wait(timeout, |state| state.exit.is_some()) {
            Ok(state) => state.exit.clone().unwrap(),
            Err(state) => panic!("no end within {timeout:?}; the screen:\n{}", show(&state)),
        };
        // Where the terminal is closed with its first program, as on macOS, this fails, and the reader meets the end.
        if !self.shared.state().parser.callbacks().drained {
            self.write_end_of_output();
        }
        let whole = self.shared.wait(timeout, |state| state.closed || state.parser.callbacks().drained);
        if let Err(state) = whole {
            panic!("its output has not come to an end within {timeout:?}; the screen:\n{}", show(&state));
        }
        drop(whole);
        exit
    }

    /// On a thread of its own: a terminal whose output is stopped or not read keeps the writer waiting.
    fn write_end_of_output(&self) {
        let mut tty = self.tty.try_clone().unwrap();
        std::thread::spawn(move || tty.write_all(END_OF_OUTPUT));
    }

    /// The terminal's modes before the program was started.
    pub fn modes_before(&self) -> &Modes {
        &self.before
    }

    /// The terminal's modes now.
    pub fn modes(&self) -> Modes {
        modes(&**self.master.as_ref().unwrap())
    }

    /// What is switched on in the terminal now.
    pub fn switches(&self) -> Switches {
        let state = self.shared.state();
        let screen = state.parser.screen();
        let text_attributes = screen.fgcolor() != vt100::Color::Default
            || screen.bgcolor() != vt100::Color::Default
            || screen.bold()
            || screen.dim()
            || screen.italic()
            || screen.underline()
            || screen.inverse();
        Switches {
            alternate_screen: screen.alternate_screen(),
            cursor_hidden: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
            mouse: screen.mouse_protocol_mode() != MouseProtocolMode::None,
            focus_events: last_of(&state.raw, b"\x1b[?1004h") > last_of(&state.raw, b"\x1b[?1004l"),
            application_keys: screen.application_cursor() || screen.application_keypad(),
            keyboard_levels: keyboard_levels(&state.raw),
            text_attributes,
        }
    }

    /// Asserts that the terminal is as it was before the program: every mode, every switch.
    #[track_caller]
    pub fn assert_left_in_order(&self) {
        assert_eq!(self.modes(), self.before, "the modes of the terminal");
        assert_eq!(self.switches(), Switches::default(), "what is switched on in the terminal");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let state = self.shared.state();
        if state.exit.is_none() {
            // A job under a shell goes with the terminal, which closes now.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

/// Opens the program's side of the terminal without making it the tests' own.
fn open_tty(path: &Path) -> File {
    use rustix::fs::{Mode, OFlags};
    rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap().into()
}

fn modes(master: &dyn MasterPty) -> Modes {
    let termios = master.get_termios().unwrap();
    Modes {
        input: format!("{:?}", termios.input_flags),
        output: format!("{:?}", termios.output_flags),
        control: format!("{:?}", termios.control_flags),
        local: format!("{:?}", termios.local_flags),
        characters: termios.control_chars.to_vec(),
    }
}

fn show(state: &State) -> String {
    state.parser.screen().contents()
}

/// Where the last occurrence begins.
fn last_of(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).rposition(|window| window == needle)
}

fn keyboard_levels(raw: &[u8]) -> usize {
    let sequence = regex::bytes::Regex::new(r"\x1b\[([<>])(\d*)u").unwrap();
    sequence.captures_iter(raw).fold(0, |levels: usize, found| {
        let number = std::str::from_utf8(&found[2]).ok().and_then(|number| number.parse().ok()).unwrap_or(1);
        if &found[1] == b">" { levels + 1 } else { levels.saturating_sub(number) }
    })
}
