//! lambdeck
use std::process::ExitCode;

fn main() -> ExitCode {
    // A built-in sample of the local engine, started by its own bootstrap: nothing else is initialised for it.
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("sample") {
        return lambdeck::local::samples::serve(&arguments.next().unwrap_or_default());
    }
    ExitCode::SUCCESS
}
