use std::cell::RefCell;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use proptest::prelude::*;
use rstest::rstest;
use tokio::{sync::mpsc, time::Instant};

use super::*;

fn time(text: &str) -> Timestamp {
    let text = if text.len() == 16 { format!("{text}:00Z") } else { text.to_owned() };
    text.parse().unwrap()
}

fn cron(fields: &str) -> Cron {
    Cron::parse(fields).unwrap_or_else(|why| panic!("{fields}: {why}"))
}

/// 2026-11-20 is a Friday.
#[rstest]
// Plain values, every, lists, ranges, steps.
#[case("* * * * ? *", "2026-11-20T10:00:30Z", &["2026-11-20T10:01", "2026-11-20T10:02"])]
#[case("* * * * ? *", "2026-11-20T10:00", &["2026-11-20T10:01"])]
#[case("0 12 * * ? *", "2026-11-20T12:00", &["2026-11-21T12:00", "2026-11-22T12:00"])]
#[case("0 12 ? * * *", "2026-11-20T11:59:59Z", &["2026-11-20T12:00"])]
#[case("15 12 * * ? *", "2026-12-31T12:15", &["2027-01-01T12:15"])]
#[case("0/15 * * * ? *", "2026-11-20T10:50", &["2026-11-20T11:00", "2026-11-20T11:15", "2026-11-20T11:30"])]
#[case("*/20 * * * ? *", "2026-11-20T10:00", &["2026-11-20T10:20", "2026-11-20T10:40", "2026-11-20T11:00"])]
#[case("/20 * * * ? *", "2026-11-20T10:00", &["2026-11-20T10:20"])]
#[case("5/20 * * * ? *", "2026-11-20T10:00", &["2026-11-20T10:05", "2026-11-20T10:25", "2026-11-20T10:45", "2026-11-20T11:05"])]
#[case("10-20/5 * * * ? *", "2026-11-20T10:00", &["2026-11-20T10:10", "2026-11-20T10:15", "2026-11-20T10:20", "2026-11-20T11:10"])]
#[case("0,30 8-9 * * ? *", "2026-11-20T08:00", &["2026-11-20T08:30", "2026-11-20T09:00", "2026-11-20T09:30", "2026-11-21T08:00"])]
#[case("0 22-2/2 * * ? *", "2026-11-20T21:00", &["2026-11-20T22:00", "2026-11-21T00:00", "2026-11-21T02:00", "2026-11-21T22:00"])]
#[case("59 23 31 12 ? *", "2026-11-20T00:00", &["2026-12-31T23:59", "2027-12-31T23:59"])]
#[case("0 0 */10 * ? *", "2026-11-20T00:00", &["2026-11-21T00:00", "2026-12-01T00:00", "2026-12-11T00:00", "2026-12-21T00:00", "2026-12-31T00:00", "2027-01-01T00:00"])]
#[case("0 0 1 1/3 ? *", "2026-11-20T00:00", &["2027-01-01T00:00", "2027-04-01T00:00", "2027-07-01T00:00"])]
#[case("0 0 1 JAN,jul ? *", "2026-11-20T00:00", &["2027-01-01T00:00", "2027-07-01T00:00"])]
#[case("0 0 1 NOV-FEB ? *", "2026-11-20T00:00", &["2026-12-01T00:00", "2027-01-01T00:00", "2027-02-01T00:00", "2027-11-01T00:00"])]
// Days that some months don't have.
#[case("0 0 31 * ? *", "2026-01-31T00:00", &["2026-03-31T00:00", "2026-05-31T00:00"])]
#[case("0 0 30,31 2-3 ? *", "2026-01-31T00:00", &["2026-03-30T00:00", "2026-03-31T00:00", "2027-03-30T00:00"])]
#[case("0 0 29 2 ? *", "2026-11-20T00:00", &["2028-02-29T00:00", "2032-02-29T00:00"])]
#[case("0 0 29 2 ? *", "2096-03-01T00:00", &["2104-02-29T00:00"])]
#[case("0 0 29 2 ? 2026-2027", "2026-01-01T00:00", &[])]
// Days of the week: 1 = SUN, 7 = SAT.
#[case("0 8 ? * MON-FRI *", "2026-11-20T08:00", &["2026-11-23T08:00", "2026-11-24T08:00"])]
#[case("0 8 ? * 2-6 *", "2026-11-20T07:00", &["2026-11-20T08:00", "2026-11-23T08:00"])]
#[case("0 8 ? * 1 *", "2026-11-20T08:00", &["2026-11-22T08:00"])]
#[case("0 8 ? * 7 *", "2026-11-20T08:00", &["2026-11-21T08:00"])]
#[case("0 8 ? * sat,SUN *", "2026-11-20T08:00", &["2026-11-21T08:00", "2026-11-22T08:00", "2026-11-28T08:00"])]
#[case("0 8 ? * FRI-MON *", "2026-11-20T08:00", &["2026-11-21T08:00", "2026-11-22T08:00", "2026-11-23T08:00", "2026-11-27T08:00"])]
#[case("0 8 ? * 1/3 *", "2026-11-20T08:00", &["2026-11-21T08:00", "2026-11-22T08:00", "2026-11-25T08:00"])]
#[case("0 8 ? * L *", "2026-11-20T08:00", &["2026-11-21T08:00", "2026-11-28T08:00"])]
#[case("0 8 ? * 6L *", "2026-11-20T08:00", &["2026-11-27T08:00", "2026-12-25T08:00", "2027-01-29T08:00"])]
#[case("0 8 ? 2 SUNL *", "2026-11-20T08:00", &["2027-02-28T08:00", "2028-02-27T08:00"])]
#[case("0 8 ? * 6#3 *", "2026-11-20T07:00", &["2026-11-20T08:00", "2026-12-18T08:00"])]
#[case("0 8 ? * MON#1 *", "2026-11-20T08:00", &["2026-12-07T08:00", "2027-01-04T08:00"])]
#[case("0 8 ? * 2#5 *", "2026-11-20T08:00", &["2026-11-30T08:00", "2027-03-29T08:00"])]
// The month's last day, and the nearest one from Monday to Friday.
#[case("0 0 L * ? *", "2026-11-20T00:00", &["2026-11-30T00:00", "2026-12-31T00:00", "2027-01-31T00:00", "2027-02-28T00:00"])]
#[case("0 0 L 2 ? *", "2027-12-01T00:00", &["2028-02-29T00:00", "2029-02-28T00:00"])]
#[case("0 0 L-3 * ? *", "2026-11-20T00:00", &["2026-11-27T00:00", "2026-12-28T00:00"])]
#[case("0 0 L-30 * ? *", "2027-01-02T00:00", &["2027-03-01T00:00"])]
#[case("0 0 LW * ? *", "2027-01-01T00:00", &["2027-01-29T00:00", "2027-02-26T00:00", "2027-03-31T00:00"])]
#[case("0 0 15W * ? *", "2026-11-01T00:00", &["2026-11-16T00:00", "2026-12-15T00:00", "2027-01-15T00:00"])]
#[case("0 0 14W * ? *", "2026-11-01T00:00", &["2026-11-13T00:00"])]
#[case("0 0 1W 8,11 ? *", "2026-07-01T00:00", &["2026-08-03T00:00", "2026-11-02T00:00"])]
#[case("0 0 31W * ? *", "2026-01-01T00:00", &["2026-01-30T00:00", "2026-03-31T00:00", "2026-05-29T00:00"])]
// Years.
#[case("0 0 1 1 ? 2027", "2026-11-20T00:00", &["2027-01-01T00:00"])]
#[case("0 0 1 1 ? 2027-2029", "2027-06-01T00:00", &["2028-01-01T00:00", "2029-01-01T00:00"])]
#[case("0 0 1 1 ? 2027,2030", "2027-06-01T00:00", &["2030-01-01T00:00"])]
#[case("0 0 1 1 ? 2026/10", "2026-11-20T00:00", &["2036-01-01T00:00", "2046-01-01T00:00"])]
#[case("0 0 1 1 ? 2020", "2026-11-20T00:00", &[])]
#[case("59 23 31 12 ? 2199", "2026-11-20T00:00", &["2199-12-31T23:59"])]
#[case("0 0 31 2 ? *", "2026-11-20T00:00", &[])]
fn when_a_cron_is_due(#[case] fields: &str, #[case] after: &str, #[case] due: &[&str]) {
    let cron = cron(fields);
    let mut after = time(after);
    for expected in due {
        let next = cron.next_after(after);
        assert_eq!(next, Some(time(expected)), "{fields} after {after}");
        after = next.unwrap();
    }
    if due.is_empty() || fields.ends_with("2199") {
        assert_eq!(cron.next_after(after), None);
    }
}

