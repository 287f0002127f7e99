//! `lambdeck events`: the test event templates.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{
    args::{Events, EventsCommand, EventsList, EventsOutput, EventsShow},
    failure::{self, Failure},
    json,
    settings::Settings,
    terminal::{self, Output, Table},
};
use crate::domain::{
    name::FunctionRef,
    template::{self, Template, Values},
    text::sanitise,
};

/// Lists templates, or shows one filled in. Nothing is sent to AWS.
///
/// # Errors
/// A template or a name that there is not; a profile or a region that can't be.
pub async fn run(arguments: &Events, settings: &Settings) -> Result<u8, Failure> {
    match &arguments.command {
        EventsCommand::List(arguments) => list(arguments),
        EventsCommand::Show(arguments) => show(arguments, settings).await,
    }
}

/// A template in a list.
#[derive(Serialize)]
struct Row {
    id: &'static str,
    service: &'static str,
    title: &'static str,
    description: &'static str,
    names: Vec<&'static str>,
}

impl Row {
    fn new(template: &Template) -> Self {
        let Template { id, service, title, about, .. } = *template;
        Self { id, service, title, description: about, names: template.names().collect() }
    }

    fn cells(&self) -> [&'static str; 4] {
        [self.id, self.service, self.title, self.description]
    }
}

fn list(arguments: &EventsList) -> Result<u8, Failure> {
    let rows: Vec<Row> = template::search(&arguments.filter.join(" ")).into_iter().map(Row::new).collect();
    let mut output = Output::stdout();
    let form =
        arguments.output.unwrap_or(if output.terminal { EventsOutput::Table } else { EventsOutput::Text });
    if rows.is_empty() && form != EventsOutput::Json {
        terminal::note("no template fits the filter");
    }
    match form {
        EventsOutput::Json => output.json(&rows)?,
        EventsOutput::Text => {
            for row in &rows {
                output.line(&row.cells().join("\t"))?;
            }
        }
        EventsOutput::Table if rows.is_empty() => {}
        EventsOutput::Table => {
            let mut table = Table::new(&["ID", "SERVICE", "TITLE", "DESCRIPTION"]);
            for row in &rows {
                table.row(row.cells().map(str::to_owned).to_vec());
            }
            table.write(&mut output)?;
        }
    }
    output.flush()?;
    Ok(0)
}

async fn show(arguments: &EventsShow, settings: &Settings) -> Result<u8, Failure> {
    let template = find(&arguments.template)?;
    let mut values = values(arguments.function.as_ref(), settings).await?;
    if arguments.account.is_some() {
        values.account.clone_from(&arguments.account);
    }
    for (name, value) in &arguments.names {
        if !template.names().any(|known| known == name) {
            return Err(no_name(template, name));
        }
        values.names.insert(name.clone(), value.clone());
    }
    let mut output = Output::stdout();
    output.line(&json::escaped(&template.render(&values)))?;
    output.flush()?;
    Ok(0)
}

/// What templates are filled in with for a function: the session's region, this moment, new ids. An ARN says itself
/// where the function is. Nothing is sent to AWS, so the account is known from an ARN only.
///
/// # Errors
/// A profile or a region that can't be.
pub async fn values(function: Option<&FunctionRef>, settings: &Settings) -> Result<Values, Failure> {
    let region = match function.and_then(|function| function.region.clone()) {
        Some(region) => region,
        None => settings.spec.resolve_region().await?,
    };
    let mut values = Values::new(region, Timestamp::now(), Uuid::new_v4().as_u128());
    values.function = function.map(|function| function.name.clone());
    values.account = function.and_then(|function| function.account.clone());
    Ok(values)
}

/// The template with this id.
///
/// # Errors
/// [`failure::NOT_FOUND`], with the ids that may have been meant.
pub fn find(id: &str) -> Result<&'static Template, Failure> {
    template::find(id.trim()).ok_or_else(|| {
        let nearest: Vec<&str> = template::nearest(id).iter().map(|template| template.id).collect();
        let hint = match nearest.as_slice() {
            [] => "`lambdeck events list` shows what there is".to_owned(),
            [id] => format!("did you mean {id}?"),
            ids => format!("did you mean one of {}?", ids.join(", ")),
        };
        Failure::new(failure::NOT_FOUND, format!("there is no template {:?}", sanitise(id))).with_hint(hint)
    })
}

fn no_name(template: &Template, name: &str) -> Failure {
    let names: Vec<&str> = template.names().collect();
    let hint = if names.is_empty() {
        "it has no place for any name".to_owned()
    } else {
        format!("it has a place for {}", names.join(", "))
    };
    Failure::usage(format!("the template {} has no place for {:?}", template.id, sanitise(name)))
        .with_hint(hint)
}
