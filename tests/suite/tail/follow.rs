//! What a follower must get right, one trouble at a time.

use std::time::Duration;

use lambdeck::cloud::Budget;
use lambdeck::tail::{Control, GapKind, Options, SourceErrorKind, State, Streams, Transport, Update};

use super::service::{
    Ending, Random, Script, Scripted, Service, T0, Told, Trouble, run, run_steered, run_with, scripted,
};

const KINDS: [SourceErrorKind; 5] = [
    SourceErrorKind::Throttled,
    SourceErrorKind::Offline,
    SourceErrorKind::Credentials,
    SourceErrorKind::Denied,
    SourceErrorKind::Other,
];

/// So many events a second from `from` on for some seconds, visible a little later.
fn steady(from: i64, seconds: i64, per_second: i64, seed: u64) -> Vec<Scripted> {
    let mut random = Random(seed);
    (0..seconds * per_second)
        .map(|n| {
            let timestamp = from + n * 1_000 / per_second;
            let visible = timestamp + 100 + random.below(1_500);
            scripted(["a", "b", "c"][usize::try_from(n % 3).unwrap()], &n.to_string(), timestamp, visible)
        })
        .collect()
}

fn live() -> Options {
    Options::live("g", T0)
}

#[tokio::test(start_paused = true)]
async fn events_up_to_ninety_seconds_late_are_found_told_once_and_marked() {
    let mut random = Random(7);
    let mut script = Script::new(steady(0, 300, 20, 3));
    for scripted in &mut script.events {
        if random.chance(10) {
            scripted.visible += random.below(88_000);
            scripted.event.ingestion_time = T0 + scripted.visible;
        }
    }
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 480, 0).await;
    told.assert_complete(&script, T0, 400_000);
    assert!(told.p95_delay() <= 1_500, "{}", told.p95_delay());
    assert!(told.calls_per_second(5_000, 300_000) <= 2.0);
    for (_, arrival) in told.arrivals() {
        let delay = arrival.event.ingestion_time - arrival.event.timestamp;
        // Once nothing new is written any more, late is measured from what was written last.
        if delay > 5_000 && arrival.event.ingestion_time < T0 + 300_000 {
            assert!(arrival.late_by_ms.is_some_and(|late| late >= delay - 3_000), "{arrival:?}");
        }
        if delay < 1_000 {
            assert_eq!(arrival.late_by_ms, None, "{arrival:?}");
        }
    }
    let late = told.arrivals().filter(|(_, arrival)| arrival.late_by_ms.is_some()).count();
    assert_eq!(told.statuses().last().unwrap().1.late, late as u64);
}

#[tokio::test(start_paused = true)]
async fn bursts_with_partial_and_empty_pages_lose_nothing() {
    let mut events = steady(0, 30, 10, 1);
    events.extend(steady(10_000, 20, 2_000, 2).into_iter().map(|mut burst| {
        burst.event.stream = format!("burst-{}", burst.event.stream);
        burst
    }));
    let mut script = Script::new(events);
    script.page = 7_000;
    script.partial = 20;
    script.empty = 15;
    let told = run(script.clone(), live(), Budget::for_logs("us-east-1"), 120, 0).await;
    told.assert_complete(&script, T0, 100_000);
    assert!(told.p95_delay() <= 1_500, "{}", told.p95_delay());
}

#[tokio::test(start_paused = true)]
async fn a_tight_budget_slows_and_loses_nothing() {
    let mut script = Script::new(steady(0, 120, 500, 2));
    script.page = 1_000;
    let told = run(script.clone(), live(), Budget::new(2.0), 240, 0).await;
    told.assert_complete(&script, T0, 180_000);
    assert!(told.calls_per_second(10_000, 120_000) <= 2.05);
}

