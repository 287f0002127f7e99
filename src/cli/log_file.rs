//! `--log-file`: lambdeck's own doings. No values, no payloads: the SDK's crates, which would print log events at
//! their lowest level, are capped.

use std::{fs::OpenOptions, io, path::Path, sync::Mutex};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Opens the file, readable by its owner alone, and sends all traces there.
///
/// # Errors
/// The file can't be opened or made private.
pub fn start(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        use std::os::unix::fs::PermissionsExt as _;
        // It may have been there before, open to others.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    let levels = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("aws_", LevelFilter::INFO)
        // It quotes lines of the configuration files that it can't read, whatever is in them.
        .with_target("aws_runtime::env_config", LevelFilter::OFF)
        .with_target("lambdeck", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    // Only the first one counts: a second call in the same process, as in tests, changes nothing.
    let _ = tracing_subscriber::registry().with(lines.with_filter(levels)).try_init();
    Ok(())
}
