//! What a function's response becomes.

use aws_sdk_lambda::types::{Cors, FunctionUrlAuthType};
use serde_json::json;

use super::lab::{Lab, authority};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_function_gives_is_an_answer() {
    let lab = Lab::new().await;
    for (given, body) in [
        (r#"{"hello": "world"}"#, r#"{"hello":"world"}"#),
        (r#"{"statusCode": 200, "body": "body123"}"#, "body123"),
        (r#"{"statusCode": 200, "body": "{\"hello\": \"world\"}"}"#, r#"{"hello": "world"}"#),
        (r#"["hello", 3, true]"#, r#"["hello",3,true]"#),
        ("\"hello\"", "hello"),
        ("3", "3"),
        ("3.1", "3.1"),
        ("true", "true"),
    ] {
        lab.replies(given);
        let reply = lab.ask("POST", "/custom_path/extend?test_param=test_value", &[], b"{'key':'value'}");
        assert_eq!((reply.status, reply.text()), (200, body), "{given}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{given}");
        assert_eq!(reply.header("content-length"), Some(body.len().to_string().as_str()), "{given}");
    }
    lab.replies(r#"{"statusCode":"418","body":"i'm a teapot"}"#);
    assert_eq!((lab.get("/").status, lab.get("/").text()), (418, "i'm a teapot"));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_headers_cookies_and_bytes_are_the_functions() {
    let lab = Lab::new().await;
    let response = json!({
        "statusCode": 201,
        "headers": { "Content-Type": "image/x", "My-Custom-Header": "Custom Value", "Date": "now", "Server": "mine" },
        "cookies": ["a=1; HttpOnly", "b=2"],
        "body": "/wD+", "isBase64Encoded": true,
    });
    lab.replies(response.to_string());
    let reply = lab.get("/");
    assert_eq!((reply.status, &reply.body[..]), (201, &[0xff, 0, 0xfe][..]));
    assert_eq!(reply.header("content-type"), Some("image/x"));
    assert_eq!(reply.header("my-custom-header"), Some("Custom Value"));
    assert_eq!(reply.header("x-amzn-remapped-date"), Some("now"));
    assert_eq!((reply.header("x-amzn-remapped-server"), reply.header("server")), (Some("mine"), None));
    let cookies: Vec<_> = reply.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(cookies.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["a=1; HttpOnly", "b=2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_are_told_what_is_configured() {
    let lab = Lab::new().await;
    let good = ("Origin", "https://good.example");
    let asks = |origin| [("Origin", origin), ("Access-Control-Request-Method", "PUT")];

    // Without a configuration it is the function's business.
    let own =
        json!({ "statusCode": 200, "headers": { "Access-Control-Allow-Origin": "https://own.example" } });
    lab.replies(own.to_string());
    let reply = lab.ask("OPTIONS", "/", &asks("https://evil.example"), b"");
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://own.example"));
    lab.replies("1");
    let silent = |reply: &super::lab::Reply| {
        reply.headers.iter().all(|(name, _)| !name.starts_with("access-control-"))
    };
    assert!(silent(&lab.ask("OPTIONS", "/", &asks("https://evil.example"), b"")));

    lab.replies(own.to_string());
    let cors = Cors::builder().allow_origins("https://good.example").allow_methods("PUT").max_age(9);
    let cors = cors.allow_headers("x-a").expose_headers("x-b").allow_credentials(true).build();
    let update = lab.client.update_function_url_config().function_name("greeter");
    update.cors(cors).send().await.unwrap();
    let reply = lab.ask("OPTIONS", "/", &asks("https://good.example"), b"");
    assert_eq!((reply.status, reply.text()), (200, ""));
    for (name, value) in
        [("origin", "https://good.example"), ("methods", "PUT"), ("headers", "x-a"), ("credentials", "true")]
    {
        assert_eq!(reply.header(&format!("access-control-allow-{name}")), Some(value));
    }
    assert_eq!(reply.header("access-control-max-age"), Some("9"));
    let reply = lab.ask("GET", "/", &[good], b"");
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://good.example"));
    assert_eq!(reply.header("access-control-expose-headers"), Some("x-b"));
    assert_eq!(reply.header("vary"), Some("Origin"));
    assert!(silent(&lab.ask("OPTIONS", "/", &asks("https://evil.example"), b"")));
    assert!(silent(&lab.ask("GET", "/", &[("Origin", "https://evil.example")], b"")));
    assert!(silent(&lab.get("/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_leads_to_its_versions() {
    let lab = Lab::new().await;
    lab.signed_echo("echo").await;
    for description in ["first", "second"] {
        let change =
            lab.client.update_function_configuration().function_name("echo").description(description);
        change.send().await.unwrap();
        lab.client.publish_version().function_name("echo").send().await.unwrap();
    }
    let alias = lab.client.create_alias().function_name("echo").name("live").function_version("1");
    alias.send().await.unwrap();
    let made = lab.client.create_function_url_config().function_name("echo").qualifier("live");
    let made = made.auth_type(FunctionUrlAuthType::AwsIam).send().await.unwrap();
    let authority = authority(made.function_url());
    std::fs::write(lab.path("version"), "").unwrap();
    for (weight, version) in [(0.0, "1"), (1.0, "2")] {
        let routing = aws_sdk_lambda::types::AliasRoutingConfiguration::builder()
            .additional_version_weights("2", weight)
            .build();
        let update = lab.client.update_alias().function_name("echo").name("live");
        update.routing_config(routing).send().await.unwrap();
        for _ in 0..3 {
            assert_eq!(lab.ask_signed(&authority, "GET", "/", b"").text(), version);
        }
    }
}
