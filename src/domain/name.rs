//! How functions are named, and the rules that Lambda sets for what people may type.
//!
//! The limits are those of the service model (botocore 1.43) and the developer guide. A rule is checked before a
//! request is sent, so that its message can say what to do; Lambda has the last word.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::str::FromStr;

use super::secret::Secret;
use super::text::sanitise;

/// The most characters of a function's name.
pub const MAX_FUNCTION_NAME: usize = 64;
/// The most characters of an alias's name or of a qualifier.
pub const MAX_ALIAS_NAME: usize = 128;
/// The most characters of a description.
pub const MAX_DESCRIPTION: usize = 256;
/// The most characters of a handler.
pub const MAX_HANDLER: usize = 128;
/// The most bytes that all environment variables may take, as JSON.
pub const MAX_ENVIRONMENT: usize = 4096;
/// The least and the most memory, in MB.
pub const MEMORY_MB: (i64, i64) = (128, 10_240);
/// The shortest and the longest time-out, in seconds.
pub const TIMEOUT_S: (i64, i64) = (1, 900);
/// The least and the most ephemeral storage, in MB.
pub const EPHEMERAL_STORAGE_MB: (i64, i64) = (512, 10_240);
/// The most layers of a function.
pub const MAX_LAYERS: usize = 5;

/// Environment variables that the execution environment sets itself.
pub const RESERVED_VARIABLES: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// A rule that is not kept. `Display` says what is wrong, what the rule is, and what to do. It never repeats what was
/// typed, which may be a secret in the wrong field, save for a single character or a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{subject} {problem}: {rule}; {advice}")]
pub struct RuleError {
    /// What the rule is about, such as `the function name`.
    pub subject: &'static str,
    /// What is wrong with it, such as `has 65 characters`.
    pub problem: String,
    /// The rule, such as `at most 64 characters are allowed`.
    pub rule: String,
    /// What to do about it.
    pub advice: &'static str,
}

impl RuleError {
    fn new(
        subject: &'static str,
        problem: impl Into<String>,
        rule: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        Self { subject, problem: problem.into(), rule: rule.into(), advice }
    }
}

/// Names a function, and a version or an alias of it, as the API accepts it wherever it asks for a function.
///
/// Read with [`str::parse`] from `NAME`, `NAME:QUALIFIER`, an ARN
/// (`arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`) or a partial ARN (`ACCOUNT:function:NAME[:QUALIFIER]`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionRef {
    /// The function's name.
    pub name: String,
    /// A version (`7`, `$LATEST`) or an alias.
    pub qualifier: Option<String>,
    /// The account, of an ARN or a partial ARN.
    pub account: Option<String>,
    /// The region, of an ARN.
    pub region: Option<String>,
    /// The partition, of an ARN: `aws`, `aws-cn`, ...
    pub partition: Option<String>,
}

impl FunctionRef {
    /// A function of the session's own account and region.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), qualifier: None, account: None, region: None, partition: None }
    }

    /// What goes into a request's `FunctionName`: everything but the qualifier, which has a member of its own.
    #[must_use]
    pub fn function_name(&self) -> String {
        match (&self.partition, &self.region, &self.account) {
            (Some(partition), Some(region), Some(account)) => {
                format!("arn:{partition}:lambda:{region}:{account}:function:{}", self.name)
            }
            (_, _, Some(account)) => format!("{account}:function:{}", self.name),
            _ => self.name.clone(),
        }
    }
}

impl fmt::Display for FunctionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function_name())?;
        match &self.qualifier {
            Some(qualifier) => write!(f, ":{qualifier}"),
            None => Ok(()),
        }
    }
}

impl FromStr for FunctionRef {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split(':').collect();
        let (partition, region, account, name, qualifier) = match parts.as_slice() {
            [name] => (None, None, None, *name, None),
            [name, qualifier] => (None, None, None, *name, Some(*qualifier)),
            [account, "function", name] => (None, None, Some(*account), *name, None),
            [account, "function", name, qualifier] => (None, None, Some(*account), *name, Some(*qualifier)),
            ["arn", partition, "lambda", region, account, "function", name] => {
                (Some(*partition), Some(*region), Some(*account), *name, None)
            }
            ["arn", partition, "lambda", region, account, "function", name, qualifier] => {
                (Some(*partition), Some(*region), Some(*account), *name, Some(*qualifier))
            }
            _ => return Err(no_reference("has a form that Lambda does not know")),
        };
        if account
            .is_some_and(|account| account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(no_reference("has an account that is not twelve digits"));
        }
        let lower = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if partition.is_some_and(|partition| !partition.starts_with("aws") || !lower(partition)) {
            return Err(no_reference("has a partition that is not aws, aws-cn or the like"));
        }
        if region.is_some_and(|region| region.is_empty() || !lower(region)) {
            return Err(no_reference("has a region that is none"));
        }
        check_function_name(name)?;
        if let Some(qualifier) = qualifier {
            check_qualifier(qualifier)?;
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Self {
            name: name.to_owned(),
            qualifier: owned(qualifier),
            account: owned(account),
            region: owned(region),
            partition: owned(partition),
        })
    }
}

