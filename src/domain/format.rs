//! tmp
pub fn parse_last_modified(_: &str) -> Option<jiff::Timestamp> {
    None
}
pub fn timeout(s: u32) -> String {
    format!("{s}s")
}
pub fn bytes(s: u64) -> String {
    format!("{s}B")
}
pub fn age(_: jiff::Timestamp, _: jiff::Timestamp) -> String {
    String::new()
}
pub fn date_time(_: jiff::Timestamp, _: &jiff::tz::TimeZone) -> String {
    String::new()
}
