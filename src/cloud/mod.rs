//! Talking to AWS: the only room that names the SDK.
//!
//! What comes in is turned into `domain` types and sanitised on the way; what goes wrong becomes one [`Error`].
//! Every call has time-outs. Reads are retried by the SDK; writes and invocations never are.

pub mod budget;
pub mod compare;
mod convert;
pub mod error;
mod guard;
mod http;
pub mod identity;
pub mod insights;
pub mod invoke;
pub mod journal;
pub mod lambda;
mod live_tail;
pub mod log_sources;
pub mod logs;
pub mod profiles;
mod recheck;
mod redact;
pub mod releases;
pub mod repeat;
mod schemas;
mod send;
pub mod session;
pub mod write;

pub use budget::Budget;
pub use error::{Error, Kind};
pub use identity::Identity;
pub use journal::Journal;
pub use session::{Session, Spec};
