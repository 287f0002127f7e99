//! Where zips are: while the engine runs in its temporary folder, with `--persist` in files named by their hash.
//!
//! A record names a zip by its hash. It is written, and on the disk, before any record that names it is noted; what no
//! record names is removed at the next start.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tempfile::TempPath;

use super::code::Zip;
use crate::local::auth::hex;

/// What the names of files that are being written begin with.
const UNFINISHED: &str = ".lambdeck-unfinished-";

/// The folders for code.
#[derive(Clone, Debug)]
pub(in crate::local) struct Shelf {
    /// The engine's temporary folder: zips are unpacked there.
    pub root: PathBuf,
    /// Where zips are kept across restarts.
    pub kept: Option<PathBuf>,
}

/// A zip's file.
#[derive(Debug)]
pub(super) enum ZipFile {
    /// It goes with its last user.
    Temporary(TempPath),
    Kept(PathBuf),
}

impl ZipFile {
    pub fn path(&self) -> &Path {
        match self {
            Self::Temporary(path) => path,
            Self::Kept(path) => path,
        }
    }
}

impl Shelf {
    /// Writes a zip as it came. It blocks; where zips are kept, until the disk has it.
    pub(super) fn put(&self, bytes: &[u8], sha256: &[u8; 32]) -> io::Result<ZipFile> {
        let Some(kept) = &self.kept else {
            let mut file = tempfile::Builder::new().prefix("code-").suffix(".zip").tempfile_in(&self.root)?;
            file.write_all(bytes)?;
            return Ok(ZipFile::Temporary(file.into_temp_path()));
        };
        let path = kept.join(file_name(sha256));
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(kept)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        // The name, too, must be on the disk.
        File::open(kept)?.sync_all()?;
        Ok(ZipFile::Kept(path))
    }

    /// Reads records that hold zips. Zips are not opened before they are needed: one that is missing or damaged is its
    /// function's trouble alone.
    pub(super) fn reading<T>(&self, read: impl FnOnce() -> T) -> (T, Named) {
        let reader = Reader { shelf: self.clone(), zips: HashMap::new() };
        let before = READER.replace(Some(reader));
        let result = read();
        let reader = READER.replace(before);
        (result, Named(reader.map(|reader| reader.zips.into_keys().collect()).unwrap_or_default()))
    }

    /// Removes the kept files that no record names. It blocks.
    pub(super) fn tidy(&self, named: &Named) {
        let Some(Ok(entries)) = self.kept.as_ref().map(fs::read_dir) else { return };
        let named: HashSet<String> = named.0.iter().map(file_name).collect();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let of_ours = |name: &str| name.starts_with(UNFINISHED) || is_file_name(name);
            if name.to_str().is_some_and(|name| of_ours(name) && !named.contains(name))
                && let Err(error) = fs::remove_file(entry.path())
            {
                tracing::debug!(%error, "an old zip stays");
            }
        }
    }
}

/// The zips that records name.
#[derive(Debug)]
pub(super) struct Named(Vec<[u8; 32]>);

fn file_name(sha256: &[u8; 32]) -> String {
    format!("{}.zip", hex(sha256))
}

fn is_file_name(name: &str) -> bool {
    let path = Path::new(name);
    path.extension() == Some(OsStr::new("zip"))
        && path.file_stem().and_then(OsStr::to_str).is_some_and(|stem| {
            stem.len() == 64
                && stem.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        })
}

/// What a record says of a zip.
#[derive(Serialize, Deserialize)]
struct Record {
    sha256: [u8; 32],
    size: usize,
    unzipped: u64,
}

struct Reader {
    shelf: Shelf,
    /// Many versions share one.
    zips: HashMap<[u8; 32], Arc<Zip>>,
}

thread_local! {
    /// Set while records are read: serde hands nothing down to the values within a record.
    static READER: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

/// `#[serde(with = "shelf::zip")]` for an `Arc<Zip>`. Such records are read within [`Shelf::reading`].
pub(super) mod zip {
    use serde::de::Error as _;

    use super::{
        Arc, Deserialize as _, Deserializer, READER, Record, Serialize as _, Serializer, Zip, ZipFile,
        file_name,
    };

    pub fn serialize<S: Serializer>(zip: &Arc<Zip>, serializer: S) -> Result<S::Ok, S::Error> {
        Record { sha256: zip.sha256, size: zip.size, unzipped: zip.unzipped() }.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Zip>, D::Error> {
        let record = Record::deserialize(deserializer)?;
        READER.with_borrow_mut(|reader| {
            let reader = reader.as_mut().ok_or_else(|| D::Error::custom("no shelf is being read"))?;
            let kept = reader.shelf.kept.as_ref();
            let kept = kept.ok_or_else(|| D::Error::custom("nothing is kept on this shelf"))?;
            let zip = reader.zips.entry(record.sha256).or_insert_with(|| {
                let file = ZipFile::Kept(kept.join(file_name(&record.sha256)));
                let root = &reader.shelf.root;
                Arc::new(Zip::kept(record.sha256, record.size, record.unzipped, file, root))
            });
            Ok(Arc::clone(zip))
        })
    }
}
