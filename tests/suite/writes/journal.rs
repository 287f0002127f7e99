//! What is recorded of a change: its beginning before it leaves, its end after, and nothing that is secret.

use std::fs;
use std::path::{Path, PathBuf};

use lambdeck::cloud::{Journal, Kind};
use lambdeck::domain::journal::{Back, Entry, Outcome};
use tempfile::TempDir;

use super::*;
use crate::support::fault_server::Fault;

struct Recorded {
    stage: Stage,
    home: TempDir,
}

impl Recorded {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let journal = Journal::new(home.path().join("state/lambdeck/journal.jsonl"));
        let stage = Stage::with(|spec| Spec { journal: Some(journal), ..spec }).await;
        Self { stage, home }
    }

    fn journal(&self) -> Journal {
        self.stage.session.spec().journal.clone().unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.journal().path()).unwrap()
    }

    fn entries(&self) -> Vec<Entry> {
        self.journal().read().unwrap()
    }

    async fn reserve(&self, before: Option<u32>, after: Option<u32>) -> Result<Written, Error> {
        write(&self.stage.session, &order(Change::ReservedConcurrency { before, after })).await
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_change_is_recorded_before_it_leaves_and_after_it_came_back() {
    let recorded = Recorded::new().await;
    let path = recorded.journal().path().to_owned();
    // What is in the file when the request arrives.
    recorded.stage.server.answer("PutFunctionConcurrency", move |_| {
        let lines: Vec<Entry> = fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].outcome, Outcome::Begun);
        Fault::Pass
    });
    let written = recorded.reserve(None, Some(5)).await.unwrap();
    assert_eq!(written.journal_problem, None);
    assert_eq!(recorded.text().lines().count(), 2);
    let entries = recorded.entries();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!((entry.outcome.clone(), entry.operation.as_str()), (Outcome::Done, "PutFunctionConcurrency"));
    assert_eq!(entry.back, Some(Back::ReservedConcurrency { count: None, now: Some(5) }));
    assert_eq!(entry.place, recorded.stage.session.place());
    assert!(entry.inverse.as_ref().unwrap().starts_with("aws lambda delete-function-concurrency"));
}

#[tokio::test]
async fn revisions_are_recorded_and_values_are_not() {
    let recorded = Recorded::new().await;
    let change = Change::Environment { before: Variables::new(), after: variables(&[("TOKEN", CANARY)]) };
    let written = recorded.stage.write(change).await.unwrap();
    let entry = recorded.entries().remove(0);
    assert!(entry.revision_before.is_some() && entry.revision_before != entry.revision_after);
    assert_eq!(entry.revision_after, written.revision_id);
    assert_eq!(entry.fields[0].name, "TOKEN");
    assert!(!recorded.text().contains(CANARY));
}

