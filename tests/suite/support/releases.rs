//! Versions and aliases to test with.

use jiff::{Timestamp, ToSpan};
use lambdeck::domain::{
    change::{Change, Order},
    function::{Environment, Function},
    journal::{Entry, Outcome},
    place::Place,
    release::{Additional, Alias, LATEST, Provisioned, Releases},
    secret::Secret,
};

use super::app::{CANARY, moment};

pub const NAME: &str = "checkout-api";

/// A version whose last change is so many hours ago. Versions of the same `code` have the same hash.
pub fn version(number: &str, code: &str, hours: i64) -> Function {
    let changed = moment() - hours.hours();
    Function {
        name: NAME.into(),
        arn: format!("arn:aws:lambda:eu-west-1:123456789012:function:{NAME}:{number}"),
        runtime: Some("python3.13".into()),
        handler: Some("app.handler".into()),
        role: Some("arn:aws:iam::123456789012:role/checkout".into()),
        code_size: 1_234_567,
        memory_mb: Some(512),
        timeout_s: Some(30),
        last_modified: Some(changed.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()),
        code_sha256: Some(format!("{code}{}=", "q".repeat(43 - code.len()))),
        version: Some(number.into()),
        package_type: Some("Zip".into()),
        architectures: vec!["arm64".into()],
        revision_id: Some(format!("revision-{number}")),
        environment: Some(Environment {
            variables: [("TOKEN".to_owned(), Secret::new(CANARY))].into(),
            error: None,
        }),
        ..Function::default()
    }
}

pub fn alias(name: &str, version: &str, additional: Option<(&str, f64)>) -> Alias {
    Alias {
        name: name.into(),
        version: version.into(),
        additional: additional.map(|(version, weight)| Additional { version: version.into(), weight }),
        description: format!("The {name} stage"),
        revision_id: Some(format!("revision-{name}")),
    }
}

/// `$LATEST` with other code and memory than 9, which serves a canary; 8 has the code of 6.
pub fn releases() -> Releases {
    let mut latest = version(LATEST, "dDdDdDdD", 1);
    latest.memory_mb = Some(1024);
    if let Some(environment) = &mut latest.environment {
        environment.variables.insert("TOKEN".into(), Secret::new(format!("{CANARY}-2")));
    }
    let mut nine = version("9", "cCcCcCcC", 5);
    nine.description = Some("Faster prices".into());
    let mut six = version("6", "aAaAaAaA", 400);
    six.description = Some("The one that worked all summer".into());
    Releases {
        versions: vec![latest, nine, version("8", "aAaAaAaA", 30), version("7", "bBbBbBbB", 100), six],
        aliases: vec![
            alias("dev", LATEST, None),
            alias("live", "8", Some(("9", 0.1))),
            alias("test", "9", None),
        ],
        provisioned: Ok(vec![Provisioned {
            qualifier: "live".into(),
            requested: 5,
            available: 5,
            allocated: 5,
            status: "READY".into(),
            reason: None,
        }]),
    }
}

/// The journal's entry of an alias that was pointed elsewhere.
pub fn moved(place: &Place, name: &str, from: &str, to: &str, at: Timestamp) -> Entry {
    let change = Change::Alias {
        name: name.into(),
        before: Some(alias(name, from, None)),
        after: Some(alias(name, to, None)),
    };
    let order = Order { function: NAME.into(), revision_id: None, change };
    Entry { outcome: Outcome::Done, ..Entry::begin("1".into(), at, place, &order) }
}
