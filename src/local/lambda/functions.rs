//! Creating, reading, changing and deleting functions.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Lambda,
    code::Code,
    error::Error,
    layers::check_unzipped,
    names::{self, Naming, Target},
    page, settings,
    state::{Function, Phase, Release, Settings},
    validate::{self, Violations},
    wire::{self, CodeInput, CreateFunction, Show, UpdateCode, UpdateConfiguration},
};
use crate::{
    domain::secret::Secret,
    local::{
        http::{Answer, Request},
        samples::Sample,
    },
};

impl Lambda {
    pub(super) async fn create_function(self: &Arc<Self>, body: &[u8]) -> Result<Answer, Error> {
        let input: CreateFunction = wire::read(body)?;
        let mut violations = Violations::default();
        violations.required(input.function_name.as_ref(), "functionName");
        if let Some(name) = &input.function_name {
            names::check_name(name, Naming::Plain, &mut violations);
        }
        violations.required(input.settings.role.as_ref(), "role");
        violations.required(input.code.as_ref(), "code");
        violations.one_of(input.package_type.as_deref(), "packageType", &["Zip", "Image"]);
        validate::check_architectures(input.architectures.as_deref(), &mut violations);
        if let Some(tenancy) = &input.tenancy_config {
            let (mode, member) =
                (tenancy.tenant_isolation_mode.as_ref(), "tenancyConfig.tenantIsolationMode");
            violations.required(mode, member);
            violations.one_of(mode.map(String::as_str), member, &["PER_TENANT"]);
        }
        settings::check_model(&input.settings, &mut violations);
        violations.finish()?;

        let given = input.function_name.unwrap_or_default();
        let target = names::resolve(self.place(), &given, Naming::Plain)?;
        names::check_new_name(&target.name)?;
        settings::check_service(&input.settings, self.place())?;
        let image = input.package_type.as_deref() == Some("Image");
        settings::check_package(&input.settings, image)?;
        let initial =
            Settings { per_tenant: input.tenancy_config.is_some(), ..Settings::initial(&target.name) };
        let layers = self.layer_uses(&input.settings)?.unwrap_or_default();
        let settings = Settings { layers, ..settings::apply(initial, &input.settings, &target.name) };
        settings::check_whole(&settings, image)?;
        self.check_dead_letter(settings.dead_letter.as_deref(), &target.name)?;
        let tags = input.tags.unwrap_or_default();
        validate::check_tags(&tags)?;
        validate::check_tag_count(tags.len())?;
        self.refuse_existing(&target.name)?;
        let signing = input.settings.code_signing_config_arn.filter(|arn| !arn.is_empty());
        self.check_code_signing(signing.as_deref(), image, &target.name)?;

        let architecture = architecture(input.architectures);
        let code = self.code(input.code.unwrap_or_default(), image, architecture).await?;
        check_unzipped(&code, &settings.layers)?;
        let mut function = Function::new(&target.name, settings, code, Some(self.settles()), tags);
        function.code_signing = signing;
        if input.publish == Some(true) {
            function.publish(None, Some(self.settles()), self.place());
            // AWS answers with the version's number, but with the function's own ARN.
            let arn = self.place().arn(&target.name, None);
            let answer = self.created(&function, &arn, "1");
            return self.insert(function).map(|()| answer);
        }
        let answer = self.created(&function, &self.place().arn(&target.name, None), "$LATEST");
        self.insert(function).map(|()| answer)
    }

    /// Creates a built-in sample, Active at once.
    ///
    /// # Errors
    /// When its zip cannot be unpacked.
    pub(in crate::local) async fn install(self: &Arc<Self>, sample: Sample) -> Result<(), Error> {
        let name = sample.name.to_owned();
        let native = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let code = self.unpack(sample.zip, native.to_owned()).await?;
        let place = self.place();
        let mut settings = Settings {
            role: format!("arn:{}:iam::{}:role/lambdeck-sample", place.partition, place.account_id),
            runtime: Some(sample.runtime.to_owned()),
            handler: Some(sample.handler.to_owned()),
            description: sample.description.to_owned(),
            timeout_s: sample.timeout_s,
            memory_mb: sample.memory_mb,
            variables: Some(
                sample.variables.into_iter().map(|(key, value)| (key, Secret::new(value))).collect(),
            ),
            ..Settings::initial(&name)
        };
        settings.logging.set_json(sample.json_logs);
        let mut function = Function::new(&name, settings, code, None, BTreeMap::new());
        function.latest.serve(&name, self.place());
        self.insert(function)
    }

