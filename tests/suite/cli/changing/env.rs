//! `env`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rstest::rstest;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::super::PATIENCE;
use super::{ACCOUNT, Account, files, journal_file, mode};
use crate::support::fault_server::{Fault, Reply};

#[test]
fn values_are_shown_only_where_that_is_asked_for() {
    let account = Account::with(&[("OTHER", "x"), ("TOKEN", "canary\u{1b}[2J\n")]);
    let get = |args: &[&str]| account.run([&["env", "get", "f"], args].concat()).end().quietly();
    assert_eq!(get(&[]).text(), "OTHER\t(1 byte)\nTOKEN\t(11 bytes)\n");
    assert_eq!(get(&["TOKEN"]).text(), "TOKEN\t(11 bytes)\n");
    assert_eq!(get(&["--output", "json"]).json(), json!({ "OTHER": null, "TOKEN": null }));
    let revealed = get(&["--reveal", "TOKEN"]);
    assert!(revealed.text().starts_with("TOKEN\tcanary"), "{revealed:?}");
    assert!(!revealed.text().contains('\u{1b}') && revealed.text().lines().count() == 1, "{revealed:?}");
    let revealed = get(&["--reveal", "TOKEN", "--output", "json"]);
    assert_eq!(revealed.json(), json!({ "TOKEN": "canary\u{1b}[2J\n" }));
    assert!(!revealed.text().contains('\u{1b}'), "{revealed:?}");
    account.run(["env", "get", "f", "TOKEN", "NOPE"]).end().failed(3).said("f has no variable NOPE");
    account.run(["env", "get", "f:9"]).end().failed(3);
    account.run(["env", "get", "g"]).end().failed(3);
}

#[test]
fn a_function_without_variables_is_no_error() {
    let account = Account::with(&[]);
    let ended = account.run(["env", "get", "f"]).end().well().said("no environment variables");
    assert_eq!(ended.text(), "");
    assert_eq!(account.run(["env", "get", "f", "--output", "json"]).end().quietly().json(), json!({}));
    assert_eq!(account.run(["env", "export", "f", "--reveal"]).end().quietly().text(), "");
}

#[test]
fn a_variable_is_set_and_the_others_stay() {
    let account = Account::with(&[("KEEP", "kept"), ("TOKEN", "canary-1")]);
    let ended = account.run(["env", "set", "f", "--yes", "TOKEN=canary-22=x", "NEW="]).end().well();
    assert_eq!(ended.text(), "");
    let place = format!("f  {ACCOUNT} · eu-west-1 · {}\n", account.server.endpoint());
    ended
        .said(&place)
        .said("  + NEW  (empty)\n  ~ TOKEN  (8 bytes) → (11 bytes)\n")
        .said("f: in use after ")
        .without("canary");
    account.assert_environment(&[("KEEP", "kept"), ("NEW", ""), ("TOKEN", "canary-22=x")]);
    assert_eq!(account.writes(), 1);
}

#[test]
fn nothing_that_is_written_down_holds_a_value() {
    let account = Account::with(&[("TOKEN", "canary-1")]);
    let args = ["env", "set", "f", "--yes", "TOKEN=canary-2", "--log-file", "own.log"];
    let ended = account.run(args).end().well().without("canary");
    account.run(["env", "unset", "f", "TOKEN", "--yes"]).end().well().without("canary");
    let journal = journal_file(account.home.path()).unwrap();
    assert_eq!(mode(&journal), 0o600);
    for path in files(account.home.path()).into_iter().chain(files(ended.home.path())) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("canary"), "{}: {text}", path.display());
    }
    let entries = account.journal();
    assert_eq!(entries.last().unwrap()["summary"], "environment variable TOKEN");
    assert_eq!(entries.last().unwrap()["outcome"], "done");
}

