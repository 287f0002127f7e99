//! The user's own editor, which has the terminal to itself: what it saves comes back, the file is private and never
//! stays, whatever becomes of the editor or of lambdeck.

use std::{fs, path::PathBuf};

use rustix::process::{Pid, Signal, test_kill_process};

use super::{
    changes::{files, holds},
    engine::{Local, wait_until},
};
use crate::support::terminal::{Exit, Launch, key};

/// What is typed into the editor.
const CANARY: &str = "canary-5e1f0ab2";

/// An editor that is a script, and what it notes down.
struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("my editor"), script).unwrap();
        Self { folder }
    }

    /// The dashboard of the sample `greeter`, in its Test tab, with this editor.
    fn start(&self, change: impl FnOnce(Launch) -> Launch) -> Local {
        let path = self.folder.path();
        let command = format!("sh '{}/my editor' {}", path.display(), path.display());
        let local =
            Local::start_as(|launch| change(launch.env("VISUAL", " ").env("EDITOR", command))).ready();
        local.select("greeter");
        local.terminal.send("i");
        local.terminal.wait_text("Nothing was sent yet");
        local
    }

    fn note(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default().trim().to_owned()
    }

    /// The file that the editor was given; the script notes it.
    fn file(&self) -> PathBuf {
        PathBuf::from(self.note("file"))
    }

    fn has_ended(&self) -> bool {
        let pid = Pid::from_raw(self.note("pid").parse().unwrap()).unwrap();
        test_kill_process(pid).is_err()
    }
}

const NOTES: &str = "echo $$ > $1/pid; echo \"$2\" > $1/file; echo \"the editor is here\"\n";

#[track_caller]
fn assert_gone(script: &Script, local: &Local) {
    let file = script.file();
    assert!(file.is_absolute() && !file.exists() && !file.parent().unwrap().exists(), "{}", file.display());
    local.assert_nothing_left();
    let home = files(local.terminal.home());
    assert!(home.iter().all(|(_, content)| !holds(content, CANARY)), "a canary in HOME");
}

#[test]
fn what_the_editor_saves_comes_back_and_all_keys_meanwhile_are_its_own() {
    let script = Script::new(&format!(
        "{NOTES}stat -c %a \"$2\" \"$(dirname \"$2\")\" > $1/modes\n\
         stty -a > $1/stty\n\
         read -r line; printf '{{\"typed\": \"%s\"}}\\n' \"$line\" > \"$2\"\n\
         echo secret > \"$2~\"\n"
    ));
    let local = script.start(|launch| launch);
    let terminal = &local.terminal;
    terminal.send("\x0f");
    terminal.wait_text("the editor is here");
    assert!(!terminal.look(vt100::Screen::alternate_screen));
    // `q` would end lambdeck, and the `j`s would move it.
    terminal.send(&format!("jjq {CANARY}\r"));
    terminal.wait_text("the event is what the editor saved");
    terminal.wait_text(&format!("\"typed\": \"jjq {CANARY}\""));
    assert!(terminal.look(vt100::Screen::alternate_screen));
    assert_eq!(script.note("modes"), "600\n700");
    let modes = script.note("stty");
    assert!(modes.contains(" icanon") && modes.contains(" echo "), "{modes}");
    assert!(!script.file().parent().unwrap().exists());

    // One step, and the keys are lambdeck's again.
    terminal.send("u");
    terminal.wait_gone(CANARY);
    terminal.send("U");
    terminal.wait_text(CANARY);
    terminal.send("e");
    terminal.wait_text("editing");
    terminal.send("\x0f");
    terminal.wait_text("the editor is here");
    terminal.send("again\r");
    terminal.wait_text("\"typed\": \"again\"");
    terminal.wait_text("editing");
    terminal.send(key::ESC);
    terminal.wait_gone("editing");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
    assert_gone(&script, &local);
}

#[test]
fn an_editor_that_fails_changes_nothing_and_one_that_is_killed_leaves_what_it_saved() {
    let script = Script::new(&format!(
        "{NOTES}read -r line\n\
         case $line in\n\
         fail) exit 3;;\n\
         killed) echo '[\"{CANARY}\"]' > \"$2\"; stty raw -echo; kill -9 $$;;\n\
         broken) printf '\"\\377\"' > \"$2\";;\n\
         removed) rm \"$2\";;\n\
         endless) rm \"$2\"; mkfifo \"$2\";;\n\
         esac\n"
    ));
    let local = script.start(|launch| launch);
    let terminal = &local.terminal;
    for (line, told) in [
        ("fail", "sh ended with exit code 3; the event is as it was"),
        ("broken", "the file is no UTF-8 from byte 1 on"),
        ("removed", "the file can't be read"),
        ("endless", "the file is no file any more"),
        ("killed", "sh was ended by signal 9; the event is what the editor saved"),
    ] {
        terminal.send("\x0f");
        terminal.wait_text("the editor is here");
        terminal.send(&format!("{line}\r"));
        terminal.wait_text(told);
        assert_gone_now(&script);
    }
    terminal.wait_text(CANARY);
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
    assert_gone(&script, &local);
}

