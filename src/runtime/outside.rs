//! The user's own editor, which has the terminal to itself while it runs.
//!
//! The event lies in a file that nobody else can read, in a folder of its own, so that what an editor writes beside it
//! (swap files, backups) is as private and goes away with it: when the editor is done, when it fails, and when
//! lambdeck ends first, whatever the reason.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{File, OpenOptions},
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::signals;
use crate::{
    app::{Ticket, msg::EditedOutside},
    domain::{secret::Secret, text::sanitise},
};

/// The largest file that is taken back: what Lambda takes, written with many blanks.
const LARGEST: u64 = 64 << 20;

/// Nobody edits as fast as that.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How long an editor may take to end when lambdeck ends.
const PATIENCE: Duration = Duration::from_secs(1);

/// Editors that are looked for where no variable names one.
const USUAL: [&str; 2] = ["vi", "nano"];

/// The folder of the file, for [`remove`].
static FOLDER: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The user's editor, and where files for it may lie.
#[derive(Clone, Debug)]
pub struct Editors {
    command: Result<Vec<OsString>, String>,
    folders: Vec<PathBuf>,
}

impl Editors {
    /// An editor: a program and its arguments, or why there is none; and folders that a file may lie in, the best one
    /// first.
    pub fn new(command: Result<Vec<OsString>, String>, folders: Vec<PathBuf>) -> Self {
        Self { command, folders }
    }

    /// What `VISUAL` names, or else `EDITOR`, or else an editor that is found in `PATH`. The file lies in the user's
    /// runtime directory, or else in that for temporary files.
    pub fn from_environment() -> Self {
        let variables = ["VISUAL", "EDITOR"].map(|name| (name, env::var_os(name)));
        let path = env::var_os("PATH").unwrap_or_default();
        let usual = || {
            let found = |name: &&str| env::split_paths(&path).any(|folder| is_program(&folder.join(name)));
            USUAL.into_iter().find(found).map(OsString::from)
        };
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
        Self::new(command(&variables, usual), runtime.into_iter().chain([env::temp_dir()]).collect())
    }
}

/// The first variable that says something, as words; or else one of the usual editors.
fn command(
    variables: &[(&str, Option<OsString>)],
    usual: impl FnOnce() -> Option<OsString>,
) -> Result<Vec<OsString>, String> {
    for (name, value) in variables {
        let Some(value) = value else { continue };
        let words = match value.to_str() {
            // A path that is no text has no quotes that could be told from it.
            None => vec![value.clone()],
            Some(text) => shell_words::split(text)
                .map_err(|_| format!("a quote in {name} is not closed: there is no telling the editor"))?
                .into_iter()
                .map(OsString::from)
                .collect(),
        };
        if words.first().is_some_and(|program| !program.is_empty()) {
            return Ok(words);
        }
    }
    let none = "there is no editor: set EDITOR to one, such as EDITOR=nano or EDITOR='code --wait'";
    usual().map(|program| vec![program]).ok_or_else(|| none.to_owned())
}

fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    return path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    #[cfg(not(unix))]
    return path.with_extension("exe").is_file();
}

/// A file for an editor. Dropping it removes it with its folder.
struct Handed {
    path: PathBuf,
    folder: Option<TempDir>,
}

impl Handed {
    fn new(folders: &[PathBuf], event: &Secret) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for folder in folders {
            match Self::within(folder, event) {
                Ok(handed) => return Ok(handed),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn within(folder: &Path, event: &Secret) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("lambdeck-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir_in(folder)?;
        *FOLDER.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder.path().to_owned());
        let handed = Self { path: folder.path().join("event.json"), folder: Some(folder) };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&handed.path)?;
        file.write_all(event.reveal().as_bytes())?;
        // Editors want lines that end.
        file.write_all(b"\n")?;
        Ok(handed)
    }