#[rstest]
#[case("cron(0 12 * * ?)", "it has 5 fields, not six")]
#[case("cron(0 12 * * ? * *)", "it has 7 fields, not six")]
#[case("cron(0 12 * * * *)", "neither of the fields day-of-month and day-of-week is '?'")]
#[case("cron(0 12 ? * ? *)", "both of the fields day-of-month and day-of-week is '?'")]
#[case("cron(60 12 * * ? *)", "its field minutes is '60': it takes 0-59")]
#[case("cron(-1 12 * * ? *)", "its field minutes is '-1'")]
#[case("cron(+1 12 * * ? *)", "its field minutes is '+1'")]
#[case("cron(x 12 * * ? *)", "its field minutes is 'x'")]
#[case("cron(1,,2 12 * * ? *)", "its field minutes is '1,,2'")]
#[case("cron(0/0 12 * * ? *)", "its field minutes is '0/0': a step is 1-59")]
#[case("cron(0/60 12 * * ? *)", "a step is 1-59")]
#[case("cron(0/ 12 * * ? *)", "a step is 1-59")]
#[case("cron(1-2-3 12 * * ? *)", "its field minutes is '1-2-3'")]
#[case(
    "cron(? 12 * * ? *)",
    "its field minutes is '?': it takes 0-59; '?' stands alone, in one of the day fields"
)]
#[case("cron(L 12 * * ? *)", "its field minutes is 'L'")]
#[case("cron(0 24 * * ? *)", "its field hours is '24': it takes 0-23")]
#[case("cron(0 0 0 * ? *)", "its field day-of-month is '0': it takes 1-31")]
#[case("cron(0 0 32 * ? *)", "its field day-of-month is '32'")]
#[case("cron(0 0 L-31 * ? *)", "its field day-of-month is 'L-31'")]
#[case("cron(0 0 1,L * ? *)", "L and W stand alone")]
#[case("cron(0 0 1-5W * ? *)", "L and W stand alone")]
#[case("cron(0 0 32W * ? *)", "its field day-of-month is '32W'")]
#[case("cron(0 0 W * ? *)", "its field day-of-month is 'W'")]
#[case("cron(0 0 1 13 ? *)", "its field month is '13': it takes 1-12 or JAN-DEC")]
#[case("cron(0 0 1 MAI ? *)", "its field month is 'MAI'")]
#[case("cron(0 0 ? * 0 *)", "its field day-of-week is '0': it takes 1-7 or SUN-SAT")]
#[case("cron(0 0 ? * 8 *)", "its field day-of-week is '8'")]
#[case("cron(0 0 ? * 2#0 *)", "after # stands which one of the month it is, 1-5")]
#[case("cron(0 0 ? * 2#6 *)", "after # stands which one of the month it is, 1-5")]
#[case("cron(0 0 ? * 3#1,6#3 *)", "# stands alone")]
#[case("cron(0 0 ? * 15W *)", "its field day-of-week is '15W'")]
#[case("cron(0 0 1 1 ? 1969)", "its field year is '1969': it takes 1970-2199")]
#[case("cron(0 0 1 1 ? 2200)", "its field year is '2200'")]
#[case("cron(0 0 1 1 ? 2030-2027)", "a range goes from the smaller to the larger one")]
#[case("rate(5 minute)", "with 5 the unit is 'minutes'")]
#[case("rate(1 minutes)", "with 1 the unit is 'minute'")]
#[case("rate(1 hours)", "with 1 the unit is 'hour'")]
#[case("rate(2 day)", "with 2 the unit is 'days'")]
#[case("rate(0 minutes)", "the number is a whole one, 1 or more")]
#[case("rate(-5 minutes)", "the number is a whole one, 1 or more")]
#[case("rate(+5 minutes)", "the number is a whole one, 1 or more")]
#[case("rate(1.5 hours)", "the number is a whole one, 1 or more")]
#[case("rate(30 seconds)", "'seconds' is no unit of a rate: those are minutes, hours and days")]
#[case("rate(5minutes)", "a rate is a number and a unit")]
#[case("rate()", "a rate is a number and a unit")]
#[case("rate(9999999999999 days)", "the number is too large")]
#[case("at(2026-11-20T10:00:00)", "at() belongs to EventBridge Scheduler")]
#[case("rate(5 minutes", "it is neither rate(5 minutes) nor cron(0 12 * * ? *)")]
#[case("every day", "it is neither")]
#[case("", "it is neither")]
fn what_is_no_schedule(#[case] expression: &str, #[case] why: &str) {
    let error = Rule::check(expression).unwrap_err();
    assert!(error.starts_with(&format!("the schedule '{expression}' is not valid: ")), "{error}");
    assert!(error.contains(why), "{error}");
}

