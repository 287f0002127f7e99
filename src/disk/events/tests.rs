use std::fs::File;

use proptest::prelude::*;
use rstest::rstest;
use tempfile::TempDir;

use super::*;

/// In every content that is refused: no text may repeat it.
const CANARY: &str = "canary-41c7";

struct Home {
    folder: TempDir,
    events: Events,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let events = Events::new(folder.path().join("data/lambdeck/events"));
        Self { folder, events }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn typed(&self, path: &str) -> String {
        self.path(path).to_str().unwrap().to_owned()
    }

    fn shared(&self) -> PathBuf {
        self.path("data/lambdeck/events/shared")
    }

    /// Everything below the folder of events.
    fn files(&self) -> Vec<PathBuf> {
        fn add(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if fs::symlink_metadata(&path).unwrap().is_dir() {
                    add(&path, found);
                }
                found.push(path);
            }
        }
        let mut found = Vec::new();
        add(self.folder.path(), &mut found);
        found
    }

    #[track_caller]
    fn save(&self, owner: &Owner, name: &str, content: &str) {
        assert_eq!(self.events.save(owner, name, &content.into(), Over::Never), Ok(Saved::Added));
    }

    #[track_caller]
    fn content(&self, owner: &Owner, name: &str) -> String {
        self.events.read(owner, name).unwrap().reveal().to_owned()
    }

    fn names(&self, function: Option<&str>) -> Vec<(Owner, String)> {
        let listing = self.events.list(function).unwrap();
        listing.events.into_iter().map(|event| (event.owner, event.name)).collect()
    }
}

fn of(function: &str) -> Owner {
    Owner::Function(function.into())
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_functions_own_come_first_then_those_of_all() {
    let home = Home::new();
    assert_eq!(home.events.list(Some("f")), Ok(Listing::default()));
    assert!(!home.path("data").exists(), "looking makes nothing");
    for (owner, name) in
        [(Owner::Shared, "b"), (of("f"), "z"), (Owner::Shared, "A"), (of("g"), "g"), (of("f"), "Y")]
    {
        home.save(&owner, name, "{\"n\": 1.0}");
    }
    let shared = [(Owner::Shared, "A".to_owned()), (Owner::Shared, "b".to_owned())];
    let own = [(of("f"), "Y".to_owned()), (of("f"), "z".to_owned())];
    assert_eq!(home.names(Some("f")), [own, shared.clone()].concat());
    assert_eq!(home.names(None), shared);
    let event = home.events.list(Some("g")).unwrap().events.remove(0);
    assert_eq!((event.owner, event.bytes), (of("g"), 10));
    assert!(Timestamp::now().duration_since(event.modified).unsigned_abs().as_secs() < 3600);
    assert_eq!(home.content(&of("f"), "z"), "{\"n\": 1.0}");
}

#[cfg(unix)]
#[test]
fn only_their_owner_reads_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    home.save(&of("f"), &"😀".repeat(80), "1");
    home.save(&Owner::Shared, "x", "1");
    let folder = home.shared();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.join("x.json"), fs::Permissions::from_mode(0o644)).unwrap();
    home.events.save(&Owner::Shared, "x", &"2".into(), Over::Always).unwrap();
    let (folders, files): (Vec<_>, Vec<_>) = home.files().into_iter().partition(|path| path.is_dir());
    // The lock, two events, and the name that does not fit.
    assert_eq!((folders.len(), files.len()), (6, 4), "{folders:?} {files:?}");
    assert!(folders.iter().all(|path| mode(path) == 0o700), "{folders:?}");
    assert!(files.iter().all(|path| mode(path) == 0o600), "{files:?}");
}

