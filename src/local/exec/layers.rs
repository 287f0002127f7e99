//! Layers: what is `/opt` on AWS is a folder of the engine's own here.
//!
//! The layers of a function are put over each other in their order, a later one winning, and environments with the
//! same layers share the result. Its parts are where a runtime looks for them: `bin` on PATH, `lib` on
//! `LD_LIBRARY_PATH`, Python's and Node's modules on their paths, `bootstrap`, and `/opt/...` in the variables that
//! hold paths (see `variables`). Code that opens `/opt/...` by that name does not find it: a process without special
//! rights can't be given a root folder of its own. As with a function's code, nothing keeps a function from writing
//! there, which AWS does.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OnceCell;

use super::CodeFolder;

/// The stand-ins of `/opt` that are in use.
#[derive(Debug)]
pub(super) struct Opts {
    root: PathBuf,
    made: Mutex<HashMap<Vec<PathBuf>, Weak<OnceCell<CodeFolder>>>>,
}

/// A stand-in of `/opt`, whose folder goes with its last user.
#[derive(Debug)]
pub(super) struct Opt(Arc<OnceCell<CodeFolder>>);

impl Opt {
    /// The folder.
    pub(super) fn path(&self) -> Option<&Path> {
        self.0.get().map(|folder| folder.path.as_path())
    }

    /// The names of the programs in `/opt/extensions`, in order.
    pub(super) fn extensions(&self) -> Vec<String> {
        let folder = self.path().map(|path| path.join("extensions"));
        let entries = folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        let programs = entries.filter(|entry| {
            let metadata = fs::metadata(entry.path());
            metadata.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
        });
        let mut names: Vec<_> =
            programs.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Opts {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), made: Mutex::default() }
    }

    /// The stand-in for these layers, made where it is not there yet.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(super) async fn of(&self, layers: &[Arc<CodeFolder>]) -> io::Result<Opt> {
        let folders: Vec<PathBuf> = layers.iter().map(|layer| layer.path.clone()).collect();
        let cell = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.retain(|_, cell| cell.strong_count() > 0);
            if let Some(cell) = made.get(&folders).and_then(Weak::upgrade) {
                cell
            } else {
                let cell = Arc::default();
                made.insert(folders.clone(), Arc::downgrade(&cell));
                cell
            }
        };
        let root = self.root.clone();
        let make = || async { tokio::task::spawn_blocking(move || merge(&folders, &root)).await? };
        cell.get_or_try_init(make).await?;
        Ok(Opt(cell))
    }
}

/// Puts folders over each other in a new one. Blocks.
fn merge(folders: &[PathBuf], root: &Path) -> io::Result<CodeFolder> {
    let merged = tempfile::Builder::new().prefix("opt-").tempdir_in(root)?;
    for folder in folders {
        put_over(folder, merged.path())?;
    }
    Ok(CodeFolder { path: merged.path().to_owned(), size: 0, _guard: Some(merged), later: None })
}

/// What a folder holds, into another one: folders are united, anything else replaces what has its name. Nothing is
/// ever written through a link: every folder on the way is a real one.
fn put_over(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        let present = fs::symlink_metadata(&to).ok().map(|metadata| metadata.is_dir());
        match present {
            Some(true) if !kind.is_dir() => fs::remove_dir_all(&to)?,
            Some(false) => fs::remove_file(&to)?,
            Some(true) | None => {}
        }
        if kind.is_dir() {
            if present != Some(true) {
                fs::DirBuilder::new().mode(0o755).create(&to)?;
            }
            put_over(&from, &to)?;
            fs::set_permissions(&to, entry.metadata()?.permissions())?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
        } else if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> Arc<CodeFolder> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("-> ") {
                Some(target) => symlink(target, path).unwrap(),
                None => fs::write(path, text).unwrap(),
            }
        }
        Arc::new(CodeFolder { path: folder.path().to_owned(), size: 0, _guard: Some(folder), later: None })
    }

    #[tokio::test]
    async fn a_later_layer_wins_and_folders_are_united() {
        let root = tempfile::tempdir().unwrap();
        let below = folder(&[("lib/a", "below"), ("lib/b", "below"), ("x/y", "below"), ("z", "below")]);
        let above = folder(&[("lib/b", "above"), ("x", "above"), ("z/y", "above")]);
        let opts = Opts::new(root.path());
        let opt = opts.of(&[below.clone(), above.clone()]).await.unwrap();
        let read = |name: &str| fs::read_to_string(opt.path().unwrap().join(name)).unwrap();
        assert_eq!(
            [read("lib/a"), read("lib/b"), read("x"), read("z/y")],
            ["below", "above", "above", "above"]
        );
        let other = opts.of(&[above, below]).await.unwrap();
        assert_eq!(fs::read_to_string(other.path().unwrap().join("lib/b")).unwrap(), "below");
    }

    #[tokio::test]
    async fn nothing_is_written_through_a_link() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let link = format!("-> {}", outside.path().display());
        let below = folder(&[("out", &link), ("file", &link)]);
        let above = folder(&[("out/evil", "x"), ("file", "x"), ("inner", "-> out/evil")]);
        let opt = Opts::new(root.path()).of(&[below, above]).await.unwrap();
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        let path = opt.path().unwrap();
        assert_eq!(fs::read_to_string(path.join("inner")).unwrap(), "x");
        assert!(fs::symlink_metadata(path.join("out")).unwrap().is_dir());
    }

    #[tokio::test]
    async fn the_same_layers_share_a_folder_that_goes_with_its_last_user() {
        let root = tempfile::tempdir().unwrap();
        let layers = [folder(&[("a", "1")]), folder(&[("b", "2")])];
        let opts = Opts::new(root.path());
        let (one, two) = tokio::join!(opts.of(&layers), opts.of(&layers));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.path(), two.path());
        let count = || fs::read_dir(root.path()).unwrap().count();
        drop(one);
        assert_eq!(count(), 1);
        drop(two);
        assert_eq!(count(), 0);
        assert!(opts.of(&layers).await.unwrap().path().unwrap().join("b").exists());
    }
}
