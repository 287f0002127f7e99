//! EventBridge Schemas, as far as the console's shareable test events need it (restJson1): registries, schemas and
//! their versions. Other operations are refused by their name.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hyper::Method;
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};

use super::{
    http::{Answer, Request},
    keep::{Change, KeepError, Keeper, Kept, Table, mirror},
    lambda::operations::{Operation, find_in},
};

/// Most bytes of a request: 100,000 characters of content, which JSON's escapes can multiply.
pub(super) const BODY_LIMIT: usize = 1024 * 1024;
/// Most characters of a content (service model).
const MAX_CONTENT: usize = 100_000;
/// Most characters of a description (service model).
const MAX_DESCRIPTION: usize = 256;
/// Most characters of the name of a registry, and of a schema (API reference).
const MAX_NAMES: (usize, usize) = (64, 385);
/// Most versions of a schema (EventBridge's quotas).
const MAX_VERSIONS: usize = 100;
/// Most bytes of all contents. AWS has no such limit, but this is somebody's machine.
const MAX_BYTES: usize = 64 * 1024 * 1024;

const REGISTRIES: Table = Table("schema_registries");
/// By registry and name, with a NUL between them.
const SCHEMAS: Table = Table("schemas");

/// Every operation of the API (service model of 2019-12-02): method, path with `{}` for its labels, name.
#[rustfmt::skip]
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("POST", "/v1/discover", "GetDiscoveredSchema"),
    ("GET", "/v1/discoverers", "ListDiscoverers"),
    ("POST", "/v1/discoverers", "CreateDiscoverer"),
    ("DELETE", "/v1/discoverers/id/{}", "DeleteDiscoverer"),
    ("GET", "/v1/discoverers/id/{}", "DescribeDiscoverer"),
    ("PUT", "/v1/discoverers/id/{}", "UpdateDiscoverer"),
    ("POST", "/v1/discoverers/id/{}/start", "StartDiscoverer"),
    ("POST", "/v1/discoverers/id/{}/stop", "StopDiscoverer"),
    ("DELETE", "/v1/policy", "DeleteResourcePolicy"),
    ("GET", "/v1/policy", "GetResourcePolicy"),
    ("PUT", "/v1/policy", "PutResourcePolicy"),
    ("GET", "/v1/registries", "ListRegistries"),
    ("DELETE", "/v1/registries/name/{}", "DeleteRegistry"),
    ("GET", "/v1/registries/name/{}", "DescribeRegistry"),
    ("POST", "/v1/registries/name/{}", "CreateRegistry"),
    ("PUT", "/v1/registries/name/{}", "UpdateRegistry"),
    ("GET", "/v1/registries/name/{}/schemas", "ListSchemas"),
    ("GET", "/v1/registries/name/{}/schemas/search", "SearchSchemas"),
    ("DELETE", "/v1/registries/name/{}/schemas/name/{}", "DeleteSchema"),
    ("GET", "/v1/registries/name/{}/schemas/name/{}", "DescribeSchema"),
    ("POST", "/v1/registries/name/{}/schemas/name/{}", "CreateSchema"),
    ("PUT", "/v1/registries/name/{}/schemas/name/{}", "UpdateSchema"),
    ("GET", "/v1/registries/name/{}/schemas/name/{}/export", "ExportSchema"),
    ("GET", "/v1/registries/name/{}/schemas/name/{}/language/{}", "DescribeCodeBinding"),
    ("POST", "/v1/registries/name/{}/schemas/name/{}/language/{}", "PutCodeBinding"),
    ("GET", "/v1/registries/name/{}/schemas/name/{}/language/{}/source", "GetCodeBindingSource"),
    ("DELETE", "/v1/registries/name/{}/schemas/name/{}/version/{}", "DeleteSchemaVersion"),
    ("GET", "/v1/registries/name/{}/schemas/name/{}/versions", "ListSchemaVersions"),
    ("DELETE", "/tags/{}", "UntagResource"),
    ("GET", "/tags/{}", "ListTagsForResource"),
    ("POST", "/tags/{}", "TagResource"),
];

/// Whether a path is one of this service: those of Lambda begin with a date.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with("/v1/") || path.starts_with("/tags/")
}

