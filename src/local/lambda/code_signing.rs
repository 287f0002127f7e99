//! Code signing configurations, and which functions use them.
//!
//! AWS verifies a signature that its Signer puts on a zip in S3. A zip that comes with the request has none, so here
//! every zip is unsigned: a configuration with `Enforce` refuses it, one with `Warn` lets it pass.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, MutexGuard, PoisonError},
};

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Lambda,
    error::Error,
    functions::list,
    names::{self, Naming, Target},
    operations::Operation,
    policy::{ARN_PATTERN, is_arn},
    state::{self, Function},
    validate::{self, Violations},
    wire,
};
use crate::local::http::{Answer, Request};

const CONFIG_PATTERN: &str = r"arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:code-signing-config:csc-[a-z0-9]{17}";
const ON_IMAGE: &str = "Code signing is not supported for functions created with container images.";

// The model's, written out and tried by the tests: it compiles.
#[allow(clippy::expect_used, reason = "a constant pattern, covered by tests")]
static CONFIG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "^arn:(?:aws[a-zA-Z-]*)?:lambda:(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9]:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17}$",
    )
    .expect("a constant pattern")
});

/// A code signing configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CodeSigningConfig {
    /// `csc-` and 17 letters and digits.
    pub id: String,
    pub description: String,
    /// The ARNs of the signing profiles' versions whose signatures count.
    pub publishers: Vec<String>,
    /// `UntrustedArtifactOnDeployment`: `Enforce`, else `Warn`.
    pub enforce: bool,
    pub last_modified: String,
    pub tags: BTreeMap<String, String>,
}

impl CodeSigningConfig {
    fn shown(&self, arn: &str) -> Value {
        json!({
            "CodeSigningConfigId": self.id,
            "CodeSigningConfigArn": arn,
            "Description": self.description,
            "AllowedPublishers": { "SigningProfileVersionArns": self.publishers },
            "CodeSigningPolicies": {
                "UntrustedArtifactOnDeployment": if self.enforce { "Enforce" } else { "Warn" },
            },
            "LastModified": self.last_modified,
        })
    }

    /// Changes what a request names.
    fn apply(&mut self, input: ConfigInput) {
        if let Some(description) = input.description {
            self.description = description;
        }
        if let Some(publishers) = input.allowed_publishers.and_then(|it| it.signing_profile_version_arns) {
            self.publishers = publishers;
        }
        if let Some(policy) =
            input.code_signing_policies.and_then(|policies| policies.untrusted_artifact_on_deployment)
        {
            self.enforce = policy == "Enforce";
        }
        self.last_modified = state::timestamp();
    }
}

/// CreateCodeSigningConfig and UpdateCodeSigningConfig.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigInput {
    description: Option<String>,
    allowed_publishers: Option<Publishers>,
    code_signing_policies: Option<Policies>,
    tags: Option<BTreeMap<String, String>>,
}

/// `AllowedPublishers`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Publishers {
    signing_profile_version_arns: Option<Vec<String>>,
}

/// `CodeSigningPolicies`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policies {
    untrusted_artifact_on_deployment: Option<String>,
}

/// PutFunctionCodeSigningConfig.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutFunctionConfig {
    code_signing_config_arn: Option<String>,
}

impl ConfigInput {
    fn check(&self, violations: &mut Violations) {
        if let Some(description) = &self.description {
            violations.at_most(description, "description", 256);
        }
        if let Some(publishers) = &self.allowed_publishers {
            check_publishers(publishers, violations);
        }
        let policy = self.code_signing_policies.as_ref();
        violations.one_of(
            policy.and_then(|policy| policy.untrusted_artifact_on_deployment.as_deref()),
            "codeSigningPolicies.untrustedArtifactOnDeployment",
            &["Warn", "Enforce"],
        );
    }
}

