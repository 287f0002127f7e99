//! `lambdeck publish`.

use super::{
    args::Publish,
    change::{Stage, Target, difference, show, unless_ended},
    failure::{ERROR, Failure, OUTCOME_UNKNOWN},
    settings::Settings,
    terminal::{self, Output},
};
use crate::{
    cloud::{self, Kind},
    domain::{
        change::{Change, Order, Permit, Written},
        function::{Details, Function},
        name::check_description,
        release::Releases,
        text::sanitise,
    },
};

/// Publishes a version and writes its number.
///
/// # Errors
/// As all changes.
pub async fn run(arguments: &Publish, settings: &Settings) -> Result<u8, Failure> {
    let stage = Stage::default();
    unless_ended(&stage, Box::pin(publish(arguments, settings, &stage))).await
}

async fn publish(arguments: &Publish, settings: &Settings, stage: &Stage) -> Result<u8, Failure> {
    check_description(&arguments.description).map_err(|problem| Failure::usage(problem.to_string()))?;
    let mut target = Target::open(settings, &arguments.function).await?;
    let before = target.releases().await?;
    tell_since(&target, newest(&before));
    let order = target.order(Change::Publish {
        description: arguments.description.clone(),
        code_sha256: target.details.configuration.code_sha256.clone(),
    });
    let Some(permit) = target.agree(&order, &[], &arguments.agreement, stage).await? else { return Ok(0) };
    let version = send(&mut target, &order, &permit, &before, stage).await?;
    let known = before.version(&version).is_some();
    let function = &target.function;
    terminal::note(&if known {
        format!("{function}: nothing has changed since version {version}: no new one was published")
    } else {
        format!("{function}: version {version} is published")
    });
    let mut output = Output::stdout();
    output.line(&sanitise(&version))?;
    output.flush()?;
    Ok(0)
}

/// Shows what is different from the last version.
fn tell_since(target: &Target, last: Option<&Function>) {
    let Some(last) = last else { return };
    let last = Details { configuration: last.clone(), ..Details::default() };
    let mut diff = difference(&last, &target.details);
    // Each version has a description of its own.
    diff.retain(|line| line.name != "Description");
    let number = last.configuration.version.as_deref().unwrap_or_default();
    if diff.is_empty() {
        terminal::note(&format!("{}: nothing has changed since version {number}", target.function));
    } else {
        terminal::note(&format!("{}: changed since version {number}:", target.function));
        show(&diff);
    }
}

/// The newest published version.
fn newest(releases: &Releases) -> Option<&Function> {
    let number = |version: &Function| version.version.as_deref()?.parse::<u64>().ok();
    releases.versions.iter().filter(|version| number(version).is_some()).max_by_key(|version| number(version))
}

/// Sends it; gives the version that there is then.
async fn send(
    target: &mut Target,
    order: &Order,
    permit: &Permit,
    before: &Releases,
    stage: &Stage,
) -> Result<String, Failure> {
    match target.send(order, permit, stage).await {
        Ok(Written { version: Some(version), .. }) => Ok(version),
        Ok(Written { version: None, .. }) => {
            Err(Failure::new(ERROR, "it was published, but AWS does not tell the version's number"))
        }
        Err(error) if error.kind == Kind::OutcomeUnknown => look(target, before, &error).await,
        Err(error) => Err(target.refused(order, error).await),
    }
}

/// Looks for a version that was not there before, of the code that was to be published.
async fn look(target: &Target, before: &Releases, error: &cloud::Error) -> Result<String, Failure> {
    terminal::say("warning", &format!("{}; looking whether it was done", error.message));
    let now = target.releases().await.map_err(|error| {
        let text = format!("whether a version was published is not known: {}", error.message);
        Failure::new(OUTCOME_UNKNOWN, text).with_hint("look at `lambdeck versions` before doing it again")
    })?;
    let code = &target.details.configuration.code_sha256;
    let last = newest(&now).filter(|version| version.code_sha256 == *code);
    match last.and_then(|version| version.version.clone()).filter(|number| before.version(number).is_none()) {
        Some(number) => Ok(number),
        None => Err(Failure::new(ERROR, "no answer came, and there is no new version so far")
            .with_hint("look at `lambdeck versions`, then run the command again")),
    }
}