#[tokio::test(start_paused = true)]
async fn throttling_is_told_waited_out_and_caught_up_with() {
    let mut script = Script::new(steady(0, 60, 50, 4));
    script.troubles.push(Trouble { from: 20_000, to: 26_000, kind: SourceErrorKind::Throttled });
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 150, 0).await;
    told.assert_complete(&script, T0, 120_000);
    let behind: Vec<_> = told
        .statuses()
        .filter_map(|(_, status)| match status.state {
            State::Throttled { behind_ms } => Some(behind_ms),
            _ => None,
        })
        .collect();
    assert!(behind.is_sorted() && behind.last().is_some_and(|last| *last >= 2_000), "{behind:?}");
    let states = told.states();
    let at = states.iter().position(|state| matches!(state, State::Throttled { .. })).unwrap();
    assert_eq!(states[at + 1..], [State::CatchingUp, State::Live]);
    // Full jitter: one to eight seconds, so few calls and none of them long after the end.
    let after = told.calls.iter().find(|call| call.at >= 26_000).unwrap().at;
    assert!(after <= 26_000 + 8_100, "{after}");
}

#[tokio::test(start_paused = true)]
async fn no_failure_ends_it_and_a_long_one_is_a_gap_until_it_is_repaired() {
    for kind in KINDS {
        let mut script = Script::new(steady(0, 1_500, 2, 5));
        script.troubles.push(Trouble { from: 60_000, to: 1_260_000, kind });
        let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 1_700, 0).await;
        told.assert_complete(&script, T0, 1_600_000);
        let gaps = told.gaps(GapKind::Disconnected);
        let [(opened, from, None, false), (over, again, Some(to), false), (closed, same, Some(end), true)] =
            gaps[..]
        else {
            panic!("{kind:?}: {gaps:?}");
        };
        assert_eq!((from, from, to), (again, same, end));
        assert!((1_260_000..=over).contains(&to) && over < 1_270_000, "{kind:?}: to {to} at {over}");
        assert!((56_000..=60_000).contains(&from), "{kind:?}: from {from}");
        assert!((64_000..=80_000).contains(&opened), "{kind:?}: opened at {opened}");
        assert!((1_260_000..1_290_000).contains(&closed), "{kind:?}: closed at {closed}");
        let calls = told.calls.iter().filter(|call| (60_000..1_260_000).contains(&call.at)).count();
        assert!((140..800).contains(&calls), "{kind:?}: {calls} calls in 20 minutes of failure");
    }
}

