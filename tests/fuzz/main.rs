//! What anyone may write into a log is read without harm, whatever it is.

use bolero::check;
use lambdeck::domain::report;

#[test]
fn report_lines() {
    check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let _ = report::parse_report(&text);
    });
}
