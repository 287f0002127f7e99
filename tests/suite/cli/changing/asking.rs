//! How a change is agreed to: on a terminal, by flags, and what is never sent.

use rstest::rstest;
use serde_json::json;

use super::{ACCOUNT, Account};
use crate::support::fault_server::{Fault, FaultServer, Reply};
use crate::support::terminal::{Exit, key};

const SET: [&str; 4] = ["env", "set", "f", "TOKEN=canary-2"];

#[test]
fn without_a_terminal_a_change_is_shown_and_takes_a_flag() {
    let account = Account::with(&[("TOKEN", "canary")]);
    // What is on stdin is no answer.
    let ended = account.run(SET).stdin("y\ny\n").end().failed(2).without("canary");
    ended.said("  ~ TOKEN  (6 bytes) → (8 bytes)\n").said("this change needs --yes").said("nothing was sent");
    account.run(["publish", "f"]).stdin("y\n").end().failed(2).said("--yes");
    assert_eq!(account.writes(), 0);
}

#[rstest]
#[case(&["env", "set", "f", "TOKEN=2", "--yes"])]
#[case(&["env", "unset", "f", "TOKEN", "--yes"])]
#[case(&["env", "import", "f", "-", "--yes"])]
#[case(&["publish", "f", "--yes"])]
#[case(&["alias", "set", "f", "live", "1", "--yes"])]
#[case(&["alias", "delete", "f", "live", "--confirm", "f:live"])]
#[case(&["rollback", "f", "live", "--yes"])]
fn a_read_only_session_sends_nothing(#[case] args: &[&str]) {
    let server = FaultServer::start();
    let run = |args: &[&str]| {
        super::super::run_on(&server, args).stdin("TOKEN=2").file("c.toml", "read_only = true")
    };
    run(&[args, &["--read-only"]].concat()).end().failed(4).said("read-only");
    run(&[args, &["--config", "c.toml"]].concat()).end().failed(4).said("read-only");
    assert_eq!(server.count("*"), 0);
}

#[rstest]
#[case("y\r", true)]
#[case("YES\r", true)]
#[case("n\r", false)]
#[case(key::ENTER, false)]
#[case("yellow\r", false)]
#[case("\u{4}", false)]
fn on_a_terminal_it_is_asked_and_the_default_is_no(#[case] answer: &str, #[case] sent: bool) {
    let account = Account::with(&[("TOKEN", "canary")]);
    let terminal = account.on_terminal(&SET).start();
    terminal.wait_text("Send this change? [y/N]");
    let screen = terminal.screen();
    assert!(screen.contains(ACCOUNT) && screen.contains("~ TOKEN  (6 bytes) → (8 bytes)"), "{screen}");
    assert!(!screen.contains("PROD"), "{screen}");
    terminal.send(answer);
    assert_eq!(terminal.wait_exit(), Exit::Code(u32::from(!sent)), "{}", terminal.screen());
    let screen = terminal.screen();
    assert!(screen.contains(if sent { "in use after" } else { "nothing was sent" }), "{screen}");
    assert!(!String::from_utf8_lossy(&terminal.raw()).contains("canary"));
    account.assert_environment(&[("TOKEN", if sent { "canary-2" } else { "canary" })]);
    assert_eq!(account.writes(), usize::from(sent));
    terminal.assert_left_in_order();
}

#[test]
fn ctrl_c_at_the_question_sends_nothing() {
    let account = Account::with(&[("TOKEN", "canary")]);
    let terminal = account.on_terminal(&SET).start();
    terminal.wait_text("[y/N]");
    terminal.send(key::CTRL_C);
    assert_eq!(terminal.wait_exit(), Exit::Code(130), "{}", terminal.screen());
    assert!(terminal.screen().contains("nothing was sent"), "{}", terminal.screen());
    assert_eq!(account.writes(), 0);
}

