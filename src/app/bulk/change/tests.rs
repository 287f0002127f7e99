use rstest::rstest;

use super::*;
use crate::app::{
    Ticket,
    bulk::{Bulk, Row, Stage},
};
use crate::domain::function::{Environment, Function, State};
use crate::domain::place::Place;

fn tag(key: &str, value: Option<&str>) -> BulkChange {
    BulkChange::Tag(key.into(), value.map(str::to_owned))
}

fn variable(key: &str, value: Option<&str>) -> BulkChange {
    BulkChange::Variable(key.into(), value.map(Secret::new))
}

#[rstest]
#[case("memory 512", BulkChange::Memory(512))]
#[case(" mem  10240 ", BulkChange::Memory(10_240))]
#[case("timeout 900", BulkChange::Timeout(900))]
#[case("runtime python3.13", BulkChange::Runtime("python3.13".into()))]
#[case("env KEY=a b=c", variable("KEY", Some("a b=c")))]
#[case("env KEY=", variable("KEY", Some("")))]
#[case("env KEY=\"quoted\"", variable("KEY", Some("\"quoted\"")))]
#[case("unset KEY", variable("KEY", None))]
#[case("tag cost centre=a/b", tag("cost centre", Some("a/b")))]
#[case("tag team=", tag("team", Some("")))]
#[case("untag cost centre", tag("cost centre", None))]
#[case("retention 3653", BulkChange::LogRetention(Some(3653)))]
#[case("retention never", BulkChange::LogRetention(None))]
fn changes(#[case] typed: &str, #[case] expected: BulkChange) {
    assert_eq!(BulkChange::parse(typed), Ok(expected));
}

#[rstest]
#[case("memory", "bulk memory needs MB")]
#[case("memory 127", "at least 128 MB")]
#[case("memory 10241", "at most 10240 MB")]
#[case("memory 512MB", "no whole number")]
#[case("timeout 0", "at least 1 second is")]
#[case("timeout 901", "at most 900 seconds")]
#[case("runtime python 3", "has white space")]
#[case("env KEY", "bulk env needs KEY=VALUE")]
#[case("env =canary", "the variable name is empty")]
#[case("env K=canary", "has 1 character")]
#[case("env MY-KEY=canary", "has `-` at position 3")]
#[case("env AWS_REGION=canary", "is reserved")]
#[case("env KEY=canary␊canary", "line break")]
#[case("unset 1KEY", "begins with `1`")]
#[case("tag team", "bulk tag needs KEY=VALUE")]
#[case("tag =canary", "key is empty")]
#[case("tag AWS:x=canary", "begins with aws:")]
#[case("tag team=can?ary", "not allowed")]
#[case("retention 2", "type one of them")]
#[case("retention -1", "type one of them")]
#[case("delete f", "there is no")]
#[case("r 30", "may be retention or runtime")]
#[case("", "may be env or memory")]
fn what_is_no_change_is_told_without_its_value(#[case] typed: &str, #[case] told: &str) {
    let error = BulkChange::parse(typed).unwrap_err();
    assert!(error.contains(told) && !error.contains("canary"), "{error}");
}

#[test]
fn limits() {
    let tag = |key: usize, value: usize| {
        BulkChange::parse(&format!("tag {}={}", "k".repeat(key), "v".repeat(value)))
    };
    assert!(tag(127, 255).is_ok() && tag(128, 256).is_ok());
    assert!(tag(129, 1).is_err() && tag(1, 257).is_err());
    // {"KEY":"..."} takes ten bytes beside the value.
    let env = |length: usize| BulkChange::parse(&format!("env KEY={}", "v".repeat(length)));
    assert!(env(MAX_ENVIRONMENT - 10).is_ok());
    assert!(env(MAX_ENVIRONMENT - 9).unwrap_err().contains("too long"));
    for days in 0..4000 {
        let allowed = RETENTION_DAYS.contains(&days);
        assert_eq!(BulkChange::parse(&format!("retention {days}")).is_ok(), allowed, "{days}");
    }
}

#[test]
fn a_value_is_in_no_debug_and_no_title() {
    let change = variable("KEY", Some("canary"));
    let bulk = Bulk::new(Ticket::default(), Place::default(), change.clone(), vec!["f".into()]);
    let told = format!("{change:?}{bulk:?}{}", change.title());
    assert!(!told.contains("canary") && told.contains("(6 bytes)"), "{told}");
}

