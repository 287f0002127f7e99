//! `lambdeck local`.
use super::{
    args::Local,
    failure::{ERROR, Failure},
    settings::Settings,
};
/// x
pub async fn run(local: &Local, settings: Settings, warnings: Vec<String>) -> Result<u8, Failure> {
    let _ = (local, settings, warnings);
    Err(Failure::new(ERROR, "not wired yet"))
}
