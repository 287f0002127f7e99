//! What all files here have in common: private, locked, written in one go, read only where reading ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufWriter, Read as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::domain::text::sanitise;

/// How long another lambdeck may hold a lock. It takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// Files with this beginning are being written, or were when a program crashed.
pub(super) const TEMPORARY: &str = ".lambdeck-";

/// A path as it may be shown.
pub(super) fn shown(path: &Path) -> String {
    sanitise(&path.to_string_lossy()).into_owned()
}

/// A lock that was asked for.
pub(super) enum Lock {
    /// It is ours until this is dropped.
    Held(#[expect(dead_code, reason = "dropping it gives the lock back")] File),
    /// There is none to be had here, such as on a file system without locks.
    None,
    /// Somebody holds it, for far too long.
    Busy,
}

/// Takes the lock that this file stands for, within [`PATIENCE`].
pub(super) fn lock(path: &Path) -> Lock {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let Ok(file) = options.open(path) else { return Lock::None };
    let end = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Lock::Held(file),
            Err(TryLockError::Error(_)) => return Lock::None,
            Err(TryLockError::WouldBlock) if Instant::now() > end => return Lock::Busy,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Makes a directory with those above it, for their owner alone.
pub(super) fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    // Where somebody put a link he shares what is behind it on purpose.
    if fs::symlink_metadata(directory)?.is_dir() { restrict(directory, 0o700) } else { Ok(()) }
}

/// Takes away what others may do with a file or a directory.
#[cfg(unix)]
pub(super) fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let others = fs::metadata(path)?.permissions().mode() & 0o077;
    if others == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn restrict(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// Puts a file with this content in a place, in one go and with mode 0600: nobody ever sees half of it. Where something
/// is in that place it is replaced, or with `replace` false left alone ([`io::ErrorKind::AlreadyExists`]); a link is
/// replaced itself, never followed.
pub(super) fn write(path: &Path, parts: &[&[u8]], replace: bool) -> io::Result<()> {
    fill(path, replace, |out| parts.iter().try_for_each(|part| out.write_all(part)))
}

/// As [`write`], with what `with` writes; answers with what that answers. Where that fails nothing is left of it.
pub(super) fn fill<T>(
    path: &Path,
    replace: bool,
    with: impl FnOnce(&mut dyn io::Write) -> io::Result<T>,
) -> io::Result<T> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with mode 0600.
    let mut out = BufWriter::new(tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?);
    let answer = with(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    if replace {
        file.persist(path)?;
    } else {
        file.persist_noclobber(path)?;
    }
    sync_directory(folder);
    Ok(answer)
}

/// Makes sure that a new name outlasts a power cut, where the system has a way to.
pub(super) fn sync_directory(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        // The content is safe; not all file systems do this.
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Reads a file of at most so many bytes. Pipes and devices are refused: reading them may not end.
pub(super) fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let refuse = |what| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    // Opening a device may do something, and opening a pipe waits for somebody who writes.
    let found = fs::metadata(path)?;
    if found.is_dir() {
        return refuse("it is a directory");
    }
    if !found.is_file() {
        return refuse("it is no file");
    }
    let mut options = OpenOptions::new();
    options.read(true);
    // Where something else has taken its place meanwhile.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return refuse("it is no file");
    }
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        let most = most / (1024 * 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {most} MB")));
    }
    Ok(bytes)
}

/// The path with an ending behind its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    name.into()
}
