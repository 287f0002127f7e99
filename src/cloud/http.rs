//! How requests travel: one pool of connections for `http`, one for `https`.
//!
//! TLS reads all of the system's certificates before the first request, which takes longer than a local endpoint
//! needs to answer. So it is set up by the first request that asks for it: never, with an emulator or the local engine.

use std::{
    fmt::Display,
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_smithy_http_client::{
    pool::{Builder, Client, ConnectionPool},
    tls,
};
use aws_smithy_runtime_api::{
    client::{
        connector_metadata::ConnectorMetadata,
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::HttpRequest,
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};

use super::{Error, Kind};

/// A client for all services of a session.
///
/// # Errors
/// [`Kind::Network`], where there can be none at all.
pub(super) fn client() -> Result<SharedHttpClient, Error> {
    let plain = connections().build_http().map_err(|error| failed(&error))?;
    let plain = Client::new(&plain).map_err(|error| failed(&error))?;
    Ok(Schemes { plain, secure: Arc::default() }.into_shared())
}

/// Keep-alive tells a dead peer from a function that takes its 15 minutes.
fn connections() -> Builder {
    ConnectionPool::builder().tcp_keepalive(Duration::from_mins(1)).tcp_nodelay(true)
}

fn secure() -> Result<Client, String> {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    let pool = connections().tls_provider(provider).build_https().map_err(|error| error.to_string())?;
    Client::new(&pool).map_err(|error| error.to_string())
}

fn failed(error: &dyn Display) -> Error {
    Error::new(Kind::Network, format!("no HTTP client: {error}"))
}

/// A client for each scheme; that for `https` is made when it is needed.
#[derive(Clone, Debug)]
struct Schemes {
    plain: Client,
    secure: Arc<OnceLock<Result<Client, String>>>,
}

impl HttpClient for Schemes {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            clients: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.plain.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector {
    clients: Schemes,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if request.uri().starts_with("http://") {
            Ok(&self.clients.plain)
        } else {
            self.clients.secure.get_or_init(secure).as_ref()
        };
        match client {
            Ok(client) => client.http_connector(&self.settings, &self.components).call(request),
            Err(why) => HttpConnectorFuture::ready(Err(ConnectorError::other(why.clone().into(), None))),
        }
    }
}
