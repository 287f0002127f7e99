//! tmp
use std::borrow::Cow;
pub fn sanitise(t: &str) -> Cow<'_, str> {
    Cow::Borrowed(t)
}
