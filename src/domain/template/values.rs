//! What the placeholders of a template stand for.
//!
//! | placeholder | stands for |
//! |---|---|
//! | `{{region}}` `{{account}}` `{{partition}}` `{{domain}}` | where the session is: `eu-west-1`, twelve digits, `aws`, `amazonaws.com` |
//! | `{{function}}` `{{function_arn}}` | the function that is invoked |
//! | one of [`NAMES`] | a resource, made up where no name was chosen; `{{key_url}}` as S3 writes it in notifications |
//! | `{{time}}` `{{time_s}}` | now: `2026-11-20T14:03:22.123Z`, without milliseconds |
//! | `{{date}}` `{{date_path}}` | the day: `2026-11-20`, `2026/11/20` |
//! | `{{time_zone}}` `{{time_clf}}` `{{time_mail}}` `{{time_short}}` `{{time_long}}` `{{time_build}}` | now, as CloudWatch, access logs, mails, reasons of alarms, RabbitMQ and CodeBuild write it |
//! | `{{epoch_ms}}` `{{epoch_us}}` `{{epoch_s}}` `{{epoch}}` `{{epoch_hex}}` | since 1970: milliseconds, microseconds, seconds, seconds with milliseconds, seconds in hexadecimal |
//! | `{{uuid}}` | a random UUID |
//! | `{{hex:N}}` `{{digits:N}}` `{{id:N}}` `{{name:N}}` `{{token:N}}` | N random characters: hexadecimal, digits, `A-Z0-9`, `a-z0-9`, those of base64 |
//!
//! A time takes an offset (`{{time:-5m}}`), a random one a label (`{{uuid:order}}`, `{{hex:32:etag}}`): the same
//! placeholder is the same text wherever it stands in one event.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

/// The names that can be chosen: name, what it is where none was chosen, what it is for.
pub const NAMES: [(&str, &str, &str); 8] = [
    ("bucket", "example-bucket", "S3 bucket"),
    ("key", "photos/2026/sunset over sea.jpg", "key of an S3 object"),
    ("queue", "example-queue", "SQS or MQ queue"),
    ("topic", "example-topic", "SNS, Kafka or MQTT topic"),
    ("table", "example-table", "DynamoDB table"),
    ("stream", "example-stream", "Kinesis or Firehose stream"),
    ("rule", "example-rule", "EventBridge or AWS Config rule, schedule or alarm"),
    ("user", "jane.doe", "user of a Cognito pool"),
];

/// The account where the session's is not known: the one that AWS's own examples use.
pub const EXAMPLE_ACCOUNT: &str = "123456789012";

/// The function where none was named.
pub const EXAMPLE_FUNCTION: &str = "my-function";

/// What templates are filled in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// Region.
    pub region: String,
    /// Account; [`EXAMPLE_ACCOUNT`] where it is not known.
    pub account: Option<String>,
    /// Name of the function that is invoked, without a qualifier; [`EXAMPLE_FUNCTION`] where there is none.
    pub function: Option<String>,
    /// The time that events happen at.
    pub now: Timestamp,
    /// What all that is random is made of. Two events with the same seed have the same ids.
    pub seed: u128,
    /// Chosen ones of [`NAMES`], each with what it is.
    pub names: BTreeMap<String, String>,
}

impl Values {
    /// Values of a session, with no function, account or name chosen.
    #[must_use]
    pub fn new(region: impl Into<String>, now: Timestamp, seed: u128) -> Self {
        let region = region.into();
        Self { region, account: None, function: None, now, seed, names: BTreeMap::new() }
    }

