//! An engine with a function behind a URL that needs no signature, and who asks it.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{Environment, FunctionCode, FunctionUrlAuthType, InvokeMode, Runtime},
};
use lambdeck::local::{Engine, Options};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::engine::{client, options};

/// Answers each event with the file `reply` of its folder, or with the event itself where there is none. While there is
/// a file `hold` it waits, where there is a file `version` it answers with its version, and where there is a file `fail`
/// the event fails.
const BOOTSTRAP: &str = r#"#!/bin/bash
LC_ALL=C
api="$AWS_LAMBDA_RUNTIME_API"
shopt -s nocasematch
call() {
  exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
  { printf '%s /2018-06-01/runtime/invocation/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n' \
      "$1" "$2" "$api" "$(wc -c <"$3")"; cat "$3"; } >&3
  length=0
  while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
    case "$line" in
      lambda-runtime-aws-request-id:*) id="${line#*: }" ;;
      content-length:*) length="${line#*: }" ;;
    esac
  done
  [ "$1" = POST ] || head -c "$length" <&3 >"$LAB/event.$$"
  exec 3>&-
}
while true; do
  call GET next /dev/null
  while [ -e "$LAB/hold" ]; do sleep 0.01; done
  echo "\"$AWS_LAMBDA_FUNCTION_VERSION\"" >"$LAB/version.$$"
  if [ -e "$LAB/version" ]; then call POST "$id/response" "$LAB/version.$$"
  elif [ -e "$LAB/fail" ]; then call POST "$id/error" "$LAB/fail"
  elif [ -e "$LAB/reply" ]; then call POST "$id/response" "$LAB/reply"
  else call POST "$id/response" "$LAB/event.$$"
  fi
done
"#;

/// The engine, and its function `greeter`, of which nothing is left but the permission to call its URL.
pub struct Lab {
    pub engine: Engine,
    pub client: Client,
    pub folder: TempDir,
    /// `127.0.0.1:PORT` of the function's URL.
    pub authority: String,
}

pub fn zip_of(name: &str, text: &str) -> Blob {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let executable = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file(name, executable).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    Blob::new(zip.finish().unwrap().into_inner())
}

/// The host and port of a URL.
pub fn authority(url: &str) -> String {
    url.strip_prefix("http://").and_then(|url| url.strip_suffix('/')).unwrap().to_owned()
}

