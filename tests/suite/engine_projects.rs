//! Functions of the user's folders and templates on a running engine, and edits of them.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{Environment, InvocationType, LogType},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambdeck::local::{Engine, Options};
use serde_json::{Value, json};

use crate::support::engine::{client, options};

/// Answers every event with the text of the file `value` as it was at the start, and of the variable VALUE.
const BOOTSTRAP: &str = r#"#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"
value="$(cat "$LAMBDA_TASK_ROOT/value")"
shopt -s nocasematch
call() {
  exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
    case "$line" in lambda-runtime-aws-request-id:*) id="${line#*: }" ;; esac
  done
  exec 3>&-
}
while true; do
  call GET invocation/next ''
  call POST "invocation/$id/response" "\"$value$VALUE\""
done
"#;

fn write(path: impl AsRef<Path>, text: &str) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A function that needs no interpreter but bash.
fn bash(folder: &Path, value: &str) {
    write(folder.join("bootstrap"), BOOTSTRAP);
    fs::set_permissions(folder.join("bootstrap"), fs::Permissions::from_mode(0o755)).unwrap();
    write(folder.join("value"), value);
}

fn with_projects(paths: &[&Path]) -> Options {
    Options { projects: paths.iter().map(|path| path.to_path_buf()).collect(), ..options() }
}

async fn start(paths: &[&Path]) -> (Engine, Client) {
    let engine = Engine::start(with_projects(paths)).await.unwrap();
    let client = client(&engine);
    (engine, client)
}

async fn invoke(client: &Client, function: &str) -> Value {
    let answer = client.invoke().function_name(function).send().await.unwrap();
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}

