//! Code as a zip, and whether it has changed since.

use std::{
    fs,
    io::{self, Cursor, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Component, Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::plan::Source;
use crate::local::exec::MAX_UNZIPPED_BYTES;

/// What is nobody's code. A path given by the user is taken as it is; this holds for what lies in it.
const IGNORED: [&str; 6] = [".git", ".aws-sam", "__pycache__", ".venv", "venv", ".DS_Store"];
/// The same below a folder of that name.
const IGNORED_BELOW: (&str, &str) = ("node_modules", ".cache");
/// Files in one folder of code, at most: a folder with more is somebody's whole disk.
const MAX_FILES: usize = 200_000;
/// How far the time stamps of a file system lag behind, in nanoseconds: within it, a second change shows in none.
const GRAIN_NS: i128 = 100_000_000;
/// The same where they are whole seconds.
const COARSE_GRAIN_NS: i128 = 2_000_000_000;
/// Nobody waits for a small zip on their own machine.
const COMPRESSION: i64 = 1;

/// Why a folder is no package.
#[derive(Debug, thiserror::Error)]
pub(in crate::local) enum PackError {
    /// Over AWS's limit.
    #[error(
        "{} holds more than 250 MB, which a function may have at most (largest: {largest}): move what it does not need \
         out of it, or name a smaller folder as CodeUri",
        root.display()
    )]
    TooLarge { root: PathBuf, largest: String },
    /// It looks like no code at all.
    #[error("{} holds more than {MAX_FILES} files: name the folder of the function itself", .0.display())]
    TooMany(PathBuf),
    /// It is a folder of the engine's own, or a bucket's.
    #[error("{} is where the engine itself writes, or a bucket's folder: choose another folder for one of them", .0.display())]
    Private(PathBuf),
    /// It can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl PackError {
    /// Whether something went away while it was read.
    fn is_gone(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// What a folder was like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct Look {
    digest: [u8; 32],
    /// Something had changed just before: another change at once might not show.
    recent: bool,
}

impl Look {
    /// Whether nothing can have changed between an earlier look and this one.
    pub fn is_same(&self, earlier: &Self) -> bool {
        !earlier.recent && self.digest == earlier.digest
    }
}

/// A zip, and what it was made of.
pub(in crate::local) struct Package {
    pub zip: Vec<u8>,
    /// Taken before the files were read: what changed meanwhile shows in the next one.
    pub look: Look,
    /// Links that lead out of the folder, which are left out.
    pub left_out: Vec<PathBuf>,
}

struct Entry {
    /// With `/` between its parts.
    name: String,
    path: PathBuf,
    mode: u32,
    size: u64,
    link: bool,
}

struct Listing {
    entries: Vec<Entry>,
    look: Look,
    left_out: Vec<PathBuf>,
}

/// Looks whether code has changed, without reading it. Blocks.
///
/// # Errors
/// A [`PackError`].
pub(in crate::local) fn look(source: &Source) -> Result<Look, PackError> {
    Ok(list(source)?.look)
}

/// Makes the zip: the same bytes for the same files, whenever and in whatever order they came. Blocks.
///
/// # Errors
/// A [`PackError`].
pub(in crate::local) fn package(source: &Source) -> Result<Package, PackError> {
    // Editors and builds write files under names that are gone again at once.
    let mut tries = 0;
    loop {
        tries += 1;
        match package_once(source) {
            Err(error) if error.is_gone() && tries < 5 => {}
            done => return done,
        }
    }
}

fn package_once(source: &Source) -> Result<Package, PackError> {
    let listing = list(source)?;
    let root = match source {
        Source::Zip(path) => {
            let zip = fs::read(path).map_err(|error| failed(path, error))?;
            return Ok(Package { zip, look: listing.look, left_out: Vec::new() });
        }
        Source::Inline { file, .. } => Path::new(*file),
        Source::Folder { root, .. } => root,
    };
    let total: u64 = listing.entries.iter().map(|entry| entry.size).sum();
    if total > MAX_UNZIPPED_BYTES {
        return Err(PackError::TooLarge { root: root.to_owned(), largest: largest(&listing.entries) });
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(COMPRESSION))
        .last_modified_time(zip::DateTime::default());
    let written = |error: zip::result::ZipError| failed(root, error.into());
    for entry in &listing.entries {
        let options = options.unix_permissions(entry.mode);
        if entry.link {
            let target = fs::read_link(&entry.path).map_err(|error| failed(&entry.path, error))?;
            zip.add_symlink(entry.name.as_str(), target.to_string_lossy(), options).map_err(written)?;
            continue;
        }
        let bytes = match source {
            Source::Inline { text, .. } => text.as_bytes().to_vec(),
            _ => fs::read(&entry.path).map_err(|error| failed(&entry.path, error))?,
        };
        zip.start_file(entry.name.as_str(), options).map_err(written)?;
        zip.write_all(&bytes).map_err(|error| failed(root, error))?;
    }
    let zip = zip.finish().map_err(written)?.into_inner();
    Ok(Package { zip, look: listing.look, left_out: listing.left_out })
}

fn failed(path: &Path, source: io::Error) -> PackError {
    PackError::Io { path: path.to_owned(), source }
}

/// The part of a folder that takes most room, as a hint.
fn largest(entries: &[Entry]) -> String {
    let mut sizes = std::collections::BTreeMap::<&str, u64>::new();
    for entry in entries {
        *sizes.entry(entry.name.split('/').next().unwrap_or_default()).or_default() += entry.size;
    }
    let largest = sizes.into_iter().max_by_key(|(_, size)| *size).unwrap_or_default();
    format!("{}, {} MB", largest.0, largest.1 / (1024 * 1024))
}

/// What goes into the stamp of a folder: enough that every change of a file shows in it.
struct Stamp {
    hasher: Sha256,
    began: i128,
    recent: bool,
}

impl Stamp {
    fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            hasher: Sha256::new(),
            began: i128::try_from(since.as_nanos()).unwrap_or_default(),
            recent: false,
        }
    }

    fn add(&mut self, name: &str, found: &fs::Metadata) {
        self.hasher.update(name.as_bytes());
        self.hasher.update([0]);
        for number in [found.ino(), found.size(), u64::from(found.mode())] {
            self.hasher.update(number.to_le_bytes());
        }
        for number in [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()] {
            self.hasher.update(number.to_le_bytes());
        }
        // The time of the last change of anything about the file, which nobody can set.
        let changed = i128::from(found.ctime()) * 1_000_000_000 + i128::from(found.ctime_nsec());
        let grain = if found.ctime_nsec() == 0 { COARSE_GRAIN_NS } else { GRAIN_NS };
        self.recent |= changed + grain > self.began;
    }

    fn finish(self) -> Look {
        Look { digest: self.hasher.finalize().into(), recent: self.recent }
    }
}

