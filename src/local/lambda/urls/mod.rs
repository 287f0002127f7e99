//! Function URLs: their configuration. What answers at them is in `local::urls`.
//!
//! - `config`: what a configuration is, and the rules for it
//! - `calls`: what is asked by whoever answers at a URL

use std::sync::Arc;

use super::{
    Lambda,
    error::Error,
    functions::list_with,
    names::Target,
    operations::Operation,
    provisioned::sorting_key,
    state::{self, Function},
    wire,
};
use crate::local::{
    http::{Answer, Request},
    urls::{Site, listen},
};

mod calls;
mod config;

pub(in crate::local) use calls::UrlView;
pub(in crate::local) use config::{Auth, Cors, UrlConfig};
use config::{Input, Shown, now, target};

/// The key of the unqualified function among its URLs and policies.
const UNQUALIFIED: &str = "$LATEST";
/// Most items on a page.
const MAX_ITEMS: i64 = 50;
/// The statement id that AWS's console gives the permission it adds.
const PUBLIC_ACCESS: &str = "FunctionURLAllowPublicAccess";

impl Lambda {
    pub(super) fn create_function_url_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: Input = wire::read(&request.body)?;
        let violations = input.violations(true);
        let target = target(self.place(), operation.label(), request.query("Qualifier"), violations)?;
        let auth = input.auth().unwrap_or(Auth::Iam);
        let mut functions = self.functions();
        let function = functions.get_mut(&target.name).ok_or_else(no_function)?;
        self.check_room(function, &target)?;
        let config = self.new_url(function, &target, auth, &input)?;
        Ok(Answer::json(201, &config.show(&target.arn(self.place()), Shown::Created)))
    }

    pub(super) fn get_function_url_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let target = self.url_target(operation, request)?;
        let functions = self.functions();
        let config = functions.get(&target.name).and_then(|function| function.urls.get(key(&target)));
        let config = config.ok_or_else(no_config)?;
        Ok(Answer::json(200, &config.show(&target.arn(self.place()), Shown::Read)))
    }

    pub(super) fn update_function_url_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: Input = wire::read(&request.body)?;
        let violations = input.violations(false);
        let target = target(self.place(), operation.label(), request.query("Qualifier"), violations)?;
        let mut functions = self.functions();
        let function = functions.get_mut(&target.name).ok_or_else(no_function)?;
        let config = function.urls.get_mut(key(&target)).ok_or_else(no_config)?;
        config.change(&input);
        Ok(Answer::json(200, &config.show(&target.arn(self.place()), Shown::Updated)))
    }

    /// Its port is closed when this returns; what is being answered is answered to its end.
    pub(super) async fn delete_function_url_config(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let target = self.url_target(operation, request)?;
        let removed =
            self.functions().get_mut(&target.name).and_then(|function| function.urls.remove(key(&target)));
        let closing = self.doors.close(&removed.ok_or_else(no_config)?.id);
        if let Some(closed) = closing {
            closed.cancelled().await;
        }
        Ok(Answer::empty(204))
    }

    pub(super) fn list_function_url_configs(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let violations = super::validate::Violations::default();
        let target = target(self.place(), operation.label(), None, violations)?;
        let mut items: Vec<_> = match self.functions().get(&target.name) {
            None => return Err(no_function()),
            Some(function) => function
                .urls
                .iter()
                .map(|(key, config)| {
                    let arn = self.place().arn(&function.name, qualifier(key));
                    (sorting_key(key), config.show(&arn, Shown::Read))
                })
                .collect(),
        };
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        list_with("FunctionUrlConfigs", request, items, MAX_ITEMS)
    }

    fn url_target(&self, operation: &Operation, request: &Request) -> Result<Target, Error> {
        let violations = super::validate::Violations::default();
        target(self.place(), operation.label(), request.query("Qualifier"), violations)
    }

    /// Refuses a URL for an alias that does not exist, a second one, and one for a function that can't have any.
    fn check_room(&self, function: &Function, target: &Target) -> Result<(), Error> {
        if target.qualifier.as_ref().is_some_and(|alias| !function.aliases.contains_key(alias)) {
            return Err(no_function());
        }
        if function.latest.settings.per_tenant {
            return Err(Error::invalid(
                "Function URLs are not supported for functions with tenant isolation.",
            ));
        }
        if function.urls.contains_key(key(target)) {
            return Err(Error::conflict(format!(
                "Failed to create function url config for [functionArn = {}]. Error message:  FunctionUrlConfig exists \
                 for this Lambda function",
                target.arn(self.place())
            )));
        }
        Ok(())
    }

    /// Adds a URL and begins to listen for it.
    fn new_url(
        self: &Arc<Self>,
        function: &mut Function,
        target: &Target,
        auth: Auth,
        input: &Input,
    ) -> Result<UrlConfig, Error> {
        let config = UrlConfig::new(auth, input);
        let port = self.listen(&config, target).map_err(|error| {
            let message = format!("The local engine can't listen for the function URL: {error}");
            Error::new(500, "ServiceException", message)
        })?;
        let config = UrlConfig { port, ..config };
        function.urls.insert(key(target).to_owned(), config.clone());
        Ok(config)
    }

    /// Listens for a URL, at its own port if that is free; gives the port.
    fn listen(self: &Arc<Self>, config: &UrlConfig, target: &Target) -> std::io::Result<u16> {
        let listener = listen(config.port)?;
        let port = listener.local_addr()?.port();
        let site = Site { function: target.name.clone(), qualifier: target.qualifier.clone(), port };
        self.doors.open(&config.id, listener, site, self, &self.setup.stop);
        Ok(port)
    }

    /// Closes the ports of a function that was deleted.
    pub(super) fn close_urls(&self, function: &Function) {
        for config in function.urls.values() {
            self.doors.close(&config.id);
        }
    }

    /// Listens for every URL that was loaded: at the port that it had, or at another one where that is taken by now.
    ///
    /// # Errors
    /// When no port can be had.
    pub(in crate::local) fn open_kept_urls(self: &Arc<Self>) -> std::io::Result<()> {
        for function in self.functions().values_mut() {
            let name = function.name.clone();
            for (key, config) in &mut function.urls {
                if self.doors.has(&config.id) {
                    continue;
                }
                let target = Target { name: name.clone(), qualifier: qualifier(key).map(str::to_owned) };
                config.port = self.listen(config, &target)?;
            }
        }
        Ok(())
    }

    /// Gives a function (`NAME` or `NAME:ALIAS`) a URL that needs no signature, and everybody the permission to call
    /// it. A URL that is there already keeps its address.
    ///
    /// # Errors
    /// When there is no such function or alias, or no port can be had.
    pub(in crate::local) fn open_url(self: &Arc<Self>, function: &str) -> Result<(), Error> {
        let target = target(self.place(), function, None, super::validate::Violations::default())?;
        let arn = target.arn(self.place());
        let mut functions = self.functions();
        let missing = || Error::function_not_found(&arn);
        let function = functions.get_mut(&target.name).ok_or_else(missing)?;
        if target.qualifier.as_ref().is_some_and(|alias| !function.aliases.contains_key(alias)) {
            return Err(missing());
        }
        if let Some(config) = function.urls.get_mut(key(&target)) {
            if config.auth_type != Auth::None {
                config.auth_type = Auth::None;
                config.last_modified = now();
            }
        } else {
            self.check_room(function, &target)?;
            self.new_url(function, &target, Auth::None, &Input::default())?;
        }
        let policy = function.policies.entry(key(&target).to_owned()).or_default();
        if !calls::allows_url(policy, Auth::None) {
            policy.statements.push(serde_json::json!({
                "Sid": PUBLIC_ACCESS,
                "Effect": "Allow",
                "Principal": "*",
                "Action": calls::ACTION,
                "Resource": arn,
                "Condition": { "StringEquals": { calls::AUTH_TYPE: "NONE" } },
            }));
            policy.revision_id = state::revision();
        }
        Ok(())
    }

    /// Every function URL: `NAME` or `NAME:ALIAS`, and the address.
    pub(in crate::local) fn function_urls(&self) -> Vec<(String, String)> {
        let functions = self.functions();
        let urls = functions.values().flat_map(|function| function.urls.iter().map(move |it| (function, it)));
        urls.map(|(function, (key, config))| {
            let name = match qualifier(key) {
                Some(alias) => format!("{}:{alias}", function.name),
                None => function.name.clone(),
            };
            (name, config.url())
        })
        .collect()
    }

    /// Waits until nothing is answered at any URL any more. The engine must be stopping.
    pub(in crate::local) async fn urls_ended(&self) {
        self.doors.ended().await;
    }
}

/// Where a target's URL is kept among its function's.
fn key(target: &Target) -> &str {
    target.qualifier.as_deref().unwrap_or(UNQUALIFIED)
}

/// The alias behind a key.
fn qualifier(key: &str) -> Option<&str> {
    (key != UNQUALIFIED).then_some(key)
}

fn no_function() -> Error {
    Error::not_found("Function does not exist")
}

fn no_config() -> Error {
    Error::not_found("The resource you requested does not exist.")
}
