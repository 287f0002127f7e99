//! The `lambdeck` program: a thin start of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(lambdeck::cli::run(std::env::args_os()))
}