fn check_publishers(publishers: &Publishers, violations: &mut Violations) {
    let member = "allowedPublishers.signingProfileVersionArns";
    let arns = publishers.signing_profile_version_arns.as_ref();
    violations.required(arns, member);
    let Some(arns) = arns else { return };
    let shown = format!("[{}]", arns.join(", "));
    if arns.is_empty() {
        violations.add(&shown, member, "Member must have length greater than or equal to 1");
    }
    if arns.len() > 20 {
        violations.add(&shown, member, "Member must have length less than or equal to 20");
    }
    if !arns.iter().all(|arn| is_arn(arn) && arn.len() <= 10_000) {
        violations.add(
            &shown,
            member,
            &format!(
                "Member must satisfy constraint: [Member must have length less than or equal to 10000, Member must have \
                 length greater than or equal to 0, Member must satisfy regular expression pattern: {ARN_PATTERN}, \
                 Member must not be null]"
            ),
        );
    }
}

impl Lambda {
    /// The configurations by their ARNs. Whoever needs the functions, too, takes those first.
    pub(super) fn code_signing_configs(&self) -> MutexGuard<'_, BTreeMap<String, CodeSigningConfig>> {
        self.code_signing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn create_code_signing_config(
        self: &Arc<Self>,
        _operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let mut input: ConfigInput = wire::read(&request.body)?;
        let mut violations = Violations::default();
        violations.required(input.allowed_publishers.as_ref(), "allowedPublishers");
        input.check(&mut violations);
        violations.finish()?;
        let tags = input.tags.take().unwrap_or_default();
        validate::check_tags(&tags)?;
        validate::check_tag_count(tags.len())?;
        let id = format!("csc-{}", &Uuid::new_v4().simple().to_string()[..17]);
        let place = self.place();
        let arn = format!(
            "arn:{}:lambda:{}:{}:code-signing-config:{id}",
            place.partition, place.region, place.account_id
        );
        let mut config = CodeSigningConfig {
            id,
            description: String::new(),
            publishers: Vec::new(),
            enforce: false,
            last_modified: String::new(),
            tags,
        };
        config.apply(input);
        let answer = Answer::json(201, &json!({ "CodeSigningConfig": config.shown(&arn) }));
        self.code_signing_configs().insert(arn, config);
        Ok(answer)
    }

