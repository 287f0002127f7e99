//! AWS Signature Version 4, from the server's side.
//!
//! The signature is recomputed with the SDK's own signer (`aws-sigv4`) from what the request says it signed: its
//! `SignedHeaders`, date and scope. Only the engine's one key pair is accepted.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as SignerCredentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use hyper::{HeaderMap, Uri, header};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::secret::Secret;

/// How far a request's date may be from the engine's clock.
const MAX_SKEW: Duration = Duration::from_mins(5);
/// How long a presigned address stays valid, as with AWS's `Code.Location`.
const PRESIGNED_FOR: Duration = Duration::from_mins(10);
/// The service name in the scope of a presigned address: with AWS these are S3 addresses.
const PRESIGNED_SERVICE: &str = "s3";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The engine's key pair.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Access key id, which may be shown.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: Secret,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no signature at all.
    #[error("Missing Authentication Token")]
    Missing,
    /// The `Authorization` header cannot be read.
    #[error("{0}")]
    Incomplete(String),
    /// The access key id is not the engine's.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The signature is another than the request's own, or its scope or date is wrong.
    #[error("{0}")]
    Mismatch(String),
}

impl Refusal {
    fn mismatch() -> Self {
        Self::Mismatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details."
                .to_owned(),
        )
    }
}

/// What a request's `Authorization` header says, its key id already checked.
#[derive(Clone, Debug)]
pub struct Authorization {
    date: String,
    region: String,
    service: String,
    signed_headers: Vec<String>,
    signature: String,
}

impl Authorization {
    /// The service the request was signed for, such as `lambda`.
    pub fn service(&self) -> &str {
        &self.service
    }
}

impl Credentials {
    /// A new random key pair, in the form of AWS's.
    pub fn random() -> Self {
        let id = Uuid::new_v4().simple().to_string().to_uppercase();
        // 20 characters, as AWS's; `LK` is no prefix of theirs, so that nobody takes it for a real key.
        let access_key_id = format!("LKIA{}", &id[..16]);
        let mut hash = Sha256::new();
        for _ in 0..3 {
            hash.update(Uuid::new_v4().as_bytes());
        }
        let mut secret = STANDARD_NO_PAD.encode(hash.finalize());
        secret.truncate(40);
        Self { access_key_id, secret_access_key: Secret::new(secret) }
    }

