//! Two functions, versions or aliases side by side. Values of variables are compared and not kept.

use super::name::FunctionRef;

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Profile; none: the session's own.
    pub profile: Option<String>,
    /// Region; none: the session's own, or the profile's.
    pub region: Option<String>,
    /// Function, with a version or an alias.
    pub function: FunctionRef,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The names of the two sides.
    pub titles: [String; 2],
    /// Row by row, aligned.
    pub rows: Vec<Row>,
}

/// One thing on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The group that it belongs to: `Configuration`, `Environment variables`, `Tags`.
    pub group: &'static str,
    /// Setting, variable or tag.
    pub name: String,
    /// What is on the left; none where it is not there. Values of variables are told by their length.
    pub left: Option<String>,
    /// What is on the right.
    pub right: Option<String>,
    /// Whether both are the same.
    pub equal: bool,
}