/// Finds the operation of a request.
pub(super) fn find(method: &Method, path: &str) -> Option<Operation> {
    find_in(OPERATIONS, method, path, &[])
}

/// An error in the service's shape.
pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "Code": code, "Message": message })).with_header("x-amzn-errortype", code)
}

/// What the requests were answered with so far.
pub(super) struct Schemas {
    /// `arn:aws:schemas:<region>:<account>`.
    arn: String,
    registries: Mutex<BTreeMap<String, Registry>>,
    keeper: Keeper,
}

// Contents are somebody's events.
impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").field("arn", &self.arn).finish_non_exhaustive()
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Registry {
    description: Option<String>,
    tags: BTreeMap<String, String>,
    /// Kept apart, as rows of their own.
    #[serde(skip)]
    schemas: BTreeMap<String, Schema>,
}

#[derive(Serialize, Deserialize)]
struct Schema {
    kind: String,
    description: Option<String>,
    tags: BTreeMap<String, String>,
    modified: Timestamp,
    /// In the order of their numbers, from 1.
    versions: Vec<Version>,
    /// The token of the last update: the same one again is the same update.
    token: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Version {
    content: String,
    created: Timestamp,
}

/// The body of the requests that have one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Input {
    content: Option<String>,
    description: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(rename = "tags")]
    tags: BTreeMap<String, String>,
    client_token_id: Option<String>,
}

/// What a document must have to be OpenAPI 3.
#[derive(Deserialize)]
struct OpenApi<'a> {
    openapi: String,
    #[serde(rename = "info")]
    _info: Info,
    #[serde(borrow)]
    paths: &'a RawValue,
    #[serde(borrow)]
    components: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "version")]
    _version: String,
}

