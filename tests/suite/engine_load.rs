//! The engine under pressure: many at once, and requests that make no sense.

use std::fmt::Write as _;
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sdk_lambda::{
    error::ProvideErrorMetadata as _,
    primitives::Blob,
    types::{Environment, FunctionCode, Runtime},
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use lambdeck::local::Engine;

use crate::support::{
    engine::{client, options},
    random::Random,
};

/// Notes each event in the folder NOTES, waits until HOLD is there, and answers with its event.
const HELD: &str = r#"#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"
shopt -s nocasematch
call() {
  exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  length=0
  while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
    case "$line" in
      lambda-runtime-aws-request-id:*) id="${line#*: }" ;;
      content-length:*) length="${line#*: }" ;;
    esac
  done
  body="$(head -c "$length" <&3)"
  exec 3>&-
}
while true; do
  call GET invocation/next ''
  echo "$id" >> "$NOTES/$body"
  while [ ! -e "$HOLD" ]; do sleep 0.05; done
  call POST "invocation/$id/response" "$body"
done
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_events_at_once_a_function_limited_to_10_takes_10_each_once_and_refuses_the_rest() {
    const EVENTS: usize = 200;
    const LIMIT: usize = 10;
    let engine = Engine::start(options()).await.unwrap();
    let client = client(&engine);
    let folder = tempfile::tempdir().unwrap();
    let (notes, hold) = (folder.path().join("notes"), folder.path().join("hold"));
    std::fs::create_dir(&notes).unwrap();

    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let executable = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", executable).unwrap();
    zip.write_all(HELD.as_bytes()).unwrap();
    let code = FunctionCode::builder().zip_file(Blob::new(zip.finish().unwrap().into_inner())).build();
    let variables = Environment::builder()
        .variables("NOTES", notes.to_str().unwrap())
        .variables("HOLD", hold.to_str().unwrap())
        .build();
    let creation =
        client.create_function().function_name("held").runtime(Runtime::Providedal2023).handler("x");
    let creation = creation.role("arn:aws:iam::123456789012:role/test").timeout(120).environment(variables);
    creation.code(code).send().await.unwrap();
    let limit = client.put_function_concurrency().function_name("held");
    limit.reserved_concurrent_executions(i32::try_from(LIMIT).unwrap()).send().await.unwrap();

    let mut under_way = tokio::task::JoinSet::new();
    for event in 0..EVENTS {
        let invoke = client.invoke().function_name("held").payload(Blob::new(event.to_string()));
        under_way.spawn(async move {
            match invoke.send().await {
                Ok(output) => {
                    assert_eq!(output.function_error(), None);
                    let answer = String::from_utf8(output.payload.unwrap().into_inner()).unwrap();
                    assert_eq!(answer, event.to_string());
                    Some(event)
                }
                Err(error) => {
                    let error = error.into_service_error();
                    assert_eq!(error.code(), Some("TooManyRequestsException"), "{error:?}");
                    let aws_sdk_lambda::operation::invoke::InvokeError::TooManyRequestsException(error) =
                        &error
                    else {
                        panic!("{error:?}")
                    };
                    let reason = error.reason().map(aws_sdk_lambda::types::ThrottleReason::as_str);
                    assert_eq!(reason, Some("ReservedFunctionConcurrentInvocationLimitExceeded"));
                    None
                }
            }
        });
    }
    // All that is too much is refused while the ten are held.
    for _ in 0..EVENTS - LIMIT {
        assert_eq!(under_way.join_next().await.unwrap().unwrap(), None);
    }
    std::fs::write(&hold, "").unwrap();
    let mut served = BTreeSet::new();
    while let Some(result) = under_way.join_next().await {
        served.insert(result.unwrap().expect("an answer of the function"));
    }
    assert_eq!(served.len(), LIMIT);

    let mut seen = BTreeSet::new();
    for file in std::fs::read_dir(&notes).unwrap().flatten() {
        let runs = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(runs.lines().count(), 1, "event {:?} ran more than once", file.file_name());
        seen.insert(file.file_name().to_str().unwrap().parse::<usize>().unwrap());
    }
    assert_eq!(seen, served);
    engine.shutdown().await;
}

