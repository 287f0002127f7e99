//! Unpacking a function's zip, which comes from outside and is not trusted.

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{self, Cursor, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;
use zip::ZipArchive;

use super::CodeFolder;

/// What a function's code may take when it is unpacked, layers included: 250 MB.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const MAX_UNZIPPED_BYTES: u64 = 250 * 1024 * 1024;

/// Symbolic links followed while one path is resolved, as in Linux.
const MAX_LINKS_FOLLOWED: u32 = 40;

/// Type bits of a Unix mode and the types that a zip may hold.
const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;

/// Why a zip was refused. The texts of the first three are AWS's own.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// Not a zip, or a damaged one.
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    NotAZip,
    /// A zip without a file in it.
    #[error("Uploaded file must be a non-empty zip")]
    Empty,
    /// Over [`MAX_UNZIPPED_BYTES`].
    #[error("Unzipped size must be smaller than 262144000 bytes")]
    TooLarge,
    /// An entry that would be written, or points, outside the function's folder, or that is no plain file, folder
    /// or link.
    #[error("The zip's entry {name:?} is refused: {why}")]
    Refused {
        /// The entry's name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What was kept is no longer what it was.
    #[error("The function's code is lost: its zip, {}, {why}. Upload the code again", file.display())]
    Lost {
        /// The zip.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The disk did not take it.
    #[error("The code could not be unpacked: {0}")]
    Io(#[from] io::Error),
}

impl CodeFolder {
    /// Unpacks `zip` into a new folder under `root`, keeping permission bits (set-user-id and the like excepted).
    ///
    /// It blocks: call it where that is allowed. Nothing is left behind when it fails.
    ///
    /// # Errors
    /// A [`CodeError`] for what is not a zip, is too large, or holds entries that reach out of the folder.
    pub fn unpack(zip: &[u8], root: &Path) -> Result<Self, CodeError> {
        let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|_| CodeError::NotAZip)?;
        let plan = Plan::of(&mut archive)?;
        let folder = tempfile::Builder::new().prefix("code-").tempdir_in(root)?;
        let size = plan.write(&mut archive, folder.path(), MAX_UNZIPPED_BYTES)?;
        Ok(Self { path: folder.path().to_owned(), size, _guard: Some(folder), later: None })
    }

    /// A folder under `root` that the zip in `file` is unpacked into once it is needed: see [`CodeFolder::ready`].
    /// `sha256` and `size` are those of the zip and of what is in it.
    #[must_use]
    pub fn later(file: PathBuf, sha256: [u8; 32], size: u64, root: &Path) -> Self {
        let name = format!("code-{}", Uuid::new_v4().simple());
        let later = Later { file, sha256, root: root.to_owned(), name, unpacked: OnceCell::new() };
        Self { path: root.join(&later.name), size, _guard: None, later: Some(later) }
    }

    /// Returns once the code is in the folder. Whoever uses the folder awaits this first.
    ///
    /// # Errors
    /// [`CodeError::Lost`] where the kept zip is missing or damaged, and what [`CodeFolder::unpack`] says. The next call
    /// tries again.
    pub async fn ready(&self) -> Result<(), CodeError> {
        let Some(later) = &self.later else { return Ok(()) };
        let unpack = || async {
            let (file, sha256) = (later.file.clone(), later.sha256);
            let (root, name) = (later.root.clone(), later.name.clone());
            let unpacked = tokio::task::spawn_blocking(move || unpack_kept(file, sha256, &root, &name)).await;
            unpacked.unwrap_or_else(|error| Err(CodeError::Io(io::Error::other(error))))
        };
        later.unpacked.get_or_try_init(unpack).await.map(drop)
    }
}

/// A zip that is not unpacked before it is needed.
#[derive(Debug)]
pub(super) struct Later {
    file: PathBuf,
    sha256: [u8; 32],
    root: PathBuf,
    /// Of the folder in `root`.
    name: String,
    unpacked: OnceCell<TempDir>,
}

fn unpack_kept(file: PathBuf, sha256: [u8; 32], root: &Path, name: &str) -> Result<TempDir, CodeError> {
    let zip = match fs::read(&file) {
        Ok(zip) => zip,
        Err(error) => return Err(CodeError::Lost { file, why: format!("can't be read: {error}") }),
    };
    if <[u8; 32]>::from(Sha256::digest(&zip)) != sha256 {
        return Err(CodeError::Lost { file, why: "is damaged".to_owned() });
    }
    let mut archive = ZipArchive::new(Cursor::new(zip.as_slice())).map_err(|_| CodeError::NotAZip)?;
    let plan = Plan::of(&mut archive)?;
    let folder = tempfile::Builder::new().prefix(name).rand_bytes(0).tempdir_in(root)?;
    plan.write(&mut archive, folder.path(), MAX_UNZIPPED_BYTES)?;
    Ok(folder)
}

/// What a zip holds, checked as a whole before anything is written.
#[derive(Default)]
struct Plan {
    folders: Vec<(PathBuf, u32)>,
    /// Index in the archive, where to, permission bits.
    files: Vec<(usize, PathBuf, u32)>,
    links: HashMap<PathBuf, PathBuf>,
}

impl Plan {
    fn of(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<Self, CodeError> {
        let mut plan = Self::default();
        let mut seen = HashSet::new();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(|_| CodeError::NotAZip)?;
            let name = entry.name().to_owned();
            let refuse = |why| CodeError::Refused { name: name.clone(), why };
            let path = inside(&name).ok_or_else(|| refuse("it lies outside the folder"))?;
            if path.as_os_str().is_empty() {
                continue; // "./"
            }
            let mode = entry.unix_mode();
            let permissions = mode.map(|mode| mode & 0o777);
            let kind = match mode.map(|mode| mode & S_IFMT) {
                None | Some(0) if entry.is_dir() => S_IFDIR,
                None | Some(0) => S_IFREG,
                Some(kind) => kind,
            };
            match kind {
                // A folder that its owner can't enter could be neither filled nor removed.
                S_IFDIR => plan.folders.push((path, permissions.unwrap_or(0o755) | 0o700)),
                S_IFREG if !seen.insert(path.clone()) => return Err(refuse("it is there twice")),
                S_IFREG => plan.files.push((index, path, permissions.unwrap_or(0o644))),
                S_IFLNK => {
                    let mut target = String::new();
                    entry.by_ref().take(4096).read_to_string(&mut target).map_err(|_| CodeError::NotAZip)?;
                    plan.links.insert(path, PathBuf::from(target));
                }
                _ => return Err(refuse("it is neither a file, nor a folder, nor a link")),
            }
        }
        if plan.files.is_empty() && plan.links.is_empty() {
            return Err(CodeError::Empty);
        }
        plan.check_links()?;
        Ok(plan)
    }

    /// Every link must lead to a place inside the folder, whatever other links lie on its way, and nothing may be
    /// written through a link.
    fn check_links(&self) -> Result<(), CodeError> {
        let refuse = |path: &Path, why| CodeError::Refused { name: path.display().to_string(), why };
        for path in self.links.keys() {
            self.resolve(path).ok_or_else(|| refuse(path, "the link leads outside the folder"))?;
        }
        let written = self.files.iter().map(|(_, path, _)| path);
        for path in written.chain(self.folders.iter().map(|(path, _)| path)).chain(self.links.keys()) {
            if path.ancestors().skip(1).any(|parent| self.links.contains_key(parent)) {
                return Err(refuse(path, "a link is on its way"));
            }
        }
        for path in
            self.files.iter().map(|(_, path, _)| path).chain(self.folders.iter().map(|(path, _)| path))
        {
            if self.links.contains_key(path) {
                return Err(refuse(path, "it is there twice"));
            }
        }
        Ok(())
    }

    /// Where `path` leads when links are followed; `None` when that is outside, absolute or without an end.
    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let mut todo: Vec<PathBuf> = parts(path)?;
        let mut at = PathBuf::new();
        let mut followed = 0;
        while let Some(part) = todo.pop() {
            if part.as_os_str() == ".." {
                if !at.pop() {
                    return None;
                }
                continue;
            }
            at.push(part);
            if let Some(target) = self.links.get(&at) {
                followed += 1;
                if followed > MAX_LINKS_FOLLOWED {
                    return None;
                }
                at.pop();
                todo.extend(parts(target)?);
            }
        }
        Some(at)
    }

    /// Unpacks it; the bytes of its files.
    fn write(
        &self,
        archive: &mut ZipArchive<Cursor<&[u8]>>,
        root: &Path,
        limit: u64,
    ) -> Result<u64, CodeError> {
        let mut left = limit;
        for (path, _) in &self.folders {
            make_folder(&root.join(path))?;
        }
        for (index, path, mode) in &self.files {
            let to = root.join(path);
            if let Some(parent) = to.parent() {
                make_folder(parent)?;
            }
            let mut entry = archive.by_index(*index).map_err(|_| CodeError::NotAZip)?;
            // Whatever the header claims, this counts what really comes out.
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to)?;
            let written = io::copy(&mut entry.by_ref().take(left + 1), &mut file).map_err(damaged)?;
            left = left.checked_sub(written).ok_or(CodeError::TooLarge)?;
            file.set_permissions(fs::Permissions::from_mode(*mode))?;
        }
        for (path, target) in &self.links {
            let at = root.join(path);
            if let Some(parent) = at.parent() {
                make_folder(parent)?;
            }
            symlink(target, at)?;
        }
        for (path, mode) in &self.folders {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(*mode))?;
        }
        Ok(limit - left)
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// A damaged stream shows as an I/O error of these kinds; anything else is the disk's.
fn damaged(error: io::Error) -> CodeError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            CodeError::NotAZip
        }
        _ => CodeError::Io(error),
    }
}

