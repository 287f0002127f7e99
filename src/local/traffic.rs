//! Light background traffic over the samples, so that there are logs to follow from the first minute.

use std::{future::Future, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::{Value, json};

/// Events under way at the same time, at most. Above it the next one waits: a machine that can't keep up is not
/// loaded further.
const MOST_AT_ONCE: usize = 6;

/// Invokes the samples for ever: one event each second to three, now and then a failing or a slow one.
///
/// `invoke` gets the function's name and the event; what comes of it is its own business. Stop it by dropping it.
pub async fn run<F, Fut>(invoke: F)
where
    F: Fn(String, Bytes) -> Fut,
    Fut: Future<Output = ()>,
{
    let mut dice = Dice::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        let pause = tokio::time::sleep(Duration::from_millis(700 + dice.below(2_300)));
        tokio::pin!(pause);
        loop {
            tokio::select! {
                Some(()) = under_way.next() => {}
                () = &mut pause, if under_way.len() < MOST_AT_ONCE => break,
            }
        }
        let (name, event) = next(&mut dice);
        under_way.push(invoke(name.to_owned(), Bytes::from(event.to_string())));
    }
}

/// A function and an event for it.
fn next(dice: &mut Dice) -> (&'static str, Value) {
    match dice.below(100) {
        0..40 => ("checkout-api", basket(dice)),
        40..65 => ("order-events", orders(dice)),
        65..82 => {
            let name = dice.one_of(&["Ada", "Grace", "Linus", "Margaret", "Barbara", "Dennis"]);
            let language = dice.one_of(&["en", "de", "fr", "es", "ja", "pl", "sv", "eo"]);
            ("greeter", json!({ "name": name, "language": language }))
        }
        82..90 => ("picture-resizer", picture(dice)),
        90..94 => {
            // One in eight has too many shops for its time-out.
            let shops = if dice.below(8) == 0 { 20 } else { 1 + dice.below(6) };
            let month = format!("2026-{:02}", 1 + dice.below(12));
            ("report-builder", json!({ "month": month, "shops": shops }))
        }
        94..97 => {
            // One in four breaks off.
            let lost = (dice.below(4) == 0).then(|| dice.below(60));
            let hero = dice.one_of(&["Ada", "Grace", "Linus", "Margaret", "Barbara", "Dennis"]);
            ("story-teller", json!({ "hero": hero, "loseThreadAfter": lost }))
        }
        _ => ("env-inspector", json!({})),
    }
}

fn basket(dice: &mut Dice) -> Value {
    const GOODS: [(&str, &str); 6] = [
        ("mug-blue", "12.50"),
        ("tea-assam", "7.90"),
        ("tea-sencha", "11.40"),
        ("kettle", "49.00"),
        ("honey", "6.25"),
        ("biscuits", "3.80"),
    ];
    let lines: Vec<_> = (0..=dice.below(3))
        .map(|_| {
            let (sku, price) = dice.one_of(&GOODS);
            // One line in thirty is what a broken client would send.
            let quantity = if dice.below(30) == 0 { json!(-1) } else { json!(1 + dice.below(5)) };
            json!({ "sku": sku, "unitPrice": price, "quantity": quantity })
        })
        .collect();
    let customer = format!("c-{}", 1000 + dice.below(200));
    match dice.below(10) {
        0 => json!({ "customer": customer, "basket": lines, "coupon": "SUMMER99" }),
        1..4 => json!({ "customer": customer, "basket": lines, "coupon": "SPRING10" }),
        _ => json!({ "customer": customer, "basket": lines }),
    }
}

fn orders(dice: &mut Dice) -> Value {
    let first = 1000 + dice.below(9000);
    let records: Vec<_> = (0..=dice.below(4))
        .map(|at| {
            let order = format!("A-{}", first + at);
            let body = match dice.below(12) {
                0..6 => {
                    let amount = format!("{}.{:02}", 5 + dice.below(700), dice.below(100));
                    format!(r#"{{"orderId":"{order}","type":"OrderPlaced","amount":{amount}}}"#)
                }
                6..9 => format!(r#"{{"orderId":"{order}","type":"OrderPaid"}}"#),
                9..11 => format!(r#"{{"orderId":"{order}","type":"OrderShipped"}}"#),
                _ => format!(r#"{{"orderId":"{order}","type":"OrderRefunded"}}"#),
            };
            json!({ "messageId": format!("m-{}", dice.below(1_000_000)), "body": body })
        })
        .collect();
    json!({ "Records": records })
}

fn picture(dice: &mut Dice) -> Value {
    // One in ten is larger than the function's memory.
    let (width, height) = if dice.below(10) == 0 {
        (6000, 4500)
    } else {
        (320 + 80 * dice.below(12), 240 + 60 * dice.below(12))
    };
    json!({ "width": width, "height": height, "thumbnail": 32 + dice.below(40) })
}

/// Numbers that look random; nothing depends on their being so.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        Self(seed | 1)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeMap, path::Path};

    use super::*;
    use crate::local::samples;

    #[tokio::test(start_paused = true)]
    async fn all_samples_get_events_at_an_easy_pace_and_a_slow_one_holds_up_nobody() {
        let seen = RefCell::new(BTreeMap::<String, u32>::new());
        let traffic = run(|name, event| {
            assert!(serde_json::from_slice::<Value>(&event).is_ok());
            let slow = name == "report-builder";
            *seen.borrow_mut().entry(name).or_default() += 1;
            tokio::time::sleep(Duration::from_secs(if slow { 5 } else { 0 }))
        });
        let _ = tokio::time::timeout(Duration::from_secs(1000), traffic).await;
        let seen = seen.into_inner();
        let names: Vec<_> =
            samples::all(Path::new("x")).iter().map(|sample| sample.name.to_owned()).collect();
        assert_eq!(seen.keys().cloned().collect::<Vec<_>>(), names);
        let total: u32 = seen.values().sum();
        assert!((400..=800).contains(&total), "{total} events in 1000 s");
    }
}
