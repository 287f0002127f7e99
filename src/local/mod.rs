//! The embedded local engine: AWS's wire protocols on loopback, and functions that really run, without Docker.
//!
//! It is a development engine; production is AWS itself through the same [`crate::cloud`] code. Nothing here may use
//! the dashboard (`app`, `ui`, `keys`, `runtime`).
//!
//! - `http`: the server: Host and Origin checks, SigV4 (`auth`), dispatch to a service by the request's shape
//! - `lambda`: the Lambda control plane and Invoke's wire (restJson1)
//! - `exec`: execution environments: processes, the Runtime API they talk to, time-outs, warm reuse
//! - `logs`: CloudWatch Logs: the store, filter patterns and the wire (awsJson1.1)
//! - `frames`: the binary event streams of InvokeWithResponseStream and StartLiveTail
//! - `schemas`: EventBridge Schemas, where the console's shareable test events live (restJson1)
//! - `sts`: GetCallerIdentity
//! - `metrics`: CloudWatch's metrics of Lambda (rpc-v2-cbor, awsJson, query)
//! - `urls`: function URLs over HTTP
//! - `triggers`: buckets (watched folders) and schedules, which invoke functions by themselves
//! - `projects`: functions from the user's folders and SAM templates
//! - `keep`: what `--persist` keeps
//! - `scratch`: the temporary folder, and the sweep of what killed engines left
//! - `samples`, `traffic`: the built-in functions and the light background traffic that keeps their logs alive

pub mod auth;
pub mod engine;
pub mod exec;
mod frames;
pub mod http;
mod keep;
pub mod lambda;
pub mod logs;
pub mod metrics;
pub mod projects;
pub mod samples;
mod schemas;
mod scratch;
pub mod sts;
pub mod traffic;
pub mod triggers;
mod urls;

pub use engine::{Engine, Note, Options};
pub use keep::KeepError;
