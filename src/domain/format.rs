//! How times, sizes and durations are written for people, and how times that people type are read.
//!
//! Everything here is ASCII and short enough for a table's column.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::text::sanitise;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago `then` was: `now` (less than 5 s), `12s ago`, `2m ago`, `3h ago`, `3d ago`, `5mo ago`, `2y ago`. A
/// time ahead of `now`, as clocks differ, is `in 2m`. Never wider than 8 columns for times in this millennium.
#[must_use]
pub fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs();
    match seconds {
        -4..5 => "now".to_owned(),
        5.. => format!("{} ago", rough(seconds)),
        _ => format!("in {}", rough(-seconds)),
    }
}

/// Like [`age`] without words, as suits a header: `0s`, `12s`, `2m`, `3d`. A time ahead of `now` is `0s`.
#[must_use]
pub fn short_age(now: Timestamp, then: Timestamp) -> String {
    rough(now.duration_since(then).as_secs().max(0))
}

/// The largest unit that fits, rounded down. A month counts 30 days, a year 365.
fn rough(seconds: i64) -> String {
    let days = seconds / DAY;
    let (amount, unit) = if seconds < MINUTE {
        (seconds, "s")
    } else if seconds < HOUR {
        (seconds / MINUTE, "m")
    } else if days == 0 {
        (seconds / HOUR, "h")
    } else if days < 30 {
        (days, "d")
    } else if days < 365 {
        (days / 30, "mo")
    } else {
        (days / 365, "y")
    };
    format!("{amount}{unit}")
}

/// A size in decimal units: `512B`, `340kB`, `1.2MB`, `12MB`. At most 5 columns up to the petabyte.
#[must_use]
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if size < 1000 {
        return format!("{size}B");
    }
    let mut unit = 0;
    let mut whole = u128::from(size);
    let mut scale = 1000_u128;
    // Up to the unit in which the rounded amount has at most three digits.
    while (whole + scale / 2) / scale >= 1000 && unit + 1 < UNITS.len() {
        scale *= 1000;
        unit += 1;
    }
    let tenths = (whole * 10 + scale / 2) / scale;
    if tenths < 100 {
        return format!("{}.{}{}", tenths / 10, tenths % 10, UNITS[unit]);
    }
    whole = (whole + scale / 2) / scale;
    format!("{whole}{}", UNITS[unit])
}

/// A size of memory or storage in MB, as Lambda counts it (1 GB is 1024 MB): `512 MB`, `10 GB`, `1.5 GB`.
#[must_use]
pub fn megabytes(size: u32) -> String {
    if size < 1024 {
        format!("{size} MB")
    } else if size.is_multiple_of(1024) {
        format!("{} GB", size / 1024)
    } else if size.is_multiple_of(512) {
        format!("{}.5 GB", size / 1024)
    } else {
        format!("{size} MB")
    }
}

/// A duration in milliseconds: `3.1 ms`, `546 ms`, `1.25 s`, `2m 05s`, `1h 02m`. A dash for what is no duration.
#[must_use]
pub fn duration_ms(milliseconds: f64) -> String {
    if !milliseconds.is_finite() || milliseconds < 0.0 {
        return "-".to_owned();
    }
    let seconds = milliseconds / 1000.0;
    // Each border is where rounding would reach the next form.
    if milliseconds < 99.95 {
        return format!("{milliseconds:.1} ms");
    }
    if milliseconds < 999.5 {
        return format!("{milliseconds:.0} ms");
    }
    if seconds < 59.995 {
        return format!("{seconds:.2} s");
    }
    #[allow(clippy::cast_possible_truncation, reason = "a cast saturates, and no duration is that long")]
    let seconds = seconds.round() as i64;
    if seconds < HOUR {
        format!("{}m {:02}s", seconds / MINUTE, seconds % MINUTE)
    } else {
        format!("{}h {:02}m", seconds / HOUR, seconds % HOUR / MINUTE)
    }
}

