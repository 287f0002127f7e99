//! The history of invocations: a line for each one that ended.
//!
//! Events and responses are in it only where the configuration file asks for that.

use std::{path::PathBuf, sync::Arc};

use super::jsonl::Jsonl;
use crate::domain::{invocation::Record, secret::Secret};

/// With more bytes the older half is dropped.
const LIMIT: u64 = 1024 * 1024;
/// The same where events and responses are kept.
const LIMIT_WITH_PAYLOADS: u64 = 4 * 1024 * 1024;
/// A longer event or response is not kept: half of it could neither be sent again nor compared.
pub const PAYLOAD_KEPT: usize = 256 * 1024;

/// The history of invocations. Clones write into the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocations {
    file: Jsonl,
    payloads: bool,
}

impl Invocations {
    /// A history in this file, with or without events and responses. It is made at the first invocation.
    pub fn new(path: impl Into<PathBuf>, payloads: bool) -> Self {
        let limit = if payloads { LIMIT_WITH_PAYLOADS } else { LIMIT };
        Self { file: Jsonl::new(path, limit, "history of invocations", "invocation"), payloads }
    }

    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        self.file.path()
    }

    /// Adds an invocation that ended, with its event and response where they are kept and not longer than
    /// [`PAYLOAD_KEPT`] each. `response` is what came whole; a response that is no text is not kept. What could be done
    /// but should be known is the text in `Ok`.
    ///
    /// # Errors
    /// Why there is no line of it.
    pub fn add(
        &self,
        record: Record,
        payload: &Arc<Secret>,
        response: Option<&[u8]>,
    ) -> Result<Option<String>, String> {
        if !self.payloads {
            return self.append(&record);
        }
        let response = response.filter(|bytes| bytes.len() <= PAYLOAD_KEPT);
        let response = response.and_then(|bytes| std::str::from_utf8(bytes).ok());
        self.append(&Record {
            payload: Some(payload).filter(|payload| payload.len() <= PAYLOAD_KEPT).cloned(),
            response: response.map(|text| Arc::new(Secret::new(text))),
            ..record
        })
    }

    /// Adds a record as it is, but without event and response where none are kept.
    ///
    /// # Errors
    /// Why there is no line of it.
    pub fn append(&self, record: &Record) -> Result<Option<String>, String> {
        if self.payloads {
            return self.file.append(record);
        }
        self.file.append(&Record { payload: None, response: None, ..record.clone() })
    }

    /// The newest records, at most so many, newest last; none where there are none yet.
    ///
    /// # Errors
    /// Why the file can't be read, or that it is no history.
    pub fn read(&self, most: usize) -> Result<Vec<Record>, String> {
        self.file.read(most)
    }
}

#[cfg(test)]
mod tests;
