//! Files outside, which somebody names: written in one go, never over another one unasked.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use super::{
    SaveError,
    files::{self, shown},
};

/// Writes a file outside with mode 0600; answers where, and with what `fill` answered. It is there whole or not at
/// all. Only a file is ever replaced, and only with `replace`: no link is followed or replaced, no device written to.
/// A path that begins with `~/` is in the home directory.
///
/// # Errors
/// [`SaveError::Exists`] where there is a file and `replace` is not given; a path that can't be; the disk.
pub fn write<T>(
    path: &str,
    replace: bool,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<T>,
) -> Result<(PathBuf, T), SaveError> {
    let path = typed(path).map_err(SaveError::Refused)?;
    let refused = |why: &str| Err(SaveError::Refused(format!("{}: {why}", shown(&path))));
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_symlink() => return refused("it is a link: name the file itself"),
        Ok(found) if found.is_dir() => return refused("it is a directory: name a file in it"),
        Ok(found) if !found.is_file() => return refused("it is no file"),
        Ok(_) if !replace => return Err(SaveError::Exists(shown(&path))),
        _ => {}
    }
    match files::fill(&path, replace, fill) {
        Ok(filled) => Ok((path, filled)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(SaveError::Exists(shown(&path))),
        Err(error) => Err(failed(&path, &error)),
    }
}

/// A path as somebody types it.
pub(super) fn typed(path: &str) -> Result<PathBuf, String> {
    let path = path.trim();
    if path.is_empty() {
        return Err("the name of a file is wanted".into());
    }
    let home = path.strip_prefix("~/").or_else(|| (path == "~").then_some(""));
    Ok(match home.zip(directories::BaseDirs::new()) {
        Some((rest, directories)) => directories.home_dir().join(rest),
        None => path.into(),
    })
}

pub(super) fn failed(path: &Path, error: &io::Error) -> SaveError {
    SaveError::Failed(format!("{}: {error}", shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.log");
        let path = path.to_str().unwrap();
        let broken = write(path, false, |out| -> io::Result<()> {
            out.write_all(&vec![b'a'; 100_000])?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(broken, Err(SaveError::Failed(format!("{path}: the disk is full"))));
        assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
        // Nor does it touch what was there.
        let (written, rows) = write(path, false, |out| out.write_all(b"first").map(|()| 1)).unwrap();
        assert_eq!((written.to_str(), rows), (Some(path), 1));
        let broken = write(path, true, |_| -> io::Result<()> { Err(io::Error::other("no")) });
        assert!(broken.is_err());
        assert_eq!(fs::read(path).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["rows.log"]);
    }

    #[test]
    fn nothing_is_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.log");
        let path = path.to_str().unwrap();
        write(path, false, |out| out.write_all(b"first")).unwrap();
        let mut asked = false;
        let refused = write(path, false, |_| {
            asked = true;
            Ok(())
        });
        assert!(matches!(refused, Err(SaveError::Exists(_))) && !asked, "{refused:?}");
        write(path, true, |out| out.write_all(b"second")).unwrap();
        assert_eq!(fs::read(path).unwrap(), b"second");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
