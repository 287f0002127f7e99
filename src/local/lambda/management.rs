//! Runtime management and recursion settings.

use std::sync::{Arc, LazyLock};

use regex::Regex;
use serde::Deserialize;
use serde_json::json;

use super::{
    Lambda,
    error::Error,
    names::{self, Naming, Target},
    operations::Operation,
    state::{Function, Release},
    validate::Violations,
    wire,
};
use crate::local::http::{Answer, Request};

const RUNTIME_VERSION_PATTERN: &str =
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}::runtime:.+";
const UNQUALIFIED_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)";

// The model's, written out and tried by the tests: it compiles. Group 1: its region.
#[allow(clippy::expect_used, reason = "a constant pattern, covered by tests")]
static RUNTIME_VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^arn:aws[a-zA-Z-]*:lambda:((?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9])::runtime:.+$",
    )
    .expect("a constant pattern")
});

/// `RuntimeManagementConfig` where it is not `Auto`. It is kept and shown; a function runs with what is on this machine
/// all the same.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct RuntimeManagement {
    /// `FunctionUpdate` or `Manual`.
    pub update_on: String,
    /// The ARN of the runtime version, for `Manual`.
    pub version_arn: Option<String>,
}

/// PutRuntimeManagementConfig.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRuntimeManagement {
    update_runtime_on: Option<String>,
    runtime_version_arn: Option<String>,
}

/// PutFunctionRecursionConfig.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRecursion {
    recursive_loop: Option<String>,
}

impl Lambda {
    pub(super) fn put_runtime_management_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: PutRuntimeManagement = wire::read(&request.body)?;
        let update_on = input.update_runtime_on.as_deref();
        let version_arn = input.runtime_version_arn.as_deref();
        let mut violations = Violations::default();
        violations.required(update_on.as_ref(), "updateRuntimeOn");
        violations.one_of(update_on, "updateRuntimeOn", &["Auto", "Manual", "FunctionUpdate"]);
        check_version_arn(version_arn, &mut violations);
        violations.finish()?;
        let target = self.runtime_target(operation, request)?;
        // The rules are documented; the wording is believed.
        let manual = update_on == Some("Manual");
        if manual && version_arn.is_none() {
            return Err(Error::invalid("RuntimeVersionArn is required when UpdateRuntimeOn is Manual."));
        }
        if !manual && version_arn.is_some() {
            return Err(Error::invalid("RuntimeVersionArn can only be set when UpdateRuntimeOn is Manual."));
        }
        if let Some(arn) = version_arn {
            let region = RUNTIME_VERSION.captures(arn).and_then(|parts| parts.get(1));
            if region.is_none_or(|region| region.as_str() != self.place().region) {
                return Err(Error::invalid(format!(
                    "The runtime version {arn} is not in the region of the function, {}.",
                    self.place().region
                )));
            }
        }
        self.with_release(&target, |function, version, arn| {
            self.refuse_busy(function)?;
            match update_on {
                Some(update_on @ ("Manual" | "FunctionUpdate")) => {
                    let management = RuntimeManagement {
                        update_on: update_on.to_owned(),
                        version_arn: version_arn.map(str::to_owned),
                    };
                    function.runtime_management.insert(version.to_owned(), management);
                }
                _ => {
                    function.runtime_management.remove(version);
                }
            }
            Ok(shown(function, version, arn))
        })
    }

    pub(super) fn get_runtime_management_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let target = self.runtime_target(operation, request)?;
        self.with_release(&target, |function, version, arn| Ok(shown(function, version, arn)))
    }

    pub(super) fn put_function_recursion_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: PutRecursion = wire::read(&request.body)?;
        let wanted = input.recursive_loop.as_deref();
        let mut violations = Violations::default();
        violations.required(wanted.as_ref(), "recursiveLoop");
        violations.one_of(wanted, "recursiveLoop", &["Allow", "Terminate"]);
        let target = self.recursion_target(operation, violations)?;
        self.with_function(&target, |function| {
            function.recursion_allowed = wanted == Some("Allow");
            Ok(recursion(function))
        })
    }

    pub(super) fn get_function_recursion_config(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let target = self.recursion_target(operation, Violations::default())?;
        self.with_function(&target, |function| Ok(recursion(function)))
    }

    /// A function whose name may have no qualifier, beside what else is wrong with the request.
    fn recursion_target(&self, operation: &Operation, mut violations: Violations) -> Result<Target, Error> {
        let given = operation.label();
        names::check_name(given, Naming::Plain, &mut violations);
        let target = names::resolve(self.place(), given, Naming::Plain);
        if violations.is_empty() && target.as_ref().is_ok_and(|target| target.qualifier.is_some()) {
            let rule = format!("Member must satisfy regular expression pattern: {UNQUALIFIED_PATTERN}");
            violations.add(given, "functionName", &rule);
        }
        violations.finish()?;
        target
    }

    /// `$LATEST` or a published version.
    fn runtime_target(&self, operation: &Operation, request: &Request) -> Result<Target, Error> {
        let given = request.query("Qualifier");
        let target = names::target(self.place(), operation.label(), given, Naming::Namespaced)?;
        Ok(Target { qualifier: target.qualifier.or_else(|| Some("$LATEST".to_owned())), ..target })
    }

    /// Calls `with` on a function, the version that is meant, and its ARN.
    fn with_release(
        &self,
        target: &Target,
        with: impl FnOnce(&mut Function, &str, &str) -> Result<Answer, Error>,
    ) -> Result<Answer, Error> {
        let arn = target.arn(self.place());
        let version = target.qualifier.as_deref().unwrap_or("$LATEST");
        let mut functions = self.functions();
        let function = functions.get_mut(&target.name);
        let image = |release: &Release| release.code.image_uri().is_some();
        match function {
            Some(function) => match function.release(version) {
                Some(release) if image(release) => Err(Error::invalid(
                    "Runtime management is not supported for functions created with container images.",
                )),
                Some(_) => with(function, version, &arn),
                None => Err(Error::function_not_found(&arn)),
            },
            None => Err(Error::function_not_found(&arn)),
        }
    }
}

fn check_version_arn(arn: Option<&str>, violations: &mut Violations) {
    let Some(arn) = arn else { return };
    violations.at_most(arn, "runtimeVersionArn", 2048);
    if arn.len() < 26 {
        let rule = "Member must have length greater than or equal to 26";
        violations.add(arn, "runtimeVersionArn", rule);
    }
    if !RUNTIME_VERSION.is_match(arn) {
        let rule = format!("Member must satisfy regular expression pattern: {RUNTIME_VERSION_PATTERN}");
        violations.add(arn, "runtimeVersionArn", &rule);
    }
}

/// `RuntimeVersionArn` is null unless it is set by hand, as documented.
fn shown(function: &Function, version: &str, arn: &str) -> Answer {
    let management = function.runtime_management.get(version);
    let update_on = management.map_or("Auto", |management| management.update_on.as_str());
    let version_arn = management.and_then(|management| management.version_arn.as_deref());
    let shown = json!({ "FunctionArn": arn, "UpdateRuntimeOn": update_on, "RuntimeVersionArn": version_arn });
    Answer::json(200, &shown)
}

fn recursion(function: &Function) -> Answer {
    let shown = if function.recursion_allowed { "Allow" } else { "Terminate" };
    Answer::json(200, &json!({ "RecursiveLoop": shown }))
}