/// The answer, and the log of the invocation.
async fn invoke_logged(client: &Client, function: &str) -> (Value, String) {
    let answer = client.invoke().function_name(function).log_type(LogType::Tail).send().await.unwrap();
    let log = STANDARD.decode(answer.log_result().unwrap()).unwrap();
    let payload = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
    (payload, String::from_utf8(log).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_with_a_handler_are_functions_and_edits_are_seen() {
    let root = tempfile::tempdir().unwrap();
    let (python, node) = (root.path().join("greet er"), root.path().join("node"));
    write(python.join("app.py"), "import words\ndef handler(event, context):\n  return words.hello(event)\n");
    write(python.join("words.py"), "def hello(event):\n  return ['hello', event]\n");
    write(node.join("index.mjs"), "export const handler = async (event) => ({ node: event });\n");
    let (engine, client) = start(&[&python, &node]).await;
    assert!(engine.warnings().is_empty(), "{:?}", engine.warnings());

    let configuration = client.get_function_configuration().function_name("greet-er").send().await.unwrap();
    assert_eq!(configuration.state().unwrap().as_str(), "Active");
    assert_eq!((configuration.timeout(), configuration.memory_size()), (Some(30), Some(512)));
    assert!(configuration.runtime().unwrap().as_str().starts_with("python3."));
    assert_eq!(configuration.handler(), Some("app.handler"));

    let asked = |function: &'static str| {
        let client = client.clone();
        async move {
            let event = Blob::new(r#"{"a":1}"#);
            let answer = client.invoke().function_name(function).payload(event).send().await.unwrap();
            serde_json::from_slice::<Value>(answer.payload().unwrap().as_ref()).unwrap()
        }
    };
    assert_eq!(asked("greet-er").await, json!(["hello", { "a": 1 }]));
    assert_eq!(asked("node").await, json!({ "node": { "a": 1 } }));

    write(python.join("words.py"), "def hello(event):\n  return ['howdy', event]\n");
    write(node.join("index.mjs"), "export const handler = async (event) => ({ edit: event });\n");
    assert_eq!(asked("greet-er").await, json!(["howdy", { "a": 1 }]));
    assert_eq!(asked("node").await, json!({ "edit": { "a": 1 } }));
    let edited = client.get_function_configuration().function_name("greet-er").send().await.unwrap();
    assert_ne!(edited.code_sha256(), configuration.code_sha256());
    assert_ne!(edited.revision_id(), configuration.revision_id());

    // A mistake is the function's own error, and gone with the next edit.
    write(python.join("app.py"), "def handler(event, context)\n  return 1\n");
    assert_eq!(asked("greet-er").await["errorType"], "Runtime.UserCodeSyntaxError");
    // The handler has another name now.
    write(python.join("app.py"), "def lambda_handler(event, context):\n  return 'renamed'\n");
    assert_eq!(asked("greet-er").await, json!("renamed"));
    write(python.join("app.py"), "def nothing(event, context):\n  return 'renamed'\n");
    let (answer, log) = invoke_logged(&client, "greet-er").await;
    assert_eq!(answer["errorType"], "Runtime.HandlerNotFound");
    assert!(log.contains("lambdeck: app.py: it defines neither lambda_handler nor handler"), "{log}");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_edit_is_seen_by_the_next_invoke() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("edited");
    bash(&folder, "000");
    let (engine, client) = start(&[&folder]).await;
    for n in 0..100 {
        // In place and of the same length: only its time tells.
        let value = format!("{n:03}");
        fs::write(folder.join("value"), &value).unwrap();
        if n % 10 == 0 {
            let all = futures_util::future::join_all((0..4).map(|_| invoke(&client, "edited"))).await;
            assert!(all.iter().all(|answer| *answer == json!(value)), "{n}: {all:?}");
        } else {
            assert_eq!(invoke(&client, "edited").await, json!(value));
        }
    }
    // An event that waits in the queue finds the code as it is when its turn comes, and so does a stream.
    fs::write(folder.join("value"), "new").unwrap();
    let mut stream =
        client.invoke_with_response_stream().function_name("edited").send().await.unwrap().event_stream;
    let mut text = Vec::new();
    while let Some(event) = stream.recv().await.unwrap() {
        if let Ok(chunk) = event.as_payload_chunk() {
            text.extend_from_slice(chunk.payload().unwrap().as_ref());
        }
    }
    assert_eq!(text, b"\"new\"");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_changes_holds_until_the_files_change() {
    let root = tempfile::tempdir().unwrap();
    let (one, other) = (root.path().join("one"), root.path().join("other"));
    bash(&one, "one");
    bash(&other, "other");
    let (engine, client) = start(&[&one, &other]).await;
    let zip = code_of(&engine, &client, "other").await;
    let update = client.update_function_code().function_name("one").zip_file(Blob::new(zip));
    update.send().await.unwrap();
    let variables = Environment::builder().variables("VALUE", "!").build();
    client.update_function_configuration().function_name("one").environment(variables).send().await.unwrap();
    assert_eq!(invoke(&client, "one").await, json!("other!"));
    assert_eq!(invoke(&client, "one").await, json!("other!"));
    // Touched without a change: its zip is the same.
    fs::write(one.join("value"), "one").unwrap();
    assert_eq!(invoke(&client, "one").await, json!("other!"));
    fs::write(one.join("value"), "ONE").unwrap();
    assert_eq!(invoke(&client, "one").await, json!("ONE!"));
    engine.shutdown().await;
}

/// A function's zip, from the address that GetFunction gives out.
async fn code_of(engine: &Engine, client: &Client, function: &str) -> Vec<u8> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let found = client.get_function().function_name(function).send().await.unwrap();
    let address = engine.endpoint_url();
    let authority = address.strip_prefix("http://").unwrap();
    let location = found.code().unwrap().location().unwrap().to_owned();
    let path = location.strip_prefix(&address).unwrap();
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    bytes.split_off(head + 4)
}

const TEMPLATE: &str = "\
Globals:
  Function:
    Runtime: provided.al2023
    Handler: bootstrap
    Timeout: 20
Resources:
  First:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      AutoPublishAlias: live
      Environment: {Variables: {VALUE: -a}}
      Events:
        Files: {Type: S3, Properties: {Bucket: !Ref Inbox, Events: 's3:ObjectCreated:*'}}
  Inbox: {Type: AWS::S3::Bucket}
  Second:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., FunctionName: second, ReservedConcurrentExecutions: 3}
  Third: {Type: AWS::SQS::Queue}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_followed() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("app");
    bash(&root, "root");
    bash(&root.join("code"), "code");
    let template = root.join("template.yaml");
    write(&template, TEMPLATE);
    let (engine, client) = start(&[&root]).await;
    let said: Vec<_> = engine.warnings().iter().map(ToString::to_string).collect();
    let wanted = format!("{}:19: 'Third' (AWS::SQS::Queue) is not run", template.display());
    assert!(said.len() == 1 && said[0].starts_with(&wanted), "{said:?}");
    assert!(root.join("buckets/inbox").is_dir());
    assert_eq!((engine.triggers().len(), engine.triggers()[0].function.as_str()), (1, "First:live"));

    assert_eq!(invoke(&client, "First").await, json!("code-a"));
    assert_eq!(invoke(&client, "First:live").await, json!("code-a"));
    assert_eq!(invoke(&client, "second").await, json!("root"));
    let reserved = client.get_function_concurrency().function_name("second").send().await.unwrap();
    assert_eq!(reserved.reserved_concurrent_executions(), Some(3));

    // What a bucket holds is no code: the function stays as it is.
    let before = client.get_function_configuration().function_name("second").send().await.unwrap();
    write(root.join("buckets/inbox/new.txt"), "x");
    assert_eq!(invoke(&client, "second").await, json!("root"));
    let after = client.get_function_configuration().function_name("second").send().await.unwrap();
    assert_eq!(before.revision_id(), after.revision_id());

    // Code: the alias goes with it.
    fs::write(root.join("code/value"), "CODE").unwrap();
    assert_eq!(invoke(&client, "First:live").await, json!("CODE-a"));
    // Settings.
    write(&template, &TEMPLATE.replace("VALUE: -a", "VALUE: -b").replace("Timeout: 20", "Timeout: 25"));
    assert_eq!(invoke(&client, "First").await, json!("CODE-b"));
    assert_eq!(invoke(&client, "First:live").await, json!("CODE-b"));
    let edited = client.get_function_configuration().function_name("second").send().await.unwrap();
    assert_eq!(edited.timeout(), Some(25));

    // Broken, as in the midst of an edit: the last good state stays, and the log says so.
    write(&template, &TEMPLATE.replace("      CodeUri: code", "       CodeUri: code"));
    let (answer, log) = invoke_logged(&client, "First").await;
    assert_eq!(answer, json!("CODE-b"));
    assert!(log.contains("lambdeck: template.yaml:11:"), "{log}");
    // Whole again, with one more function and other code for one.
    let more = "  Fourth: {Type: AWS::Serverless::Function, Properties: {CodeUri: code}}\n";
    let whole = TEMPLATE.replace("CodeUri: ., ", "CodeUri: code, ").replace("VALUE: -a", "VALUE: -c");
    write(&template, &(whole + more));
    assert_eq!(invoke(&client, "Fourth").await, json!("CODE"));
    assert_eq!(invoke(&client, "second").await, json!("CODE"));
    let (answer, log) = invoke_logged(&client, "First").await;
    assert_eq!(answer, json!("CODE-c"));
    assert!(!log.contains("lambdeck:"), "{log}");

    // A setting that AWS refuses: what was there stays.
    write(&template, &TEMPLATE.replace("Timeout: 20", "Timeout: 9000"));
    let (answer, log) = invoke_logged(&client, "second").await;
    assert_eq!(answer, json!("CODE"), "{log}");
    assert!(log.contains("'9000' at 'timeout'"), "{log}");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_in_the_queue_finds_the_code_as_it_is_then() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("queued");
    let out = root.path().join("out");
    write(folder.join("app.py"), "def handler(event, context): return 1");
    let (engine, client) = start(&[&folder]).await;
    write(folder.join("app.py"), &format!("def handler(event, context): open({out:?}, 'w').write('2')"));
    let sent = client.invoke().function_name("queued").invocation_type(InvocationType::Event).send().await;
    assert_eq!(sent.unwrap().status_code(), 202);
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    while fs::read_to_string(&out).unwrap_or_default() != "2" {
        assert!(tokio::time::Instant::now() < deadline, "the edited code never ran");
        tokio::task::yield_now().await;
    }
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_projects_must_not_share_a_name() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        bash(&root.path().join(name), name);
        let text = format!(
            "Resources:\n  F{name}:\n    Type: AWS::Lambda::Function\n    Properties: {{FunctionName: f-{name}, Runtime: provided.al2023, Handler: x, Code: .}}\n"
        );
        write(root.path().join(name).join("template.yml"), &text);
    }
    let [a, b] = ["a", "b"].map(|name| root.path().join(name));
    let (engine, client) = start(&[&a, &b.join("template.yml")]).await;
    assert_eq!((invoke(&client, "f-a").await, invoke(&client, "f-b").await), (json!("a"), json!("b")));
    engine.shutdown().await;

    let refused = |paths: Vec<std::path::PathBuf>| async move {
        Engine::start(Options { projects: paths, ..options() }).await.err().unwrap().to_string()
    };
    let twice = refused(vec![a.clone(), a.clone()]).await;
    assert!(twice.contains("'f-a' is in") && twice.contains("rename one of them"), "{twice}");
    let missing = refused(vec![root.path().join("nowhere")]).await;
    assert!(missing.contains("nowhere: it can't be read"), "{missing}");
    write(a.join("template.yml"), "Resources:\n  A: [\n");
    let broken = refused(vec![a.clone()]).await;
    assert!(broken.contains("template.yml:3:1: ") && broken.contains("bracket"), "{broken}");
    let file = refused(vec![b.join("value")]).await;
    assert!(file.contains("neither a folder nor a template"), "{file}");
}

