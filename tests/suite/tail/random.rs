//! Many small scripts, each with several troubles at once.

use lambdeck::cloud::Budget;
use lambdeck::tail::{Options, SourceErrorKind};
use proptest::prelude::*;

use super::{
    same_every_time,
    service::{Ending, Live, Random, Script, T0, Trouble, run, scripted},
};

#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    per_second: i64,
    late: i64,
    bursts: i64,
    page: usize,
    partial: i64,
    empty: i64,
    latency: i64,
    ending: usize,
    troubles: Vec<(i64, i64, usize)>,
    ahead: i64,
    budget: f64,
    same_ids: bool,
    live: Option<(i64, i64, usize)>,
}

fn case() -> impl Strategy<Value = Case> {
    (
        (any::<u64>(), 1..40_i64, 0..30_i64, 0..3_i64),
        (150..3_000_usize, 0..50_i64, 0..40_i64, 5..700_i64, 0..3_usize),
        prop::collection::vec((0..150_000_i64, 0..40_000_i64, 0..6_usize), 0..3),
        prop_oneof![-800_000..800_000_i64, Just(-7_200_000), Just(7_200_000)],
        2.0..12.0_f64,
        any::<bool>(),
        prop::option::of((0..1_500_i64, 0..30_i64, 20..600_usize)),
    )
        .prop_map(|(a, b, troubles, ahead, budget, same_ids, live)| Case {
            seed: a.0,
            per_second: a.1,
            late: a.2,
            bursts: a.3,
            page: b.0,
            partial: b.1,
            empty: b.2,
            latency: b.3,
            ending: b.4,
            troubles,
            ahead,
            budget,
            same_ids,
            live,
        })
}

fn script(case: &Case) -> Script {
    const KINDS: [SourceErrorKind; 6] = [
        SourceErrorKind::Throttled,
        SourceErrorKind::Offline,
        SourceErrorKind::Credentials,
        SourceErrorKind::Denied,
        SourceErrorKind::NotFound,
        SourceErrorKind::Other,
    ];
    let mut random = Random(case.seed);
    let mut events = Vec::new();
    let mut add = |random: &mut Random, timestamp: i64, n: i64| {
        let late = if random.chance(case.late) { random.below(88_000) } else { 0 };
        let visible = timestamp + 50 + random.below(1_500) + late;
        let id = if case.same_ids { (n % 7).to_string() } else { n.to_string() };
        // The key is stream, id and timestamp: with ids that repeat, a stream has one event in a millisecond.
        let stream = if case.same_ids { format!("s{n}") } else { format!("s{}", random.below(4)) };
        events.push(scripted(&stream, &id, timestamp, visible));
    };
    let mut n = 0;
    for second in -30..150 {
        for _ in 0..case.per_second {
            let timestamp = second * 1_000 + random.below(1_000);
            add(&mut random, timestamp, n);
            n += 1;
        }
    }
    for _ in 0..case.bursts {
        let at = random.below(150_000);
        let spread = random.below(3_000) + 1;
        for _ in 0..random.below(4_000) {
            let timestamp = at + random.below(spread);
            add(&mut random, timestamp, n);
            n += 1;
        }
    }
    let mut script = Script::new(events);
    script.page = case.page;
    script.partial = case.partial;
    script.empty = case.empty;
    script.latency_ms = case.latency;
    script.seed = case.seed;
    script.live = case.live.map(|(lead, lost, most)| Live { lead, lost, most, ..Live::default() });
    script.ending = [Ending::Plain, Ending::LastTokenAgain, Ending::TokensInTurn][case.ending];
    script.troubles = case
        .troubles
        .iter()
        .map(|(from, length, kind)| Trouble { from: *from, to: from + length, kind: KINDS[*kind] })
        .collect();
    script
}

proptest! {
    #![proptest_config(same_every_time(16))]
    #[test]
    fn nothing_is_missed_or_told_twice(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let script = script(&case);
            let live_tail = case.live.is_some();
            let options = Options { live_tail, ..Options::live("g", T0 - 30_000) };
            let told = run(script.clone(), options, Budget::new(case.budget), 500, case.ahead).await;
            if live_tail {
                told.assert_lines(&script, T0 - 30_000, 450_000);
            } else {
                told.assert_complete(&script, T0 - 30_000, 450_000);
            }
        });
    }
}
