//! Runtime management and recursion settings.

use std::sync::Arc;

use super::{Lambda, error::Error, operations::Operation};
use crate::local::http::{Answer, Request};

/// `RuntimeManagementConfig` where it is not `Auto`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct RuntimeManagement {
    /// `FunctionUpdate` or `Manual`.
    pub update_on: String,
    /// The ARN of the runtime version, for `Manual`.
    pub version_arn: Option<String>,
}

impl Lambda {
    pub(super) fn put_runtime_management_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_runtime_management_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn put_function_recursion_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_function_recursion_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }
}
