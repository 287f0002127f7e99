//! Functions that really run: the executor is driven directly, without the control plane.

mod code;
mod faults;
mod harness;
mod layers;
mod lifecycle;
mod node;
mod python;
mod runtime_api;
mod rust;
mod samples;
mod streaming;
