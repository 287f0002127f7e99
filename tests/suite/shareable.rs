//! Shareable test events of the console: read, changed, and never lost, with the real SDK against the local engine and
//! a server before it that counts and breaks.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_sdk_schemas::{Client, error::ProvideErrorMetadata as _, types::Type};
use lambdeck::{
    cloud::{Error, Journal, Kind, Session, Spec},
    domain::{
        change::{Change, Consent, Order, Permit, Written},
        journal::{Entry, Outcome},
        place::Protected,
        secret::Secret,
        shareable::{Document, REGISTRY, Shareable},
    },
    local::{Engine, Options},
};
use tempfile::TempDir;

use crate::support::{
    engine::{options, spec},
    fault_server::{Fault, FaultServer},
};

mod changes;
mod engine;
mod failures;
mod races;

const FUNCTION: &str = "checkout";
const SCHEMA: &str = "_checkout-schema";
/// In all events: no text may repeat it.
const CANARY: &str = "canary-91d2";
/// What changes something.
const WRITES: [&str; 4] = ["CreateRegistry", "CreateSchema", "UpdateSchema", "DeleteSchema"];

/// The engine, a server before it, and a session with a journal.
struct Stage {
    engine: Arc<Engine>,
    server: FaultServer,
    session: Session,
    _home: TempDir,
}

impl Stage {
    async fn new() -> Self {
        Self::with(|spec| spec).await
    }

    async fn with(change: impl FnOnce(Spec) -> Spec) -> Self {
        let engine = Arc::new(Engine::start(Options { ..options() }).await.unwrap());
        let server = FaultServer::forwarding(&engine.endpoint_url());
        let home = tempfile::tempdir().unwrap();
        let journal = Some(Journal::new(home.path().join("journal.jsonl")));
        let spec = Spec { endpoint_url: Some(server.endpoint()), journal, ..spec(&engine) };
        let session = Session::open(&change(spec)).await.unwrap();
        Self { engine, server, session, _home: home }
    }

    async fn read(&self) -> Shareable {
        self.session.shareable_events(FUNCTION).await.unwrap()
    }

    /// Names and texts.
    async fn events(&self) -> Vec<(String, String)> {
        let shareable = self.read().await;
        shareable.events.into_iter().map(|(name, event)| (name, event.reveal().to_owned())).collect()
    }

    /// Agreed to and sent.
    async fn share(&self, name: &str, before: Option<&str>, after: Option<&str>) -> Result<Written, Error> {
        write(&self.session, name, before, after).await
    }

    /// How often each operation that changes something has arrived.
    fn writes(&self) -> [usize; 4] {
        WRITES.map(|operation| self.server.count(operation))
    }

    fn entries(&self) -> Vec<Entry> {
        self.session.spec().journal.as_ref().unwrap().read().unwrap()
    }

    /// Operations, what became of them, and the version after.
    fn recorded(&self) -> Vec<(String, Outcome, Option<String>)> {
        let told = |entry: Entry| (entry.operation, entry.outcome, entry.revision_after);
        self.entries().into_iter().map(told).collect()
    }

    /// What is stored.
    async fn content(&self) -> String {
        let console = client(&self.engine);
        let stored = console.describe_schema().registry_name(REGISTRY).schema_name(SCHEMA).send().await;
        stored.unwrap().content.unwrap()
    }
}

fn order(name: &str, before: Option<&str>, after: Option<&str>) -> Order {
    let change = Change::ShareableEvent {
        name: name.into(),
        before: before.map(Secret::from),
        after: after.map(Secret::from),
    };
    Order { function: FUNCTION.into(), revision_id: None, change }
}

fn permit(session: &Session, consent: Consent) -> Permit {
    Permit { place: session.place(), function: FUNCTION.into(), consent }
}

async fn write(
    session: &Session,
    name: &str,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<Written, Error> {
    session.write(&order(name, before, after), &permit(session, Consent::Yes)).await
}

/// The SDK alone, past the server: what the console does, or somebody else.
fn client(engine: &Engine) -> Client {
    let (id, secret) = (engine.access_key_id(), engine.secret_access_key().reveal());
    let config = aws_sdk_schemas::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(engine.region().to_owned()))
        .endpoint_url(engine.endpoint_url())
        .credentials_provider(Credentials::new(id, secret, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Somebody else stores a document, as a new schema or a new version of it.
async fn store(console: &Client, content: &str) {
    _ = console.create_registry().registry_name(REGISTRY).send().await;
    let create = console.create_schema().registry_name(REGISTRY).schema_name(SCHEMA);
    if create.r#type(Type::OpenApi3).content(content).send().await.is_err() {
        let update = console.update_schema().registry_name(REGISTRY).schema_name(SCHEMA);
        update.content(content).send().await.unwrap();
    }
}

/// A document as the console makes them, with these examples.
fn document(examples: &str) -> String {
    format!(
        r#"{{"openapi":"3.0.0","info":{{"version":"1.0.0","title":"Event"}},"paths":{{}},"components":{{"schemas":{{"Event":{{"type":"object"}}}},"examples":{{{examples}}}}}}}"#
    )
}

/// At the next request of this operation somebody else does something first, past the server; then it goes on.
fn just_before<F>(
    stage: &Stage,
    operation: &str,
    nth: usize,
    act: impl Fn(Client) -> F + Send + Sync + 'static,
) where
    F: Future<Output = ()>,
{
    let engine = Arc::clone(&stage.engine);
    let act = Arc::new(act);
    let mut seen = 0;
    stage.server.answer(operation, move |_| {
        seen += 1;
        if seen == nth {
            let (engine, act) = (Arc::clone(&engine), Arc::clone(&act));
            std::thread::scope(|scope| {
                // A thread of its own: this one drives the server.
                let other = scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    runtime.unwrap().block_on(act(client(&engine)));
                });
                other.join().unwrap();
            });
        }
        Fault::Pass
    });
}

#[track_caller]
fn assert_quiet(error: &Error) {
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert!(!error.message.is_empty() && error.message.lines().count() == 1, "{error:?}");
}
