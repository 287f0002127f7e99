//! An invocation as a command to copy: for `aws`, and for `curl`. Both hold the event itself, so the text goes where its
//! user asks for it and nowhere else; neither holds a key.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    invocation::{Mode, Request},
    json,
    shell::quoted,
};

/// The largest event that stands in the command itself. Linux takes 128 KB for one argument.
pub const INLINE: usize = 100 * 1024;

/// The file that a larger event is taken from.
const FILE: &str = "event.json";

/// Seconds that the AWS CLI waits by itself before it takes an invocation for lost and sends it again.
const CLI_WAITS_S: u32 = 60;

/// Lambda's longest time-out, in seconds.
const LONGEST_TIMEOUT_S: u32 = 900;

/// The `aws` command (version 2) that sends the same. The event is written without line breaks.
///
/// It prints the response and then what Lambda says about it. A function that may run for long is waited for: the CLI
/// would send the event again. The CLI can't stream, so a streamed invocation becomes one that waits.
#[must_use]
pub fn aws(request: &Request, region: &str, profile: Option<&str>, endpoint: Option<&str>) -> String {
    let mut command = Command::default();
    let mode = match request.mode {
        Mode::ResponseStream => {
            command.remark("the AWS CLI cannot stream a response: this waits for the whole of it");
            Mode::RequestResponse
        }
        mode => mode,
    };
    let payload = command.event(request);
    command.text.push_str("aws lambda invoke");
    command.option("--function-name", &request.function);
    command.optional("--qualifier", request.qualifier.as_deref());
    command.optional("--tenant-id", request.tenant_id.as_deref());
    command.option("--invocation-type", mode.as_str());
    command.optional("--client-context", client_context(request).as_deref());
    match payload {
        Event::None => {}
        Event::Inline(text) => {
            command.option("--cli-binary-format", "raw-in-base64-out");
            command.option("--payload", &text);
        }
        Event::File => {
            command.option("--cli-binary-format", "raw-in-base64-out");
            command.option("--payload", &format!("file://{FILE}"));
        }
    }
    if mode == Mode::RequestResponse {
        command.option("--log-type", "Tail");
        let waits = request.timeout_s.unwrap_or(LONGEST_TIMEOUT_S).saturating_add(30);
        if waits > CLI_WAITS_S {
            command.option("--cli-read-timeout", &waits.to_string());
        }
    }
    command.option("--region", region);
    command.optional("--profile", profile);
    command.optional("--endpoint-url", endpoint);
    command.text.push_str(" /dev/stdout");
    command.text
}

/// The `curl` command (7.75 or newer) that sends the same, signed with the keys in the shell's environment. It prints
/// the headers too: they tell whether the function failed.
#[must_use]
pub fn curl(request: &Request, region: &str, endpoint: Option<&str>) -> String {
    let mut command = Command::default();
    command.remark(
        "keys come from the environment, as aws configure export-credentials --format env prints them",
    );
    let streams = request.mode == Mode::ResponseStream;
    if streams {
        command.remark("the response comes as a stream of binary frames");
    }
    let payload = command.event(request);
    command.text.push_str("curl --include");
    if streams {
        command.text.push_str(" --no-buffer --output -");
    }
    command.option("--aws-sigv4", &format!("aws:amz:{region}:lambda"));
    command.text.push_str(r#" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY""#);
    // Without a session token there must not be such a header: curl would sign it, not send it, and be refused.
    command.text.push_str(
        r#" -H "${AWS_SESSION_TOKEN:+x-amz-security-token: }${AWS_SESSION_TOKEN:-accept: application/json}""#,
    );
    command.header("content-type", "application/json");
    if streams {
        command.header("x-amz-log-type", "Tail");
    } else {
        command.header("x-amz-invocation-type", request.mode.as_str());
        if request.mode.responds() {
            command.header("x-amz-log-type", "Tail");
        }
    }
    if let Some(context) = client_context(request) {
        command.header("x-amz-client-context", &context);
    }
    if let Some(tenant) = &request.tenant_id {
        command.header("x-amz-tenant-id", tenant);
    }
    match payload {
        Event::None => command.option("--request", "POST"),
        // Not `--data`, which takes `@` for a file.
        Event::Inline(text) => command.option("--data-raw", &text),
        Event::File => command.option("--data-binary", &format!("@{FILE}")),
    }
    let _ = write!(command.text, " {}", quoted(&address(request, region, endpoint)));
    command.text
}

#[derive(Default)]
struct Command {
    text: String,
}

enum Event {
    None,
    Inline(String),
    File,
}

impl Command {
    /// A comment in a line of its own. Of plain words only: zsh takes a comment that is typed for a command.
    fn remark(&mut self, text: &str) {
        let _ = writeln!(self.text, "# {text}");
    }

    /// A value that begins with a dash is tied to its option, or it would be taken for one.
    fn option(&mut self, name: &str, value: &str) {
        let tie = if value.starts_with('-') { '=' } else { ' ' };
        let _ = write!(self.text, " {name}{tie}{}", quoted(value));
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.option(name, value);
        }
    }

    fn header(&mut self, name: &str, value: &str) {
        let _ = write!(self.text, " -H {}", quoted(&format!("{name}: {value}")));
    }

    /// How the event gets into the command. A large one is taken from a file, which a remark says.
    fn event(&mut self, request: &Request) -> Event {
        let payload = request.payload.reveal();
        if payload.is_empty() {
            return Event::None;
        }
        // A line break or tab that is pasted into a shell may do what it does when it is typed.
        let line = json::minify(payload).unwrap_or_else(|| payload.to_owned());
        if line.len() > INLINE {
            self.remark(&format!("the event has {} bytes: save it as {FILE} first", payload.len()));
            return Event::File;
        }
        Event::Inline(line)
    }
}

