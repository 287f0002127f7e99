//! Function URLs: their configuration. What answers at them is in `local::urls`.

use std::sync::Arc;

use super::{Lambda, error::Error, operations::Operation};
use crate::local::http::{Answer, Request};

/// A function URL's configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct UrlConfig {
    /// 32 letters and digits: the first part of the host on AWS.
    pub id: String,
    /// `NONE` or `AWS_IAM`.
    pub auth_type: String,
}

impl Lambda {
    pub(super) fn create_function_url_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_function_url_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn update_function_url_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn delete_function_url_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn list_function_url_configs(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }
}