#[test]
fn variables_go_and_what_is_not_there_is_no_error() {
    let account = Account::with(&[("AA", "1"), ("BB", "2")]);
    account.run(["env", "unset", "f", "AA", "CC", "--yes"]).end().well().said("  - AA  (1 byte)\n");
    account.assert_environment(&[("BB", "2")]);
    account.run(["env", "unset", "f", "AA"]).end().well().said("nothing to change");
    account.run(["env", "set", "f", "BB=2"]).end().well().said("nothing to change");
    assert_eq!(account.writes(), 1);
}

const FILE: &str = "# mine\nexport AA='canary one'\nBB=\"two\\nlines\"\n";

#[rstest]
#[case(&["env", "set", "f", "--from-file", "my.env", "BB=3"], None, &[("AA", "canary one"), ("BB", "3"), ("OLD", "o")])]
#[case(&["env", "set", "f", "--from-file", "-"], Some(FILE), &[("AA", "canary one"), ("BB", "two\nlines"), ("OLD", "o")])]
#[case(&["env", "import", "f", "my.env"], None, &[("AA", "canary one"), ("BB", "two\nlines"), ("OLD", "o")])]
#[case(&["env", "import", "f", "--replace", "my.env"], None, &[("AA", "canary one"), ("BB", "two\nlines")])]
#[case(&["env", "import", "f", "-"], Some("{\"AA\":\"canary\"}"), &[("AA", "canary"), ("OLD", "o")])]
fn variables_come_from_files(
    #[case] args: &[&str],
    #[case] stdin: Option<&str>,
    #[case] expected: &[(&str, &str)],
) {
    let account = Account::with(&[("OLD", "o")]);
    let run = account.run([args, &["--yes"]].concat()).file("my.env", FILE);
    stdin.into_iter().fold(run, super::super::Run::stdin).end().well().without("canary");
    account.assert_environment(expected);
}

#[rstest]
#[case(&["env", "set", "f"], "")]
#[case(&["env", "set", "f", "canary"], "")]
#[case(&["env", "set", "f", "AB=1", "canary canary"], "")]
#[case(&["env", "set", "f", "AB=canary", "AB=canary"], "")]
#[case(&["env", "set", "f", "A=canary"], "")]
#[case(&["env", "set", "f", "AWS_REGION=canary"], "")]
#[case(&["env", "set", "KEY=canary"], "")]
#[case(&["env", "set", "KEY=canary", "KEY=canary2"], "")]
#[case(&["env", "KEY=canary"], "")]
#[case(&["env", "sett", "f", "KEY=canary"], "")]
#[case(&["env", "set", "f", "--KEY=canary"], "")]
#[case(&["env", "set", "f", "-KEY=canary"], "")]
#[case(&["env", "get", "f", "KEY=canary"], "")]
#[case(&["env", "unset", "f", "KEY=canary"], "")]
#[case(&["env", "export", "f", "KEY=canary"], "")]
#[case(&["publish", "f", "KEY=canary"], "")]
#[case(&["env", "set", "f:live", "KEY=canary"], "")]
#[case(&["env", "set", "f", "--from-file", "my.env"], "KEY: canary")]
#[case(&["env", "import", "f", "my.env"], "KEY='canary")]
#[case(&["env", "import", "f", "my.env"], "KEY='a' canary")]
#[case(&["env", "import", "f", "my.env"], "{\"KEY\": canary}")]
#[case(&["env", "import", "f", "my.env"], "{\"KEY\": [\"canary\"]}")]
#[case(&["env", "import", "f", "my.env"], "{\"KEY\": null}")]
#[case(&["env", "import", "f", "missing.env"], "")]
#[case(&["env", "import", "f"], "")]
#[case(&["env", "diff", "f"], "")]
#[case(&["env", "diff", "f", "g", "--from-file", "my.env"], "")]
#[case(&["env", "export", "f"], "")]
#[case(&["env", "export", "f", "--reveal", "--to", "my.env"], "")]
fn what_makes_no_sense_is_a_usage_error_that_repeats_no_value(#[case] args: &[&str], #[case] file: &str) {
    let server = crate::support::fault_server::FaultServer::start();
    let run = super::super::run_on(&server, args).file("my.env", file);
    run.end().failed(2).without("canary");
    assert_eq!(server.count("*"), 0);
}

