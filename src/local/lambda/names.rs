//! Names and ARNs: the many ways in which a request can name a function.

use std::sync::LazyLock;

use regex::Regex;

use super::{error::Error, validate::Violations};

/// Where the engine claims to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct Place {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'static str,
    /// Region.
    pub region: String,
    /// Account id.
    pub account_id: String,
}

impl Place {
    /// The ARN of a function, with its qualifier where there is one.
    pub fn arn(&self, name: &str, qualifier: Option<&str>) -> String {
        let base =
            format!("arn:{}:lambda:{}:{}:function:{name}", self.partition, self.region, self.account_id);
        qualifier.map_or_else(|| base.clone(), |qualifier| format!("{base}:{qualifier}"))
    }
}

/// The partition of a region.
pub(in crate::local) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// A function that a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub name: String,
    pub qualifier: Option<String>,
}

impl Target {
    /// The ARN that names exactly this.
    pub fn arn(&self, place: &Place) -> String {
        place.arn(&self.name, self.qualifier.as_deref())
    }

    /// Refuses a qualifier.
    pub fn unqualified(&self) -> Result<(), Error> {
        if self.qualifier.is_none() {
            return Ok(());
        }
        Err(Error::invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. \
             Please specify either a function name or an unqualified function ARN.",
        ))
    }
}

/// The two shapes of a function's name in the service model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// `FunctionName`: operations that change a function.
    Plain,
    /// `NamespacedFunctionName`: operations that read or invoke.
    Namespaced,
}

const PLAIN_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?";
const NAMESPACED_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
const QUALIFIER_PATTERN: &str = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
const TAGGABLE_PATTERN: &str = r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)";
const REGION: &str = "(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9]";

/// The patterns as this crate's regular expressions want them: a `-` inside a class goes last.
pub(super) struct Patterns {
    plain: Regex,
    namespaced: Regex,
    taggable: Regex,
    /// A layer version's ARN. Group 1: its region.
    pub layer: Regex,
    /// A role's ARN.
    pub role: Regex,
    /// Any resource's ARN, or nothing.
    pub resource: Regex,
    /// A file system's access point.
    pub file_system: Regex,
    /// Where the outcome of an asynchronous invocation may go.
    pub destination: Regex,
    /// A tag's key or value.
    pub tag: Regex,
}

// Written out above and tried by the tests: they compile.
#[allow(clippy::expect_used, reason = "constant patterns, covered by tests")]
pub(super) static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let regex = |pattern: String| Regex::new(&pattern).expect("a constant pattern");
    let function = |name: &str, version: &str| {
        regex(format!(
            r"^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:({REGION}):)?(?:([0-9]{{12}}):)?(?:function:)?({name}+)(?::({version}))?$"
        ))
    };
    Patterns {
        plain: function("[a-zA-Z0-9_-]", r"\$LATEST|[a-zA-Z0-9_-]+"),
        namespaced: function(r"[a-zA-Z0-9_.-]", r"\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+"),
        layer: regex(format!(
            r"^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:({REGION}):[0-9]{{12}}:layer:[a-zA-Z0-9_-]+:[0-9]+|arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9_-]+)$"
        )),
        taggable: regex(format!(
            r"^arn:aws[a-zA-Z-]*:lambda:{REGION}:[0-9]{{12}}:(?:function:[a-zA-Z0-9_-]+(?::(\$LATEST|[a-zA-Z0-9_-]+))?|layer:[a-zA-Z0-9_-]+|code-signing-config:csc-[a-z0-9]{{17}}|event-source-mapping:[0-9a-fA-F-]{{36}}|capacity-provider:[a-zA-Z0-9_-]+)$"
        )),
        role: regex(r"^arn:(?:aws[a-zA-Z-]*)?:iam::[0-9]{12}:role/?[a-zA-Z_0-9+=,.@/-]+$".to_owned()),
        resource: regex(r"^(?:arn:(?:aws[a-zA-Z-]*)?:[a-z0-9.-]+:.*)?$".to_owned()),
        file_system: regex(format!(
            r"^(?:arn:aws[a-zA-Z-]*:elasticfilesystem:{REGION}:[0-9]{{12}}:access-point/fsap-[a-f0-9]{{17}}|arn:aws[a-z-]*:s3files:[0-9a-z:-]+:file-system/fs-[0-9a-f]{{17,40}}/access-point/fsap-[0-9a-f]{{17,40}})$"
        )),
        destination: regex(format!(
            r"^(?:kafka://[^.][a-zA-Z0-9_.-]{{0,248}}|arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:(?:{REGION})?:(?:[0-9]{{12}})?:.*)?$"
        )),
        tag: regex(r"^[\p{L}\p{Z}\p{N}_.:/=+@-]*$".to_owned()),
    }
});

