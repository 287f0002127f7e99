//! The terminal: entered once, and left as it was on every way out.

use std::{
    future::Future,
    io::{self, stdout},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor, event, execute,
    terminal::{self, EnterAlternateScreen, LeaveAlternateScreen},
};

/// What the loop does to the terminal beside drawing.
pub trait Screen {
    /// Puts a text on the clipboard (OSC 52).
    ///
    /// # Errors
    /// The terminal can't be written to.
    fn copy(&mut self, text: &str) -> io::Result<()>;

    /// Puts the program into the background and returns when it is back.
    ///
    /// # Errors
    /// The terminal can't be written to.
    fn suspend(&mut self) -> impl Future<Output = io::Result<()>> + Send;

    /// Leaves the terminal to another program.
    ///
    /// # Errors
    /// The terminal can't be written to.
    fn lend(&mut self) -> io::Result<()>;

    /// Takes the terminal back, in whatever state the other program left it.
    ///
    /// # Errors
    /// The terminal can't be written to.
    fn take_back(&mut self) -> io::Result<()>;

    /// Resolves when the program was stopped and continued from outside: all must be painted again.
    fn continued(&mut self) -> impl Future<Output = ()> + Send;
}

static ENTERED: AtomicBool = AtomicBool::new(false);
static MOUSE: AtomicBool = AtomicBool::new(false);

/// The real terminal, in raw mode on its alternate screen until this is dropped.
#[derive(Debug)]
pub struct Guard {
    #[cfg(unix)]
    continued: tokio::signal::unix::Signal,
    /// The modes of the terminal that another program has.
    #[cfg(unix)]
    lent: Option<rustix::termios::Termios>,
}

impl Guard {
    /// Enters raw mode and the alternate screen.
    ///
    /// # Errors
    /// Standard output is no terminal, or can't be written to.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        MOUSE.store(mouse, Ordering::SeqCst);
        let guard = Self {
            #[cfg(unix)]
            continued: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(
                rustix::process::Signal::CONT.as_raw(),
            ))?,
            #[cfg(unix)]
            lent: None,
        };
        enter()?;
        Ok(guard)
    }

    /// Sets the modes of a terminal that was lent as they were before. Who was killed did not do that.
    #[cfg(unix)]
    fn restore(&mut self) {
        use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcsetattr};
        if let (Some(modes), Some(terminal)) = (self.lent.take(), input()) {
            let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
            // Answers to what the other program asked the terminal are no keys.
            let _ = tcflush(&terminal, QueueSelector::IFlush);
        }
    }
}

/// The terminal's input, also where standard input is something else.
#[cfg(unix)]
fn input() -> Option<std::os::fd::OwnedFd> {
    use std::{fs::OpenOptions, io::IsTerminal as _, os::fd::AsFd as _};
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return stdin.as_fd().try_clone_to_owned().ok();
    }
    OpenOptions::new().read(true).write(true).open("/dev/tty").ok().map(Into::into)
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = leave();
        #[cfg(unix)]
        self.restore();
    }
}

impl Screen for Guard {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    async fn suspend(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        {
            leave()?;
            // The whole group, as the terminal does it: a program that started this one and waits for it would else
            // keep the shell from coming back.
            let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
            // Without a shell to bring it back (an orphaned process group) the signal does nothing: go on then.
            tokio::select! {
                _ = self.continued.recv(), if stopped.is_ok() => {}
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
            enter()?;
        }
        Ok(())
    }

    fn lend(&mut self) -> io::Result<()> {
        leave()?;
        #[cfg(unix)]
        {
            self.lent = input().and_then(|terminal| rustix::termios::tcgetattr(terminal).ok());
        }
        Ok(())
    }

    fn take_back(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        self.restore();
        enter()
    }

    async fn continued(&mut self) {
        #[cfg(unix)]
        {
            self.continued.recv().await;
            // Who stopped it may have changed the terminal's modes. In the background this stops the program again,
            // before it writes anything.
            let _ = terminal::disable_raw_mode();
            let _ = enter();
        }
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    }
}

fn enter() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(
        stdout(),
        EnterAlternateScreen,
        event::EnableBracketedPaste,
        event::EnableFocusChange,
        cursor::Hide
    )?;
    if MOUSE.load(Ordering::SeqCst) {
        execute!(stdout(), event::EnableMouseCapture)?;
    }
    Ok(())
}

/// Undoes [`enter`]. Does nothing the second time.
pub(super) fn leave() -> io::Result<()> {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    // Each of them is tried, whatever comes of the others.
    let modes = terminal::disable_raw_mode();
    let mouse =
        if MOUSE.load(Ordering::SeqCst) { execute!(stdout(), event::DisableMouseCapture) } else { Ok(()) };
    let others = execute!(
        stdout(),
        event::DisableFocusChange,
        event::DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    modes.and(mouse).and(others)
}