#[test]
fn what_is_too_large_is_not_sent() {
    let account = Account::with(&[("AA", "1")]);
    // {"AA":"1","BB":"..."}
    let fits = format!("BB={}", "x".repeat(4096 - 18));
    account.run(["env", "set", "f", "--yes", &format!("{fits}x")]).end().failed(1).said("4097 bytes");
    assert_eq!(account.writes(), 0);
    account.run(["env", "set", "f", "--yes", &fits]).end().well();
}

#[test]
fn differences_are_masked_and_no_error_unless_asked() {
    let account = Account::with(&[("AA", "canary"), ("BB", "1"), ("CC", "same")]);
    account.now(async { account.client.publish_version().function_name("f").send().await }).unwrap();
    account.somebody_else().set(&[("AA", "carany"), ("CC", "same"), ("DD", "22")]);
    let expected = "~ AA  (6 bytes) → (another value of the same length)\n- BB  (1 byte)\n+ DD  (2 bytes)\n";
    let diff = |args: &[&str]| account.run([&["env", "diff", "f:1"], args].concat());
    assert_eq!(diff(&["f"]).end().quietly().text(), expected);
    assert_eq!(diff(&["f", "--reveal"]).end().quietly().text(), "~ AA  canary → carany\n- BB  1\n+ DD  22\n");
    let coded = diff(&["f", "--exit-code"]).end();
    assert_eq!((coded.code, coded.text(), coded.stderr.as_str()), (Some(1), expected, ""));
    diff(&["f:1", "--exit-code"]).end().well().said("no differences");
    assert_eq!(
        diff(&["f", "--output", "json"]).end().quietly().json(),
        json!([
            { "Key": "AA", "Change": "changed", "Before": null, "BeforeBytes": 6, "After": null, "AfterBytes": 6 },
            { "Key": "BB", "Change": "removed", "Before": null, "BeforeBytes": 1 },
            { "Key": "DD", "Change": "added", "After": null, "AfterBytes": 2 },
        ])
    );
    let revealed = diff(&["f", "--output", "json", "--reveal"]).end().quietly().json();
    assert_eq!((&revealed[0]["Before"], &revealed[0]["After"]), (&json!("canary"), &json!("carany")));
    let file = diff(&["--from-file", "my.env"]).file("my.env", "AA=canary\nBB=1\nCC=same\n").end().well();
    assert_eq!(file.text(), "");
    account.run(["env", "diff", "f", "g"]).end().failed(3);
}

#[test]
fn an_export_is_private_and_comes_back_the_same() {
    let hard = [("AA", "a b#c"), ("BB", "\"q\"\n$x\\"), ("CC", " 'c' ")];
    let account = Account::with(&hard);
    for (form, name) in [("dotenv", "out.env"), ("json", "out.json")] {
        let args = ["env", "export", "f", "--to", name, "--output", form];
        let ended = account.run(args).file(name, "from before").end().well().said("3 variables written");
        assert_eq!(ended.text(), "");
        let path = ended.home.path().join(name);
        assert_eq!(mode(&path), 0o600);
        let written = std::fs::read_to_string(&path).unwrap();
        let shown = account.run(["env", "export", "f", "--reveal", "--output", form]).end().quietly();
        assert_eq!(shown.text(), written);
        account.somebody_else().set(&[("XX", "x")]);
        account.run(["env", "import", "f", "-", "--replace", "--yes"]).stdin(&written).end().well();
        account.assert_environment(&hard);
    }
    account.run(["env", "export", "f", "--to", "no/such/folder"]).end().failed(1);
}