#[test]
fn hostile_names_stay_in_their_folder_and_apart() {
    let home = Home::new();
    let long = "😀".repeat(80);
    let other = "😀".repeat(79) + "😁";
    let names = [
        "../x",
        "..",
        ".",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "con",
        "CON",
        "Con",
        "nul",
        "com1",
        "x.json",
        "X.json",
        "%2e",
        "~",
        "-rf",
        ".lambdeck-1",
        ".lock",
        "a.name",
        "é",
        "e\u{301}",
        "😀",
        "👨\u{200d}👩",
        &long,
        &other,
    ];
    for (number, name) in names.iter().enumerate() {
        for owner in [of("f"), Owner::Shared] {
            home.save(&owner, name, &format!("{number}"));
        }
    }
    for (number, name) in names.iter().enumerate() {
        assert_eq!(home.content(&of("f"), name), format!("{number}"), "{name}");
        assert_eq!(home.content(&Owner::Shared, name), format!("{number}"), "{name}");
    }
    let mut listed: Vec<String> = home.names(None).into_iter().map(|(_, name)| name).collect();
    let mut sorted = names.map(str::to_owned).to_vec();
    listed.sort();
    sorted.sort();
    assert_eq!(listed, sorted);
    assert_eq!(home.events.list(Some("f")).unwrap().left_out, Vec::<String>::new());
    // No two of them are one file for a system that does not tell case, and nothing is elsewhere.
    let inside = home.path("data/lambdeck/events");
    let mut lower: Vec<String> = home
        .files()
        .iter()
        .filter(|path| path.is_file() && path.starts_with(&inside))
        .map(|path| path.to_str().unwrap().to_lowercase())
        .collect();
    let count = lower.len();
    lower.sort();
    lower.dedup();
    assert_eq!((lower.len(), count), (2 * names.len() + 4 + 1, 2 * names.len() + 4 + 1));
    assert_eq!(fs::read_dir(home.path("data/lambdeck")).unwrap().count(), 1);
    for name in names {
        home.events.delete(&Owner::Shared, name).unwrap();
    }
    assert_eq!(fs::read_dir(home.shared()).unwrap().count(), 0);
}

#[test]
fn functions_of_any_name_have_folders_of_their_own() {
    let home = Home::new();
    let long = "A".repeat(64);
    for function in ["..", "F", "f", &long, &long.to_lowercase()] {
        home.save(&of(function), "x", "1");
        assert_eq!(home.names(Some(function)), [(of(function), "x".to_owned())]);
    }
    assert_eq!(fs::read_dir(home.path("data/lambdeck/events/functions")).unwrap().count(), 5);
}

#[test]
fn nobodys_change_is_lost_silently() {
    let home = Home::new();
    let (events, shared) = (&home.events, Owner::Shared);
    let save = |content: &str, over| events.save(&shared, "x", &content.into(), over);
    let read = |content: &str| Over::If(Fingerprint::of(content));
    assert_eq!(save("1", read("0")), Err(SaveError::Gone("x".into())));
    assert_eq!(save("1", Over::Never), Ok(Saved::Added));
    assert_eq!(save("2", Over::Never), Err(SaveError::Exists("x".into())));
    assert_eq!(save("2", read("1")), Ok(Saved::Replaced));
    assert_eq!(save("3", read("1")), Err(SaveError::Changed("x".into())));
    assert_eq!(home.content(&shared, "x"), "2");
    assert_eq!(save("4", Over::Always), Ok(Saved::Replaced));
    // What can't be read any more is not what was read.
    fs::write(home.shared().join("x.json"), b"\xff").unwrap();
    assert_eq!(save("5", read("4")), Err(SaveError::Changed("x".into())));
    assert_eq!(save("5", Over::Always), Ok(Saved::Replaced));
    assert_eq!(home.content(&shared, "x"), "5");
}

/// Each writer adds one to a number that it read: with a lost update the sum is too small.
#[test]
fn several_who_write_at_a_time_lose_nothing() {
    const WRITERS: u32 = 4;
    const ROUNDS: u32 = 10;
    let home = Home::new();
    home.save(&Owner::Shared, "sum", "0");
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let events = Events::new(home.path("data/lambdeck/events"));
                for _ in 0..ROUNDS {
                    loop {
                        let read = events.read(&Owner::Shared, "sum").unwrap();
                        let next = (read.reveal().parse::<u32>().unwrap() + 1).to_string();
                        let over = Over::If(Fingerprint::of(read.reveal()));
                        match events.save(&Owner::Shared, "sum", &next.into(), over) {
                            Ok(saved) => break assert_eq!(saved, Saved::Replaced),
                            Err(SaveError::Changed(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(home.content(&Owner::Shared, "sum"), (WRITERS * ROUNDS).to_string());
}

#[test]
fn of_several_who_save_a_new_one_one_does() {
    let home = Home::new();
    let saved = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let (home, saved) = (&home, &saved);
            scope.spawn(move || {
                let content = writer.to_string().into();
                match home.events.save(&of("f"), "x", &content, Over::Never) {
                    Ok(_) => _ = saved.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
                    Err(error) => assert_eq!(error, SaveError::Exists("x".into())),
                }
            });
        }
    });
    assert_eq!(saved.into_inner(), 1);
}

#[test]
fn nobody_ever_reads_half_of_one() {
    let home = Home::new();
    let contents = ["1", "2"].map(|digit| format!("\"{}\"", digit.repeat(200_000)));
    home.save(&Owner::Shared, "x", &contents[0]);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..20 {
                let content = contents[round % 2].as_str().into();
                home.events.save(&Owner::Shared, "x", &content, Over::Always).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            let read = home.content(&Owner::Shared, "x");
            assert!(contents.contains(&read), "{} bytes", read.len());
        }
    });
}

