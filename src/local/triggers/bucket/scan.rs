//! What lies in a bucket's folder: every regular file in it and in the folders below is an object.
//!
//! Hidden files, `x~`, `x.part` and the like are objects as any other: S3 would take them. Who doesn't want them
//! filters by suffix. Symbolic links are not followed, so that nothing outside the folder becomes an object. Devices,
//! sockets and pipes are none either, nor are names that S3 does not take: over 1024 bytes, or not UTF-8.

use std::{
    collections::BTreeMap,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Most bytes of a key.
const KEY_LIMIT: usize = 1024;

/// What tells whether a file is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    /// Bytes.
    pub size: u64,
    modified: Option<SystemTime>,
    /// Another file in its place has another number, where the system has numbers.
    file: (u64, u64),
}

impl Signature {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok(), file: number(metadata) }
    }
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// One look at a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// By key: the path in the folder, with `/`.
    pub objects: BTreeMap<String, Signature>,
    /// What could not be read; nothing is known of the keys that begin so.
    pub unread: Vec<String>,
    /// Files whose names can't be keys.
    pub unnamed: Vec<PathBuf>,
}

impl Listing {
    /// Whether nothing is known of a key.
    pub(super) fn hides(&self, key: &str) -> bool {
        self.unread.iter().any(|prefix| key.starts_with(prefix.as_str()))
    }
}

/// Which folder it is: another one in its place has another identity.
pub(super) fn identity(folder: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(folder)?;
    if metadata.is_dir() { Ok(number(&metadata)) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// Looks at a folder and everything below.
///
/// # Errors
/// The folder itself is not there, or may not be read.
pub(super) fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        listing.add(&entry?, "", &mut folders);
    }
    while let Some((folder, prefix)) = folders.pop() {
        let entries = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        match entries {
            Ok(entries) => {
                for entry in entries {
                    listing.add(&entry, &prefix, &mut folders);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => listing.unread.push(prefix),
        }
    }
    Ok(listing)
}

impl Listing {
    fn add(&mut self, entry: &fs::DirEntry, prefix: &str, folders: &mut Vec<(PathBuf, String)>) {
        let name = entry.file_name();
        let Some(key) =
            name.to_str().map(|name| format!("{prefix}{name}")).filter(|it| it.len() <= KEY_LIMIT)
        else {
            self.unnamed.push(entry.path());
            return;
        };
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folders.push((entry.path(), key + "/")),
            Ok(metadata) if metadata.is_file() => {
                self.objects.insert(key, Signature::of(&metadata));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => self.unread.push(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn files_are_objects_and_links_devices_and_impossible_names_are_not() {
        use std::os::unix::ffi::OsStrExt as _;
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("a/b c")).unwrap();
        fs::create_dir(path("empty")).unwrap();
        for name in ["top", ".hidden", "x~", "y.part", "a/one", "a/b c/two"] {
            fs::write(path(name), name).unwrap();
        }
        let link = std::os::unix::fs::symlink::<PathBuf, PathBuf>;
        link(outside.path().to_owned(), path("linked-folder")).unwrap();
        link(outside.path().join("secret"), path("linked-file")).unwrap();
        link(folder.path().to_owned(), path("a/loop")).unwrap();
        link(path("nothing"), path("broken")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        let bad = folder.path().join(std::ffi::OsStr::from_bytes(b"bad\xff"));
        fs::write(&bad, "").unwrap();

        let listing = list(folder.path()).unwrap();
        let keys: Vec<&str> = listing.objects.keys().map(String::as_str).collect();
        assert_eq!(keys, [".hidden", "a/b c/two", "a/one", "top", "x~", "y.part"]);
        assert_eq!(listing.objects["a/b c/two"].size, 9);
        assert_eq!(listing.unnamed, [bad]);
        assert!(listing.unread.is_empty());
    }

    #[test]
    fn a_key_has_1024_bytes_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let deep = (0..4).fold(folder.path().to_owned(), |path, _| path.join("d".repeat(249)));
        fs::create_dir_all(&deep).unwrap();
        // 4 x 250 bytes lead to it.
        for length in [23, 24, 25] {
            fs::write(deep.join("f".repeat(length)), "").unwrap();
        }
        let listing = list(folder.path()).unwrap();
        assert_eq!(listing.objects.keys().map(String::len).collect::<Vec<_>>(), [1023, 1024]);
        assert_eq!(listing.unnamed.len(), 1);
    }

    #[test]
    fn another_file_in_its_place_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "1").unwrap();
        fs::write(&b, "2").unwrap();
        let time = fs::metadata(&a).unwrap().modified().unwrap();
        fs::File::options().write(true).open(&b).unwrap().set_modified(time).unwrap();
        let before = list(folder.path()).unwrap();
        assert_eq!(before, list(folder.path()).unwrap());
        fs::rename(&b, &a).unwrap();
        let after = list(folder.path()).unwrap();
        assert_eq!(after.objects.len(), 1);
        #[cfg(unix)]
        assert_ne!(after.objects["a"], before.objects["a"]);
        assert!(list(&b).is_err() && identity(&a).is_err() && identity(folder.path()).is_ok());
    }
}
