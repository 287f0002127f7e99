//! Code signing configurations: stored.

use std::sync::Arc;

use super::{Lambda, error::Error, operations::Operation};
use crate::local::http::{Answer, Request};

impl Lambda {
    pub(super) fn create_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn update_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn delete_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn list_code_signing_configs(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn list_functions_by_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn put_function_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_function_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn delete_function_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }
}