/// An entry's name as a path inside the folder; `None` for one that is absolute or climbs out, or holds what no
/// sane name does.
fn inside(name: &str) -> Option<PathBuf> {
    if name.contains(['\0', '\\']) {
        return None;
    }
    let mut path = PathBuf::new();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// The parts of a relative path, last first; `None` for an absolute one.
fn parts(path: &Path) -> Option<Vec<PathBuf>> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(_) | Component::ParentDir => parts.push(PathBuf::from(part.as_os_str())),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    parts.reverse();
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(links: &[(&str, &str)]) -> Plan {
        let links = links.iter().map(|(at, to)| (PathBuf::from(at), PathBuf::from(to))).collect();
        Plan { links, ..Plan::default() }
    }

    #[test]
    fn a_link_is_resolved_through_other_links() {
        let inside = plan(&[("lib/now", "v1"), ("current", "lib/now/app")]);
        assert_eq!(inside.resolve(Path::new("current")), Some(PathBuf::from("lib/v1/app")));
        // Read as text, `sub/up/..` is `sub`; followed, it is the parent of the folder.
        let outside = plan(&[("sub/up", ".."), ("x", "sub/up/..")]);
        assert_eq!(outside.resolve(Path::new("x")), None);
        let absolute = plan(&[("x", "/etc/passwd")]);
        assert_eq!(absolute.resolve(Path::new("x")), None);
        let endless = plan(&[("a", "b"), ("b", "a")]);
        assert_eq!(endless.resolve(Path::new("a")), None);
    }

    #[test]
    fn what_comes_out_is_counted_whatever_the_headers_claim() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["one", "two"] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            io::Write::write_all(&mut zip, &vec![0; 60_000]).unwrap();
        }
        let mut bytes = zip.finish().unwrap().into_inner();
        let written = |bytes: &[u8], limit| {
            let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
            let plan = Plan::of(&mut archive).unwrap();
            plan.write(&mut archive, tempfile::tempdir().unwrap().path(), limit)
        };
        assert_eq!(written(&bytes, 120_000).ok(), Some(120_000));
        assert!(matches!(written(&bytes, 119_999), Err(CodeError::TooLarge)));
        // The uncompressed sizes in both directories.
        for (mark, at) in [(b"PK\x01\x02", 24), (b"PK\x03\x04", 22)] {
            let places: Vec<_> =
                bytes.windows(4).enumerate().filter(|(_, window)| window == mark).map(|(at, _)| at).collect();
            assert_eq!(places.len(), 2);
            for place in places {
                bytes[place + at..place + at + 4].fill(0);
            }
        }
        assert!(matches!(written(&bytes, 100_000), Err(CodeError::TooLarge)));
    }

    #[test]
    fn names_that_climb_out_are_no_paths_inside() {
        assert_eq!(inside("./a//b/"), Some(PathBuf::from("a/b")));
        for name in ["../a", "a/../../b", "/etc/passwd", "a\\..\\b", "a\0b"] {
            assert_eq!(inside(name), None, "{name}");
        }
    }
}