/// A function's time-out, given in seconds, exactly: `30s`, `15m`, `1m30s`.
#[must_use]
pub fn timeout(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, 0) => format!("{minutes}m"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

/// The time of day: `14:03:22`.
#[must_use]
pub fn clock(time: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(time).strftime("%H:%M:%S").to_string()
}

/// The time of day with its zone: `14:03:22 UTC`, `15:03:22 CET`.
#[must_use]
pub fn clock_with_zone(time: Timestamp, zone: &TimeZone) -> String {
    let abbreviation = zone.to_offset_info(time).abbreviation().to_owned();
    format!("{} {abbreviation}", clock(time, zone))
}

/// The time of day to the millisecond, as in lists of log events: `14:03:22.123`.
#[must_use]
pub fn clock_ms(time: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(time).strftime("%H:%M:%S%.3f").to_string()
}

/// Date and time, to the second: `2026-11-20 14:03:22`.
#[must_use]
pub fn date_time(time: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The full time in RFC 3339, to the millisecond: `2026-11-20T14:03:22.123Z`, or with the zone's offset.
#[must_use]
pub fn iso(time: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(time).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    let offset = zone.to_offset(time);
    if offset.seconds() == 0 {
        return format!("{local}Z");
    }
    let minutes = offset.seconds().abs() / 60;
    let sign = if offset.seconds() < 0 { '-' } else { '+' };
    format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A time in milliseconds since the epoch, as CloudWatch Logs gives it. What no timestamp can hold becomes the
/// nearest that one can.
#[must_use]
pub fn from_millis(milliseconds: i64) -> Timestamp {
    let nearest = if milliseconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(milliseconds).unwrap_or(nearest)
}

/// Reads Lambda's `LastModified`: `2026-11-20T08:00:00.000+0000`. RFC 3339 is read too, which emulators write.
#[must_use]
pub fn parse_last_modified(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok().or_else(|| text.parse().ok())
}

/// A time argument that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// None of the forms fits.
    #[error(
        "can't read the time `{0}`: give an age such as 15m, 2h or 1d, a time such as 2026-11-20T14:00:00Z or \"2026-11-20 14:00\", or now"
    )]
    Unreadable(String),
    /// A form fits, but no calendar has that time.
    #[error("the time `{0}` does not exist, or is too far away")]
    OutOfRange(String),
}

