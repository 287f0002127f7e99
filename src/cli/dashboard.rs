//! `lambdeck` without a command: the dashboard.

use std::io::IsTerminal as _;

use super::{
    failure::{ERROR, Failure},
    settings::Settings,
};

/// Runs the dashboard until it is quit; gives its exit code. `warnings` is what the configuration file is not taken
/// at its word for.
///
/// # Errors
/// stdout is no terminal, or can't be written to.
pub async fn run(settings: Settings, warnings: Vec<String>) -> Result<u8, Failure> {
    if !std::io::stdout().is_terminal() {
        return Err(Failure::usage("the dashboard needs a terminal")
            .with_hint("`lambdeck list`, `get`, `invoke` and `logs` write plain text"));
    }
    let _ = (settings, warnings);
    Err(Failure::new(ERROR, "not wired yet"))
}
