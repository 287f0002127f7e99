//! `versions`, `publish`, `alias` and `rollback`.

use rstest::rstest;
use serde_json::json;

use super::Account;
use crate::support::fault_server::{Fault, FaultServer};

#[test]
fn a_version_is_published_and_its_number_is_the_output() {
    let account = Account::with(&[("TOKEN", "canary")]);
    let published = account.run(["publish", "f", "--yes", "--description", "first\u{1b}[2J"]).end().well();
    assert_eq!(published.text(), "1\n");
    assert!(!published.stderr.contains('\u{1b}'), "{published:?}");
    published.said("  + New version  first").said("f: version 1 is published\n");

    let again = account.run(["publish", "f", "--yes"]).end().well();
    assert_eq!(again.text(), "1\n");
    again.said("nothing has changed since version 1: no new one was published");

    account.somebody_else().set(&[("TOKEN", "canary-2")]);
    let second = account.run(["publish", "f", "--yes"]).end().well().without("canary");
    assert_eq!(second.text(), "2\n");
    second.said("f: changed since version 1:\n  ~ TOKEN  (6 bytes) → (8 bytes)\n");
    let long = "x".repeat(257);
    account.run(["publish", "f", "--yes", "--description", &long]).end().failed(2);
    assert_eq!(account.writes(), 3);
}

#[test]
fn what_is_published_is_what_was_shown() {
    let account = Account::with(&[("TOKEN", "1")]);
    let other = account.somebody_else();
    account.server.answer("PublishVersion", move |_| {
        other.set(&[("TOKEN", "canary")]);
        Fault::Pass
    });
    let ended = account.run(["publish", "f", "--yes"]).end().failed(5).without("canary");
    ended
        .said("f was changed by somebody else meanwhile:\n  ~ TOKEN  (1 byte) → (6 bytes)\n")
        .said("nothing was");
}

#[test]
fn a_version_whose_answer_was_lost_is_looked_for() {
    let account = Account::with(&[]);
    account.server.script("PublishVersion", [Fault::PassThenReset, Fault::Reset]);
    let ended = account.run(["publish", "f", "--yes"]).end().well().said("version 1 is published");
    assert_eq!(ended.text(), "1\n");
    account.somebody_else().set(&[("AA", "1")]);
    account.run(["publish", "f", "--yes"]).end().failed(1).said("no new version so far");
    assert_eq!(account.writes(), 2);
}

#[test]
fn versions_stand_beside_their_aliases() {
    let account = Account::with(&[("TOKEN", "canary")]);
    account.publish(2);
    account.run(["alias", "set", "f", "live", "1", "--weight", "2=12.5", "--yes"]).end().well();
    account.run(["alias", "set", "f", "next", "$LATEST", "--yes", "--description", "d\tx"]).end().well();

    let text = account.run(["versions", "f"]).end().quietly().without("canary");
    let rows: Vec<Vec<&str>> = text.text().lines().map(|line| line.split('\t').collect()).collect();
    let names: Vec<(&str, &str)> = rows.iter().map(|row| (row[0], row[1])).collect();
    assert_eq!(names, [("$LATEST", "next"), ("2", "live 12.5 %"), ("1", "live 87.5 %")]);
    assert!(rows.iter().all(|row| row.len() == 7), "{rows:?}");

    let table = account.run(["versions", "f", "--output", "table"]).end().quietly();
    let lines: Vec<&str> = table.text().lines().collect();
    assert!(
        lines[0].starts_with("VERSION  ALIASES") && lines[2].starts_with("2        live 12.5 %"),
        "{lines:?}"
    );

    let json = account.run(["versions", "f", "--output", "json"]).end().quietly().without("canary").json();
    let versions: Vec<_> =
        json["Versions"].as_array().unwrap().iter().map(|it| it["Version"].clone()).collect();
    assert_eq!(versions, ["$LATEST", "2", "1"]);
    assert_eq!(json["Versions"][1]["Environment"]["Variables"], json!({ "TOKEN": null }));
    assert_eq!(json["Aliases"][0]["RoutingConfig"], json!({ "AdditionalVersionWeights": { "2": 0.125 } }));

    let list = account.run(["alias", "list", "f"]).end().quietly();
    let shown: Vec<&str> = list.text().lines().collect();
    assert_eq!(shown[0], "live\t1 87.5 %, 2 12.5 %\t");
    // Its tab is made visible: there are three fields.
    assert_eq!(shown[1].split('\t').count(), 3, "{shown:?}");
    let list = account.run(["alias", "list", "f", "--output", "json"]).end().quietly().json();
    assert_eq!(list, json["Aliases"]);
    let list = account.run(["alias", "list", "f", "--output", "table"]).end().quietly();
    assert!(list.text().starts_with("ALIAS  POINTS TO"), "{}", list.text());

    account.run(["versions", "g"]).end().failed(3);
    account.run(["versions", "f:1"]).end().failed(2);
}

