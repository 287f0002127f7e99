//! CloudWatch metrics of `AWS/Lambda`: what is recorded of invocations, and the wire that reads it (rpc-v2-cbor,
//! awsJson and query).
//!
//! - `recorder`: what was measured; `minute`: one of its minutes; `histogram`: counts of values, for percentiles
//! - `catalog`: the metrics and their dimensions
//! - `statistics`: statistics and periods; `math`: metric math
//! - `operations`: GetMetricData, GetMetricStatistics, ListMetrics; `model`: their input and answers; `fault`: refusals
//! - `wire`: the three protocols

mod catalog;
mod fault;
mod histogram;
mod math;
mod minute;
mod model;
mod operations;
mod recorder;
mod statistics;
pub(super) mod wire;

pub(super) use operations::Context;
pub use recorder::Recorder;
pub(super) use recorder::{Place, Queued, Running};
