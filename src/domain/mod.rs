//! Plain types and rules: what a function, an invocation and a log event are, and how untrusted text is made safe.
//!
//! Nothing here knows tokio, the SDK, the terminal or a clock: time comes in as an argument.

pub mod body;
pub mod change;
pub mod compare;
pub mod cost;
pub mod decode;
pub mod document;
pub mod dotenv;
pub mod format;
pub mod function;
pub mod glob;
pub mod insights;
pub mod invocation;
pub mod invocation_command;
pub mod journal;
pub mod jq;
pub mod json;
pub mod limits;
pub mod lines;
pub mod log_event;
pub mod log_export;
pub mod log_line;
pub mod log_query;
pub mod log_sources;
pub mod merge;
pub mod name;
pub mod needle;
pub mod place;
pub mod release;
pub mod repeat;
pub mod report;
pub mod runtimes;
pub mod saved_event;
pub mod secret;
pub mod settings;
pub mod shareable;
pub mod shell;
pub mod side;
pub mod template;
pub mod text;
pub mod trace;
