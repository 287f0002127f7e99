use std::fs;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::domain::{
    invocation::{Answer, Ending, Request},
    place::Place,
};

const CANARY: &str = "canary-77f0";

fn history(folder: &TempDir, payloads: bool) -> Invocations {
    Invocations::new(folder.path().join("state/lambdeck/invocations.jsonl"), payloads)
}

fn text(history: &Invocations) -> String {
    fs::read_to_string(history.path()).unwrap()
}

fn payload(text: impl Into<String>) -> Arc<Secret> {
    Arc::new(Secret::new(text))
}

fn record(function: &str) -> Record {
    let request = Request { function: function.into(), payload: payload("{}"), ..Request::default() };
    let place = Place { region: "eu-west-1".into(), ..Place::default() };
    let answer = Answer { status: 200, elapsed_ms: 12, request_id: Some("r".into()), ..Answer::default() };
    Record::of(Timestamp::UNIX_EPOCH, place, &request, Some("order".into()), Ending::Ok).answered(&answer, 7)
}

fn functions(history: &Invocations) -> Vec<String> {
    history.read(usize::MAX).unwrap().into_iter().map(|record| record.function).collect()
}

#[test]
fn what_is_added_is_read_newest_last() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(&folder, false);
    assert_eq!(history.read(10), Ok(Vec::new()));
    assert!(!folder.path().join("state").exists());
    for function in ["a", "b", "c"] {
        assert_eq!(history.add(record(function), &payload("{}"), None), Ok(None));
    }
    assert_eq!(history.read(2).unwrap(), [record("b"), record("c")]);
    assert_eq!(functions(&history), ["a", "b", "c"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(history.path()), mode(history.path().parent().unwrap())), (0o600, 0o700));
    }
}

#[test]
fn no_payload_is_kept_unless_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let without = history(&folder, false);
    without.add(record("f"), &payload(CANARY), Some(CANARY.as_bytes())).unwrap();
    // Also where somebody put it into the record.
    let full = Record { payload: Some(payload(CANARY)), response: Some(payload(CANARY)), ..record("f") };
    without.append(&full).unwrap();
    assert!(!text(&without).contains(CANARY));
    let with = history(&folder, true);
    with.add(record("f"), &payload(format!("\"{CANARY}\"")), Some("\"é\n\"".as_bytes())).unwrap();
    let kept = with.read(1).unwrap().remove(0);
    assert_eq!(kept.payload, Some(payload(format!("\"{CANARY}\""))));
    assert_eq!(kept.response, Some(payload("\"é\n\"")));
    assert!(!format!("{kept:?}").contains(CANARY));
    // Turned off again: no further one.
    without.add(record("f"), &payload("{\"later\": 1}"), None).unwrap();
    assert!(!text(&without).contains("later"));
}

#[test]
fn what_is_too_long_or_no_text_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(&folder, true);
    let (fits, long) = ("x".repeat(PAYLOAD_KEPT), "x".repeat(PAYLOAD_KEPT + 1));
    history.add(record("fits"), &payload(&*fits), Some(fits.as_bytes())).unwrap();
    history.add(record("long"), &payload(&*long), Some(long.as_bytes())).unwrap();
    history.add(record("binary"), &payload("1"), Some(b"\xff")).unwrap();
    let kept: Vec<_> = history
        .read(9)
        .unwrap()
        .into_iter()
        .map(|record| (record.payload.is_some(), record.response.is_some()))
        .collect();
    assert_eq!(kept, [(true, true), (false, false), (true, false)]);
}

#[test]
fn a_torn_line_and_a_later_format_cost_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(&folder, false);
    history.append(&record("a")).unwrap();
    let foreign = "{\"v\":2,\"news\":true}\nnot json\n{\"v\":1,\"at\":\"19";
    fs::write(history.path(), text(&history) + foreign).unwrap();
    assert_eq!(functions(&history), ["a"]);
    assert_eq!(history.append(&record("b")), Ok(None));
    assert_eq!(functions(&history), ["a", "b"]);
    assert!(text(&history).contains(foreign));
}

#[test]
fn what_is_no_history_is_kept_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(&folder, false);
    fs::create_dir_all(history.path().parent().unwrap()).unwrap();
    fs::write(history.path(), "something else\n").unwrap();
    assert!(history.read(1).unwrap_err().contains("is no history of invocations"));
    let said = history.append(&record("a")).unwrap().unwrap();
    assert!(said.contains("invocations.jsonl.bak"), "{said}");
    assert_eq!(functions(&history), ["a"]);
    let kept = history.path().with_extension("jsonl.bak");
    assert_eq!(fs::read_to_string(kept).unwrap(), "something else\n");
}

#[test]
fn what_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(&folder, false);
    fs::create_dir_all(history.path()).unwrap();
    assert!(history.append(&record("a")).unwrap_err().contains("invocations.jsonl"));
    assert!(history.read(1).unwrap_err().contains("it is no file"));
}

#[test]
fn it_is_bounded_and_the_newest_stay() {
    let folder = tempfile::tempdir().unwrap();
    for (payloads, limit) in [(false, LIMIT), (true, LIMIT_WITH_PAYLOADS)] {
        let history = history(&folder, payloads);
        let line = serde_json::to_string(&record("old")).unwrap() + "\n";
        fs::create_dir_all(history.path().parent().unwrap()).unwrap();
        let count = usize::try_from(limit).unwrap() / line.len();
        fs::write(history.path(), line.repeat(count)).unwrap();
        history.append(&record("new, and long enough to go beyond it")).unwrap();
        let size = fs::metadata(history.path()).unwrap().len();
        assert!((limit / 3..limit * 2 / 3).contains(&size), "{size} of {limit}");
        let functions = functions(&history);
        assert!(functions.len() > count / 3, "{}", functions.len());
        assert_eq!(functions.last().unwrap(), "new, and long enough to go beyond it");
    }
}

/// Also what escapes make six times as long does not let it grow on and on.
#[test]
fn it_stays_bounded_with_the_largest_payloads() {
    let folder = tempfile::tempdir().unwrap();
    let history = history(&folder, true);
    let worst = "\u{1}".repeat(PAYLOAD_KEPT);
    for _ in 0..5 {
        history.add(record("f"), &payload(&*worst), Some(worst.as_bytes())).unwrap();
        let size = fs::metadata(history.path()).unwrap().len();
        assert!(size < 2 * LIMIT_WITH_PAYLOADS, "{size}");
    }
    assert!(!history.read(9).unwrap().is_empty());
}

#[test]
fn several_threads_lose_no_line_also_while_the_older_half_goes() {
    const WRITERS: usize = 8;
    const EACH: usize = 15;
    let folder = tempfile::tempdir().unwrap();
    let history = history(&folder, false);
    let line = serde_json::to_string(&record("old")).unwrap() + "\n";
    fs::create_dir_all(history.path().parent().unwrap()).unwrap();
    // The limit is crossed by the first few.
    fs::write(history.path(), line.repeat(usize::try_from(LIMIT).unwrap() / line.len() - 3)).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let history = &history;
            scope.spawn(move || {
                for number in 0..EACH {
                    assert_eq!(history.append(&record(&format!("new-{writer}-{number}"))), Ok(None));
                }
            });
        }
    });
    let mut new: Vec<String> =
        functions(&history).into_iter().filter(|function| function.starts_with("new")).collect();
    new.sort();
    new.dedup();
    assert_eq!(new.len(), WRITERS * EACH);
}
