//! Functions from the user's own folders: a folder with a handler, or a SAM / CloudFormation template.

use std::path::PathBuf;

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