fn no_reference(problem: &str) -> RuleError {
    RuleError::new(
        "the function",
        problem,
        "it is NAME, NAME:QUALIFIER, ACCOUNT:function:NAME or an ARN",
        "give for example checkout-api or checkout-api:live",
    )
}

/// Checks a function's name: letters, digits, `-` and `_`, 1 to 64 of them.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept; so it is for every check here.
pub fn check_function_name(name: &str) -> Result<(), RuleError> {
    check_word("the function name", name, MAX_FUNCTION_NAME, "", "choose another name")
}

/// Checks an alias's name: letters, digits, `-` and `_`, 1 to 128 of them, not digits only.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_alias_name(name: &str) -> Result<(), RuleError> {
    let subject = "the alias name";
    check_word(subject, name, MAX_ALIAS_NAME, "", "choose another name")?;
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        let rule = "that would be a version number";
        return Err(RuleError::new(subject, "is digits only", rule, "put a letter in it, such as v7"));
    }
    Ok(())
}

/// Checks a qualifier: a version number, `$LATEST`, `$LATEST.PUBLISHED` or an alias.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_qualifier(qualifier: &str) -> Result<(), RuleError> {
    if qualifier == "$LATEST.PUBLISHED" {
        return Ok(());
    }
    check_word("the qualifier", qualifier, MAX_ALIAS_NAME, "$", "give a version number, $LATEST or an alias")
}

fn check_word(
    subject: &'static str,
    text: &str,
    most: usize,
    also: &str,
    advice: &'static str,
) -> Result<(), RuleError> {
    if text.is_empty() {
        return Err(RuleError::new(subject, "is empty", "at least one character is needed", advice));
    }
    let allowed = |character: &char| {
        character.is_ascii_alphanumeric() || matches!(character, '-' | '_') || also.contains(*character)
    };
    if let Some(problem) = first_bad(text, allowed) {
        let also = if also.is_empty() { String::new() } else { format!(" and {also}") };
        let rule = format!("only letters a-z and A-Z, digits, -, _{also} are allowed");
        return Err(RuleError::new(subject, problem, rule, advice));
    }
    check_length(subject, text, most)
}

/// Says which character is not allowed, and where.
fn first_bad(text: &str, allowed: impl Fn(&char) -> bool) -> Option<String> {
    let (at, character) = text.chars().enumerate().find(|(_, character)| !allowed(character))?;
    let mut buffer = [0; 4];
    Some(format!("has `{}` at position {}", sanitise(character.encode_utf8(&mut buffer)), at + 1))
}

fn check_length(subject: &'static str, text: &str, most: usize) -> Result<(), RuleError> {
    let length = text.chars().count();
    if length <= most {
        return Ok(());
    }
    let rule = format!("at most {most} are allowed");
    Err(RuleError::new(subject, format!("has {length} characters"), rule, "shorten it"))
}

/// Checks a description: at most 256 characters.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_description(description: &str) -> Result<(), RuleError> {
    check_length("the description", description, MAX_DESCRIPTION)
}

/// Checks a handler: 1 to 128 characters without white space.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_handler(handler: &str) -> Result<(), RuleError> {
    let subject = "the handler";
    if handler.is_empty() {
        let rule = "a function from a zip file needs one";
        return Err(RuleError::new(subject, "is empty", rule, "give for example index.handler"));
    }
    if let Some(at) = handler.chars().position(char::is_whitespace) {
        let problem = format!("has white space at position {}", at + 1);
        return Err(RuleError::new(subject, problem, "none is allowed", "remove it"));
    }
    check_length(subject, handler, MAX_HANDLER)
}

