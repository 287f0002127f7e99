use super::*;

const MINUTE: u32 = 30_000_000;

fn function(name: &str) -> Scope {
    Scope::Function(name.into())
}

fn resource(name: &str, qualifier: Option<&str>) -> Scope {
    Scope::Resource { function: name.into(), qualifier: qualifier.map(Into::into) }
}

fn executed(name: &str, qualifier: &str, version: &str) -> Scope {
    Scope::Executed { function: name.into(), qualifier: qualifier.into(), version: version.into() }
}

/// Sum and number of a metric in a minute.
fn sum(state: &State, at: u32, metric: Metric, scope: &Scope) -> (u64, u64) {
    let found = state.minutes.get(&at).map(|minute| minute.read(metric, scope)).unwrap_or_default();
    (found.sum(), found.count())
}

#[test]
fn an_invocation_counts_once_under_each_of_its_dimensions() {
    let mut state = State::default();
    state.put(MINUTE, ("f", None, "$LATEST"), 5, false);
    state.put(MINUTE, ("f", Some("live"), "1"), 10, true);
    state.put(MINUTE, ("f", Some("live"), "2"), 20, false);
    state.put(MINUTE, ("g", Some("2"), "2"), 40, true);
    state.cell(MINUTE, Key::new("f", Some("live"), "2"), |cell| {
        cell.throttles += 3;
        0
    });
    state.put(MINUTE + 1, ("f", None, "$LATEST"), 80, false);

    for (scope, invocations, errors, throttles, duration) in [
        (Scope::Account, 4, 2, 3, 75),
        (function("f"), 3, 1, 3, 35),
        (resource("f", None), 1, 0, 0, 5),
        (resource("f", Some("live")), 2, 1, 3, 30),
        (executed("f", "live", "1"), 1, 1, 0, 10),
        (executed("f", "live", "2"), 1, 0, 3, 20),
        (resource("g", Some("2")), 1, 1, 0, 40),
        (function("h"), 0, 0, 0, 0),
    ] {
        let sum = |metric| sum(&state, MINUTE, metric, &scope);
        assert_eq!(sum(Metric::Invocations), (invocations, invocations), "{scope:?}");
        assert_eq!(sum(Metric::Errors), (errors, invocations), "{scope:?}: those that went well count as 0");
        assert_eq!(sum(Metric::Throttles), (throttles, invocations + throttles), "{scope:?}");
        assert_eq!(sum(Metric::Duration), (duration * 100, invocations), "{scope:?}");
    }

    let mut listed = BTreeSet::new();
    state.minutes[&MINUTE].list(&mut listed);
    assert!(listed.contains(&(Metric::Duration, executed("f", "live", "2"))));
    assert!(
        !listed
            .iter()
            .any(|(_, scope)| matches!(scope, Scope::Executed { function, .. } if **function == *"g"))
    );
    assert!(!listed.iter().any(|(metric, _)| *metric == Metric::AsyncEventsReceived));
}

#[test]
fn concurrency_is_what_was_under_way_in_each_minute() {
    let mut state = State::default();
    let gauge = || (Gauge::Concurrent, function("f"));
    for _ in 0..3 {
        state.raise(&gauge(), MINUTE);
    }
    state.lower(&gauge(), MINUTE);
    // Two are under way for three minutes more, while nothing begins.
    state.lower(&gauge(), MINUTE + 3);
    state.raise(&gauge(), MINUTE + 3);
    state.lower(&gauge(), MINUTE + 4);
    state.lower(&gauge(), MINUTE + 4);
    state.note_levels(MINUTE + 9);
    let most = |minute: u32| {
        let found = state.minutes.get(&(MINUTE + minute))?;
        Some(found.read(Metric::ConcurrentExecutions, &function("f")).max())
    };
    assert_eq!([0, 1, 2, 3, 4, 5].map(most), [Some(3), Some(2), Some(2), Some(2), Some(2), None]);

    state.raise(&(Gauge::Unreserved, Scope::Account), MINUTE + 15);
    assert!(!state.levels.contains_key(&gauge()), "a level of nothing is forgotten");
    state.raise(&gauge(), MINUTE + 20);
    state.note_levels(MINUTE + 22);
    assert!(state.minutes.contains_key(&(MINUTE + 22)), "it shows while it is under way, too");
    state.lower(&gauge(), MINUTE);
    state.raise(&gauge(), MINUTE);
    assert_eq!(state.levels[&gauge()].now, 1, "the clock may be set back");
}