#[test]
fn a_function_without_aliases_is_no_error() {
    let account = Account::with(&[]);
    assert_eq!(account.run(["alias", "list", "f"]).end().well().said("f has no aliases").text(), "");
    assert_eq!(account.run(["alias", "list", "f", "--output", "json"]).end().quietly().json(), json!([]));
}

#[test]
fn an_alias_is_created_moved_weighted_described_and_deleted() {
    let account = Account::with(&[]);
    account.publish(3);
    let set = |args: &[&str]| account.run([&["alias", "set", "f", "live"], args, &["--yes"]].concat()).end();
    set(&["1", "--description", "first"]).well().said("  + Alias live  1\n").said("  + Description  first\n");
    set(&["2"]).well().said("  ~ Alias live  1 → 2\n").said("f: alias live points to 2\n");
    set(&["2"]).well().said("nothing to change");
    set(&["2", "--weight", "3=10"]).well().said("  ~ Alias live  2 → 2 90 %, 3 10 %\n");
    set(&["3"]).well().said("  ~ Alias live  2 90 %, 3 10 % → 3\n");
    let described = account.run(["alias", "list", "f"]).end().quietly();
    assert_eq!(described.text(), "live\t3\tfirst\n");
    set(&["3", "--description", ""]).well().said("  - Description  first\n");
    assert_eq!(account.writes(), 5);

    set(&["9"]).failed(3).said("f has no version 9").said("hint: there are: $LATEST, 3, 2, 1");
    set(&["1", "--weight", "9=10"]).failed(3).said("f has no version 9");

    let delete = |args: &[&str]| account.run([&["alias", "delete", "f"], args].concat()).end();
    delete(&["old", "--confirm", "f:old"]).failed(3).said("f has no alias old").said("there are: live");
    delete(&["live", "--yes"]).failed(2).said("this change needs --confirm f:live");
    delete(&["live", "--yes", "--confirm", "live"]).failed(2).said("takes --confirm f:live");
    assert_eq!((account.writes(), account.alias("live").as_deref()), (5, Some("3")));
    delete(&["live", "--confirm", "f:live"])
        .well()
        .said("  - Alias live  3\n")
        .said("f: alias live is deleted\n");
    assert_eq!((account.writes(), account.alias("live")), (6, None));
}

#[rstest]
#[case(&["alias", "set", "f", "7", "1"])]
#[case(&["alias", "set", "f", "li ve", "1"])]
#[case(&["alias", "set", "f", "live", "one"])]
#[case(&["alias", "set", "f", "live"])]
#[case(&["alias", "set", "f", "live", "1", "--weight", "1=10"])]
#[case(&["alias", "set", "f", "live", "1", "--weight", "2"])]
#[case(&["alias", "set", "f", "live", "1", "--weight", "2=101"])]
#[case(&["alias", "set", "f", "live", "$LATEST", "--weight", "2=10"])]
#[case(&["alias", "set", "f:live", "live", "1"])]
#[case(&["alias", "set", "arn:aws:lambda:us-west-2:123456789012:function:f", "live", "1"])]
#[case(&["alias", "delete", "f", "1"])]
#[case(&["rollback", "f", "live", "--to", "one"])]
#[case(&["rollback", "f"])]
fn what_makes_no_sense_is_a_usage_error(#[case] args: &[&str]) {
    let server = FaultServer::start();
    super::super::run_on(&server, args).end().failed(2);
    assert_eq!(server.count("*"), 0);
}

#[test]
fn a_function_of_another_account_is_not_taken_for_ones_own() {
    let account = Account::with(&[("AA", "1")]);
    let arn = "arn:aws:lambda:eu-west-1:210987654321:function:f";
    account.run(["env", "set", arn, "AA=2", "--yes"]).end().failed(2).said("account 210987654321");
    assert_eq!(account.writes(), 0);
    account
        .run(["env", "set", "arn:aws:lambda:eu-west-1:123456789012:function:f", "AA=2", "--yes"])
        .end()
        .well();
    account.assert_environment(&[("AA", "2")]);
}

