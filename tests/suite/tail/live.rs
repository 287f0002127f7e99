//! Live Tail beside polling, and queries in place of it.

use lambdeck::{
    cloud::Budget,
    tail::{Control, GapKind, Options, SourceErrorKind, State, Streams, Transport, Update},
};

use super::service::{
    Live, Random, Script, Scripted, Service, T0, Told, Trouble, run, run_steered, run_with, scripted,
};

fn live() -> Options {
    Options { live_tail: true, ..Options::live("g", T0) }
}

fn budget() -> Budget {
    Budget::for_logs("us-east-1")
}

/// Events that polling has only so much later.
fn steady(from: i64, seconds: i64, per_second: i64, after: i64) -> Vec<Scripted> {
    let mut random = Random(seconds.unsigned_abs() + 7);
    (0..seconds * per_second)
        .map(|n| {
            let timestamp = from + n * 1_000 / per_second;
            scripted(
                ["a", "b"][usize::try_from(n % 2).unwrap()],
                &n.to_string(),
                timestamp,
                timestamp + after + random.below(400),
            )
        })
        .collect()
}

fn with(events: Vec<Scripted>, live: Live) -> Script {
    Script { live: Some(live), ..Script::new(events) }
}

/// What transport was told, without repetitions, with the sessions' seconds left out.
fn transports(told: &Told) -> Vec<Transport> {
    let mut transports: Vec<_> = told
        .statuses()
        .map(|(_, status)| match status.transport {
            Transport::LiveTail { .. } => Transport::LiveTail { seconds: 0 },
            other => other,
        })
        .collect();
    transports.dedup();
    transports
}

const LIVE: Transport = Transport::LiveTail { seconds: 0 };

#[tokio::test(start_paused = true)]
async fn it_tells_sooner_and_polling_finds_it_known() {
    let script = with(steady(0, 120, 20, 3_000), Live { lead: 3_000, ..Live::default() });
    let service = Service::new(script.clone());
    let told = run_with(service.clone(), live(), budget(), 200, 0, 64, std::time::Duration::ZERO).await;
    told.assert_lines(&script, T0, 195_000);
    // Polling alone would tell no event sooner than three seconds after it happened.
    let mut sooner = told.arrivals().filter(|(at, arrival)| at - (arrival.event.timestamp - T0) <= 2_000);
    assert!(sooner.by_ref().count() > 2_000, "{}", sooner.count());
    assert_eq!(transports(&told), [Transport::Polling, LIVE]);
    assert_eq!(service.sessions.lock().unwrap().len(), 1);
    let Transport::LiveTail { seconds } = told.statuses().last().unwrap().1.transport else { panic!() };
    assert!((190..=200).contains(&seconds), "{seconds}");
    // It is an accelerator: polling goes on as it does without.
    assert!(told.calls_per_second(10_000, 120_000) >= 0.9);
}