#[test]
fn values_that_cannot_be_read_are_not_wiped() {
    let account = Account::with(&[("AA", "1")]);
    let configuration = json!({
        "FunctionName": "f", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f", "RevisionId": "r",
        "Environment": { "Error": { "ErrorCode": "AccessDeniedException", "Message": "no kms:Decrypt" } },
    });
    let answer = Reply::json(&json!({ "Configuration": configuration }));
    account.server.always("GetFunction", Fault::Answer(answer));
    for args in [
        &["env", "get", "f"][..],
        &["env", "export", "f", "--reveal"],
        &["env", "diff", "f", "f"],
        &["env", "set", "f", "AA=2", "--yes"],
        &["env", "unset", "f", "AA", "--yes"],
    ] {
        account.run(args).end().failed(4).said("can't be read: AccessDenied");
    }
    assert_eq!(account.writes(), 0);
}

#[test]
fn what_somebody_else_did_to_other_variables_stays() {
    let account = Account::with(&[("AA", "1"), ("BB", "canary")]);
    let other = account.somebody_else();
    let mut turns =
        [&[("AA", "1"), ("BB", "canary-2")][..], &[("AA", "1"), ("BB", "canary-33"), ("CC", "3")]]
            .into_iter();
    account.server.answer("UpdateFunctionConfiguration", move |_| {
        if let Some(variables) = turns.next() {
            other.set(variables);
        }
        Fault::Pass
    });
    account
        .run(["env", "set", "f", "AA=2", "--yes"])
        .end()
        .well()
        .said("somebody else")
        .said("  ~ BB  (6 bytes) → (8 bytes)\n")
        .said("  + CC  (1 byte)\n")
        .without("canary");
    account.assert_environment(&[("AA", "2"), ("BB", "canary-33"), ("CC", "3")]);
    // One by one they are tried again, three times at most.
    assert_eq!(account.server.count("UpdateFunctionConfiguration"), 3);
}

#[test]
fn a_function_that_never_rests_is_given_up() {
    let account = Account::with(&[("AA", "1")]);
    let other = account.somebody_else();
    let mut turn = 0;
    account.server.answer("UpdateFunctionConfiguration", move |_| {
        turn += 1;
        other.set(&[("AA", "1"), ("BB", &turn.to_string())]);
        Fault::Pass
    });
    account.run(["env", "set", "f", "AA=2", "--yes"]).end().failed(5).said("nothing was");
    assert_eq!(account.server.count("UpdateFunctionConfiguration"), 4);
    account.assert_environment(&[("AA", "1"), ("BB", "4")]);
}

#[rstest]
#[case(&["env", "set", "f", "AA=2"], &[("AA", "canary"), ("BB", "2")], "AA")]
#[case(&["env", "set", "f", "AA=1", "BB=3"], &[("AA", "canary"), ("BB", "2")], "AA")]
#[case(&["env", "unset", "f", "AA"], &[("AA", "canary"), ("BB", "2")], "AA")]
#[case(&["env", "set", "f", "AA=2"], &[("BB", "2")], "AA")]
#[case(&["env", "import", "--replace", "f", "-"], &[("AA", "1"), ("BB", "2"), ("CC", "canary")], "CC")]
fn what_somebody_else_did_to_the_same_variable_is_not_undone(
    #[case] args: &[&str],
    #[case] theirs: &'static [(&str, &str)],
    #[case] key: &str,
) {
    let account = Account::with(&[("AA", "1"), ("BB", "2")]);
    let other = account.somebody_else();
    account.server.answer("UpdateFunctionConfiguration", move |_| {
        other.set(theirs);
        Fault::Pass
    });
    account
        .run([args, &["--yes"]].concat())
        .stdin("AA=2")
        .end()
        .failed(5)
        .said(&format!("somebody else changed {key} since it was read; nothing was changed"))
        .without("canary");
    account.assert_environment(theirs);
    assert_eq!(account.server.count("UpdateFunctionConfiguration"), 1);
}

