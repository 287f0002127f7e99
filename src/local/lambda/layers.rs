//! Layers: published, listed, deleted, and shared by policies of their own.

use std::sync::Arc;

use super::{Lambda, error::Error, operations::Operation};
use crate::local::http::{Answer, Request};

/// A layer version that a function uses. It stays with the function when the layer version is deleted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct LayerUse {
    /// The layer version's ARN.
    pub arn: String,
    /// Bytes of its zip.
    pub size: usize,
}

impl Lambda {
    pub(super) fn publish_layer_version(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_layer_version(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_layer_version_by_arn(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn list_layer_versions(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn list_layers(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn delete_layer_version(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn add_layer_version_permission(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn remove_layer_version_permission(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }

    pub(super) fn get_layer_version_policy(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        Err(Error::not_implemented(operation.name))
    }
}