fn function(pairs: &[(&str, &str)]) -> Details {
    Details {
        configuration: Function {
            name: "f".into(),
            runtime: Some("python3.12".into()),
            memory_mb: Some(512),
            revision_id: Some("r1".into()),
            environment: Some(Environment {
                variables: pairs
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), Secret::new(*value)))
                    .collect(),
                error: None,
            }),
            ..Function::default()
        },
        ..Details::default()
    }
}

fn row(change: &BulkChange, details: &Details) -> Row {
    Row { step: change.plan(details), notes: change.notes(details), ..Row::new("f".into()) }
}

#[rstest]
#[case(BulkChange::Memory(1024), "512 MB → 1024 MB")]
#[case(BulkChange::Memory(512), "already so")]
#[case(BulkChange::Runtime("python3.13".into()), "python3.12 → python3.13")]
#[case(
    BulkChange::Runtime("nodejs24.x".into()),
    "python3.12 → nodejs24.x  ! python3.12 is another language: its code may not run"
)]
#[case(variable("KEY", Some("canary-22")), "(8 bytes) → (9 bytes)")]
#[case(variable("KEY", Some("canary-2")), "(8 bytes) → (another value of the same length)")]
#[case(variable("KEY", Some("canary-1")), "already so")]
#[case(variable("NEW", Some("x")), "(none) → (1 byte)")]
#[case(variable("KEY", None), "(8 bytes) → (none)")]
#[case(variable("NEW", None), "already so")]
#[case(tag("team", Some("shop")), "(none) → shop")]
fn plans(#[case] change: BulkChange, #[case] told: &str) {
    let row = row(&change, &function(&[("KEY", "canary-1"), ("OTHER", "canary-3")]));
    assert_eq!(row.text(Stage::Planned), told);
    let order = row.step.order();
    assert!(order.is_none_or(|order| order.revision_id.as_deref() == Some("r1")));
}

#[test]
fn what_can_not_be_is_left_out() {
    let memory = BulkChange::Memory(1024);
    let mut details = function(&[("KEY", &"x".repeat(4000))]);
    let env = variable("NEW", Some(&"y".repeat(100)));
    assert!(matches!(env.plan(&details), Step::Refused(why) if why.contains("takes 4119 bytes")));
    details.configuration.package_type = Some("Image".into());
    let runtime = BulkChange::Runtime("python3.13".into());
    assert!(matches!(runtime.plan(&details), Step::Refused(why) if why.contains("container image")));
    assert!(matches!(memory.plan(&details), Step::Planned(_)));
    if let Some(environment) = &mut details.configuration.environment {
        environment.error = Some("AccessDenied".into());
    }
    assert!(matches!(env.plan(&details), Step::Refused(why) if why.contains("would wipe them")));
    details.tags_error = Some("denied".into());
    assert!(matches!(tag("a", None).plan(&details), Step::Refused(why) if why.contains("tags")));
    details.configuration.state = State { last_update_status: Some("InProgress".into()), ..State::default() };
    assert!(matches!(memory.plan(&details), Step::Unready(why) if why.contains("updating")));
    details.tags.insert(STACK_TAG.into(), "shop".into());
    assert!(memory.notes(&details)[0].contains("stack shop"));
}

#[test]
fn at_its_limit_an_environment_is_full() {
    // {"KEY":"...","NEW":"v"} takes 20 bytes and the first value.
    let change = variable("NEW", Some("v"));
    let plan = |length: usize| change.plan(&function(&[("KEY", &"x".repeat(length))]));
    assert!(matches!(plan(MAX_ENVIRONMENT - 20), Step::Planned(_)));
    assert!(matches!(plan(MAX_ENVIRONMENT - 19), Step::Refused(_)));
}

#[test]
fn what_others_did_beside_it_does_not_matter() {
    let change = variable("KEY", Some("new"));
    let planned = |pairs: &[(&str, &str)]| change.plan(&function(pairs)).order().unwrap().change.clone();
    let before = planned(&[("KEY", "a"), ("OTHER", "1")]);
    assert!(change.fits(&before, &planned(&[("KEY", "a"), ("OTHER", "2")])));
    assert!(!change.fits(&before, &planned(&[("KEY", "b"), ("OTHER", "1")])));
}

#[test]
fn retention_by_its_group() {
    let change = BulkChange::LogRetention(Some(30));
    let row = |before| {
        Row { step: change.plan_retention("f", "/g", before), ..Row::new("f".into()) }.text(Stage::Planned)
    };
    assert_eq!(row(None), "never expire → 30 days");
    assert_eq!(row(Some(30)), "already so");
    assert_eq!(row(Some(7)), "7 days → 30 days");
}
