//! Names and ARNs of layers, and the numbers of their versions.

use super::super::{
    error::Error,
    names::{PATTERNS, Place},
    operations::Operation,
    validate::{LAYER_PATTERN, Violations},
};

const NAME_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";

/// A layer version that a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub name: String,
    pub number: u64,
}

/// A layer's ARN.
pub(super) fn layer_arn(place: &Place, name: &str) -> String {
    format!("arn:{}:lambda:{}:{}:layer:{name}", place.partition, place.region, place.account_id)
}

/// A layer version's ARN.
pub(super) fn version_arn(place: &Place, name: &str, number: u64) -> String {
    format!("{}:{number}", layer_arn(place, name))
}

/// Notes what the model refuses of a layer's name, plain or as an ARN.
pub(super) fn check_name(given: &str, violations: &mut Violations) {
    violations.at_most(given, "layerName", 140);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let plain = !given.is_empty() && given.bytes().all(word);
    let arn = given.starts_with("arn:")
        && !given.contains(":awslayer:")
        && PATTERNS.layer.is_match(&format!("{given}:1"));
    if !plain && !arn {
        let rule = format!("Member must satisfy regular expression pattern: {NAME_PATTERN}");
        violations.add(given, "layerName", &rule);
    }
}

/// The layer behind a name that [`check_name`] let pass.
pub(super) fn resolve(place: &Place, given: &str) -> Result<String, Error> {
    resolve_of(place, given, given)
}

/// The same, where the name is a part of what was `given`.
fn resolve_of(place: &Place, name: &str, given: &str) -> Result<String, Error> {
    let Some(rest) = name.strip_prefix("arn:") else { return Ok(name.to_owned()) };
    let mut parts = rest.split(':').skip(2);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if region != place.region {
        return Err(Error::not_found(format!(
            "Layers from '{region}' are not reachable in this region ('{}')",
            place.region
        )));
    }
    if account != place.account_id {
        return Err(foreign(given));
    }
    Ok(parts.nth(1).unwrap_or_default().to_owned())
}

/// The refusal of another account's layer, or one of AWS's own.
pub(super) fn foreign(arn: &str) -> Error {
    Error::new(
        403,
        "AccessDeniedException",
        format!(
            "The layer {arn} belongs to another account, and the local engine has no other account's layers. Publish \
             its content here with PublishLayerVersion, and use the ARN that it answers."
        ),
    )
}

/// The version that a request names by its labels: the layer's name and the number.
pub(super) fn version(place: &Place, operation: &Operation) -> Result<Version, Error> {
    let (given, number) = (operation.label(), operation.second_label());
    let mut violations = Violations::default();
    check_name(given, &mut violations);
    if number.parse::<i64>().is_err() {
        violations.add(number, "versionNumber", "Member must be a number");
    }
    violations.finish()?;
    let name = resolve(place, given)?;
    match number.parse::<u64>() {
        Ok(number) if number > 0 => Ok(Version { name, number }),
        _ => Err(Error::invalid("Layer Version Cannot be less than 1.")),
    }
}

/// The version that an ARN means.
pub(super) fn version_by_arn(place: &Place, arn: Option<&str>) -> Result<Version, Error> {
    let mut violations = Violations::default();
    violations.required(arn.as_ref(), "arn");
    let arn = arn.unwrap_or_default();
    violations.at_most(arn, "arn", 2048);
    if violations.is_empty() && !PATTERNS.layer.is_match(arn) {
        let rule = format!("Member must satisfy regular expression pattern: {LAYER_PATTERN}");
        violations.add(arn, "arn", &rule);
    }
    violations.finish()?;
    split(place, arn)
}

/// The version that an ARN of a valid form means.
pub(super) fn split(place: &Place, arn: &str) -> Result<Version, Error> {
    match arn.rsplit_once(':') {
        Some((layer, number)) if !arn.contains(":awslayer:") => {
            let name = resolve_of(place, layer, arn)?;
            // A number that is too large for a u64 is no version's.
            Ok(Version { name, number: number.parse().unwrap_or_default() })
        }
        _ => Err(foreign(arn)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { partition: "aws", region: "us-east-1".into(), account_id: "123456789012".into() }
    }

    #[test]
    fn names_and_arns_mean_the_same_layer() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:layer:shared";
        for given in ["shared", arn] {
            let mut violations = Violations::default();
            check_name(given, &mut violations);
            assert!(violations.is_empty(), "{given}");
            assert_eq!(resolve(&place(), given).as_deref(), Ok("shared"));
        }
        let version = Version { name: "shared".into(), number: 7 };
        assert_eq!(version_by_arn(&place(), Some(&format!("{arn}:7"))), Ok(version));
        assert_eq!(version_arn(&place(), "shared", 7), format!("{arn}:7"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let longest = "a".repeat(140);
        let too_long = "a".repeat(141);
        for (given, good) in [
            (longest.as_str(), true),
            (&too_long, false),
            ("", false),
            ("a b", false),
            ("shared:1", false),
            ("arn:aws:lambda:us-east-1:123456789012:layer:shared:1", false),
            ("arn:aws:lambda:us-east-1:123456789012:function:shared", false),
            ("arn:aws:lambda:::awslayer:x", false),
        ] {
            let mut violations = Violations::default();
            check_name(given, &mut violations);
            assert_eq!(violations.is_empty(), good, "{given}");
        }
    }

    #[test]
    fn foreign_layers_are_refused_by_name() {
        let refused = |arn: &str| version_by_arn(&place(), Some(arn)).unwrap_err().to_string();
        let account = refused("arn:aws:lambda:us-east-1:210987654321:layer:theirs:1");
        assert!(
            account.starts_with("AccessDeniedException: ") && account.contains("no other account's layers")
        );
        assert!(refused("arn:aws:lambda:::awslayer:AmazonLinux1803").contains("no other account's layers"));
        let region = refused("arn:aws:lambda:eu-west-1:123456789012:layer:mine:1");
        assert!(region.contains("not reachable in this region ('us-east-1')"));
        assert!(refused("arn:aws:lambda:us-east-1:123456789012:layer:mine").contains("at 'arn'"));
        assert!(version_by_arn(&place(), None).unwrap_err().to_string().contains("Value null at 'arn'"));
    }
}
