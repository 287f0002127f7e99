//! `lambdeck alias set` and `delete`, and `lambdeck rollback`.

use super::{
    args::{Agreement, Alias as Arguments, AliasCommand, AliasDelete, AliasSet, Rollback},
    change::{Stage, Target, unless_ended},
    failure::{Failure, NOT_FOUND},
    settings::Settings,
    terminal, versions,
};
use crate::domain::{
    change::{Change, Order},
    journal::previous_version,
    name::{check_alias_name, check_description},
    release::{Additional, Alias, Releases},
    text::sanitise,
};

/// What `$LATEST` is called as a version.
const LATEST: &str = "$LATEST";

/// Runs one of the commands.
///
/// # Errors
/// As every read and all changes.
pub async fn run(arguments: &Arguments, settings: &Settings) -> Result<u8, Failure> {
    let stage = Stage::default();
    let work = async {
        match &arguments.command {
            AliasCommand::List(arguments) => versions::aliases(arguments, settings).await,
            AliasCommand::Set(arguments) => set(arguments, settings, &stage).await,
            AliasCommand::Delete(arguments) => delete(arguments, settings, &stage).await,
        }
    };
    unless_ended(&stage, Box::pin(work)).await
}

/// Points an alias back.
///
/// # Errors
/// As all changes; there is nothing to go back to.
pub async fn rollback(arguments: &Rollback, settings: &Settings) -> Result<u8, Failure> {
    let stage = Stage::default();
    unless_ended(&stage, Box::pin(roll_back(arguments, settings, &stage))).await
}

async fn set(arguments: &AliasSet, settings: &Settings, stage: &Stage) -> Result<u8, Failure> {
    check(&arguments.alias)?;
    if let Some(description) = &arguments.description {
        check_description(description).map_err(|problem| Failure::usage(problem.to_string()))?;
    }
    check_version(&arguments.version)?;
    if let Some(second) = &arguments.weight {
        if arguments.version == LATEST {
            return Err(Failure::usage("an alias of $LATEST can't be split")
                .with_hint("publish a version and point the alias to it"));
        }
        if second.version == arguments.version {
            return Err(Failure::usage("--weight names the version that the alias points to anyway"));
        }
    }
    let target = Target::open(settings, &arguments.function).await?;
    let releases = target.releases().await?;
    exists(&target, &releases, &arguments.version)?;
    if let Some(second) = &arguments.weight {
        exists(&target, &releases, &second.version)?;
    }
    let before = releases.alias(&arguments.alias).cloned();
    let after = Alias {
        name: arguments.alias.clone(),
        version: arguments.version.clone(),
        additional: arguments
            .weight
            .clone()
            .map(|second| Additional { version: second.version, weight: second.weight }),
        description: arguments
            .description
            .clone()
            .or_else(|| before.as_ref().map(|before| before.description.clone()))
            .unwrap_or_default(),
        revision_id: None,
    };
    apply(target, arguments.alias.clone(), before, Some(after), &[], &arguments.agreement, stage).await
}

async fn delete(arguments: &AliasDelete, settings: &Settings, stage: &Stage) -> Result<u8, Failure> {
    check(&arguments.alias)?;
    let target = Target::open(settings, &arguments.function).await?;
    let releases = target.releases().await?;
    let before = Some(found(&target, &releases, &arguments.alias)?.clone());
    apply(target, arguments.alias.clone(), before, None, &[], &arguments.agreement, stage).await
}

async fn roll_back(arguments: &Rollback, settings: &Settings, stage: &Stage) -> Result<u8, Failure> {
    check(&arguments.alias)?;
    if let Some(version) = &arguments.to {
        check_version(version)?;
    }
    let target = Target::open(settings, &arguments.function).await?;
    let releases = target.releases().await?;
    let before = found(&target, &releases, &arguments.alias)?.clone();
    let (version, why) = match &arguments.to {
        Some(version) => {
            exists(&target, &releases, version)?;
            (version.clone(), "as --to says".to_owned())
        }
        None => previous(&target, &releases, &before).await?,
    };
    let after = Alias { version: version.clone(), additional: None, revision_id: None, ..before.clone() };
    let note = format!("version {version}: {why}");
    apply(target, arguments.alias.clone(), Some(before), Some(after), &[note], &arguments.agreement, stage)
        .await
}

