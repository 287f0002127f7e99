//! Changes on their way out: what keeps them in, what they do, what is told when it goes wrong, and what is recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use lambdeck::cloud::{Error, Session, Spec};
use lambdeck::domain::change::{Change, Consent, Order, Permit, Variables, Written};
use lambdeck::domain::function::Details;
use lambdeck::domain::release::{Additional, Alias, EventInvoke};
use lambdeck::domain::secret::Secret;
use lambdeck::domain::settings::{Setting, Settings};
use lambdeck::local::{Engine, Options};

use crate::support::fault_server::FaultServer;
use crate::support::zip_of;

mod engine;
mod executor;
mod failures;
mod guards;
mod journal;

const FUNCTION: &str = "checkout";
const REGION: &str = "eu-west-1";
/// In all values of variables: no text may repeat it.
const CANARY: &str = "canary-6b1f";

/// Every operation that changes something and that lambdeck can send, as AWS names it.
const OPERATIONS: [&str; 20] = [
    "CreateAlias",
    "CreateRegistry",
    "CreateSchema",
    "DeleteAlias",
    "DeleteFunction",
    "DeleteFunctionConcurrency",
    "DeleteFunctionEventInvokeConfig",
    "DeleteProvisionedConcurrencyConfig",
    "DeleteRetentionPolicy",
    "DeleteSchema",
    "PublishVersion",
    "PutFunctionConcurrency",
    "PutFunctionEventInvokeConfig",
    "PutProvisionedConcurrencyConfig",
    "PutRetentionPolicy",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateFunctionConfiguration",
    "UpdateSchema",
];

/// Which of these a shareable event takes instead of its usual one, or before it, shows when it is sent.
const OF_SHAREABLE_EVENTS: [&str; 3] = ["CreateRegistry", "CreateSchema", "DeleteSchema"];

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
}

fn settings(pairs: &[(Setting, &str)]) -> Settings {
    pairs.iter().map(|(setting, text)| (*setting, (*text).to_owned())).collect::<BTreeMap<_, _>>().into()
}

#[allow(clippy::unnecessary_wraps, reason = "a side of a change is an alias or none")]
fn alias(version: &str, additional: Option<(&str, f64)>) -> Option<Alias> {
    Some(Alias {
        name: "live".into(),
        version: version.into(),
        additional: additional.map(|(version, weight)| Additional { version: version.into(), weight }),
        ..Alias::default()
    })
}

/// One change of each kind. None of them needs anything to be there.
fn changes() -> Vec<Change> {
    let (qualifier, group, key) = ("live".to_owned(), "/aws/lambda/checkout".to_owned(), "team".to_owned());
    let retries =
        |retries| Some(EventInvoke { maximum_retry_attempts: Some(retries), ..EventInvoke::default() });
    vec![
        Change::Environment {
            before: variables(&[("TOKEN", &format!("{CANARY}-1"))]),
            after: variables(&[("TOKEN", &format!("{CANARY}-2"))]),
        },
        Change::Settings {
            before: settings(&[(Setting::Memory, "128")]),
            after: settings(&[(Setting::Memory, "256")]),
        },
        Change::ReservedConcurrency { before: None, after: Some(5) },
        Change::ReservedConcurrency { before: None, after: Some(0) },
        Change::ReservedConcurrency { before: Some(5), after: None },
        Change::ProvisionedConcurrency { qualifier: qualifier.clone(), before: None, after: Some(1) },
        Change::ProvisionedConcurrency { qualifier, before: Some(1), after: None },
        Change::EventInvoke { qualifier: None, before: None, after: retries(1) },
        Change::EventInvoke { qualifier: None, before: retries(1), after: None },
        Change::Tag { key: key.clone(), before: None, after: Some("a".into()) },
        Change::Tag { key, before: Some("a".into()), after: None },
        Change::Publish { description: "x".into(), code_sha256: None },
        Change::Alias { name: "live".into(), before: None, after: alias("1", None) },
        Change::Alias { name: "live".into(), before: alias("1", None), after: alias("2", Some(("1", 0.1))) },
        Change::Alias { name: "live".into(), before: alias("1", None), after: None },
        Change::DeleteVersion { version: "1".into() },
        Change::LogRetention { group: group.clone(), before: None, after: Some(7) },
        Change::LogRetention { group, before: Some(7), after: None },
        Change::ShareableEvent {
            name: "paid".into(),
            before: Some(Secret::new(format!("{{\"card\":\"{CANARY}-3\"}}"))),
            after: Some(Secret::new(format!("{{\"card\":\"{CANARY}-4\"}}"))),
        },
    ]
}