#[test]
fn what_a_crash_left_is_no_event_and_goes() {
    let home = Home::new();
    home.save(&of("f"), "x", "1");
    home.save(&Owner::Shared, "x", "1");
    let own = home.path("data/lambdeck/events/functions/f");
    // Files half written, and a name whose event never came.
    let encoded = names::encode(&"😀".repeat(80));
    let left = [
        own.join(".lambdeck-aB3"),
        home.shared().join(".lambdeck-9"),
        home.shared().join(format!("{encoded}.name")),
    ];
    for path in &left {
        fs::write(path, CANARY).unwrap();
    }
    let listing = home.events.list(Some("f")).unwrap();
    assert_eq!((listing.events.len(), listing.left_out.len()), (2, 0));
    home.save(&of("other"), "y", "1");
    assert!(left.iter().all(|path| !path.exists()));
    assert_eq!(home.names(Some("f")).len(), 2);
}

#[test]
fn what_is_no_event_is_left_out_and_said_once_for_each_folder() {
    let home = Home::new();
    home.save(&Owner::Shared, "x", "1");
    let folder = home.shared();
    // An event whose name is not known, a name that no event may have, and what somebody put there by hand.
    let cut = names::encode(&"y".repeat(200));
    for file in [format!("{cut}.json"), "%1b.json".into(), "My Event.json".into(), "notes\u{1b}.txt".into()] {
        fs::write(folder.join(file), "1").unwrap();
    }
    fs::create_dir(folder.join("sub.json")).unwrap();
    fs::write(folder.join(".DS_Store"), "").unwrap();
    let listing = home.events.list(None).unwrap();
    assert_eq!(listing.events.len(), 1);
    let [said] = &listing.left_out[..] else { panic!("{listing:?}") };
    assert!(said.contains("My Event.json") && said.contains("and 2 more"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
    // A name that is another event's.
    fs::write(folder.join(format!("{cut}.name")), "z".repeat(200)).unwrap();
    assert_eq!(home.names(None).len(), 1);
    // The folder's place is taken.
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    assert!(home.events.list(None).unwrap_err().contains("can't read"));
    let refused = home.events.save(&Owner::Shared, "x", &"1".into(), Over::Never);
    assert!(matches!(refused, Err(SaveError::Failed(_))), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn links_in_the_place_of_events_are_left_alone() {
    use std::os::unix::fs::symlink;
    let home = Home::new();
    home.save(&Owner::Shared, "x", "1");
    let outside = home.path("outside.json");
    fs::write(&outside, "\"outside\"").unwrap();
    symlink(&outside, home.shared().join("link.json")).unwrap();
    symlink(home.path("nothing"), home.shared().join("dangling.json")).unwrap();
    let listing = home.events.list(None).unwrap();
    assert_eq!((listing.events.len(), listing.left_out.len()), (1, 1));
    assert!(home.events.read(&Owner::Shared, "link").unwrap_err().contains("it is a link"));
    let new = home.events.save(&Owner::Shared, "link", &"2".into(), Over::Never);
    assert_eq!(new, Err(SaveError::Exists("link".into())));
    let read = Over::If(Fingerprint::of("\"outside\""));
    let changed = home.events.save(&Owner::Shared, "link", &"2".into(), read);
    assert_eq!(changed, Err(SaveError::Changed("link".into())));
    let taken = home.events.rename(&Owner::Shared, "x", &Owner::Shared, "dangling");
    assert_eq!(taken, Err(SaveError::Exists("dangling".into())));
    // What is written in its place is never written through it.
    home.events.save(&Owner::Shared, "link", &"2".into(), Over::Always).unwrap();
    home.events.delete(&Owner::Shared, "dangling").unwrap();
    assert_eq!(fs::read_to_string(&outside).unwrap(), "\"outside\"");
    assert_eq!(home.content(&Owner::Shared, "link"), "2");
    assert_eq!(home.names(None).len(), 2);
}

#[test]
fn renaming_takes_no_others_place() {
    let home = Home::new();
    let long = "ü".repeat(80);
    home.save(&of("f"), "a", "1");
    home.save(&Owner::Shared, "b", "2");
    let rename =
        |owner: &Owner, from: &str, to_owner: &Owner, to: &str| home.events.rename(owner, from, to_owner, to);
    assert_eq!(rename(&of("f"), "a", &Owner::Shared, "b"), Err(SaveError::Exists("b".into())));
    assert_eq!(rename(&of("f"), "none", &Owner::Shared, "c"), Err(SaveError::Gone("none".into())));
    assert!(matches!(rename(&of("f"), "a", &of("f"), " a"), Err(SaveError::Refused(_))));
    assert_eq!(rename(&of("f"), "a", &of("f"), "a"), Ok(()));
    assert_eq!(rename(&of("f"), "a", &of("f"), "A"), Ok(()));
    assert_eq!(home.names(Some("f"))[0].1, "A");
    assert_eq!(rename(&of("f"), "A", &Owner::Shared, &long), Ok(()));
    assert_eq!(home.content(&Owner::Shared, &long), "1");
    assert_eq!(rename(&Owner::Shared, &long, &of("g"), &long), Ok(()));
    assert_eq!(rename(&of("g"), &long, &of("g"), "short"), Ok(()));
    assert_eq!(home.names(Some("g")), [(of("g"), "short".into()), (Owner::Shared, "b".into())]);
    // Neither an empty folder nor a name without an event stays.
    let files: Vec<_> = home.files().into_iter().filter(|path| path.is_file()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(!home.path("data/lambdeck/events/functions/f").exists());
}

#[test]
fn what_is_deleted_is_gone() {
    let home = Home::new();
    assert_eq!(home.events.delete(&Owner::Shared, "x"), Err(SaveError::Gone("x".into())));
    assert!(!home.path("data").exists());
    home.save(&of("f"), "x", "1");
    assert_eq!(home.events.delete(&of("f"), "x"), Ok(()));
    assert_eq!(home.events.delete(&of("f"), "x"), Err(SaveError::Gone("x".into())));
    assert!(home.events.read(&of("f"), "x").unwrap_err().contains("not there any more"));
    assert_eq!(home.names(Some("f")), []);
}

#[test]
fn what_could_not_be_sent_is_not_saved() {
    let home = Home::new();
    let save = |name: &str, content: String| {
        home.events.save(&Owner::Shared, name, &content.into(), Over::Always).unwrap_err()
    };
    let problem = save("x", format!("{{\n \"a\": {CANARY}\n}}"));
    assert!(problem.to_string().contains("line 2 column 7"), "{problem}");
    assert!(!format!("{problem:?}").contains(CANARY), "{problem:?}");
    assert!(save("x", format!("\"{}\"", "x".repeat(MAX_BYTES))).to_string().contains("6 MB"));
    assert!(save(" x", "1".into()).to_string().contains("blank"));
    assert!(!home.path("data").exists());
    home.save(&Owner::Shared, "x", &format!("\"{}\"", "x".repeat(MAX_BYTES - 2)));
    assert_eq!(home.content(&Owner::Shared, "x").len(), MAX_BYTES);
    // Somebody made it larger.
    fs::write(home.shared().join("x.json"), vec![b'1'; MAX_BYTES + 1]).unwrap();
    assert!(home.events.read(&Owner::Shared, "x").unwrap_err().contains("larger than 6 MB"));
}

/// A lambdeck that hangs, or was stopped.
#[test]
fn a_lock_that_is_not_given_back_is_said_and_nothing_is_changed() {
    let home = Home::new();
    home.save(&Owner::Shared, "x", "1");
    let lock = File::open(home.path("data/lambdeck/events/.lock")).unwrap();
    lock.lock().unwrap();
    let error = home.events.save(&Owner::Shared, "x", &"2".into(), Over::Always).unwrap_err();
    assert!(error.to_string().contains("another lambdeck"), "{error}");
    assert_eq!(home.content(&Owner::Shared, "x"), "1");
    lock.unlock().unwrap();
    assert_eq!(home.events.delete(&Owner::Shared, "x"), Ok(()));
}

#[rstest]
#[case("order.json", b"{\"n\": 1.10}\n".as_slice(), "order", "{\"n\": 1.10}\n")]
#[case("My Event.v2.json", b"1", "My Event.v2", "1")]
#[case("bom.json", b"\xef\xbb\xbf[]", "bom", "[]")]
#[case(".json", b"1", ".json", "1")]
#[case("a\u{1b}[2J\n.json", b"1", "a[2J", "1")]
fn a_file_of_json_is_imported(
    #[case] file: &str,
    #[case] bytes: &[u8],
    #[case] name: &str,
    #[case] content: &str,
) {
    let home = Home::new();
    fs::write(home.path(file), bytes).unwrap();
    let (imported, read) = import(&home.typed(file)).unwrap();
    assert_eq!((imported.as_str(), read.reveal()), (name, content));
}

#[test]
fn what_is_no_file_of_json_is_refused_with_the_place() {
    let home = Home::new();
    let refused = |bytes: &[u8]| {
        fs::write(home.path("e\u{1b}.json"), bytes).unwrap();
        let problem = import(&home.typed("e\u{1b}.json")).unwrap_err();
        assert!(!problem.contains(CANARY) && !problem.contains('\u{1b}'), "{problem}");
        problem
    };
    assert!(refused(format!("{{\n  \"a\": {CANARY}\n}}").as_bytes()).contains("line 2 column 8"));
    assert!(refused(format!("{{}} {CANARY}").as_bytes()).contains("line 1 column 4"));
    assert!(refused(b"").contains("not JSON"));
    assert!(refused(b"\"\xff\"").contains("not UTF-8 text: byte 2"));
    assert!(refused(&vec![b' '; MAX_BYTES + 1]).contains("larger than 6 MB"));
    assert!(import(&home.typed("none.json")).unwrap_err().contains("none.json"));
    assert!(import(&home.typed("")).unwrap_err().contains("it is a directory"));
    assert!(import("  ").unwrap_err().contains("wanted"));
}

#[cfg(unix)]
#[test]
fn nothing_is_read_that_may_not_end() {
    let home = Home::new();
    let pipe = home.path("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    for path in [pipe.to_str().unwrap(), "/dev/zero", "/dev/null"] {
        assert!(import(path).unwrap_err().contains("it is no file"), "{path}");
        let refused = export(&"1".into(), path, true).unwrap_err();
        assert!(refused.to_string().contains("it is no file"), "{refused}");
    }
    home.save(&Owner::Shared, "x", "1");
    fs::rename(&pipe, home.shared().join("pipe.json")).unwrap();
    assert_eq!(home.names(None).len(), 1);
    assert!(home.events.read(&Owner::Shared, "pipe").unwrap_err().contains("it is no file"));
}

#[test]
fn an_export_is_the_content_and_replaces_only_when_told() {
    let home = Home::new();
    let path = home.typed("out.json");
    let written = export(&"{\"n\": 1.0}".into(), &format!(" {path} "), false);
    assert_eq!(written, Ok(home.path("out.json")));
    let exists = export(&"2".into(), &path, false);
    assert!(matches!(&exists, Err(SaveError::Exists(of)) if of.contains("out.json")), "{exists:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"n\": 1.0}");
    export(&"2".into(), &path, true).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "2");
    #[cfg(unix)]
    assert_eq!(mode(Path::new(&path)), 0o600);
    for (path, says) in [("", "directory"), ("none/out.json", "none")] {
        let error = export(&"1".into(), &home.typed(path), true).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    assert!(matches!(export(&"1".into(), "", true), Err(SaveError::Refused(_))));
    assert_eq!(home.files().len(), 1);
}

#[cfg(unix)]
#[test]
fn an_export_goes_through_no_link() {
    use std::os::unix::fs::symlink;
    let home = Home::new();
    fs::write(home.path("precious"), "precious").unwrap();
    symlink(home.path("precious"), home.path("link.json")).unwrap();
    symlink(home.path("none"), home.path("dangling.json")).unwrap();
    for path in ["link.json", "dangling.json"] {
        for replace in [false, true] {
            let refused = export(&"1".into(), &home.typed(path), replace).unwrap_err();
            assert!(refused.to_string().contains("it is a link"), "{refused}");
        }
        assert!(fs::symlink_metadata(home.path(path)).unwrap().is_symlink());
    }
    assert_eq!(fs::read_to_string(home.path("precious")).unwrap(), "precious");
    assert!(!home.path("none").exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_name_that_may_be_is_listed_and_read(name in "\\PC{1,80}") {
        prop_assume!(check_name(&name).is_ok());
        let home = Home::new();
        home.save(&of(&name), &name, "1");
        prop_assert_eq!(home.names(Some(&name)), [(of(&name), name.clone())]);
        prop_assert_eq!(home.content(&of(&name), &name), "1");
    }
}
