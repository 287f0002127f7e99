//! `lambdeck list`.

use futures_util::StreamExt as _;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    args::{List, ListOutput},
    configuration::Configuration,
    failure::Failure,
    settings::Settings,
    terminal::{self, Output, Table},
};
use crate::{
    app::functions::filter::Filter,
    cloud::Session,
    domain::{
        format,
        function::{Function, State, Summary},
        runtimes,
    },
};

/// States that are read at the same time. GetFunction may be called 100 times a second.
const STATES_AT_ONCE: usize = 8;

/// Lists functions by name.
///
/// # Errors
/// As every read.
pub async fn run(arguments: &List, settings: &Settings) -> Result<u8, Failure> {
    let session = Session::open(&settings.spec).await?;
    let mut functions = read(&session).await?;
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    let wanted = arguments.filter.join(" ");
    if !wanted.trim().is_empty() {
        functions = filtered(functions, &wanted, &session).await?;
    }
    let mut output = Output::stdout();
    let form = arguments.output.unwrap_or(if output.terminal { ListOutput::Table } else { ListOutput::Text });
    if functions.is_empty() && form != ListOutput::Json {
        let which = if wanted.trim().is_empty() { "no functions" } else { "no function fits the filter" };
        terminal::note(&format!("{which} in {}", session.region()));
    }
    match form {
        ListOutput::Json => {
            let functions: Vec<Configuration> =
                functions.into_iter().map(|function| Configuration::new(function, false)).collect();
            output.json(&functions)?;
        }
        ListOutput::Text => {
            for function in &functions {
                output.line(&fields(function).join("\t"))?;
            }
        }
        ListOutput::Table if functions.is_empty() => {}
        ListOutput::Table => table(&functions, &mut output)?,
    }
    output.flush()?;
    Ok(0)
}

async fn read(session: &Session) -> Result<Vec<Function>, Failure> {
    let mut functions = Vec::new();
    let mut marker = None;
    loop {
        let page = session.list_configurations(marker.clone()).await?;
        functions.extend(page.items);
        // A marker that repeats would go on for ever.
        if page.next.is_none() || page.next == marker {
            return Ok(functions);
        }
        marker = page.next;
    }
}

/// The functions that fit. ListFunctions leaves states out, so a filter that names one reads them, of the functions
/// that fit the rest of it.
async fn filtered(
    functions: Vec<Function>,
    wanted: &str,
    session: &Session,
) -> Result<Vec<Function>, Failure> {
    let names_state = |word: &&str| word.trim_start_matches('!').starts_with("state:");
    let mut functions = functions;
    if wanted.split_whitespace().any(|word| names_state(&word)) {
        let rest: Vec<&str> = wanted.split_whitespace().filter(|word| !names_state(word)).collect();
        let candidates = fitting(functions, &Filter::parse(&rest.join(" ")));
        functions = Vec::with_capacity(candidates.len());
        let mut answers = futures_util::stream::iter(candidates)
            .map(|mut function| async {
                if function.state == State::default() {
                    function.state = session.get_function(&function.name, None).await?.configuration.state;
                }
                Ok::<_, Failure>(function)
            })
            .buffered(STATES_AT_ONCE);
        while let Some(function) = answers.next().await {
            functions.push(function?);
        }
    }
    Ok(fitting(functions, &Filter::parse(wanted)))
}

fn fitting(functions: Vec<Function>, filter: &Filter) -> Vec<Function> {
    let mut matcher = filter.matcher();
    functions.into_iter().filter(|function| matcher.rank(&summary(function)).is_some()).collect()
}

/// A function as the filter knows it.
fn summary(function: &Function) -> Summary {
    Summary {
        name: function.name.as_str().into(),
        arn: function.arn.as_str().into(),
        runtime: function.runtime.as_deref().map(Into::into),
        architecture: architecture(function).into(),
        memory_mb: memory(function),
        timeout_s: timeout(function),
        code_size: function.code_size,
        modified_ms: None,
        description: function.description.as_deref().unwrap_or_default().into(),
        custom_log_group: None,
        state: Some(function.state.clone()),
    }
}

/// What Lambda takes where an answer leaves it out.
fn architecture(function: &Function) -> &str {
    function.architectures.first().map_or("x86_64", String::as_str)
}

fn memory(function: &Function) -> u32 {
    function.memory_mb.unwrap_or(128)
}

fn timeout(function: &Function) -> u32 {
    function.timeout_s.unwrap_or(3)
}

/// A container image has no runtime.
fn runtime(function: &Function) -> &str {
    match (&function.runtime, &function.package_type) {
        (Some(runtime), _) => runtime,
        (None, Some(package)) if package == "Image" => "image",
        _ => "-",
    }
}

fn fields(function: &Function) -> [String; 7] {
    [
        function.name.clone(),
        runtime(function).to_owned(),
        architecture(function).to_owned(),
        memory(function).to_string(),
        timeout(function).to_string(),
        function.code_size.to_string(),
        function.last_modified.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

fn table(functions: &[Function], output: &mut Output) -> Result<(), Failure> {
    let now = Timestamp::now();
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut table =
        Table::new(&["NAME", "RUNTIME", "ARCH", ">MEM", ">TIMEOUT", ">SIZE", "MODIFIED", "DESCRIPTION"]);
    for function in functions {
        let mut runtime = runtime(function).to_owned();
        if runtimes::status(&runtime, today).is_deprecated() {
            runtime.push_str(" (deprecated)");
        }
        let modified = function.last_modified.as_deref().map(|text| {
            format::parse_last_modified(text).map_or_else(|| text.to_owned(), |then| format::age(now, then))
        });
        table.row(vec![
            function.name.clone(),
            runtime,
            architecture(function).to_owned(),
            memory(function).to_string(),
            format::timeout(timeout(function)),
            format::bytes(function.code_size),
            modified.unwrap_or_default(),
            function.description.clone().unwrap_or_default(),
        ]);
    }
    table.write(output)
}
