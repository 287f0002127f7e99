//! What a change does, what it leaves alone, and what keeps it in.

use super::*;

#[tokio::test]
async fn events_are_created_read_replaced_and_deleted() {
    let stage = Stage::new().await;
    assert_eq!(stage.read().await, Shareable::default());
    let (one, two) = (format!(r#"{{"card": "{CANARY}-1"}}"#), format!(r#""{CANARY}-2""#));

    let written = stage.share("one", None, Some(&one)).await.unwrap();
    assert_eq!((written.revision_id.as_deref(), &written.warning), (Some("1"), &None));
    assert_eq!(stage.writes(), [1, 1, 0, 0]);
    assert_eq!(stage.events().await, [("one".to_owned(), one.clone())]);
    assert_eq!(stage.read().await.version.as_deref(), Some("1"));

    let written = stage.share("two", None, Some(&two)).await.unwrap();
    assert_eq!((written.revision_id.as_deref(), &written.warning), (Some("2"), &None));
    stage.share("one", Some(&one), Some("[1]")).await.unwrap();
    assert_eq!(stage.writes(), [1, 1, 2, 0]);
    let both = [("one".to_owned(), "[1]".to_owned()), ("two".to_owned(), two.clone())];
    assert_eq!(stage.events().await, both);

    stage.share("one", Some("[1]"), None).await.unwrap();
    assert_eq!(stage.events().await, [("two".to_owned(), two.clone())]);
    let written = stage.share("two", Some(&two), None).await.unwrap();
    assert_eq!((written.revision_id, written.warning), (None, None));
    assert_eq!(stage.writes(), [1, 1, 3, 1]);
    assert_eq!(stage.read().await, Shareable::default());

    // The registry stays: the next first event needs none.
    stage.share("one", None, Some("{}")).await.unwrap();
    assert_eq!(stage.writes(), [1, 2, 3, 1]);
    let done = |operation: &str, version: Option<&str>| {
        (operation.to_owned(), Outcome::Done, version.map(str::to_owned))
    };
    assert_eq!(
        stage.recorded(),
        [
            done("CreateRegistry", None),
            done("CreateSchema", Some("1")),
            done("UpdateSchema", Some("2")),
            done("UpdateSchema", Some("3")),
            done("UpdateSchema", Some("4")),
            done("DeleteSchema", None),
            done("CreateSchema", Some("1")),
        ]
    );
}

#[tokio::test]
async fn a_first_event_makes_a_document_that_the_registry_takes() {
    let stage = Stage::new().await;
    for event in [r#"{"a":1}"#, "[]", "\"x\"", "-1e999", "true", "null"] {
        stage.share("only", None, Some(event)).await.unwrap();
        assert_eq!(stage.events().await, [("only".to_owned(), event.to_owned())]);
        stage.share("only", Some(event), None).await.unwrap();
    }
}

/// Somebody else's document is edited as a text: numbers, order, duplicates, white space and escapes stay.
#[tokio::test]
async fn what_a_change_is_not_about_stays_byte_for_byte() {
    let stage = Stage::new().await;
    let console = client(&stage.engine);
    let odd = "\"od\\u0064\" : { \"summary\":\"s\", \"value\":{\"n\":1.10000000000000000000001, \"n\":1e999,\n\
               \"lone\":\"\\ud800\",\"ü\":[ ]} }";
    store(&console, &document(odd)).await;
    let value = odd.split_once("\"value\":").unwrap().1.strip_suffix(" }").unwrap();
    assert_eq!(stage.events().await, [("odd".to_owned(), value.to_owned())]);

    stage.share("new", None, Some(" {\"x\" : 1}\n")).await.unwrap();
    assert_eq!(stage.content().await, document(&format!("{odd},\"new\":{{\"value\":{{\"x\" : 1}}}}")));
    stage.share("new", Some("{\"x\":1}"), Some("2")).await.unwrap();
    assert_eq!(stage.content().await, document(&format!("{odd},\"new\":{{\"value\":2}}")));
    stage.share("new", Some("2"), None).await.unwrap();
    assert_eq!(stage.content().await, document(odd));
    stage.share("odd", Some(value), Some("0")).await.unwrap();
    assert_eq!(stage.content().await, document(&odd.replace(value, "0")));
}

#[tokio::test]
async fn however_deep_an_event_is_it_is_shared() {
    let stage = Stage::new().await;
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    stage.share("deep", None, Some(&deep)).await.unwrap();
    assert_eq!(stage.events().await, [("deep".to_owned(), deep)]);
}

#[tokio::test]
async fn as_many_characters_as_the_registry_takes_and_no_more() {
    let stage = Stage::new().await;
    let around = Document::with("big", &Secret::new("\"\"")).unwrap().length();
    let event = |content: usize| format!("\"{}\"", "ü".repeat(content - around));
    for content in [99_999, 100_000] {
        stage.share("big", None, Some(&event(content))).await.unwrap();
        assert_eq!(stage.content().await.chars().count(), content);
        stage.share("big", Some(&event(content)), None).await.unwrap();
    }
    let before = stage.writes();
    let error = stage.share("big", None, Some(&event(100_001))).await.unwrap_err();
    assert_eq!((error.kind, stage.writes()), (Kind::Invalid, before), "{error}");
    assert!(error.message.contains("would take 100001 characters, 100000 are allowed"), "{error}");
    // Also where there are others already.
    stage.share("other", None, Some("1")).await.unwrap();
    let before = stage.writes();
    let error = stage.share("big", None, Some(&event(100_000))).await.unwrap_err();
    assert_eq!((error.kind, stage.writes()), (Kind::Invalid, before), "{error}");
}

#[tokio::test]
async fn what_can_not_be_an_event_is_told_and_not_sent() {
    let stage = Stage::new().await;
    for (name, event, says) in [
        ("", "1", "no name"),
        ("a b", "1", "letters, digits"),
        ("one", "{\"a\": canary-91d2}", "the event is no JSON: "),
        ("one", "", "the event is no JSON: "),
    ] {
        let error = stage.share(name, None, Some(event)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{error}");
        assert!(error.message.starts_with("nothing was sent: ") && error.message.contains(says), "{error}");
        assert_quiet(&error);
    }
    let same = stage.share("one", Some("1"), Some("1")).await.unwrap_err();
    assert!(same.message.contains("nothing is to be changed"), "{same}");
    // Not even a read: it shows without.
    assert_eq!(stage.server.count("DescribeSchema"), 0);
}

#[tokio::test]
async fn what_is_stored_and_can_not_hold_events_is_not_written_over() {
    let stage = Stage::new().await;
    let console = client(&stage.engine);
    let content = document("").replace(r#""examples":{}"#, r#""examples":[]"#);
    store(&console, &content).await;
    assert_eq!(stage.events().await, []);
    let error = stage.share("one", None, Some("1")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message.contains("its examples are no object"), "{error}");
    console.delete_schema().registry_name(REGISTRY).schema_name(SCHEMA).send().await.unwrap();

    let create = console.create_schema().registry_name(REGISTRY).schema_name(SCHEMA).content("{}");
    create.r#type(Type::JsonSchemaDraft4).send().await.unwrap();
    let error = stage.share("one", None, Some("1")).await.unwrap_err();
    assert!(error.message.contains("is of the type JSONSchemaDraft4"), "{error}");
    assert_eq!(stage.writes(), [0; 4]);
}

#[tokio::test]
async fn a_read_only_session_reads_and_sends_nothing() {
    let stage = Stage::with(|spec| Spec { read_only: true, ..spec }).await;
    store(&client(&stage.engine), &document(r#""one":{"value":1}"#)).await;
    assert_eq!(stage.events().await, [("one".to_owned(), "1".to_owned())]);
    for (before, after) in [(None, Some("2")), (Some("1"), Some("2")), (Some("1"), None)] {
        let error = stage.share("one", before, after).await.unwrap_err();
        assert_eq!(error.kind, Kind::ReadOnly, "{error}");
    }
    assert_eq!(stage.writes(), [0; 4]);
    assert_eq!(stage.entries(), []);
}

#[tokio::test]
async fn where_it_is_protected_the_function_is_typed() {
    let protected = Protected { names: vec![FUNCTION.into()], ..Protected::default() };
    let stage = Stage::with(|spec| Spec { protected, ..spec }).await;
    for consent in [Consent::Yes, Consent::Typed("one".into())] {
        let permit = permit(&stage.session, consent);
        let error = stage.session.write(&order("one", None, Some("1")), &permit).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains("it takes typing checkout"), "{error}");
    }
    assert_eq!(stage.server.count("*"), 0);
    let permit = permit(&stage.session, Consent::Typed(FUNCTION.into()));
    stage.session.write(&order("one", None, Some("1")), &permit).await.unwrap();
    assert_eq!(stage.writes(), [1, 1, 0, 0]);
}

#[tokio::test]
async fn the_journal_holds_names_and_no_event() {
    let stage = Stage::new().await;
    let event = |number: u8| format!(r#"{{"card":"{CANARY}-{number}"}}"#);
    stage.share("one", None, Some(&event(1))).await.unwrap();
    stage.share("one", Some(&event(1)), Some(&event(2))).await.unwrap();
    stage.share("one", Some(&event(2)), None).await.unwrap();
    let journal = stage.session.spec().journal.clone().unwrap();
    let text = std::fs::read_to_string(journal.path()).unwrap();
    assert!(!text.contains(CANARY) && !text.contains("card"), "{text}");
    let entries = stage.entries();
    let summaries: Vec<&str> = entries.iter().map(|entry| entry.summary.as_str()).collect();
    let event = "Shareable event one";
    assert_eq!(summaries, ["registry lambda-testevent-schemas", event, event, event]);
    for (entry, command) in
        entries.iter().zip(["create-registry", "create-schema", "update-schema", "delete-schema"])
    {
        let begin = format!("aws schemas {command} --registry-name lambda-testevent-schemas ");
        assert!(entry.command.starts_with(&begin), "{}", entry.command);
        assert_eq!(
            entry.command.contains("--content VALUE"),
            matches!(command, "create-schema" | "update-schema")
        );
        assert!(entry.fields.iter().all(|field| field.before.is_none() && field.after.is_none()));
    }
    assert_eq!(entries[0].inverse, None);
}