    fn insert(&self, function: Function) -> Result<(), Error> {
        let mut functions = self.functions();
        if functions.contains_key(&function.name) {
            return Err(exists(&function.name));
        }
        // Its configuration may have gone or changed while the code was unpacked.
        self.check_signed(function.code_signing.as_deref(), &function.name)?;
        functions.insert(function.name.clone(), function);
        Ok(())
    }

    fn refuse_existing(&self, name: &str) -> Result<(), Error> {
        if self.functions().contains_key(name) { Err(exists(name)) } else { Ok(()) }
    }

    fn created(&self, function: &Function, arn: &str, version: &str) -> Answer {
        let release = function.release(version).unwrap_or(&function.latest);
        Answer::json(201, &wire::configuration(&function.name, arn, release, self.place(), Show::Whole))
    }

    /// The code that a request brings.
    async fn code(
        self: &Arc<Self>,
        input: CodeInput,
        image: bool,
        architecture: String,
    ) -> Result<Code, Error> {
        match (input.zip_file, input.image_uri) {
            (Some(_), Some(_)) => Err(Error::invalid(
                "Please do not provide other FunctionCode parameters when providing an ImageUri.",
            )),
            (None, Some(uri)) if image => Ok(Code::image(uri, architecture)),
            (Some(zip), None) if !image => {
                let zip = STANDARD.decode(zip.as_bytes()).map_err(|_| {
                    Error::content("Could not parse request body into json: ZipFile is no valid base64")
                })?;
                self.unpack(zip, architecture).await
            }
            _ if !image && (input.s3_bucket.is_some() || input.s3_key.is_some()) => Err(no_s3()),
            _ => Err(Error::invalid("Please provide a source for function code.")),
        }
    }

    pub(super) async fn unpack(self: &Arc<Self>, zip: Vec<u8>, architecture: String) -> Result<Code, Error> {
        let lambda = Arc::clone(self);
        tokio::task::spawn_blocking(move || Code::zip(&zip, architecture, &lambda.setup.root))
            .await
            .unwrap_or_else(|error| {
                tracing::error!(%error, "unpacking a zip failed");
                Err(Error::new(500, "ServiceException", "The local engine failed to unpack the zip."))
            })
    }

