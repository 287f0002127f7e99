//! Provisioned concurrency of versions and aliases.
//!
//! The environments really are there, initialised before any event: [`crate::local::exec::Executor::provision`].

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    ACCOUNT_CONCURRENCY, Lambda, UNRESERVED_FLOOR,
    error::Error,
    functions::{list_with, pending},
    invoke::unrunnable_image,
    names::{self, Naming, Target},
    state::{self, Alias, Function, Phase, ProvisionedConfig},
    validate::Violations,
    wire::{self, PutProvisioned},
};
use crate::local::http::{Answer, Request};

/// Most items on a page.
const MAX_ITEMS: i64 = 50;
const UNPUBLISHED: &str =
    "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";
const NO_LATEST: &str = "The function resource provided must be an alias or a published version.";
const ALREADY: &str =
    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version";

impl Lambda {
    pub(super) fn put_provisioned_concurrency_config(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: PutProvisioned = wire::read(&request.body)?;
        let wanted = input.provisioned_concurrent_executions;
        let mut violations = Violations::default();
        violations.required(request.query("Qualifier").as_ref(), "qualifier");
        violations.required(wanted.as_ref(), "provisionedConcurrentExecutions");
        violations.between(wanted, "provisionedConcurrentExecutions", 1, i64::from(i32::MAX));
        violations.finish()?;
        let wanted = wanted.and_then(|it| u32::try_from(it).ok()).unwrap_or_default();
        let (target, qualifier) = self.provisioned_target(name, request, UNPUBLISHED)?;

        let mut functions = self.functions();
        let others: u32 =
            functions.values().filter(|it| it.name != target.name).map(Function::committed).sum();
        let function = self.qualified(functions.get_mut(&target.name), &target, &qualifier)?;
        let version = Self::provisionable(function, &qualifier)?;
        let release = function.release(&version).ok_or_else(|| self.no_version(&target, &version))?;
        if release.code.image_uri().is_some() {
            return Err(unrunnable_image(&function.name));
        }
        if release.settings.snap_start_on() {
            return Err(Error::invalid(
                "Provisioned Concurrency is not supported for SnapStart enabled functions.",
            ));
        }
        let Some(spec) = release.serving.clone().filter(|_| !matches!(release.phase, Phase::Pending(_)))
        else {
            return Err(pending());
        };
        if function.latest.settings.per_tenant {
            // AWS refuses it, too; the words are the engine's.
            return Err(Error::invalid(
                "Provisioned concurrency is not supported for functions with tenant isolation.",
            ));
        }
        check_limits(function, &qualifier, others, wanted)?;
        let ready = self.setup.executor.provisioned(&function.name, &version).map_or(0, |it| it.ready);
        let config = ProvisionedConfig {
            requested: wanted,
            before: ready.min(wanted),
            last_modified: state::timestamp_in_seconds(),
            settles: self.settles(),
        };
        let answer = Answer::json(202, &shown(&config, config.before, "IN_PROGRESS"));
        self.setup.executor.provision(&spec, wanted);
        function.provisioned.insert(qualifier, config);
        Ok(answer)
    }

    pub(super) fn get_provisioned_concurrency_config(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let (target, qualifier) = self.provisioned_target(name, request, NO_LATEST)?;
        let mut functions = self.functions();
        let function = self.qualified(functions.get_mut(&target.name), &target, &qualifier)?;
        match function.provisioned.get(&qualifier) {
            Some(config) => Ok(Answer::json(200, &self.provisioned_now(function, &qualifier, config))),
            None => Err(Error::new(
                404,
                "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
            )),
        }
    }

    pub(super) fn delete_provisioned_concurrency_config(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let (target, qualifier) = self.provisioned_target(name, request, NO_LATEST)?;
        let mut functions = self.functions();
        let function = self.qualified(functions.get_mut(&target.name), &target, &qualifier)?;
        // What is not there is deleted just as well.
        self.end_provisioned(function, &qualifier);
        Ok(Answer::empty(204))
    }

