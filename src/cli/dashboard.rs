//! `lambdeck` without a command: the dashboard.

use std::{collections::BTreeMap, io::IsTerminal as _, sync::Arc};

use super::{
    failure::{ERROR, Failure},
    local::LocalEngine,
    settings::Settings,
};
use crate::{
    app,
    local::samples,
    runtime,
    ui::{Theme, theme},
};

/// Runs the dashboard until it is quit; gives its exit code. `engine` is the local one, to be started when it is
/// asked for, with `local_first` at once.
///
/// # Errors
/// stdout is no terminal, or can't be written to.
pub async fn run(settings: Settings, engine: Arc<LocalEngine>, local_first: bool) -> Result<u8, Failure> {
    if !std::io::stdout().is_terminal() {
        return Err(Failure::usage("the dashboard needs a terminal")
            .with_hint("`lambdeck list`, `get`, `invoke` and `logs` write plain text"));
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(|name| std::env::var(name).ok());
    let is_utf8 = theme::is_utf8(locale.each_ref().map(Option::as_deref));
    let theme = settings.theme.as_deref().and_then(Theme::named).unwrap_or(Theme::DEFAULT);
    let exit = Box::pin(runtime::dashboard(runtime::Options {
        spec: settings.spec,
        settings: app::Settings {
            utc: settings.utc,
            zone: settings.zone,
            local_first,
            sample_events: sample_events(),
        },
        theme: theme.with_ascii(!is_utf8),
        mouse: settings.mouse,
        start_local: engine.starter(),
        disk: settings.disk,
    }))
    .await;
    engine.shutdown().await;
    exit.map(|exit| exit.0)
        .map_err(|error| Failure::new(ERROR, format!("the terminal can't be used: {error}")))
}

/// What the first test of each sample starts from.
fn sample_events() -> BTreeMap<String, String> {
    samples::example_events().map(|(name, event)| (name.to_owned(), event.to_owned())).collect()
}
