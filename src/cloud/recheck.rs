//! What is read again just before a change leaves: where AWS takes no RevisionId, or the endpoint is not AWS and may not
//! look at it, this is how somebody else's change in between is noticed.

use super::{Error, Kind, Session, schemas::Sharing, session::is_aws};
use crate::domain::{
    change::{Change, Order, Variables, environment_diff},
    function::Details,
    release::Alias,
    settings::Settings,
};

/// What is known once a change was checked.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The revision to be sent with the change.
    pub(super) revision_id: Option<String>,
    /// The function's unqualified ARN, where the change is sent to that.
    pub(super) arn: Option<String>,
    /// What a shareable event takes.
    pub(super) sharing: Option<Sharing>,
}

impl Session {
    /// Reads again what needs it, and compares it with what the change was made of.
    ///
    /// # Errors
    /// [`Kind::Stale`] where it is something else by now; [`Kind::Denied`] where the environment can't be read, so that
    /// saving would wipe it; else as every read. Nothing was sent.
    pub(super) async fn recheck(&self, order: &Order) -> Result<Known, Error> {
        let name = &order.function;
        let mut known = Known { revision_id: order.revision_id.clone(), ..Known::default() };
        // AWS refuses a stale RevisionId by itself.
        let by_revision = is_aws(self.endpoint());
        match &order.change {
            Change::Environment { before, .. } => {
                let details = self.observe_here(name).await?;
                check_environment(name, before, &details)?;
                known.take_revision(&details);
            }
            Change::Settings { before, after } => {
                if !by_revision || known.revision_id.is_none() {
                    let details = self.observe_here(name).await?;
                    check_settings(name, before, after, &details)?;
                    known.take_revision(&details);
                }
            }
            Change::Publish { code_sha256, .. } => {
                if !by_revision || known.revision_id.is_none() {
                    let details = self.observe_here(name).await?;
                    check_code(name, code_sha256.as_deref(), order.revision_id.as_deref(), &details)?;
                    known.take_revision(&details);
                }
            }
            Change::ReservedConcurrency { before, .. } => {
                let now = self.observe_here(name).await?.reserved_concurrency;
                same(&format!("the reserved concurrency of {name}"), before, &now, || count(now))?;
            }
            Change::ProvisionedConcurrency { qualifier, before, .. } => {
                let now = self.provisioned_concurrency(name, qualifier).await?;
                let what = format!("the provisioned concurrency of {name}:{qualifier}");
                same(&what, before, &now, || count(now))?;
            }
            Change::EventInvoke { qualifier, before, .. } => {
                let now = self.event_invoke(name, qualifier.as_deref()).await?;
                let text = || if now.is_some() { "set otherwise" } else { "not set" }.to_owned();
                let what = format!("the asynchronous invocation of {name}");
                same(&what, before, &now, text)?;
            }
            Change::Tag { key, before, .. } => {
                let details = self.observe_here(name).await?;
                if let Some(problem) = &details.tags_error {
                    let message = format!("nothing was sent: the tags of {name} can't be read ({problem})");
                    return Err(
                        Error::new(Kind::Denied, message).with_hint("ask for the permission lambda:ListTags")
                    );
                }
                let now = details.tags.get(key);
                let text = || now.map_or_else(|| "not there".into(), Clone::clone);
                same(&format!("the tag {key} of {name}"), &before.as_ref(), &now, text)?;
                known.arn = Some(details.configuration.arn);
            }
            Change::Alias { name: alias, before, after } => {
                let before = before.as_ref();
                known.revision_id =
                    known.revision_id.or_else(|| before.and_then(|alias| alias.revision_id.clone()));
                let updates = before.is_some() && after.is_some();
                if !by_revision || known.revision_id.is_none() || !updates {
                    let now = self.alias(name, alias).await?;
                    check_alias(name, alias, before, now.as_ref())?;
                    known.revision_id = known.revision_id.or_else(|| now.and_then(|now| now.revision_id));
                }
            }
            Change::DeleteVersion { version } => self.check_unused(name, version).await?,
            Change::LogRetention { group, before, .. } => {
                let now = self.log_retention(group).await?;
                let text = || now.map_or_else(|| "never expire".into(), |days| format!("{days} days"));
                same(&format!("the retention of {group}"), before, &now, text)?;
            }
            Change::ShareableEvent { name: event, before, after } => {
                let sharing = self.plan_sharing(name, event, before.as_ref(), after.as_ref()).await?;
                known.sharing = Some(sharing);
            }
        }
        Ok(known)
    }

    /// Reads the function, and sees to it that it is still one of the account that was agreed to: whoever renews the
    /// credentials of a profile may renew them for another account.
    pub(super) async fn observe_here(&self, name: &str) -> Result<Details, Error> {
        let details = self.observe(name).await?;
        if is_aws(self.endpoint()) {
            check_account(self.account().as_deref(), &details.configuration.arn)?;
        }
        Ok(details)
    }