#[tokio::test]
async fn what_was_cut_may_have_been_done_and_what_was_refused_was_not() {
    let recorded = Recorded::new().await;
    recorded.stage.server.script("PutFunctionConcurrency", [Fault::Reset, Fault::access_denied()]);
    assert_eq!(recorded.reserve(None, Some(5)).await.unwrap_err().kind, Kind::OutcomeUnknown);
    assert_eq!(recorded.reserve(None, Some(6)).await.unwrap_err().kind, Kind::Denied);
    // Somebody else was faster: nothing left, so there is nothing to record.
    assert_eq!(recorded.reserve(Some(1), Some(7)).await.unwrap_err().kind, Kind::Stale);
    recorded.reserve(None, Some(8)).await.unwrap();
    let outcomes: Vec<Outcome> = recorded.entries().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Unknown, Outcome::Refused, Outcome::Done]);
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_any_more_has_its_beginning() {
    let recorded = Recorded::new().await;
    recorded.stage.server.always("PutFunctionConcurrency", Fault::Hang);
    tokio::select! {
        _ = recorded.reserve(None, Some(5)) => unreachable!("it is never answered"),
        () = recorded.stage.server.arrived("PutFunctionConcurrency", 1) => {}
    }
    let entries = recorded.entries();
    assert_eq!((entries.len(), entries[0].outcome.clone()), (1, Outcome::Begun));
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let recorded = Recorded::new().await;
    recorded.reserve(None, Some(5)).await.unwrap();
    let file = recorded.journal().path().to_owned();
    let directory = file.parent().unwrap().to_owned();
    assert_eq!((mode(&file), mode(&directory)), (0o600, 0o700));
    // Also where it was wider before.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    recorded.reserve(Some(5), None).await.unwrap();
    assert_eq!((mode(&file), mode(&directory)), (0o600, 0o700));
    for entry in fs::read_dir(&directory).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[tokio::test]
async fn lines_that_cannot_be_read_are_left_out_and_kept() {
    let recorded = Recorded::new().await;
    recorded.reserve(None, Some(5)).await.unwrap();
    let path = recorded.journal().path().to_owned();
    // A line of a later format, one that is none, and one that a crash tore.
    let foreign = "{\"v\":9,\"news\":true}\nnot json\n{\"v\":1,\"id\":\"to";
    fs::write(&path, recorded.text() + foreign).unwrap();
    assert_eq!(recorded.entries().len(), 1);
    let written = recorded.reserve(Some(5), None).await.unwrap();
    assert_eq!(written.journal_problem, None);
    let text = recorded.text();
    assert!(text.contains(foreign), "{text}");
    assert_eq!(recorded.entries().len(), 2);
}

#[tokio::test]
async fn what_is_no_journal_is_kept_as_bak_and_said() {
    let recorded = Recorded::new().await;
    let path = recorded.journal().path().to_owned();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for (number, ending) in [(0, ".bak"), (1, ".bak.1")] {
        let content = format!("something else {number}\n\u{0}");
        fs::write(&path, &content).unwrap();
        assert!(recorded.journal().read().unwrap_err().contains("is no journal"));
        let (before, after) = if number == 0 { (None, Some(5)) } else { (Some(5), None) };
        let problem = recorded.reserve(before, after).await.unwrap().journal_problem.unwrap();
        let kept = beside(&path, ending);
        assert!(problem.contains(&*kept.to_string_lossy()), "{problem}");
        assert_eq!(fs::read_to_string(kept).unwrap(), content);
        assert_eq!(recorded.entries().len(), 1);
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_is_said_and_stops_nothing() {
    let recorded = Recorded::new().await;
    // The directory's place is taken by a file.
    fs::create_dir_all(recorded.home.path().join("state")).unwrap();
    fs::write(recorded.home.path().join("state/lambdeck"), "").unwrap();
    let written = recorded.reserve(None, Some(5)).await.unwrap();
    assert!(written.journal_problem.is_some_and(|problem| problem.contains("journal.jsonl")));
    assert_eq!(recorded.stage.read().await.reserved_concurrency, Some(5));
    // A directory in the file's own place.
    fs::remove_file(recorded.home.path().join("state/lambdeck")).unwrap();
    fs::create_dir_all(recorded.journal().path()).unwrap();
    let written = recorded.reserve(Some(5), None).await.unwrap();
    assert!(written.journal_problem.is_some());
    assert!(recorded.journal().read().is_err());
}

#[tokio::test]
async fn without_a_journal_nothing_is_said() {
    let stage = Stage::new().await;
    let order = order(Change::ReservedConcurrency { before: None, after: Some(5) });
    assert_eq!(write(&stage.session, &order).await.unwrap().journal_problem, None);
}

#[tokio::test]
async fn there_is_no_journal_before_the_first_change() {
    let recorded = Recorded::new().await;
    assert_eq!(recorded.entries(), Vec::new());
    assert!(!recorded.home.path().join("state").exists());
}

#[tokio::test]
async fn its_older_half_goes_when_it_grows_and_never_the_newest() {
    let recorded = Recorded::new().await;
    recorded.reserve(None, Some(5)).await.unwrap();
    let entry = recorded.entries().remove(0);
    let path = recorded.journal().path().to_owned();
    let mut old = String::new();
    let mut count = 0;
    while old.len() < 1024 * 1024 {
        let entry = Entry { id: format!("old-{count}"), ..entry.clone() };
        old += &(serde_json::to_string(&entry).unwrap() + "\n");
        count += 1;
    }
    fs::write(&path, &old).unwrap();
    recorded.reserve(Some(5), Some(6)).await.unwrap();
    let entries = recorded.entries();
    let size = fs::metadata(&path).unwrap().len();
    assert!((400_000..600_000).contains(&size), "{size}");
    assert_eq!(entries.last().unwrap().outcome, Outcome::Done);
    assert_eq!(entries[entries.len() - 2].id, format!("old-{}", count - 1));
    assert!(entries.len() > count / 3 && entries.len() < count * 2 / 3);
    #[cfg(unix)]
    assert_eq!(mode(&path), 0o600);
    let beside: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 2, "{beside:?}");
}

/// Several lambdecks that write at the same time, also while the older half goes.
#[tokio::test]
async fn several_write_into_one_without_losing_a_line() {
    let recorded = Recorded::new().await;
    recorded.reserve(None, Some(5)).await.unwrap();
    let entry = recorded.entries().remove(0);
    let path = recorded.journal().path().to_owned();
    let line = serde_json::to_string(&Entry { id: "old".into(), ..entry }).unwrap() + "\n";
    // The limit is crossed by the first few.
    fs::write(&path, line.repeat(1024 * 1024 / line.len())).unwrap();
    let writers = (0..12).map(|_| {
        // One that is done: tags of different keys do not disturb each other.
        let key = uuid::Uuid::new_v4().to_string();
        let change = Change::Tag { key, before: None, after: Some("a".into()) };
        async { write(&recorded.stage.session, &order(change)).await.unwrap() }
    });
    let written = futures_util::future::join_all(writers).await;
    assert!(written.iter().all(|written| written.journal_problem.is_none()), "{written:?}");
    let done = recorded.entries().into_iter().filter(|entry| entry.id != "old").count();
    assert_eq!(done, 12);
}

/// As somebody has it who keeps it elsewhere.
#[cfg(unix)]
#[tokio::test]
async fn a_link_stays_one_when_the_older_half_goes() {
    let recorded = Recorded::new().await;
    recorded.reserve(None, Some(5)).await.unwrap();
    let path = recorded.journal().path().to_owned();
    let elsewhere = recorded.home.path().join("elsewhere.jsonl");
    let line = recorded.text();
    fs::write(&elsewhere, line.repeat(1024 * 1024 / line.len() + 1)).unwrap();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    recorded.reserve(Some(5), Some(6)).await.unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    let size = fs::metadata(&elsewhere).unwrap().len();
    assert!((400_000..600_000).contains(&size), "{size}");
    assert_eq!(mode(&elsewhere), 0o600);
    assert_eq!(recorded.entries().last().unwrap().outcome, Outcome::Done);
}

/// A full disk and what is like it: the change goes on, and that there is no line of it is said.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_journal_without_room_holds_up_no_change() {
    let recorded = Recorded::new().await;
    let path = recorded.journal().path().to_owned();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let written = recorded.reserve(None, Some(5)).await.unwrap();
    assert!(written.journal_problem.is_some(), "{written:?}");
    assert_eq!(recorded.stage.server.count("PutFunctionConcurrency"), 1);
}