impl Schemas {
    /// Those that were kept, in this place; none without `--persist`. It blocks.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(super) fn new(
        partition: &str,
        region: &str,
        account_id: &str,
        kept: Option<(&Kept, Keeper)>,
    ) -> Result<Self, KeepError> {
        let arn = format!("arn:{partition}:schemas:{region}:{account_id}");
        let mut registries: BTreeMap<String, Registry> = BTreeMap::new();
        let Some((kept, keeper)) = kept else {
            return Ok(Self { arn, registries: Mutex::default(), keeper: Keeper::default() });
        };
        kept.each(REGISTRIES, |key, value| {
            registries.insert(String::from_utf8_lossy(key).into_owned(), mirror::read(value)?);
            Ok(())
        })?;
        kept.each(SCHEMAS, |key, value| {
            let key = String::from_utf8_lossy(key);
            if let Some((registry, schema)) = key.split_once('\0')
                && let Some(registry) = registries.get_mut(registry)
            {
                registry.schemas.insert(schema.to_owned(), mirror::read(value)?);
            }
            Ok(())
        })?;
        Ok(Self { arn, registries: registries.into(), keeper })
    }

    /// Answers a request.
    pub(super) fn handle(&self, operation: &Operation, request: &Request) -> Answer {
        self.answer(operation, request).unwrap_or_else(|refusal| refusal)
    }

    fn answer(&self, operation: &Operation, request: &Request) -> Result<Answer, Answer> {
        let (registry, schema) = (operation.label(), operation.second_label());
        let mut registries = self.lock();
        let answer = self.answer_with(&mut registries, operation, request)?;
        if operation.changes {
            self.note(&registries, registry, schema);
        }
        Ok(answer)
    }

    /// Notes what a registry and a schema are now, or that they are gone. Everything else stays as it is.
    fn note(&self, registries: &BTreeMap<String, Registry>, registry: &str, schema: &str) {
        if !self.keeper.keeps() {
            return;
        }
        let found = registries.get(registry);
        let row = |table, key: String, value: Option<serde_json::Result<Vec<u8>>>| match value {
            Some(value) => Change::put(table, key, value.unwrap_or_default()),
            None => Change::remove(table, key),
        };
        let mut changes = vec![row(REGISTRIES, registry.to_owned(), found.map(serde_json::to_vec))];
        if !schema.is_empty() {
            let found = found.and_then(|registry| registry.schemas.get(schema));
            changes.push(row(SCHEMAS, format!("{registry}\0{schema}"), found.map(serde_json::to_vec)));
        }
        self.keeper.note(changes);
    }

    fn answer_with(
        &self,
        registries: &mut BTreeMap<String, Registry>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Answer> {
        let (registry, schema) = (operation.label(), operation.second_label());
        match operation.name {
            "ListRegistries" => self.list_registries(registries, request),
            "CreateRegistry" => self.create_registry(registries, registry, input(request)?),
            "DescribeRegistry" => {
                let found = registries.get(registry).ok_or_else(|| no_registry(registry))?;
                Ok(Answer::json(200, &self.registry(registry, found)))
            }
            "ListSchemas" => self.list_schemas(registries, registry, request),
            "CreateSchema" => self.create_schema(registries, (registry, schema), input(request)?),
            "DescribeSchema" => self.describe_schema(registries, (registry, schema), request),
            "UpdateSchema" => self.update_schema(registries, (registry, schema), input(request)?),
            "DeleteSchema" => {
                let schemas = &mut registries.get_mut(registry).ok_or_else(|| no_registry(registry))?.schemas;
                schemas.remove(schema).ok_or_else(|| no_schema(schema))?;
                Ok(Answer::empty(204))
            }
            "ListSchemaVersions" => self.list_versions(registries, (registry, schema), request),
            other => {
                let message = format!("The local engine has no operation '{other}'.");
                Err(error(501, "NotImplementedException", &message))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Registry>> {
        self.registries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create_registry(
        &self,
        registries: &mut BTreeMap<String, Registry>,
        name: &str,
        input: Input,
    ) -> Result<Answer, Answer> {
        check_name("registry", name, MAX_NAMES.0)?;
        check_description(input.description.as_deref())?;
        if registries.contains_key(name) {
            return Err(conflict(&format!("Registry with name {name} already exists.")));
        }
        let registry =
            Registry { description: input.description, tags: input.tags, schemas: BTreeMap::new() };
        let answer = Answer::json(201, &self.registry(name, &registry));
        registries.insert(name.to_owned(), registry);
        Ok(answer)
    }

    fn create_schema(
        &self,
        registries: &mut BTreeMap<String, Registry>,
        (registry, name): (&str, &str),
        input: Input,
    ) -> Result<Answer, Answer> {
        check_name("schema", name, MAX_NAMES.1)?;
        check_description(input.description.as_deref())?;
        let kind = input.kind.ok_or_else(|| bad("Type is required."))?;
        let content = input.content.ok_or_else(|| bad("Content is required."))?;
        check_content(&kind, &content)?;
        check_room(registries, &content)?;
        let schemas = &mut registries.get_mut(registry).ok_or_else(|| no_registry(registry))?.schemas;
        if schemas.contains_key(name) {
            return Err(conflict(&format!("Schema with name {name} already exists.")));
        }
        let now = Timestamp::now();
        let schema = Schema {
            kind,
            description: input.description,
            tags: input.tags,
            modified: now,
            versions: vec![Version { content, created: now }],
            token: None,
        };
        let answer = Answer::json(201, &self.schema((registry, name), &schema, 1, false));
        schemas.insert(name.to_owned(), schema);
        Ok(answer)
    }

    fn update_schema(
        &self,
        registries: &mut BTreeMap<String, Registry>,
        (registry, name): (&str, &str),
        input: Input,
    ) -> Result<Answer, Answer> {
        check_description(input.description.as_deref())?;
        if let Some(content) = &input.content {
            check_room(registries, content)?;
        }
        let schemas = &mut registries.get_mut(registry).ok_or_else(|| no_registry(registry))?.schemas;
        let schema = schemas.get_mut(name).ok_or_else(|| no_schema(name))?;
        let kind = input.kind.unwrap_or_else(|| schema.kind.clone());
        let repeated = input.client_token_id.is_some() && input.client_token_id == schema.token;
        if let Some(content) = input.content.filter(|_| !repeated) {
            check_content(&kind, &content)?;
            if schema.versions.len() >= MAX_VERSIONS {
                return Err(bad(&format!("A schema can have {MAX_VERSIONS} versions.")));
            }
            schema.versions.push(Version { content, created: Timestamp::now() });
            schema.kind = kind;
        }
        schema.token = input.client_token_id;
        schema.description = input.description.or(schema.description.take());
        schema.modified = Timestamp::now();
        let latest = schema.versions.len();
        Ok(Answer::json(200, &self.schema((registry, name), schema, latest, false)))
    }

    fn describe_schema(
        &self,
        registries: &BTreeMap<String, Registry>,
        path: (&str, &str),
        request: &Request,
    ) -> Result<Answer, Answer> {
        let schema = schema(registries, path)?;
        let version = match request.query("schemaVersion") {
            None => schema.versions.len(),
            Some(text) => {
                let version = text.parse().map_err(|_| bad("SchemaVersion is no number."))?;
                if !(1..=schema.versions.len()).contains(&version) {
                    let message = format!("Version {version} of schema {} does not exist.", path.1);
                    return Err(error(404, "NotFoundException", &message));
                }
                version
            }
        };
        Ok(Answer::json(200, &self.schema(path, schema, version, true)))
    }

    fn list_registries(
        &self,
        registries: &BTreeMap<String, Registry>,
        request: &Request,
    ) -> Result<Answer, Answer> {
        let prefix = request.query("registryNamePrefix").unwrap_or_default();
        let rows = registries.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(name, registry)| {
            let row = json!({ "RegistryName": name, "RegistryArn": self.registry_arn(name), "tags": registry.tags });
            (name.clone(), row)
        });
        page("Registries", rows, request)
    }

    fn list_schemas(
        &self,
        registries: &BTreeMap<String, Registry>,
        registry: &str,
        request: &Request,
    ) -> Result<Answer, Answer> {
        let found = registries.get(registry).ok_or_else(|| no_registry(registry))?;
        let prefix = request.query("schemaNamePrefix").unwrap_or_default();
        let rows = found.schemas.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(name, schema)| {
            let row = json!({
                "SchemaName": name,
                "SchemaArn": self.schema_arn(registry, name),
                "LastModified": time(schema.modified),
                "VersionCount": schema.versions.len(),
                "tags": schema.tags,
            });
            (name.clone(), row)
        });
        page("Schemas", rows, request)
    }

    fn list_versions(
        &self,
        registries: &BTreeMap<String, Registry>,
        path: (&str, &str),
        request: &Request,
    ) -> Result<Answer, Answer> {
        let schema = schema(registries, path)?;
        let rows = (1..=schema.versions.len()).map(|version| {
            let row = json!({
                "SchemaName": path.1,
                "SchemaArn": self.schema_arn(path.0, path.1),
                "SchemaVersion": version.to_string(),
                "Type": schema.kind,
            });
            // As a text it sorts as it does as a number.
            (format!("{version:05}"), row)
        });
        page("SchemaVersions", rows, request)
    }

    fn registry_arn(&self, registry: &str) -> String {
        format!("{}:registry/{registry}", self.arn)
    }

    fn schema_arn(&self, registry: &str, schema: &str) -> String {
        format!("{}:schema/{registry}/{schema}", self.arn)
    }

    fn registry(&self, name: &str, registry: &Registry) -> Value {
        let mut answer = Map::new();
        answer.insert("RegistryName".into(), json!(name));
        answer.insert("RegistryArn".into(), json!(self.registry_arn(name)));
        answer.insert("tags".into(), json!(registry.tags));
        if let Some(description) = &registry.description {
            answer.insert("Description".into(), json!(description));
        }
        Value::Object(answer)
    }

    fn schema(
        &self,
        (registry, name): (&str, &str),
        schema: &Schema,
        version: usize,
        with_content: bool,
    ) -> Value {
        let of = &schema.versions[version - 1];
        let mut answer = Map::new();
        answer.insert("SchemaName".into(), json!(name));
        answer.insert("SchemaArn".into(), json!(self.schema_arn(registry, name)));
        answer.insert("SchemaVersion".into(), json!(version.to_string()));
        answer.insert("Type".into(), json!(schema.kind));
        answer.insert("LastModified".into(), json!(time(schema.modified)));
        answer.insert("VersionCreatedDate".into(), json!(time(of.created)));
        answer.insert("tags".into(), json!(schema.tags));
        if let Some(description) = &schema.description {
            answer.insert("Description".into(), json!(description));
        }
        if with_content {
            answer.insert("Content".into(), json!(of.content));
        }
        Value::Object(answer)
    }
}

fn schema<'a>(
    registries: &'a BTreeMap<String, Registry>,
    (registry, name): (&str, &str),
) -> Result<&'a Schema, Answer> {
    let registry = registries.get(registry).ok_or_else(|| no_registry(registry))?;
    registry.schemas.get(name).ok_or_else(|| no_schema(name))
}

