//! CloudWatch Logs: the byte-bounded store, filter patterns and the wire.
//!
//! [`Store`] is shared by the wire handlers and by `exec`, which writes what functions print.
//!
//! - `store`: groups, streams and events, ordered and bounded
//! - `kept`: what outlives the engine
//! - `read`: pages of FilterLogEvents and GetLogEvents
//! - `live`: Live Tail's sessions
//! - `insights`: Logs Insights: the query language, and the queries that run
//! - [`pattern`]: the filter-pattern language
//! - [`wire`]: awsJson1.1 requests and answers

mod insights;
mod kept;
mod live;
pub mod pattern;
mod read;
mod store;
#[allow(clippy::struct_field_names, reason = "the wire's members are named by AWS")]
pub mod wire;

pub use store::{InputEvent, Store};
