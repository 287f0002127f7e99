//! Rules of what stands around a function's configuration: concurrency, asynchronous invocation, tags. Each takes what
//! was typed and answers with what it means.
//!
//! The limits are those of the AWS service model, as in [`super::settings`]; where only the documentation has one, that
//! is said.

use super::{name::check_qualifier, release::AccountConcurrency};

/// The most retries of an asynchronous invocation.
pub const MAX_RETRIES: u32 = 2;
/// The shortest and the longest time that an asynchronous event waits, in seconds.
pub const EVENT_AGE_S: (u32, u32) = (60, 21_600);
/// The most characters of a destination's ARN.
pub const MAX_DESTINATION: usize = 350;
/// The most tags of a function, those of AWS not counted (documentation).
pub const MAX_TAGS: usize = 50;
/// The most characters of a tag's key (documentation).
pub const MAX_TAG_KEY: usize = 128;
/// The most characters of a tag's value (documentation).
pub const MAX_TAG_VALUE: usize = 256;
/// What AWS is known to keep unreserved at most. An account's own floor is 10, 50 or 100, and nothing tells which.
pub const HIGHEST_FLOOR: u32 = 100;

fn whole(subject: &str, text: &str) -> Result<u32, String> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(number),
        _ if digits => Err(format!("{subject}: the number is too large; lower it")),
        _ => Err(format!("{subject}: this is no whole number; type digits only")),
    }
}

/// Reserved concurrency; an empty text is none. What the account has left is the limit, where that is known: what is
/// unreserved, and what the function itself has reserved (`own`).
///
/// # Errors
/// What is wrong and what to do.
pub fn reserved(
    text: &str,
    own: Option<u32>,
    account: Option<AccountConcurrency>,
) -> Result<Option<u32>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let number = whole("reserved concurrency", text)?;
    match account.map(|account| account.unreserved.saturating_add(own.unwrap_or_default())) {
        Some(free) if number > free => Err(format!(
            "the reserved concurrency is {number}: only {free} are free in the account; lower it"
        )),
        _ => Ok(Some(number)),
    }
}

/// What stays unreserved in the account after a change of a function's reserved concurrency.
#[must_use]
pub fn left_unreserved(before: Option<u32>, after: Option<u32>, account: AccountConcurrency) -> u32 {
    let free = account.unreserved.saturating_add(before.unwrap_or_default());
    free.saturating_sub(after.unwrap_or_default())
}

/// What one should know before more is reserved: AWS refuses what leaves less than the account's floor, and the floor
/// can't be read.
#[must_use]
pub fn reserved_warning(
    before: Option<u32>,
    after: Option<u32>,
    account: AccountConcurrency,
) -> Option<String> {
    let left = left_unreserved(before, after, account);
    let more = after.unwrap_or_default() > before.unwrap_or_default();
    (more && left < HIGHEST_FLOOR).then(|| {
        format!(
            "this leaves {left} unreserved in the account; AWS keeps 10, 50 or {HIGHEST_FLOOR} so, by account, and may \
             refuse it"
        )
    })
}

/// A qualifier that may have provisioned concurrency: a version's number or an alias.
///
/// # Errors
/// What is wrong and what to do.
pub fn released_qualifier(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.starts_with('$') {
        return Err("$LATEST can't have it: give a version's number or an alias".into());
    }
    check_qualifier(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// Provisioned concurrency: at least 1.
///
/// # Errors
/// What is wrong and what to do.
pub fn provisioned(text: &str) -> Result<u32, String> {
    match whole("provisioned concurrency", text)? {
        0 => {
            Err("the provisioned concurrency is 0: at least 1 is needed; ctrl-d on its row removes it".into())
        }
        number => Ok(number),
    }
}

/// A qualifier and a number, `live 5`, for the reader of the number.
///
/// # Errors
/// What is wrong and what to do.
pub fn qualified<T>(
    text: &str,
    number: impl FnOnce(&str) -> Result<T, String>,
) -> Result<(String, T), String> {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(qualifier), Some(count), None) => Ok((released_qualifier(qualifier)?, number(count)?)),
        _ => Err("give a version or an alias, a space, and a number: live 5".into()),
    }
}

/// Provisioned concurrency comes out of what is reserved (documentation): `total` is that of all versions and aliases.
#[must_use]
pub fn provisioned_warning(total: u32, reserved: Option<u32>) -> Option<String> {
    let reserved = reserved.filter(|reserved| total > *reserved)?;
    Some(format!("{total} would be provisioned in all, but only {reserved} are reserved: AWS may refuse it"))
}