    /// Reads the `Authorization` header and checks the key id: what can be known before the body is read.
    ///
    /// # Errors
    /// When the header is missing, cannot be read, or names another key.
    pub fn authorize(&self, headers: &HeaderMap) -> Result<Authorization, Refusal> {
        let header = headers.get(header::AUTHORIZATION).ok_or(Refusal::Missing)?;
        let header = header.to_str().map_err(|_| incomplete("a readable value"))?;
        let fields = header
            .strip_prefix(ALGORITHM)
            .ok_or_else(|| Refusal::Incomplete(format!("Authorization header requires '{ALGORITHM}'.")))?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            match field.trim().split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => signed_headers = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                _ => {}
            }
        }
        let credential = credential.ok_or_else(|| incomplete("'Credential' parameter"))?;
        let signed_headers = signed_headers.ok_or_else(|| incomplete("'SignedHeaders' parameter"))?;
        let signature = signature.ok_or_else(|| incomplete("'Signature' parameter"))?;
        let scope: Vec<&str> = credential.split('/').collect();
        let [key, date, region, service, "aws4_request"] = scope.as_slice() else {
            return Err(incomplete("a 'Credential' of the form KEY/DATE/REGION/SERVICE/aws4_request"));
        };
        let signed_headers: Vec<String> = signed_headers.split(';').map(str::to_ascii_lowercase).collect();
        for required in ["host", "x-amz-date"] {
            if !signed_headers.iter().any(|name| name == required) {
                return Err(Refusal::Mismatch(format!(
                    "'{required}' must be a 'SignedHeader' in the AWS Authorization."
                )));
            }
        }
        if *key != self.access_key_id {
            return Err(Refusal::UnknownKey);
        }
        Ok(Authorization {
            date: (*date).to_owned(),
            region: (*region).to_owned(),
            service: (*service).to_owned(),
            signed_headers,
            signature: signature.to_owned(),
        })
    }

    /// Recomputes the signature over the whole request and compares.
    ///
    /// # Errors
    /// When the signature is another, the date is more than five minutes from `now`, or the body is not the one
    /// that `x-amz-content-sha256` names.
    pub fn verify(
        &self,
        authorization: &Authorization,
        method: &str,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), Refusal> {
        let date = headers
            .get("x-amz-date")
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| incomplete("an 'x-amz-date' header"))?;
        let time = parse_date(date).ok_or_else(|| {
            Refusal::Incomplete(format!("Date must be in ISO-8601 'basic format'. Got '{date}'."))
        })?;
        if !date.starts_with(&authorization.date) {
            return Err(Refusal::Mismatch(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{date}'.",
                authorization.date
            )));
        }
        check_clock(date, time, now)?;
        if let Some(claimed) = headers.get("x-amz-content-sha256")
            && claimed.as_bytes() != hex(&Sha256::digest(body)).as_bytes()
        {
            return Err(Refusal::mismatch());
        }

        let mut signed = Vec::with_capacity(authorization.signed_headers.len());
        for name in authorization.signed_headers.iter().filter(|name| *name != "x-amz-date") {
            let mut values = headers.get_all(name).iter().peekable();
            if values.peek().is_none() {
                return Err(Refusal::mismatch());
            }
            for value in values {
                signed.push((name.as_str(), value.to_str().map_err(|_| Refusal::mismatch())?));
            }
        }
        let mut settings = SigningSettings::default();
        // The request itself says which headers it signed.
        settings.excluded_headers = None;
        let address = address(headers, uri.path_and_query().map_or("/", |it| it.as_str()));
        let expected = self
            .signature(
                method,
                address,
                signed,
                body,
                settings,
                (time, &authorization.region, &authorization.service),
            )
            .ok_or_else(Refusal::mismatch)?;
        if same(&expected, &authorization.signature) { Ok(()) } else { Err(Refusal::mismatch()) }
    }

    /// A signed address under which anybody who has it may GET `path` for ten minutes.
    pub fn presign(&self, authority: &str, path: &str, region: &str, now: SystemTime) -> Option<String> {
        let address = format!("http://{authority}{path}");
        let identity = self.identity();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(PRESIGNED_SERVICE)
            .time(now)
            .settings(presign_settings(PRESIGNED_FOR))
            .build()
            .ok()?
            .into();
        let request =
            SignableRequest::new("GET", address.as_str(), std::iter::empty(), SignableBody::UnsignedPayload)
                .ok()?;
        let (instructions, _) = sign(request, &params).ok()?.into_parts();
        let query: Vec<String> =
            instructions.params().iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        Some(format!("{address}?{}", query.join("&")))
    }

    /// Checks an address made by [`Credentials::presign`].
    ///
    /// # Errors
    /// When it was not signed by this key pair, or its time is over.
    pub fn verify_presigned(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        query: &[(String, String)],
        now: SystemTime,
    ) -> Result<(), Refusal> {
        let field = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let credential = field("X-Amz-Credential").ok_or(Refusal::Missing)?;
        let scope: Vec<&str> = credential.split('/').collect();
        let [key, _, region, PRESIGNED_SERVICE, "aws4_request"] = scope.as_slice() else {
            return Err(incomplete("a 'X-Amz-Credential' of the form KEY/DATE/REGION/s3/aws4_request"));
        };
        if *key != self.access_key_id {
            return Err(Refusal::UnknownKey);
        }
        let date = field("X-Amz-Date").unwrap_or_default();
        let time = parse_date(date).ok_or_else(Refusal::mismatch)?;
        let expires: u64 =
            field("X-Amz-Expires").and_then(|text| text.parse().ok()).ok_or_else(Refusal::mismatch)?;
        let expires = Duration::from_secs(expires);
        if expires > PRESIGNED_FOR || now.duration_since(time).is_ok_and(|age| age > expires) {
            return Err(Refusal::Mismatch("Request has expired".to_owned()));
        }
        let expected = self
            .signature(
                "GET",
                address(headers, uri.path()),
                Vec::new(),
                &[],
                presign_settings(expires),
                (time, region, PRESIGNED_SERVICE),
            )
            .ok_or_else(Refusal::mismatch)?;
        if same(&expected, field("X-Amz-Signature").unwrap_or_default()) {
            Ok(())
        } else {
            Err(Refusal::mismatch())
        }
    }

    fn identity(&self) -> aws_smithy_runtime_api::client::identity::Identity {
        SignerCredentials::new(&self.access_key_id, self.secret_access_key.reveal(), None, None, "lambdeck")
            .into()
    }

    fn signature(
        &self,
        method: &str,
        address: String,
        headers: Vec<(&str, &str)>,
        body: &[u8],
        settings: SigningSettings,
        (time, region, service): (SystemTime, &str, &str),
    ) -> Option<String> {
        let identity = self.identity();
        let payload = match settings.signature_location {
            SignatureLocation::Headers => SignableBody::Bytes(body),
            _ => SignableBody::UnsignedPayload,
        };
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(time)
            .settings(settings)
            .build()
            .ok()?
            .into();
        let request = SignableRequest::new(method, address, headers.into_iter(), payload).ok()?;
        Some(sign(request, &params).ok()?.signature().to_owned())
    }
}

fn presign_settings(expires: Duration) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(expires);
    settings
}

