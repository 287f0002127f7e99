//! Published versions and aliases.

use std::collections::BTreeMap;

use super::{
    Lambda,
    error::Error,
    functions::{list, refuse_stale},
    names::{self, Naming, Target},
    state::{self, Alias, Function},
    validate::{self, Violations},
    wire::{self, AliasInput, PublishVersion, Show},
};
use crate::local::http::{Answer, Request};

impl Lambda {
    pub(super) fn publish_version(&self, name: &str, body: &[u8]) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        target.unqualified()?;
        let input: PublishVersion = wire::read(body)?;
        let mut violations = Violations::default();
        if let Some(description) = &input.description {
            violations.at_most(description, "description", 256);
        }
        violations.finish()?;
        self.with_function(&target, |function| {
            self.refuse_busy(function)?;
            refuse_stale(&function.latest, input.revision_id.as_deref())?;
            let present = function.latest.code.sha256();
            if let Some(given) = input.code_sha256.filter(|given| !given.is_empty() && *given != present) {
                return Err(Error::invalid(format!(
                    "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({present}). Please try again \
                     with the CodeSHA256 in $LATEST."
                )));
            }
            // What is published serves already, so it is Active at once, as with AWS; a snapshot takes its time.
            let settles = function.latest.settings.snap_start_on().then(|| self.settles());
            let release = function.publish(input.description, settles, self.place());
            let arn = self.place().arn(&target.name, Some(&release.version));
            Ok(Answer::json(201, &wire::configuration(&target.name, &arn, release, self.place(), Show::Whole)))
        })
    }

    pub(super) fn list_versions_by_function(&self, name: &str, request: &Request) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Namespaced)?;
        let items = self.with_function(&target, |function| Ok(self.listed(function, true)))?;
        list("Versions", request, items)
    }

    pub(super) fn create_alias(&self, name: &str, body: &[u8]) -> Result<Answer, Error> {
        let input: AliasInput = wire::read(body)?;
        let mut violations = Violations::default();
        violations.required(input.name.as_ref(), "name");
        violations.required(input.function_version.as_ref(), "functionVersion");
        if let Some(name) = &input.name {
            validate::check_alias(name, &mut violations);
        }
        check_alias_input(&input, &mut violations);
        violations.finish()?;
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        target.unqualified()?;
        let (name, version) = (input.name.unwrap_or_default(), input.function_version.unwrap_or_default());
        let missing = || Error::function_not_found(&self.place().arn(&target.name, Some(&version)));
        let mut functions = self.functions();
        let function = functions.get_mut(&target.name).ok_or_else(missing)?;
        if function.aliases.contains_key(&name) {
            let arn = self.place().arn(&target.name, Some(&name));
            return Err(Error::conflict(format!("Alias already exists: {arn}")));
        }
        let weights = input.routing_config.and_then(|routing| routing.additional_version_weights);
        let second = self.second(function, &version, weights.unwrap_or_default())?;
        let alias = Alias {
            name: name.clone(),
            version,
            description: input.description.unwrap_or_default(),
            second,
            revision_id: state::revision(),
            moving_from: None,
        };
        let answer = Answer::json(201, &wire::alias(&target.name, &alias, self.place()));
        function.aliases.insert(name, alias);
        Ok(answer)
    }

    /// Checks an alias's versions and gives the second one with its weight.
    fn second(
        &self,
        function: &Function,
        version: &str,
        weights: BTreeMap<String, f64>,
    ) -> Result<Option<(String, f64)>, Error> {
        let exists = |version: &str| {
            let missing = || Error::function_not_found(&self.place().arn(&function.name, Some(version)));
            function.release(version).map(|_| ()).ok_or_else(missing)
        };
        if weights.len() > 1 {
            return Err(Error::invalid(
                "Number of items in AdditionalVersionWeights cannot be greater than 1",
            ));
        }
        exists(version)?;
        let Some((second, weight)) = weights.into_iter().next() else { return Ok(None) };
        if version == "$LATEST" {
            return Err(Error::invalid(
                "$LATEST is not supported for an alias pointing to more than 1 version",
            )
            .untyped());
        }
        if second == version {
            return Err(Error::invalid(format!(
                "Invalid function version {version}. Function version {version} is already included in routing \
                 configuration."
            )));
        }
        exists(&second)?;
        Ok(Some((second, weight)))
    }

    /// The function of an alias that is named in the path.
    fn alias_target(&self, name: &str, alias: &str) -> Result<Target, Error> {
        let mut violations = Violations::default();
        validate::check_alias(alias, &mut violations);
        violations.finish()?;
        names::target(self.place(), name, None, Naming::Plain)
    }

    pub(super) fn get_alias(&self, name: &str, alias: &str) -> Result<Answer, Error> {
        let target = self.alias_target(name, alias)?;
        let arn = self.place().arn(&target.name, Some(alias));
        self.with_function(&target, |function| match function.aliases.get(alias) {
            Some(alias) => Ok(Answer::json(200, &wire::alias(&target.name, alias, self.place()))),
            None => Err(Error::not_found(format!("Cannot find alias arn: {arn}"))),
        })
    }

    pub(super) fn update_alias(&self, name: &str, alias: &str, body: &[u8]) -> Result<Answer, Error> {
        let input: AliasInput = wire::read(body)?;
        let mut violations = Violations::default();
        validate::check_alias(alias, &mut violations);
        check_alias_input(&input, &mut violations);
        violations.finish()?;
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        self.with_function(&target, |function| {
            let Some(mut changed) = function.aliases.get(alias).cloned() else {
                let arn = self.place().arn(&target.name, Some(alias));
                return Err(Error::not_found(format!("Alias not found: {arn}")));
            };
            if input.revision_id.as_ref().is_some_and(|given| *given != changed.revision_id) {
                return Err(Error::stale_revision());
            }
            let before = changed.clone();
            if let Some(version) = input.function_version {
                changed.version = version;
            }
            // Weights that AWS has set for a move are not the alias's own.
            let moves = changed.moving_from.is_some() && changed.version != before.version;
            let routed = input.routing_config.is_some();
            let weights = match input.routing_config {
                Some(routing) => routing.additional_version_weights.unwrap_or_default(),
                None if moves => BTreeMap::new(),
                None => changed.second.take().into_iter().collect(),
            };
            changed.second = self.second(function, &changed.version, weights)?;
            if let Some(description) = input.description {
                changed.description = description;
            }
            changed.revision_id = state::revision();
            self.move_provisioned(function, &before, &mut changed, routed)?;
            let answer = Answer::json(200, &wire::alias(&target.name, &changed, self.place()));
            function.aliases.insert(alias.to_owned(), changed);
            Ok(answer)
        })
    }

    pub(super) fn delete_alias(&self, name: &str, alias: &str) -> Result<Answer, Error> {
        let target = self.alias_target(name, alias)?;
        self.with_function(&target, |function| {
            // An unknown alias is deleted just as well.
            self.end_provisioned(function, alias);
            function.aliases.remove(alias);
            function.event_configs.remove(alias);
            function.policies.remove(alias);
            Ok(Answer::empty(204))
        })
    }

    pub(super) fn list_aliases(&self, name: &str, request: &Request) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        let version = request.query("FunctionVersion");
        let items = self.with_function(&target, |function| {
            Ok(function
                .aliases
                .values()
                .filter(|alias| version.is_none_or(|version| alias.version == version))
                .map(|alias| (alias.name.clone(), wire::alias(&target.name, alias, self.place())))
                .collect())
        })?;
        list("Aliases", request, items)
    }
}

fn check_alias_input(input: &AliasInput, violations: &mut Violations) {
    validate::check_version(input.function_version.as_deref(), violations);
    if let Some(description) = &input.description {
        violations.at_most(description, "description", 256);
    }
    if let Some(weights) = input.routing_config.as_ref().and_then(|it| it.additional_version_weights.as_ref())
    {
        validate::check_weights(weights, violations);
    }
}
