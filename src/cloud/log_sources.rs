//! Finding log groups: by the tags of functions, by the names of groups.

use std::collections::{BTreeMap, HashSet};

use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::{Error, Kind, Session, lambda::Page};
use crate::domain::{
    log_sources::{Candidate, Found, FoundGroup, Search},
    text::sanitise,
};

/// Functions whose tags are read at a time; the budget says how many a second.
const AT_ONCE: usize = 4;

/// How many functions are looked at until that is told, where none of them is meant.
const TELL_EVERY: usize = 16;

/// No account has so many pages of log groups: a token that never ends would go on for ever.
const MAX_PAGES: usize = 1000;

impl Session {
    /// A function's tags, read within the control plane's budget.
    ///
    /// # Errors
    /// As every read.
    pub async fn function_tags(&self, arn: &str) -> Result<BTreeMap<String, String>, Error> {
        self.control_plane().acquire().await;
        let answer = self.lambda().list_tags().resource(arn).send().await;
        let answer = answer
            .map_err(|error| permission(self.read_error("list the tags", &error), "lambda:ListTags"))?;
        let tags = answer.tags.unwrap_or_default();
        Ok(tags.into_iter().map(|(key, value)| (clean(&key), clean(&value))).collect())
    }

    /// One page of the log groups whose names begin so.
    ///
    /// # Errors
    /// As every read.
    pub async fn log_groups(&self, prefix: &str, token: Option<String>) -> Result<Page<String>, Error> {
        self.log_budget().acquire().await;
        let answer = self
            .logs()
            .describe_log_groups()
            .set_log_group_name_prefix((!prefix.is_empty()).then(|| prefix.to_owned()))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| {
                permission(self.read_error("list the log groups", &error), "logs:DescribeLogGroups")
            })?;
        Ok(Page {
            items: answer.log_groups().iter().filter_map(|group| group.log_group_name()).map(clean).collect(),
            next: answer.next_token.filter(|token| !token.is_empty()),
        })
    }
}

fn clean(text: &str) -> String {
    sanitise(text).into_owned()
}

/// Names the permission that is missing.
fn permission(error: Error, action: &str) -> Error {
    if error.kind == Kind::Denied {
        error.with_hint(format!("ask for the permission {action}"))
    } else {
        error
    }
}

/// Tells the log groups that are meant as they are found, and at the end that this was all. One who listens slowly
/// makes it read slowly.
///
/// # Errors
/// The first failure after which it makes no sense to go on. What can be found all the same has been told.
pub async fn find(session: &Session, mut search: Search, found: &mpsc::Sender<Found>) -> Result<(), Error> {
    let functions = std::mem::take(&mut search.functions);
    let by_name = find_by_name(session, &search, found).await;
    let by_tags = find_by_tags(session, &search, functions, found).await;
    by_name?;
    tell(found, Found { last: true, ..by_tags? }).await;
    Ok(())
}

/// Where nobody listens any more, nothing is lost.
async fn tell(found: &mpsc::Sender<Found>, news: Found) {
    let _ = found.send(news).await;
}

async fn find_by_name(session: &Session, search: &Search, found: &mpsc::Sender<Found>) -> Result<(), Error> {
    let mut known = HashSet::new();
    for pattern in search.patterns() {
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let page = session.log_groups(pattern.prefix(), token.clone()).await?;
            let meant = page.items.into_iter().filter(|name| pattern.matches(name));
            let groups: Vec<FoundGroup> = meant
                .filter(|name| known.insert(name.clone()))
                .map(|group| FoundGroup { function: None, group })
                .collect();
            if !groups.is_empty() {
                tell(found, Found { groups, ..Found::default() }).await;
            }
            if page.next.is_none() || page.next == token {
                break;
            }
            token = page.next;
        }
    }
    Ok(())
}

/// Answers what is left to be told.
async fn find_by_tags(
    session: &Session,
    search: &Search,
    functions: Vec<Candidate>,
    found: &mpsc::Sender<Found>,
) -> Result<Found, Error> {
    let mut answers = futures_util::stream::iter(functions)
        .map(|function| async {
            let tags = session.function_tags(&function.arn).await;
            (function, tags)
        })
        .buffered(AT_ONCE);
    let mut news = Found::default();
    let mut told = 0;
    while let Some((function, tags)) = answers.next().await {
        news.looked += 1;
        match tags {
            Ok(tags) if search.wants(&tags) => {
                news.groups.push(FoundGroup { function: Some(function.name), group: function.group });
            }
            Ok(_) => {}
            // Deleted since it was listed.
            Err(error) if error.kind == Kind::NotFound => {}
            // Who may read no function's tags is told at once; some may be hidden from those who may read others.
            Err(error) => {
                news.unread += 1;
                if error.kind == Kind::Credentials || news.unread == news.looked {
                    return Err(error);
                }
            }
        }
        if !news.groups.is_empty() || news.looked - told >= TELL_EVERY {
            told = news.looked;
            let groups = std::mem::take(&mut news.groups);
            tell(found, Found { groups, ..news.clone() }).await;
        }
    }
    Ok(news)
}
