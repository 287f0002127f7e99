//! The engine's registry, asked by the SDK as anybody would.

use aws_sdk_schemas::operation::RequestId as _;

use super::*;

/// Code, status and message of an error.
macro_rules! refused {
    ($request:expr) => {{
        let error = $request.send().await.unwrap_err();
        let status = error.raw_response().unwrap().status().as_u16();
        let error = error.into_service_error();
        assert!(error.meta().request_id().is_some());
        (status, error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
    }};
}

fn told(status: u16, code: &str, message: &str) -> (u16, String, String) {
    (status, code.to_owned(), message.to_owned())
}

async fn started() -> (Engine, Client) {
    let engine = Engine::start(options()).await.unwrap();
    let client = client(&engine);
    (engine, client)
}

#[tokio::test]
async fn what_is_not_there_and_what_is_there_already() {
    let (_engine, client) = started().await;
    let no_registry = told(404, "NotFoundException", "Registry with name r does not exist.");
    let no_schema = told(404, "NotFoundException", "Schema with name s does not exist.");
    let content = document("");
    let describe = || client.describe_schema().registry_name("r").schema_name("s");
    let create = || {
        client.create_schema().registry_name("r").schema_name("s").r#type(Type::OpenApi3).content(&content)
    };
    let update = || client.update_schema().registry_name("r").schema_name("s").content(&content);
    let delete = || client.delete_schema().registry_name("r").schema_name("s");
    let versions = || client.list_schema_versions().registry_name("r").schema_name("s");
    assert_eq!(refused!(client.describe_registry().registry_name("r")), no_registry);
    assert_eq!(refused!(describe()), no_registry);
    assert_eq!(refused!(create()), no_registry);
    assert_eq!(refused!(update()), no_registry);
    assert_eq!(refused!(delete()), no_registry);
    assert_eq!(refused!(client.list_schemas().registry_name("r")), no_registry);

    client.create_registry().registry_name("r").send().await.unwrap();
    assert_eq!(
        refused!(client.create_registry().registry_name("r")),
        told(409, "ConflictException", "Registry with name r already exists.")
    );
    assert_eq!(refused!(describe()), no_schema);
    assert_eq!(refused!(update()), no_schema);
    assert_eq!(refused!(delete()), no_schema);
    assert_eq!(refused!(versions()), no_schema);

    create().send().await.unwrap();
    assert_eq!(refused!(create()), told(409, "ConflictException", "Schema with name s already exists."));
    for version in ["0", "2", "99999999999999999999", "x"] {
        let (status, ..) = refused!(describe().schema_version(version));
        assert!(matches!(status, 400 | 404), "{version}");
    }
    delete().send().await.unwrap();
    assert_eq!(refused!(describe()), no_schema);
}

#[tokio::test]
async fn every_update_is_a_version_that_stays() {
    let (engine, client) = started().await;
    let registry = client.create_registry().registry_name("r").description("d").tags("k", "v");
    let registry = registry.send().await.unwrap();
    let arn = |what: &str| format!("arn:aws:schemas:{}:{}:{what}", engine.region(), engine.account_id());
    assert_eq!(registry.registry_arn(), Some(&*arn("registry/r")));
    let described = client.describe_registry().registry_name("r").send().await.unwrap();
    assert_eq!(described.description(), Some("d"));
    assert_eq!(described.tags().and_then(|tags| tags.get("k")).map(String::as_str), Some("v"));

    let contents: Vec<String> = (1..=3).map(|n| document(&format!(r#""e":{{"value":{n}}}"#))).collect();
    let created = client.create_schema().registry_name("r").schema_name("s").r#type(Type::OpenApi3);
    let created = created.content(&contents[0]).description("first").send().await.unwrap();
    assert_eq!((created.schema_version(), created.r#type()), (Some("1"), Some("OpenApi3")));
    assert_eq!(created.schema_arn(), Some(&*arn("schema/r/s")));
    for (content, version) in contents[1..].iter().zip(["2", "3"]) {
        let updated = client.update_schema().registry_name("r").schema_name("s").content(content);
        assert_eq!(updated.send().await.unwrap().schema_version(), Some(version));
    }
    // Without a content there is no other version.
    let updated = client.update_schema().registry_name("r").schema_name("s").description("second");
    assert_eq!(updated.send().await.unwrap().schema_version(), Some("3"));
    // The same token again is the same update.
    for _ in 0..2 {
        let updated = client.update_schema().registry_name("r").schema_name("s").client_token_id("t");
        let updated = updated.content(&contents[0]).send().await.unwrap();
        assert_eq!(updated.schema_version(), Some("4"));
    }
    let describe = || client.describe_schema().registry_name("r").schema_name("s");
    for (content, version) in contents.iter().zip(["1", "2", "3"]) {
        let described = describe().schema_version(version).send().await.unwrap();
        assert_eq!((described.content(), described.schema_version()), (Some(&**content), Some(version)));
    }
    let latest = describe().send().await.unwrap();
    assert_eq!((latest.schema_version(), latest.description()), (Some("4"), Some("second")));
    assert!(latest.last_modified() >= latest.version_created_date() && latest.last_modified().is_some());
}

#[tokio::test]
async fn lists_come_in_pages() {
    let (_engine, client) = started().await;
    for registry in ["a", "b", "r"] {
        client.create_registry().registry_name(registry).send().await.unwrap();
    }
    for schema in ["s1", "s2", "t1"] {
        let create = client.create_schema().registry_name("r").schema_name(schema).content(document(""));
        create.r#type(Type::OpenApi3).send().await.unwrap();
    }
    for _ in 0..11 {
        client
            .update_schema()
            .registry_name("r")
            .schema_name("t1")
            .content(document(""))
            .send()
            .await
            .unwrap();
    }
    let page = client.list_registries().limit(2).send().await.unwrap();
    let names: Vec<_> = page.registries().iter().filter_map(|it| it.registry_name()).collect();
    assert_eq!((names, page.next_token()), (vec!["a", "b"], Some("b")));
    let page = client.list_registries().limit(2).next_token("b").send().await.unwrap();
    assert_eq!((page.registries().len(), page.next_token()), (1, None));
    let page = client.list_registries().registry_name_prefix("r").send().await.unwrap();
    assert_eq!(page.registries().len(), 1);

    let page = client.list_schemas().registry_name("r").schema_name_prefix("s").send().await.unwrap();
    let names: Vec<_> = page.schemas().iter().filter_map(|it| it.schema_name()).collect();
    assert_eq!(names, ["s1", "s2"]);
    let page = client.list_schemas().registry_name("r").next_token("s2").send().await.unwrap();
    assert_eq!(page.schemas()[0].version_count(), Some(12));

    let mut versions = Vec::new();
    let mut pages = client
        .list_schema_versions()
        .registry_name("r")
        .schema_name("t1")
        .limit(5)
        .into_paginator()
        .items()
        .send();
    while let Some(version) = pages.next().await {
        versions.push(version.unwrap().schema_version.unwrap());
    }
    let expected: Vec<String> = (1..=12).map(|version| version.to_string()).collect();
    assert_eq!(versions, expected);
    let (status, code, _) = refused!(client.list_registries().limit(101));
    assert_eq!((status, code.as_str()), (400, "BadRequestException"));
}

#[tokio::test]
async fn what_is_no_schema_is_refused() {
    let (_engine, client) = started().await;
    client.create_registry().registry_name("r").send().await.unwrap();
    let create = |content: &str| {
        client.create_schema().registry_name("r").schema_name("s").r#type(Type::OpenApi3).content(content)
    };
    let whole = document("");
    for content in [
        "",
        "openapi: 3.0.0",
        "[]",
        "{}",
        &whole.replace("3.0.0", "2.0"),
        &whole.replace(r#""title":"Event""#, r#""title":1"#),
        &whole.replace(r#""paths":{},"#, ""),
        &whole.replace(r#""paths":{}"#, r#""paths":[]"#),
        &whole[..whole.len() - 1],
        &" ".repeat(100_001),
    ] {
        let (status, code, message) = refused!(create(content));
        assert_eq!((status, code.as_str()), (400, "BadRequestException"), "{content}");
        assert!(message.starts_with("Content "), "{message}");
    }
    let unknown = create(&whole).r#type(Type::from("Avro"));
    assert_eq!(refused!(unknown).0, 400);
    assert_eq!(refused!(client.create_registry().registry_name("a b")).0, 400);
    assert_eq!(refused!(client.create_registry().registry_name("a".repeat(65))).0, 400);
    let long = client.create_schema().registry_name("r").schema_name("a".repeat(386)).content(&whole);
    assert_eq!(refused!(long.r#type(Type::OpenApi3)).0, 400);
    assert_eq!(refused!(create(&whole).description("d".repeat(257))).0, 400);

    create(&whole).send().await.unwrap();
    let update = || client.update_schema().registry_name("r").schema_name("s");
    assert_eq!(refused!(update().content("{}")).0, 400);
    for version in 2..=100 {
        let updated = update().content(&whole).send().await.unwrap();
        assert_eq!(updated.schema_version(), Some(&*version.to_string()));
    }
    assert_eq!(refused!(update().content(&whole)).0, 400);
    let latest = client.describe_schema().registry_name("r").schema_name("s").send().await.unwrap();
    assert_eq!(latest.schema_version(), Some("100"));
}

#[tokio::test]
async fn what_the_engine_does_not_have_is_refused_by_name() {
    let (engine, client) = started().await;
    let said = |name: &str| {
        told(501, "NotImplementedException", &format!("The local engine has no operation '{name}'."))
    };
    assert_eq!(refused!(client.delete_registry().registry_name("r")), said("DeleteRegistry"));
    let version = client.delete_schema_version().registry_name("r").schema_name("s").schema_version("1");
    assert_eq!(refused!(version), said("DeleteSchemaVersion"));
    let discovered = client.get_discovered_schema().events("{}").r#type(Type::OpenApi3);
    assert_eq!(refused!(discovered), said("GetDiscoveredSchema"));
    let search = client.search_schemas().registry_name("r").keywords("x");
    assert_eq!(refused!(search), said("SearchSchemas"));
    let arn = "arn:aws:schemas:eu-central-1:123456789012:registry/r";
    assert_eq!(refused!(client.list_tags_for_resource().resource_arn(arn)), said("ListTagsForResource"));

    // The key of somebody else.
    let config = client
        .config()
        .to_builder()
        .credentials_provider(Credentials::new(engine.access_key_id(), "wrong", None, None, "test"))
        .build();
    let (status, code, _) = refused!(Client::from_conf(config).list_registries());
    assert_eq!((status, code.as_str()), (403, "InvalidSignatureException"));
}