    /// What is in the file now; none where it is what was written.
    fn read(&self, event: &Secret) -> Result<Option<Secret>, String> {
        let unreadable =
            |error: io::Error| format!("the file can't be read: {error}; the event is as it was");
        // Anything else than a file might never end.
        if !std::fs::metadata(&self.path).map_err(unreadable)?.is_file() {
            return Err("the file is no file any more; the event is as it was".into());
        }
        let file = File::open(&self.path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST {
            return Err(format!("the file has more than {} MB; the event is as it was", LARGEST >> 20));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("the file is no UTF-8 from byte {at} on; the event is as it was")
        })?;
        let text = Secret::new(text);
        let now = text.reveal();
        let now = now.strip_prefix('\u{feff}').unwrap_or(now);
        if now.strip_suffix('\n').unwrap_or(now) == event.reveal() {
            return Ok(None);
        }
        Ok(Some(if now.len() == text.len() { text } else { Secret::new(now) }))
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        drop(self.folder.take());
        *FOLDER.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Removes the file where the program ends without dropping it.
pub(super) fn remove() {
    let folder = FOLDER.try_lock().ok().and_then(|mut folder| folder.take());
    if let Some(folder) = folder {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// An event that is being edited outside.
pub(super) struct Outside {
    pub(super) ticket: Ticket,
    running: Result<Running, String>,
}

/// Dropping it ends the editor and removes the file.
struct Running {
    name: String,
    child: Child,
    began: Instant,
    file: Handed,
    event: Arc<Secret>,
    _interrupts: signals::NotOurs,
}

impl Outside {
    /// Starts the editor. The terminal must be free. Where that fails [`Outside::wait`] says why.
    pub(super) fn begin(editors: &Editors, ticket: Ticket, event: Arc<Secret>) -> Self {
        Self { ticket, running: Running::begin(editors, event) }
    }

    /// Waits for the editor's end and takes the file back. May be dropped and called again while the editor runs.
    ///
    /// # Errors
    /// There is no editor, or nothing to take back.
    pub(super) async fn wait(&mut self) -> Result<EditedOutside, String> {
        let running = self.running.as_mut().map_err(|problem| problem.clone())?;
        let status = running.child.wait().await;
        let at_once = running.began.elapsed() < AT_ONCE;
        let status = status.map_err(|error| format!("{} can't be waited for: {error}", running.name))?;
        let ending = (!status.success()).then(|| ending(&running.name, status));
        let text = running.file.read(&running.event).map_err(|problem| match &ending {
            Some(ending) => format!("{ending}; {problem}"),
            None => problem,
        })?;
        Ok(EditedOutside { text, ending, at_once })
    }

    /// Ends the editor, with a moment for it to leave the terminal in order.
    pub(super) async fn end(self) {
        let Ok(mut running) = self.running else { return };
        #[cfg(unix)]
        if let Some(pid) = running.child.id().and_then(|id| i32::try_from(id).ok())
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            let _ = tokio::time::timeout(PATIENCE, running.child.wait()).await;
        }
        let _ = running.child.kill().await;
    }
}

impl Running {
    fn begin(editors: &Editors, event: Arc<Secret>) -> Result<Self, String> {
        let words = editors.command.as_ref().map_err(Clone::clone)?;
        let Some((program, arguments)) = words.split_first() else { return Err("there is no editor".into()) };
        let name = Path::new(program).file_name().unwrap_or(OsStr::new("the editor"));
        let name = sanitise(&name.to_string_lossy()).into_owned();
        let file = Handed::new(&editors.folders, &event)
            .map_err(|error| format!("no private file for the editor can be made: {error}"))?;
        let interrupts = signals::NotOurs::new();
        let child = Command::new(program)
            .args(arguments)
            .arg(&file.path)
            .stdin(input())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{name} can't be started: {error}"))?;
        Ok(Self { name, child, began: Instant::now(), file, event, _interrupts: interrupts })
    }
}

/// The terminal, also where standard input is something else.
fn input() -> Stdio {
    if io::stdin().is_terminal() {
        return Stdio::inherit();
    }
    File::open("/dev/tty").map_or_else(|_| Stdio::inherit(), Stdio::from)
}

fn ending(name: &str, status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("{name} was ended by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("{name} ended with exit code {code}"),
        None => format!("{name} failed"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn words(value: &str) -> Result<Vec<OsString>, String> {
        command(&[("VISUAL", None), ("EDITOR", Some(value.into()))], || Some("vi".into()))
    }

    #[rstest]
    #[case("nano", &["nano"])]
    #[case("code --wait", &["code", "--wait"])]
    #[case("'/opt/my editor/ed' -c \"set ft=json\" a\\ b", &["/opt/my editor/ed", "-c", "set ft=json", "a b"])]
    #[case("sh -c 'cat \"$0\"'", &["sh", "-c", "cat \"$0\""])]
    #[case("  ", &["vi"])]
    #[case("", &["vi"])]
    #[case("''", &["vi"])]
    fn the_variable_is_read_as_a_shell_would(#[case] value: &str, #[case] expected: &[&str]) {
        assert_eq!(words(value).unwrap(), expected);
    }

    #[test]
    fn visual_comes_first_and_what_is_wrong_is_said() {
        let both = [("VISUAL", Some("one".into())), ("EDITOR", Some("two".into()))];
        assert_eq!(command(&both, || None).unwrap(), ["one"]);
        assert!(words("'vi").unwrap_err().contains("EDITOR"));
        assert!(command(&[("EDITOR", None)], || None).unwrap_err().contains("EDITOR=nano"));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_and_goes_away() {
        use std::os::unix::fs::PermissionsExt as _;
        let base = tempfile::tempdir().unwrap();
        let event = Secret::new("{}");
        let nowhere = base.path().join("nowhere");
        let handed = Handed::new(&[nowhere, base.path().to_owned()], &event).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(handed.path.parent().unwrap()), mode(&handed.path)), (0o700, 0o600));
        assert_eq!(std::fs::read(&handed.path).unwrap(), b"{}\n");
        std::fs::write(handed.path.with_extension("json.swp"), "x").unwrap();
        drop(handed);
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[rstest]
    #[case(b"{}\n", Ok(None))]
    #[case(b"{}", Ok(None))]
    #[case(b"\xef\xbb\xbf{}\n", Ok(None))]
    #[case(b"[1]\n", Ok(Some("[1]\n")))]
    #[case(b"", Ok(Some("")))]
    #[case(b"\xef\xbb\xbf[1]", Ok(Some("[1]")))]
    #[case(b"{\"a\":\"\xff\"}", Err("no UTF-8 from byte 6 on"))]
    fn what_was_saved_is_told(#[case] bytes: &[u8], #[case] expected: Result<Option<&str>, &str>) {
        let base = tempfile::tempdir().unwrap();
        let event = Secret::new("{}");
        let handed = Handed::new(&[base.path().to_owned()], &event).unwrap();
        std::fs::write(&handed.path, bytes).unwrap();
        match (handed.read(&event), expected) {
            (Ok(text), Ok(expected)) => assert_eq!(text.as_ref().map(Secret::reveal), expected),
            (Err(problem), Err(expected)) => assert!(problem.contains(expected), "{problem}"),
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_gone_or_no_file_or_too_large_is_said() {
        let base = tempfile::tempdir().unwrap();
        let event = Secret::new("{}");
        let handed = Handed::new(&[base.path().to_owned()], &event).unwrap();
        File::create(&handed.path).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(handed.read(&event).unwrap_err().contains("more than 64 MB"));
        std::fs::remove_file(&handed.path).unwrap();
        assert!(handed.read(&event).unwrap_err().contains("can't be read"));
        std::fs::create_dir(&handed.path).unwrap();
        assert!(handed.read(&event).unwrap_err().contains("no file any more"));
    }
}