    pub(super) fn get_function(&self, name: &str, request: &Request) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, request.query("Qualifier"), Naming::Namespaced)?;
        let (mut out, sha256) = self.with_function(&target, |function| {
            let (release, arn) = self.find(function, &target)?;
            let mut out = json!({
                "Configuration": wire::configuration(&function.name, &arn, release, self.place(), Show::Whole),
            });
            if !function.tags.is_empty() {
                out["Tags"] = json!(function.tags);
            }
            if let Some(reserved) = function.reserved {
                out["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
            }
            let sha256 = release.code.sha256_hex();
            if let Some(uri) = release.code.image_uri() {
                let repository = uri.rsplit_once(['@', ':']).map_or(uri, |(repository, _)| repository);
                out["Code"] = json!({
                    "RepositoryType": "ECR",
                    "ImageUri": uri,
                    "ResolvedImageUri": format!("{repository}@sha256:{sha256}"),
                });
            }
            Ok((out, sha256))
        })?;
        if out.get("Code").is_none() {
            out["Code"] = json!({ "RepositoryType": "S3", "Location": self.code_location(&sha256) });
        }
        Ok(Answer::json(200, &out))
    }

    pub(super) fn get_function_configuration(&self, name: &str, request: &Request) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, request.query("Qualifier"), Naming::Namespaced)?;
        self.with_function(&target, |function| {
            let (release, arn) = self.find(function, &target)?;
            Ok(Answer::json(
                200,
                &wire::configuration(&function.name, &arn, release, self.place(), Show::Whole),
            ))
        })
    }

    /// The version that a qualifier means (an alias: its first), and the ARN to show for it.
    fn find<'a>(&self, function: &'a Function, target: &Target) -> Result<(&'a Release, String), Error> {
        let arn = target.arn(self.place());
        let qualifier = target.qualifier.as_deref().unwrap_or("$LATEST");
        let version = function.aliases.get(qualifier).map_or(qualifier, |alias| alias.version.as_str());
        match function.release(version) {
            Some(release) => Ok((release, arn)),
            None => Err(Error::function_not_found(&arn)),
        }
    }

    pub(super) fn list_functions(&self, request: &Request) -> Result<Answer, Error> {
        let mut violations = Violations::default();
        violations.one_of(request.query("FunctionVersion"), "functionVersion", &["ALL"]);
        violations.finish()?;
        let all = request.query("FunctionVersion").is_some();
        let items = self.functions().values().flat_map(|function| self.listed(function, all)).collect();
        list("Functions", request, items)
    }

    /// A function's entries in a list, under their sorting keys.
    pub(super) fn listed(&self, function: &Function, all: bool) -> Vec<(String, Value)> {
        let name = &function.name;
        let entry = |number: u64, arn: String, release: &Release| {
            (
                format!("{name} {number:020}"),
                wire::configuration(name, &arn, release, self.place(), Show::Listed),
            )
        };
        if !all {
            return vec![entry(0, self.place().arn(name, None), &function.latest)];
        }
        std::iter::once((0, &function.latest))
            .chain(function.versions.iter().map(|(number, release)| (*number, release)))
            .map(|(number, release)| entry(number, self.place().arn(name, Some(&release.version)), release))
            .collect()
    }

    pub(super) fn delete_function(&self, name: &str, request: &Request) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, request.query("Qualifier"), Naming::Namespaced)?;
        let number = match target.qualifier.as_deref() {
            None => None,
            Some("$LATEST") => {
                return Err(Error::invalid(
                    "$LATEST version cannot be deleted without deleting the function.",
                ));
            }
            Some(qualifier) => match qualifier.parse::<u64>() {
                Ok(number) => Some(number),
                Err(_) => return Err(Error::invalid("Deletion of aliases is not currently supported.")),
            },
        };
        let mut functions = self.functions();
        let Some(function) = functions.get_mut(&target.name) else {
            return Err(Error::function_not_found(&self.place().arn(&target.name, None)));
        };
        if let Some(number) = number {
            let version = number.to_string();
            let held: Vec<&str> =
                function.aliases.values().filter(|it| it.uses(&version)).map(|it| it.name.as_str()).collect();
            if !held.is_empty() {
                return Err(Error::conflict(format!(
                    "Unable to delete version because the following aliases reference it: [{}]",
                    held.join(", ")
                )));
            }
            function.versions.remove(&number);
            function.provisioned.remove(&version);
            function.event_configs.remove(&version);
            function.policies.remove(&version);
            function.runtime_management.remove(&version);
            self.setup.executor.retire_version(&target.name, &version);
        } else {
            if let Some(function) = functions.remove(&target.name) {
                self.close_urls(&function);
            }
            self.setup.executor.retire(&target.name);
        }
        Ok(Answer::empty(204))
    }

    pub(super) fn update_function_configuration(&self, name: &str, body: &[u8]) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        target.unqualified()?;
        let input: UpdateConfiguration = wire::read(body)?;
        let mut violations = Violations::default();
        settings::check_model(&input.settings, &mut violations);
        violations.finish()?;
        settings::check_service(&input.settings, self.place())?;
        let layers = self.layer_uses(&input.settings)?;
        let dead_letter = input.settings.dead_letter_config.as_ref().and_then(|it| it.target_arn.as_deref());
        self.check_dead_letter(dead_letter, &target.name)?;
        self.with_function(&target, |function| {
            self.refuse_busy(function)?;
            refuse_stale(&function.latest, input.revision_id.as_deref())?;
            let image = function.latest.code.image_uri().is_some();
            settings::check_package_of_update(&input.settings, image)?;
            let mut settings =
                settings::apply(function.latest.settings.clone(), &input.settings, &function.name);
            if let Some(layers) = layers {
                check_unzipped(&function.latest.code, &layers)?;
                settings.layers = layers;
            }
            settings::check_whole(&settings, image)?;
            function.latest.settings = settings;
            function.latest.changed(self.settles());
            let arn = self.place().arn(&function.name, None);
            Ok(Answer::json(
                200,
                &wire::configuration(&function.name, &arn, &function.latest, self.place(), Show::Whole),
            ))
        })
    }

    pub(super) async fn update_function_code(
        self: &Arc<Self>,
        name: &str,
        body: &[u8],
    ) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        target.unqualified()?;
        let input: UpdateCode = wire::read(body)?;
        let mut violations = Violations::default();
        validate::check_architectures(input.architectures.as_deref(), &mut violations);
        violations.finish()?;
        // Checked before the unpacking, which takes long, and after it, since it took long.
        let check = |function: &Function| {
            self.refuse_busy(function)?;
            refuse_stale(&function.latest, input.revision_id.as_deref())?;
            self.check_signed(function.code_signing.as_deref(), &function.name)
        };
        let (image, present) = self.with_function(&target, |function| {
            check(function)?;
            Ok((function.latest.code.image_uri().is_some(), function.latest.code.architecture.clone()))
        })?;
        if image && input.code.image_uri.is_none() {
            return Err(Error::invalid(
                "Please provide ImageUri when updating a function with packageType Image.",
            ));
        }
        if !image && input.code.image_uri.is_some() {
            return Err(Error::invalid(
                "Please don't provide ImageUri when updating a function with packageType Zip.",
            ));
        }
        let architecture = input.architectures.clone().map_or(present, |list| architecture(Some(list)));
        let code = self.code(input.code, image, architecture).await?;
        self.with_function(&target, |function| {
            check(function)?;
            check_unzipped(&code, &function.latest.settings.layers)?;
            let place = self.place();
            let arn = place.arn(&function.name, None);
            let show = |arn: &str, release: &Release| {
                Answer::json(200, &wire::configuration(&target.name, arn, release, place, Show::Whole))
            };
            if input.dry_run == Some(true) {
                let dry = Release { code, ..function.latest.clone() };
                return Ok(show(&arn, &dry));
            }
            function.latest.code = code;
            function.latest.changed(self.settles());
            if input.publish == Some(true) {
                let release = function.publish(None, Some(self.settles()), place);
                return Ok(show(&place.arn(&target.name, Some(&release.version)), release));
            }
            Ok(show(&arn, &function.latest))
        })
    }

    /// Refuses a change while another is settling.
    pub(super) fn refuse_busy(&self, function: &Function) -> Result<(), Error> {
        match function.latest.phase {
            Phase::Active => Ok(()),
            Phase::Pending(_) => Err(pending()),
            Phase::InProgress(_) => Err(Error::conflict(format!(
                "The operation cannot be performed at this time. An update is in progress for resource: {}",
                self.place().arn(&function.name, None)
            ))),
        }
    }
}

