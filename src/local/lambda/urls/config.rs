//! What a function URL's configuration is, and what the service model lets into it.

use std::{sync::LazyLock, time::SystemTime};

use jiff::Timestamp;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::local::lambda::{
    error::Error,
    names::{self, Naming, Place, Target},
    validate::Violations,
};

/// Who may call a function URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) enum Auth {
    /// Everybody that the resource policy lets.
    #[serde(rename = "NONE")]
    None,
    /// Who signs with the engine's key.
    #[serde(rename = "AWS_IAM")]
    Iam,
}

/// How the response is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    #[serde(rename = "BUFFERED")]
    Buffered,
    #[serde(rename = "RESPONSE_STREAM")]
    Stream,
}

/// `Cors`, as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::local) struct Cors {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_methods: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_origins: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expose_headers: Option<Vec<String>>,
    /// Seconds that a browser may keep the answer to a preflight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
}

impl Cors {
    /// What the service model refuses.
    fn check(&self, violations: &mut Violations) {
        check_list(self.allow_headers.as_deref(), "cors.allowHeaders", 100, 0..=1024, violations);
        check_list(self.allow_methods.as_deref(), "cors.allowMethods", 6, 0..=6, violations);
        check_list(self.allow_origins.as_deref(), "cors.allowOrigins", 100, 1..=253, violations);
        check_list(self.expose_headers.as_deref(), "cors.exposeHeaders", 100, 0..=1024, violations);
        violations.between(self.max_age, "cors.maxAge", 0, 86_400);
    }
}

fn check_list(
    list: Option<&[String]>,
    member: &str,
    most: usize,
    lengths: std::ops::RangeInclusive<usize>,
    violations: &mut Violations,
) {
    let Some(list) = list else { return };
    let shown = format!("[{}]", list.join(", "));
    if list.len() > most {
        violations.add(&shown, member, &format!("Member must have length less than or equal to {most}"));
    }
    if list.iter().any(|item| !lengths.contains(&item.chars().count()) || item.contains(['\n', '\r'])) {
        violations.add(
            &shown,
            member,
            &format!(
                "Member must satisfy constraint: [Member must have length less than or equal to {}, Member must have \
                 length greater than or equal to {}, Member must satisfy regular expression pattern: .*, Member must \
                 not be null]",
                lengths.end(),
                lengths.start()
            ),
        );
    }
}

/// A function URL's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct UrlConfig {
    /// 32 lower-case letters and digits: the first part of the host on AWS.
    pub id: String,
    /// The port on 127.0.0.1. The same one is tried again after a restart.
    pub port: u16,
    pub auth_type: Auth,
    pub cors: Option<Cors>,
    /// As it was given: where it was not, the answers to a creation and an update leave it out.
    pub(super) invoke_mode: Option<Mode>,
    pub created: String,
    pub last_modified: String,
}

/// Which answer a configuration is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Created,
    Updated,
    Read,
}

impl UrlConfig {
    /// A configuration without a port as yet.
    pub(super) fn new(auth_type: Auth, input: &Input) -> Self {
        let now = now();
        Self {
            id: new_id(),
            port: 0,
            auth_type,
            cors: input.cors(),
            invoke_mode: input.mode(),
            created: now.clone(),
            last_modified: now,
        }
    }

    /// The address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Whether responses are streamed.
    pub fn streams(&self) -> bool {
        self.invoke_mode == Some(Mode::Stream)
    }

    /// Changes what an update names. An empty `Cors` takes it away.
    pub(super) fn change(&mut self, input: &Input) {
        self.auth_type = input.auth().unwrap_or(self.auth_type);
        if input.cors.is_some() {
            self.cors = input.cors();
        }
        self.invoke_mode = input.mode().or(self.invoke_mode);
        self.last_modified = now();
    }

    pub(super) fn show(&self, arn: &str, shown: Shown) -> Value {
        let mut out = Map::new();
        out.insert("FunctionUrl".to_owned(), json!(self.url()));
        out.insert("FunctionArn".to_owned(), json!(arn));
        out.insert("AuthType".to_owned(), json!(self.auth_type));
        out.insert("CreationTime".to_owned(), json!(self.created));
        if shown != Shown::Created {
            out.insert("LastModifiedTime".to_owned(), json!(self.last_modified));
        }
        if let Some(cors) = &self.cors {
            out.insert("Cors".to_owned(), json!(cors));
        }
        let mode = match shown {
            Shown::Read => Some(self.invoke_mode.unwrap_or(Mode::Buffered)),
            Shown::Created | Shown::Updated => self.invoke_mode,
        };
        if let Some(mode) = mode {
            out.insert("InvokeMode".to_owned(), json!(mode));
        }
        Value::Object(out)
    }
}