/// Checks the memory, in MB: 128 to 10,240.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_memory(megabytes: impl Into<i64>) -> Result<(), RuleError> {
    check_range("the memory", megabytes.into(), MEMORY_MB, "MB")
}

/// Checks the time-out, in seconds: 1 to 900.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_timeout(seconds: impl Into<i64>) -> Result<(), RuleError> {
    check_range("the timeout", seconds.into(), TIMEOUT_S, "seconds")
}

/// Checks the ephemeral storage (`/tmp`), in MB: 512 to 10,240.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_ephemeral_storage(megabytes: impl Into<i64>) -> Result<(), RuleError> {
    check_range("the ephemeral storage", megabytes.into(), EPHEMERAL_STORAGE_MB, "MB")
}

fn check_range(subject: &'static str, value: i64, range: (i64, i64), unit: &str) -> Result<(), RuleError> {
    let (least, most) = range;
    if value < least {
        let needed = match (least, unit) {
            (1, "seconds") => "at least 1 second is needed".to_owned(),
            _ => format!("at least {least} {unit} are needed"),
        };
        return Err(RuleError::new(subject, format!("is {value} {unit}"), needed, "raise it"));
    }
    if value > most {
        let rule = format!("at most {most} {unit} are allowed");
        return Err(RuleError::new(subject, format!("is {value} {unit}"), rule, "lower it"));
    }
    Ok(())
}

/// Checks the number of layers: at most 5.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_layers(count: usize) -> Result<(), RuleError> {
    if count <= MAX_LAYERS {
        return Ok(());
    }
    let rule = format!("at most {MAX_LAYERS} are allowed");
    Err(RuleError::new(
        "the layers",
        format!("are {count}"),
        rule,
        "remove some, or join them into one layer",
    ))
}

/// Checks the name of an environment variable: a letter, then at least one letter, digit or `_`, and none of the
/// names that Lambda sets itself.
///
/// # Errors
///
/// [`RuleError`] when the rule is not kept.
pub fn check_variable_name(name: &str) -> Result<(), RuleError> {
    let subject = "the variable name";
    if let Some(reserved) = RESERVED_VARIABLES.iter().find(|reserved| **reserved == name) {
        let problem = format!("{reserved} is reserved");
        return Err(RuleError::new(subject, problem, "Lambda sets it itself", "choose another name"));
    }
    if let Some(problem) = first_bad(name, |character| character.is_ascii_alphanumeric() || *character == '_')
    {
        let rule = "only letters a-z and A-Z, digits and _ are allowed";
        return Err(RuleError::new(subject, problem, rule, "choose another name"));
    }
    if name.len() < 2 {
        let problem = if name.is_empty() { "is empty" } else { "has 1 character" };
        return Err(RuleError::new(subject, problem, "at least 2 are needed", "choose a longer name"));
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let problem = format!("begins with `{}`", &name[..1]);
        return Err(RuleError::new(subject, problem, "it must begin with a letter", "choose another name"));
    }
    Ok(())
}

/// The bytes that environment variables take against the limit of [`MAX_ENVIRONMENT`]: those of the map as JSON
/// (`{"KEY":"value",...}`), in which a quote, a backslash or a newline takes two.
#[must_use]
pub fn environment_size<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> usize {
    // Counted and not written, so that no copy of a value is left in memory.
    let mut counter = Counter(2);
    for (index, (key, value)) in variables.into_iter().enumerate() {
        counter.0 += 1 + usize::from(index > 0);
        for text in [key, value] {
            // A counter never fails.
            let _ = serde_json::to_writer(&mut counter, text);
        }
    }
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Checks all environment variables: each name, and the size of the whole. The error says nothing of a value.
///
/// # Errors
///
/// [`RuleError`] for the first rule that is not kept.
pub fn check_environment(variables: &BTreeMap<String, Secret>) -> Result<(), RuleError> {
    variables.keys().try_for_each(|name| check_variable_name(name))?;
    let size = environment_size(variables.iter().map(|(key, value)| (key.as_str(), value.reveal())));
    if size <= MAX_ENVIRONMENT {
        return Ok(());
    }
    Err(RuleError::new(
        "the environment",
        format!("takes {size} bytes as JSON"),
        format!("at most {MAX_ENVIRONMENT} are allowed"),
        "shorten or remove variables, or keep large values in Parameter Store or Secrets Manager",
    ))
}

#[cfg(test)]
mod tests;