#[track_caller]
fn assert_gone_now(script: &Script) {
    let file = script.file();
    assert!(file.is_absolute() && !file.parent().unwrap().exists(), "{}", file.display());
}

#[test]
fn an_editor_that_is_not_there_is_said() {
    let local = Local::start_as(|launch| launch.env("VISUAL", "no-such-editor --wait")).ready();
    local.select("greeter");
    local.terminal.send("i");
    local.terminal.wait_text("Nothing was sent yet");
    local.terminal.send("\x0f");
    local.terminal.wait_text("no-such-editor can't be started");
    local.terminal.send("q");
    assert_eq!(local.terminal.wait_exit(), Exit::Code(0));
    local.terminal.assert_left_in_order();
    local.assert_nothing_left();
}

#[test]
fn an_interrupt_is_the_editors() {
    let script = Script::new(&format!(
        "trap 'echo interrupted' INT\n\
         trap 'echo quitted' QUIT\n\
         {NOTES}read -r line || read -r line || read -r line\n\
         echo '[\"done\"]' > \"$2\"\n"
    ));
    let local = script.start(|launch| launch);
    let terminal = &local.terminal;
    terminal.send("\x0f");
    terminal.wait_text("the editor is here");
    terminal.send(key::CTRL_C);
    terminal.wait_text("interrupted");
    terminal.send("\x1c");
    terminal.wait_text("quitted");
    terminal.send("\r");
    terminal.wait_text("[\"done\"]");
    // Now it is lambdeck's again.
    terminal.signal(Signal::INT);
    assert_eq!(terminal.wait_exit(), Exit::Code(130));
    terminal.assert_left_in_order();
    assert_gone(&script, &local);
}

#[test]
fn a_signal_ends_the_editor_too_and_removes_the_file() {
    // One that goes at once, and one that does not listen.
    for trap in ["", "trap '' TERM HUP\n"] {
        let script = Script::new(&format!(
            "{NOTES}{trap}echo {CANARY} > \"$2\"; echo ready; read -r line; read -r line\n"
        ));
        let local = script.start(|launch| launch);
        local.terminal.send("\x0f");
        local.terminal.wait_text("ready");
        local.terminal.signal(Signal::TERM);
        assert_eq!(local.terminal.wait_exit(), Exit::Code(143));
        local.terminal.assert_left_in_order();
        wait_until("the editor has ended", || script.has_ended());
        assert_gone(&script, &local);
    }
}

#[test]
fn a_terminal_that_is_closed_ends_the_editor_and_removes_the_file() {
    let script = Script::new(&format!("{NOTES}trap '' HUP\necho ready; read -r line; exec sleep 1000\n"));
    let mut local = script.start(|launch| launch);
    local.terminal.send("\x0f");
    local.terminal.wait_text("ready");
    local.terminal.hang_up();
    assert_eq!(local.terminal.wait_exit(), Exit::Code(129));
    wait_until("the editor has ended", || script.has_ended());
    local.wait_nothing_left();
    assert_gone(&script, &local);
}

#[cfg(debug_assertions)]
#[test]
fn a_crash_ends_the_editor_and_removes_the_file() {
    let script = Script::new(&format!("{NOTES}echo {CANARY} > \"$2\"; echo ready; read -r line\n"));
    let local = script.start(|launch| launch.env("LAMBDECK_PANIC", "invoke"));
    let terminal = &local.terminal;
    // It crashes when the answer comes.
    terminal.send(":open report-builder\r");
    terminal.wait_text("General");
    terminal.send("i");
    terminal.wait_text("\"shops\": 4");
    terminal.send(key::ENTER);
    terminal.wait_text("◐ running");
    terminal.send("\x0f");
    terminal.wait_text("ready");
    assert_eq!(terminal.wait_exit(), Exit::Code(101));
    terminal.assert_left_in_order();
    wait_until("the editor has ended", || script.has_ended());
    assert_gone(&script, &local);
}

#[test]
fn an_answer_that_comes_meanwhile_is_there_afterwards() {
    let script = Script::new(&format!("{NOTES}read -r line; echo '[\"saved\"]' > \"$2\"\n"));
    let local = script.start(|launch| launch);
    let terminal = &local.terminal;
    terminal.send(key::ENTER);
    // Its first start takes longer than the editor's.
    terminal.send("\x0f");
    terminal.wait_text("the editor is here");
    wait_until("the function has answered", || {
        let logs = local.command(["logs", "greeter", "--since", "10m"]);
        holds(&logs.stdout, "REPORT RequestId")
    });
    terminal.send("\r");
    terminal.wait_text("● OK 200");
    terminal.wait_text("[\"saved\"]");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    assert_gone(&script, &local);
}