#[rstest]
#[case("rate(1 minute)", 60)]
#[case("rate(5 minutes)", 300)]
#[case("rate(1 hour)", 3600)]
#[case("rate(2 hours)", 7200)]
#[case("rate(1 day)", 86_400)]
#[case("rate(7 days)", 604_800)]
fn a_rate_counts_from_its_start(#[case] expression: &str, #[case] seconds: i64) {
    let schedule = Schedule::parse(expression).unwrap();
    let start = time("2026-11-20T10:00:07.5Z");
    let after = |it: SignedDuration| start + it;
    let period = SignedDuration::from_secs(seconds);
    let next = |at| schedule.next_after(at, start).unwrap();
    assert_eq!(next(start), after(period));
    assert_eq!(next(after(period) - SignedDuration::from_nanos(1)), after(period));
    assert_eq!(next(after(period)), after(period * 2));
    assert_eq!(next(after(period * 1000)), after(period * 1001));
    // The clock was set back.
    assert_eq!(next(start - SignedDuration::from_hours(24)), after(period));
}

#[test]
fn names_and_inputs_of_rules_are_checked() {
    let rule = |name: &str, input: Option<&str>| Rule {
        name: name.into(),
        expression: "rate(1 day)".into(),
        input: input.map(str::to_owned),
    };
    assert_eq!(rule("a.b-C_9", Some("{\"a\":1}")).check_whole(), Ok(()));
    assert_eq!(rule(&"n".repeat(64), Some("\"text\"")).check_whole(), Ok(()));
    for name in ["", "a b", &"n".repeat(65)] {
        assert!(rule(name, None).check_whole().unwrap_err().contains("is no rule's name"), "{name}");
    }
    assert!(rule("r", Some("{")).check_whole().unwrap_err().contains("no JSON"));
    let long = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    assert_eq!(rule("r", Some(&long(8192))).check_whole(), Ok(()));
    assert!(rule("r", Some(&long(8193))).check_whole().unwrap_err().contains("8193 bytes, 8192 are allowed"));
    assert!(Rule { expression: "cron(0 0 1 1 ? 2020)".into(), ..rule("r", None) }.check_whole().is_ok());
}