/// Paths that exist, with `*` where something stands for a name.
const PATHS: &[&str] = &[
    "/",
    "/2014-11-13/functions/*/invoke-async",
    "/2015-03-31/event-source-mappings",
    "/2015-03-31/event-source-mappings/*",
    "/2015-03-31/functions",
    "/2015-03-31/functions/*",
    "/2015-03-31/functions/*/aliases",
    "/2015-03-31/functions/*/aliases/*",
    "/2015-03-31/functions/*/code",
    "/2015-03-31/functions/*/configuration",
    "/2015-03-31/functions/*/invocations",
    "/2015-03-31/functions/*/policy",
    "/2015-03-31/functions/*/policy/*",
    "/2015-03-31/functions/*/versions",
    "/2016-08-19/account-settings",
    "/2017-03-31/tags/*",
    "/2017-10-31/functions/*/concurrency",
    "/2018-10-31/layers",
    "/2018-10-31/layers/*/versions",
    "/2018-10-31/layers/*/versions/*",
    "/2018-10-31/layers/*/versions/*/policy",
    "/2019-09-25/functions/*/event-invoke-config",
    "/2019-09-30/functions/*/provisioned-concurrency",
    "/2020-04-22/code-signing-configs",
    "/2020-04-22/code-signing-configs/*",
    "/2020-06-30/functions/*/code-signing-config",
    "/2021-07-20/functions/*/runtime-management-config",
    "/2021-10-31/functions/*/url",
    "/2021-11-15/functions/*/response-streaming-invocations",
    "/2024-08-31/functions/*/recursion-config",
    "/code/*",
    "/service/GraniteServiceVersion20100801/operation/GetMetricData",
    "/service/GraniteServiceVersion20100801/operation/*",
    "/tags/*",
    "/v1/registries",
    "/v1/registries/name/*/schemas/name/*",
];
const TARGETS: &[&str] = &[
    "Logs_20140328.FilterLogEvents",
    "Logs_20140328.PutLogEvents",
    "Logs_20140328.StartQuery",
    "Logs_20140328.DescribeLogGroups",
    "Logs_20140328.",
    "GraniteServiceVersion20100801.GetMetricData",
    "GraniteServiceVersion20100801.ListMetrics",
    "Nothing_1.Known",
    "%",
];
const NAMES: &[&str] = &[
    "greeter",
    "$LATEST",
    "1",
    "live",
    "",
    "%",
    "%00",
    "%2e%2e",
    "a%2Fb",
    "ü",
    "a:b:c:d",
    "-",
    "..",
    "arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Agreeter",
    "18446744073709551616",
];
const BODIES: &[&str] = &[
    "",
    "{}",
    "[]",
    "null",
    "{",
    "\u{0}",
    r#"{"FunctionName":7}"#,
    r#"{"FunctionName":"x","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},"Runtime":"python3.13","Handler":"a.b"}"#,
    r#"{"logGroupName":"g","filterPattern":"{ $.a = "}"#,
    r#"{"logGroupName":"g","logEvents":[{"timestamp":-1,"message":""}]}"#,
    r#"{"MetricDataQueries":[{"Id":"m"}],"StartTime":1e300,"EndTime":-1e300}"#,
    "Action=GetMetricData&Version=2010-08-01&MetricDataQueries.member.99999999999.Id=m",
    "Action=GetCallerIdentity&Version=2011-06-15",
    r#"{"ReservedConcurrentExecutions":-99999999999999999999}"#,
    "\u{bf}\u{b9}StartTime",
    r#"{"Name":"x","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":1e400}}}"#,
];

/// A kept connection that sends whatever it is given. It reads answers in full, so that a broken one shows.
struct Wire {
    authority: String,
    stream: BufReader<TcpStream>,
}