#[test]
fn a_run_is_recorded_when_it_ends_and_is_concurrency_until_then() {
    let recorder = Arc::new(Recorder::default());
    let begun = this_minute();
    let first = recorder.begin("f", Some("live"), "1", false, Place::Spillover);
    let second = recorder.begin("f", Some("live"), "1", true, Place::Provisioned);
    let lost = recorder.begin("f", None, "$LATEST", true, Place::OnDemand);
    first.ended(Duration::from_micros(1_234), false);
    second.ended(Duration::from_millis(5), true);
    drop(lost);
    recorder.throttled("f", Some("live"), "1");
    recorder.queued("f", Some("$LATEST"), Queued::Received);
    recorder.queued("f", Some("$LATEST"), Queued::Dropped);
    recorder.queued("f", Some("$LATEST"), Queued::Undelivered);
    assert!(recorder.state().levels.values().all(|level| level.now == 0));
    let read = |metric, scope: &Scope| {
        let mut all = Histogram::default();
        for (_, found) in recorder.read(metric, scope, begun, u32::MAX) {
            all.merge(&found);
        }
        all
    };
    let live = resource("f", Some("live"));
    assert_eq!(read(Metric::Duration, &live).sum(), 123 + 500, "as REPORT lines have it");
    assert_eq!(read(Metric::Invocations, &Scope::Account).sum(), 2, "what never ended is none");
    assert_eq!(read(Metric::Errors, &live).sum(), 1);
    assert_eq!(read(Metric::Throttles, &live).sum(), 1);
    assert_eq!(read(Metric::ProvisionedConcurrencyInvocations, &live).sum(), 1);
    assert_eq!(read(Metric::ProvisionedConcurrencySpilloverInvocations, &live).sum(), 1);
    assert_eq!(read(Metric::ProvisionedConcurrentExecutions, &live).max(), 1);
    assert_eq!(read(Metric::ConcurrentExecutions, &live).max(), 2);
    assert_eq!(read(Metric::ConcurrentExecutions, &Scope::Account).max(), 3);
    assert_eq!(read(Metric::UnreservedConcurrentExecutions, &Scope::Account).max(), 1);
    for metric in
        [Metric::AsyncEventsReceived, Metric::AsyncEventsDropped, Metric::DestinationDeliveryFailures]
    {
        assert_eq!(read(metric, &resource("f", Some("$LATEST"))).sum(), 1);
    }
}

#[test]
fn minutes_go_after_fifteen_days_or_when_they_are_too_much() {
    let mut state = State::default();
    for at in [MINUTE, MINUTE + 1, MINUTE + KEPT, MINUTE + KEPT + 1] {
        state.put(at, ("f", None, "$LATEST"), 1, false);
    }
    assert_eq!(
        state.minutes.keys().copied().collect::<Vec<_>>(),
        [MINUTE + 1, MINUTE + KEPT, MINUTE + KEPT + 1]
    );

    let mut state = State::default();
    for minute in 0..50 {
        for name in 0..5_000 {
            state.put(MINUTE + minute, (&format!("function-{name}"), None, "$LATEST"), 1, false);
        }
    }
    let measured: usize = state.minutes.values().map(Minute::measure).sum();
    assert_eq!(state.bytes, measured);
    assert!(state.bytes <= MAX_BYTES && state.bytes > MAX_BYTES / 2, "{}", state.bytes);
    assert!(state.minutes.contains_key(&(MINUTE + 49)) && !state.minutes.contains_key(&MINUTE));
}

#[test]
fn what_changed_can_be_kept_and_loaded() {
    let recorder = Arc::new(Recorder::default());
    // The clock's own minute may pass meanwhile.
    let at = this_minute();
    {
        let mut state = recorder.state();
        state.put(at - 2, ("f", Some("live"), "3"), 7, true);
        state.put(at - 1, ("f", None, "$LATEST"), 9, false);
        state.raise(&(Gauge::Concurrent, function("f")), at - 1);
        state.lower(&(Gauge::Concurrent, function("f")), at - 1);
    }
    let first = recorder.changes();
    assert_eq!(first.len(), 2);
    assert!(recorder.changes().is_empty());
    recorder.put(at - 1, ("f", None, "$LATEST"), 11, false);
    let second = recorder.changes();
    assert_eq!(second.len(), 1, "only what changed");

    let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for (key, value) in first.into_iter().chain(second) {
        rows.insert(key, value.unwrap());
    }
    rows.insert(b"odd".to_vec(), b"odd".to_vec());
    let loaded = Recorder::default();
    loaded.load(rows);
    for metric in Metric::ALL {
        for scope in [Scope::Account, function("f"), executed("f", "live", "3")] {
            let read = |recorder: &Recorder| recorder.read(metric, &scope, 0, u32::MAX);
            assert_eq!(read(&loaded), read(&recorder), "{metric:?} {scope:?}");
        }
    }
    assert_eq!(loaded.state().bytes, recorder.state().bytes);
    assert!(loaded.changes().is_empty(), "what was kept is no change");

    // What went is a change, too.
    loaded.put(at + KEPT - 1, ("f", None, "$LATEST"), 1, false);
    let gone: Vec<_> = loaded.changes().into_iter().filter(|(_, value)| value.is_none()).collect();
    assert_eq!(gone, [((at - 2).to_be_bytes().to_vec(), None)]);
}

#[test]
fn recording_an_invocation_takes_no_time_to_speak_of() {
    let recorder = Arc::new(Recorder::default());
    let best = (0..20).map(|_| {
        let begun = std::time::Instant::now();
        for n in 0..1_000 {
            recorder
                .begin("a-function-of-some-length", Some("live"), "12", false, Place::OnDemand)
                .ended(Duration::from_micros(700 + n % 50), false);
        }
        begun.elapsed() / 1_000
    });
    let best = best.min().unwrap();
    // This is not optimised; a release build is several times faster.
    assert!(best < Duration::from_micros(100), "{best:?}");
}