fn place() -> Place {
    Place { partition: "aws", region: "eu-west-1".into(), account_id: "123456789012".into() }
}

#[test]
fn the_event_has_the_shape_of_the_template() {
    let rule = Rule { name: "nightly".into(), expression: "rate(1 day)".into(), input: None };
    let event = || -> serde_json::Value {
        serde_json::from_slice(&rule.payload(&place(), time("2026-11-20T10:05"))).unwrap()
    };
    let (mut first, second) = (event(), event());
    let template: serde_json::Value =
        serde_json::from_str(include_str!("../../../../assets/events/eventbridge-scheduled.json")).unwrap();
    let names = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&first), names(&template));
    let id = first.as_object_mut().unwrap().remove("id").unwrap();
    assert!(id != second["id"] && id.as_str().unwrap().len() == 36);
    let wanted = json!({
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-20T10:05:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/nightly"],
        "detail": {},
    });
    assert_eq!(first, wanted);
    let rule = Rule { input: Some("[1, 2]".into()), ..rule };
    assert_eq!(rule.payload(&place(), time("2026-11-20T10:05")), "[1, 2]");
}

/// Runs a rule for some minutes of paused time, from 10:00:30; `clock` gives seconds that the clock is off after so
/// many seconds. Gives the seconds after the start at which it ran, and the times that it named.
async fn runs(expression: &str, minutes: u64, clock: impl Fn(u64) -> i64) -> Vec<(u64, String)> {
    let (sender, mut events) = mpsc::channel(1);
    let begun = Instant::now();
    let now = || {
        let passed = begun.elapsed();
        let off = SignedDuration::from_secs(clock(passed.as_secs()));
        time("2026-11-20T10:00:30Z") + SignedDuration::try_from(passed).unwrap() + off
    };
    let rule = Rule { name: "r".into(), expression: expression.into(), input: None };
    let all = RefCell::new(Vec::new());
    let receive = async {
        while let Some(Firing { function, payload }) = events.recv().await {
            assert_eq!(function, "f:live");
            let event: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            let time = event["time"].as_str().unwrap()[11..16].to_owned();
            all.borrow_mut().push((begun.elapsed().as_secs(), time));
        }
    };
    let run = run(rule, "f:live".into(), place(), sender, now);
    let both = async { tokio::join!(run, receive) };
    let _ = tokio::time::timeout(Duration::from_secs(minutes * 60), both).await;
    all.into_inner()
}

