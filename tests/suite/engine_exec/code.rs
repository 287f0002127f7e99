//! Zips that want out.

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lambdeck::local::exec::{CodeError, CodeFolder, MAX_UNZIPPED_BYTES};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::harness::{files_of, zip_of};

const LINK: u32 = 0o120_777;

/// Unpacks into a folder that has a neighbour, and checks that nothing but its own folder was touched.
fn unpack(zip: &[u8]) -> (TempDir, Result<CodeFolder, CodeError>) {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("neighbour"), "untouched").unwrap();
    let result = CodeFolder::unpack(zip, root.path());
    assert_eq!(fs::read_to_string(root.path().join("neighbour")).unwrap(), "untouched");
    let left: Vec<_> = fs::read_dir(root.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), if result.is_ok() { 2 } else { 1 }, "{left:?}");
    (root, result)
}

fn refused(files: &[(&str, &[u8], u32)]) -> String {
    match unpack(&zip_of(files)).1 {
        Err(error @ CodeError::Refused { .. }) => error.to_string(),
        other => panic!("{files:?}: {other:?}"),
    }
}

#[test]
fn files_folders_modes_and_inner_links_arrive_as_they_are() {
    let (_root, folder) = unpack(&zip_of(&[
        ("bootstrap", b"#!/bin/sh\n", 0o755),
        ("lib/deep/data.json", b"{}", 0o640),
        ("lib/setuid", b"x", 0o104_711),
        ("current", b"lib/deep", LINK),
        ("lib/up", b"../bootstrap", LINK),
        ("empty/", b"", 0o040_500),
    ]));
    let folder = folder.unwrap();
    let mode = |name: &str| fs::symlink_metadata(folder.path.join(name)).unwrap().permissions().mode();
    assert_eq!(mode("bootstrap"), 0o100_755);
    assert_eq!(mode("lib/deep/data.json"), 0o100_640);
    assert_eq!(mode("lib/setuid"), 0o100_711);
    assert_eq!(mode("empty"), 0o040_700);
    assert_eq!(fs::read_to_string(folder.path.join("current/data.json")).unwrap(), "{}");
    assert_eq!(fs::read_to_string(folder.path.join("lib/up")).unwrap(), "#!/bin/sh\n");
    let path = folder.path.clone();
    drop(folder);
    assert!(!path.exists(), "the folder goes with its last user");
}

#[test]
fn a_zip_made_without_modes_has_readable_files() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("app.py", SimpleFileOptions::default().compression_method(CompressionMethod::Stored))
        .unwrap();
    zip.write_all(b"pass").unwrap();
    let mut bytes = zip.finish().unwrap().into_inner();
    // The central directory says who made it: 0 stands for DOS, whose attributes hold no mode.
    let central = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[central + 5] = 0;
    bytes[central + 38..central + 42].fill(0);
    let (_root, folder) = unpack(&bytes);
    let mut files = Vec::new();
    let folder = folder.unwrap();
    files_of(&folder.path, Path::new(""), &mut files);
    assert_eq!(files, [("app.py".into(), b"pass".to_vec())]);
    assert_eq!(fs::metadata(folder.path.join("app.py")).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in ["../neighbour", "a/../../neighbour", "/tmp/lambdeck-absolute", "a\\..\\..\\neighbour"] {
        assert!(refused(&[("fine", b"", 0o644), (name, b"gotcha", 0o644)]).contains("outside"), "{name}");
    }
}

#[test]
fn links_that_lead_out_are_refused() {
    for target in [&b"/etc/passwd"[..], b"..", b"../neighbour", b"a/../../neighbour", b"x"] {
        refused(&[("x", target, LINK)]);
    }
    // Read as text this one stays inside; followed, it does not.
    refused(&[("sub/up", b"..", LINK), ("x", b"sub/up/..", LINK), ("y", b"x/neighbour", LINK)]);
}

#[test]
fn nothing_is_written_through_a_link() {
    refused(&[("d", b"lib", LINK), ("lib/a", b"", 0o644), ("d/b", b"gotcha", 0o644)]);
    refused(&[("d", b"lib", LINK), ("d/e/", b"", 0o040_755)]);
    refused(&[("d", b"lib", LINK), ("d/", b"", 0o040_755)]);
}

#[test]
fn devices_pipes_and_sockets_are_refused() {
    for kind in [0o020_000, 0o060_000, 0o010_000, 0o140_000] {
        assert!(refused(&[("x", b"", kind | 0o666)]).contains("neither"), "{kind:o}");
    }
}

#[test]
fn what_is_over_250_mb_unpacked_is_refused() {
    // One file of 10 MB, which the central directory lists 26 times.
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("file-00", stored).unwrap();
    zip.write_all(&vec![0; 10 * 1024 * 1024]).unwrap();
    let mut bytes = zip.finish().unwrap().into_inner();
    let central = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06").unwrap();
    let (entry, mut trailer) = (bytes[central..end].to_vec(), bytes[end..].to_vec());
    bytes.truncate(central);
    for number in 0..26 {
        let mut entry = entry.clone();
        entry[46..53].copy_from_slice(format!("file-{number:02}").as_bytes());
        bytes.extend(entry);
    }
    let size = u32::try_from(entry.len() * 26).unwrap();
    trailer[8..10].copy_from_slice(&26_u16.to_le_bytes());
    trailer[10..12].copy_from_slice(&26_u16.to_le_bytes());
    trailer[12..16].copy_from_slice(&size.to_le_bytes());
    bytes.extend(trailer);
    assert!(bytes.len() as u64 * 20 < MAX_UNZIPPED_BYTES);
    let (_root, result) = unpack(&bytes);
    assert!(matches!(result, Err(CodeError::TooLarge)), "{result:?}");
    assert_eq!(result.unwrap_err().to_string(), "Unzipped size must be smaller than 262144000 bytes");
}

#[test]
fn what_is_no_zip_or_has_nothing_in_it_is_refused_in_awss_words() {
    let text = |bytes: &[u8]| unpack(bytes).1.unwrap_err().to_string();
    assert!(text(b"no zip at all").starts_with("Could not unzip uploaded file."));
    assert_eq!(text(&zip_of(&[])), "Uploaded file must be a non-empty zip");
    let mut damaged = zip_of(&[("a", &[b'x'; 5000], 0o644)]);
    damaged[40..60].fill(0xFF);
    assert!(text(&damaged).starts_with("Could not unzip uploaded file."));
}