    /// A text with its placeholders filled in. What is no placeholder stays as it is, and so do the values: braces in
    /// them mean nothing.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            let value = after.split_once("}}").and_then(|(inside, rest)| Some((self.value(inside)?, rest)));
            if let Some((value, after)) = value {
                out.push_str(&value);
                rest = after;
            } else {
                out.push_str("{{");
                rest = after;
            }
        }
        out.push_str(rest);
        out
    }

    /// What a placeholder stands for; none where it is none.
    fn value(&self, placeholder: &str) -> Option<String> {
        let (name, argument) = placeholder.split_once(':').unwrap_or((placeholder, ""));
        self.place(name)
            .or_else(|| self.chosen(name))
            .or_else(|| self.time(name, argument))
            .or_else(|| self.random(name, argument))
    }

    fn place(&self, name: &str) -> Option<String> {
        let account = self.account.as_deref().unwrap_or(EXAMPLE_ACCOUNT);
        let function = self.function.as_deref().unwrap_or(EXAMPLE_FUNCTION);
        let (partition, domain) = partition(&self.region);
        Some(match name {
            "region" => self.region.clone(),
            "account" => account.to_owned(),
            "partition" => partition.to_owned(),
            "domain" => domain.to_owned(),
            "function" => function.to_owned(),
            "function_arn" => {
                format!("arn:{partition}:lambda:{}:{account}:function:{function}", self.region)
            }
            _ => return None,
        })
    }

    fn chosen(&self, name: &str) -> Option<String> {
        if name == "key_url" {
            return self.chosen("key").map(|key| url_encoded(&key));
        }
        let (_, example, _) = NAMES.iter().find(|(known, ..)| *known == name)?;
        Some(self.names.get(name).map_or_else(|| (*example).to_owned(), Clone::clone))
    }

    fn time(&self, name: &str, offset: &str) -> Option<String> {
        let offset: SignedDuration =
            if offset.is_empty() { SignedDuration::ZERO } else { offset.parse().ok()? };
        let time = self.now.checked_add(offset).unwrap_or(self.now);
        let format = match name {
            "time" => "%Y-%m-%dT%H:%M:%S%.3fZ",
            "time_s" => "%Y-%m-%dT%H:%M:%SZ",
            "time_zone" => "%Y-%m-%dT%H:%M:%S%.3f+0000",
            "time_clf" => "%d/%b/%Y:%H:%M:%S +0000",
            "time_mail" => "%a, %d %b %Y %H:%M:%S +0000",
            "time_short" => "%d/%m/%y %H:%M:%S",
            "time_long" => "%b %-d, %Y, %-I:%M:%S %p",
            "time_build" => "%b %-d, %Y %-I:%M:%S %p",
            "date" => "%Y-%m-%d",
            "date_path" => "%Y/%m/%d",
            "epoch_us" => return Some(time.as_microsecond().to_string()),
            "epoch_ms" => return Some(time.as_millisecond().to_string()),
            "epoch_s" => return Some(time.as_second().to_string()),
            "epoch_hex" => return Some(format!("{:08x}", time.as_second())),
            "epoch" => {
                let milliseconds = time.as_millisecond();
                return Some(format!("{}.{:03}", milliseconds / 1000, milliseconds.rem_euclid(1000)));
            }
            _ => return None,
        };
        Some(time.strftime(format).to_string())
    }

    fn random(&self, name: &str, argument: &str) -> Option<String> {
        if name == "uuid" {
            let hash = self.hash(&format!("uuid:{argument}"), 0);
            let bytes = hash.first_chunk()?;
            return Some(uuid::Builder::from_random_bytes(*bytes).into_uuid().to_string());
        }
        let alphabet: &[u8] = match name {
            "hex" => b"0123456789abcdef",
            "digits" => b"0123456789",
            "id" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "name" => b"abcdefghijklmnopqrstuvwxyz0123456789",
            "token" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            _ => return None,
        };
        let length: usize = argument.split(':').next()?.parse().ok()?;
        let about = format!("{name}:{argument}");
        let bytes = (0..).flat_map(|block| self.hash(&about, block));
        Some(
            bytes.take(length).map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()])).collect(),
        )
    }

    /// 32 bytes that look random and depend on the seed and on what they are about.
    fn hash(&self, about: &str, block: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(block.to_le_bytes());
        hash.update(about);
        hash.finalize().into()
    }
}

