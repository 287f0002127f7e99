use std::{collections::BTreeMap, fs};

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use super::*;

/// How long something may take on a busy machine: only a failing test waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A bucket that is watched, and who is told.
struct Watched {
    folder: TempDir,
    events: mpsc::Receiver<Firing>,
    stop: CancellationToken,
}

fn listener(function: &str, events: &[&str], prefix: &str, suffix: &str) -> Listener {
    let notification = Notification {
        bucket: "photos".into(),
        folder: PathBuf::new(),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        prefix: prefix.into(),
        suffix: suffix.into(),
    };
    Listener { function: function.into(), notification }
}

const ALL: [&str; 2] = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"];

impl Watched {
    fn new(prepare: impl FnOnce(&Path), listeners: Vec<Listener>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        prepare(&path);
        let place = Place { partition: "aws", region: "us-east-1".into(), account_id: "123456789012".into() };
        let (sender, events) = mpsc::channel(16);
        let stop = CancellationToken::new();
        let bucket = Bucket::begin(path, listeners, place, sender, stop.clone()).unwrap();
        tokio::spawn(bucket.run());
        Self { folder, events, stop }
    }

    /// One function that is told of everything.
    fn of_all() -> Self {
        Self::new(|_| {}, vec![listener("f", &ALL, "", "")])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// The next event: function, name and key.
    async fn next(&mut self) -> (String, String, String) {
        let (function, event) = self.whole().await;
        let text = |pointer: &str| event.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        (function, text("/eventName"), text("/s3/object/key"))
    }

    async fn whole(&mut self) -> (String, Value) {
        let firing = tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event").unwrap();
        let mut event: Value = serde_json::from_slice(&firing.payload).unwrap();
        (firing.function, event["Records"][0].take())
    }

    /// The next events of one function, in any order: `+key` and `-key`.
    async fn next_many(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        for _ in 0..count {
            let (_, name, key) = self.next().await;
            let sign = match name.as_str() {
                "ObjectCreated:Put" => '+',
                "ObjectRemoved:Delete" => '-',
                other => panic!("{other}"),
            };
            all.push(format!("{sign}{key}"));
        }
        all.sort();
        all
    }

    /// That nothing more was told: what is made now is what comes next.
    async fn ends(&mut self) {
        self.write("the-end", "");
        assert_eq!(self.next_many(1).await, ["+the-end"]);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_come_change_and_go_are_told_of() {
    let mut it = Watched::new(
        |folder| fs::write(folder.join("old"), "was there").unwrap(),
        vec![listener("f", &ALL, "", "")],
    );
    it.write("new", "abc");
    let (function, event) = it.whole().await;
    assert_eq!((function.as_str(), &event["eventName"]), ("f", &Value::from("ObjectCreated:Put")));
    let object = event["s3"]["object"].as_object().unwrap();
    assert_eq!((&object["key"], &object["size"]), (&Value::from("new"), &Value::from(3)));
    assert_eq!(object["eTag"], "900150983cd24fb0d6963f7d28e17f72");

    it.write("old", "another text");
    assert_eq!(it.next_many(1).await, ["+old"]);
    fs::remove_file(it.path("old")).unwrap();
    let (_, event) = it.whole().await;
    assert_eq!(
        (&event["eventName"], &event["s3"]["object"]["key"]),
        (&"ObjectRemoved:Delete".into(), &"old".into())
    );
    assert!(event["s3"]["object"].get("size").is_none() && event["s3"]["object"].get("eTag").is_none());

    let outside = tempfile::tempdir_in(it.folder.path().parent().unwrap()).unwrap();
    fs::write(outside.path().join("made"), "elsewhere").unwrap();
    fs::rename(outside.path().join("made"), it.path("moved in")).unwrap();
    assert_eq!(it.next_many(1).await, ["+moved+in"]);
    fs::rename(it.path("moved in"), it.path("renamed")).unwrap();
    assert_eq!(it.next_many(2).await, ["+renamed", "-moved+in"]);
    fs::rename(it.path("renamed"), outside.path().join("away")).unwrap();
    assert_eq!(it.next_many(1).await, ["-renamed"]);
    it.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_below_are_parts_of_keys() {
    let mut it = Watched::of_all();
    it.write("a/b c/für (1).jpg", "x");
    assert_eq!(it.next_many(1).await, ["+a/b+c/f%C3%BCr+%281%29.jpg"]);
    // Into a folder that is watched since just now.
    it.write("a/b c/two", "x");
    it.write("a/three", "x");
    assert_eq!(it.next_many(2).await, ["+a/b+c/two", "+a/three"]);
    // A folder that was made elsewhere, and one that goes as a whole.
    let outside = tempfile::tempdir_in(it.folder.path().parent().unwrap()).unwrap();
    fs::create_dir_all(outside.path().join("tree/deep")).unwrap();
    fs::write(outside.path().join("tree/deep/leaf"), "x").unwrap();
    fs::rename(outside.path().join("tree"), it.path("tree")).unwrap();
    assert_eq!(it.next_many(1).await, ["+tree/deep/leaf"]);
    it.write("tree/deep/later", "x");
    assert_eq!(it.next_many(1).await, ["+tree/deep/later"]);
    fs::remove_dir_all(it.path("tree")).unwrap();
    assert_eq!(it.next_many(2).await, ["-tree/deep/later", "-tree/deep/leaf"]);
    it.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_hear_what_they_asked_for() {
    let mut it = Watched::new(
        |_| {},
        vec![
            listener("images", &["s3:ObjectCreated:Put"], "in/", ".jpg"),
            listener("gone", &["s3:ObjectRemoved:Delete"], "", ".jpg"),
            listener("copies", &["s3:ObjectCreated:Copy"], "", ""),
        ],
    );
    for name in ["in/a.txt", "out/b.jpg", "in/deep/c.jpg"] {
        it.write(name, name);
    }
    let heard = |(function, name, key): (String, String, String)| format!("{function} {name} {key}");
    assert_eq!(heard(it.next().await), "images ObjectCreated:Put in/deep/c.jpg");
    // What nobody heard of coming is heard of going.
    fs::remove_file(it.path("in/a.txt")).unwrap();
    fs::remove_file(it.path("out/b.jpg")).unwrap();
    assert_eq!(heard(it.next().await), "gone ObjectRemoved:Delete out/b.jpg");
    it.write("in/end.jpg", "");
    assert_eq!(heard(it.next().await), "images ObjectCreated:Put in/end.jpg");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_still_written_waits() {
    use std::io::Write as _;
    let mut it = Watched::of_all();
    let mut file = File::create(it.path("slow")).unwrap();
    let begun = std::time::Instant::now();
    // Longer than a file must be quiet, and never quiet for as long. On a machine that is busier than that, a pause may
    // be too long by chance: then nothing is shown.
    let (mut longest, mut last) = (Duration::ZERO, begun);
    while begun.elapsed() < 4 * QUIET {
        file.write_all(b"0123456789").unwrap();
        longest = longest.max(last.elapsed());
        last = std::time::Instant::now();
        tokio::time::sleep(QUIET / 10).await;
    }
    let early = it.events.try_recv().is_ok();
    assert!(!early || longest.max(last.elapsed()) >= QUIET, "it was told of while it was written");
    if !early {
        let written = file.metadata().unwrap().len();
        let (_, event) = it.whole().await;
        assert_eq!(event["s3"]["object"]["size"], written);
        it.ends().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_of_a_burst_is_told_of_once() {
    const COUNT: usize = 500;
    let mut it = Watched::of_all();
    for at in 0..COUNT {
        it.write(&format!("{}/{at}", at % 7), &at.to_string());
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..COUNT {
        let (_, event) = it.whole().await;
        let object = &event["s3"]["object"];
        *told.entry(object["key"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(told.len(), COUNT, "{:?}", told.iter().find(|(_, count)| **count > 1));
    it.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_away_is_watched_again() {
    let mut it = Watched::of_all();
    it.write("stays", "1");
    it.write("goes", "1");
    assert_eq!(it.next_many(2).await, ["+goes", "+stays"]);
    let away = it.folder.path().with_extension("away");
    fs::rename(it.folder.path(), &away).unwrap();
    tokio::time::sleep(3 * QUIET).await;
    fs::remove_file(away.join("goes")).unwrap();
    fs::write(away.join("comes"), "1").unwrap();
    fs::rename(&away, it.folder.path()).unwrap();
    assert_eq!(it.next_many(2).await, ["+comes", "-goes"]);

    // Another folder in its place.
    let other = it.folder.path().with_extension("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("stays"), "2").unwrap();
    fs::rename(it.folder.path(), &away).unwrap();
    fs::rename(&other, it.folder.path()).unwrap();
    fs::remove_dir_all(&away).unwrap();
    assert_eq!(it.next_many(2).await, ["+stays", "-comes"]);
    it.ends().await;
}

#[rstest]
#[case(0)]
#[case(1)]
#[case(700_000)]
fn a_files_hash_is_of_what_was_seen(#[case] length: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, vec![7; length]).unwrap();
    let seen = Signature::of(&fs::metadata(&path).unwrap());
    let go = CancellationToken::new();
    let mut whole = Md5::new();
    whole.update(&vec![7; length]);
    assert_eq!(read(&path, seen, &go).unwrap(), Read::Whole(whole.finish()));

    let stopped = CancellationToken::new();
    stopped.cancel();
    assert_eq!(read(&path, seen, &stopped).unwrap(), Read::Broken);
    // Longer, another, gone, a link to it, a pipe.
    fs::write(&path, vec![7; length + 1]).unwrap();
    assert_eq!(read(&path, seen, &go).unwrap(), Read::Broken);
    fs::remove_file(&path).unwrap();
    assert_eq!(read(&path, seen, &go).unwrap(), Read::Broken);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(read(&path, seen, &go).is_err());
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(read(&path, seen, &go).unwrap(), Read::Broken);
    }
}
