//! CloudWatch Logs of the local engine: the store and its wire, without a server.

mod insights;
mod live;
mod patterns;
mod queries;
mod wire;

use std::sync::Arc;

use lambdeck::local::logs::{InputEvent, Store};
use proptest::test_runner::{Config, RngSeed};

/// So many cases of a property, the same in every run.
fn same_every_time(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_120), ..Config::default() }
}

fn store_of(bytes: usize) -> Arc<Store> {
    Arc::new(Store::new(bytes))
}

fn event(timestamp: i64, message: &str) -> InputEvent {
    InputEvent { timestamp, message: message.to_owned() }
}

#[test]
fn a_full_store_evicts_the_oldest_events_of_all_groups() {
    let store = store_of(200_000);
    let message = "m".repeat(1_000);
    for n in 0..400 {
        store.append(if n % 2 == 0 { "even" } else { "odd" }, "s", &[event(n, &message)], n);
    }
    assert!(store.bytes() <= 200_000, "{}", store.bytes());
    let kept = wire::all_events(&store, "even").len() + wire::all_events(&store, "odd").len();
    assert_eq!(u64::try_from(kept).unwrap() + store.evicted(), 400);
    assert!(kept > 100, "{kept}");
    let oldest = wire::all_events(&store, "even")[0]["timestamp"].as_i64().unwrap();
    assert!(oldest >= 400 - i64::try_from(kept).unwrap() - 1, "{oldest} with {kept} kept");
}

#[test]
fn an_event_larger_than_the_store_leaves_it_empty_and_usable() {
    let store = store_of(10_000);
    store.append("g", "s", &[event(1, &"m".repeat(20_000))], 1);
    assert_eq!(wire::all_events(&store, "g").len(), 0);
    store.append("g", "s", &[event(2, "small")], 2);
    assert_eq!(wire::all_events(&store, "g").len(), 1);
}

#[test]
fn writers_and_readers_may_be_many() {
    let store = store_of(16 << 20);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..500 {
                    store.append("g", &format!("s{writer}"), &[event(n, "line")], n);
                }
            });
        }
        scope.spawn(|| {
            while wire::all_events(&store, "g").len() < 2_000 {
                std::thread::yield_now();
            }
        });
    });
    let events = wire::all_events(&store, "g");
    let mut ids: Vec<_> = events.iter().map(|event| event["eventId"].as_str().unwrap()).collect();
    assert!(ids.is_sorted(), "ids sort as the events do");
    ids.dedup();
    assert_eq!(ids.len(), 2_000);
}

#[test]
fn debug_shows_no_message() {
    let store = store_of(1 << 20);
    store.append("g", "s", &[event(1, "password=hunter2")], 1);
    let shown = format!("{store:?}");
    assert!(!shown.contains("hunter2") && shown.contains("groups: 1"), "{shown}");
}