/// The refusal while a function is being created.
pub(super) fn pending() -> Error {
    Error::conflict(
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    )
}

/// Refuses a RevisionId that is not the latest.
pub(super) fn refuse_stale(release: &Release, revision_id: Option<&str>) -> Result<(), Error> {
    match revision_id {
        Some(given) if given != release.revision_id => Err(Error::stale_revision()),
        _ => Ok(()),
    }
}

/// The refusal of a zip that is in S3.
pub(super) fn no_s3() -> Error {
    Error::invalid(
        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not \
         exist. The local engine has no S3: send the zip itself as ZipFile.",
    )
}

/// A page of a list as an answer.
pub(super) fn list(member: &str, request: &Request, items: Vec<(String, Value)>) -> Result<Answer, Error> {
    list_with(member, request, items, 10_000)
}

/// As [`list`], for an operation whose `MaxItems` may be at most `max_items`.
pub(super) fn list_with(
    member: &str,
    request: &Request,
    items: Vec<(String, Value)>,
    max_items: i64,
) -> Result<Answer, Error> {
    let (items, next) = page(request, items, max_items)?;
    let mut out = json!({ member: items });
    if let Some(next) = next {
        out["NextMarker"] = json!(next);
    }
    Ok(Answer::json(200, &out))
}

fn exists(name: &str) -> Error {
    Error::conflict(format!("Function already exist: {name}"))
}

fn architecture(list: Option<Vec<String>>) -> String {
    list.and_then(|list| list.into_iter().next()).unwrap_or_else(|| "x86_64".to_owned())
}
