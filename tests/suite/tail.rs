//! Following logs: a scripted service under paused time, and the store that holds what is told.

mod aws;
mod engine;
mod follow;
mod invocations;
mod live;
mod random;
mod request;
mod service;
mod store;
mod views;

use proptest::test_runner::{Config, RngSeed};

/// So many cases of a property, the same in every run.
fn same_every_time(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_120), ..Config::default() }
}