    /// AWS refuses to delete a version that an alias uses, and says so without saying which.
    async fn check_unused(&self, name: &str, version: &str) -> Result<(), Error> {
        // Without a number the request would delete the whole function.
        if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = "nothing was sent: only a version that has a number can be deleted";
            return Err(Error::new(Kind::Invalid, message));
        }
        self.control_plane().acquire().await;
        match self.get_function(name, Some(version)).await {
            Err(error) if error.kind == Kind::NotFound => {
                return Err(stale(&format!("version {version} of {name}"), "gone"));
            }
            found => _ = found?,
        }
        let aliases = self.aliases(name).await?;
        let users: Vec<&str> =
            aliases.iter().filter(|alias| alias.uses(version)).map(|alias| alias.name.as_str()).collect();
        if users.is_empty() {
            return Ok(());
        }
        let which = if users.len() == 1 { "the alias" } else { "the aliases" };
        let message = format!("version {version} of {name} is used by {which} {}", users.join(", "));
        Err(Error::new(Kind::Conflict, message).with_hint("point them to another version first"))
    }
}

pub(super) fn check_account(agreed: Option<&str>, arn: &str) -> Result<(), Error> {
    match (agreed, arn.split(':').nth(4).filter(|account| !account.is_empty())) {
        (Some(agreed), Some(now)) if agreed != now => {
            let message =
                format!("nothing was sent: the credentials lead to account {now} by now, not to {agreed}");
            Err(Error::new(Kind::Invalid, message).with_hint("choose the profile again: it is another place"))
        }
        _ => Ok(()),
    }
}

impl Known {
    /// The operation by which a change is sent.
    pub(super) fn operation(&self, change: &Change) -> &'static str {
        self.sharing.as_ref().map_or_else(|| change.operation(), Sharing::operation)
    }

    fn take_revision(&mut self, details: &Details) {
        if self.revision_id.is_none() {
            self.revision_id.clone_from(&details.configuration.revision_id);
        }
    }
}

/// What a change was made of is not what is there.
pub(super) fn stale(what: &str, now: &str) -> Error {
    Error::new(Kind::Stale, format!("nothing was sent: {what} changed meanwhile, it is now {now}"))
        .with_hint("somebody else changed it: read it again, then decide")
}

fn same<T: PartialEq + ?Sized>(
    what: &str,
    before: &T,
    now: &T,
    text: impl FnOnce() -> String,
) -> Result<(), Error> {
    if before == now { Ok(()) } else { Err(stale(what, &text())) }
}

fn count(count: Option<u32>) -> String {
    count.map_or_else(|| "not set".into(), |count| count.to_string())
}

/// Saving would replace the whole map.
fn check_environment(name: &str, before: &Variables, details: &Details) -> Result<(), Error> {
    let now = details.configuration.environment.clone().unwrap_or_default();
    if let Some(code) = now.error {
        let message = format!(
            "nothing was sent: the environment variables of {name} can't be read ({code}), saving would wipe them"
        );
        return Err(Error::new(Kind::Denied, message)
            .with_hint("ask for the permission kms:Decrypt on the function's key"));
    }
    if now.variables == *before {
        return Ok(());
    }
    let keys: Vec<String> =
        environment_diff(before, &now.variables).into_iter().map(|line| line.name).collect();
    let message =
        format!("nothing was sent: environment variables of {name} changed meanwhile ({})", keys.join(", "));
    Err(Error::new(Kind::Stale, message)
        .with_hint("somebody else changed them: read them again, then decide"))
}

/// By the settings that are to be changed: the others stay as they are whatever they are.
fn check_settings(name: &str, before: &Settings, after: &Settings, details: &Details) -> Result<(), Error> {
    let now = Settings::of(&details.configuration);
    for setting in before.changed(after) {
        let what = format!("{} of {name}", setting.label());
        let text = || {
            let text = now.get(setting).unwrap_or_default().replace('\n', ", ");
            if text.is_empty() { "not set".into() } else { text }
        };
        same(&what, &before.get(setting), &now.get(setting), text)?;
    }
    Ok(())
}

fn check_code(
    name: &str,
    code_sha256: Option<&str>,
    revision_id: Option<&str>,
    details: &Details,
) -> Result<(), Error> {
    let now = &details.configuration;
    if code_sha256.is_some_and(|hash| now.code_sha256.as_deref() != Some(hash)) {
        return Err(stale(&format!("the code of {name}"), "another one"));
    }
    // Settings are published, too.
    if revision_id.is_some() && now.revision_id.is_some() && now.revision_id.as_deref() != revision_id {
        return Err(stale(&format!("the function {name}"), "of another revision"));
    }
    Ok(())
}

fn check_alias(function: &str, name: &str, before: Option<&Alias>, now: Option<&Alias>) -> Result<(), Error> {
    let parts = |alias: Option<&Alias>| {
        alias.map(|alias| (alias.version.clone(), alias.additional.clone(), alias.description.clone()))
    };
    let text = || now.map_or_else(|| "gone".into(), Alias::target);
    same(&format!("the alias {name} of {function}"), &parts(before), &parts(now), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_lead_elsewhere_by_now_are_noticed() {
        let arn = "arn:aws:lambda:eu-west-1:111111111111:function:f";
        assert!(check_account(Some("111111111111"), arn).is_ok());
        assert!(check_account(None, arn).is_ok() && check_account(Some("1"), "f").is_ok());
        let error = check_account(Some("222222222222"), arn).unwrap_err();
        assert!(error.kind == Kind::Invalid && error.message.starts_with("nothing was sent"), "{error:?}");
    }
}