#[test]
fn a_change_whose_answer_was_lost_is_looked_for() {
    let account = Account::with(&[("AA", "1")]);
    account.server.script("UpdateFunctionConfiguration", [Fault::PassThenReset]);
    account
        .run(["env", "set", "f", "AA=2", "--yes"])
        .end()
        .well()
        .said("looking whether")
        .said("it was done");
    account.assert_environment(&[("AA", "2")]);
    assert_eq!(account.writes(), 1);

    account.server.script("UpdateFunctionConfiguration", [Fault::Reset]);
    account.run(["env", "set", "f", "AA=3", "--yes"]).end().failed(1).said("it was not done");
    assert_eq!(account.writes(), 2);

    let other = account.somebody_else();
    account.server.answer("UpdateFunctionConfiguration", move |_| {
        other.set(&[("AA", "9")]);
        Fault::Reset
    });
    account.run(["env", "set", "f", "AA=3", "--yes"]).end().failed(8).said("can't be told");
    assert_eq!(account.writes(), 3);
    account.assert_environment(&[("AA", "9")]);
}

#[rstest]
#[case(Fault::access_denied(), 4)]
#[case(Fault::expired_token(), 4)]
#[case(Fault::conflict("f"), 5)]
#[case(Fault::throttled(1), 6)]
#[case(Fault::error(400, "InvalidParameterValueException", "String measured: {\"AA\":\"canary\"}"), 1)]
fn what_aws_refuses_has_its_exit_code(#[case] fault: Fault, #[case] code: i32) {
    let account = Account::with(&[("AA", "1")]);
    account.server.always("UpdateFunctionConfiguration", fault);
    account.run(["env", "set", "f", "AA=canary", "--yes"]).end().failed(code).without("canary");
    assert_eq!(account.writes(), 1);
    account.assert_environment(&[("AA", "1")]);
}

/// Lets GetFunction answer with this function once a change was sent.
fn after_the_change(account: &Account, state: &Value) {
    let mut configuration = json!({
        "FunctionName": "f", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "State": "Active", "RevisionId": "r", "Environment": { "Variables": { "AA": "canary" } },
    });
    configuration.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
    let reply = Reply::json(&json!({ "Configuration": configuration }));
    let changed = Arc::new(AtomicBool::new(false));
    let change = Arc::clone(&changed);
    account.server.answer("UpdateFunctionConfiguration", move |_| {
        change.store(true, Ordering::Relaxed);
        Fault::Pass
    });
    account.server.answer("GetFunction", move |_| {
        if changed.load(Ordering::Relaxed) { Fault::Answer(reply.clone()) } else { Fault::Pass }
    });
}

const SET: [&str; 5] = ["env", "set", "f", "AA=canary", "--yes"];