fn shown(runs: &[(u64, String)]) -> Vec<(u64, &str)> {
    runs.iter().map(|(at, time)| (*at, time.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_rule_runs_when_it_is_due() {
    let rate = runs("rate(2 minutes)", 7, |_| 0).await;
    assert_eq!(shown(&rate), [(120, "10:02"), (240, "10:04"), (360, "10:06")]);
    let cron = runs("cron(1/2 10 * * ? *)", 6, |_| 0).await;
    assert_eq!(shown(&cron), [(30, "10:01"), (150, "10:03"), (270, "10:05")]);
    let once = runs("cron(1 10 20 11 ? 2026)", 6, |_| 0).await;
    assert_eq!(shown(&once), [(30, "10:01")]);
    assert!(runs("cron(0 9 * * ? *)", 600, |_| 0).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_slept_through_is_not_made_up_for() {
    // After 100 s the machine sleeps for two hours and ten seconds.
    let slept = runs("cron(* * * * ? *)", 4, |passed| if passed < 100 { 0 } else { 7210 }).await;
    let times: Vec<&str> = slept.iter().map(|(_, time)| time.as_str()).collect();
    // 12:02:20 is when it wakes: 12:02 is 20 s late, and what lies before is missed.
    assert_eq!(times, ["10:01", "10:02", "12:02", "12:03", "12:04"]);
    assert!((100..=115).contains(&slept[2].0), "{slept:?}");
    // A day's run that was missed by more than a minute.
    let missed = runs("cron(2 10 * * ? *)", 4, |passed| if passed < 10 { 0 } else { 300 }).await;
    assert!(missed.is_empty(), "{missed:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_runs_twice_where_the_clock_is_set_back() {
    // After 100 s, at 10:02:10, it is set back by two minutes.
    let back = runs("cron(* * * * ? *)", 6, |passed| if passed < 100 { 0 } else { -120 }).await;
    assert_eq!(shown(&back), [(30, "10:01"), (90, "10:02"), (270, "10:03"), (330, "10:04")]);
}

/// One field: text, and whether a value fits it, written down in the plainest way.
type Part = (String, fn(&[i16], i16) -> bool, Vec<i16>);

fn part(low: i16, high: i16) -> impl Strategy<Value = Part> {
    let any: fn(&[i16], i16) -> bool = |_, _| true;
    let list: fn(&[i16], i16) -> bool = |values, it| values.contains(&it);
    let range: fn(&[i16], i16) -> bool = |ends, it| ends[0] <= it && it <= ends[1];
    let step: fn(&[i16], i16) -> bool = |step, it| it >= step[0] && (it - step[0]) % step[1] == 0;
    prop_oneof![
        Just(("*".to_owned(), any, vec![])),
        prop::collection::vec(low..=high, 1..4).prop_map(move |values| {
            let text: Vec<String> = values.iter().map(ToString::to_string).collect();
            (text.join(","), list, values)
        }),
        (low..=high, low..=high).prop_map(move |(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{a}-{b}"), range, vec![a, b])
        }),
        (low..=high, 1..=(high - low).min(20)).prop_map(move |(from, by)| (
            format!("{from}/{by}"),
            step,
            vec![from, by]
        )),
    ]
}

/// The day fields: text, and whether a date fits.
type DayPart = (String, fn(&[i16], Date) -> bool, Vec<i16>);

fn day_part() -> impl Strategy<Value = DayPart> {
    let of_month: fn(&[i16], Date) -> bool = |days, date| days.contains(&date.day().into());
    let of_week: fn(&[i16], Date) -> bool = |days, date| days.contains(&weekday(date));
    let last: fn(&[i16], Date) -> bool = |_, date| date.tomorrow().unwrap().day() == 1;
    let nth: fn(&[i16], Date) -> bool = |it, date| {
        let same = (1..=date.day()).filter(|day| weekday(date.with().day(*day).build().unwrap()) == it[0]);
        weekday(date) == it[0] && same.count() == usize::try_from(it[1]).unwrap()
    };
    let last_of: fn(&[i16], Date) -> bool = |it, date| {
        weekday(date) == it[0] && (date + SignedDuration::from_hours(7 * 24)).month() != date.month()
    };
    let workday: fn(&[i16], Date) -> bool = |it, date| {
        // The nearest one in the month: of all its days from Monday to Friday.
        let Ok(wanted) = date.with().day(i8::try_from(it[0]).unwrap()).build() else { return false };
        let days = (1..=date.days_in_month()).map(|day| date.with().day(day).build().unwrap());
        let nearest = days
            .filter(|day| (2..=6).contains(&weekday(*day)))
            .min_by_key(|day| (i16::from(day.day()) - i16::from(wanted.day())).abs());
        nearest == Some(date)
    };
    prop_oneof![
        prop::collection::vec(1..=31_i16, 1..4).prop_map(move |days| {
            let text: Vec<String> = days.iter().map(ToString::to_string).collect();
            (format!("{} ?", text.join(",")), of_month, days)
        }),
        prop::collection::vec(1..=7_i16, 1..4).prop_map(move |days| {
            let text: Vec<String> = days.iter().map(ToString::to_string).collect();
            (format!("? {}", text.join(",")), of_week, days)
        }),
        Just(("L ?".to_owned(), last, vec![])),
        (1..=7_i16, 1..=5_i16).prop_map(move |(day, at)| (format!("? {day}#{at}"), nth, vec![day, at])),
        (1..=7_i16).prop_map(move |day| (format!("? {day}L"), last_of, vec![day])),
        (1..=31_i16).prop_map(move |day| (format!("{day}W ?"), workday, vec![day])),
    ]
}

fn weekday(date: Date) -> i16 {
    // 2023-01-01 was a Sunday.
    let days = (date - Date::constant(2023, 1, 1)).get_days();
    i16::try_from(days.rem_euclid(7)).unwrap() + 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Minute by minute, days that don't fit left out, the first that fits is the one that is found.
    #[test]
    fn the_next_time_is_the_first_that_fits(
        minutes in part(0, 59),
        hours in part(0, 23),
        days in day_part(),
        months in part(1, 12),
        start in 1_672_531_200_i64..1_900_000_000,
    ) {
        let (day_of_month, day_of_week) = days.0.split_once(' ').unwrap();
        let fields = format!("{} {} {day_of_month} {} {day_of_week} *", minutes.0, hours.0, months.0);
        let fits = |part: &Part, value: i8| (part.1)(&part.2, value.into());
        let after = Timestamp::from_second(start).unwrap();
        let found = cron(&fields).next_after(after);
        let from = TimeZone::UTC.to_datetime(after);
        let mut date = from.date();
        let horizon = Date::constant(2035, 1, 1);
        let expected = loop {
            if date >= horizon {
                break None;
            }
            let day_fits = fits(&months, date.month()) && (days.1)(&days.2, date);
            let times = (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute)));
            let first = times
                .filter(|_| day_fits)
                .filter(|(hour, minute)| fits(&hours, *hour) && fits(&minutes, *minute))
                .map(|(hour, minute)| date.at(hour, minute, 0, 0))
                .find(|at| *at > from);
            if first.is_some() {
                break first;
            }
            date = date.tomorrow().unwrap();
        };
        match expected {
            Some(expected) => {
                prop_assert_eq!(found.map(|at| TimeZone::UTC.to_datetime(at)), Some(expected), "{} after {}", fields, after);
            }
            None => prop_assert!(found.is_none_or(|at| TimeZone::UTC.to_datetime(at).date() >= horizon)),
        }
    }
}
