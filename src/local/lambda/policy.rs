//! Permissions: who may invoke a function, as resource policies say it.

use std::sync::{Arc, LazyLock};

use regex::Regex;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use super::{
    Lambda,
    error::Error,
    names::{self, Naming, PATTERNS, Target},
    operations::Operation,
    state::{self, Function, is_version},
    validate::Violations,
    wire,
};
use crate::local::http::{Answer, Request};

/// Most bytes of a policy, as JSON.
const POLICY_LIMIT: usize = 20_480;
const STATEMENT_ID_PATTERN: &str = "([a-zA-Z0-9-_]+)";
const NAMESPACED_STATEMENT_ID_PATTERN: &str = "([a-zA-Z0-9-_.]+)";
const ACTION_PATTERN: &str = "(lambda:[*]|lambda:[a-zA-Z]+|[*])";
const EVENT_SOURCE_TOKEN_PATTERN: &str = r"[a-zA-Z0-9._\-]+";
const ORGANIZATION_PATTERN: &str = "o-[a-z0-9]{10,32}";
/// The pattern of an ARN of any kind, in the service model's words.
pub(super) const ARN_PATTERN: &str = r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)";

/// A resource policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Policy {
    /// The statements, as they are shown.
    pub statements: Vec<Value>,
    /// The RevisionId that the last change of the policy gave its function, version or alias.
    pub revision_id: String,
}

impl Policy {
    /// The policy document, its members in AWS's order.
    fn document(&self) -> String {
        let statement = self.statements.iter().map(Ordered).collect();
        let document = Document { version: "2012-10-17", id: "default", statement };
        serde_json::to_string(&document).unwrap_or_default()
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.statements.iter().position(|statement| statement["Sid"] == id)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    version: &'static str,
    id: &'static str,
    statement: Vec<Ordered<'a>>,
}

/// A statement whose members come in the order that AWS writes them in.
struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for key in ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"] {
            if let Some(value) = self.0.get(key) {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

/// AddPermission.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddPermission {
    statement_id: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
    revision_id: Option<String>,
}

impl AddPermission {
    /// What the service model says of it.
    fn check(&self, violations: &mut Violations) {
        violations.required(self.statement_id.as_ref(), "statementId");
        violations.required(self.action.as_ref(), "action");
        violations.required(self.principal.as_ref(), "principal");
        if let Some(id) = &self.statement_id {
            check_statement_id(id, "-_", STATEMENT_ID_PATTERN, violations);
        }
        let mut pattern =
            |value: &Option<String>, member: &str, pattern: &str, fits: &dyn Fn(&str) -> bool| {
                if let Some(value) = value.as_deref().filter(|value| !fits(value)) {
                    let rule = format!("Member must satisfy regular expression pattern: {pattern}");
                    violations.add(value, member, &rule);
                }
            };
        let action = |text: &str| {
            let name = text.strip_prefix("lambda:").unwrap_or_default();
            text == "*"
                || name == "*"
                || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()))
        };
        let digits = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let token = |text: &str| word(text, "._-");
        let organization = |text: &str| {
            let id = text.strip_prefix("o-").unwrap_or_default();
            (10..=32).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
        };
        pattern(&self.action, "action", ACTION_PATTERN, &action);
        pattern(&self.principal, "principal", r"[^\s]+", &|text| {
            !text.is_empty() && !text.contains(char::is_whitespace)
        });
        pattern(&self.source_arn, "sourceArn", ARN_PATTERN, &is_arn);
        pattern(&self.source_account, "sourceAccount", r"\d{12}", &digits);
        pattern(&self.event_source_token, "eventSourceToken", EVENT_SOURCE_TOKEN_PATTERN, &token);
        pattern(&self.principal_org_id, "principalOrgID", ORGANIZATION_PATTERN, &organization);
        for (value, member, max) in [
            (&self.action, "action", 10_000),
            (&self.principal, "principal", 2048),
            (&self.source_arn, "sourceArn", 10_000),
            (&self.event_source_token, "eventSourceToken", 256),
        ] {
            violations.at_most(value.as_deref().unwrap_or_default(), member, max);
        }
        let auth_type = self.function_url_auth_type.as_deref();
        violations.one_of(auth_type, "functionUrlAuthType", &["NONE", "AWS_IAM"]);
    }

    /// The statement that it asks for.
    fn statement(&self, resource: &str, partition: &str) -> Result<Value, Error> {
        let action = self.action.as_deref().unwrap_or_default();
        // Which action goes with which condition is documented; the wording is believed.
        if self.function_url_auth_type.is_some() && action != "lambda:InvokeFunctionUrl" {
            return Err(Error::invalid(
                "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
            ));
        }
        if self.invoked_via_function_url.is_some() && action != "lambda:InvokeFunction" {
            return Err(Error::invalid(
                "InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action",
            ));
        }
        let mut statement = json!({
            "Sid": self.statement_id,
            "Effect": "Allow",
            "Principal": principal(self.principal.as_deref().unwrap_or_default(), partition)?,
            "Action": action,
            "Resource": resource,
        });
        let mut equals = Map::new();
        for (key, value) in [
            ("AWS:SourceAccount", &self.source_account),
            ("aws:PrincipalOrgID", &self.principal_org_id),
            ("lambda:EventSourceToken", &self.event_source_token),
            ("lambda:FunctionUrlAuthType", &self.function_url_auth_type),
        ] {
            if let Some(value) = value {
                equals.insert(key.to_owned(), json!(value));
            }
        }
        let mut condition = Map::new();
        if !equals.is_empty() {
            condition.insert("StringEquals".to_owned(), Value::Object(equals));
        }
        if let Some(arn) = &self.source_arn {
            condition.insert("ArnLike".to_owned(), json!({ "AWS:SourceArn": arn }));
        }
        if let Some(via) = self.invoked_via_function_url {
            condition.insert("Bool".to_owned(), json!({ "lambda:InvokedViaFunctionUrl": via.to_string() }));
        }
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition);
        }
        Ok(statement)
    }
}

