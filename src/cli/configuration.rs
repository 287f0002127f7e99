//! A function's configuration as JSON with the API's own member names, environment values as they were asked for.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::domain::function::{Environment, Function};

/// A function's configuration, ready to be written.
#[derive(Serialize)]
pub struct Configuration {
    #[serde(flatten)]
    function: Function,
    #[serde(rename = "Environment", skip_serializing_if = "Option::is_none")]
    environment: Option<Variables>,
}

impl Configuration {
    /// The configuration, with the values of the environment variables where `reveal` is set, else with nulls.
    pub fn new(mut function: Function, reveal: bool) -> Self {
        let environment = function.environment.take().map(|environment| Variables { environment, reveal });
        Self { function, environment }
    }
}

struct Variables {
    environment: Environment,
    reveal: bool,
}

impl Serialize for Variables {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Revealed<'a> {
            variables: BTreeMap<&'a str, &'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<BTreeMap<&'static str, &'a str>>,
        }
        if !self.reveal {
            return self.environment.serialize(serializer);
        }
        let error = self.environment.error.as_deref().map(|code| BTreeMap::from([("ErrorCode", code)]));
        Revealed { variables: self.environment.reveal(), error }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{
        function::{Image, Logging},
        secret::Secret,
    };

    fn function() -> Function {
        Function {
            name: "checkout".into(),
            arn: "arn:aws:lambda:eu-west-1:123456789012:function:checkout".into(),
            environment: Some(Environment {
                variables: BTreeMap::from([("TOKEN".to_owned(), Secret::new("canary"))]),
                error: None,
            }),
            runtime_version_arn: Some("arn:version".into()),
            tenant_isolation_mode: Some("PER_TENANT".into()),
            capacity_provider_arn: Some("arn:provider".into()),
            image: Some(Image { command: vec!["run".into()], ..Image::default() }),
            logging: Some(Logging { log_format: Some("JSON".into()), ..Logging::default() }),
            ..Function::default()
        }
    }

    #[test]
    fn members_are_named_and_nested_as_the_api_does() {
        let json = serde_json::to_value(Configuration::new(function(), false)).unwrap();
        assert_eq!(
            json,
            json!({
                "FunctionName": "checkout",
                "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:checkout",
                "CodeSize": 0,
                "Environment": { "Variables": { "TOKEN": null } },
                "RuntimeVersionConfig": { "RuntimeVersionArn": "arn:version" },
                "TenancyConfig": { "TenantIsolationMode": "PER_TENANT" },
                "CapacityProviderConfig": {
                    "LambdaManagedInstancesCapacityProviderConfig": { "CapacityProviderArn": "arn:provider" }
                },
                "ImageConfigResponse": { "ImageConfig": { "EntryPoint": [], "Command": ["run"] } },
                "LoggingConfig": { "LogFormat": "JSON" },
            })
        );
    }

    #[test]
    fn values_are_written_only_where_they_were_asked_for() {
        let json = serde_json::to_value(Configuration::new(function(), true)).unwrap();
        assert_eq!(json["Environment"], json!({ "Variables": { "TOKEN": "canary" } }));
        let unreadable =
            Environment { error: Some("AccessDeniedException".into()), ..Environment::default() };
        for reveal in [false, true] {
            let function = Function { environment: Some(unreadable.clone()), ..function() };
            let json = serde_json::to_value(Configuration::new(function, reveal)).unwrap();
            assert_eq!(
                json["Environment"],
                json!({ "Variables": {}, "Error": { "ErrorCode": "AccessDeniedException" } })
            );
        }
    }
}
