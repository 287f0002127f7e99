//! Layers: published, listed, deleted, and shared by policies of their own.
//!
//! - `names`: the names, numbers and ARNs of requests
//! - `permissions`: the policies of versions
//! - `uses`: what functions have of layers
//!
//! Where AWS's answers are recorded, they are followed to the letter. Believed, but not recorded: the words for what
//! is not there (`The resource you requested does not exist.`), for numbers below 1, and for layers of other regions.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Lambda,
    code::Zip,
    error::Error,
    functions::{list_with, no_s3},
    names::Place,
    operations::Operation,
    shelf, state,
    validate::{self, Violations},
    wire::{self, CodeInput},
};
use crate::local::{
    auth::hex,
    exec::CodeFolder,
    http::{Answer, Request},
};
use names::Version;
use permissions::LayerPolicy;

mod names;
mod permissions;
mod uses;

pub(super) use uses::{LayerUse, check_unzipped};

/// Items on a page of a list, at most.
const MAX_ITEMS: i64 = 50;
/// Runtimes that a version may say it is for.
const MAX_RUNTIMES: usize = 15;
/// Architectures that a version may say it is for.
const MAX_ARCHITECTURES: usize = 2;

/// A layer's zip.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Content(#[serde(with = "shelf::zip")] Arc<Zip>);

impl Content {
    /// Bytes of the zip.
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// The unpacked folder.
    pub fn folder(&self) -> Arc<CodeFolder> {
        self.0.folder()
    }
}

/// A layer: its versions. It stays when the last one is deleted, since no number is used twice.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Layer {
    /// The highest number ever given.
    pub last_version: u64,
    pub versions: BTreeMap<u64, LayerVersion>,
}

/// A layer version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LayerVersion {
    pub description: String,
    pub license: Option<String>,
    pub runtimes: Option<Vec<String>>,
    pub architectures: Option<Vec<String>>,
    /// `2018-11-27T15:10:45.123+0000`
    pub created: String,
    pub content: Content,
    pub policy: Option<LayerPolicy>,
}

/// PublishLayerVersion.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PublishLayerVersion {
    pub description: Option<String>,
    pub content: Option<CodeInput>,
    pub compatible_architectures: Option<Vec<String>>,
    pub compatible_runtimes: Option<Vec<String>>,
    pub license_info: Option<String>,
}

/// What a list is asked for: the versions for a runtime, an architecture, or both.
struct Filter<'r> {
    runtime: Option<&'r str>,
    architecture: Option<&'r str>,
}

impl<'r> Filter<'r> {
    fn of(request: &'r Request) -> Result<Self, Error> {
        let (runtime, architecture) =
            (request.query("CompatibleRuntime"), request.query("CompatibleArchitecture"));
        let mut violations = Violations::default();
        violations.one_of(runtime, "compatibleRuntime", &validate::known_runtimes());
        violations.one_of(architecture, "compatibleArchitecture", &validate::ARCHITECTURES);
        violations.finish()?;
        Ok(Self { runtime, architecture })
    }

    fn lets(&self, version: &LayerVersion) -> bool {
        let has = |list: &Option<Vec<String>>, wanted: Option<&str>| {
            wanted.is_none_or(|wanted| list.iter().flatten().any(|it| it == wanted))
        };
        has(&version.runtimes, self.runtime) && has(&version.architectures, self.architecture)
    }
}

