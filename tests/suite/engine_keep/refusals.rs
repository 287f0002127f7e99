//! What can't be kept, or not be read back.

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_lambda::error::ProvideErrorMetadata as _;
use lambdeck::local::{KeepError, engine::StartError};
use redb::TableDefinition;
use serde_json::json;

use super::*;

async fn refused(options: Options) -> StartError {
    match Engine::start(options).await {
        Ok(_) => panic!("it has started"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_one_engines_of_one_account_and_region_and_no_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let first = engine(folder.path()).await;
    let error = refused(keeping(folder.path())).await;
    assert!(matches!(error, StartError::Keep(KeepError::InUse(_))), "{error}");
    first.shutdown().await;
    for (other, what) in [
        (Options { region: "us-east-1".into(), ..keeping(folder.path()) }, "region"),
        (Options { account_id: Some("210987654321".into()), ..keeping(folder.path()) }, "account"),
    ] {
        let error = refused(other).await;
        assert!(
            matches!(error, StartError::Keep(KeepError::Other { what: it, .. }) if it == what),
            "{error}"
        );
    }
    // Where nothing is said, it is the account that it was.
    let again = Engine::start(Options { account_id: None, ..keeping(folder.path()) }).await.unwrap();
    assert_eq!(again.account_id(), "123456789012");
    again.shutdown().await;

    let database = redb::Database::open(folder.path().join("engine.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert(&b"version"[..], &b"2"[..]).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = refused(keeping(folder.path())).await;
    assert!(matches!(error, StartError::Keep(KeepError::Newer(_))), "{error}");
}

#[test]
fn the_command_says_what_to_do_about_it() {
    let outer = tempfile::tempdir().unwrap();
    let (folder, temporary) = (outer.path().join("kept"), outer.path().join("tmp"));
    std::fs::create_dir(&temporary).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lambdeck"));
        command.args(["local", "--serve", "--no-samples", "--persist"]).arg(&folder).args(args);
        let ended = command.env_clear().env("HOME", outer.path()).env("TMPDIR", &temporary).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        String::from_utf8(ended.stderr).unwrap()
    };
    let served = Served::start(&folder, &temporary);
    let said = run(&["--region", "eu-central-1"]);
    assert!(said.contains("another engine uses the folder") && said.contains("another folder"), "{said}");
    served.end();
    let said = run(&["--region", "eu-west-1"]);
    assert!(
        said.contains("is of the region eu-central-1") && said.contains("--region eu-central-1"),
        "{said}"
    );
    let said = run(&["--region", "eu-central-1", "--account-id", "000000000000"]);
    assert!(said.contains("is of the account ") && said.contains("--account-id "), "{said}");
    std::fs::write(folder.join("engine.redb"), "no database").unwrap();
    let said = run(&["--region", "eu-central-1"]);
    assert!(said.contains("can't be used") && said.contains("hint"), "{said}");
    assert_eq!(std::fs::read(folder.join("engine.redb")).unwrap(), b"no database");
}

/// One function is lost, and says so; the others run.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_code_is_its_functions_trouble_alone() {
    let folder = tempfile::tempdir().unwrap();
    let first = engine(folder.path()).await;
    let clients = Clients::of(&first);
    let with_file = |name: &str| {
        let zip = crate::support::zip_of(&[("bootstrap", BOOTSTRAP), (name, "")]);
        FunctionCode::builder().zip_file(Blob::new(zip)).build()
    };
    for name in ["whole", "damaged", "missing"] {
        creation(&clients, name, &[("VALUE", name)]).code(with_file(name)).send().await.unwrap();
    }
    first.shutdown().await;
    let zips = zips(folder.path());
    assert_eq!(zips.len(), 3);
    let holds = |file: &Path, name: &str| {
        std::fs::read(file).unwrap().windows(name.len()).any(|window| window == name.as_bytes())
    };
    for file in &zips {
        if holds(file, "damaged") {
            std::fs::write(file, "no zip").unwrap();
        } else if holds(file, "missing") {
            std::fs::remove_file(file).unwrap();
        }
    }
    std::fs::write(folder.path().join("lambdeck-code/readme.txt"), "the user's own").unwrap();
    std::fs::write(folder.path().join("lambdeck-code/.lambdeck-unfinished-left"), "half a zip").unwrap();

    let second = engine(folder.path()).await;
    let clients = Clients::of(&second);
    assert_eq!(clients.invoke("whole").await, json!("whole"));
    for (name, why) in [("damaged", "is damaged"), ("missing", "can't be read")] {
        let answer = clients.lambda.invoke().function_name(name).send().await.unwrap();
        let payload = String::from_utf8(answer.payload().unwrap().clone().into_inner()).unwrap();
        assert!(answer.function_error().is_some() && payload.contains(why), "{payload}");
        assert!(payload.contains("Upload the code again"), "{payload}");
        let code = clients.lambda.update_function_code().function_name(name);
        code.zip_file(with_file(name).zip_file().unwrap().clone()).send().await.unwrap();
        assert_eq!(clients.invoke(name).await, json!(name));
    }
    assert!(folder.path().join("lambdeck-code/readme.txt").exists());
    assert!(!folder.path().join("lambdeck-code/.lambdeck-unfinished-left").exists());
    second.shutdown().await;
}

/// The disk is full, as far as this program is concerned; later there is room again.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_does_not_take_is_told_and_tried_again() {
    use rustix::process::{Resource, Rlimit, prlimit};
    let outer = tempfile::tempdir().unwrap();
    let (folder, temporary) = (outer.path().join("kept"), outer.path().join("tmp"));
    std::fs::create_dir(&temporary).unwrap();
    let mut shell = Command::new("/bin/sh");
    // Else the limit ends the program.
    shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_lambdeck")]);
    let served = Served::run(shell, &folder, &temporary);
    let limit = |bytes| {
        prlimit(Some(served.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    };
    limit(Some(8 << 20));
    let logs = &served.clients.logs;
    logs.create_log_group().log_group_name("g").send().await.unwrap();
    logs.create_log_stream().log_group_name("g").log_stream_name("s").send().await.unwrap();
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let put = async |text: &str| {
        let event =
            InputLogEvent::builder().timestamp(time.try_into().unwrap()).message(text).build().unwrap();
        logs.put_log_events().log_group_name("g").log_stream_name("s").log_events(event).send().await
    };
    let (mut written, text) = (0, "m".repeat(900_000));
    let refusal = loop {
        match put(&text).await {
            Ok(_) => written += 1,
            Err(error) => break error.into_service_error(),
        }
        assert!(written < 100, "the limit does not hold");
    };
    assert!(written > 0);
    assert!(refusal.message().is_some_and(|it| it.contains("could not keep it")), "{refusal:?}");
    // It goes on, and says the same of every change.
    let refusal =
        creation(&served.clients, "one", &[("VALUE", "late")]).send().await.unwrap_err().into_service_error();
    assert_eq!(refusal.code(), Some("ServiceException"), "{refusal:?}");
    assert!(refusal.message().is_some_and(|it| it.contains("The change is made")), "{refusal:?}");
    let found = served.clients.lambda.get_function_configuration().function_name("one").send().await;
    assert!(found.is_ok());

    limit(None);
    put("after").await.unwrap();
    served.kill();
    let again = Served::start(&folder, &temporary);
    assert_eq!(again.clients.invoke("one").await, json!("late"));
    let stored = again.clients.logs.describe_log_groups().log_group_name_prefix("g").send().await.unwrap();
    let bytes = stored.log_groups()[0].stored_bytes().unwrap();
    assert_eq!(bytes, i64::from(written + 1) * (900_000 + 26) + 5 + 26);
    again.end();
}

#[tokio::test]
async fn a_start_that_fails_late_loses_no_samples_and_leaves_the_folder_free() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = Options { samples: true, open_urls: vec!["typo".into()], ..keeping(folder.path()) };
    assert!(matches!(refused(wrong).await, StartError::Url { .. }));
    // The writer of the first one closes the file a moment later.
    let again = until("the folder is free", async || {
        Engine::start(Options { samples: true, ..keeping(folder.path()) }).await.ok()
    });
    let engine = again.await;
    let functions = Clients::of(&engine).lambda.list_functions().send().await.unwrap();
    assert_eq!(functions.functions().len(), 7);
    engine.shutdown().await;
}

#[tokio::test]
async fn what_else_lies_in_the_folder_stays() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["code/new-handler.py", "lambdeck-code/mine.txt", "new-1"] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "mine").unwrap();
    }
    engine(folder.path()).await.shutdown().await;
    engine(folder.path()).await.shutdown().await;
    for name in ["code/new-handler.py", "lambdeck-code/mine.txt", "new-1"] {
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), "mine", "{name}");
    }
}
