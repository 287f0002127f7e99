//! Two functions, versions or aliases, read and compared. Values of variables stay in here.

use super::{Error, Kind, Session};
use crate::domain::compare::{Comparison, Side};

/// Reads both sides, each through a session of its own where it names another profile or region, and compares them.
///
/// # Errors
/// As every read, of the side that can't be read.
pub async fn compare(session: &Session, sides: &[Side; 2]) -> Result<Comparison, Error> {
    let _ = session;
    Err(Error::new(Kind::Unsupported, format!("not yet {}", sides[0].function)))
}
