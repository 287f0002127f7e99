//! stub
#![allow(missing_docs)]
use super::invocation::Request;
pub fn aws(_: &Request, _: &str, _: Option<&str>, _: Option<&str>) -> String { String::new() }
pub fn curl(_: &Request, _: &str, _: Option<&str>) -> String { String::new() }