fn list(source: &Source) -> Result<Listing, PackError> {
    let mut stamp = Stamp::new();
    match source {
        Source::Inline { file, text } => {
            let entry = Entry {
                name: (*file).to_owned(),
                path: PathBuf::new(),
                mode: 0o644,
                size: text.len() as u64,
                link: false,
            };
            stamp.hasher.update(text.as_bytes());
            Ok(Listing { entries: vec![entry], look: stamp.finish(), left_out: Vec::new() })
        }
        Source::Zip(path) => {
            let found = fs::metadata(path).map_err(|error| failed(path, error))?;
            stamp.add("", &found);
            Ok(Listing { entries: Vec::new(), look: stamp.finish(), left_out: Vec::new() })
        }
        Source::Folder { root, without } => list_folder(root, without, stamp),
    }
}

fn list_folder(root: &Path, without: &[PathBuf], mut stamp: Stamp) -> Result<Listing, PackError> {
    // Compared by what they are, since there are many ways to write one path.
    let without: Vec<(u64, u64)> =
        without.iter().filter_map(|path| fs::metadata(path).ok()).map(|it| (it.dev(), it.ino())).collect();
    if fs::metadata(root).is_ok_and(|meta| without.contains(&(meta.dev(), meta.ino()))) {
        return Err(PackError::Private(root.to_owned()));
    }
    let mut entries = Vec::new();
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let below = folder.file_name().is_some_and(|name| name == IGNORED_BELOW.0);
        for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
            let entry = entry.map_err(|error| failed(&folder, error))?;
            let file_name = entry.file_name();
            let Some(name) = file_name.to_str() else { continue };
            if IGNORED.contains(&name) || (below && name == IGNORED_BELOW.1) {
                continue;
            }
            let path = entry.path();
            let meta = match entry.metadata() {
                Ok(meta) => meta,
                // It went away between its name and this.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(&path, error)),
            };
            let name = format!("{prefix}{name}");
            if meta.is_dir() {
                if !without.contains(&(meta.dev(), meta.ino())) {
                    folders.push((path, format!("{name}/")));
                }
                continue;
            }
            if !meta.is_file() && !meta.is_symlink() {
                continue;
            }
            if found.len() >= MAX_FILES {
                return Err(PackError::TooMany(root.to_owned()));
            }
            let mode = if meta.is_symlink() { 0o777 } else { meta.permissions().mode() & 0o777 };
            let size = if meta.is_file() { meta.size() } else { 0 };
            found.push((Entry { name, path, mode, size, link: meta.is_symlink() }, meta));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let mut left_out = Vec::new();
    for (entry, meta) in found {
        stamp.add(&entry.name, &meta);
        if entry.link && !leads_inside(root, &entry) {
            left_out.push(entry.path);
        } else {
            entries.push(entry);
        }
    }
    Ok(Listing { entries, look: stamp.finish(), left_out })
}

