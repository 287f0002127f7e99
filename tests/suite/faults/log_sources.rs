//! Finding log groups: what is told as it is found, and what AWS refuses.

use lambdeck::{
    cloud::log_sources,
    domain::{
        glob::Glob,
        log_sources::{Candidate, Found, FoundGroup, Search, SourceQuery},
    },
};
use tokio::sync::mpsc;

use super::*;

/// A search among so many functions.
fn search(queries: Vec<SourceQuery>, functions: usize) -> Search {
    let candidate = |number: usize| Candidate {
        name: format!("f-{number:02}"),
        arn: format!("arn:aws:lambda:eu-west-1:123456789012:function:f-{number:02}"),
        group: format!("/aws/lambda/f-{number:02}"),
    };
    Search { queries, functions: (0..functions).map(candidate).collect() }
}

fn team() -> Vec<SourceQuery> {
    vec![SourceQuery::Tag("team".into(), Some("a".into()))]
}

async fn find(server: &FaultServer, search: Search) -> (Result<(), Error>, Vec<Found>) {
    let session = open(&server.endpoint()).await;
    let (sender, mut news) = mpsc::channel(64);
    let ended = log_sources::find(&session, search, &sender).await;
    drop(sender);
    let mut told = Vec::new();
    while let Some(found) = news.recv().await {
        told.push(found);
    }
    (ended, told)
}

fn names(told: &[Found]) -> Vec<&str> {
    told.iter().flat_map(|found| &found.groups).map(|found| found.group.as_str()).collect()
}

/// The number of the function whose tags are asked for.
fn number(path: &str) -> usize {
    path[path.len() - 2..].parse().unwrap()
}

#[tokio::test]
async fn functions_are_told_as_their_tags_come() {
    let server = FaultServer::start();
    server.answer("ListTags", |request| {
        let team = if number(&request.path).is_multiple_of(10) { "a" } else { "b" };
        Fault::Answer(Reply::json(&json!({ "Tags": { "team": team } })))
    });
    let (ended, told) = find(&server, search(team(), 40)).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(names(&told), ["f-00", "f-10", "f-20", "f-30"].map(|name| format!("/aws/lambda/{name}")));
    assert_eq!(told[0].groups[0].function.as_deref(), Some("f-00"));
    let looked: Vec<(usize, bool)> = told.iter().map(|found| (found.looked, found.last)).collect();
    assert_eq!(looked, [(1, false), (11, false), (21, false), (31, false), (40, true)]);
    assert_eq!(server.count("ListTags"), 40);
}

#[tokio::test]
async fn who_may_read_no_tags_is_told_which_permission_it_takes() {
    let server = FaultServer::start();
    server.always("ListTags", Fault::access_denied());
    let (ended, told) = find(&server, search(team(), 40)).await;
    let error = ended.unwrap_err();
    assert_eq!(
        (error.kind, error.hint.as_deref()),
        (Kind::Denied, Some("ask for the permission lambda:ListTags"))
    );
    assert_eq!(told, []);
    assert!(server.count("ListTags") <= 4, "the others are not asked for: {}", server.count("ListTags"));
}

#[tokio::test]
async fn some_that_are_hidden_or_gone_stop_nothing() {
    let server = FaultServer::start();
    server.answer("ListTags", |request| match number(&request.path) {
        1 => Fault::access_denied(),
        2 => Fault::function_not_found("f-02"),
        _ => Fault::Answer(Reply::json(&json!({ "Tags": { "team": "a" } }))),
    });
    let (ended, told) = find(&server, search(team(), 4)).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(names(&told), ["/aws/lambda/f-00", "/aws/lambda/f-03"]);
    assert_eq!(told.last().map(|last| (last.looked, last.unread, last.last)), Some((4, 1, true)));
}

#[tokio::test]
async fn log_groups_are_found_by_their_names_over_all_pages() {
    let server = FaultServer::start();
    server.answer("DescribeLogGroups", |request| {
        let page = match request.json()["nextToken"].as_str() {
            None => json!({ "logGroups": [{ "logGroupName": "/team/a" }, { "logGroupName": "/team/b/x" }], "nextToken": "1" }),
            Some("1") => json!({ "logGroups": [], "nextToken": "2" }),
            // A token that repeats would go on for ever.
            Some(_) => json!({ "logGroups": [{ "logGroupName": "/team/c/x" }], "nextToken": "2" }),
        };
        Fault::Answer(Reply::json(&page))
    });
    let queries =
        vec![SourceQuery::Groups(Glob::new("/team/*x")), SourceQuery::Groups(Glob::new("/team/b*"))];
    let (ended, told) = find(&server, search(queries, 0)).await;
    assert_eq!(ended, Ok(()));
    let group = |name: &str| FoundGroup { function: None, group: name.into() };
    let all: Vec<FoundGroup> = told.iter().flat_map(|found| found.groups.clone()).collect();
    assert_eq!(all, [group("/team/b/x"), group("/team/c/x")], "each of them once");
    let asked = server.requests("DescribeLogGroups");
    assert_eq!((&asked[0].json()["logGroupNamePrefix"], server.count("ListTags")), (&json!("/team/"), 0));

    server.always("DescribeLogGroups", Fault::access_denied());
    let queries = vec![SourceQuery::Groups(Glob::new("/team/*"))];
    let (ended, _) = find(&server, search(queries, 0)).await;
    assert_eq!(ended.unwrap_err().hint.as_deref(), Some("ask for the permission logs:DescribeLogGroups"));
}