/// A page of rows, which come with what they are sorted by.
fn page(
    member: &str,
    rows: impl Iterator<Item = (String, Value)>,
    request: &Request,
) -> Result<Answer, Answer> {
    let limit = match request.query("limit") {
        None => 100,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| bad("Limit must be from 1 to 100."))?,
    };
    let after = request.query("nextToken").unwrap_or_default();
    let mut rows = rows.skip_while(|(key, _)| !after.is_empty() && key.as_str() <= after).peekable();
    let mut taken = Vec::new();
    let mut last = String::new();
    while taken.len() < limit
        && let Some((key, row)) = rows.next()
    {
        taken.push(row);
        last = key;
    }
    let mut answer = json!({ member: taken });
    if rows.peek().is_some() {
        answer["NextToken"] = json!(last);
    }
    Ok(Answer::json(200, &answer))
}

fn input(request: &Request) -> Result<Input, Answer> {
    if request.body.is_empty() {
        return Ok(Input::default());
    }
    serde_json::from_slice(&request.body).map_err(|_| bad("The body is no JSON of this operation."))
}

fn check_name(what: &str, name: &str, most: usize) -> Result<(), Answer> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-_@".contains(c);
    if (1..=most).contains(&name.chars().count()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(bad(&format!(
        "The name of a {what} has at most {most} characters: letters, digits, '.', '-', '_' and '@'."
    )))
}