/// The partition that a region belongs to, and the domain of its endpoints (botocore's `partitions.json`, 1.43).
fn partition(region: &str) -> (&'static str, &'static str) {
    const PARTITIONS: [(&str, &str, &str); 7] = [
        ("cn-", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-", "aws-us-gov", "amazonaws.com"),
        ("us-iso-", "aws-iso", "c2s.ic.gov"),
        ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
        ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
        ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
        ("eusc-", "aws-eusc", "amazonaws.eu"),
    ];
    let found = PARTITIONS.iter().find(|(prefix, ..)| region.starts_with(prefix));
    found.map_or(("aws", "amazonaws.com"), |(_, partition, domain)| (partition, domain))
}

/// A key as S3 writes it in notifications: a blank is `+`, slashes stay.
fn url_encoded(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                out.push(byte.into());
            }
            b' ' => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn values() -> Values {
        Values::new("eu-west-1", "2026-11-20T14:03:22.005Z".parse().unwrap(), 1)
    }

    #[rstest]
    #[case("", "")]
    #[case("{{region}}", "eu-west-1")]
    #[case("a{{region}}-{{account}}b", "aeu-west-1-123456789012b")]
    #[case("{{no such}} {{region}}", "{{no such}} eu-west-1")]
    #[case("{{ {{region}}", "{{ eu-west-1")]
    #[case("{{region", "{{region")]
    #[case("{{}}", "{{}}")]
    #[case("{{time:soon}}", "{{time:soon}}")]
    #[case("{{hex}} {{hex:x}}", "{{hex}} {{hex:x}}")]
    #[case("{####} {##Click Here##}", "{####} {##Click Here##}")]
    #[case("{{time}} {{time_s:1h}}", "2026-11-20T14:03:22.005Z 2026-11-20T15:03:22Z")]
    #[case("{{time:-5m}} {{date:-24h}}", "2026-11-20T13:58:22.005Z 2026-11-19")]
    #[case("{{epoch}} {{epoch_s}}", "1795183402.005 1795183402")]
    #[case("{{epoch_ms}} {{epoch_us}}", "1795183402005 1795183402005000")]
    #[case("{{time_long}}, {{time_build}}", "Nov 20, 2026, 2:03:22 PM, Nov 20, 2026 2:03:22 PM")]
    #[case("{{time_short}} {{epoch_hex}}", "20/11/26 14:03:22 6b00532a")]
    fn placeholders(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(values().fill(text), expected);
    }

    #[test]
    fn random_ones_are_of_their_alphabet_and_differ_by_label() {
        let values = values();
        for (placeholder, length) in [("hex:40", 40), ("digits:49", 49), ("id:9", 9), ("token:600", 600)] {
            let one = values.fill(&format!("{{{{{placeholder}:one}}}}"));
            assert_eq!(one.len(), length, "{one}");
            assert_ne!(one, values.fill(&format!("{{{{{placeholder}:two}}}}")));
            assert_eq!(one, values.fill(&format!("{{{{{placeholder}:one}}}}")));
        }
        assert!(values.fill("{{hex:99}}").bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        let uuid = uuid::Uuid::parse_str(&values.fill("{{uuid:a}}")).unwrap();
        assert_eq!(uuid.get_version_num(), 4);
    }

    #[rstest]
    #[case("us-east-1", "aws")]
    #[case("cn-northwest-1", "aws-cn")]
    #[case("us-gov-east-1", "aws-us-gov")]
    #[case("us-iso-east-1", "aws-iso")]
    #[case("us-isob-east-1", "aws-iso-b")]
    #[case("eu-isoe-west-1", "aws-iso-e")]
    #[case("us-isof-south-1", "aws-iso-f")]
    #[case("eusc-de-east-1", "aws-eusc")]
    #[case("", "aws")]
    fn partitions(#[case] region: &str, #[case] expected: &str) {
        assert_eq!(partition(region).0, expected);
    }

    proptest! {
        #[test]
        fn what_has_no_braces_stays(text in "[^{]*") {
            prop_assert_eq!(values().fill(&text), text);
        }

        #[test]
        fn anything_can_be_filled_in(text in "(\\{\\{|\\}\\}|[a-z:_0-9-]|key|time|é){0,12}", value in any::<String>()) {
            let names = NAMES.iter().map(|(name, ..)| ((*name).to_owned(), value.clone())).collect();
            let values = Values { names, function: Some(value.clone()), ..values() };
            values.fill(&text);
            prop_assert_eq!(values.fill("{{function}}|{{bucket}}"), format!("{value}|{value}"));
        }
    }
}