#[tokio::test(start_paused = true)]
async fn late_events_of_an_interruption_are_found_after_it() {
    // Written shortly before the line went down, visible while it was.
    let mut script = Script::new(steady(0, 100, 5, 5));
    for n in 0..50 {
        script.events.push(scripted("late", &n.to_string(), 40_000 + n * 400, 70_000 + n * 700));
    }
    script.troubles.push(Trouble { from: 60_000, to: 1_000_000, kind: SourceErrorKind::Offline });
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 1_100, 0).await;
    told.assert_complete(&script, T0, 1_050_000);
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_not_called_repaired_before_it_is() {
    // The line goes down in the middle of a long sweep, which reads a page a second.
    let mut script = Script::new(steady(0, 300, 8, 5));
    script.page = 50;
    for n in 0..60 {
        script.events.push(scripted("late", &n.to_string(), 1_000 + n * 500, 140_000 + n * 900));
    }
    script.troubles.push(Trouble { from: 130_000, to: 200_000, kind: SourceErrorKind::Offline });
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 500, 0).await;
    told.assert_complete(&script, T0, 450_000);
    let gaps = told.gaps(GapKind::Disconnected);
    let [(.., false), (.., false), (repaired, .., true)] = gaps[..] else { panic!("{gaps:?}") };
    assert!(repaired > 200_000);
    for (at, arrival) in told.arrivals() {
        if arrival.event.ingestion_time < T0 + 200_000 {
            assert!(
                at <= repaired,
                "told at {at}, after the gap was called repaired at {repaired}: {arrival:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn almost_five_minutes_late_is_found_while_a_sweep_takes_most_of_a_minute() {
    let mut script = Script::new(steady(0, 900, 6, 22));
    script.page = 50;
    for n in 0..500 {
        script.events.push(scripted("late", &n.to_string(), 10_000 + n * 1_000, 305_000 + n * 1_000));
    }
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 1_000, 0).await;
    told.assert_complete(&script, T0, 950_000);
    assert!(told.statuses().all(|(_, status)| status.lookback_ms == 300_000));
    assert!(told.calls_per_second(10_000, 900_000) <= 2.5, "{}", told.calls_per_second(10_000, 900_000));
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_never_ends_by_itself_is_ended() {
    for ending in [Ending::LastTokenAgain, Ending::TokensInTurn] {
        let mut script = Script::new(steady(0, 60, 20, 6));
        script.ending = ending;
        script.page = 50;
        let told = run(script.clone(), live(), Budget::unlimited(), 90, 0).await;
        told.assert_complete(&script, T0, 85_000);
        assert_eq!(told.states(), [State::CatchingUp, State::Live]);
        assert!(told.calls_per_second(2_000, 60_000) <= 8.0, "{}", told.calls_per_second(2_000, 60_000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_is_done_without() {
    // A token dies after so many requests: at once, or later.
    for life in [0, 4] {
        let mut script = Script::new(steady(-600_000, 660, 10, 7));
        script.page = 400;
        script.token_life = Some(life);
        let options = Options::live("g", T0 - 600_000);
        let told = run(script.clone(), options, Budget::unlimited(), 100, 0).await;
        told.assert_complete(&script, T0 - 600_000, 90_000);
    }
}

#[tokio::test(start_paused = true)]
async fn dead_tokens_that_leave_no_way_on_are_not_hammered() {
    let mut script = Script::new((0..1_000).map(|n| scripted("a", &n.to_string(), -5_000, -4_000)).collect());
    script.page = 400;
    script.token_life = Some(0);
    let told = run(script, Options::live("g", T0 - 600_000), Budget::unlimited(), 100, 0).await;
    assert_eq!(told.arrivals().count(), 400, "the millisecond has more than a page holds");
    assert!(told.calls.len() < 60, "{} calls", told.calls.len());
}

#[tokio::test(start_paused = true)]
async fn a_missing_group_is_waited_for() {
    let mut script = Script::new(steady(31_000, 30, 10, 8));
    script.troubles.push(Trouble { from: 0, to: 30_000, kind: SourceErrorKind::NotFound });
    // It is deleted and made again, too.
    script.troubles.push(Trouble { from: 70_000, to: 80_000, kind: SourceErrorKind::NotFound });
    script.events.extend((0..20).map(|n| scripted("new", &n.to_string(), 81_000 + n, 81_500)));
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 120, 0).await;
    told.assert_complete(&script, T0, 110_000);
    let states = [State::CatchingUp, State::Waiting, State::Live, State::Waiting, State::Live];
    assert_eq!(told.states(), states);
    assert_eq!(told.history_done().len(), 1);
    assert!(told.history_done()[0] < 1_000, "nothing to wait for: {:?}", told.history_done());
    assert!(told.calls_per_second(0, 30_000) <= 0.6);
    assert!(told.gaps(GapKind::Disconnected).is_empty());
}

#[tokio::test(start_paused = true)]
async fn thousands_of_events_in_one_millisecond_are_all_told() {
    let mut script = Script::new(steady(0, 60, 5, 9));
    script.events.extend((0..25_000).map(|n| {
        let mut scripted = scripted("flood", &format!("{n:05}"), 20_000, 20_500 + n % 4_000);
        scripted.event.ingestion_time = T0 + 20_500;
        scripted
    }));
    script.page = 3_000;
    let told = run(script.clone(), live(), Budget::for_logs("us-east-1"), 200, 0).await;
    told.assert_complete(&script, T0, 180_000);
}

#[tokio::test(start_paused = true)]
async fn ids_that_repeat_in_other_streams_or_at_other_times_are_other_events() {
    let mut events = Vec::new();
    for n in 0..600 {
        for stream in ["a", "b", "c"] {
            events.push(scripted(stream, &(n % 10).to_string(), n * 100, n * 100 + 300));
        }
    }
    let script = Script::new(events);
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 90, 0).await;
    told.assert_complete(&script, T0, 85_000);
}

#[tokio::test(start_paused = true)]
async fn a_local_clock_that_is_wrong_changes_nothing() {
    for ahead in [-7_200_000, -840_000, -60_000, 60_000, 840_000, 7_200_000] {
        let mut random = Random(11);
        let mut script = Script::new(steady(0, 200, 10, 10));
        for scripted in &mut script.events {
            if random.chance(5) {
                scripted.visible += random.below(88_000);
                scripted.event.ingestion_time = T0 + scripted.visible;
            }
        }
        let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 380, ahead).await;
        told.assert_complete(&script, T0, 300_000);
        assert!(told.p95_delay() <= 1_500, "{ahead}: {}", told.p95_delay());
    }
}

#[tokio::test(start_paused = true)]
async fn a_writer_whose_clock_is_ahead_does_not_hide_the_others() {
    let mut script = Script::new(steady(0, 120, 10, 12));
    script
        .events
        .extend((0..120).map(|n| scripted("ahead", &n.to_string(), n * 1_000 + 3_600_000, n * 1_000 + 200)));
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 180, 0).await;
    told.assert_complete(&script, T0, 150_000);
    assert!(told.p95_delay() <= 1_500, "{}", told.p95_delay());
}

#[tokio::test(start_paused = true)]
async fn after_hours_of_quiet_the_first_event_is_told_soon_and_quiet_costs_little() {
    let mut script = Script::new(steady(0, 20, 5, 13));
    script.events.extend(steady(7_200_000, 20, 5, 14).into_iter().map(|mut second| {
        second.event.stream.push('2');
        second
    }));
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 7_400, 0).await;
    told.assert_complete(&script, T0, 7_380_000);
    assert!(told.p95_delay() <= 2_200, "{}", told.p95_delay());
    assert!(told.calls_per_second(200_000, 7_200_000) <= 0.7);
    let quiet: Vec<_> = told.statuses().filter(|(at, _)| (200_000..7_200_000).contains(at)).collect();
    assert!(quiet.len() <= 3_600, "little is told while nothing happens: {}", quiet.len());
    for pair in quiet.windows(2) {
        assert!(pair[1].0 - pair[0].0 <= 8_000, "{}", pair[1].0);
        assert!(pair[1].1.head_at_ms.is_some_and(|at| at - T0 <= pair[1].0 && at - T0 > pair[1].0 - 8_000));
    }
    for call in told.calls.iter().filter(|call| call.at > 200_000) {
        let back = T0 + call.at - call.request.start_ms;
        assert!(back <= 22 * 60_000, "hours of nothing are not read again and again: {back} ms back");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_slows_the_reading_and_misses_nothing() {
    let script = Script::new(steady(-60_000, 120, 400, 15));
    let service = Service::new(script.clone());
    let options = Options::live("g", T0 - 60_000);
    let pause = Duration::from_millis(700);
    let told = run_with(service, options, Budget::unlimited(), 300, 0, 1, pause).await;
    told.assert_complete(&script, T0 - 60_000, 250_000);
    for (_, update) in &told.updates {
        if let Update::Events { batch, .. } = update {
            assert!(batch.len() <= 1_000);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn history_comes_first_and_a_hundred_thousand_events_of_it_soon() {
    let mut script = Script::new(steady(-600_000, 600, 170, 16));
    script.events.extend(steady(0, 30, 10, 17).into_iter().map(|mut live| {
        live.event.stream.push_str("-live");
        live
    }));
    script.page = 7_000;
    script.latency_ms = 30;
    let told =
        run(script.clone(), Options::live("g", T0 - 600_000), Budget::for_logs("us-east-1"), 60, 0).await;
    told.assert_complete(&script, T0 - 600_000, 55_000);
    let done = told.history_done();
    assert!(done.len() == 1 && done[0] < 1_000, "{done:?}");
    let before = told.arrivals().filter(|(at, _)| *at <= done[0]).count();
    assert!(before >= 101_000, "{before}");
    assert!(told.arrivals().take(before).all(|(_, arrival)| arrival.late_by_ms.is_none()));
}

#[tokio::test(start_paused = true)]
async fn history_alone_ends() {
    let mut script = Script::new(steady(-60_000, 120, 20, 18));
    script.page = 100;
    let options = Options { until_ms: Some(T0 - 10_000), ..Options::history("g", T0 - 50_000) };
    let told = run(script.clone(), options, Budget::unlimited(), 600, 0).await;
    assert!(told.ended);
    let wanted = T0 - 50_000..T0 - 10_000;
    assert_eq!(told.arrivals().count(), 40 * 20);
    assert!(told.arrivals().all(|(_, arrival)| wanted.contains(&arrival.event.timestamp)));
    assert_eq!(told.history_done().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn history_alone_gives_up_on_what_does_not_heal() {
    for kind in KINDS.into_iter().chain([SourceErrorKind::NotFound, SourceErrorKind::Unsupported]) {
        let mut script = Script::new(Vec::new());
        script.troubles.push(Trouble { from: 0, to: 10_000_000, kind });
        let told = run(script, Options::history("g", T0), Budget::unlimited(), 600, 0).await;
        assert!(told.ended, "{kind:?}");
        assert_eq!(told.history_done().len(), 1, "{kind:?}");
        let last = told.states().pop().unwrap();
        let right = match last {
            State::Throttled { .. } => kind == SourceErrorKind::Throttled,
            State::Offline { .. } => kind == SourceErrorKind::Offline,
            State::Credentials { .. } => kind == SourceErrorKind::Credentials,
            State::Denied { .. } => kind == SourceErrorKind::Denied,
            State::Unsupported { .. } => kind == SourceErrorKind::Unsupported,
            State::Failed { .. } => kind == SourceErrorKind::Other,
            State::Waiting => kind == SourceErrorKind::NotFound,
            State::CatchingUp | State::Live => false,
        };
        assert!(right, "{kind:?} ended as {last:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_cannot_be_followed_is_not_asked_again_and_the_others_go_on() {
    let mut script = Script::new(Vec::new());
    script.troubles.push(Trouble { from: 0, to: 10_000_000, kind: SourceErrorKind::Unsupported });
    let told = run(script, live(), Budget::unlimited(), 600, 0).await;
    assert!(told.ended);
    assert_eq!(told.calls.len(), 1);
    let State::Unsupported { message } = told.states().pop().unwrap() else { panic!("{:?}", told.states()) };
    assert_eq!(message, "scripted; no queries");
}

#[tokio::test(start_paused = true)]
async fn groups_share_the_budget_and_all_get_on() {
    let options = Options {
        groups: vec!["g".to_owned(), "h".to_owned(), "i".to_owned(), "g".to_owned()],
        streams: Streams::Prefixed("a".to_owned()),
        filter_pattern: Some("ERROR".to_owned()),
        ..live()
    };
    let script = Script::new(steady(0, 100, 10, 19));
    let told = run(script, options, Budget::for_logs("eu-central-1"), 100, 0).await;
    assert!(told.calls_per_second(5_000, 100_000) <= 2.05);
    for group in ["g", "h", "i"] {
        let calls: Vec<_> = told.calls.iter().filter(|call| call.request.group == group).collect();
        assert!(calls.len() > 50, "{group}: {}", calls.len());
        for call in calls {
            assert_eq!(call.request.streams, Streams::Prefixed("a".to_owned()));
            assert_eq!(call.request.filter_pattern.as_deref(), Some("ERROR"));
        }
        let streams: Vec<_> = told
            .updates
            .iter()
            .filter_map(|(_, update)| match update {
                Update::Events { group: of, batch } if of == group => Some(batch),
                _ => None,
            })
            .flatten()
            .map(|arrival| arrival.event.stream.as_str())
            .collect();
        assert!(
            streams.len() > 300 && streams.iter().all(|stream| *stream == "a"),
            "{group}: {}",
            streams.len()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_shrinks_the_lookback_and_says_so() {
    let mut script = Script::new(steady(0, 300, 250, 20));
    script.page = 500;
    let told = run(script.clone(), live(), Budget::for_logs("us-east-1"), 320, 0).await;
    told.assert_complete(&script, T0, 318_000);
    let lookbacks: Vec<_> = told.statuses().map(|(_, status)| status.lookback_ms).collect();
    let least = *lookbacks.iter().min().unwrap();
    assert!((60_000..300_000).contains(&least), "{least}");
    assert!(told.p95_delay() <= 1_500, "{}", told.p95_delay());
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nobody_listens_or_it_is_cancelled() {
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    let service = Service::new(Script::new(steady(0, 10, 10, 21)));
    let (out, news) = mpsc::channel(1);
    let clock = lambdeck::tail::SystemClock;
    let cancel = CancellationToken::new();
    let (_steer, control) = mpsc::channel(1);
    let task = tokio::spawn(lambdeck::tail::follow(
        service.clone(),
        live(),
        Budget::unlimited(),
        clock,
        out,
        control,
        cancel.clone(),
    ));
    drop(news);
    task.await.unwrap();
    let (out, _news) = mpsc::channel(1);
    cancel.cancel();
    let (_steer, control) = mpsc::channel(1);
    lambdeck::tail::follow(service, live(), Budget::unlimited(), clock, out, control, cancel).await;
}

#[tokio::test(start_paused = true)]
async fn a_start_reckoned_by_a_clock_that_is_ahead_is_the_same_start() {
    // The last 15 minutes, by a clock that is two hours ahead or behind.
    for ahead in [-7_200_000, 7_200_000] {
        let script = Script::new(steady(-900_000, 1_000, 2, 30));
        let options = Options::live("g", T0 - 900_000 + ahead);
        let told = run(script.clone(), options, Budget::for_logs("eu-west-1"), 160, ahead).await;
        told.assert_complete(&script, T0 - 900_000, 150_000);
        assert!(told.statuses().all(|(_, status)| status.lag_ms.is_none_or(|lag| lag < 1_000_000)));
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_in_bursts_resets_and_cut_connections_lose_nothing() {
    let mut random = Random(31);
    let mut events = steady(0, 240, 30, 31);
    for scripted in &mut events {
        // Ingested out of order.
        if random.chance(20) {
            scripted.visible += random.below(20_000);
            scripted.event.ingestion_time = T0 + scripted.visible;
        }
    }
    let mut script = Script::new(events);
    (script.page, script.partial, script.empty) = (500, 20, 20);
    for n in 0..20 {
        let kind = [SourceErrorKind::Throttled, SourceErrorKind::Offline][n % 2];
        let from = 5_000 + 11_000 * i64::try_from(n).unwrap();
        script.troubles.push(Trouble { from, to: from + 300 + random.below(3_000), kind });
    }
    let told = run(script.clone(), live(), Budget::for_logs("eu-west-1"), 400, 0).await;
    told.assert_complete(&script, T0, 350_000);
    let gaps = told.gaps(GapKind::Disconnected);
    let repaired = gaps.iter().filter(|(.., repaired)| *repaired).count();
    assert_eq!(gaps.iter().filter(|(_, _, to, _)| to.is_none()).count(), repaired, "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_deleted_while_its_history_is_read_is_told_once_it_is_back() {
    let mut script = Script::new(steady(-600_000, 700, 10, 32));
    (script.page, script.latency_ms) = (200, 200);
    script.troubles.push(Trouble { from: 2_000, to: 9_000, kind: SourceErrorKind::NotFound });
    let told = run(script.clone(), Options::live("g", T0 - 600_000), Budget::unlimited(), 160, 0).await;
    told.assert_complete(&script, T0 - 600_000, 150_000);
    assert_eq!(told.states(), [State::CatchingUp, State::Waiting, State::Live]);
}

#[tokio::test(start_paused = true)]
async fn lines_that_lambda_dropped_are_gaps_that_stay() {
    let mut script = Script::new(steady(0, 60, 2, 33));
    for at in [10_000, 20_000] {
        let mut drops = scripted("a", &format!("drops-{at}"), at, at + 500);
        drops.event.message = r#"{"time":"2026-11-20T18:00:00.000Z","type":"platform.logsDropped","record":{"reason":"Consumer seems to have fallen behind","droppedRecords":123,"droppedBytes":12345}}"#.to_owned();
        script.events.push(drops);
    }
    let told = run(script, live(), Budget::unlimited(), 200, 0).await;
    let gaps: Vec<_> =
        told.gaps(GapKind::Dropped).into_iter().map(|(_, from, to, repaired)| (from, to, repaired)).collect();
    assert_eq!(gaps, [(10_000, Some(10_000), false), (20_000, Some(20_000), false)]);
}

#[tokio::test(start_paused = true)]
async fn groups_come_and_go_while_the_others_go_on() {
    let script = Script::new(steady(-30_000, 150, 10, 34));
    let add = |group: &str, since: i64| Control::Add { group: group.to_owned(), since_ms: T0 + since };
    let steps = vec![
        (20, add("h", -20_000)),
        (30, add("g", -30_000)),
        (60, Control::Remove("h".to_owned())),
        (70, Control::Remove("never".to_owned())),
        (80, add("h", 70_000)),
    ];
    let told = run_steered(Service::new(script.clone()), live(), Budget::unlimited(), 130, steps).await;
    let of = |group: &str, at: std::ops::Range<i64>| {
        let mut told_of = Told { updates: Vec::new(), calls: Vec::new(), ended: false };
        for (when, update) in &told.updates {
            if let Update::Events { group: of, .. } | Update::HistoryDone { group: of } = update
                && of == group
                && at.contains(when)
            {
                told_of.updates.push((*when, update.clone()));
            }
        }
        told_of
    };
    let (first, second) = (of("h", 0..70_000), of("h", 70_000..200_000));
    let of_g = of("g", 0..200_000);
    of_g.assert_complete(&script, T0, 125_000);
    assert!(of_g.p95_delay() <= 1_500, "{}", of_g.p95_delay());
    assert_eq!(told.history_done().len(), 3);
    first.assert_complete(&script, T0 - 20_000, 58_000);
    assert!((20_000..21_000).contains(&first.history_done()[0]), "{:?}", first.history_done());
    assert!(first.updates.iter().all(|(at, _)| *at <= 60_000));
    second.assert_complete(&script, T0 + 70_000, 125_000);
    assert_eq!(second.history_done().len(), 1);
    let quiet =
        told.calls.iter().filter(|call| call.request.group == "h" && (60_000..80_000).contains(&call.at));
    assert_eq!(quiet.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_follow_of_nothing_waits_for_groups_and_ends_when_none_can_come() {
    let script = Script::new(steady(0, 30, 10, 35));
    let options = Options { groups: Vec::new(), ..live() };
    let steps = vec![(5, Control::Add { group: "g".to_owned(), since_ms: T0 })];
    let told =
        run_steered(Service::new(script.clone()), options.clone(), Budget::unlimited(), 40, steps).await;
    told.assert_complete(&script, T0, 38_000);
    assert!(run(script, options, Budget::unlimited(), 40, 0).await.ended);
}

#[tokio::test(start_paused = true)]
async fn the_status_is_true_at_every_time() {
    let mut script = Script::new(steady(0, 100, 20, 36));
    script.troubles.push(Trouble { from: 50_000, to: 70_000, kind: SourceErrorKind::Offline });
    let told = run(script, live(), Budget::for_logs("eu-west-1"), 200, 0).await;
    for (at, status) in told.statuses() {
        assert_eq!((status.transport, status.budget_per_s), (Transport::Polling, Some(4.0)));
        let calls = told.calls.iter().filter(|call| call.at <= at).count() as u64;
        assert!((calls..=calls + 1).contains(&status.calls), "at {at}: {} of {calls}", status.calls);
        let events = told.arrivals().filter(|(when, _)| *when <= at).count() as u64;
        assert!(status.events <= events, "at {at}");
        if let Some(head_at_ms) = status.head_at_ms {
            let head = head_at_ms - T0;
            assert!(head <= at && !(50_100..70_000).contains(&head), "at {at}: {head}");
            if matches!(status.state, State::Live) {
                assert!(at - head <= 2_500, "at {at}: {head}");
            }
        }
    }
    let times: Vec<_> = told.statuses().map(|(at, _)| at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= 10_000), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn many_groups_on_a_small_budget_are_read_less_often_and_swept_all_the_same() {
    let groups: Vec<String> = (0..12).map(|n| format!("g{n}")).collect();
    let mut script = Script::new(steady(0, 200, 2, 37));
    for n in 0..60 {
        script.events.push(scripted("late", &n.to_string(), n * 1_000, n * 1_000 + 50_000));
    }
    let options = Options { groups: groups.clone(), ..live() };
    let told = run(script.clone(), options, Budget::new(2.0), 400, 0).await;
    assert!(told.calls_per_second(10_000, 400_000) <= 2.05);
    for group in &groups {
        let updates = told
            .updates
            .iter()
            .filter(|(_, update)| matches!(update, Update::Events { group: of, .. } if of == group));
        let told = Told { updates: updates.cloned().collect(), calls: Vec::new(), ended: false };
        told.assert_complete(&script, T0, 350_000);
    }
}