/// Status and body of what a function URL answers.
async fn fetch(url: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let authority = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_of_sam_without_a_signature_answers_everybody_and_one_of_cloudformation_nobody() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("app");
    bash(&root, "hello");
    let function =
        "Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: x, CodeUri: .";
    let text = format!(
        "Resources:\n  Open: {{{function}, FunctionUrlConfig: {{AuthType: NONE}}}}}}\n  \
         Live: {{{function}, AutoPublishAlias: live, FunctionUrlConfig: {{AuthType: NONE}}}}}}\n  \
         Shut: {{{function}}}}}\n  \
         ShutUrl: {{Type: AWS::Lambda::Url, Properties: {{TargetFunctionArn: !Ref Shut, AuthType: NONE}}}}\n"
    );
    write(root.join("template.yaml"), &text);
    let (engine, _) = start(&[&root]).await;
    assert!(engine.warnings().is_empty(), "{:?}", engine.warnings());
    let urls = engine.function_urls();
    assert_eq!(urls.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Live:live", "Open", "Shut"]);
    let mut statuses = Vec::new();
    for (_, url) in &urls {
        statuses.push(fetch(url).await.0);
    }
    assert_eq!(statuses, [200, 200, 403]);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_template_no_longer_says_holds_no_longer() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("app");
    bash(&root, "v");
    let template = root.join("template.yaml");
    let with = |more: &str| {
        format!(
            "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n      \
             Handler: x\n      CodeUri: .\n{more}"
        )
    };
    write(&template, &with("      Timeout: 20\n      Environment: {Variables: {VALUE: '-secret'}}\n"));
    let (engine, client) = start(&[&root]).await;
    assert_eq!(invoke(&client, "F").await, json!("v-secret"));
    fs::write(&template, with("")).unwrap();
    assert_eq!(invoke(&client, "F").await, json!("v"));
    let now = client.get_function_configuration().function_name("F").send().await.unwrap();
    assert_eq!((now.timeout(), now.environment().is_none()), (Some(3), true));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_invoke_a_function_that_was_left_out_is_left_out_with_it() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("app");
    bash(&root, "v");
    let text = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n      \
                Handler: x\n      CodeUri: .\n      MemorySize: 1\n      Events:\n        \
                A: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}\n";
    write(root.join("template.yaml"), text);
    let (engine, _) = start(&[&root]).await;
    assert_eq!(engine.triggers(), []);
    let undone =
        engine.notes().iter().filter(|note| matches!(note, lambdeck::local::Note::Undone(_))).count();
    assert_eq!(undone, 2, "{:?}", engine.notes());
    engine.shutdown().await;
}