    pub(super) fn list_provisioned_concurrency_configs(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        target.unqualified()?;
        let items = self.with_function(&target, |function| {
            let item = |(qualifier, config): (&String, &ProvisionedConfig)| {
                let mut item = self.provisioned_now(function, qualifier, config);
                item["FunctionArn"] = json!(self.place().arn(&function.name, Some(qualifier)));
                (sorting_key(qualifier), item)
            };
            let mut items: Vec<_> = function.provisioned.iter().map(item).collect();
            items.sort_by(|(a, _), (b, _)| a.cmp(b));
            Ok(items)
        })?;
        list_with("ProvisionedConcurrencyConfigs", request, items, MAX_ITEMS)
    }

    /// The function and qualifier of a request; `$LATEST` is refused with these words.
    fn provisioned_target(
        &self,
        name: &str,
        request: &Request,
        latest: &str,
    ) -> Result<(Target, String), Error> {
        let mut violations = Violations::default();
        violations.required(request.query("Qualifier").as_ref(), "qualifier");
        violations.finish()?;
        let target = names::target(self.place(), name, request.query("Qualifier"), Naming::Plain)?;
        let qualifier = target.qualifier.clone().unwrap_or_default();
        if qualifier.starts_with("$LATEST") {
            return Err(Error::invalid(latest));
        }
        Ok((target, qualifier))
    }

    /// The function, where it has this version or alias.
    fn qualified<'f>(
        &self,
        function: Option<&'f mut Function>,
        target: &Target,
        qualifier: &str,
    ) -> Result<&'f mut Function, Error> {
        if state::is_version(qualifier) {
            let found = function.filter(|function| function.release(qualifier).is_some());
            return found.ok_or_else(|| self.no_version(target, qualifier));
        }
        let found = function.filter(|function| function.aliases.contains_key(qualifier));
        let arn = self.place().arn(&target.name, Some(qualifier));
        found.ok_or_else(|| Error::not_found(format!("Cannot find alias arn: {arn}")))
    }

    fn no_version(&self, target: &Target, version: &str) -> Error {
        Error::function_not_found(&self.place().arn(&target.name, Some(version)))
    }

    /// The version that this version or alias is to be provisioned on.
    fn provisionable(function: &Function, qualifier: &str) -> Result<String, Error> {
        let Some(alias) = function.aliases.get(qualifier) else {
            check_once(function, None, qualifier)?;
            return Ok(qualifier.to_owned());
        };
        if alias.second.is_some() {
            return Err(Error::invalid("Alias with weights can not be used with Provisioned Concurrency"));
        }
        check_once(function, Some(qualifier), &alias.version)?;
        Ok(alias.version.clone())
    }

    /// Where a configuration stands.
    fn provisioned_now(&self, function: &Function, qualifier: &str, config: &ProvisionedConfig) -> Value {
        if config.settles > Instant::now() {
            return shown(config, config.before, "IN_PROGRESS");
        }
        let version = function.aliases.get(qualifier).map_or(qualifier, |alias| alias.version.as_str());
        let Some(now) = self.setup.executor.provisioned(&function.name, version) else {
            // The engine is stopping.
            return shown(config, 0, "IN_PROGRESS");
        };
        if now.failed {
            let mut out = shown(config, now.ready, "FAILED");
            out["StatusReason"] = json!("FUNCTION_ERROR_INIT_FAILURE");
            return out;
        }
        shown(config, now.ready, if now.ready < config.requested { "IN_PROGRESS" } else { "READY" })
    }

    /// Moves an alias's provisioned concurrency to its new version. As on AWS, where the request sets no weights
    /// (`routed`) the old version is given all of them until the new one is ready.
    ///
    /// # Errors
    /// When the new version can't be provisioned.
    pub(super) fn move_provisioned(
        &self,
        function: &mut Function,
        before: &Alias,
        changed: &mut Alias,
        routed: bool,
    ) -> Result<(), Error> {
        let executor = &self.setup.executor;
        if !function.provisioned.contains_key(&changed.name) {
            return Ok(());
        }
        if changed.version == before.version {
            if routed && let Some(from) = changed.moving_from.take() {
                executor.deprovision(&function.name, &from);
            }
            return Ok(());
        }
        check_once(function, Some(&changed.name), &changed.version)?;
        let spec = function.release(&changed.version).and_then(|release| release.serving.clone());
        let spec = spec.ok_or_else(pending)?;
        if let Some(oldest) = changed.moving_from.take().filter(|oldest| *oldest != changed.version) {
            executor.deprovision(&function.name, &oldest);
        }
        if let Some(config) = function.provisioned.get_mut(&changed.name) {
            config.before = 0;
            config.settles = self.settles();
            executor.provision(&spec, config.requested);
        }
        if changed.second.is_none() {
            changed.second = Some((before.version.clone(), 1.0));
            changed.moving_from = Some(before.version.clone());
        } else {
            executor.deprovision(&function.name, &before.version);
        }
        Ok(())
    }

    /// Ends the moves of provisioned concurrency that are over: the new version has all of the weight, and the old one
    /// is no longer provisioned.
    pub(super) fn settle_moves(&self, function: &mut Function, now: Instant) {
        let executor = &self.setup.executor;
        for alias in function.aliases.values_mut() {
            let Some(from) = &alias.moving_from else { continue };
            let over = function.provisioned.get(&alias.name).is_none_or(|config| {
                let there = executor.provisioned(&function.name, &alias.version);
                config.settles <= now
                    && there.is_none_or(|there| there.failed || there.ready >= config.requested)
            });
            if over {
                executor.deprovision(&function.name, from);
                alias.second = None;
                alias.moving_from = None;
                alias.revision_id = state::revision();
            }
        }
    }

    /// Removes the provisioned concurrency of a version or alias, if it has any.
    pub(super) fn end_provisioned(&self, function: &mut Function, qualifier: &str) {
        if function.provisioned.remove(qualifier).is_none() {
            return;
        }
        let version = function.aliases.get(qualifier).map_or(qualifier, |alias| alias.version.as_str());
        self.setup.executor.deprovision(&function.name, version);
        self.settle_moves(function, Instant::now());
    }
}