#[test]
fn an_update_that_fails_afterwards_says_why() {
    let account = Account::with(&[("AA", "1")]);
    let state =
        json!({ "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "The role is gone.\u{1b}[2J" });
    after_the_change(&account, &state);
    let ended =
        account.run(SET).end().failed(1).said("the update failed: The role is gone.").without("canary");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
    assert_eq!(account.writes(), 1);
}

#[test]
fn a_value_that_is_changed_again_at_once_is_told() {
    let account = Account::with(&[("AA", "1")]);
    let state =
        json!({ "LastUpdateStatus": "Successful", "Environment": { "Variables": { "AA": "canary-2" } } });
    after_the_change(&account, &state);
    let ended = account.run(SET).end().failed(5).without("canary");
    ended.said("  ~ AA  (6 bytes) → (8 bytes)\n").said("somebody else has changed the same since");
}

#[test]
fn a_function_that_can_no_longer_be_read_may_be_in_use_or_not() {
    let account = Account::with(&[("AA", "1")]);
    let changed = Arc::new(AtomicBool::new(false));
    let change = Arc::clone(&changed);
    account.server.answer("UpdateFunctionConfiguration", move |_| {
        change.store(true, Ordering::Relaxed);
        Fault::Pass
    });
    account.server.answer("GetFunction", move |_| {
        if changed.load(Ordering::Relaxed) { Fault::access_denied() } else { Fault::Pass }
    });
    account.run(SET).end().failed(8).said("it is saved, but whether it is in use is not known");
    account.assert_environment(&[("AA", "canary")]);
}

#[test]
fn whoever_does_not_wait_is_done_once_it_is_saved() {
    let account = Account::settling(&[("AA", "1")], 200);
    let reads = account.server.count("GetFunction");
    let args = [&SET[..], &["--no-wait"]].concat();
    account.run(args).end().well().said("f: environment variable AA is saved\n").without("canary");
    // To show it, and by the door just before it was sent.
    assert_eq!(account.server.count("GetFunction") - reads, 2);
}

#[test]
fn it_is_waited_for_until_it_is_in_use() {
    let account = Account::settling(&[("AA", "1")], 400);
    account.run(SET).end().well().said("f: in use after ");
    let answer = account
        .now(async { account.client.get_function_configuration().function_name("f").send().await.unwrap() });
    assert_eq!(answer.last_update_status().unwrap().as_str(), "Successful");
}

#[test]
fn while_another_change_is_under_way_it_is_a_conflict() {
    let account = Account::start(&[("AA", "1")], 3_600_000);
    account.run(SET).end().failed(5).said("nothing was changed").without("canary");
    account.assert_environment(&[("AA", "1")]);
}

#[test]
fn a_signal_while_it_settles_says_that_it_is_saved() {
    let account = Account::with(&[("AA", "1")]);
    after_the_change(&account, &json!({ "LastUpdateStatus": "InProgress" }));
    let reads = account.server.count("GetFunction");
    let started = account.run(SET).start();
    account.server.wait_arrived("GetFunction", reads + 4, PATIENCE);
    started.signal(Signal::INT);
    started.end().failed(130).said("stopped waiting: it is saved");
}

#[test]
fn a_signal_waits_for_the_answer_of_a_change_that_has_left() {
    let account = Account::with(&[("AA", "1")]);
    let ((arrived, arriving), (go_on, waiting)) =
        (std::sync::mpsc::channel::<()>(), std::sync::mpsc::channel::<()>());
    account.server.answer("UpdateFunctionConfiguration", move |_| {
        arrived.send(()).unwrap();
        waiting.recv_timeout(PATIENCE).unwrap();
        Fault::Pass
    });
    let mut started = account.run(SET).start();
    arriving.recv_timeout(PATIENCE).unwrap();
    started.signal(Signal::TERM);
    started.wait_said("waiting for its answer");
    go_on.send(()).unwrap();
    let ended = started.end().said("it is saved");
    assert_eq!(ended.code, Some(143), "{ended:?}");
    assert_eq!(account.journal().last().unwrap()["outcome"], "done");
    account.assert_environment(&[("AA", "canary")]);
}

#[test]
fn a_signal_while_it_is_looked_whether_a_change_was_done_says_that_nobody_knows() {
    let account = Account::with(&[("AA", "1")]);
    let sent = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&sent);
    account.server.answer("UpdateFunctionConfiguration", move |_| {
        seen.store(true, Ordering::Relaxed);
        Fault::PassThenReset
    });
    account
        .server
        .answer("GetFunction", move |_| if sent.load(Ordering::Relaxed) { Fault::Hang } else { Fault::Pass });
    let mut started = account.run(SET).start();
    started.wait_said("looking whether it was done");
    started.signal(Signal::INT);
    started.end().failed(130).said("stopped looking whether it was done: outcome unknown");
}

#[test]
fn a_second_signal_leaves_a_change_that_has_left() {
    let account = Account::with(&[("AA", "1")]);
    account.server.always("UpdateFunctionConfiguration", Fault::Hang);
    let mut started = account.run(SET).start();
    account.server.wait_arrived("UpdateFunctionConfiguration", 1, PATIENCE);
    started.signal(Signal::INT);
    started.wait_said("waiting for its answer");
    started.signal(Signal::INT);
    let ended = started.end().said("outcome unknown");
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(account.journal().last().unwrap()["outcome"], "begun");
}
