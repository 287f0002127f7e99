//! A session: one set of credentials, one region, one endpoint, and the clients made of them.

use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, meta::region::ProvideRegion, profile::ProfileFileCredentialsProvider,
    profile::ProfileFileRegionProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::{
    orchestrator::HttpResponse, result::SdkError, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::service_config::ServiceConfigKey;

use super::{Budget, Error, Journal, Kind, guard::Guard, http, logs::ServiceClock, redact::Redaction};
use crate::domain::{invocation::Request, place::Protected, secret::Secret, text::sanitise};

/// The region where nothing names one.
pub const FALLBACK_REGION: &str = "us-east-1";

/// What a session is to be made of. What is not set comes from the environment, then from the profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// A chosen profile. It beats keys in the environment.
    pub profile: Option<String>,
    /// A chosen region.
    pub region: Option<String>,
    /// A chosen endpoint for all services.
    pub endpoint_url: Option<String>,
    /// Fixed keys, as the local engine hands them out.
    pub keys: Option<(String, Secret)>,
    /// Refuse everything that is not known to only read.
    pub read_only: bool,
    /// What takes a typed name before every change.
    pub protected: Protected,
    /// Where changes are recorded; none: nowhere.
    pub journal: Option<Journal>,
}

impl Spec {
    /// The region that a session has. Only files are read.
    ///
    /// # Errors
    /// There is no such profile, or what names the region names none.
    pub async fn resolve_region(&self) -> Result<String, Error> {
        if let Some(profile) = &self.profile {
            check_profile(profile).await?;
        }
        let region = region(self).await;
        check_region(&region)?;
        Ok(region)
    }

