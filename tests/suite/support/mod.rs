//! What several tests share.
#![allow(dead_code, reason = "a harness is whole, also where no test uses one of its parts today")]

use std::io::{Cursor, Write};

pub mod app;
pub mod emulators;
pub mod engine;
pub mod fault_server;
pub mod harness;
pub mod random;
pub mod releases;
pub mod terminal;

/// A deployment package with these files, given as path and content. All of them are executable, for `bootstrap`.
pub fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    for (path, content) in files {
        zip.start_file(*path, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
