//! tmp
use jiff::civil::Date;
pub enum Status {
    Supported { until: Option<Date> },
    Deprecated { since: Date },
    Unknown,
}
pub fn status(_: &str, _: Date) -> Status {
    Status::Unknown
}