/// Retries of an asynchronous invocation, 0 to 2; an empty text is Lambda's default.
///
/// # Errors
/// What is wrong and what to do.
pub fn retries(text: &str) -> Result<Option<u32>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match whole("retry attempts", text)? {
        number if number > MAX_RETRIES => {
            Err(format!("the retry attempts are {number}: at most {MAX_RETRIES} are allowed; lower them"))
        }
        number => Ok(Some(number)),
    }
}

/// Seconds that an event waits at most, 60 to 21,600; an empty text is Lambda's default.
///
/// # Errors
/// What is wrong and what to do.
pub fn event_age(text: &str) -> Result<Option<u32>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let (least, most) = EVENT_AGE_S;
    match whole("maximum event age", text)? {
        number if number < least => {
            Err(format!("the event age is {number} s: at least {least} s are needed; raise it"))
        }
        number if number > most => {
            Err(format!("the event age is {number} s: at most {most} s are allowed; lower it"))
        }
        number => Ok(Some(number)),
    }
}

/// A destination's ARN; an empty text is none.
///
/// # Errors
/// What is wrong and what to do.
pub fn destination(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let length = text.chars().count();
    if length > MAX_DESTINATION {
        return Err(format!("the ARN has {length} characters: at most {MAX_DESTINATION} are allowed"));
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let holds = matches!(parts.as_slice(), ["arn", partition, service, _, _, rest]
        if partition.starts_with("aws") && !service.is_empty() && !rest.is_empty())
        && !text.chars().any(char::is_whitespace);
    if holds {
        return Ok(Some(text.to_owned()));
    }
    Err("this is no ARN: give that of a queue, a topic, a function, an event bus or a bucket".into())
}

/// Whether a tag is AWS's own: nobody else sets or removes such a one.
#[must_use]
pub fn is_aws_tag(key: &str) -> bool {
    key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

/// The key of a tag: 1 to 128 characters, not one of AWS's own.
///
/// # Errors
/// What is wrong and what to do.
pub fn tag_key(text: &str) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err("the key is empty: give it before the =".into());
    }
    if length > MAX_TAG_KEY {
        return Err(format!(
            "the key has {length} characters: at most {MAX_TAG_KEY} are allowed; shorten it"
        ));
    }
    if is_aws_tag(text) {
        return Err("the key begins with aws: only AWS sets such tags; choose another one".into());
    }
    Ok(text.to_owned())
}

/// The value of a tag: at most 256 characters.
///
/// # Errors
/// What is wrong and what to do.
pub fn tag_value(text: &str) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if length > MAX_TAG_VALUE {
        return Err(format!("the value has {length} characters: at most {MAX_TAG_VALUE} are allowed"));
    }
    Ok(text.to_owned())
}

/// A tag, `key=value`. The first `=` parts them.
///
/// # Errors
/// What is wrong and what to do.
pub fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("give key=value; the value may be empty")?;
    Ok((tag_key(key)?, tag_value(value)?))
}