/// CreateFunctionUrlConfig and UpdateFunctionUrlConfig.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    auth_type: Option<String>,
    cors: Option<Cors>,
    invoke_mode: Option<String>,
}

impl Input {
    /// What the service model refuses of it.
    pub(super) fn violations(&self, creates: bool) -> Violations {
        let mut violations = Violations::default();
        if creates {
            violations.required(self.auth_type.as_ref(), "authType");
        }
        violations.one_of(self.auth_type.as_deref(), "authType", &["NONE", "AWS_IAM"]);
        violations.one_of(self.invoke_mode.as_deref(), "invokeMode", &["RESPONSE_STREAM", "BUFFERED"]);
        if let Some(cors) = &self.cors {
            cors.check(&mut violations);
        }
        violations
    }

    pub(super) fn auth(&self) -> Option<Auth> {
        self.auth_type.as_deref().map(|word| if word == "NONE" { Auth::None } else { Auth::Iam })
    }

    fn mode(&self) -> Option<Mode> {
        let mode = |word: &str| if word == "BUFFERED" { Mode::Buffered } else { Mode::Stream };
        self.invoke_mode.as_deref().map(mode)
    }

    fn cors(&self) -> Option<Cors> {
        self.cors.clone().filter(|cors| *cors != Cors::default())
    }
}

const NAME_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?";
const QUALIFIER_PATTERN: &str = r"((?!^\d+$)^[0-9a-zA-Z-_]+$)";

/// [`NAME_PATTERN`] without its look-ahead. Group 1: the qualifier.
// Written out and tried by the tests: it compiles.
#[allow(clippy::expect_used, reason = "a constant pattern, covered by tests")]
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9]:)?(?:[0-9]{12}:)?(?:function:)?[a-zA-Z0-9_-]{1,64}(?::([0-9a-zA-Z_-]+))?$",
    )
    .expect("a constant pattern")
});

/// Reads a function's name or ARN and a `Qualifier` beside it, where versions have no place; `violations` is what is
/// wrong already.
pub(super) fn target(
    place: &Place,
    given: &str,
    qualifier: Option<&str>,
    mut violations: Violations,
) -> Result<Target, Error> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(qualifier) = qualifier {
        violations.at_most(qualifier, "qualifier", 128);
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if number(qualifier) || !qualifier.bytes().all(word) {
            let rule = format!("Member must satisfy regular expression pattern: {QUALIFIER_PATTERN}");
            violations.add(qualifier, "qualifier", &rule);
        }
    }
    violations.at_most(given, "functionName", 140);
    let parts = NAME.captures(given);
    if parts.is_none_or(|parts| parts.get(1).is_some_and(|qualifier| number(qualifier.as_str()))) {
        let rule = format!("Member must satisfy regular expression pattern: {NAME_PATTERN}");
        violations.add(given, "functionName", &rule);
    }
    violations.finish()?;
    names::target(place, given, qualifier, Naming::Plain)
}