/// A length of time with all its units, as [`parse_time`] reads an age: `1h30m`, `2d`, `45s`. Less than a second is `0s`.
pub fn length(length: SignedDuration) -> String {
    let mut rest = length.as_secs().max(0);
    let mut text = String::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= seconds {
            // Writing to a String can't fail.
            let _ = write!(text, "{}{unit}", rest / seconds);
            rest %= seconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads a time that someone typed for `--since` or `--until`:
///
/// - `now`;
/// - how long before `now`: `30s`, `15m`, `2h`, `1d`, `1w`, and sums such as `1h30m`;
/// - RFC 3339 with an offset: `2026-11-20T14:00:00Z`;
/// - a date, or a date and time, in `zone`: `2026-11-20`, `2026-11-20 14:00`, `2026-11-20T14:00:05`. Where a change
///   of the clocks makes such a time ambiguous, the earlier one is meant.
///
/// # Errors
///
/// [`TimeError`], which says what is accepted.
pub fn parse_time(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, TimeError> {
    let given = text.trim();
    // What was typed goes into an error text, hence to a terminal.
    let shown = || sanitise(&given.chars().take(60).collect::<String>()).into_owned();
    if given.eq_ignore_ascii_case("now") {
        return Ok(now);
    }
    if let Some(age) = parse_age(given) {
        return now.checked_sub(age).map_err(|_| TimeError::OutOfRange(shown()));
    }
    if let Ok(time) = given.parse::<Timestamp>() {
        return Ok(time);
    }
    let Some(local) = parse_local(given) else {
        // Digits in the right places that are no date: 2026-02-30.
        let like_a_date = given.len() >= 10 && given.bytes().filter(|byte| *byte == b'-').count() >= 2;
        let digits = given.bytes().filter(u8::is_ascii_digit).count() >= 8;
        let error = if like_a_date && digits { TimeError::OutOfRange } else { TimeError::Unreadable };
        return Err(error(shown()));
    };
    let time = zone.to_ambiguous_timestamp(local).compatible();
    time.map_err(|_| TimeError::OutOfRange(shown()))
}

/// `1h30m`. What is too large for a duration becomes the longest there is. `None` when the text is no age.
fn parse_age(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut total = 0_i64;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = rest.split_at(digits);
        let seconds = match unit.bytes().next()?.to_ascii_lowercase() {
            b's' => 1,
            b'm' => MINUTE,
            b'h' => HOUR,
            b'd' => DAY,
            b'w' => 7 * DAY,
            _ => return None,
        };
        if digits == 0 {
            return None;
        }
        // Digits only, so nothing but too large a number fails.
        let number: i64 = number.parse().unwrap_or(i64::MAX);
        total = total.saturating_add(number.saturating_mul(seconds));
        rest = &unit[1..];
        if rest.is_empty() {
            return Some(SignedDuration::from_secs(total));
        }
    }
}

fn parse_local(text: &str) -> Option<DateTime> {
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, Some(time.trim_start())),
        None => (text, None),
    };
    let date = Date::strptime("%Y-%m-%d", date).ok()?;
    let Some(time) = time else { return Some(date.to_datetime(Time::midnight())) };
    let time = Time::strptime("%H:%M", time).or_else(|_| Time::strptime("%H:%M:%S%.f", time)).ok()?;
    Some(date.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        at("2026-11-20T14:03:22.123Z")
    }

    #[rstest]
    #[case(0, "0s")]
    #[case(45, "45s")]
    #[case(900, "15m")]
    #[case(5400, "1h30m")]
    #[case(200_000, "2d7h33m20s")]
    fn lengths_are_read_back(#[case] seconds: i64, #[case] expected: &str) {
        let text = length(SignedDuration::from_secs(seconds));
        assert_eq!(text, expected);
        assert_eq!(parse_age(&text), Some(SignedDuration::from_secs(seconds)));
    }

    #[rstest]
    #[case(0, "now", "0s")]
    #[case(4, "now", "4s")]
    #[case(5, "5s ago", "5s")]
    #[case(59, "59s ago", "59s")]
    #[case(60, "1m ago", "1m")]
    #[case(3599, "59m ago", "59m")]
    #[case(3600, "1h ago", "1h")]
    #[case(86_399, "23h ago", "23h")]
    #[case(86_400, "1d ago", "1d")]
    #[case(86_400 * 29, "29d ago", "29d")]
    #[case(86_400 * 30, "1mo ago", "1mo")]
    #[case(86_400 * 364, "12mo ago", "12mo")]
    #[case(86_400 * 365, "1y ago", "1y")]
    #[case(86_400 * 730, "2y ago", "2y")]
    #[case(-4, "now", "0s")]
    #[case(-120, "in 2m", "0s")]
    fn ages(#[case] seconds: i64, #[case] long: &str, #[case] short: &str) {
        let then = now() - SignedDuration::from_secs(seconds);
        assert_eq!(age(now(), then), long);
        assert_eq!(short_age(now(), then), short);
    }

    #[rstest]
    #[case(0, "0B")]
    #[case(999, "999B")]
    #[case(1000, "1.0kB")]
    #[case(9949, "9.9kB")]
    #[case(9950, "10kB")]
    #[case(340_123, "340kB")]
    #[case(999_499, "999kB")]
    #[case(999_500, "1.0MB")]
    #[case(1_234_567, "1.2MB")]
    #[case(52_428_800, "52MB")]
    #[case(u64::MAX, "18EB")]
    fn sizes(#[case] size: u64, #[case] expected: &str) {
        assert_eq!(bytes(size), expected);
    }

    #[rstest]
    #[case(128, "128 MB")]
    #[case(1024, "1 GB")]
    #[case(1536, "1.5 GB")]
    #[case(1769, "1769 MB")]
    #[case(10240, "10 GB")]
    fn memory_sizes(#[case] size: u32, #[case] expected: &str) {
        assert_eq!(megabytes(size), expected);
    }

    #[rstest]
    #[case(0.0, "0.0 ms")]
    #[case(3.1, "3.1 ms")]
    #[case(99.94, "99.9 ms")]
    #[case(99.96, "100 ms")]
    #[case(546.0, "546 ms")]
    #[case(999.4, "999 ms")]
    #[case(999.6, "1.00 s")]
    #[case(1250.0, "1.25 s")]
    #[case(59_990.0, "59.99 s")]
    #[case(59_999.0, "1m 00s")]
    #[case(125_000.0, "2m 05s")]
    #[case(3_599_900.0, "1h 00m")]
    #[case(3_720_000.0, "1h 02m")]
    #[case(-1.0, "-")]
    #[case(f64::INFINITY, "-")]
    fn durations(#[case] milliseconds: f64, #[case] expected: &str) {
        assert_eq!(duration_ms(milliseconds), expected);
    }

    #[rstest]
    #[case(0, "0s")]
    #[case(30, "30s")]
    #[case(59, "59s")]
    #[case(60, "1m")]
    #[case(90, "1m30s")]
    #[case(900, "15m")]
    fn timeouts(#[case] seconds: u32, #[case] expected: &str) {
        assert_eq!(timeout(seconds), expected);
    }

    #[test]
    fn times_in_a_zone() {
        let utc = TimeZone::UTC;
        assert_eq!(clock(now(), &utc), "14:03:22");
        assert_eq!(clock_with_zone(now(), &utc), "14:03:22 UTC");
        assert_eq!(clock_ms(now(), &utc), "14:03:22.123");
        assert_eq!(clock_ms(at("2026-11-20T14:03:22Z"), &utc), "14:03:22.000");
        assert_eq!(date_time(now(), &utc), "2026-11-20 14:03:22");
        assert_eq!(iso(now(), &utc), "2026-11-20T14:03:22.123Z");
        let india = TimeZone::fixed(Offset::from_seconds(19_800).unwrap());
        assert_eq!(clock(now(), &india), "19:33:22");
        assert_eq!(iso(now(), &india), "2026-11-20T19:33:22.123+05:30");
        let brazil = TimeZone::fixed(Offset::from_seconds(-10_800).unwrap());
        assert_eq!(iso(now(), &brazil), "2026-11-20T11:03:22.123-03:00");
    }

    #[test]
    fn a_named_zone_shows_its_abbreviation() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(clock_with_zone(now(), &zone), "15:03:22 CET");
        assert_eq!(clock_with_zone(at("2026-07-01T12:00:00Z"), &zone), "14:00:00 CEST");
    }

    #[rstest]
    #[case("2026-11-20T08:00:00.000+0000", Some("2026-11-20T08:00:00Z"))]
    #[case("2026-11-20T08:00:00.250+0100", Some("2026-11-20T07:00:00.25Z"))]
    #[case("2026-11-20T08:00:00+0000", Some("2026-11-20T08:00:00Z"))]
    #[case("2026-11-20T08:00:00.123456Z", Some("2026-11-20T08:00:00.123456Z"))]
    #[case("2026-11-20T08:00:00", None)]
    #[case("yesterday", None)]
    #[case("", None)]
    fn last_modified(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(parse_last_modified(text), expected.map(at));
    }

    #[rstest]
    #[case("now", "2026-11-20T14:03:22.123Z")]
    #[case("30s", "2026-11-20T14:02:52.123Z")]
    #[case("15m", "2026-11-20T13:48:22.123Z")]
    #[case("2h", "2026-11-20T12:03:22.123Z")]
    #[case("1d", "2026-11-19T14:03:22.123Z")]
    #[case("1W", "2026-11-13T14:03:22.123Z")]
    #[case("1h30m", "2026-11-20T12:33:22.123Z")]
    #[case(" 0s ", "2026-11-20T14:03:22.123Z")]
    #[case("2026-11-20T14:00:00Z", "2026-11-20T14:00:00Z")]
    #[case("2026-11-20T14:00:00.5+01:00", "2026-11-20T13:00:00.5Z")]
    #[case("2026-11-20 14:00Z", "2026-11-20T14:00:00Z")]
    #[case("2026-11-20 14:00", "2026-11-20T13:00:00Z")]
    #[case("2026-11-20T14:00:05", "2026-11-20T13:00:05Z")]
    #[case("2026-11-20 14:00:05.25", "2026-11-20T13:00:05.25Z")]
    #[case("2026-11-20", "2026-11-19T23:00:00Z")]
    fn times_that_people_type(#[case] text: &str, #[case] expected: &str) {
        let zone = TimeZone::fixed(Offset::from_seconds(3600).unwrap());
        assert_eq!(parse_time(text, now(), &zone), Ok(at(expected)));
    }

    #[rstest]
    #[case("")]
    #[case("15")]
    #[case("m")]
    #[case("15 m")]
    #[case("15x")]
    #[case("-5m")]
    #[case("1.5h")]
    #[case("yesterday")]
    #[case("14:00")]
    #[case("15µ")]
    #[case("5m\u{1b}[2J")]
    fn unreadable_times(#[case] text: &str) {
        let error = parse_time(text, now(), &TimeZone::UTC).unwrap_err();
        assert!(matches!(error, TimeError::Unreadable(_)), "{error:?}");
        assert!(error.to_string().contains("15m") && !error.to_string().contains('\u{1b}'));
    }

    #[rstest]
    #[case("2026-02-30")]
    #[case("2026-11-20 25:00")]
    #[case("999999999999999999999d")]
    #[case("9223372036854775807w")]
    #[case("99999999w")]
    fn impossible_times(#[case] text: &str) {
        let error = parse_time(text, now(), &TimeZone::UTC).unwrap_err();
        assert!(matches!(error, TimeError::OutOfRange(_)), "{error:?}");
    }

    #[test]
    fn a_time_that_the_clocks_repeat_is_the_earlier_one() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(parse_time("2026-10-25 02:30", now(), &zone), Ok(at("2026-10-25T00:30:00Z")));
        assert_eq!(parse_time("2026-03-29 02:30", now(), &zone), Ok(at("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn milliseconds_beyond_a_timestamp_are_clamped() {
        assert_eq!(from_millis(1_795_183_402_123).to_string(), "2026-11-20T14:03:22.123Z");
        assert_eq!(from_millis(i64::MAX), Timestamp::MAX);
        assert_eq!(from_millis(i64::MIN), Timestamp::MIN);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in any::<String>(), size in any::<u64>(), value in any::<f64>(), then in any::<i64>()) {
            let _ = (parse_time(&text, now(), &TimeZone::UTC), parse_last_modified(&text), duration_ms(value));
            prop_assert!(bytes(size).len() <= 5);
            prop_assert!(age(now(), from_millis(then)).len() <= 10);
            let _ = iso(from_millis(then), &TimeZone::UTC);
        }

        #[test]
        fn what_is_written_is_read_back(milliseconds in 0_i64..4_102_444_800_000) {
            let time = from_millis(milliseconds);
            let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
            prop_assert_eq!(parse_time(&iso(time, &zone), now(), &TimeZone::UTC), Ok(time));
            let second = from_millis(milliseconds / 1000 * 1000);
            prop_assert_eq!(parse_time(&date_time(time, &TimeZone::UTC), now(), &TimeZone::UTC), Ok(second));
        }
    }
}
