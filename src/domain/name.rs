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
        let rule = format!("at least {least} {unit} are needed");
        return Err(RuleError::new(subject, format!("is {value} {unit}"), rule, "raise it"));
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
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn arn(partition: &str, region: &str) -> FunctionRef {
        FunctionRef {
            account: Some("123456789012".into()),
            region: Some(region.into()),
            partition: Some(partition.into()),
            ..FunctionRef::named("checkout-api")
        }
    }

    fn with(qualifier: &str, function: FunctionRef) -> FunctionRef {
        FunctionRef { qualifier: Some(qualifier.into()), ..function }
    }

    #[rstest]
    #[case("checkout-api", FunctionRef::named("checkout-api"))]
    #[case("checkout-api:live", with("live", FunctionRef::named("checkout-api")))]
    #[case("checkout-api:$LATEST", with("$LATEST", FunctionRef::named("checkout-api")))]
    #[case("checkout-api:7", with("7", FunctionRef::named("checkout-api")))]
    #[case("checkout-api:$LATEST.PUBLISHED", with("$LATEST.PUBLISHED", FunctionRef::named("checkout-api")))]
    #[case("function:prod", with("prod", FunctionRef::named("function")))]
    #[case("arn:aws:lambda:eu-west-1:123456789012:function:checkout-api", arn("aws", "eu-west-1"))]
    #[case(
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:checkout-api:7",
        with("7", arn("aws-cn", "cn-north-1"))
    )]
    #[case(
        "123456789012:function:checkout-api",
        FunctionRef { account: Some("123456789012".into()), ..FunctionRef::named("checkout-api") }
    )]
    #[case(
        "123456789012:function:checkout-api:live",
        with("live", FunctionRef { account: Some("123456789012".into()), ..FunctionRef::named("checkout-api") })
    )]
    fn references(#[case] text: &str, #[case] expected: FunctionRef) {
        let read: FunctionRef = format!(" {text}\n").parse().unwrap();
        assert_eq!(read, expected);
        assert_eq!(read.to_string(), text);
        let qualifier = read.qualifier.as_ref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        assert_eq!(format!("{}{qualifier}", read.function_name()), text);
    }

    #[rstest]
    #[case("")]
    #[case("a b")]
    #[case("a:")]
    #[case(":live")]
    #[case("a:live:more")]
    #[case("12345678901:function:a")]
    #[case("1234567890123:function:a")]
    #[case("arn:aws:s3:::bucket")]
    #[case("arn:aws:lambda:eu-west-1:123456789012:layer:a")]
    #[case("arn:aws:lambda::123456789012:function:a")]
    #[case("arn:azure:lambda:eu-west-1:123456789012:function:a")]
    #[case("arn:aws:lambda:eu-west-1:abc:function:a")]
    #[case("arn:aws:lambda:eu-west-1:123456789012:function:a:b:c")]
    #[case("a\u{1b}[2J")]
    fn no_references(#[case] text: &str) {
        let error = text.parse::<FunctionRef>().unwrap_err().to_string();
        assert!(error.contains(": ") && error.contains("; ") && !error.contains('\u{1b}'), "{error}");
    }

    /// A rule about length or amount: kept up to both borders, broken one beyond.
    #[rstest]
    #[case::function_name(|n| check_function_name(&"a".repeat(n)), 1, 64)]
    #[case::alias_name(|n| check_alias_name(&"a".repeat(n)), 1, 128)]
    #[case::qualifier(|n| check_qualifier(&"a".repeat(n)), 1, 128)]
    #[case::description(|n| check_description(&"é".repeat(n)), 0, 256)]
    #[case::handler(|n| check_handler(&"a".repeat(n)), 1, 128)]
    #[case::memory(|n| check_memory(i64::try_from(n).unwrap()), 128, 10_240)]
    #[case::timeout(|n| check_timeout(i64::try_from(n).unwrap()), 1, 900)]
    #[case::ephemeral_storage(|n| check_ephemeral_storage(i64::try_from(n).unwrap()), 512, 10_240)]
    #[case::layers(check_layers, 0, 5)]
    fn limits(#[case] check: fn(usize) -> Result<(), RuleError>, #[case] least: usize, #[case] most: usize) {
        for within in [least, least + 1, most - 1, most] {
            assert_eq!(check(within), Ok(()), "{within}");
        }
        if let Some(below) = least.checked_sub(1) {
            assert!(check(below).is_err());
        }
        let error = check(most + 1).unwrap_err();
        assert!(error.rule.contains(&most.to_string()), "{error}");
        assert!(error.problem.contains(&(most + 1).to_string()), "{error}");
    }

    #[rstest]
    #[case("", false)]
    #[case("A", false)]
    #[case("AB", true)]
    #[case("ABC", true)]
    fn a_variable_name_has_two_characters(#[case] name: &str, #[case] fine: bool) {
        assert_eq!(check_variable_name(name).is_ok(), fine);
    }

    #[rstest]
    #[case(4095, true)]
    #[case(4096, true)]
    #[case(4097, false)]
    fn the_environment_has_four_kilobytes(#[case] size: usize, #[case] fine: bool) {
        // {"KEY":""} is 10 bytes, and a quote takes two.
        for value in ["x".repeat(size - 10), format!("\"{}", "x".repeat(size - 12))] {
            let variables = BTreeMap::from([("KEY".to_owned(), Secret::new(value))]);
            assert_eq!(check_environment(&variables).is_ok(), fine);
        }
    }

    #[test]
    fn a_message_says_what_is_wrong_the_rule_and_what_to_do() {
        assert_eq!(
            check_function_name(&"a".repeat(65)).unwrap_err().to_string(),
            "the function name has 65 characters: at most 64 are allowed; shorten it"
        );
        assert_eq!(
            check_function_name("my function").unwrap_err().to_string(),
            "the function name has ` ` at position 3: only letters a-z and A-Z, digits, -, _ are allowed; choose another name"
        );
        assert_eq!(
            check_memory(64).unwrap_err().to_string(),
            "the memory is 64 MB: at least 128 MB are needed; raise it"
        );
        assert_eq!(
            check_variable_name("AWS_REGION").unwrap_err().to_string(),
            "the variable name AWS_REGION is reserved: Lambda sets it itself; choose another name"
        );
    }

    #[rstest]
    #[case("a.b")]
    #[case("ä")]
    #[case("a:b")]
    #[case("$LATEST")]
    #[case("a\u{202e}")]
    fn names_that_are_none(#[case] name: &str) {
        assert!(check_function_name(name).is_err());
        assert!(check_alias_name(name).is_err());
    }

    #[rstest]
    #[case("1", false)]
    #[case("0042", false)]
    #[case("v1", true)]
    #[case("1-0", true)]
    fn an_alias_is_no_number(#[case] name: &str, #[case] fine: bool) {
        assert_eq!(check_alias_name(name).is_ok(), fine);
        assert!(check_qualifier(name).is_ok());
    }

    #[rstest]
    #[case("a b")]
    #[case("a\tb")]
    #[case("a\u{a0}b")]
    fn a_handler_has_no_white_space(#[case] handler: &str) {
        assert!(check_handler(handler).is_err());
    }

    #[rstest]
    #[case("KEY", true)]
    #[case("k2", true)]
    #[case("A_", true)]
    #[case("_KEY", false)]
    #[case("2KEY", false)]
    #[case("KE-Y", false)]
    #[case("KE Y", false)]
    #[case("K\u{e9}Y", false)]
    #[case("aws_region", true)]
    #[case("TZ", true)]
    fn variable_names(#[case] name: &str, #[case] fine: bool) {
        assert_eq!(check_variable_name(name).is_ok(), fine);
    }

    #[test]
    fn every_reserved_variable_is_refused() {
        for name in RESERVED_VARIABLES {
            assert!(check_variable_name(name).unwrap_err().problem.ends_with("is reserved"), "{name}");
        }
    }

    #[test]
    fn no_error_repeats_a_value_or_a_name() {
        let variables = BTreeMap::from([("KEY".to_owned(), Secret::new("hunter22".repeat(600)))]);
        assert!(!format!("{:?}", check_environment(&variables).unwrap_err()).contains("hunter"));
        assert!(!format!("{:?}", check_variable_name("sk-live-hunter22").unwrap_err()).contains("hunter"));
    }

    proptest! {
        #[test]
        fn the_size_is_that_of_the_json(map in prop::collection::btree_map(any::<String>(), any::<String>(), 0..8)) {
            let size = environment_size(map.iter().map(|(key, value)| (key.as_str(), value.as_str())));
            prop_assert_eq!(size, serde_json::to_string(&map).unwrap().len());
        }

        #[test]
        fn any_text_is_a_reference_or_an_error(text in any::<String>()) {
            if let Ok(read) = text.parse::<FunctionRef>() {
                prop_assert_eq!(read.to_string(), text.trim());
            }
        }

        #[test]
        fn what_is_written_is_read_back(
            name in "[a-zA-Z0-9_-]{1,64}",
            qualifier in prop::option::of("[a-zA-Z0-9_-]{1,128}"),
            home in prop::option::of(("aws(-cn|-us-gov)?", "[a-z]{2}-[a-z]{4,9}-[1-9]", "[0-9]{12}")),
        ) {
            let mut reference = FunctionRef { qualifier, ..FunctionRef::named(name) };
            if let Some((partition, region, account)) = home {
                reference.partition = Some(partition);
                reference.region = Some(region);
                reference.account = Some(account);
            }
            prop_assert_eq!(reference.to_string().parse::<FunctionRef>(), Ok(reference));
        }
    }
}