#[tokio::test(start_paused = true)]
async fn identical_lines_are_counted_whoever_is_first_and_whatever_is_lost() {
    for (lead, lost) in [(0, 0), (2_000, 0), (900, 40), (-1_500, 10)] {
        let mut random = Random(9);
        let mut events = Vec::new();
        for n in 0..2_000_i64 {
            let timestamp = n / 7 * 200;
            let mut alike = scripted("a", &n.to_string(), timestamp, timestamp + 1_000 + random.below(1_500));
            alike.event.message = "the same".to_owned();
            events.push(alike);
        }
        let script = with(events, Live { lead, lost, ..Live::default() });
        let told = run(script.clone(), live(), budget(), 200, 0).await;
        told.assert_lines(&script, T0, 195_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sample_is_a_gap_until_a_sweep_has_found_the_rest() {
    let mut events = steady(0, 60, 10, 400);
    events.extend(steady(20_000, 6, 2_000, 2_500).into_iter().map(|mut burst| {
        burst.event.stream.push_str("-burst");
        burst
    }));
    let script = with(events, Live { lead: 2_000, ..Live::default() });
    let told = run(script.clone(), live(), budget(), 120, 0).await;
    told.assert_lines(&script, T0, 115_000);
    let gaps = told.gaps(GapKind::Sampled);
    let [(opened, from, None, false), (_, again, Some(to), false), (closed, same, Some(end), true)] =
        gaps[..]
    else {
        panic!("{gaps:?}");
    };
    assert_eq!((from, from, to), (again, same, end));
    assert!((18_000..=21_000).contains(&from) && (25_000..=30_000).contains(&to), "{from} to {to}");
    assert!(opened < 23_000 && closed < 60_000, "{opened} {closed}");
    let sampled = told.statuses().last().unwrap().1.sampled;
    assert!((6_000..12_000).contains(&sampled), "{sampled}");
    for (at, arrival) in told.arrivals() {
        let burst = (T0 + from..T0 + to - 3_000).contains(&arrival.event.timestamp);
        assert!(!burst || at <= closed, "told at {at}, after the gap was called repaired: {arrival:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_at_once_is_not_opened_again_and_again() {
    let script = with(steady(0, 1_000, 4, 400), Live { updates: Some(1), ..Live::default() });
    let service = Service::new(script.clone());
    let told = run_with(service.clone(), live(), budget(), 1_200, 0, 64, std::time::Duration::ZERO).await;
    told.assert_lines(&script, T0, 1_190_000);
    let sessions = service.sessions.lock().unwrap().len();
    assert!((4..12).contains(&sessions), "{sessions} sessions in 20 minutes");
    let (_, status) = told.statuses().last().unwrap();
    assert_eq!((status.transport, &status.state), (Transport::Polling, &State::Live));
    assert!(status.not_live_tail.as_deref().is_some_and(|why| why.contains("ended")), "{status:?}");
    assert!(told.p95_delay() <= 1_500, "{}", told.p95_delay());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_once_and_polling_goes_on() {
    for (kind, tries) in [
        (SourceErrorKind::Denied, 1..2),
        (SourceErrorKind::Unsupported, 1..2),
        (SourceErrorKind::Throttled, 3..9),
        (SourceErrorKind::NotFound, 3..9),
    ] {
        let script = with(steady(0, 300, 4, 400), Live { refused: Some(kind), ..Live::default() });
        let service = Service::new(script.clone());
        let told = run_with(service.clone(), live(), budget(), 400, 0, 64, std::time::Duration::ZERO).await;
        told.assert_complete(&script, T0, 390_000);
        assert_eq!(transports(&told), [Transport::Polling], "{kind:?}");
        let mut reasons: Vec<_> = told.statuses().map(|(_, status)| status.not_live_tail.clone()).collect();
        reasons.dedup();
        assert_eq!(reasons, [None, Some("no session".to_owned())], "{kind:?}");
        let sessions = service.sessions.lock().unwrap().len();
        assert!(tries.contains(&sessions), "{kind:?}: {sessions}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_renewed_before_its_end_and_nothing_is_told_twice_meanwhile() {
    // Around the moment of the renewal there is much.
    let mut events = steady(0, 11_000, 1, 2_000);
    events.extend(steady(10_480_000, 60, 50, 2_000).into_iter().map(|mut scripted| {
        scripted.event.stream.push_str("-2");
        scripted
    }));
    let script = with(events, Live { lead: 2_000, ..Live::default() });
    let service = Service::new(script.clone());
    let told = run_with(service.clone(), live(), budget(), 11_020, 0, 64, std::time::Duration::ZERO).await;
    told.assert_lines(&script, T0, 11_010_000);
    let sessions: Vec<_> = service.sessions.lock().unwrap().iter().map(|(at, _)| at / 1_000).collect();
    assert_eq!(sessions, [0, 10_500]);
    assert_eq!(transports(&told), [Transport::Polling, LIVE], "there is one all the time");
    let Transport::LiveTail { seconds } = told.statuses().last().unwrap().1.transport else { panic!() };
    assert!((11_010..11_030).contains(&seconds), "both count while they overlap: {seconds}");
}

#[tokio::test(start_paused = true)]
async fn it_is_turned_on_and_off_meanwhile() {
    let script = with(steady(0, 300, 20, 2_000), Live { lead: 2_000, ..Live::default() });
    let service = Service::new(script.clone());
    let steps = vec![
        (60, Control::LiveTail(true)),
        (120, Control::LiveTail(false)),
        (150, Control::LiveTail(true)),
        (151, Control::LiveTail(true)),
        (200, Control::LiveTail(false)),
    ];
    let told = run_steered(service.clone(), Options::live("g", T0), budget(), 400, steps).await;
    told.assert_lines(&script, T0, 390_000);
    let expected = [Transport::Polling, LIVE, Transport::Polling, LIVE, Transport::Polling];
    assert_eq!(transports(&told), expected);
    let sessions: Vec<_> = service.sessions.lock().unwrap().iter().map(|(at, _)| at / 1_000).collect();
    assert_eq!(sessions, [60, 150]);
    let seconds = told.statuses().filter_map(|(_, status)| match status.transport {
        Transport::LiveTail { seconds } => Some(seconds),
        _ => None,
    });
    let seconds = seconds.max().unwrap();
    assert!((105..=110).contains(&seconds), "of both sessions: {seconds}");
    assert!(told.gaps(GapKind::Sampled).is_empty());
}

#[tokio::test(start_paused = true)]
async fn groups_share_sessions_of_ten_at_most_and_those_that_are_missing_have_none() {
    let groups: Vec<String> = (0..12).map(|n| format!("g{n}")).chain(["g".to_owned()]).collect();
    let script = with(steady(0, 60, 2, 2_000), Live { lead: 2_000, ..Live::default() });
    let service = Service::new(script.clone());
    let options = Options { groups, ..live() };
    let steps = vec![
        (30, Control::Remove("g3".to_owned())),
        (40, Control::Add { group: "more".to_owned(), since_ms: T0 }),
    ];
    let told = run_steered(service.clone(), options, Budget::unlimited(), 60, steps).await;
    let sessions = service.sessions.lock().unwrap().clone();
    assert!(sessions.iter().all(|(_, request)| (1..=10).contains(&request.groups.len())));
    let late: Vec<_> = sessions.iter().filter(|(at, _)| *at > 35_000).collect();
    assert_eq!(late.len(), 1, "one that comes takes the place of one that went: {late:?}");
    assert!(late[0].1.groups.contains(&"more".to_owned()) && !late[0].1.groups.contains(&"g3".to_owned()));
    let of_g = told.updates.iter().filter(|(_, u)| matches!(u, Update::Events { group, .. } if group == "g"));
    let of_g = Told { updates: of_g.cloned().collect(), calls: Vec::new(), ended: false };
    of_g.assert_lines(&script, T0, 55_000);

    let mut script = Script::new(Vec::new());
    script.troubles.push(Trouble { from: 0, to: 60_000, kind: SourceErrorKind::NotFound });
    let service = Service::new(script);
    let _ = run_with(service.clone(), live(), budget(), 100, 0, 64, std::time::Duration::ZERO).await;
    let sessions: Vec<_> = service.sessions.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert!(sessions.len() == 1 && sessions[0] > 60_000, "{sessions:?}");
}

#[tokio::test(start_paused = true)]
async fn with_a_choice_of_streams_each_session_has_one_group() {
    let script = with(Vec::new(), Live::default());
    let service = Service::new(script);
    let options = Options {
        groups: (0..7).map(|n| format!("g{n}")).collect(),
        streams: Streams::Prefixed("a".to_owned()),
        ..live()
    };
    let told =
        run_with(service.clone(), options, Budget::unlimited(), 20, 0, 64, std::time::Duration::ZERO).await;
    let sessions = service.sessions.lock().unwrap().clone();
    assert_eq!(sessions.len(), 5);
    assert!(sessions.iter().all(|(_, request)| request.groups.len() == 1));
    let polled = told.statuses().filter(|(_, status)| status.not_live_tail.is_some());
    let polled: std::collections::BTreeSet<_> = polled.map(|(_, status)| status.group.clone()).collect();
    assert_eq!(polled.len(), 2, "the rest is told why not: {polled:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_makes_a_gap_of_what_it_had_no_room_for_and_gets_all_of_it() {
    let script = with(steady(0, 60, 400, 1_500), Live { lead: 1_500, ..Live::default() });
    let service = Service::new(script.clone());
    let pause = std::time::Duration::from_millis(600);
    let told = run_with(service, live(), Budget::unlimited(), 400, 0, 1, pause).await;
    told.assert_lines(&script, T0, 300_000);
    let gaps = told.gaps(GapKind::Sampled);
    assert!(gaps.last().is_none_or(|(.., repaired)| *repaired), "{gaps:?}");
}

/// A group of the Infrequent Access class.
fn infrequent(events: Vec<Scripted>, most: usize) -> Script {
    let mut script = Script { query: Some(most), ..Script::new(events) };
    script.troubles.push(Trouble { from: 0, to: i64::MAX, kind: SourceErrorKind::Unsupported });
    script
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_not_polled_is_queried_and_said_to_be_not_live() {
    let mut random = Random(5);
    let mut events = steady(-300_000, 900, 3, 1_000);
    for scripted in &mut events {
        if random.chance(10) {
            scripted.visible += random.below(90_000);
        }
        if random.chance(30) {
            // Without a pointer.
            scripted.event.id = String::new();
        }
    }
    let script = infrequent(events, 10_000);
    let service = Service::new(script.clone());
    let options = Options { live_tail: true, ..Options::live("g", T0 - 300_000) };
    let told = run_with(service.clone(), options, budget(), 800, 0, 64, std::time::Duration::ZERO).await;
    told.assert_lines(&script, T0 - 300_000, 700_000);
    assert_eq!(transports(&told), [Transport::Polling, Transport::Insights]);
    assert_eq!(told.states(), [State::CatchingUp, State::Live]);
    let [(_, _, None, false)] = told.gaps(GapKind::NotLive)[..] else {
        panic!("{:?}", told.gaps(GapKind::NotLive))
    };
    assert_eq!(told.history_done().len(), 1);
    assert_eq!(told.calls.len(), 1, "polling is asked once");
    let queries = service.queries.lock().unwrap().len();
    assert!((25..=28).contains(&queries), "{queries} queries in 800 s");
    assert!(service.sessions.lock().unwrap().is_empty(), "it has no Live Tail");
    assert_eq!(told.statuses().last().unwrap().1.calls, 1 + 2 * queries as u64);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_gives_no_more_is_asked_for_in_halves() {
    let mut events = steady(-60_000, 120, 40, 500);
    events.extend((0..2_500).map(|n| scripted("flood", &n.to_string(), -5_000 - n % 3, -4_000)));
    let script = infrequent(events, 1_000);
    let told = run(script.clone(), Options::live("g", T0 - 60_000), Budget::unlimited(), 200, 0).await;
    told.assert_complete(&script, T0 - 60_000, 150_000);
    assert!(told.gaps(GapKind::Sampled).is_empty());

    // More than a query gives, all in a millisecond: said to be incomplete.
    let events = (0..90).map(|n| scripted("flood", &n.to_string(), -5_000, -4_000)).collect();
    let told =
        run(infrequent(events, 50), Options::history("g", T0 - 60_000), Budget::unlimited(), 200, 0).await;
    assert!(told.ended);
    assert_eq!(told.arrivals().count(), 50);
    let [(_, -5_000, Some(-4_999), false)] = told.gaps(GapKind::Sampled)[..] else {
        panic!("{:?}", told.gaps(GapKind::Sampled))
    };
}

#[tokio::test(start_paused = true)]
async fn a_filter_pattern_is_nothing_that_queries_know() {
    let script = infrequent(steady(0, 10, 10, 100), 10_000);
    let options = Options { filter_pattern: Some("ERROR".to_owned()), ..Options::live("g", T0) };
    let told = run(script, options, Budget::unlimited(), 60, 0).await;
    assert!(told.ended && told.arrivals().count() == 0);
    assert!(
        matches!(told.states().pop(), Some(State::Unsupported { message }) if message.contains("pattern"))
    );
}