    /// Whether the endpoint is on this machine. An emulator takes any keys, so where none are named it gets `test`,
    /// as its documentation has it; nothing that is a secret could leave that way.
    fn is_emulator(&self) -> bool {
        let url = self.endpoint_url.clone().or_else(endpoint_of_environment);
        url.and_then(|url| url.parse::<hyper::Uri>().ok())
            .and_then(|uri| {
                uri.host().map(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."))
            })
            .unwrap_or_default()
    }

    /// Whether anything in the environment or the configuration files names a source of credentials. Without one
    /// only the instance metadata service is left, which takes a second to say no.
    pub async fn names_credentials(&self) -> bool {
        self.names_source().await || self.is_emulator()
    }

    async fn names_source(&self) -> bool {
        const SOURCES: [&str; 6] = [
            "AWS_ACCESS_KEY_ID",
            "AWS_PROFILE",
            "AWS_DEFAULT_PROFILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ];
        self.keys.is_some()
            || self.profile.is_some()
            || SOURCES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
            // A file that can't be read is not "none": connecting tells what is wrong with it.
            || super::profiles::profiles()
                .await
                .map_or(true, |profiles| {
                    profiles.iter().any(|profile| profile.name == "default" && profile.credentials)
                })
    }
}

/// A connected session. Clones share connections and budget.
#[derive(Clone, Debug)]
pub struct Session {
    spec: Spec,
    region: String,
    endpoint: Option<String>,
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    sts: aws_sdk_sts::Client,
    /// Few sessions need it: made by the first who asks.
    schemas: Arc<OnceLock<aws_sdk_schemas::Client>>,
    config: Arc<SdkConfig>,
    control_plane: Budget,
    states: Budget,
    log_budget: Budget,
    log_clock: ServiceClock,
    /// Known once somebody asked.
    account: Arc<RwLock<Option<String>>>,
}

impl Session {
    /// Loads the configuration and makes the clients. Nothing is sent to AWS, but a credential source may be asked.
    ///
    /// # Errors
    /// A profile or a setting that does not hold, such as an unknown profile or an endpoint that is no URL.
    pub async fn open(spec: &Spec) -> Result<Self, Error> {
        if let Some(url) = &spec.endpoint_url {
            check_endpoint(url)?;
        }
        let region = spec.resolve_region().await?;
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http::client()?)
            .region(Region::new(region.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(3))
                    .operation_attempt_timeout(Duration::from_secs(10))
                    .operation_timeout(Duration::from_secs(30))
                    .build(),
            );
        if let Some(profile) = &spec.profile {
            // Given as the provider itself: keys in the environment would beat `.profile_name()`.
            loader = loader.profile_name(profile).credentials_provider(
                ProfileFileCredentialsProvider::builder().profile_name(profile).build(),
            );
        }
        if let Some((id, secret)) = &spec.keys {
            loader =
                loader.credentials_provider(Credentials::new(id, secret.reveal(), None, None, "lambdeck"));
        }
        if let Some(url) = &spec.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if spec.is_emulator() && !spec.names_source().await {
            loader = loader.credentials_provider(Credentials::new("test", "test", None, None, "emulator"));
        }
        Ok(Self::from_config(spec, region, &loader.load().await))
    }

    fn from_config(spec: &Spec, region: String, config: &SdkConfig) -> Self {
        let mut lambda = aws_sdk_lambda::config::Builder::from(config);
        let mut logs = aws_sdk_cloudwatchlogs::config::Builder::from(config);
        let mut sts = aws_sdk_sts::config::Builder::from(config);
        let read_only = spec.read_only;
        lambda = lambda.interceptor(Guard { read_only });
        let log_clock = ServiceClock::default();
        logs = logs.interceptor(Guard { read_only }).interceptor(log_clock.clone());
        sts = sts.interceptor(Guard { read_only });
        let lambda_endpoint = endpoint("Lambda", spec, config);
        let states = Budget::for_control_plane();
        Self {
            spec: spec.clone(),
            log_budget: if is_aws(endpoint("CloudWatch Logs", spec, config).as_deref()) {
                Budget::of_region(&region)
            } else {
                Budget::unlimited()
            },
            log_clock,
            control_plane: if is_aws(lambda_endpoint.as_deref()) {
                states.clone()
            } else {
                Budget::unlimited()
            },
            states,
            region,
            endpoint: lambda_endpoint,
            account: Arc::default(),
            schemas: Arc::default(),
            config: Arc::new(config.clone()),
            lambda: aws_sdk_lambda::Client::from_conf(lambda.build()),
            logs: aws_sdk_cloudwatchlogs::Client::from_conf(logs.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
        }
    }

    /// What it was made of.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The region in use.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The endpoint, where it is not AWS's own.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// What reading logs may cost, shared by all who follow them in this region.
    pub fn log_budget(&self) -> &Budget {
        &self.log_budget
    }

    pub(super) fn log_clock(&self) -> &ServiceClock {
        &self.log_clock
    }

    /// The endpoint of CloudWatch Logs, where it is not AWS's own.
    pub(super) fn log_endpoint(&self) -> Option<String> {
        endpoint("CloudWatch Logs", &self.spec, &self.config)
    }

    pub(super) fn lambda(&self) -> &aws_sdk_lambda::Client {
        &self.lambda
    }

    pub(super) fn logs(&self) -> &aws_sdk_cloudwatchlogs::Client {
        &self.logs
    }

    pub(super) fn sts(&self) -> &aws_sdk_sts::Client {
        &self.sts
    }

    pub(super) fn schemas(&self) -> &aws_sdk_schemas::Client {
        self.schemas.get_or_init(|| {
            let guard = Guard { read_only: self.spec.read_only };
            let config = aws_sdk_schemas::config::Builder::from(&*self.config).interceptor(guard);
            aws_sdk_schemas::Client::from_conf(config.build())
        })
    }

    /// Whether schemas are AWS's own. They may have an endpoint of their own.
    pub(super) fn is_schemas_on_aws(&self) -> bool {
        is_aws(endpoint("schemas", &self.spec, &self.config).as_deref())
    }

    pub(super) fn account(&self) -> Option<String> {
        self.account.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn remember_account(&self, account: Option<String>) {
        if account.is_some() {
            *self.account.write().unwrap_or_else(PoisonError::into_inner) = account;
        }
    }

    /// What reading the states of a list may cost. At AWS it is part of the control plane's; an emulator has no quota,
    /// but the list that is still being read comes first there, too.
    pub(super) fn states(&self) -> &Budget {
        &self.states
    }

    pub(super) fn control_plane(&self) -> &Budget {
        &self.control_plane
    }

    pub(super) fn read_error<E>(&self, what: &str, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Error::from_sdk(what, self.spec.profile.as_deref(), error)
    }

    pub(super) fn invoke_error<E>(&self, request: &Request, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Error::from_invoke(request, self.spec.profile.as_deref(), error)
    }

    pub(super) fn write_error<E>(
        &self,
        what: &str,
        redaction: &Redaction,
        error: &SdkError<E, HttpResponse>,
    ) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Error::from_write(what, self.spec.profile.as_deref(), redaction, error)
    }
}

/// For requests that may take minutes: no retry, no protection against slow streams, a limit of their own.
pub(super) struct Patient {
    /// Never sent twice.
    pub(super) retry: RetryConfig,
    /// The time the answer may take.
    pub(super) timeout: TimeoutConfig,
    /// A late answer is not a stalled one.
    pub(super) stalled: StalledStreamProtectionConfig,
}

impl Patient {
    /// Settings for one request that may take `limit`.
    pub(super) fn of(limit: Duration) -> Self {
        Self {
            retry: RetryConfig::disabled(),
            timeout: TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(3))
                .operation_attempt_timeout(limit)
                .operation_timeout(limit)
                .build(),
            stalled: StalledStreamProtectionConfig::disabled(),
        }
    }
}

/// Whether a text can be an endpoint: an http or https URL with a host.
///
/// # Errors
/// [`Kind::Invalid`], with a hint of what one looks like.
pub fn check_endpoint(url: &str) -> Result<(), Error> {
    let parsed: Option<hyper::Uri> = url.parse().ok();
    let holds =
        parsed.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    if holds {
        Ok(())
    } else {
        Err(Error::new(Kind::Invalid, format!("the endpoint {:?} is not a URL", sanitise(url)))
            .with_hint("write it like http://127.0.0.1:4566"))
    }
}

/// Whether a text can be a region: it becomes part of a host's name.
///
/// # Errors
/// [`Kind::Invalid`], with a hint of what one looks like.
fn check_region(region: &str) -> Result<(), Error> {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let holds = (1..=63).contains(&region.len())
        && region.bytes().all(inner)
        && !region.starts_with('-')
        && !region.ends_with('-');
    if holds {
        Ok(())
    } else {
        Err(Error::new(Kind::Invalid, format!("{:?} can't be a region", sanitise(region)))
            .with_hint("write it like eu-west-1"))
    }
}

async fn check_profile(name: &str) -> Result<(), Error> {
    let profiles = super::profiles::profiles().await?;
    if profiles.iter().any(|profile| profile.name == name) {
        return Ok(());
    }
    let known: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    let hint = if known.is_empty() {
        "there are no profiles yet: `aws configure` makes one".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    };
    Err(Error::new(Kind::Credentials, format!("there is no profile {:?}", sanitise(name))).with_hint(hint))
}

/// The flag, then the environment, then the profile, then the fallback. The instance metadata service is not asked:
/// it would stall the start on every machine that is not an instance.
async fn region(spec: &Spec) -> String {
    if let Some(region) = &spec.region {
        return region.clone();
    }
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Ok(region) = std::env::var(name)
            && !region.is_empty()
        {
            return region;
        }
    }
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &spec.profile {
        profile = profile.profile_name(name);
    }
    profile.build().region().await.map_or_else(|| FALLBACK_REGION.to_owned(), |region| region.to_string())
}