impl Lambda {
    pub(super) fn add_permission(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: AddPermission = wire::read(&request.body)?;
        let mut violations = Violations::default();
        input.check(&mut violations);
        violations.finish()?;
        let target = self.policy_target(operation, request)?;
        let arn = target.arn(self.place());
        let mut functions = self.functions();
        let function = functions
            .get_mut(&target.name)
            .ok_or_else(|| Error::function_not_found(&self.place().arn(&target.name, None)))?;
        let (key, revision) = self.holder(function, &target)?;
        if input.revision_id.as_ref().is_some_and(|given| given != revision) {
            return Err(Error::stale_revision());
        }
        let id = input.statement_id.as_deref().unwrap_or_default();
        let statement = input.statement(&arn, self.place().partition)?;
        let mut policy = function.policies.get(&key).cloned().unwrap_or_default();
        if policy.position(id).is_some() {
            return Err(Error::conflict(format!(
                "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement."
            )));
        }
        policy.statements.push(statement.clone());
        let size = policy.document().len();
        if size > POLICY_LIMIT {
            return Err(Error::new(
                400,
                "PolicyLengthExceededException",
                format!("The final policy size ({size}) is bigger than the limit ({POLICY_LIMIT})."),
            ));
        }
        policy.revision_id = state::revision();
        revise(function, &key, &policy.revision_id);
        function.policies.insert(key, policy);
        let shown = serde_json::to_string(&Ordered(&statement)).unwrap_or_default();
        Ok(Answer::json(201, &json!({ "Statement": shown })))
    }

    pub(super) fn remove_permission(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let id = operation.second_label();
        let mut violations = Violations::default();
        check_statement_id(id, "-_.", NAMESPACED_STATEMENT_ID_PATTERN, &mut violations);
        violations.finish()?;
        let target = self.policy_target(operation, request)?;
        let mut functions = self.functions();
        let function = functions.get_mut(&target.name).ok_or_else(|| {
            Error::not_found(format!("No policy found for: {}", self.place().arn(&target.name, None)))
        })?;
        let (key, revision) = self.holder(function, &target)?;
        let stale = request.query("RevisionId").is_some_and(|given| given != revision);
        let Some(policy) = function.policies.get_mut(&key) else {
            return Err(Error::not_found("No policy is associated with the given resource."));
        };
        if stale {
            return Err(Error::stale_revision());
        }
        let Some(at) = policy.position(id) else {
            return Err(Error::not_found(format!("Statement {id} is not found in resource policy.")));
        };
        policy.statements.remove(at);
        policy.revision_id = state::revision();
        let revision = policy.revision_id.clone();
        if policy.statements.is_empty() {
            function.policies.remove(&key);
        }
        revise(function, &key, &revision);
        Ok(Answer::empty(204))
    }

    pub(super) fn get_policy(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let given = request.query("Qualifier");
        let target = names::target(self.place(), operation.label(), given, Naming::Namespaced)?;
        let functions = self.functions();
        let shown = functions.get(&target.name).and_then(|function| {
            // AWS keeps no policy under `$LATEST`: the function's own has no qualifier.
            let (key, revision) = match target.qualifier.as_deref() {
                Some("$LATEST") => return None,
                _ => self.holder(function, &target).ok()?,
            };
            let policy = function.policies.get(&key)?;
            Some(json!({ "Policy": policy.document(), "RevisionId": revision }))
        });
        match shown {
            Some(shown) => Ok(Answer::json(200, &shown)),
            None => Err(Error::not_found("The resource you requested does not exist.")),
        }
    }

    /// What a permission is for: a function, version or alias, but not `$LATEST` by its name.
    fn policy_target(&self, operation: &Operation, request: &Request) -> Result<Target, Error> {
        let given = request.query("Qualifier");
        let target = names::target(self.place(), operation.label(), given, Naming::Namespaced)?;
        if target.qualifier.as_deref() == Some("$LATEST") {
            return Err(Error::invalid("We currently do not support adding policies for $LATEST."));
        }
        Ok(target)
    }

