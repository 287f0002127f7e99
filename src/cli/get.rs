//! `lambdeck get`.

use std::collections::BTreeMap;

use crossterm::style::{Attribute, Color, ContentStyle, Stylize as _};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    args::{Get, Output as Form},
    configuration::Configuration,
    failure::Failure,
    settings::Settings,
    terminal::Output,
};
use crate::{
    app::function::overview::{self, Line},
    cloud::Session,
    domain::{
        function::{Details, Environment},
        text::{sanitise, width},
    },
};

/// Stands for a value that was not asked for; its length says nothing.
const MASK: &str = "********";

/// Shows everything that is known of one function.
///
/// # Errors
/// As every read.
pub async fn run(arguments: &Get, settings: &Settings) -> Result<u8, Failure> {
    let session = Session::open(&settings.spec).await?;
    let function = &arguments.function;
    let details = session.get_function(&function.function_name(), function.qualifier.as_deref()).await?;
    let mut output = Output::stdout();
    match arguments.output {
        Form::Json => output.json(&Answer::new(details, arguments.reveal))?,
        Form::Text => text(&details, arguments.reveal, settings, &mut output)?,
    }
    output.flush()?;
    Ok(0)
}

/// What GetFunction answers, with its own member names. The link to the code is not there: it grants access.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    configuration: Configuration,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    code: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags_error: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<BTreeMap<&'static str, u32>>,
}

impl Answer {
    fn new(details: Details, reveal: bool) -> Self {
        let code = [("RepositoryType", details.repository_type), ("ImageUri", details.image_uri)];
        Self {
            configuration: Configuration::new(details.configuration, reveal),
            code: code.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            tags: details.tags,
            // Kept as one text, `CODE: MESSAGE`.
            tags_error: details.tags_error.map(|error| {
                let (code, message) = error.split_once(": ").unwrap_or((&error, ""));
                BTreeMap::from([("ErrorCode", code.to_owned()), ("Message", message.to_owned())])
            }),
            concurrency: details
                .reserved_concurrency
                .map(|reserved| BTreeMap::from([("ReservedConcurrentExecutions", reserved)])),
        }
    }
}

/// On a terminal in groups with aligned values, else a line of `GROUP<tab>LABEL<tab>VALUE` for each field.
fn text(details: &Details, reveal: bool, settings: &Settings, output: &mut Output) -> Result<(), Failure> {
    let mut lines = overview::lines(details, Timestamp::now(), &settings.zone);
    if let Some(environment) = &details.configuration.environment {
        lines.push(Line::Group("Environment variables"));
        lines.extend(variables(environment, reveal));
    }
    let labels = lines.iter().filter_map(|line| match line {
        Line::Field { label, .. } => Some(width(label)),
        Line::Group(_) => None,
    });
    let column = labels.max().unwrap_or_default().min(40);
    let bold = ContentStyle::new().attribute(Attribute::Bold);
    let warning = ContentStyle::new().with(Color::Yellow);
    let mut group = "";
    for line in &lines {
        match line {
            Line::Group(title) => {
                if output.terminal {
                    if !group.is_empty() {
                        output.line("")?;
                    }
                    let title = output.styled(bold, title);
                    output.line(&title)?;
                }
                group = title;
            }
            Line::Field { label, value, .. } if !output.terminal => {
                output.line(&format!("{group}\t{}\t{}", sanitise(label), sanitise(value)))?;
            }
            Line::Field { label, value, warn } => {
                let padding = " ".repeat(column.saturating_sub(width(label)));
                let value = sanitise(value);
                let value = if *warn { output.styled(warning, &value) } else { value.into_owned() };
                output.line(&format!("  {}{padding}  {value}", sanitise(label)))?;
            }
        }
    }
    Ok(())
}

fn variables(environment: &Environment, reveal: bool) -> Vec<Line> {
    let field = |label: &str, value: String, warn| Line::Field { label: label.to_owned(), value, warn };
    if let Some(error) = &environment.error {
        return vec![field("Environment", format!("can't be read: {error}"), true)];
    }
    let shown = environment.variables.iter().map(|(key, value)| {
        let value = if reveal { value.reveal().to_owned() } else { MASK.to_owned() };
        field(key, value, false)
    });
    shown.collect()
}
