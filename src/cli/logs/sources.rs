//! Which log groups are meant.

use futures_util::future::try_join_all;
use tokio::sync::mpsc;

use crate::{
    app::logs::sources::MAX_SOURCES,
    cli::{
        args::Logs,
        failure::{Failure, NOT_FOUND},
        terminal::{self, Progress},
    },
    cloud::{self, Kind, Session},
    domain::{
        function::{FUNCTION_GROUPS, Summary, default_log_group},
        glob::Glob,
        log_sources::{Candidate, FoundGroup, Search, SourceQuery, Wanted},
        name::{FunctionRef, RuleError},
        text::sanitise,
    },
};

/// A log group to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// As it is called in the output: the function, or what was typed.
    pub(super) name: String,
    /// The log group.
    pub(super) group: String,
    /// Whether it is a function's, which has no log group before its first invocation.
    pub(super) of_function: bool,
}

impl Source {
    fn of_function(name: &str, group: String) -> Self {
        Self { name: name.to_owned(), group, of_function: true }
    }
}

/// Finds the log groups behind what was typed, in that order; each of them once.
///
/// # Errors
/// As every read; a name or a pattern that nothing has.
pub(super) async fn find(arguments: &Logs, session: &Session) -> Result<Vec<Source>, Failure> {
    let asked = |kind: &str, word: &String| match Wanted::parse(&format!("{kind}:{word}")) {
        Ok(Wanted::Asked(query)) => Ok(query),
        Ok(_) => Err(Failure::usage(format!("--{kind} takes no such thing"))),
        Err(problem) => Err(Failure::usage(problem)),
    };
    let tags = arguments.tag.iter().map(|word| asked("tag", word));
    let queries: Vec<SourceQuery> =
        tags.chain(arguments.stack.iter().map(|word| asked("stack", word))).collect::<Result<_, _>>()?;
    let is_of_functions = |name: &String| !name.starts_with('/') && !Glob::new(name).is_name();
    let functions = if queries.is_empty() && !arguments.names.iter().any(is_of_functions) {
        Vec::new()
    } else {
        list(session).await?
    };
    let named = try_join_all(arguments.names.iter().map(|name| named(name, &functions, session))).await?;
    let mut sources = Vec::new();
    for source in named.into_iter().flatten() {
        add(&mut sources, source);
    }
    if !queries.is_empty() {
        let meant: Vec<String> = queries.iter().map(SourceQuery::to_string).collect();
        let found = search(session, queries, functions).await?;
        if found.is_empty() {
            return Err(Failure::new(NOT_FOUND, format!("no function fits {}", meant.join(" "))));
        }
        for FoundGroup { function, group } in found {
            add(&mut sources, Source::of_function(&function.unwrap_or_else(|| group.clone()), group));
        }
    }
    if sources.len() > MAX_SOURCES {
        let text = format!("these are {} log groups; at most {MAX_SOURCES} are read at once", sources.len());
        return Err(Failure::usage(text).with_hint("name fewer, or use a narrower pattern"));
    }
    Ok(sources)
}

/// Functions that share a log group are one source.
fn add(sources: &mut Vec<Source>, source: Source) {
    match sources.iter_mut().find(|known| known.group == source.group) {
        Some(known) if known.of_function && source.of_function => {
            if !known.name.split(" + ").any(|name| name == source.name) {
                known.name = format!("{} + {}", known.name, source.name);
            }
        }
        Some(_) => {}
        None => sources.push(source),
    }
}

/// Finds the log groups behind a name or a pattern. That of a function is in its configuration.
async fn named(name: &str, functions: &[Summary], session: &Session) -> Result<Vec<Source>, Failure> {
    let pattern = Glob::new(name);
    match (name.starts_with('/'), pattern.is_name()) {
        (true, true) => {
            Ok(vec![Source { name: name.to_owned(), group: name.to_owned(), of_function: false }])
        }
        (true, false) => {
            let found = search(session, vec![SourceQuery::Groups(pattern)], Vec::new()).await?;
            if found.is_empty() {
                return Err(Failure::new(NOT_FOUND, format!("no log group fits {name}")));
            }
            let named = |group: &str| group.strip_prefix(FUNCTION_GROUPS).unwrap_or(group).to_owned();
            let source = |found: FoundGroup| Source {
                name: named(&found.group),
                group: found.group,
                of_function: false,
            };
            Ok(found.into_iter().map(source).collect())
        }
        (false, false) => {
            let fit = functions.iter().filter(|function| pattern.matches(&function.name));
            let sources: Vec<Source> =
                fit.map(|function| Source::of_function(&function.name, function.log_group())).collect();
            if sources.is_empty() {
                return Err(Failure::new(NOT_FOUND, format!("no function fits {name}")));
            }
            Ok(sources)
        }
        (false, true) => function(name, session).await.map(|source| vec![source]),
    }
}

async fn function(name: &str, session: &Session) -> Result<Source, Failure> {
    let function: FunctionRef = name.parse().map_err(|error: RuleError| Failure::usage(error.to_string()))?;
    let group = match session.get_function(&function.function_name(), function.qualifier.as_deref()).await {
        Ok(details) => details.configuration.log_group(),
        // Whoever may read logs only can still have those of the usual group.
        Err(error) if error.kind == Kind::Denied => {
            let group = default_log_group(&function.name);
            terminal::note(&format!("{}: {}; reading {group}", function.name, error.message));
            group
        }
        Err(error) if error.kind == Kind::NotFound => {
            let hint = format!(
                "of a function that was deleted the logs may still be there: lambdeck logs {}",
                default_log_group(&function.name)
            );
            return Err(Failure::from(error).with_hint(hint));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Source::of_function(&function.name, group))
}

/// All functions by name.
async fn list(session: &Session) -> Result<Vec<Summary>, Failure> {
    let mut functions = Vec::new();
    let mut marker = None;
    loop {
        let page = session.list_functions(marker.clone()).await?;
        functions.extend(page.items);
        // A marker that repeats would go on for ever.
        if page.next.is_none() || page.next == marker {
            functions.sort_by(|a, b| a.name.cmp(&b.name));
            return Ok(functions);
        }
        marker = page.next;
    }
}

/// What AWS has to be asked for. On a terminal it says how far it is.
async fn search(
    session: &Session,
    queries: Vec<SourceQuery>,
    functions: Vec<Summary>,
) -> Result<Vec<FoundGroup>, Failure> {
    let candidate = |function: &Summary| Candidate {
        name: function.name.to_string(),
        arn: function.arn.to_string(),
        group: function.log_group(),
    };
    let search = Search { queries, functions: functions.iter().map(candidate).collect() };
    let (sender, mut news) = mpsc::channel(1);
    let finding = async {
        let sender = sender;
        cloud::log_sources::find(session, search, &sender).await
    };
    let gathering = async {
        let (mut groups, mut unread, mut progress) = (Vec::new(), 0, Progress::new());
        while let Some(found) = news.recv().await {
            groups.extend(found.groups);
            unread = found.unread;
            if !functions.is_empty() {
                progress.show(&format!("tags of {} of {} functions read", found.looked, functions.len()));
            }
        }
        progress.clear();
        (groups, unread)
    };
    let (ended, (groups, unread)) = tokio::join!(finding, gathering);
    ended?;
    if unread > 0 {
        let text = format!("the tags of {unread} functions can't be read; that takes lambda:ListTags");
        terminal::say("warning", &sanitise(&text));
    }
    Ok(groups)
}
