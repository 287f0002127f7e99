//! The `lambdeck` program: a thin start of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    // A built-in sample of the local engine, started by its own bootstrap: nothing else is initialised for it.
    if arguments.nth(1).is_some_and(|argument| argument == "sample") {
        let name = arguments.next().unwrap_or_default();
        return lambdeck::local::samples::serve(&name.to_string_lossy());
    }
    ExitCode::from(lambdeck::cli::run(std::env::args_os()))
}
