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