/// Reads a function's name, partial ARN or ARN, and a `Qualifier` beside it.
pub(super) fn target(
    place: &Place,
    given: &str,
    qualifier: Option<&str>,
    naming: Naming,
) -> Result<Target, Error> {
    let mut violations = Violations::default();
    if let Some(qualifier) = qualifier {
        check_qualifier(qualifier, &mut violations);
    }
    check_name(given, naming, &mut violations);
    violations.finish()?;
    let target = resolve(place, given, naming)?;
    match (target.qualifier.as_deref(), qualifier) {
        (Some(a), Some(b)) if a != b => Err(Error::invalid(
            "The derived qualifier from the function name does not match the specified qualifier.",
        )),
        (None, Some(qualifier)) => Ok(Target { qualifier: Some(qualifier.to_owned()), ..target }),
        _ => Ok(target),
    }
}

/// Notes what the model refuses of a function's name.
pub(super) fn check_name(given: &str, naming: Naming, violations: &mut Violations) {
    let (max, regex, pattern) = match naming {
        Naming::Plain => (140, &PATTERNS.plain, PLAIN_PATTERN),
        Naming::Namespaced => (256, &PATTERNS.namespaced, NAMESPACED_PATTERN),
    };
    violations.at_most(given, "functionName", max);
    if !regex.is_match(given) {
        violations.add(
            given,
            "functionName",
            &format!("Member must satisfy regular expression pattern: {pattern}"),
        );
    }
}

fn check_qualifier(qualifier: &str, violations: &mut Violations) {
    violations.at_most(qualifier, "qualifier", 128);
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_$".contains(&b))
    };
    if !word(qualifier) && qualifier != "$LATEST.PUBLISHED" {
        violations.add(
            qualifier,
            "qualifier",
            &format!("Member must satisfy regular expression pattern: {QUALIFIER_PATTERN}"),
        );
    }
}

/// The function behind a name that [`check_name`] let pass; refuses those of another region or account.
pub(super) fn resolve(place: &Place, given: &str, naming: Naming) -> Result<Target, Error> {
    let regex = if naming == Naming::Plain { &PATTERNS.plain } else { &PATTERNS.namespaced };
    let parts = regex.captures(given).ok_or_else(|| Error::function_not_found(&place.arn(given, None)))?;
    let part = |at| parts.get(at).map(|part| part.as_str());
    if let Some(region) = part(1).filter(|region| *region != place.region) {
        return Err(Error::not_found(format!(
            "Functions from '{region}' are not reachable in this region ('{}')",
            place.region
        )));
    }
    if part(2).is_some_and(|account| account != place.account_id) {
        return Err(Error::access_denied());
    }
    Ok(Target { name: part(3).unwrap_or_default().to_owned(), qualifier: part(4).map(str::to_owned) })
}

/// A new function's name: 64 characters at most, which another part of AWS checks than the model.
pub(super) fn check_new_name(name: &str) -> Result<(), Error> {
    let mut violations = Violations::default();
    violations.at_most(name, "functionName", 64);
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations.to_string())) }
}

/// A resource that carries tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tagged {
    /// A function by its name.
    Function(String),
    /// A code signing configuration by its ARN.
    CodeSigning(String),
    /// An event source mapping by its UUID.
    Mapping(String),
}