fn order(change: Change) -> Order {
    Order { function: FUNCTION.into(), revision_id: None, change }
}

/// The confirmation that a change takes where nothing is protected.
fn permit(session: &Session, order: &Order) -> Permit {
    let typed = order.change.typed_consent(&order.function, false);
    Permit {
        place: session.place(),
        function: order.function.clone(),
        consent: typed.map_or(Consent::Yes, Consent::Typed),
    }
}

/// Agreed to and sent.
async fn write(session: &Session, order: &Order) -> Result<Written, Error> {
    session.write(order, &permit(session, order)).await
}

fn spec(endpoint: &str) -> Spec {
    Spec {
        region: Some(REGION.into()),
        endpoint_url: Some(endpoint.into()),
        keys: Some(("AKIDEXAMPLE".into(), Secret::new("the-secret-key"))),
        ..Spec::default()
    }
}

/// How many requests that change something have arrived.
fn changing(server: &FaultServer) -> usize {
    let reads = ["Get", "List", "Describe", "Filter"];
    let all = server.requests("*");
    all.iter().filter(|request| !reads.iter().any(|read| request.operation.starts_with(read))).count()
}

/// The local engine with a function, and a server before it that counts.
struct Stage {
    engine: Engine,
    server: FaultServer,
    session: Session,
}

impl Stage {
    async fn new() -> Self {
        Self::with(|spec| spec).await
    }

    async fn with(change: impl FnOnce(Spec) -> Spec) -> Self {
        let options = Options {
            account_id: Some("123456789012".into()),
            region: REGION.into(),
            settle_ms: 0,
            samples: false,
            ..Options::new(env!("CARGO_BIN_EXE_lambdeck").into())
        };
        let engine = Engine::start(options).await.unwrap();
        let server = FaultServer::forwarding(&engine.endpoint_url());
        let keys = Some((engine.access_key_id().to_owned(), engine.secret_access_key().clone()));
        let spec = change(Spec { keys, ..spec(&server.endpoint()) });
        let stage = Self { session: Session::open(&spec).await.unwrap(), engine, server };
        stage
            .lambda()
            .create_function()
            .function_name(FUNCTION)
            .runtime(Runtime::Python313)
            .handler("index.handler")
            .role("arn:aws:iam::123456789012:role/test")
            .code(FunctionCode::builder().zip_file(Blob::new(zip_of(&[("index.py", "x = 1")]))).build())
            .send()
            .await
            .unwrap();
        stage.settled().await;
        stage
    }

    /// The engine behind the server, asked by the SDK alone: what somebody else does.
    fn lambda(&self) -> aws_sdk_lambda::Client {
        let keys = (self.engine.access_key_id(), self.engine.secret_access_key().reveal());
        let config = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .endpoint_url(self.engine.endpoint_url())
            .credentials_provider(Credentials::new(keys.0, keys.1, None, None, "test"))
            .build();
        aws_sdk_lambda::Client::from_conf(config)
    }

    /// The function as it is now.
    async fn read(&self) -> Details {
        self.session.get_function(FUNCTION, None).await.unwrap()
    }

    /// Waits until the function's last change has settled.
    async fn settled(&self) -> Details {
        let settled = async {
            loop {
                let details = self.read().await;
                if !details.configuration.state.is_settling() {
                    return details;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), settled).await.expect("the function settles")
    }

    /// A change at the revision that is there now.
    async fn order(&self, change: Change) -> Order {
        let revision_id = match &change {
            Change::Environment { .. } | Change::Settings { .. } | Change::Publish { .. } => {
                self.settled().await.configuration.revision_id
            }
            _ => None,
        };
        Order { revision_id, ..order(change) }
    }

    /// Sends a change and counts: it is one request.
    async fn write(&self, change: Change) -> Result<Written, Error> {
        let order = self.order(change).await;
        let before = changing(&self.server);
        let written = write(&self.session, &order).await;
        assert_eq!(changing(&self.server), before + 1, "{:?}: {written:?}", order.change);
        written
    }

    async fn publish(&self, description: &str) -> String {
        let memory = self.settled().await.configuration.memory_mb.unwrap();
        // Without a change there is no new version.
        self.lambda()
            .update_function_configuration()
            .function_name(FUNCTION)
            .memory_size(memory.cast_signed() + 1)
            .send()
            .await
            .unwrap();
        let change = Change::Publish { description: description.into(), code_sha256: None };
        self.write(change).await.unwrap().version.unwrap()
    }
}
