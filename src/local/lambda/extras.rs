//! Reserved concurrency, account settings and tags.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    ACCOUNT_CONCURRENCY, Lambda, UNRESERVED_FLOOR,
    code::{UNZIPPED_LIMIT, ZIPPED_LIMIT},
    code_signing,
    error::Error,
    mappings,
    names::{self, Naming, Tagged, Target},
    state::{self, Function},
    validate::{self, Violations},
    wire::{self, Concurrency, TagResource},
};
use crate::local::http::{Answer, Request};

/// Bytes of code that an account may store.
const TOTAL_CODE_SIZE: u64 = 80_530_636_800;

impl Lambda {
    pub(super) fn put_function_concurrency(&self, name: &str, body: &[u8]) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        target.unqualified()?;
        let input: Concurrency = wire::read(body)?;
        let mut violations = Violations::default();
        violations.required(input.reserved_concurrent_executions.as_ref(), "reservedConcurrentExecutions");
        violations.between(
            input.reserved_concurrent_executions,
            "reservedConcurrentExecutions",
            0,
            i64::from(i32::MAX),
        );
        violations.finish()?;
        let wanted =
            input.reserved_concurrent_executions.and_then(|it| u32::try_from(it).ok()).unwrap_or_default();

        let mut functions = self.functions();
        let others: u32 =
            functions.values().filter(|it| it.name != target.name).map(Function::committed).sum();
        let Some(function) = functions.get_mut(&target.name) else {
            return Err(Error::function_not_found(&self.place().arn(&target.name, Some("$LATEST"))));
        };
        if others.saturating_add(wanted) > ACCOUNT_CONCURRENCY - UNRESERVED_FLOOR {
            return Err(Error::invalid(format!(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
                 below its minimum value of [{UNRESERVED_FLOOR}]."
            ))
            .untyped());
        }
        let provisioned = function.total_provisioned();
        if provisioned > wanted {
            // The spaces are AWS's.
            return Err(Error::invalid(format!(
                " ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned \
                 concurrency [{provisioned}]."
            ))
            .untyped());
        }
        function.reserved = Some(wanted);
        Ok(Answer::json(200, &json!({ "ReservedConcurrentExecutions": wanted })))
    }

    pub(super) fn get_function_concurrency(&self, name: &str) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        target.unqualified()?;
        self.with_function(&target, |function| {
            Ok(Answer::json(
                200,
                &function
                    .reserved
                    .map_or_else(|| json!({}), |it| json!({ "ReservedConcurrentExecutions": it })),
            ))
        })
    }

    pub(super) fn delete_function_concurrency(&self, name: &str) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Plain)?;
        target.unqualified()?;
        self.with_function(&target, |function| {
            function.reserved = None;
            Ok(Answer::empty(204))
        })
    }

    pub(super) fn get_account_settings(&self) -> Answer {
        let layers = self.layers_size();
        let functions = self.functions();
        let committed: u32 = functions.values().map(Function::committed).sum();
        let used: usize = functions
            .values()
            .flat_map(|function| std::iter::once(&function.latest).chain(function.versions.values()))
            .map(|release| release.code.size())
            .sum();
        let used = used + layers;
        Answer::json(
            200,
            &json!({
                "AccountLimit": {
                    "TotalCodeSize": TOTAL_CODE_SIZE,
                    "CodeSizeUnzipped": UNZIPPED_LIMIT,
                    "CodeSizeZipped": ZIPPED_LIMIT,
                    "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
                    "UnreservedConcurrentExecutions": ACCOUNT_CONCURRENCY.saturating_sub(committed),
                },
                "AccountUsage": { "TotalCodeSize": used, "FunctionCount": functions.len() },
            }),
        )
    }

    /// Calls `with` on the tags of a resource, and notes a new revision where that says so.
    fn with_tags<T>(
        &self,
        arn: &str,
        with: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(T, bool), Error>,
    ) -> Result<T, Error> {
        match names::tagged(self.place(), arn)? {
            Tagged::Function(name) => self.with_function(&Target { name, qualifier: None }, |function| {
                let (out, changed) = with(&mut function.tags)?;
                if changed {
                    function.latest.revision_id = state::revision();
                }
                Ok(out)
            }),
            // For these two AWS's words are believed, not recorded.
            Tagged::CodeSigning(arn) => match self.code_signing_configs().get_mut(&arn) {
                Some(config) => with(&mut config.tags).map(|(out, _)| out),
                None => Err(code_signing::unknown(&arn)),
            },
            Tagged::Mapping(uuid) => {
                let mut mappings = self.mappings();
                let here = mappings::arn(self.place(), &uuid) == arn;
                match mappings.get_mut(&uuid).filter(|_| here) {
                    Some(mapping) => with(&mut mapping.tags).map(|(out, _)| out),
                    None => Err(mappings::unknown()),
                }
            }
        }
    }

    pub(super) fn list_tags(&self, arn: &str) -> Result<Answer, Error> {
        self.with_tags(arn, |tags| Ok((Answer::json(200, &json!({ "Tags": tags })), false)))
    }

    pub(super) fn tag_resource(&self, arn: &str, body: &[u8]) -> Result<Answer, Error> {
        let input: TagResource = wire::read(body)?;
        // The resource's own form is told first.
        names::tagged(self.place(), arn)?;
        let mut violations = Violations::default();
        violations.required(input.tags.as_ref(), "tags");
        violations.finish()?;
        let tags = input.tags.unwrap_or_default();
        validate::check_tags(&tags)?;
        if tags.is_empty() {
            return Err(Error::invalid("An error occurred and the request cannot be processed."));
        }
        self.with_tags(arn, |present| {
            let new = tags.keys().filter(|key| !present.contains_key(*key)).count();
            validate::check_tag_count(present.len() + new)?;
            present.extend(tags);
            Ok((Answer::empty(204), true))
        })
    }

    pub(super) fn untag_resource(&self, arn: &str, request: &Request) -> Result<Answer, Error> {
        names::tagged(self.place(), arn)?;
        let mut keys =
            request.query.iter().filter(|(name, _)| name == "tagKeys").map(|(_, key)| key).peekable();
        let mut violations = Violations::default();
        violations.required(keys.peek(), "tagKeys");
        violations.finish()?;
        self.with_tags(arn, |tags| {
            let before = tags.len();
            for key in keys {
                tags.remove(key);
            }
            Ok((Answer::empty(204), tags.len() < before))
        })
    }
}