#[rstest]
#[case("f:live\r", true)]
#[case("f:liv\r", false)]
#[case("y\r", false)]
#[case("yes\r", false)]
#[case(key::ENTER, false)]
fn what_is_deleted_is_typed(#[case] answer: &str, #[case] sent: bool) {
    let account = Account::with(&[]);
    account.publish(1);
    account.run(["alias", "set", "f", "live", "1", "--yes"]).end().well();
    // A Yes does not replace it.
    let terminal = account.on_terminal(&["alias", "delete", "f", "live", "--yes"]).start();
    terminal.wait_text("Type f:live to send this change:");
    terminal.send(answer);
    assert_eq!(terminal.wait_exit(), Exit::Code(u32::from(!sent)), "{}", terminal.screen());
    assert_eq!(account.alias("live").is_none(), sent);
}

/// Answers come from the terminal that the program was started in, not from the file on stdin.
#[test]
fn variables_may_come_from_stdin_and_the_answer_from_the_terminal() {
    let account = Account::with(&[]);
    let script = "printf 'TOKEN=canary\\ny\\n# y\\n' | \"$0\" env set f --from-file -; \
                  printf 'TOKEN=canary\\n' | \"$0\" env set f --from-file -";
    let launch = account.variables().into_iter().fold(
        crate::support::terminal::Launch::program("/bin/sh", ["-c", script, env!("CARGO_BIN_EXE_lambdeck")]),
        |launch, (name, value)| launch.env(name, value),
    );
    let terminal = launch.env("NO_COLOR", "1").start();
    // A line that is no variable is an error, whatever it looks like.
    terminal.wait_text("line 2");
    terminal.wait_text("[y/N]");
    terminal.send("y\r");
    assert_eq!(terminal.wait_exit(), Exit::Code(0), "{}", terminal.screen());
    account.assert_environment(&[("TOKEN", "canary")]);
}

const PROTECTED: &str = "[protected]\naccounts = ['1234*']\n";

#[test]
fn what_is_protected_says_prod_and_takes_its_name() {
    let account = Account::with(&[("TOKEN", "canary")]);
    let set = |args: &[&str]| {
        account.run([&SET, args, &["--config", "c.toml"]].concat()).file("c.toml", PROTECTED).end()
    };
    set(&["--yes"]).failed(2).said("  PROD\n").said("needs --confirm f").without("canary");
    set(&["--confirm", "g"]).failed(2).said("takes --confirm f");
    assert_eq!(account.writes(), 0);
    set(&["--confirm", "f"]).well().said("  PROD\n");
    account.assert_environment(&[("TOKEN", "canary-2")]);

    std::fs::create_dir_all(account.home.path().join(".config/lambdeck")).unwrap();
    std::fs::write(account.home.path().join(".config/lambdeck/config.toml"), PROTECTED).unwrap();
    let config = account.home.path().join(".config/lambdeck");
    let launch = account.on_terminal(&["env", "unset", "f", "TOKEN", "--yes"]);
    let terminal = launch.env("LAMBDECK_CONFIG_DIR", config.to_str().unwrap()).start();
    terminal.wait_text("Type f to send this change:");
    assert!(terminal.screen().contains("PROD"), "{}", terminal.screen());
    terminal.send("f\r");
    assert_eq!(terminal.wait_exit(), Exit::Code(0), "{}", terminal.screen());
    account.assert_environment(&[]);
}

#[test]
fn a_name_that_is_given_is_as_good_as_a_yes() {
    let account = Account::with(&[("TOKEN", "canary")]);
    account.run([&SET[..], &["--confirm", "g", "--yes"]].concat()).end().failed(2);
    account.run([&SET[..], &["--confirm", "f"]].concat()).end().well();
    account.assert_environment(&[("TOKEN", "canary-2")]);
}

#[test]
fn what_cloudformation_owns_will_drift() {
    let account = Account::with(&[]);
    // Nobody but CloudFormation sets its tags.
    let answer = Reply::json(&json!({
        "Configuration": {
            "FunctionName": "f", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f", "RevisionId": "r",
        },
        "Tags": { "aws:cloudformation:stack-name": "shop\u{1b}[2J" },
    }));
    account.server.always("GetFunction", Fault::Answer(answer));
    let ended = account.run(SET).end().failed(2);
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
    ended.said("warning: CloudFormation stack shop").said("drift");
}
