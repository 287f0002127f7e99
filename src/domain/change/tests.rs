use super::{command::kebab, *};
use crate::domain::function::Logging;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
}

fn place() -> Place {
    Place { region: "eu-west-1".into(), account: Some("123456789012".into()), ..Place::default() }
}

#[test]
fn an_environment_shows_lengths_and_never_values() {
    let change = Change::Environment {
        before: variables(&[
            ("OLD", "canary-1"),
            ("SAME", "canary-2"),
            ("A1", "canary-3"),
            ("B1", "canary-4"),
        ]),
        after: variables(&[
            ("NEW", "canary-1"),
            ("SAME", "canary-2"),
            ("A1", "canary-55"),
            ("B1", "canary-6"),
        ]),
    };
    let texts: Vec<String> = change.diff().iter().map(DiffLine::text).collect();
    assert_eq!(
        texts,
        [
            "~ A1  (8 bytes) → (9 bytes)",
            "~ B1  (8 bytes) → (another value of the same length)",
            "+ NEW  (8 bytes) renamed from OLD",
            "- OLD  (8 bytes)",
        ]
    );
    let told = format!("{texts:?}{}{}{change:?}", change.summary(), change.aws_command("f", &place()));
    assert!(!told.contains("canary"), "{told}");
    assert_eq!(
        change.aws_command("f", &place()),
        "aws lambda update-function-configuration --function-name f --environment \
         'Variables={A1=VALUE,B1=VALUE,NEW=VALUE,SAME=VALUE}' --region eu-west-1"
    );
}

#[test]
fn settings_show_what_changes() {
    let before = Settings::of(&Function { memory_mb: Some(512), ..Function::default() });
    let mut after = before.clone();
    after.set(Setting::Memory, "1024");
    let change = Change::Settings { before: before.clone(), after: after.clone() };
    assert_eq!(change.summary(), "Memory 512 MB → 1024 MB");
    assert_eq!(change.said("saved"), "Memory 512 MB → 1024 MB is saved");
    after.set(Setting::LogFormat, "JSON");
    after.set(Setting::Description, "it's new");
    let change = Change::Settings { before, after };
    assert_eq!(change.summary(), "Description, Memory, Log format");
    assert_eq!(change.said("saved and in use"), "Description, Memory, Log format are saved and in use");
    assert_eq!(
        change.aws_command("f", &place()),
        "aws lambda update-function-configuration --function-name f --description VALUE --memory-size 1024 \
         --logging-config LogFormat=JSON --region eu-west-1"
    );
}

#[test]
fn an_empty_log_group_is_the_default_one() {
    let custom = Logging { log_group: Some("/custom".into()), ..Logging::default() };
    let function = |logging| Function { name: "f".into(), logging, ..Function::default() };
    let before = Settings::of(&function(Some(custom.clone())));
    let mut after = before.clone();
    after.set(Setting::LogGroup, "");
    let change = Change::Settings { before, after };
    let read = |logging| Details { configuration: function(logging), ..Details::default() };
    assert_eq!(change.is_done(&read(None)), Some(true));
    assert_eq!(change.is_done(&read(Some(custom))), Some(false));
}

#[test]
fn what_stops_a_function_or_deletes_something_takes_its_name() {
    let kill = Change::ReservedConcurrency { before: Some(5), after: Some(0) };
    assert_eq!(kill.typed_consent("f", false).as_deref(), Some("f"));
    assert_eq!(kill.inverse(), Some(Change::ReservedConcurrency { before: Some(0), after: Some(5) }));
    assert_eq!(kill.inverse().and_then(|back| back.typed_consent("f", false)), None);
    let delete = Change::Alias { name: "live".into(), before: Some(Alias::default()), after: None };
    assert_eq!(delete.typed_consent("f", false).as_deref(), Some("f:live"));
    let tag = Change::Tag { key: "team".into(), before: None, after: Some("a".into()) };
    assert_eq!(tag.typed_consent("f", false), None);
    assert_eq!(tag.typed_consent("f", true).as_deref(), Some("f"));
}

