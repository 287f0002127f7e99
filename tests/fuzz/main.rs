//! What anyone may write into a log is read without harm, whatever it is.

use bolero::check;
use lambdeck::domain::{log_line, report, text::sanitise_lines};

#[test]
fn report_lines() {
    check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let _ = report::parse_report(&text);
    });
}

#[test]
fn folded_lines() {
    check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        for limit in [bytes.len() / 2, log_line::READ] {
            let folded = log_line::fold(&text, limit);
            assert_eq!(sanitise_lines(&folded.text), folded.text);
            assert!(folded.keys.iter().all(|key| folded.text.get(key.clone()).is_some()));
        }
    });
}