/// What one should know before a tag is added to those that are there.
#[must_use]
pub fn tags_warning<'a>(keys: impl IntoIterator<Item = &'a String>) -> Option<String> {
    let own = keys.into_iter().filter(|key| !is_aws_tag(key)).count();
    (own >= MAX_TAGS)
        .then(|| format!("there are {own} tags already, and AWS allows {MAX_TAGS}: it may refuse this"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ACCOUNT: AccountConcurrency = AccountConcurrency { limit: 1000, unreserved: 900 };

    #[rstest]
    #[case("", Ok(None))]
    #[case(" ", Ok(None))]
    #[case("0", Ok(Some(0)))]
    #[case("1", Ok(Some(1)))]
    #[case("909", Ok(Some(909)))]
    #[case("910", Ok(Some(910)))]
    #[case("911", Err(()))]
    #[case("-1", Err(()))]
    #[case("+1", Err(()))]
    #[case("1.5", Err(()))]
    #[case("x", Err(()))]
    #[case("99999999999", Err(()))]
    fn reserved_is_what_is_free(#[case] text: &str, #[case] expected: Result<Option<u32>, ()>) {
        assert_eq!(reserved(text, Some(10), Some(ACCOUNT)).map_err(drop), expected);
    }

    #[test]
    fn without_the_accounts_figures_any_number_may_be_right() {
        assert_eq!(reserved("5000", None, None), Ok(Some(5000)));
    }

    #[rstest]
    #[case(None, Some(799), None)]
    #[case(None, Some(800), None)]
    #[case(None, Some(801), Some(99))]
    #[case(Some(10), Some(811), Some(99))]
    // Less than before is never refused.
    #[case(Some(850), Some(849), None)]
    #[case(Some(900), None, None)]
    fn what_may_be_below_the_floor_is_said(
        #[case] before: Option<u32>,
        #[case] after: Option<u32>,
        #[case] left: Option<u32>,
    ) {
        let warning = reserved_warning(before, after, ACCOUNT);
        assert_eq!(warning.is_some(), left.is_some(), "{warning:?}");
        if let Some(left) = left {
            assert!(warning.unwrap().contains(&format!("leaves {left} ")));
        }
    }

    #[rstest]
    #[case("live 5", Some(("live", 5)))]
    #[case(" 7  1 ", Some(("7", 1)))]
    #[case("live 0", None)]
    #[case("live -1", None)]
    #[case("live", None)]
    #[case("5", None)]
    #[case("", None)]
    #[case("live 5 6", None)]
    #[case("$LATEST 5", None)]
    #[case("$LATEST.PUBLISHED 5", None)]
    #[case("a:b 5", None)]
    fn provisioned_is_typed_with_its_qualifier(#[case] text: &str, #[case] expected: Option<(&str, u32)>) {
        let read = qualified(text, provisioned);
        assert_eq!(read.ok(), expected.map(|(qualifier, count)| (qualifier.to_owned(), count)));
    }

    #[rstest]
    #[case(9, None)]
    #[case(10, None)]
    #[case(11, Some(()))]
    fn provisioned_comes_out_of_reserved(#[case] total: u32, #[case] warns: Option<()>) {
        assert_eq!(provisioned_warning(total, Some(10)).map(drop), warns);
        assert_eq!(provisioned_warning(total, None), None);
    }

    #[rstest]
    #[case(retries, &["0", "1", "2"], &["3", "-1", "x", "1 2"])]
    #[case(event_age, &["60", "61", "21599", "21600"], &["59", "21601", "0", "1h"])]
    fn asynchronous_invocation_at_its_limits(
        #[case] read: fn(&str) -> Result<Option<u32>, String>,
        #[case] good: &[&str],
        #[case] bad: &[&str],
    ) {
        assert_eq!(read(" "), Ok(None));
        for text in good {
            assert_eq!(read(text), Ok(text.parse().ok()));
        }
        for text in bad {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn destinations_are_arns() {
        let arn = |length: usize| {
            let start = "arn:aws:sqs:eu-west-1:123456789012:";
            format!("{start}{}", "q".repeat(length - start.len()))
        };
        assert_eq!(destination(" "), Ok(None));
        for good in [arn(349), arn(350), "arn:aws-cn:s3:::bucket".into()] {
            assert_eq!(destination(&good), Ok(Some(good.clone())));
        }
        for bad in [arn(351), "queue".into(), "arn:aws:sqs:r:1:".into(), "arn:aws:sqs:r:1:a b".into()] {
            assert!(destination(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_at_their_limits() {
        for (length, fine) in [(0, false), (1, true), (127, true), (128, true), (129, false)] {
            assert_eq!(tag_key(&"é".repeat(length)).is_ok(), fine, "{length}");
        }
        for (length, fine) in [(0, true), (255, true), (256, true), (257, false)] {
            assert_eq!(tag_value(&"é".repeat(length)).is_ok(), fine, "{length}");
        }
        for (key, fine) in [("aws:x", false), ("AWS:x", false), ("aws", true), ("awsx", true), ("äwsx", true)]
        {
            assert_eq!(tag_key(key).is_ok(), fine, "{key}");
        }
        let keys =
            |own: usize| (0..own).map(|n| n.to_string()).chain(["aws:x".to_owned()]).collect::<Vec<_>>();
        for (own, warns) in [(48, false), (49, false), (50, true)] {
            assert_eq!(tags_warning(&keys(own)).is_some(), warns, "{own}");
        }
    }

    #[rstest]
    #[case("team=shop", Some(("team", "shop")))]
    #[case(" a = b=c ", Some(("a", "b=c")))]
    #[case("a=", Some(("a", "")))]
    #[case("a", None)]
    #[case("=b", None)]
    #[case("", None)]
    fn a_tag_is_typed_as_one_text(#[case] text: &str, #[case] expected: Option<(&str, &str)>) {
        assert_eq!(tag(text).ok(), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