/// The endpoint that a service's requests go to, where it is not AWS's own: the flag, then the service's own variable
/// or `[services]` block, then the ones for all. As the SDK's clients resolve it, so that what is shown is what is
/// called.
fn endpoint(service_id: &str, spec: &Spec, config: &SdkConfig) -> Option<String> {
    let configured = || {
        let key = ServiceConfigKey::builder()
            .service_id(service_id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()?;
        config.service_config()?.load_config(key)
    };
    spec.endpoint_url
        .clone()
        .or_else(configured)
        .or_else(|| config.endpoint_url().map(str::to_owned))
        .map(|url| sanitise(&url).into_owned())
}

fn endpoint_of_environment() -> Option<String> {
    ["AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty()))
}

/// Whether the endpoint is AWS's own, where quotas are shared with others; an emulator has none.
pub(super) fn is_aws(endpoint: Option<&str>) -> bool {
    endpoint.is_none_or(|url| url.contains(".amazonaws.com") || url.contains(".api.aws"))
}

#[cfg(test)]
mod tests {
    use super::{check_region, is_aws};

    #[test]
    fn a_region_is_part_of_a_hosts_name() {
        let long = "a".repeat(63);
        for region in ["eu-west-1", "us-gov-east-1", "local", "x", &long] {
            assert!(check_region(region).is_ok(), "{region}");
        }
        let too_long = "a".repeat(64);
        for region in ["", "eu west", "evil.com/#", "-x", "x-", "é", "a\u{1b}[2J", &too_long] {
            let error = check_region(region).unwrap_err();
            assert!(!error.message.contains('\u{1b}') && error.hint.is_some(), "{error}");
        }
    }

    #[test]
    fn quotas_are_aws_s_own() {
        assert!(is_aws(None));
        assert!(is_aws(Some("https://logs.eu-west-1.amazonaws.com")));
        assert!(!is_aws(Some("http://127.0.0.1:4566")));
    }
}