fn client_context(request: &Request) -> Option<String> {
    request.client_context.as_ref().map(|context| STANDARD.encode(context.reveal()))
}

/// Where the request goes.
fn address(request: &Request, region: &str, endpoint: Option<&str>) -> String {
    let base = match endpoint {
        Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
        None => format!("https://lambda.{region}.{}", domain(region)),
    };
    let (version, operation) = match request.mode {
        Mode::ResponseStream => ("2021-11-15", "response-streaming-invocations"),
        Mode::RequestResponse | Mode::Event | Mode::DryRun => ("2015-03-31", "invocations"),
    };
    // The colons of an ARN stay: curl encodes what it signs, and not twice what is encoded already.
    let function = encoded(&request.function, b"-_.~:");
    let mut address = format!("{base}/{version}/functions/{function}/{operation}");
    if let Some(qualifier) = &request.qualifier {
        let _ = write!(address, "?Qualifier={}", encoded(qualifier, b"-_.~"));
    }
    address
}

/// The domain of a region's partition (botocore's `partitions.json`).
fn domain(region: &str) -> &'static str {
    const DOMAINS: [(&str, &str); 6] = [
        ("cn-", "amazonaws.com.cn"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
    ];
    let found = DOMAINS.into_iter().find(|(beginning, _)| region.starts_with(beginning));
    found.map_or("amazonaws.com", |(_, domain)| domain)
}