impl Lab {
    pub async fn new() -> Self {
        let open_urls = vec!["greeter".to_owned()];
        let engine = Engine::start(Options { samples: true, open_urls, ..options() }).await.unwrap();
        let client = client(&engine);
        let folder = tempfile::tempdir().unwrap();
        let [(name, url)] = engine.function_urls().try_into().unwrap();
        assert_eq!(name, "greeter");
        client
            .update_function_code()
            .function_name("greeter")
            .zip_file(zip_of("bootstrap", BOOTSTRAP))
            .send()
            .await
            .unwrap();
        let variables = Environment::builder().variables("LAB", folder.path().to_str().unwrap());
        let change = client.update_function_configuration().function_name("greeter").timeout(30);
        change.environment(variables.build()).send().await.unwrap();
        Self { engine, client, folder, authority: authority(&url) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the function answers from now on.
    pub fn replies(&self, reply: impl AsRef<[u8]>) {
        // In one go: the function may be reading.
        std::fs::write(self.path("new"), reply).unwrap();
        std::fs::rename(self.path("new"), self.path("reply")).unwrap();
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        ask(&self.authority, method, path, headers, body)
    }

    /// Another function with a URL that takes signatures; its authority.
    pub async fn signed(
        &self,
        name: &str,
        runtime: Runtime,
        file: &str,
        text: &str,
        mode: InvokeMode,
    ) -> String {
        let variables = Environment::builder()
            .variables("LAB", self.folder.path().to_str().unwrap())
            .variables("PATH", std::env::var("PATH").unwrap());
        self.client
            .create_function()
            .function_name(name)
            .runtime(runtime)
            .handler("index.handler")
            .role("arn:aws:iam::123456789012:role/test")
            .memory_size(512)
            .timeout(30)
            .environment(variables.build())
            .code(FunctionCode::builder().zip_file(zip_of(file, text)).build())
            .send()
            .await
            .unwrap();
        let creation = self.client.create_function_url_config().function_name(name);
        let url = creation.auth_type(FunctionUrlAuthType::AwsIam).invoke_mode(mode).send().await.unwrap();
        authority(url.function_url())
    }

    /// The echoing function again, behind a URL that takes signatures.
    pub async fn signed_echo(&self, name: &str) -> String {
        self.signed(name, Runtime::Providedal2023, "bootstrap", BOOTSTRAP, InvokeMode::Buffered).await
    }

    /// The headers of a request that is signed with the engine's key.
    pub fn signature(&self, authority: &str, method: &str, path: &str, body: &[u8]) -> Vec<(String, String)> {
        self.signature_at(authority, method, path, body, "lambda", SystemTime::now())
    }

    pub fn signature_at(
        &self,
        authority: &str,
        method: &str,
        path: &str,
        body: &[u8],
        service: &str,
        time: SystemTime,
    ) -> Vec<(String, String)> {
        use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
        let (id, secret) = (self.engine.access_key_id(), self.engine.secret_access_key().reveal());
        let identity = Credentials::new(id, secret, None, None, "test").into();
        let params = aws_sigv4::sign::v4::SigningParams::builder()
            .identity(&identity)
            .region(self.engine.region())
            .name(service)
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let address = format!("http://{authority}{path}");
        let request =
            SignableRequest::new(method, address, std::iter::empty(), SignableBody::Bytes(body)).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Asks with a signature.
    pub fn ask_signed(&self, authority: &str, method: &str, path: &str, body: &[u8]) -> Reply {
        let headers = self.signature(authority, method, path, body);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        ask(authority, method, path, &headers, body)
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body of a good answer.
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A refusal of the service.
    pub fn refused(&self, status: u16, code: &str, body: &str) {
        assert_eq!((self.status, self.text()), (status, body));
        assert_eq!(self.header("x-amzn-errortype"), Some(code));
        assert_eq!(self.header("content-type"), Some("application/json"));
    }
}

/// An open connection.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    pub fn open(authority: &str) -> Self {
        let stream = TcpStream::connect(authority).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(BufReader::new(stream))
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Status and headers.
    pub fn head(&mut self) -> Reply {
        let status = self.line();
        let status = status.split(' ').nth(1).unwrap_or_else(|| panic!("{status:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        Reply { status, headers, body: Vec::new() }
    }

    /// One piece of a chunked body; none at its end. Where the connection is cut off, an error.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, String> {
        let line = self.line();
        let length = usize::from_str_radix(&line, 16).map_err(|_| format!("no chunk: {line:?}"))?;
        let mut chunk = vec![0; length + 2];
        self.0.read_exact(&mut chunk).map_err(|error| error.to_string())?;
        chunk.truncate(length);
        Ok((length > 0).then_some(chunk))
    }

    /// A whole answer.
    pub fn reply(&mut self) -> Reply {
        let mut reply = self.head();
        if let Some(length) = reply.header("content-length") {
            reply.body = vec![0; length.parse().unwrap()];
            self.0.read_exact(&mut reply.body).unwrap();
        } else if reply.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().unwrap() {
                reply.body.extend(chunk);
            }
        }
        reply
    }

    /// What comes until the other side closes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }
}

/// The head of a request with `Host` and `Content-Length`, unless those are given.
pub fn head(authority: &str, method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    let given = |name: &str| headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    if !given("host") {
        let _ = write!(head, "Host: {authority}\r\n");
    }
    if length > 0 {
        let _ = write!(head, "Content-Length: {length}\r\n");
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head + "\r\n"
}

pub fn ask(authority: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut connection = Connection::open(authority);
    connection.send(head(authority, method, path, headers, body.len()));
    connection.send(body);
    if method == "HEAD" { connection.head() } else { connection.reply() }
}

/// Asks again and again until `done`.
pub async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("{what}"));
}