/// Now, as a configuration's times have it.
pub(super) fn now() -> String {
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// 32 lower-case letters and digits, as AWS's.
fn new_id() -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let random = || [Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat();
    random().into_iter().map(|byte| char::from(DIGITS[usize::from(byte) % DIGITS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { partition: "aws", region: "us-east-1".into(), account_id: "123456789012".into() }
    }

    fn read(given: &str, qualifier: Option<&str>) -> Result<Target, String> {
        target(&place(), given, qualifier, Violations::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn only_aliases_are_qualifiers() {
        let live = Target { name: "fn".into(), qualifier: Some("live".into()) };
        assert_eq!(read("fn", Some("live")), Ok(live.clone()));
        assert_eq!(read("arn:aws:lambda:us-east-1:123456789012:function:fn:live", None), Ok(live));
        assert_eq!(read("fn", Some("1a")).unwrap().qualifier.as_deref(), Some("1a"));
        for wrong in ["1", "42", "$LATEST", "", "a.b"] {
            let message = read("fn", Some(wrong)).unwrap_err();
            assert!(
                message.ends_with(&format!(
                    "Value '{wrong}' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression \
                     pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)"
                )),
                "{message}"
            );
        }
        for wrong in ["fn:1", "fn:$LATEST", "f n", &"f".repeat(65)] {
            assert!(read(wrong, None).unwrap_err().contains("at 'functionName'"), "{wrong}");
        }
        assert!(read(&"f".repeat(64), None).is_ok());
        assert!(read("fn", Some(&"q".repeat(128))).is_ok());
        assert!(read("fn", Some(&"q".repeat(129))).unwrap_err().contains("less than or equal to 128"));
        assert!(read("fn:a", Some("b")).unwrap_err().contains("derived qualifier"));
    }

    fn refused(input: Value) -> String {
        let input: Input = serde_json::from_value(input).unwrap();
        let violations = input.violations(true);
        violations.finish().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn cors_has_limits() {
        let cors =
            |member: &str, value: Value| refused(json!({ "AuthType": "NONE", "Cors": { member: value } }));
        let many = |count: usize, length: usize| json!(vec!["x".repeat(length); count]);
        for (member, count, length) in [
            ("AllowHeaders", 100, 1024),
            ("ExposeHeaders", 100, 1024),
            ("AllowMethods", 6, 6),
            ("AllowOrigins", 100, 253),
        ] {
            for fits in [many(count - 1, 1), many(count, 1), many(1, length - 1), many(1, length), json!([])]
            {
                assert_eq!(cors(member, fits), "", "{member}");
            }
            let items = format!("Member must have length less than or equal to {count}");
            assert!(cors(member, many(count + 1, 1)).ends_with(&items), "{member}");
            let long = format!("[Member must have length less than or equal to {length}, ");
            assert!(cors(member, many(1, length + 1)).contains(&long), "{member}");
        }
        // So OPTIONS, which is a letter too long, can't be named.
        assert!(
            cors("AllowMethods", json!(["OPTIONS"])).contains("Value '[OPTIONS]' at 'cors.allowMethods'")
        );
        assert_eq!(cors("AllowHeaders", json!([""])), "");
        assert!(cors("AllowOrigins", json!([""])).contains("greater than or equal to 1"));
        assert!(cors("AllowOrigins", json!(["a\nb"])).contains("pattern: .*"));
        for (age, fits) in
            [(-1, false), (0, true), (1, true), (86_399, true), (86_400, true), (86_401, false)]
        {
            assert_eq!(cors("MaxAge", json!(age)).is_empty(), fits, "{age}");
        }
    }

    #[test]
    fn words_are_awss() {
        let enumeration = |value, member, words| {
            format!(
                "ValidationException: 1 validation error detected: Value {value} at '{member}' failed to satisfy \
                 constraint: Member must {words}"
            )
        };
        assert_eq!(refused(json!({})), enumeration("null", "authType", "not be null"));
        let auth = enumeration("'AWS'", "authType", "satisfy enum value set: [NONE, AWS_IAM]");
        assert_eq!(refused(json!({ "AuthType": "AWS" })), auth);
        let mode =
            enumeration("'UNKNOWN'", "invokeMode", "satisfy enum value set: [RESPONSE_STREAM, BUFFERED]");
        assert_eq!(refused(json!({ "AuthType": "NONE", "InvokeMode": "UNKNOWN" })), mode);
    }

    #[test]
    fn what_was_not_given_is_left_out_where_aws_leaves_it_out() {
        let mut config = UrlConfig::new(Auth::None, &Input::default());
        let keys = |config: &UrlConfig, shown| {
            config.show("arn", shown).as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        let created = ["AuthType", "CreationTime", "FunctionArn", "FunctionUrl"];
        assert_eq!(keys(&config, Shown::Created), created);
        assert_eq!(keys(&config, Shown::Updated), [&created[..], &["LastModifiedTime"]].concat());
        let read = [&created[..], &["InvokeMode", "LastModifiedTime"]].concat();
        assert_eq!(keys(&config, Shown::Read), read);
        assert_eq!(config.show("arn", Shown::Read)["InvokeMode"], "BUFFERED");

        let input = |value: Value| serde_json::from_value::<Input>(value).unwrap();
        config.change(&input(json!({ "InvokeMode": "RESPONSE_STREAM", "Cors": { "MaxAge": 5 } })));
        config.change(&input(json!({ "AuthType": "AWS_IAM" })));
        let shown = config.show("arn", Shown::Updated);
        assert_eq!(
            (&shown["InvokeMode"], &shown["AuthType"]),
            (&json!("RESPONSE_STREAM"), &json!("AWS_IAM"))
        );
        assert_eq!(shown["Cors"], json!({ "MaxAge": 5 }));
        config.change(&input(json!({ "Cors": {} })));
        assert_eq!(config.show("arn", Shown::Updated).get("Cors"), None);
    }

    #[test]
    fn it_is_kept_as_it_is() {
        let cors = Cors { allow_origins: Some(vec!["*".into()]), ..Cors::default() };
        let config = UrlConfig {
            port: 4711,
            cors: Some(cors),
            invoke_mode: Some(Mode::Stream),
            ..UrlConfig::new(Auth::Iam, &Input::default())
        };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<UrlConfig>(&text).unwrap(), config);
        let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(config.id.len() == 32 && config.id.bytes().all(valid), "{}", config.id);
    }
}
