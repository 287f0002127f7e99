//! What stands around a function: versions, aliases, concurrency, asynchronous invocation, log retention.

use aws_sdk_lambda::types::{FunctionEventInvokeConfig, ProvisionedConcurrencyConfigListItem};

use super::{Error, Kind, Session, convert};
use crate::domain::{
    function::Function,
    release::{AccountConcurrency, Alias, EventInvoke, Extras, Provisioned, Releases},
    text::sanitise,
};

/// No function has so many pages: a marker that never ends would go on for ever.
const MAX_PAGES: usize = 1000;

/// All pages of a list. `$page` is the request with the marker in it, `$items` takes what a page holds.
macro_rules! pages {
    ($session:expr, $what:expr, |$marker:ident| $page:expr, |$answer:ident| $items:expr) => {{
        let mut $marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            $session.control_plane().acquire().await;
            let $answer = $page.send().await.map_err(|error| $session.read_error(&$what, &error))?;
            $items;
            let next = $answer.next_marker().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() || next == $marker {
                break;
            }
            $marker = next;
        }
    }};
}

impl Session {
    /// All versions and aliases, and their provisioned concurrency.
    ///
    /// # Errors
    /// As every read.
    pub async fn releases(&self, name: &str) -> Result<Releases, Error> {
        let (versions, aliases, provisioned) =
            tokio::join!(self.versions(name), self.aliases(name), self.provisioned(name));
        Ok(Releases {
            versions: versions?,
            aliases: aliases?,
            provisioned: provisioned.map_err(|error| error.message),
        })
    }

    /// What the Configuration tab shows beside the configuration. What can't be read says so in its place.
    pub async fn extras(&self, name: &str) -> Extras {
        let (account, event_invoke, provisioned) =
            tokio::join!(self.account_concurrency(), self.event_invokes(name), self.provisioned(name));
        let said = |error: Error| error.message;
        Extras {
            account: account.map_err(said),
            event_invoke: event_invoke.map_err(said),
            provisioned: provisioned.map_err(said),
        }
    }

