//! Everything that tests lambdeck from the outside, in one binary: the SDK is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::large_futures,
    missing_docs
)]

mod support;

mod cli;
mod disk;
mod emulators;
mod engine_control;
mod engine_exec;
mod engine_keep;
mod engine_load;
mod engine_logs;
mod engine_metrics;
mod engine_projects;
mod engine_urls;
mod faults;
mod invocation_command;
mod keys_to_screen;
mod live_tail;
mod pty;
mod random_keys;
mod readme;
mod screens;
mod shareable;
mod tail;
mod templates;
mod two_writers;
mod update;
mod writes;