/// The resource with this ARN that can carry tags; of functions those without a qualifier.
pub(super) fn tagged(place: &Place, arn: &str) -> Result<Tagged, Error> {
    let Some(parts) = PATTERNS.taggable.captures(arn) else {
        let mut violations = Violations::default();
        violations.add(
            arn,
            "resource",
            &format!("Member must satisfy regular expression pattern: {TAGGABLE_PATTERN}"),
        );
        violations.finish()?;
        return Err(Error::not_found(arn));
    };
    if parts.get(1).is_some() {
        return Err(Error::invalid(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        ));
    }
    let mut resource = arn.splitn(7, ':').skip(5);
    let (kind, id) = (resource.next().unwrap_or_default(), resource.next().unwrap_or_default());
    match kind {
        "function" => Ok(Tagged::Function(resolve(place, arn, Naming::Plain)?.name)),
        "code-signing-config" => Ok(Tagged::CodeSigning(arn.to_owned())),
        "event-source-mapping" => Ok(Tagged::Mapping(id.to_owned())),
        _ => Err(Error::not_found(format!(
            "The resource {arn} does not exist: the local engine tags functions, code signing configurations and event \
             source mappings."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Naming, Place, Tagged, Target, tagged, target};

    fn place() -> Place {
        Place { partition: "aws", region: "us-east-1".into(), account_id: "123456789012".into() }
    }

    #[test]
    fn names_partial_arns_and_arns_mean_the_same_function() {
        for given in [
            "fn",
            "function:fn",
            "123456789012:fn",
            "123456789012:function:fn",
            "us-east-1:123456789012:function:fn",
            "arn:aws:lambda:us-east-1:123456789012:function:fn",
        ] {
            let expected = Target { name: "fn".into(), qualifier: None };
            assert_eq!(target(&place(), given, None, Naming::Plain), Ok(expected), "{given}");
            let qualified = Target { name: "fn".into(), qualifier: Some("$LATEST".into()) };
            assert_eq!(
                target(&place(), &format!("{given}:$LATEST"), None, Naming::Namespaced),
                Ok(qualified)
            );
        }
    }

    #[test]
    fn foreign_and_broken_names_are_refused_as_aws_does() {
        let refused =
            |given: &str| target(&place(), given, None, Naming::Namespaced).unwrap_err().to_string();
        assert!(
            refused("arn:aws:lambda:eu-west-1:123456789012:function:fn")
                .contains("not reachable in this region ('us-east-1')")
        );
        assert_eq!(refused("arn:aws:lambda:us-east-1:000000000000:function:fn"), "AccessDeniedException: ");
        for given in [
            "*",
            "fn!",
            "fn:1:2",
            "fn:$LATES",
            "arn:aws:lambda:us-east-1::function:fn",
            "arn:aws:ec2:us-east-1:123456789012:x:fn",
        ] {
            assert!(
                refused(given).starts_with("ValidationException: 1 validation error detected: Value '"),
                "{given}"
            );
        }
    }

    #[test]
    fn a_qualifier_beside_the_name_must_agree() {
        let both = |name: &str, qualifier: &str| target(&place(), name, Some(qualifier), Naming::Namespaced);
        assert!(both("fn:1", "1").is_ok());
        assert!(both("fn:1", "2").unwrap_err().to_string().contains("derived qualifier"));
        assert!(both("fn", "$LATEST.PUBLISHED").is_ok());
        assert!(both("fn", "bad!").unwrap_err().to_string().contains("'qualifier'"));
        assert!(both("fn", &"a".repeat(128)).is_ok());
        let two = both("f!", &"a".repeat(129)).unwrap_err().to_string();
        assert!(
            two.contains("2 validation errors detected")
                && two.contains("less than or equal to 128; Value 'f!'")
        );
    }

    #[test]
    fn tags_belong_to_unqualified_functions_configurations_and_mappings() {
        assert_eq!(
            tagged(&place(), "arn:aws:lambda:us-east-1:123456789012:function:fn"),
            Ok(Tagged::Function("fn".into()))
        );
        let csc = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0";
        assert_eq!(tagged(&place(), csc), Ok(Tagged::CodeSigning(csc.into())));
        let uuid = "14e0db71-5d35-4eb5-b481-8945cf9d10c2";
        let mapping = format!("arn:aws:lambda:us-east-1:123456789012:event-source-mapping:{uuid}");
        assert_eq!(tagged(&place(), &mapping), Ok(Tagged::Mapping(uuid.into())));
        let layer = tagged(&place(), "arn:aws:lambda:us-east-1:123456789012:layer:x");
        assert!(layer.unwrap_err().to_string().contains("does not exist"));
        assert!(
            tagged(&place(), "arn:aws:lambda:us-east-1:123456789012:function:fn:1")
                .unwrap_err()
                .to_string()
                .contains("not supported")
        );
        assert!(tagged(&place(), "fn").unwrap_err().to_string().contains("at 'resource'"));
    }
}
