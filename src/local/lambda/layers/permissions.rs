//! Who may use a layer version: its policy. Within the engine there is one account, which may use all its own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    super::{Lambda, error::Error, operations::Operation, state, validate::Violations, wire},
    LayerVersion,
    names::{self, Version},
};
use crate::local::http::{Answer, Request};

/// Bytes of a policy as a whole.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const POLICY_LIMIT: usize = 20_480;

const ACTION: &str = "lambda:GetLayerVersion";
const PRINCIPAL_PATTERN: &str = r"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root";

/// A layer version's policy. One without statements is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local::lambda) struct LayerPolicy {
    statements: Vec<Statement>,
    revision_id: String,
}

/// A statement, as it is shown: the members in AWS's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: String,
    principal: Value,
    action: String,
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    condition: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    version: &'a str,
    id: &'a str,
    statement: &'a [Statement],
}

impl LayerPolicy {
    fn document(&self) -> String {
        let document = Document { version: "2012-10-17", id: "default", statement: &self.statements };
        serde_json::to_string(&document).unwrap_or_default()
    }
}

/// AddLayerVersionPermission.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddPermission {
    statement_id: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    organization_id: Option<String>,
}

impl AddPermission {
    fn check(&self) -> Result<(), Error> {
        let mut violations = Violations::default();
        violations.required(self.statement_id.as_ref(), "statementId");
        violations.required(self.action.as_ref(), "action");
        violations.required(self.principal.as_ref(), "principal");
        if let Some(id) = &self.statement_id {
            check_statement_id(id, &mut violations);
        }
        let mut pattern = |value: Option<&String>, member, fits: fn(&str) -> bool, rule: &str| {
            if let Some(value) = value.filter(|value| !fits(value)) {
                let rule = format!("Member must satisfy regular expression pattern: {rule}");
                violations.add(value, member, &rule);
            }
        };
        pattern(self.action.as_ref(), "action", |it| it == ACTION, ACTION);
        pattern(self.principal.as_ref(), "principal", is_principal, PRINCIPAL_PATTERN);
        pattern(self.organization_id.as_ref(), "organizationId", is_organization, "o-[a-z0-9]{10,32}");
        violations.finish()
    }
}

fn check_statement_id(id: &str, violations: &mut Violations) {
    violations.at_most(id, "statementId", 100);
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        let rule = "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)";
        violations.add(id, "statementId", rule);
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_principal(text: &str) -> bool {
    let root = text.strip_prefix("arn:aws").and_then(|rest| rest.split_once(":iam::"));
    let root = root.and_then(|(partition, rest)| {
        let word = partition.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
        rest.strip_suffix(":root").filter(|_| word)
    });
    text == "*" || is_account(text) || root.is_some_and(is_account)
}

fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

impl Lambda {
    pub(in crate::local::lambda) fn add_layer_version_permission(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: AddPermission = wire::read(&request.body)?;
        input.check()?;
        let target = names::version(self.place(), operation)?;
        let place = self.place();
        let arn = names::version_arn(place, &target.name, target.number);
        let principal = input.principal.unwrap_or_default();
        let principal = match principal.as_str() {
            "*" => json!("*"),
            account if is_account(account) => {
                json!({ "AWS": format!("arn:{}:iam::{account}:root", place.partition) })
            }
            root => json!({ "AWS": root }),
        };
        let statement = Statement {
            sid: input.statement_id.unwrap_or_default(),
            effect: "Allow".to_owned(),
            principal,
            action: ACTION.to_owned(),
            resource: arn,
            condition: input
                .organization_id
                .map(|id| json!({ "StringEquals": { "aws:PrincipalOrgID": id } })),
        };
        self.with_layer_version(&target, |version| {
            let present = version.policy.as_ref();
            let mut statements = present.map(|policy| policy.statements.clone()).unwrap_or_default();
            if statements.iter().any(|it| it.sid == statement.sid) {
                return Err(Error::conflict(format!(
                    "The statement id ({}) provided already exists. Please provide a new statement id, or remove the \
                     existing statement.",
                    statement.sid
                )));
            }
            refuse_stale(version, request)?;
            let shown = serde_json::to_string(&statement).unwrap_or_default();
            statements.push(statement);
            let policy = LayerPolicy { statements, revision_id: state::revision() };
            let size = policy.document().len();
            if size > POLICY_LIMIT {
                return Err(Error::new(
                    400,
                    "PolicyLengthExceededException",
                    format!("The final policy size ({size}) is bigger than the limit ({POLICY_LIMIT})."),
                ));
            }
            let answer = json!({ "Statement": shown, "RevisionId": policy.revision_id });
            version.policy = Some(policy);
            Ok(Answer::json(201, &answer))
        })
    }

    pub(in crate::local::lambda) fn remove_layer_version_permission(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let id = operation.labels.get(2).map_or("", String::as_str);
        let mut violations = Violations::default();
        check_statement_id(id, &mut violations);
        violations.finish()?;
        let target = names::version(self.place(), operation)?;
        self.with_layer_version(&target, |version| {
            refuse_stale(version, request)?;
            let policy = version.policy.as_mut().ok_or_else(no_policy)?;
            let Some(at) = policy.statements.iter().position(|it| it.sid == id) else {
                return Err(Error::not_found(format!("Statement {id} is not found in resource policy.")));
            };
            policy.statements.remove(at);
            policy.revision_id = state::revision();
            if policy.statements.is_empty() {
                version.policy = None;
            }
            Ok(Answer::empty(204))
        })
    }

    pub(in crate::local::lambda) fn get_layer_version_policy(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let target = names::version(self.place(), operation)?;
        self.with_layer_version(&target, |version| {
            let policy = version.policy.as_ref().ok_or_else(no_policy)?;
            Ok(Answer::json(200, &json!({ "Policy": policy.document(), "RevisionId": policy.revision_id })))
        })
    }

    fn with_layer_version<T>(
        &self,
        target: &Version,
        with: impl FnOnce(&mut LayerVersion) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Version { name, number } = target;
        match self.layers().get_mut(name).and_then(|layer| layer.versions.get_mut(number)) {
            Some(version) => with(version),
            None => Err(Error::not_found(format!(
                "Layer version {} does not exist.",
                names::version_arn(self.place(), name, *number)
            ))),
        }
    }
}

fn no_policy() -> Error {
    Error::not_found("No policy is associated with the given resource.")
}

fn refuse_stale(version: &LayerVersion, request: &Request) -> Result<(), Error> {
    let present = version.policy.as_ref().map(|policy| policy.revision_id.as_str());
    match request.query("RevisionId") {
        Some(given) if present != Some(given) => Err(Error::new(
            412,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve \
             the latest Revision Id",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_everybody_accounts_and_their_roots() {
        for good in
            ["*", "123456789012", "arn:aws:iam::123456789012:root", "arn:aws-cn:iam::123456789012:root"]
        {
            assert!(is_principal(good), "{good}");
        }
        for bad in [
            "",
            "**",
            "12345678901",
            "1234567890123",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws1:iam::123456789012:root",
        ] {
            assert!(!is_principal(bad), "{bad}");
        }
    }

    #[test]
    fn organisations_have_10_to_32_characters() {
        for (length, good) in [(9, false), (10, true), (32, true), (33, false)] {
            assert_eq!(is_organization(&format!("o-{}", "a".repeat(length))), good, "{length}");
        }
        assert!(!is_organization("o-ABCDEFGHIJ"));
    }
}