#[test]
fn an_alias_tells_its_weights() {
    let alias = |version: &str, additional: Option<(&str, f64)>| Alias {
        name: "live".into(),
        version: version.into(),
        additional: additional.map(|(version, weight)| Additional { version: version.into(), weight }),
        ..Alias::default()
    };
    let change = Change::Alias {
        name: "live".into(),
        before: Some(alias("7", None)),
        after: Some(alias("7", Some(("8", 0.1)))),
    };
    assert_eq!(change.summary(), "Alias live 7 → 7 90 %, 8 10 %");
    assert!(
        change.aws_command("f", &place()).contains("--routing-config 'AdditionalVersionWeights={8=0.1}'")
    );
}

#[test]
fn names_of_operations_as_commands() {
    assert_eq!(kebab("KMSKeyArn"), "kms-key-arn");
    assert_eq!(kebab("PutProvisionedConcurrencyConfig"), "put-provisioned-concurrency-config");
}

#[test]
fn a_shareable_event_is_told_by_its_length() {
    let event = |text: &str| Some(Secret::new(text));
    let share = |before: Option<Secret>, after: Option<Secret>| Change::ShareableEvent {
        name: "paid\u{1b}[2J".into(),
        before,
        after,
    };
    let (old, new) = (event("\"canary-1\""), event("\"canary-2\""));
    for (change, line, said) in [
        (share(None, old.clone()), "+ Shareable event paid␛[2J  (10 bytes)", "saved"),
        (
            share(old.clone(), new.clone()),
            "~ Shareable event paid␛[2J  (10 bytes) → (another value of the same length)",
            "saved",
        ),
        (share(old.clone(), None), "- Shareable event paid␛[2J  (10 bytes)", "deleted"),
    ] {
        assert_eq!(change.diff().iter().map(DiffLine::text).collect::<Vec<_>>(), [line]);
        assert_eq!(change.said("saved"), format!("Shareable event paid␛[2J is {said}"));
        assert!(!change.settles() && change.typed_consent("f", false).is_none());
        assert_eq!(change.typed_consent("f", true).as_deref(), Some("f"));
        assert_eq!(change.inverse().and_then(|back| back.inverse()).as_ref(), Some(&change));
        let command = change.aws_command("f", &place());
        assert_eq!(
            command,
            "aws schemas update-schema --registry-name lambda-testevent-schemas --schema-name _f-schema --type \
             OpenApi3 --content VALUE --region eu-west-1"
        );
        let told = format!("{change:?}{:?}{}{command}", change.diff(), change.summary());
        assert!(!told.contains("canary"), "{told}");
        assert!(change.secrets().all(|secret| secret.reveal().contains("canary")));
    }
    assert!(share(old.clone(), old.clone()).diff().is_empty());
    assert_eq!(share(old, new).secrets().count(), 2);
}

#[test]
fn a_read_shows_whether_a_shareable_event_was_done() {
    let event = |text: &str| Some(Secret::new(text));
    let share = |after| Change::ShareableEvent { name: "a".into(), before: event("0"), after };
    let now = |text: Option<Secret>| Shareable {
        events: [("b".to_owned(), Secret::new("1"))]
            .into_iter()
            .chain(text.map(|it| ("a".into(), it)))
            .collect(),
        ..Shareable::default()
    };
    assert_eq!(share(event("{\"x\":1}")).is_shared(&now(event("{ \"x\": 1 }"))), Some(true));
    assert_eq!(share(event("1")).is_shared(&now(event("2"))), Some(false));
    assert_eq!(share(event("1")).is_shared(&now(None)), Some(false));
    assert_eq!(share(None).is_shared(&now(None)), Some(true));
    assert_eq!(share(None).is_shared(&now(event("0"))), Some(false));
    let other = Change::DeleteVersion { version: "1".into() };
    assert_eq!(other.is_shared(&now(None)), None);
}
