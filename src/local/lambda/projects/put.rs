//! Making and changing a project's functions.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Digest, Lambda, blocking, digest};
use crate::local::{
    lambda::{
        code::Code,
        error::Error,
        names, settings,
        state::{Function, Settings},
        validate::Violations,
        wire::SettingsInput,
    },
    projects::{self, FunctionPlan, Source},
};

impl Lambda {
    /// Puts what was changed of a function's `$LATEST` into service at once: nobody waits for their own files.
    pub(super) fn take_effect(&self, function: &mut Function) {
        let now = Instant::now();
        let Function { name, latest, .. } = function;
        latest.changed(now);
        if latest.settle(name, self.place(), now) {
            self.setup.executor.retire_version(name, "$LATEST");
        }
    }

    /// Makes or changes a function: its settings where `settled`, its code where there is new one.
    pub(super) fn put_function(
        &self,
        plan: &FunctionPlan,
        code: Option<Code>,
        settled: bool,
    ) -> Result<(), Error> {
        let place = self.place();
        let input: SettingsInput = serde_json::from_value(serde_json::Value::Object(plan.settings.clone()))
            .map_err(|error| {
            Error::invalid(format!("a setting has another type than expected: {error}"))
        })?;
        let resolved = names::target(place, &plan.name, None, names::Naming::Plain)?;
        resolved.unqualified()?;
        if resolved.name != plan.name {
            return Err(Error::invalid("FunctionName must be a name, not an ARN"));
        }
        names::check_new_name(&plan.name)?;
        let mut violations = Violations::default();
        settings::check_model(&input, &mut violations);
        violations.finish()?;
        settings::check_service(&input, place)?;
        settings::check_package(&input, false)?;
        let mut functions = self.functions();
        if let Some(function) = functions.get_mut(&plan.name) {
            if settled {
                // What the template no longer says is as if it had never said it.
                let present = &function.latest.settings;
                let bare = Settings {
                    role: present.role.clone(),
                    layers: present.layers.clone(),
                    per_tenant: present.per_tenant,
                    ..Settings::initial(&plan.name)
                };
                let changed = settings::apply(bare, &input, &plan.name);
                settings::check_whole(&changed, false)?;
                function.latest.settings = changed;
                function.tags.extend(plan.tags.clone());
            }
            if let Some(code) = code {
                function.latest.code = code;
            }
            self.take_effect(function);
            return Ok(());
        }
        let Some(code) = code else { return Ok(()) };
        let initial = Settings {
            role: format!("arn:{}:iam::{}:role/lambdeck-project", place.partition, place.account_id),
            ..Settings::initial(&plan.name)
        };
        let settings = settings::apply(initial, &input, &plan.name);
        settings::check_whole(&settings, false)?;
        let mut function = Function::new(&plan.name, settings, code, None, plan.tags.clone());
        function.latest.serve(&plan.name, place);
        functions.insert(plan.name.clone(), function);
        Ok(())
    }

    pub(super) async fn unpack_package(
        self: &Arc<Self>,
        zip: Vec<u8>,
        architecture: String,
    ) -> Result<Code, Error> {
        let root = self.setup.root.clone();
        let unpacked = blocking(move || Code::package(&zip, architecture, &root)).await;
        unpacked.unwrap_or_else(|| {
            Err(Error::new(500, "ServiceException", "The local engine failed to unpack the code."))
        })
    }
}

/// Packs code; its zip's hash beside it.
pub(super) async fn pack(source: Source) -> Result<(projects::Package, Digest), String> {
    let packed = blocking(move || {
        let package = projects::package(&source).map_err(|error| error.to_string())?;
        let zip = digest(&package.zip);
        Ok((package, zip))
    });
    packed.await.unwrap_or_else(|| Err("packing the code failed".to_owned()))
}