impl Lambda {
    pub(super) fn layers(&self) -> MutexGuard<'_, BTreeMap<String, Layer>> {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn publish_layer_version(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let given = operation.label();
        let mut input: PublishLayerVersion = wire::read(&request.body)?;
        let mut violations = Violations::default();
        names::check_name(given, &mut violations);
        check_model(&input, &mut violations);
        violations.finish()?;
        let name = names::resolve(self.place(), given)?;
        let content = input.content.take().unwrap_or_default();
        let Some(zip) = content.zip_file else {
            return Err(if content.s3_bucket.is_some() || content.s3_key.is_some() {
                no_s3()
            } else {
                Error::invalid("Please provide the layer's content as ZipFile.")
            });
        };
        let zip = STANDARD.decode(zip.as_bytes()).map_err(|_| {
            Error::content("Could not parse request body into json: ZipFile is no valid base64")
        })?;
        let (number, version) = self.publish_layer(&name, input, zip).await?;
        Ok(Answer::json(201, &self.shown_whole(&name, number, &version)))
    }

    /// Publishes a version of a layer, which is new where there is none of its name; its number, and what is kept.
    /// `input` is known to be valid; its `Content` is not looked at.
    ///
    /// # Errors
    /// When the zip is too large, no zip, or unsafe to unpack.
    pub(super) async fn publish_layer(
        self: &Arc<Self>,
        name: &str,
        input: PublishLayerVersion,
        zip: Vec<u8>,
    ) -> Result<(u64, LayerVersion), Error> {
        let root = self.setup.root.clone();
        let zip =
            tokio::task::spawn_blocking(move || Zip::new(&zip, &root)).await.unwrap_or_else(|error| {
                tracing::error!(%error, "unpacking a layer failed");
                Err(Error::new(500, "ServiceException", "The local engine failed to unpack the zip."))
            })?;
        let version = LayerVersion {
            description: input.description.unwrap_or_default(),
            license: input.license_info,
            runtimes: input.compatible_runtimes,
            architectures: input.compatible_architectures,
            created: state::timestamp(),
            content: Content(Arc::new(zip)),
            policy: None,
        };
        let mut layers = self.layers();
        let layer = layers.entry(name.to_owned()).or_default();
        layer.last_version += 1;
        layer.versions.insert(layer.last_version, version.clone());
        Ok((layer.last_version, version))
    }

    pub(super) fn get_layer_version(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let version = names::version(self.place(), operation)?;
        self.show_layer_version(&version)
    }

    pub(super) fn get_layer_version_by_arn(
        self: &Arc<Self>,
        _operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let version = names::version_by_arn(self.place(), request.query("Arn"))?;
        self.show_layer_version(&version)
    }

    fn show_layer_version(&self, Version { name, number }: &Version) -> Result<Answer, Error> {
        let version = self.layers().get(name).and_then(|layer| layer.versions.get(number)).cloned();
        match version {
            Some(version) => Ok(Answer::json(200, &self.shown_whole(name, *number, &version))),
            None => Err(Error::not_found("The resource you requested does not exist.")),
        }
    }

    pub(super) fn list_layer_versions(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let given = operation.label();
        let mut violations = Violations::default();
        names::check_name(given, &mut violations);
        violations.finish()?;
        let filter = Filter::of(request)?;
        let name = names::resolve(self.place(), given)?;
        let layers = self.layers();
        let versions = layers.get(&name).into_iter().flat_map(|layer| &layer.versions);
        let items = versions.filter(|(_, version)| filter.lets(version)).map(|(number, version)| {
            // The newest first.
            (format!("{:020}", u64::MAX - number), shown(self.place(), &name, *number, version))
        });
        list_with("LayerVersions", request, sorted(items), MAX_ITEMS)
    }

    pub(super) fn list_layers(
        self: &Arc<Self>,
        _operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let filter = Filter::of(request)?;
        let layers = self.layers();
        let items = layers.iter().filter_map(|(name, layer)| {
            let (number, latest) = layer.versions.iter().rfind(|(_, version)| filter.lets(version))?;
            let item = json!({
                "LayerName": name,
                "LayerArn": names::layer_arn(self.place(), name),
                "LatestMatchingVersion": shown(self.place(), name, *number, latest),
            });
            Some((name.clone(), item))
        });
        list_with("Layers", request, sorted(items), MAX_ITEMS)
    }

    pub(super) fn delete_layer_version(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let Version { name, number } = names::version(self.place(), operation)?;
        // The zip goes after the lock: that takes a while.
        let gone = self.layers().get_mut(&name).and_then(|layer| layer.versions.remove(&number));
        if let Some(gone) = gone {
            tokio::task::spawn_blocking(move || drop(gone));
        }
        Ok(Answer::empty(204))
    }

    /// A version as it is shown when it is asked for by itself.
    fn shown_whole(&self, name: &str, number: u64, version: &LayerVersion) -> Value {
        let mut out = shown(self.place(), name, number, version);
        out["LayerArn"] = json!(names::layer_arn(self.place(), name));
        out["Content"] = json!({
            "Location": self.code_location(&hex(&version.content.0.sha256)),
            "CodeSha256": STANDARD.encode(version.content.0.sha256),
            "CodeSize": version.content.size(),
        });
        out
    }

    /// Where a layer's zip with this hash is.
    pub(super) fn layer_archive(&self, sha256: &str) -> Option<PathBuf> {
        let layers = self.layers();
        let mut contents =
            layers.values().flat_map(|layer| layer.versions.values()).map(|version| &version.content);
        let content = contents.find(|content| hex(&content.0.sha256) == sha256)?;
        Some(content.0.file().to_owned())
    }

    /// Bytes of the zips of all layer versions.
    pub(super) fn layers_size(&self) -> usize {
        let layers = self.layers();
        layers.values().flat_map(|layer| layer.versions.values()).map(|version| version.content.size()).sum()
    }
}

/// A version as lists show it. What the publisher did not say is left out, but for the description.
fn shown(place: &Place, name: &str, number: u64, version: &LayerVersion) -> Value {
    let mut out = json!({
        "LayerVersionArn": names::version_arn(place, name, number),
        "Version": number,
        "Description": version.description,
        "CreatedDate": version.created,
    });
    for (key, list) in
        [("CompatibleRuntimes", &version.runtimes), ("CompatibleArchitectures", &version.architectures)]
    {
        if let Some(list) = list {
            out[key] = json!(list);
        }
    }
    if let Some(license) = &version.license {
        out["LicenseInfo"] = json!(license);
    }
    out
}

fn sorted(items: impl Iterator<Item = (String, Value)>) -> Vec<(String, Value)> {
    let mut items: Vec<_> = items.collect();
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    items
}

/// What the service model says of a new version.
fn check_model(input: &PublishLayerVersion, violations: &mut Violations) {
    violations.required(input.content.as_ref(), "content");
    if let Some(description) = &input.description {
        violations.at_most(description, "description", 256);
    }
    if let Some(license) = &input.license_info {
        violations.at_most(license, "licenseInfo", 512);
        if license.contains(['\n', '\r']) {
            violations.add(license, "licenseInfo", "Member must satisfy regular expression pattern: .*");
        }
    }
    let runtimes = validate::known_runtimes();
    for (list, member, most, words) in [
        (&input.compatible_runtimes, "compatibleRuntimes", MAX_RUNTIMES, runtimes.as_slice()),
        (
            &input.compatible_architectures,
            "compatibleArchitectures",
            MAX_ARCHITECTURES,
            &validate::ARCHITECTURES,
        ),
    ] {
        let Some(list) = list else { continue };
        let shown = format!("[{}]", list.join(", "));
        if list.len() > most {
            violations.add(&shown, member, &format!("Member must have length less than or equal to {most}"));
        }
        if !list.iter().all(|it| words.contains(&it.as_str())) {
            violations.add(
                &shown,
                member,
                &format!(
                    "Member must satisfy constraint: [Member must satisfy enum value set: [{}], Member must not be null]",
                    words.join(", ")
                ),
            );
        }
    }
}