impl Wire {
    fn to(engine: &Engine) -> Self {
        let authority = engine.endpoint_url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&authority).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        Self { authority, stream: BufReader::new(stream) }
    }

    /// Status and body; none when the server hung up without an answer.
    fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Option<(u16, String)> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.authority);
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        let _ = write!(request, "content-length: {}\r\n\r\n", body.len());
        let whole = [request.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&whole).ok()?;
        let (mut status, mut length, mut chunked, mut line) = (0, 0, false, String::new());
        loop {
            line.clear();
            if self.stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let lower = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            } else if lower == "transfer-encoding: chunked" {
                chunked = true;
            } else if lower.is_empty() {
                break;
            }
        }
        let mut body = Vec::new();
        while chunked {
            line.clear();
            self.stream.read_line(&mut line).ok()?;
            let size = usize::from_str_radix(line.trim(), 16).unwrap();
            let mut piece = vec![0; size + 2];
            self.stream.read_exact(&mut piece).ok()?;
            body.extend_from_slice(&piece[..size]);
            chunked = size > 0;
        }
        let mut rest = vec![0; length];
        self.stream.read_exact(&mut rest).ok()?;
        body.extend(rest);
        Some((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

struct Guess<'a> {
    random: Random,
    engine: &'a Engine,
}

impl Guess<'_> {
    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::try_from(self.random.below(i64::try_from(of.len()).unwrap())).unwrap()]
    }

    fn path(&mut self) -> String {
        let mut path = String::new();
        for (nth, part) in self.one(PATHS).split('*').enumerate() {
            if nth > 0 {
                path += self.one(NAMES);
            }
            path += part;
        }
        if self.random.chance(20) {
            path += "/";
            path += self.one(NAMES);
        }
        if self.random.chance(30) {
            let key = self.one(&[
                "Qualifier",
                "MaxItems",
                "Marker",
                "List",
                "find",
                "FunctionVersion",
                "tagKeys",
                "Arn",
            ]);
            let _ = write!(path, "?{key}={}", self.one(NAMES));
        }
        // Only what may stand in a request line.
        path.replace('ü', "%C3%BC")
    }

    fn body(&mut self) -> Vec<u8> {
        let mut body = self.one(BODIES).as_bytes().to_vec();
        if self.random.chance(40) && !body.is_empty() {
            let at = usize::try_from(self.random.below(i64::try_from(body.len()).unwrap())).unwrap();
            body[at] = self.random.next().to_le_bytes()[0];
        }
        if self.random.chance(10) {
            body = body.repeat(50);
        }
        body
    }

    /// A request that is signed, as a rule; method, path, headers and body.
    fn request(&mut self) -> (&'static str, String, Vec<(String, String)>, Vec<u8>) {
        let method = self.one(&["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"]);
        let method = if method == "HEAD" { "GET" } else { method };
        let (path, body) = (self.path(), self.body());
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut service = "lambda";
        if self.random.chance(30) {
            let target = self.one(TARGETS);
            headers.push(("x-amz-target".into(), target.into()));
            service = if target.starts_with("Logs") { "logs" } else { "monitoring" };
        } else if path.starts_with("/service/") {
            headers.push(("smithy-protocol".into(), "rpc-v2-cbor".into()));
            service = "monitoring";
        } else if path.starts_with("/v1/") || path.starts_with("/tags/") {
            service = "schemas";
        } else if path == "/" {
            headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
            service = self.one(&["sts", "monitoring"]);
        }
        if self.random.chance(10) {
            headers.push(("x-amz-invocation-type".into(), self.one(&["Event", "DryRun", "Never"]).into()));
        }
        if self.random.chance(90) {
            let address = format!("{}{path}", self.engine.endpoint_url());
            let (id, secret) = (self.engine.access_key_id(), self.engine.secret_access_key().reveal());
            let identity = Credentials::new(id, secret, None, None, "test").into();
            let params = SigningParams::builder()
                .identity(&identity)
                .region(self.engine.region())
                .name(service)
                .time(SystemTime::now())
                .settings(SigningSettings::default())
                .build()
                .unwrap()
                .into();
            let signed = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            if let Ok(request) = SignableRequest::new(method, address, signed, SignableBody::Bytes(&body)) {
                let (instructions, _) = sign(request, &params).unwrap().into_parts();
                let signature = instructions.headers();
                let signature: Vec<_> =
                    signature.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                headers.extend(signature);
            }
        }
        (method, path, headers, body)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_random_requests_are_all_answered_and_break_nothing() {
    const CLIENTS: u64 = 4;
    const EACH: usize = 2_500;
    let engine = Engine::start(lambdeck::local::Options { samples: true, ..options() }).await.unwrap();
    std::thread::scope(|scope| {
        for seed in 0..CLIENTS {
            let engine = &engine;
            scope.spawn(move || {
                let mut guess = Guess { random: Random(0xfeed + seed), engine };
                let mut wire = Wire::to(engine);
                let mut statuses = BTreeSet::new();
                for nth in 0..EACH {
                    let (method, path, headers, body) = guess.request();
                    let Some((status, answer)) = wire.send(method, &path, &headers, &body) else {
                        panic!("{nth}: no answer to {method} {path} {:?}", String::from_utf8_lossy(&body))
                    };
                    assert!(
                        (200..500).contains(&status) || status == 501,
                        "{nth}: {status} {answer} to {method} {path} {:?}",
                        String::from_utf8_lossy(&body)
                    );
                    statuses.insert(status);
                }
                // They got somewhere: not all of them ended at the door.
                for status in [200, 400, 403, 404, 501] {
                    assert!(statuses.contains(&status), "no {status} among {statuses:?}");
                }
            });
        }
    });
    let started = Instant::now();
    let answer =
        client(&engine).invoke().function_name("greeter").payload(Blob::new("{}")).send().await.unwrap();
    assert_eq!(answer.function_error(), None);
    assert!(started.elapsed() < Duration::from_mins(1));
    engine.shutdown().await;
}
