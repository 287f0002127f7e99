//! Permissions: who may invoke a function, as resource policies say it.

use std::sync::Arc;

use super::{Lambda, error::Error, operations::Operation};
use crate::local::http::{Answer, Request};

/// A resource policy.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Policy {
    /// The statements, as they are shown.
    pub statements: Vec<serde_json::Value>,
    /// Changes with every change.
    pub revision_id: String,
}

impl Lambda {
    pub(super) fn add_permission(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn remove_permission(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_policy(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }
}