/// Refuses to provision a version twice, and `$LATEST` at all: a version can have provisioned concurrency of its own or
/// by one alias.
fn check_once(function: &Function, alias: Option<&str>, version: &str) -> Result<(), Error> {
    if version == "$LATEST" {
        return Err(Error::invalid(UNPUBLISHED));
    }
    let by_alias = function.aliases.values().any(|other| {
        Some(other.name.as_str()) != alias
            && other.version == version
            && function.provisioned.contains_key(&other.name)
    });
    match alias {
        Some(_) if by_alias || function.provisioned.contains_key(version) => Err(Error::conflict(ALREADY)),
        None if by_alias => Err(Error::conflict("Version is pointed by a Provisioned Concurrency alias")),
        _ => Ok(()),
    }
}

/// Whether there is concurrency enough: of the function, where it has some reserved, else of the account. `others` is
/// what the other functions have taken of it.
fn check_limits(function: &Function, qualifier: &str, others: u32, wanted: u32) -> Result<(), Error> {
    let present = function.provisioned.get(qualifier).map_or(0, |config| config.requested);
    let elsewhere = function.total_provisioned() - present;
    if let Some(reserved) = function.reserved {
        if wanted.saturating_add(elsewhere) > reserved {
            return Err(Error::invalid(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for \
                 function",
            ));
        }
        return Ok(());
    }
    let unreserved = ACCOUNT_CONCURRENCY.saturating_sub(others + elsewhere);
    if wanted > unreserved {
        return Err(Error::invalid(format!(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency \
             [{unreserved}]."
        ))
        .untyped());
    }
    if unreserved - wanted < UNRESERVED_FLOOR {
        return Err(Error::invalid(format!(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its \
             minimum value of [{UNRESERVED_FLOOR}]."
        ))
        .untyped());
    }
    Ok(())
}

fn shown(config: &ProvisionedConfig, ready: u32, status: &str) -> Value {
    json!({
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": ready,
        "AllocatedProvisionedConcurrentExecutions": ready,
        "Status": status,
        "LastModified": config.last_modified,
    })
}

/// The order of qualifiers in lists: `$LATEST`, versions by number, aliases by name.
pub(super) fn sorting_key(qualifier: &str) -> String {
    match qualifier.parse::<u64>() {
        Ok(number) => format!("1 {number:020}"),
        Err(_) if qualifier == "$LATEST" => "0".to_owned(),
        Err(_) => format!("2 {qualifier}"),
    }
}
