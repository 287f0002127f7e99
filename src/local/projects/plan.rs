//! What a project asks the engine for, read and resolved, before anything is made of it.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Map, Value};

use super::Warning;
use crate::local::triggers::Trigger;

/// Everything that one folder or template asks for. It has no `Debug`: environment values are in it.
#[derive(Default)]
pub(in crate::local) struct Plan {
    pub functions: Vec<FunctionPlan>,
    pub layers: Vec<LayerPlan>,
    pub versions: Vec<VersionPlan>,
    pub aliases: Vec<AliasPlan>,
    pub event_configs: Vec<EventConfigPlan>,
    pub permissions: Vec<PermissionPlan>,
    pub urls: Vec<FunctionUrl>,
    pub triggers: Vec<Trigger>,
    pub warnings: Vec<Warning>,
}

/// A function.
pub(in crate::local) struct FunctionPlan {
    pub name: String,
    /// Line in the template.
    pub line: Option<usize>,
    /// Members of CreateFunction and UpdateFunctionConfiguration.
    pub settings: Map<String, Value>,
    pub code: Source,
    pub architecture: String,
    /// ARNs of layer versions. Those of the template's own layers have version 1 until they are published.
    pub layers: Vec<String>,
    pub tags: BTreeMap<String, String>,
    /// `ReservedConcurrentExecutions`.
    pub reserved: Option<i64>,
    /// `AutoPublishAlias`.
    pub alias: Option<String>,
    /// Provisioned concurrency of that alias.
    pub provisioned: Option<i64>,
}

/// Where code comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) enum Source {
    /// A folder, without these folders in it, which are others' business.
    Folder { root: PathBuf, without: Vec<PathBuf> },
    /// A zip.
    Zip(PathBuf),
    /// One file whose text stands in the template.
    Inline { file: &'static str, text: String },
}

/// A layer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct LayerPlan {
    pub name: String,
    pub line: usize,
    /// The ARN that functions of the template name it by.
    pub arn: String,
    pub code: Source,
    pub description: Option<String>,
    pub runtimes: Vec<String>,
    pub license: Option<String>,
}

/// A version to publish (`AWS::Lambda::Version`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct VersionPlan {
    /// Logical id.
    pub id: String,
    pub line: usize,
    pub function: String,
    pub description: Option<String>,
}

/// An alias (`AWS::Lambda::Alias`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct AliasPlan {
    pub name: String,
    pub line: usize,
    pub function: String,
    pub version: VersionRef,
    pub description: Option<String>,
    pub provisioned: Option<i64>,
}

/// The version that an alias names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) enum VersionRef {
    /// A [`VersionPlan`] by its logical id.
    Planned(String),
    Known(String),
}

/// Settings of asynchronous invocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct EventConfigPlan {
    pub function: String,
    pub qualifier: Option<String>,
    pub line: usize,
    /// PutFunctionEventInvokeConfig's body.
    pub settings: Map<String, Value>,
}

/// A statement of a function's policy (`AWS::Lambda::Permission`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct PermissionPlan {
    pub function: String,
    /// Alias or version, where it is one's.
    pub qualifier: Option<String>,
    pub line: usize,
    /// AddPermission's body.
    pub statement: Map<String, Value>,
}

/// A function URL that a template asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionUrl {
    /// Function name.
    pub function: String,
    /// Alias, where it is one's.
    pub qualifier: Option<String>,
    /// `NONE` or `AWS_IAM`.
    pub auth_type: String,
    /// Whether everybody is given the permission with it, as SAM does where the `AuthType` is `NONE`.
    pub public: bool,
    /// `BUFFERED` or `RESPONSE_STREAM`.
    pub invoke_mode: Option<String>,
    /// `Cors`, as CreateFunctionUrlConfig takes it.
    pub cors: Option<Value>,
    /// Line in the template.
    pub line: usize,
}

impl Plan {
    /// Notes what can't be done.
    pub fn warn(&mut self, path: &std::path::Path, line: impl Into<Option<usize>>, text: impl Into<String>) {
        self.warnings.push(Warning { path: path.to_owned(), line: line.into(), text: text.into() });
    }
}
