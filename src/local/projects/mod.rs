//! Functions from the user's own folders: a folder with a handler, or a SAM / CloudFormation template.
//!
//! - `folder`: a folder with a handler in it
//! - `tree`, `intrinsics`, `references`, `globals`: a template's text, and its values without functions in them
//! - `template`, `functions`, `events`, `resources`: what a template asks for, as a `plan`
//! - `pack`, `packages`: code as a zip, whether it has changed, and what it needs before it can run
//!
//! Nothing here changes the engine: what is read becomes a plan, which `lambda::projects` carries out and keeps up
//! with the files.

use std::{
    fmt,
    path::{Path, PathBuf},
};

mod events;
mod folder;
mod functions;
mod globals;
mod intrinsics;
mod pack;
mod packages;
mod plan;
mod references;
mod resources;
mod template;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use folder::Interpreters;
pub(super) use pack::{Look, Package, look, package};
pub use plan::FunctionUrl;
pub(super) use plan::{FunctionPlan, LayerPlan, Plan, Source, VersionRef};

use super::{lambda::names::Place, triggers::Trigger};

/// The folder beside a template that holds its buckets, each a folder.
const BUCKETS: &str = "buckets";

/// Something in a project that the engine can't do, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The template or folder.
    pub path: PathBuf,
    /// Line in the template, from 1; none where it is about the whole.
    pub line: Option<usize>,
    /// What is not done, why, and what to do.
    pub text: String,
}

/// `template.yaml:12: text`.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, &self.path, self.line, None)?;
        f.write_str(&self.text)
    }
}

/// Why a folder or template is no project at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectError {
    /// The folder, template or file in it.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Column, from 1, in characters.
    pub column: Option<usize>,
    /// What is wrong, and how to mend it.
    pub text: String,
}

/// `template.yaml:12:5: text`.
impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, &self.path, self.line, self.column)?;
        f.write_str(&self.text)
    }
}

impl std::error::Error for ProjectError {}

fn place(f: &mut fmt::Formatter<'_>, path: &Path, line: Option<usize>, column: Option<usize>) -> fmt::Result {
    write!(f, "{}", path.display())?;
    for number in [line, column].into_iter().flatten() {
        write!(f, ":{number}")?;
    }
    f.write_str(": ")
}

/// What came of the projects that an engine was started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// What can't be done.
    pub warnings: Vec<Warning>,
    /// What invokes functions by itself.
    pub triggers: Vec<Trigger>,
    /// Function URLs.
    pub urls: Vec<FunctionUrl>,
}

/// What a path given by the user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Project {
    /// A folder with a handler.
    Folder(PathBuf),
    /// A template.
    Template(PathBuf),
}

impl Project {
    /// Finds out what a path is.
    ///
    /// # Errors
    /// When it is not there, or a file that is no template.
    pub fn find(path: &Path) -> Result<Self, ProjectError> {
        let error = |text: String| ProjectError { path: path.to_owned(), line: None, column: None, text };
        let found = std::fs::metadata(path).map_err(|failed| error(format!("it can't be read: {failed}")))?;
        if found.is_dir() {
            return Ok(match folder::template(path) {
                Some(template) => Self::Template(template),
                None => Self::Folder(path.to_owned()),
            });
        }
        let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default().to_ascii_lowercase();
        if matches!(extension.as_str(), "yaml" | "yml" | "json") {
            return Ok(Self::Template(path.to_owned()));
        }
        Err(error(
            "it is neither a folder nor a template (.yaml, .yml, .json): name the function's folder"
                .to_owned(),
        ))
    }

    /// The template's text; nothing where there is none. Blocks.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn text(&self) -> Result<String, ProjectError> {
        let Self::Template(path) = self else { return Ok(String::new()) };
        let error = |text: String| ProjectError { path: path.clone(), line: None, column: None, text };
        let read = || -> std::io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            // One more than may be, so that the refusal can say so.
            let limit = tree::MAX_BYTES as u64 + 1;
            std::io::Read::read_to_end(
                &mut std::io::Read::take(std::fs::File::open(path)?, limit),
                &mut bytes,
            )?;
            Ok(bytes)
        };
        let bytes = read().map_err(|failed| error(format!("it can't be read: {failed}")))?;
        String::from_utf8(bytes).map_err(|_| error("it is no text in UTF-8".to_owned()))
    }

    /// Reads what it asks for. Blocks.
    ///
    /// # Errors
    /// A [`ProjectError`].
    pub fn plan(
        &self,
        text: &str,
        place: &Place,
        interpreters: &Interpreters,
        without: &[PathBuf],
    ) -> Result<Plan, ProjectError> {
        match self {
            Self::Folder(path) => folder::read(path, interpreters, without),
            Self::Template(path) => template::read(path, text, place, without),
        }
    }

    /// The folder or template.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Template(path) => path,
        }
    }
}
