//! A function's code: the zip as it came, for GetFunction, and its unpacked folder, for running.

use std::{path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{
    error::Error,
    shelf::{self, Shelf, ZipFile},
};
use crate::local::{auth::hex, exec::CodeFolder};

/// Most bytes of a zip.
pub(super) const ZIPPED_LIMIT: usize = 52_428_800;
/// Most bytes of a function unpacked.
pub(super) const UNZIPPED_LIMIT: usize = 262_144_000;

/// Code and the architecture it is for. Cheap to clone; the files go when the last clone goes, unless they are kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Code {
    pub architecture: String,
    package: Package,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
enum Package {
    Zip(#[serde(with = "shelf::zip")] Arc<Zip>),
    Image { uri: String, sha256: [u8; 32] },
}

/// A zip as it came, and unpacked.
#[derive(Debug)]
pub(super) struct Zip {
    pub sha256: [u8; 32],
    /// Bytes.
    pub size: usize,
    file: ZipFile,
    folder: Arc<CodeFolder>,
}

impl Zip {
    /// Checks and unpacks a zip. Blocks: call it from a blocking thread.
    ///
    /// # Errors
    /// When the zip is empty, too large, no zip, or unsafe to unpack.
    pub fn new(bytes: &[u8], shelf: &Shelf) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::invalid("Uploaded file must be a non-empty zip"));
        }
        if bytes.len() > ZIPPED_LIMIT {
            return Err(Error::entity_too_large(format!(
                "Zipped size must be smaller than {ZIPPED_LIMIT} bytes"
            )));
        }
        Self::of_any_size(bytes, shelf)
    }

    /// As [`Zip::new`], however large the zip itself is: AWS takes such by way of S3.
    fn of_any_size(bytes: &[u8], shelf: &Shelf) -> Result<Self, Error> {
        let folder =
            CodeFolder::unpack(bytes, &shelf.root).map_err(|error| Error::invalid(error.to_string()))?;
        let sha256 = Sha256::digest(bytes).into();
        let file = shelf.put(bytes, &sha256).map_err(|error| {
            tracing::warn!(%error, "a zip could not be written");
            let message = format!("The local engine could not write the zip to its folder: {error}");
            Error::new(500, "ServiceException", message)
        })?;
        Ok(Self { sha256, size: bytes.len(), file, folder: Arc::new(folder) })
    }

    /// A zip that was kept. It is unpacked under `root` when it is needed.
    pub fn kept(sha256: [u8; 32], size: usize, unzipped: u64, file: ZipFile, root: &Path) -> Self {
        let folder = CodeFolder::later(file.path().to_owned(), sha256, unzipped, root);
        Self { sha256, size, file, folder: Arc::new(folder) }
    }

    /// Bytes of its files.
    pub fn unzipped(&self) -> u64 {
        self.folder.size
    }
}

impl Zip {
    /// The zip as it came.
    pub fn file(&self) -> &Path {
        self.file.path()
    }

    /// The unpacked folder.
    pub fn folder(&self) -> Arc<CodeFolder> {
        Arc::clone(&self.folder)
    }
}

impl PartialEq for Package {
    fn eq(&self, other: &Self) -> bool {
        self.sha256() == other.sha256()
    }
}
impl Eq for Package {}

impl Package {
    fn sha256(&self) -> &[u8; 32] {
        match self {
            Self::Zip(zip) => &zip.sha256,
            Self::Image { sha256, .. } => sha256,
        }
    }
}

impl Code {
    /// Checks and unpacks a zip. Blocks: call it from a blocking thread.
    ///
    /// # Errors
    /// When the zip is empty, too large, no zip, or unsafe to unpack.
    pub fn zip(bytes: &[u8], architecture: String, shelf: &Shelf) -> Result<Self, Error> {
        Ok(Self { architecture, package: Package::Zip(Arc::new(Zip::new(bytes, shelf)?)) })
    }

    /// As [`Code::zip`], for a package that was made on this machine and need not fit a request.
    ///
    /// # Errors
    /// When the zip is no zip, holds more than a function may, or is unsafe to unpack.
    pub fn package(bytes: &[u8], architecture: String, shelf: &Shelf) -> Result<Self, Error> {
        Ok(Self { architecture, package: Package::Zip(Arc::new(Zip::of_any_size(bytes, shelf)?)) })
    }

    /// A container image, which the engine keeps but cannot run.
    pub fn image(uri: String, architecture: String) -> Self {
        let sha256 = Sha256::digest(uri.as_bytes()).into();
        Self { architecture, package: Package::Image { uri, sha256 } }
    }

    /// The image's address, where it is one.
    pub fn image_uri(&self) -> Option<&str> {
        match &self.package {
            Package::Image { uri, .. } => Some(uri),
            Package::Zip(_) => None,
        }
    }

    /// The unpacked folder of a zip.
    pub fn folder(&self) -> Option<Arc<CodeFolder>> {
        match &self.package {
            Package::Zip(zip) => Some(zip.folder()),
            Package::Image { .. } => None,
        }
    }

    /// The zip as it came.
    pub fn file(&self) -> Option<&Path> {
        match &self.package {
            Package::Zip(zip) => Some(zip.file()),
            Package::Image { .. } => None,
        }
    }

    /// Bytes of the zip; 0 for an image.
    pub fn size(&self) -> usize {
        match &self.package {
            Package::Zip(zip) => zip.size,
            Package::Image { .. } => 0,
        }
    }

    /// `CodeSha256`: base64 for a zip, hexadecimal for an image.
    pub fn sha256(&self) -> String {
        match &self.package {
            Package::Zip(zip) => STANDARD.encode(zip.sha256),
            Package::Image { .. } => self.sha256_hex(),
        }
    }

    /// The same hash in hexadecimal.
    pub fn sha256_hex(&self) -> String {
        hex(self.package.sha256())
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Shelf, ZIPPED_LIMIT};

    #[test]
    fn a_zip_must_be_one_and_have_50_mb_at_most() {
        let root = tempfile::tempdir().unwrap();
        let shelf = Shelf { root: root.path().to_owned(), kept: None };
        let refused = |bytes: &[u8]| Code::zip(bytes, "x86_64".into(), &shelf).unwrap_err().to_string();
        assert!(refused(b"").ends_with("Uploaded file must be a non-empty zip"));
        let zeros = vec![0; ZIPPED_LIMIT + 1];
        for size in [ZIPPED_LIMIT - 1, ZIPPED_LIMIT] {
            assert!(refused(&zeros[..size]).contains("Could not unzip uploaded file."));
        }
        assert!(
            refused(&zeros)
                .starts_with("RequestEntityTooLargeException: Zipped size must be smaller than 52428800")
        );
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