fn encoded(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;

    use super::*;
    use crate::domain::secret::Secret;

    fn request(payload: &str) -> Request {
        Request {
            function: "checkout".into(),
            qualifier: Some("live".into()),
            payload: Arc::new(Secret::new(payload)),
            timeout_s: Some(3),
            ..Request::default()
        }
    }

    #[test]
    fn aws_in_full() {
        let command = aws(
            &request("{\n\t\"a\": \"it's\"\n}"),
            "eu-west-1",
            Some("shop dev"),
            Some("http://127.0.0.1:1"),
        );
        assert_eq!(
            command,
            r#"aws lambda invoke --function-name checkout --qualifier live --invocation-type RequestResponse --cli-binary-format raw-in-base64-out --payload '{"a":"it'\''s"}' --log-type Tail --region eu-west-1 --profile 'shop dev' --endpoint-url http://127.0.0.1:1 /dev/stdout"#
        );
    }

    #[test]
    fn curl_in_full() {
        let command = curl(&request(r#"{"a":1}"#), "eu-west-1", None);
        let (remark, command) = command.split_once('\n').unwrap();
        assert!(remark.starts_with("# keys come from the environment"));
        assert!(remark[1..].chars().all(|c| c.is_ascii_alphanumeric() || " ,-:".contains(c)));
        assert_eq!(
            command,
            r#"curl --include --aws-sigv4 aws:amz:eu-west-1:lambda --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "${AWS_SESSION_TOKEN:+x-amz-security-token: }${AWS_SESSION_TOKEN:-accept: application/json}" -H 'content-type: application/json' -H 'x-amz-invocation-type: RequestResponse' -H 'x-amz-log-type: Tail' --data-raw '{"a":1}' 'https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/checkout/invocations?Qualifier=live'"#
        );
    }

    #[test]
    fn what_a_request_may_hold_besides() {
        let request = Request {
            mode: Mode::Event,
            tenant_id: Some("tenant one".into()),
            client_context: Some(Arc::new(Secret::new("{}"))),
            qualifier: Some("$LATEST".into()),
            ..request("")
        };
        let command = aws(&request, "eu-west-1", None, None);
        assert!(command.contains(
            " --qualifier '$LATEST' --tenant-id 'tenant one' --invocation-type Event --client-context e30= "
        ));
        assert!(!command.contains("--payload") && !command.contains("--log-type"), "{command}");
        let command = curl(&request, "eu-west-1", None);
        assert!(
            command
                .contains("-H 'x-amz-client-context: e30=' -H 'x-amz-tenant-id: tenant one' --request POST ")
        );
        assert!(command.ends_with("?Qualifier=%24LATEST'"));
        assert!(!command.contains("Tail"), "{command}");
    }

    #[test]
    fn a_stream() {
        let request = Request { mode: Mode::ResponseStream, ..request("1") };
        let command = aws(&request, "eu-west-1", None, None);
        assert!(
            command.starts_with("# the AWS CLI cannot stream")
                && command.contains("--invocation-type RequestResponse")
        );
        let command = curl(&request, "eu-west-1", None);
        assert!(
            command.contains("/2021-11-15/functions/checkout/response-streaming-invocations?Qualifier=live")
        );
        assert!(command.contains(" --no-buffer --output - "));
    }

    #[rstest]
    #[case(Some(3), None)]
    #[case(Some(30), None)]
    #[case(Some(31), Some("--cli-read-timeout 61"))]
    #[case(Some(900), Some("--cli-read-timeout 930"))]
    #[case(None, Some("--cli-read-timeout 930"))]
    fn the_cli_waits_for_a_long_function(#[case] timeout_s: Option<u32>, #[case] option: Option<&str>) {
        let command = aws(&Request { timeout_s, ..request("1") }, "eu-west-1", None, None);
        assert_eq!(command.contains("--cli-read-timeout"), option.is_some());
        assert!(option.is_none_or(|option| command.contains(option)), "{command}");
    }

    #[rstest]
    #[case("us-east-1", "lambda.us-east-1.amazonaws.com/")]
    #[case("us-gov-west-1", "lambda.us-gov-west-1.amazonaws.com/")]
    #[case("cn-north-1", "lambda.cn-north-1.amazonaws.com.cn/")]
    #[case("eusc-de-east-1", "lambda.eusc-de-east-1.amazonaws.eu/")]
    #[case("us-iso-east-1", "lambda.us-iso-east-1.c2s.ic.gov/")]
    #[case("us-isob-east-1", "lambda.us-isob-east-1.sc2s.sgov.gov/")]
    fn each_partition_has_its_domain(#[case] region: &str, #[case] host: &str) {
        assert!(curl(&request("1"), region, None).contains(host));
    }

    #[test]
    fn a_large_event_comes_from_a_file() {
        let payload = format!("\"{}\"", "x".repeat(INLINE));
        for command in
            [aws(&request(&payload), "eu-west-1", None, None), curl(&request(&payload), "eu-west-1", None)]
        {
            assert!(command.contains("# the event has 102402 bytes: save it as event.json first\n"));
            assert!(command.len() < 1000);
        }
        assert!(aws(&request(&payload), "eu-west-1", None, None).contains(" --payload file://event.json "));
        assert!(curl(&request(&payload), "eu-west-1", None).contains(" --data-binary @event.json "));
        let largest = format!("\"{}\"", "x".repeat(INLINE - 2));
        assert!(aws(&request(&largest), "eu-west-1", None, None).contains(&largest));
    }
}