fn check_description(description: Option<&str>) -> Result<(), Answer> {
    if description.is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        return Err(bad(&format!("A description has at most {MAX_DESCRIPTION} characters.")));
    }
    Ok(())
}

fn check_content(kind: &str, content: &str) -> Result<(), Answer> {
    if !(1..=MAX_CONTENT).contains(&content.chars().count()) {
        return Err(bad(&format!("Content has from 1 to {MAX_CONTENT} characters.")));
    }
    let is_object = |raw: &RawValue| raw.get().starts_with('{');
    let holds = match kind {
        "OpenApi3" => serde_json::from_str::<OpenApi>(content).is_ok_and(|document| {
            document.openapi.starts_with("3.")
                && is_object(document.paths)
                && document.components.is_none_or(is_object)
        }),
        "JSONSchemaDraft4" => serde_json::from_str::<&RawValue>(content).is_ok_and(is_object),
        _ => return Err(bad("Type must be OpenApi3 or JSONSchemaDraft4.")),
    };
    if holds { Ok(()) } else { Err(bad(&format!("Content is no valid {kind} document in JSON."))) }
}

fn check_room(registries: &BTreeMap<String, Registry>, content: &str) -> Result<(), Answer> {
    let schemas = registries.values().flat_map(|registry| registry.schemas.values());
    let kept: usize = schemas.flat_map(|schema| &schema.versions).map(|version| version.content.len()).sum();
    if kept + content.len() > MAX_BYTES {
        return Err(bad("The local engine has no room for more schemas: delete some."));
    }
    Ok(())
}

fn no_registry(name: &str) -> Answer {
    error(404, "NotFoundException", &format!("Registry with name {name} does not exist."))
}

fn no_schema(name: &str) -> Answer {
    error(404, "NotFoundException", &format!("Schema with name {name} does not exist."))
}

fn conflict(message: &str) -> Answer {
    error(409, "ConflictException", message)
}

fn bad(message: &str) -> Answer {
    error(400, "BadRequestException", message)
}

/// ISO 8601, in seconds.
fn time(at: Timestamp) -> String {
    at.round(Unit::Second).unwrap_or(at).to_string()
}