/// Whether a link is relative and leads to something in the folder.
fn leads_inside(root: &Path, entry: &Entry) -> bool {
    let (Ok(target), Ok(root), Ok(real)) =
        (fs::read_link(&entry.path), root.canonicalize(), entry.path.canonicalize())
    else {
        return false;
    };
    let mut depth = entry.name.matches('/').count();
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    real.starts_with(&root)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{Cursor, Read as _},
        os::unix::fs::{PermissionsExt as _, symlink},
        path::Path,
    };

    use super::{PackError, Source, look, package};

    fn folder(root: &Path) -> Source {
        Source::Folder { root: root.to_owned(), without: vec![root.join("buckets")] }
    }

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn names(zip: Vec<u8>) -> Vec<String> {
        let archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        archive.file_names().map(str::to_owned).collect()
    }

    #[test]
    fn a_folder_that_the_engine_writes_to_is_no_code() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "app.py", "");
        let source = Source::Folder { root: root.path().to_owned(), without: vec![root.path().join(".")] };
        assert!(matches!(package(&source), Err(PackError::Private(_))));
    }

    #[test]
    fn a_folder_is_packed_without_what_is_no_code() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for name in ["b.py", "a/x.txt", ".git/config", "a/__pycache__/x.pyc", ".venv/bin/python", "venv/x"] {
            write(root, name, name);
        }
        for name in [
            "node_modules/.cache/x",
            "node_modules/p/index.js",
            ".aws-sam/build/x",
            ".DS_Store",
            "buckets/in/x",
        ] {
            write(root, name, name);
        }
        fs::set_permissions(root.join("b.py"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("b.py", root.join("link")).unwrap();
        symlink("/etc/passwd", root.join("outside")).unwrap();
        symlink("../../x", root.join("a/climbs")).unwrap();
        let made = package(&folder(root)).unwrap();
        assert_eq!(made.left_out.len(), 2);
        let mut archive = zip::ZipArchive::new(Cursor::new(&made.zip)).unwrap();
        let mut text = String::new();
        let mut file = archive.by_name("b.py").unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), file.unix_mode().unwrap() & 0o777), ("b.py", 0o755));
        drop(file);
        assert!(archive.by_name("link").unwrap().is_symlink());
        assert_eq!(names(made.zip.clone()), ["a/x.txt", "b.py", "link", "node_modules/p/index.js"]);

        // The same files make the same bytes, whenever they were written.
        let other = tempfile::tempdir().unwrap();
        write(other.path(), "node_modules/p/index.js", "node_modules/p/index.js");
        write(other.path(), "b.py", "b.py");
        fs::set_permissions(other.path().join("b.py"), fs::Permissions::from_mode(0o755)).unwrap();
        write(other.path(), "a/x.txt", "a/x.txt");
        symlink("b.py", other.path().join("link")).unwrap();
        assert!(package(&folder(other.path())).unwrap().zip == made.zip);
        // What is ignored within a path may be the path itself.
        let inner = package(&folder(&root.join(".aws-sam/build"))).unwrap();
        assert_eq!(names(inner.zip), ["x"]);
    }

    #[test]
    fn every_change_shows() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "a.py", "1");
        let source = folder(root.path());
        let first = look(&source).unwrap();
        assert!(first.recent, "another change might fall into the same tick");
        assert!(!look(&source).unwrap().is_same(&first));
        let settled = super::Look { recent: false, ..first };
        assert!(look(&source).unwrap().is_same(&settled));
        let changes: [&dyn Fn(); 5] = [
            &|| write(root.path(), "b.py", ""),
            &|| fs::rename(root.path().join("b.py"), root.path().join("c.py")).unwrap(),
            &|| fs::set_permissions(root.path().join("c.py"), fs::Permissions::from_mode(0o700)).unwrap(),
            &|| fs::remove_file(root.path().join("c.py")).unwrap(),
            &|| {
                // The same length, by another file that takes its place.
                write(root.path(), "new", "2");
                fs::rename(root.path().join("new"), root.path().join("a.py")).unwrap();
            },
        ];
        for change in changes {
            let before = super::Look { recent: false, ..look(&source).unwrap() };
            change();
            assert!(!look(&source).unwrap().is_same(&before));
        }
    }

    #[test]
    fn a_folder_that_is_too_large_is_refused_before_it_is_read() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "app.py", "");
        fs::create_dir(root.path().join("model")).unwrap();
        let file = fs::File::create(root.path().join("model/weights")).unwrap();
        // A hole: it takes no room on the disk.
        file.set_len(super::MAX_UNZIPPED_BYTES + 1).unwrap();
        let error = package(&folder(root.path())).err().unwrap();
        assert!(
            matches!(error, PackError::TooLarge { .. }) && error.to_string().contains("model, 250 MB"),
            "{error}"
        );
    }
}
