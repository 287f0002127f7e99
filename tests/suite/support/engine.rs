//! A local engine within the test, and who asks it.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_sdk_lambda::Client;
use lambdeck::{
    cloud::Spec,
    local::{Engine, Options},
};

/// An engine that settles at once and has no functions.
pub fn options() -> Options {
    Options {
        account_id: Some("123456789012".into()),
        region: "eu-central-1".into(),
        settle_ms: 0,
        samples: false,
        ..Options::new(env!("CARGO_BIN_EXE_lambdeck").into())
    }
}

/// How long the engine may take for an answer on a busy machine: only a failing test waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The SDK alone, which tries nothing twice: what somebody else does, and what is really there.
pub fn client(engine: &Engine) -> Client {
    let (id, secret) = (engine.access_key_id(), engine.secret_access_key().reveal());
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(engine.region().to_owned()))
        .endpoint_url(engine.endpoint_url())
        .credentials_provider(Credentials::new(id, secret, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
        .build();
    Client::from_conf(config)
}

/// What a session with it is made of.
pub fn spec(engine: &Engine) -> Spec {
    Spec {
        region: Some(engine.region().to_owned()),
        endpoint_url: Some(engine.endpoint_url()),
        keys: Some((engine.access_key_id().to_owned(), engine.secret_access_key().clone())),
        ..Spec::default()
    }
}