/// Where an alias goes back to, and why there.
async fn previous(target: &Target, releases: &Releases, alias: &Alias) -> Result<(String, String), Failure> {
    let Alias { name, version: now, .. } = alias;
    let recorded = recorded(target, alias).await;
    if let Some(additional) = &alias.additional {
        let text = format!("{name} is split between versions {now} and {}: say where to", additional.version);
        let before = match recorded.as_deref().or_else(|| releases.previous(now)) {
            Some(before) if before != additional.version => {
                format!(", --to {before} goes to the one before {now}")
            }
            _ => String::new(),
        };
        return Err(Failure::usage(text).with_hint(format!(
            "--to {now} takes {} out, --to {} takes {now} out{before}",
            additional.version, additional.version
        )));
    }
    match recorded {
        Some(version) if releases.version(&version).is_some() => {
            Ok((version, format!("where {name} pointed before, as the journal has it")))
        }
        Some(version) => {
            let text = format!("{name} pointed to version {version} before, which is gone");
            Err(Failure::new(NOT_FOUND, text).with_hint("name another one with --to"))
        }
        None => match releases.previous(now) {
            Some(version) => Ok((
                version.to_owned(),
                format!("the one before {now}; the journal does not tell where {name} pointed"),
            )),
            None => {
                let text =
                    format!("{}: there is no version before {now}, where {name} points", target.function);
                Err(Failure::new(NOT_FOUND, text).with_hint("name one with --to"))
            }
        },
    }
}

/// The version that an alias pointed to before, where the journal of this machine tells.
async fn recorded(target: &Target, alias: &Alias) -> Option<String> {
    let journal = target.session.spec().journal.clone()?;
    let entries = tokio::task::spawn_blocking(move || journal.read()).await;
    match entries.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(entries) => {
            previous_version(&entries, &target.place, &target.function, &alias.name, &alias.version)
        }
        Err(problem) => {
            terminal::say("warning", &sanitise(&format!("the journal can't be read: {problem}")));
            None
        }
    }
}

async fn apply(
    mut target: Target,
    name: String,
    before: Option<Alias>,
    after: Option<Alias>,
    notes: &[String],
    agreement: &Agreement,
    stage: &Stage,
) -> Result<u8, Failure> {
    let revision_id = before.as_ref().and_then(|alias| alias.revision_id.clone());
    let change = Change::Alias { name, before, after };
    let order = Order { function: target.function.clone(), revision_id, change };
    let Some(permit) = target.agree(&order, notes, agreement, stage).await? else { return Ok(0) };
    target.send_and_check(&order, &permit, stage).await?;
    if let Change::Alias { name, after, .. } = &order.change {
        let what = match after {
            Some(after) => format!("{}: alias {name} points to {}", target.function, after.target()),
            None => format!("{}: alias {name} is deleted", target.function),
        };
        terminal::note(&sanitise(&what));
    }
    Ok(0)
}

fn check(alias: &str) -> Result<(), Failure> {
    check_alias_name(alias).map_err(|problem| Failure::usage(problem.to_string()))
}

fn check_version(version: &str) -> Result<(), Failure> {
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || version == LATEST {
        return Ok(());
    }
    Err(Failure::usage("the version is neither a number nor $LATEST")
        .with_hint("`lambdeck versions` lists them; put $LATEST in single quotes"))
}

/// The alias of that name.
fn found<'r>(target: &Target, releases: &'r Releases, alias: &str) -> Result<&'r Alias, Failure> {
    releases.alias(alias).ok_or_else(|| {
        let names: Vec<&str> = releases.aliases.iter().map(|alias| alias.name.as_str()).collect();
        missing(format!("{} has no alias {alias}", target.function), &names)
    })
}

fn exists(target: &Target, releases: &Releases, version: &str) -> Result<(), Failure> {
    if releases.version(version).is_some() {
        return Ok(());
    }
    let versions: Vec<&str> =
        releases.versions.iter().filter_map(|version| version.version.as_deref()).collect();
    Err(missing(format!("{} has no version {version}", target.function), &versions))
}

/// Not there, but others are.
fn missing(message: String, others: &[&str]) -> Failure {
    const MOST: usize = 10;
    let failure = Failure::new(NOT_FOUND, message);
    if others.is_empty() {
        return failure;
    }
    let more = if others.len() > MOST { ", ..." } else { "" };
    failure.with_hint(format!("there are: {}{more}", others[..others.len().min(MOST)].join(", ")))
}
