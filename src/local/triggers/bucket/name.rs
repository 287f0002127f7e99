//! Names of buckets (the naming rules of general purpose buckets).

use std::path::{Path, PathBuf};

use crate::local::triggers::Notification;

/// What no name may begin with.
const RESERVED_STARTS: [&str; 4] = ["xn--", "sthree-", "amzn-s3-demo-", "-"];
/// What no name may end with.
const RESERVED_ENDS: [&str; 6] = ["-s3alias", "--ola-s3", ".mrap", "--x-s3", "--table-s3", "-an"];

impl Notification {
    /// A folder as a bucket, all of whose files are told of: those that come and those that go. The bucket has the
    /// folder's name, in lower case and with `-` for what a bucket's name can't have.
    ///
    /// # Errors
    /// The folder's name can't be made a bucket's: says why, and what to do.
    pub fn of_folder(folder: &Path) -> Result<Self, String> {
        let whole = absolute(folder)?;
        let advice = "rename the folder, or choose another one";
        let name = whole.file_name().ok_or_else(|| {
            format!("the folder {} has no name that a bucket could have: {advice}", whole.display())
        })?;
        let bucket = made_valid(&name.to_string_lossy());
        check_bucket(&bucket)
            .map_err(|why| format!("the folder {} can't be a bucket: {why}: {advice}", folder.display()))?;
        Ok(Self {
            bucket,
            folder: whole,
            events: vec!["s3:ObjectCreated:*".to_owned(), "s3:ObjectRemoved:*".to_owned()],
            prefix: String::new(),
            suffix: String::new(),
        })
    }
}

/// The folder's whole path; it need not be there.
fn absolute(folder: &Path) -> Result<PathBuf, String> {
    if let Ok(path) = folder.canonicalize() {
        return Ok(path);
    }
    std::path::absolute(folder)
        .map_err(|error| format!("the folder '{}' can't be used: {error}", folder.display()))
}

fn made_valid(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars().map(|letter| letter.to_ascii_lowercase()) {
        match letter {
            'a'..='z' | '0'..='9' => out.push(letter),
            '.' if !out.ends_with('.') => out.push('.'),
            '.' => {}
            _ => out.push('-'),
        }
    }
    out.trim_matches(['.', '-']).chars().take(63).collect::<String>().trim_end_matches(['.', '-']).to_owned()
}

/// Checks a bucket's name.
///
/// # Errors
/// What is wrong with it.
pub(in crate::local) fn check_bucket(name: &str) -> Result<(), String> {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let rule = if !(3..=63).contains(&name.len()) {
        "has 3-63 characters"
    } else if !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-')) {
        "has lower-case letters, digits, '.' and '-' only"
    } else if !ends(name.as_bytes().first()) || !ends(name.as_bytes().last()) {
        "begins and ends with a letter or a digit"
    } else if name.contains("..") || name.parse::<std::net::Ipv4Addr>().is_ok() {
        "has no two dots in a row and is no IP address"
    } else if RESERVED_STARTS.iter().any(|start| name.starts_with(start))
        || RESERVED_ENDS.iter().any(|end| name.ends_with(end))
    {
        "has no beginning or end that S3 keeps to itself"
    } else {
        return Ok(());
    };
    Err(format!("'{name}' is no bucket's name, which {rule}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("photos", "photos")]
    #[case("My Photos (2026)", "my-photos--2026")]
    #[case("uploads.v1", "uploads.v1")]
    #[case("a..b...c", "a.b.c")]
    #[case("_x_1_", "x-1")]
    #[case("Füße", "f--e")]
    fn a_folder_gives_its_bucket_a_name(#[case] folder: &str, #[case] bucket: &str) {
        let notification = Notification::of_folder(&Path::new("/data").join(folder)).unwrap();
        assert_eq!(
            (notification.bucket.as_str(), notification.folder),
            (bucket, Path::new("/data").join(folder))
        );
    }

    #[rstest]
    #[case("/")]
    #[case("/data/ab")]
    #[case("/data/日本語")]
    #[case("/data/127.0.0.1")]
    #[case("/data/xn--a")]
    #[case("/data/photos--x-s3")]
    #[case("")]
    fn some_names_can_be_no_buckets(#[case] folder: &str) {
        let why = Notification::of_folder(Path::new(folder)).unwrap_err();
        assert!(why.starts_with("the folder "), "{why}");
    }

    #[test]
    fn a_name_is_cut_at_63_and_a_relative_folder_is_made_whole() {
        let long = Notification::of_folder(Path::new(&format!("/data/{}-{}", "a".repeat(62), "b"))).unwrap();
        assert_eq!(long.bucket, "a".repeat(62));
        let here = Notification::of_folder(Path::new("no-such-folder-here")).unwrap();
        assert!(here.folder.is_absolute());
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        assert_eq!(Notification::of_folder(&inner.join("../inner/.")).unwrap().bucket, "inner");
    }
}