#[test]
fn a_rollback_goes_where_the_journal_says_else_one_version_down() {
    let account = Account::with(&[]);
    account.publish(4);
    account.now(async {
        let create = account.client.create_alias().function_name("f").name("live").function_version("3");
        create.send().await.unwrap();
    });
    let rollback = |args: &[&str]| account.run([&["rollback", "f", "live", "--yes"], args].concat()).end();
    rollback(&[]).well().said("  ~ Alias live  3 → 2\n").said("the journal does not tell");
    account.run(["alias", "set", "f", "live", "4", "--yes"]).end().well();
    // Not to 3: it was at 2.
    rollback(&[]).well().said("  ~ Alias live  4 → 2\n").said("as the journal has it");
    // And back again.
    rollback(&[]).well().said("  ~ Alias live  2 → 4\n").said("as the journal has it");
    rollback(&["--to", "1"]).well().said("  ~ Alias live  4 → 1\n");
    rollback(&["--to", "9"]).failed(3);
    account.somebody_else().point("live", "1");
    rollback(&["--to", "1"]).well().said("nothing to change");
    account.run(["rollback", "f", "old", "--yes"]).end().failed(3).said("f has no alias old");
}

#[test]
fn there_is_nothing_before_the_first_version() {
    let account = Account::with(&[]);
    account.publish(1);
    account.run(["alias", "set", "f", "live", "1", "--yes"]).end().well();
    let ended = account.run(["rollback", "f", "live", "--yes"]).end().failed(3);
    ended.said("no version before 1").said("--to");
}

#[test]
fn an_alias_that_is_split_needs_to_be_told_where_to() {
    let account = Account::with(&[]);
    account.publish(3);
    account.run(["alias", "set", "f", "live", "2", "--weight", "3=10", "--yes"]).end().well();
    let rollback = |args: &[&str]| account.run([&["rollback", "f", "live", "--yes"], args].concat()).end();
    let hint = "hint: --to 2 takes 3 out, --to 3 takes 2 out, --to 1 goes to the one before 2\n";
    rollback(&[]).failed(2).said("split between versions 2 and 3").said(hint);
    assert_eq!(account.writes(), 1);
    rollback(&["--to", "2"]).well().said("  ~ Alias live  2 90 %, 3 10 % → 2\n");
    assert_eq!(account.writes(), 2);
}

#[test]
fn a_version_that_is_gone_is_not_replaced_by_another() {
    let account = Account::with(&[]);
    account.publish(3);
    for version in ["2", "3"] {
        account.run(["alias", "set", "f", "live", version, "--yes"]).end().well();
    }
    account
        .now(async { account.client.delete_function().function_name("f").qualifier("2").send().await })
        .unwrap();
    account.run(["rollback", "f", "live", "--yes"]).end().failed(3).said("version 2 before, which is gone");
    assert_eq!(account.alias("live").as_deref(), Some("3"));
}

#[test]
fn a_journal_that_cannot_be_read_is_no_reason_to_stop() {
    let account = Account::with(&[]);
    account.publish(2);
    account.run(["alias", "set", "f", "live", "2", "--yes"]).end().well();
    std::fs::write(super::journal_file(account.home.path()).unwrap(), "no journal\n").unwrap();
    let ended = account.run(["rollback", "f", "live", "--yes"]).end().well();
    ended.said("warning: the journal can't be read").said("  ~ Alias live  2 → 1\n");
}

#[test]
fn an_alias_that_somebody_else_moved_stays_where_it_is() {
    let account = Account::with(&[]);
    account.publish(3);
    account.run(["alias", "set", "f", "live", "1", "--yes"]).end().well();
    let other = account.somebody_else();
    account.server.answer("UpdateAlias", move |_| {
        other.point("live", "3");
        Fault::Pass
    });
    let ended = account.run(["alias", "set", "f", "live", "2", "--yes"]).end().failed(5);
    ended.said("f was changed by somebody else meanwhile:\n  ~ Alias live  1 → 3\n");
    assert_eq!(account.alias("live").as_deref(), Some("3"));
}

#[test]
fn a_move_whose_answer_was_lost_is_looked_for() {
    let account = Account::with(&[]);
    account.publish(3);
    account.server.script("CreateAlias", [Fault::PassThenReset]);
    account.run(["alias", "set", "f", "live", "1", "--yes"]).end().well().said("it was done");
    account.server.script("UpdateAlias", [Fault::PassThenReset, Fault::Reset]);
    account.run(["alias", "set", "f", "live", "2", "--yes"]).end().well().said("it was done");
    account.run(["alias", "set", "f", "live", "3", "--yes"]).end().failed(1).said("it was not done");
    let other = account.somebody_else();
    account.server.answer("UpdateAlias", move |_| {
        other.point("live", "1");
        Fault::Reset
    });
    account.run(["alias", "set", "f", "live", "3", "--yes"]).end().failed(8).said("can't be told");
    account.server.script("DeleteAlias", [Fault::PassThenReset]);
    account.run(["alias", "delete", "f", "live", "--confirm", "f:live"]).end().well().said("it was done");
    assert_eq!((account.writes(), account.alias("live")), (5, None));
}
