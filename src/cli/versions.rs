//! `lambdeck versions` and `lambdeck alias list`.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    args::{AliasList, ReleaseOutput, Versions},
    configuration::Configuration,
    failure::Failure,
    settings::Settings,
    terminal::{self, Output, Table},
};
use crate::{
    cloud::Session,
    domain::{
        format,
        function::Function,
        name::FunctionRef,
        release::{Alias, Releases},
        text::sanitise,
    },
};

/// Characters of a code hash that tell two of them apart.
const SHORT_HASH: usize = 12;

/// Lists a function's versions, with the aliases that point to them.
///
/// # Errors
/// As every read.
pub async fn run(arguments: &Versions, settings: &Settings) -> Result<u8, Failure> {
    let releases = read(&arguments.function, settings).await?;
    let mut output = Output::stdout();
    match form(arguments.output, &output) {
        ReleaseOutput::Json => output.json(&Answer::new(releases))?,
        ReleaseOutput::Text => {
            for version in &releases.versions {
                let fields = fields(version, &releases, None);
                output.line(&fields.join("\t"))?;
            }
        }
        ReleaseOutput::Table => {
            let mut table = Table::new(&[
                "VERSION",
                "ALIASES",
                "MODIFIED",
                ">SIZE",
                "RUNTIME",
                "CODE SHA-256",
                "DESCRIPTION",
            ]);
            for version in &releases.versions {
                table.row(fields(version, &releases, Some(&settings.zone)));
            }
            table.write(&mut output)?;
        }
    }
    output.flush()?;
    Ok(0)
}

/// Lists a function's aliases.
///
/// # Errors
/// As every read.
pub async fn aliases(arguments: &AliasList, settings: &Settings) -> Result<u8, Failure> {
    let releases = read(&arguments.function, settings).await?;
    let mut output = Output::stdout();
    let form = form(arguments.output, &output);
    if releases.aliases.is_empty() && form != ReleaseOutput::Json {
        terminal::note(&format!("{} has no aliases", arguments.function));
    }
    let row = |alias: &Alias| {
        [&alias.name, &alias.target(), &alias.description].map(|text| sanitise(text).into_owned()).to_vec()
    };
    match form {
        ReleaseOutput::Json => {
            let aliases: Vec<AliasConfiguration> =
                releases.aliases.into_iter().map(AliasConfiguration::from).collect();
            output.json(&aliases)?;
        }
        ReleaseOutput::Text => {
            for alias in &releases.aliases {
                output.line(&row(alias).join("\t"))?;
            }
        }
        ReleaseOutput::Table if releases.aliases.is_empty() => {}
        ReleaseOutput::Table => {
            let mut table = Table::new(&["ALIAS", "POINTS TO", "DESCRIPTION"]);
            for alias in &releases.aliases {
                table.row(row(alias));
            }
            table.write(&mut output)?;
        }
    }
    output.flush()?;
    Ok(0)
}

fn form(asked: Option<ReleaseOutput>, output: &Output) -> ReleaseOutput {
    asked.unwrap_or(if output.terminal { ReleaseOutput::Table } else { ReleaseOutput::Text })
}

async fn read(function: &FunctionRef, settings: &Settings) -> Result<Releases, Failure> {
    if function.qualifier.is_some() {
        return Err(Failure::usage("a version or an alias can't be named here")
            .with_hint("give the function's name alone"));
    }
    let session = Session::open(&settings.spec).await?;
    Ok(session.releases(&function.function_name()).await?)
}

/// A version's columns; with a zone shortened for a table.
fn fields(version: &Function, releases: &Releases, zone: Option<&TimeZone>) -> Vec<String> {
    let short = zone.is_some();
    let number = version.version.as_deref().unwrap_or_default();
    let hash = version.code_sha256.as_deref().unwrap_or_default();
    let modified = version.last_modified.as_deref().unwrap_or_default();
    let texts: [Cow<'_, str>; 7] = [
        number.into(),
        pointing(number, releases).into(),
        match (zone, format::parse_last_modified(modified)) {
            (Some(zone), Some(time)) => format::date_time(time, zone).into(),
            _ => modified.into(),
        },
        if short { format::bytes(version.code_size) } else { version.code_size.to_string() }.into(),
        version.runtime.as_deref().unwrap_or("image").into(),
        if short { hash.chars().take(SHORT_HASH).collect::<String>().into() } else { hash.into() },
        version.description.as_deref().unwrap_or_default().into(),
    ];
    texts.into_iter().map(|text| sanitise(&text).into_owned()).collect()
}

/// The aliases that point to a version, with their share where it is not all.
fn pointing(version: &str, releases: &Releases) -> String {
    let one = |alias: &Alias| {
        let share = match &alias.additional {
            None => 1.0,
            Some(additional) if additional.version == version => additional.weight,
            Some(additional) => 1.0 - additional.weight,
        };
        let percent = format!("{:.2}", share * 100.0);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        if alias.additional.is_none() { alias.name.clone() } else { format!("{} {percent} %", alias.name) }
    };
    let names: Vec<String> = releases.aliases.iter().filter(|alias| alias.uses(version)).map(one).collect();
    names.join(", ")
}

/// What ListVersionsByFunction and ListAliases answer, with their own member names.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    versions: Vec<Configuration>,
    aliases: Vec<AliasConfiguration>,
}

impl Answer {
    fn new(releases: Releases) -> Self {
        Self {
            versions: releases
                .versions
                .into_iter()
                .map(|version| Configuration::new(version, false))
                .collect(),
            aliases: releases.aliases.into_iter().map(AliasConfiguration::from).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasConfiguration {
    name: String,
    function_version: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_config: Option<RoutingConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoutingConfig {
    additional_version_weights: BTreeMap<String, f64>,
}

impl From<Alias> for AliasConfiguration {
    fn from(alias: Alias) -> Self {
        Self {
            name: alias.name,
            function_version: alias.version,
            description: alias.description,
            routing_config: alias.additional.map(|additional| RoutingConfig {
                additional_version_weights: BTreeMap::from([(additional.version, additional.weight)]),
            }),
            revision_id: alias.revision_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::release::Additional;

    fn releases() -> Releases {
        let live = Alias {
            name: "live".into(),
            version: "7".into(),
            additional: Some(Additional { version: "8".into(), weight: 0.1 }),
            ..Alias::default()
        };
        let old = Alias { name: "old".into(), version: "7".into(), ..Alias::default() };
        Releases { versions: Vec::new(), aliases: vec![live, old], provisioned: Ok(Vec::new()) }
    }

    #[test]
    fn a_version_shows_who_points_to_it_and_with_what_share() {
        assert_eq!(pointing("7", &releases()), "live 90 %, old");
        assert_eq!(pointing("8", &releases()), "live 10 %");
        assert_eq!(pointing("9", &releases()), "");
    }

    #[test]
    fn aliases_have_the_apis_member_names() {
        let alias = AliasConfiguration::from(releases().aliases.swap_remove(0));
        assert_eq!(
            serde_json::to_value(alias).unwrap(),
            json!({
                "Name": "live",
                "FunctionVersion": "7",
                "Description": "",
                "RoutingConfig": { "AdditionalVersionWeights": { "8": 0.1 } },
            })
        );
    }
}
