//! The functions that come with the local engine. They need nothing installed: the zip of each holds a `bootstrap`
//! that starts lambdeck itself again, which then serves the function through the Runtime API like any other
//! `provided` function.
//!
//! To add one: a module with a `handle`, an entry in [`SAMPLES`], and an event now and then in `traffic`.

mod checkout;
mod client;
mod greeter;
mod inspector;
mod orders;
mod picture;
mod report;
mod story;

use std::{
    collections::BTreeMap,
    io::{Cursor, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
    process::ExitCode,
};

use zip::{ZipWriter, write::SimpleFileOptions};

use client::Handler;

/// A built-in function, ready to be created.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Function name.
    pub name: &'static str,
    /// Runtime identifier.
    pub runtime: &'static str,
    /// Handler; the samples' bootstrap does not look at it.
    pub handler: &'static str,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Time-out in seconds.
    pub timeout_s: u32,
    /// What it does, in one sentence.
    pub description: &'static str,
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// Whether the log format is JSON (else Text).
    pub json_logs: bool,
    /// The deployment package.
    pub zip: Vec<u8>,
}

/// What there is to say about a sample, and the code behind it.
struct Entry {
    name: &'static str,
    description: &'static str,
    memory_mb: u32,
    timeout_s: u32,
    json_logs: bool,
    variables: &'static [(&'static str, &'static str)],
    example: &'static str,
    handler: Handler,
}

const SAMPLES: &[Entry] = &[
    Entry {
        name: "checkout-api",
        description: "Prices a basket with coupons, shipping and VAT. Fails on unknown coupons and odd quantities.",
        memory_mb: 256,
        timeout_s: 10,
        json_logs: false,
        variables: &[
            ("COUPONS", "SPRING10=10,WELCOME5=5"),
            ("CURRENCY", "EUR"),
            ("FREE_SHIPPING_FROM", "50.00"),
            ("PAYMENT_API_TOKEN", "tok_local_4242424242"),
            ("SHIPPING", "4.90"),
            ("VAT_PERCENT", "19"),
        ],
        example: checkout::EXAMPLE,
        handler: Handler::Whole(checkout::handle),
    },
    Entry {
        name: "env-inspector",
        description: "Shows what a function sees of its environment: variables, folders, memory, and whether it is warm.",
        memory_mb: 128,
        timeout_s: 3,
        json_logs: false,
        variables: &[("API_SECRET", "not-to-be-shown"), ("GREETING", "hello from the configuration")],
        example: inspector::EXAMPLE,
        handler: Handler::Whole(inspector::handle),
    },
    Entry {
        name: "greeter",
        description: "Says hello in the language that is asked for.",
        memory_mb: 128,
        timeout_s: 3,
        json_logs: false,
        variables: &[("DEFAULT_LANGUAGE", "en")],
        example: greeter::EXAMPLE,
        handler: Handler::Whole(greeter::handle),
    },
    Entry {
        name: "order-events",
        description: "Works off a batch of order events as from a queue, and reports the ones that failed. JSON logs.",
        memory_mb: 192,
        timeout_s: 15,
        json_logs: true,
        variables: &[("LARGE_ORDER_FROM", "500.00"), ("TABLE_NAME", "orders-local")],
        example: orders::EXAMPLE,
        handler: Handler::Whole(orders::handle),
    },
    Entry {
        name: "picture-resizer",
        description: "Draws a picture of the size asked for and shrinks it. Large ones need more memory than it has.",
        memory_mb: 256,
        timeout_s: 20,
        json_logs: false,
        variables: &[("MAX_THUMBNAIL", "72")],
        example: picture::EXAMPLE,
        handler: Handler::Whole(picture::handle),
    },
    Entry {
        name: "report-builder",
        description: "Collects a month's sales shop by shop, which takes its time: with many shops it times out.",
        memory_mb: 512,
        timeout_s: 5,
        json_logs: false,
        variables: &[("MS_PER_SHOP", "400"), ("SALES_PER_SHOP", "20000")],
        example: report::EXAMPLE,
        handler: Handler::Whole(report::handle),
    },
    Entry {
        name: "story-teller",
        description: "Tells a story word by word: invoke it with a response stream and read along. Loses the thread if asked to.",
        memory_mb: 128,
        timeout_s: 15,
        json_logs: false,
        variables: &[("MS_PER_WORD", "40")],
        example: story::EXAMPLE,
        handler: Handler::Streaming(story::handle),
    },
];

/// All samples, by name. `program` is lambdeck itself.
#[must_use]
pub fn all(program: &Path) -> Vec<Sample> {
    let sample = |entry: &Entry| Sample {
        name: entry.name,
        runtime: "provided.al2023",
        handler: "bootstrap",
        memory_mb: entry.memory_mb,
        timeout_s: entry.timeout_s,
        description: entry.description,
        variables: entry.variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        json_logs: entry.json_logs,
        // Writing to memory does not fail.
        zip: package(program, entry.name).unwrap_or_default(),
    };
    SAMPLES.iter().map(sample).collect()
}

/// An event to try a sample with: JSON, indented.
#[must_use]
pub fn example_event(name: &str) -> Option<&'static str> {
    SAMPLES.iter().find(|entry| entry.name == name).map(|entry| entry.example)
}

/// The samples' names, each with an event to try it with.
pub fn example_events() -> impl Iterator<Item = (&'static str, &'static str)> {
    SAMPLES.iter().map(|entry| (entry.name, entry.example))
}

/// The hidden mode `lambdeck sample NAME`: serves a sample until the engine is gone.
#[must_use]
pub fn serve(name: &str) -> ExitCode {
    if let Some(entry) = SAMPLES.iter().find(|entry| entry.name == name) {
        return client::serve(entry.handler);
    }
    let _ = writeln!(std::io::stderr(), "There is no sample {name:?}.");
    ExitCode::FAILURE
}

fn package(program: &Path, name: &str) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755))?;
    zip.write_all(b"#!/bin/sh\nexec ")?;
    zip.write_all(&shell_quoted(program.as_os_str().as_bytes()))?;
    zip.write_all(format!(" sample {name}\n").as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

/// In single quotes, where only the quote itself means something.
fn shell_quoted(text: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in text {
        if byte == b'\'' {
            quoted.extend_from_slice(br"'\''");
        } else {
            quoted.push(byte);
        }
    }
    quoted.push(b'\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_an_example_that_it_handles() {
        for entry in SAMPLES {
            let event = serde_json::from_str(entry.example).unwrap();
            // Without their pauses.
            let variables = entry.variables.iter().copied().filter(|(name, _)| !name.starts_with("MS_"));
            let context = client::Context::for_tests(&variables.collect::<Vec<_>>());
            let result = match entry.handler {
                Handler::Whole(handler) => handler(&event, &context).map(drop),
                Handler::Streaming(handler) => {
                    let mut sent = Vec::new();
                    handler(&event, &context, &mut client::ResponseStream::new(String::new(), &mut sent))
                }
            };
            if let Err(failure) = result {
                panic!("{}: {}", entry.name, failure.message);
            }
            assert_eq!(example_event(entry.name), Some(entry.example));
            assert!(entry.description.len() <= 256);
        }
        assert_eq!(example_event("nobody"), None);
    }

    #[test]
    fn a_program_with_a_quote_in_its_path_stays_one_word() {
        assert_eq!(shell_quoted(b"/it's here/x"), br"'/it'\''s here/x'");
    }
}