    /// Where the policy of a function, version or alias is kept, and the RevisionId that goes with it.
    fn holder<'a>(&self, function: &'a Function, target: &Target) -> Result<(String, &'a String), Error> {
        let Some(qualifier) = &target.qualifier else {
            return Ok(("$LATEST".to_owned(), &function.latest.revision_id));
        };
        let arn = target.arn(self.place());
        if is_version(qualifier) || qualifier.contains('$') {
            let release = function.release(qualifier).ok_or_else(|| Error::function_not_found(&arn))?;
            return Ok((qualifier.clone(), &release.revision_id));
        }
        match function.aliases.get(qualifier) {
            Some(alias) => Ok((qualifier.clone(), &alias.revision_id)),
            None => Err(Error::not_found(format!("Cannot find alias arn: {arn}"))),
        }
    }
}

/// A change of a policy is a new revision of its function, version or alias.
fn revise(function: &mut Function, key: &str, revision: &str) {
    let held = if key == "$LATEST" {
        Some(&mut function.latest.revision_id)
    } else if let Some(alias) = function.aliases.get_mut(key) {
        Some(&mut alias.revision_id)
    } else {
        let number = key.parse().ok();
        number.and_then(|number: u64| function.versions.get_mut(&number)).map(|it| &mut it.revision_id)
    };
    if let Some(held) = held {
        revision.clone_into(held);
    }
}

fn check_statement_id(id: &str, signs: &str, pattern: &str, violations: &mut Violations) {
    violations.at_most(id, "statementId", 100);
    if !word(id, signs) {
        let rule = format!("Member must satisfy regular expression pattern: {pattern}");
        violations.add(id, "statementId", &rule);
    }
}

/// Letters, digits and these signs, and at least one of them.
fn word(text: &str, signs: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || signs.contains(char))
}

/// An ARN of any kind, as the service model has it.
pub(super) fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && PATTERNS.destination.is_match(text)
}

// Written out and tried by the tests: it compiles.
#[allow(clippy::expect_used, reason = "a constant pattern, covered by tests")]
static IDENTITY: LazyLock<Regex> = LazyLock::new(|| {
    let (id, what) = ("[0-9]{12}", "(?:root|(?:user|role|group|federated-user|assumed-role)/.+)");
    Regex::new(&format!("^arn:aws[a-zA-Z-]*:(?:iam|sts)::{id}:{what}$")).expect("a constant pattern")
});

/// A principal as a statement has it: anybody, a service, or an account or identity. Whether an identity exists cannot
/// be known here; AWS refuses those that do not.
fn principal(given: &str, partition: &str) -> Result<Value, Error> {
    let service = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"]
        .iter()
        .any(|end| given.strip_suffix(end).is_some_and(|name| word(name, ".-")));
    if given == "*" {
        Ok(json!("*"))
    } else if given.len() == 12 && given.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(json!({ "AWS": format!("arn:{partition}:iam::{given}:root") }))
    } else if IDENTITY.is_match(given) {
        Ok(json!({ "AWS": given }))
    } else if service {
        Ok(json!({ "Service": given }))
    } else {
        Err(Error::invalid("The provided principal was invalid. Please check the principal and try again."))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Policy, principal};

    #[test]
    fn principals_are_everybody_services_accounts_and_identities() {
        assert_eq!(principal("*", "aws"), Ok(json!("*")));
        let service = |name: &str| Ok(json!({ "Service": name }));
        for name in ["s3.amazonaws.com", "events.amazonaws.com", "alexa-appkit.amazon.com"] {
            assert_eq!(principal(name, "aws"), service(name));
        }
        let account = Ok(json!({ "AWS": "arn:aws-cn:iam::123456789012:root" }));
        assert_eq!(principal("123456789012", "aws-cn"), account);
        for arn in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:user/path/jo",
            "arn:aws:sts::123456789012:assumed-role/a/b",
        ] {
            assert_eq!(principal(arn, "aws"), Ok(json!({ "AWS": arn })));
        }
        for bad in [
            "invalid.nonaws.com",
            ".amazonaws.com",
            "12345678901",
            "1234567890123",
            "arn:aws:iam::123456789012:policy/x",
            "arn:aws:s3:::bucket",
            "jo",
        ] {
            assert!(principal(bad, "aws").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_document_has_its_members_in_order() {
        let statement = json!({
            "Action": "lambda:InvokeFunction", "Condition": {}, "Effect": "Allow", "Principal": "*",
            "Resource": "arn", "Sid": "one",
        });
        let policy = Policy { statements: vec![statement], revision_id: String::new() };
        assert_eq!(
            policy.document(),
            r#"{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"one","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn","Condition":{}}]}"#
        );
    }
}