    pub(super) fn get_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let arn = config_arn(operation)?;
        match self.code_signing_configs().get(arn) {
            Some(config) => Ok(Answer::json(200, &json!({ "CodeSigningConfig": config.shown(arn) }))),
            None => Err(unknown(arn)),
        }
    }

    pub(super) fn update_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: ConfigInput = wire::read(&request.body)?;
        let mut violations = Violations::default();
        input.check(&mut violations);
        violations.finish()?;
        let arn = config_arn(operation)?;
        match self.code_signing_configs().get_mut(arn) {
            Some(config) => {
                config.apply(input);
                Ok(Answer::json(200, &json!({ "CodeSigningConfig": config.shown(arn) })))
            }
            None => Err(unknown(arn)),
        }
    }

    pub(super) fn delete_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let arn = config_arn(operation)?;
        let functions = self.functions();
        let mut configs = self.code_signing_configs();
        if !configs.contains_key(arn) {
            return Err(unknown(arn));
        }
        // That it is refused is documented; the wording is believed.
        if let Some(function) = functions.values().find(|function| uses(function, arn)) {
            return Err(Error::conflict(format!(
                "The Lambda code signing configuration {arn} cannot be deleted: it is in use by function {}.",
                self.place().arn(&function.name, None)
            )));
        }
        configs.remove(arn);
        Ok(Answer::empty(204))
    }

    pub(super) fn list_code_signing_configs(
        self: &Arc<Self>,
        _operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let configs = self.code_signing_configs();
        let items = configs.iter().map(|(arn, config)| (arn.clone(), config.shown(arn))).collect();
        list("CodeSigningConfigs", request, items)
    }

    pub(super) fn list_functions_by_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let arn = config_arn(operation)?;
        let functions = self.functions();
        if !self.code_signing_configs().contains_key(arn) {
            return Err(unknown(arn));
        }
        let items = functions
            .values()
            .filter(|function| uses(function, arn))
            .map(|function| (function.name.clone(), json!(self.place().arn(&function.name, None))))
            .collect();
        list("FunctionArns", request, items)
    }

    pub(super) fn put_function_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: PutFunctionConfig = wire::read(&request.body)?;
        let arn = input.code_signing_config_arn.as_deref();
        let mut violations = Violations::default();
        violations.required(arn.as_ref(), "codeSigningConfigArn");
        check_config_arn(arn, &mut violations);
        violations.finish()?;
        let target = self.signed_target(operation)?;
        let arn = arn.unwrap_or_default();
        let mut functions = self.functions();
        // A configuration that is not there is told before a function that is not.
        self.code_signing_config(arn)?;
        let function = functions
            .get_mut(&target.name)
            .ok_or_else(|| Error::function_not_found(&target.arn(self.place())))?;
        refuse_image(function)?;
        function.code_signing = Some(arn.to_owned());
        Ok(shown_use(function))
    }

    pub(super) fn get_function_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let target = self.signed_target(operation)?;
        self.with_function(&target, |function| {
            refuse_image(function)?;
            Ok(shown_use(function))
        })
    }

    pub(super) fn delete_function_code_signing_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let target = self.signed_target(operation)?;
        self.with_function(&target, |function| {
            refuse_image(function)?;
            function.code_signing = None;
            Ok(Answer::empty(204))
        })
    }

    fn signed_target(&self, operation: &Operation) -> Result<Target, Error> {
        let target = names::target(self.place(), operation.label(), None, Naming::Namespaced)?;
        target.unqualified()?;
        Ok(target)
    }

    /// A configuration that a function is to use.
    fn code_signing_config(&self, arn: &str) -> Result<CodeSigningConfig, Error> {
        self.code_signing_configs().get(arn).cloned().ok_or_else(|| {
            Error::new(
                404,
                "CodeSigningConfigNotFoundException",
                format!(
                    "The code signing configuration cannot be found. Check that the provided configuration is not \
                     deleted: {arn}."
                ),
            )
        })
    }

    /// What CreateFunction says of its `CodeSigningConfigArn`; an empty one is none.
    pub(super) fn check_code_signing(&self, arn: Option<&str>, image: bool, name: &str) -> Result<(), Error> {
        let Some(arn) = arn.filter(|arn| !arn.is_empty()) else { return Ok(()) };
        if image {
            return Err(Error::invalid(ON_IMAGE));
        }
        self.check_signed(Some(arn), name)
    }

    /// Refuses code where the configuration demands a signature: no zip that comes with a request has one.
    pub(super) fn check_signed(&self, arn: Option<&str>, name: &str) -> Result<(), Error> {
        let Some(arn) = arn else { return Ok(()) };
        if !self.code_signing_config(arn)?.enforce {
            return Ok(());
        }
        Err(Error::new(
            400,
            "CodeVerificationFailedException",
            format!(
                "Lambda cannot deploy the function. The function or layer might be signed using a signature that the \
                 client is not configured to accept. Check the provided signature for {name}."
            ),
        ))
    }
}

fn uses(function: &Function, arn: &str) -> bool {
    function.code_signing.as_deref() == Some(arn)
}

fn refuse_image(function: &Function) -> Result<(), Error> {
    if function.latest.code.image_uri().is_some() { Err(Error::invalid(ON_IMAGE)) } else { Ok(()) }
}

/// Which configuration a function uses. Where it uses none, AWS answers with nothing.
fn shown_use(function: &Function) -> Answer {
    let shown = function.code_signing.as_ref().map_or_else(
        || json!({}),
        |arn| json!({ "CodeSigningConfigArn": arn, "FunctionName": function.name }),
    );
    Answer::json(200, &shown)
}

/// The configuration that the path names.
fn config_arn(operation: &Operation) -> Result<&str, Error> {
    let mut violations = Violations::default();
    check_config_arn(Some(operation.label()), &mut violations);
    violations.finish()?;
    Ok(operation.label())
}

/// `CodeSigningConfigArn`, by the model.
pub(super) fn check_config_arn(arn: Option<&str>, violations: &mut Violations) {
    let Some(arn) = arn else { return };
    violations.at_most(arn, "codeSigningConfigArn", 200);
    if !CONFIG.is_match(arn) {
        let rule = format!("Member must satisfy regular expression pattern: {CONFIG_PATTERN}");
        violations.add(arn, "codeSigningConfigArn", &rule);
    }
}

/// The answer for a configuration that is not there.
pub(super) fn unknown(arn: &str) -> Error {
    Error::not_found(format!("The Lambda code signing configuration {arn} can not be found.")).untyped()
}