    /// Days that a log group is kept; none: for ever.
    ///
    /// # Errors
    /// As every read; [`Kind::NotFound`] where there is no such group yet.
    pub async fn log_retention(&self, group: &str) -> Result<Option<u32>, Error> {
        let what = format!("read the retention of {group}");
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let answer = self
                .logs()
                .describe_log_groups()
                .log_group_name_prefix(group)
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| self.read_error(&what, &error))?;
            if let Some(found) = answer.log_groups().iter().find(|it| it.log_group_name() == Some(group)) {
                return Ok(found.retention_in_days().and_then(|days| u32::try_from(days).ok()));
            }
            let next = answer.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() || next == token {
                break;
            }
            token = next;
        }
        Err(Error::new(Kind::NotFound, format!("could not {what}: there is no such log group"))
            .with_hint("it comes with the function's first invocation"))
    }

    /// `$LATEST` and the published versions, newest first.
    async fn versions(&self, name: &str) -> Result<Vec<Function>, Error> {
        let mut versions = Vec::new();
        pages!(
            self,
            format!("list the versions of {name}"),
            |marker| self.lambda().list_versions_by_function().function_name(name).set_marker(marker.clone()),
            |answer| versions.extend(answer.versions().iter().map(convert::function))
        );
        let number = |version: &Function| match version.version.as_deref() {
            Some("$LATEST") => u64::MAX,
            Some(number) => number.parse().unwrap_or_default(),
            None => 0,
        };
        versions.sort_by_key(|version| std::cmp::Reverse(number(version)));
        Ok(versions)
    }

    /// The aliases by name.
    pub(super) async fn aliases(&self, name: &str) -> Result<Vec<Alias>, Error> {
        let mut aliases: Vec<Alias> = Vec::new();
        pages!(
            self,
            format!("list the aliases of {name}"),
            |marker| self.lambda().list_aliases().function_name(name).set_marker(marker.clone()),
            |answer| aliases.extend(answer.aliases().iter().map(|alias| convert::alias(
                alias.name(),
                alias.function_version(),
                alias.description(),
                alias.routing_config(),
                alias.revision_id(),
            )))
        );
        aliases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(aliases)
    }

    /// One alias; none where there is none of that name.
    pub(super) async fn alias(&self, function: &str, name: &str) -> Result<Option<Alias>, Error> {
        self.control_plane().acquire().await;
        let answer = self.lambda().get_alias().function_name(function).name(name).send().await;
        let answer = answer.map_err(|error| self.read_error(&format!("read {function}:{name}"), &error));
        Ok(or_none(answer)?.map(|alias| {
            convert::alias(
                alias.name(),
                alias.function_version(),
                alias.description(),
                alias.routing_config(),
                alias.revision_id(),
            )
        }))
    }

    async fn provisioned(&self, name: &str) -> Result<Vec<Provisioned>, Error> {
        let mut all = Vec::new();
        pages!(
            self,
            format!("list the provisioned concurrency of {name}"),
            |marker| self
                .lambda()
                .list_provisioned_concurrency_configs()
                .function_name(name)
                .set_marker(marker.clone()),
            |answer| all.extend(answer.provisioned_concurrency_configs().iter().map(provisioned))
        );
        Ok(all)
    }

    /// The provisioned concurrency that was asked for; none where none was.
    pub(super) async fn provisioned_concurrency(
        &self,
        name: &str,
        qualifier: &str,
    ) -> Result<Option<u32>, Error> {
        self.control_plane().acquire().await;
        let what = format!("read the provisioned concurrency of {name}:{qualifier}");
        let answer = self
            .lambda()
            .get_provisioned_concurrency_config()
            .function_name(name)
            .qualifier(qualifier)
            .send()
            .await
            .map_err(|error| self.read_error(&what, &error));
        Ok(or_none(answer)?
            .map(|answer| count(answer.requested_provisioned_concurrent_executions().unwrap_or_default())))
    }

    async fn event_invokes(&self, name: &str) -> Result<Vec<(String, EventInvoke)>, Error> {
        let mut all = Vec::new();
        pages!(
            self,
            format!("list the asynchronous invocation settings of {name}"),
            |marker| self
                .lambda()
                .list_function_event_invoke_configs()
                .function_name(name)
                .set_marker(marker.clone()),
            |answer| all.extend(answer.function_event_invoke_configs().iter().map(qualified_event_invoke))
        );
        Ok(all)
    }

    /// Settings of asynchronous invocation; none where there are none.
    pub(super) async fn event_invoke(
        &self,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Option<EventInvoke>, Error> {
        self.control_plane().acquire().await;
        let answer = self
            .lambda()
            .get_function_event_invoke_config()
            .function_name(name)
            .set_qualifier(qualifier.map(str::to_owned))
            .send()
            .await
            .map_err(|error| {
                self.read_error(&format!("read the asynchronous invocation settings of {name}"), &error)
            });
        Ok(or_none(answer)?.map(|answer| {
            convert::event_invoke(
                answer.maximum_retry_attempts(),
                answer.maximum_event_age_in_seconds(),
                answer.destination_config(),
            )
        }))
    }

    async fn account_concurrency(&self) -> Result<AccountConcurrency, Error> {
        self.control_plane().acquire().await;
        let answer = self
            .lambda()
            .get_account_settings()
            .send()
            .await
            .map_err(|error| self.read_error("read the account's settings", &error))?;
        let limit = answer.account_limit().ok_or_else(|| {
            Error::new(Kind::Service, "could not read the account's settings: the answer has no limits")
        })?;
        Ok(AccountConcurrency {
            limit: count(limit.concurrent_executions()),
            unreserved: count(limit.unreserved_concurrent_executions().unwrap_or_default()),
        })
    }
}

fn or_none<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// What stands behind the function's name in an ARN.
fn qualifier(arn: Option<&str>) -> String {
    let qualifier = arn.and_then(|arn| arn.split(':').nth(7)).filter(|qualifier| !qualifier.is_empty());
    sanitise(qualifier.unwrap_or("$LATEST")).into_owned()
}

fn provisioned(item: &ProvisionedConcurrencyConfigListItem) -> Provisioned {
    let number = |number: Option<i32>| count(number.unwrap_or_default());
    Provisioned {
        qualifier: qualifier(item.function_arn()),
        requested: number(item.requested_provisioned_concurrent_executions()),
        available: number(item.available_provisioned_concurrent_executions()),
        allocated: number(item.allocated_provisioned_concurrent_executions()),
        status: item.status().map(|status| sanitise(status.as_str()).into_owned()).unwrap_or_default(),
        reason: item.status_reason().filter(|text| !text.is_empty()).map(|text| sanitise(text).into_owned()),
    }
}

fn qualified_event_invoke(item: &FunctionEventInvokeConfig) -> (String, EventInvoke) {
    let settings = convert::event_invoke(
        item.maximum_retry_attempts(),
        item.maximum_event_age_in_seconds(),
        item.destination_config(),
    );
    (qualifier(item.function_arn()), settings)
}
