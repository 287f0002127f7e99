//! lambdeck: a terminal dashboard for AWS Lambda.
//!
//! The crate is a set of rooms. A room uses only the rooms above it in this list:
//!
//! | room | holds |
//! |---|---|
//! | [`domain`] | plain types and rules: functions, invocations, log events, text sanitising |
//! | [`disk`] | files of the program's own: saved events, the history of invocations |
//! | [`cloud`] | the only place that talks to AWS: session, Lambda, CloudWatch Logs, errors, request budget |
//! | [`tail`] | following logs without losing any: the poller and the bounded store |
//! | [`app`] | the state and `update(Msg) -> Vec<Effect>`: no I/O, no clocks |
//! | [`keys`] | one table of key bindings, from which help and footer derive |
//! | [`ui`] | `draw(&App, &Theme, &mut Frame)`: one file for each pane |
//! | [`runtime`] | the loop, the executor that turns an `Effect` into a task, the terminal guard |
//! | [`local`] | the embedded engine: AWS's wire protocols on loopback, functions that really run |
//! | [`cli`] | the command line: one file for each command that runs without a screen |
//!
//! Data flows one way: a terminal event becomes an `Action`, `App::update` changes the state and answers with
//! effects, the executor runs them as tasks, and their results come back as messages.

pub mod app;
pub mod cli;
pub mod cloud;
pub mod disk;
pub mod domain;
pub mod keys;
pub mod local;
pub mod runtime;
pub mod tail;
pub mod ui;