fn incomplete(what: &str) -> Refusal {
    Refusal::Incomplete(format!("Authorization header requires {what}."))
}

/// The address as the client saw it, built from its own `Host`.
fn address(headers: &HeaderMap, path: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}{path}")
}

fn check_clock(date: &str, time: SystemTime, now: SystemTime) -> Result<(), Refusal> {
    let current = format_date(now);
    if now.duration_since(time).is_ok_and(|age| age > MAX_SKEW) {
        let limit = format_date(now - MAX_SKEW);
        return Err(Refusal::Mismatch(format!(
            "Signature expired: {date} is now earlier than {limit} ({current} - 5 min.)"
        )));
    }
    if time.duration_since(now).is_ok_and(|ahead| ahead > MAX_SKEW) {
        let limit = format_date(now + MAX_SKEW);
        return Err(Refusal::Mismatch(format!(
            "Signature not yet current: {date} is still later than {limit} ({current} + 5 min.)"
        )));
    }
    Ok(())
}

fn parse_date(text: &str) -> Option<SystemTime> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(TimeZone::UTC.to_timestamp(date).ok()?.into())
}

fn format_date(time: SystemTime) -> String {
    Timestamp::try_from(time).map(|it| it.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}

/// Compares without saying by its duration how much of it was right.
fn same(expected: &str, given: &str) -> bool {
    expected.len() == given.len()
        && std::hint::black_box(expected.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b))) == 0
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte as char);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use hyper::{HeaderMap, Uri, header::HeaderValue};

    use super::{Credentials, Refusal, parse_date};

    /// AWS's own example, "get-vanilla" of its Signature Version 4 test suite.
    fn example() -> (Credentials, HeaderMap, SystemTime) {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        };
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("example.amazonaws.com"));
        headers.insert("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                             SignedHeaders=host;x-amz-date, \
                             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        headers.insert("authorization", HeaderValue::from_static(authorization));
        (credentials, headers, parse_date("20150830T123600Z").unwrap())
    }

    #[test]
    fn awss_own_example_is_accepted_and_anything_else_is_not() {
        let (credentials, headers, now) = example();
        let authorization = credentials.authorize(&headers).unwrap();
        assert_eq!(authorization.service(), "service");
        let verify = |method: &str, uri: &'static str, headers: &HeaderMap, body: &[u8]| {
            credentials.verify(&authorization, method, &Uri::from_static(uri), headers, body, now)
        };
        assert_eq!(verify("GET", "/", &headers, b""), Ok(()));
        for refused in [
            verify("POST", "/", &headers, b""),
            verify("GET", "/x", &headers, b""),
            verify("GET", "/?x=1", &headers, b""),
            verify("GET", "/", &headers, b"x"),
        ] {
            assert_eq!(refused, Err(Refusal::mismatch()));
        }
        let mut other = headers.clone();
        other.insert("host", HeaderValue::from_static("example.com"));
        assert_eq!(verify("GET", "/", &other, b""), Err(Refusal::mismatch()));
    }

    #[test]
    fn the_clocks_may_differ_by_five_minutes() {
        let (credentials, headers, signed) = example();
        let authorization = credentials.authorize(&headers).unwrap();
        let at = |now| credentials.verify(&authorization, "GET", &Uri::from_static("/"), &headers, b"", now);
        for allowed in [299, 300] {
            assert_eq!(at(signed + Duration::from_secs(allowed)), Ok(()));
            assert_eq!(at(signed - Duration::from_secs(allowed)), Ok(()));
        }
        let message = |refusal: Result<(), Refusal>| refusal.unwrap_err().to_string();
        assert_eq!(
            message(at(signed + Duration::from_secs(301))),
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
        );
        assert_eq!(
            message(at(signed - Duration::from_secs(301))),
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
        );
    }

    #[test]
    fn a_presigned_address_is_good_for_ten_minutes() {
        let (credentials, _, now) = example();
        let address = credentials.presign("127.0.0.1:1", "/code/x", "us-east-1", now).unwrap();
        let uri: Uri = address.parse().unwrap();
        let query = super::super::http::parse_form(uri.query().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("127.0.0.1:1"));
        let at = |seconds| {
            credentials.verify_presigned(&uri, &headers, &query, now + Duration::from_secs(seconds))
        };
        assert_eq!((at(0), at(600)), (Ok(()), Ok(())));
        assert_eq!(at(601), Err(Refusal::Mismatch("Request has expired".into())));
    }

    #[test]
    fn random_key_pairs_have_awss_form_and_differ() {
        let (a, b) = (Credentials::random(), Credentials::random());
        assert_eq!((a.access_key_id.len(), a.secret_access_key.len()), (20, 40));
        assert!(a.access_key_id != b.access_key_id && a.secret_access_key != b.secret_access_key);
    }
}
