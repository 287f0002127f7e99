//! `report-builder`: slow by its nature, and too slow for its time-out when there is much to do.

use std::{thread, time::Duration};

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::client::{Context, Failure};

pub(super) const EXAMPLE: &str = r#"{
  "month": "2026-10",
  "shops": 4
}"#;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    shop: u64,
    sales: usize,
    /// In hundredths.
    revenue: u64,
    median: u64,
    p95: u64,
    busiest_hour: usize,
}

pub(super) fn handle(event: &Value, context: &Context) -> Result<Value, Failure> {
    let month = event["month"].as_str().unwrap_or("2026-10");
    let is_month =
        month.len() == 7 && month.bytes().enumerate().all(|(at, byte)| (at == 4) == (byte == b'-'));
    if !is_month {
        let text = format!("{month:?} is no month: write it like 2026-10");
        return Err(Failure::new("report::handle", "InvalidMonthError", text));
    }
    let shops = event["shops"].as_u64().unwrap_or(4).clamp(1, 1000);
    let pause = Duration::from_millis(context.variable("MS_PER_SHOP").parse().unwrap_or(0));
    let sales = context.variable("SALES_PER_SHOP").parse().unwrap_or(20_000_usize).clamp(1, 1_000_000);
    context.info(format_args!("Report for {month}: {shops} shops, {sales} sales each"));
    let mut done = Vec::new();
    for shop in 1..=shops {
        // Stands for the warehouse's query, for which a real report mostly waits.
        thread::sleep(pause);
        let summary = summarise(month, shop, sales);
        let left = context.remaining();
        let line =
            format!("Shop {shop} of {shops}: median {}, {:.1} s left", summary.median, left.as_secs_f64());
        if left < pause * 3 && shop < shops {
            context.warn(line);
        } else {
            context.info(line);
        }
        done.push(summary);
    }
    let revenue: u64 = done.iter().map(|shop| shop.revenue).sum();
    let best = done.iter().max_by_key(|shop| shop.revenue).map(|shop| shop.shop);
    Ok(json!({ "month": month, "revenue": revenue, "bestShop": best, "shops": done }))
}

/// The figures of one shop, from sales that are the same each time for the same month and shop.
fn summarise(month: &str, shop: u64, sales: usize) -> Summary {
    let digest = Sha256::digest(format!("{month}/{shop}"));
    let mut state = digest.iter().take(8).fold(1_u64, |state, &byte| (state << 8) | u64::from(byte)) | 1;
    let mut hours = [0_usize; 24];
    let mut amounts: Vec<u64> = (0..sales)
        .map(|_| {
            // xorshift64: no need for more.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Two draws added: the middle of the day is busier than its ends.
            hours[usize::try_from((state >> 8) % 12 + (state >> 16) % 13).unwrap_or(0)] += 1;
            199 + (state >> 24) % 1_800 + (state >> 40) % 6_000
        })
        .collect();
    amounts.sort_unstable();
    let busiest_hour = (0..24).max_by_key(|&hour| hours[hour]).unwrap_or(0);
    let at = |percent: usize| amounts[(sales - 1) * percent / 100];
    Summary { shop, sales, revenue: amounts.iter().sum(), median: at(50), p95: at(95), busiest_hour }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_month_gives_the_same_report() {
        let event = json!({ "month": "2026-01", "shops": 2 });
        let context = Context::for_tests(&[("SALES_PER_SHOP", "500")]);
        let (first, second) = (handle(&event, &context).unwrap(), handle(&event, &context).unwrap());
        assert_eq!(first, second);
        assert_ne!(first["shops"][0]["revenue"], first["shops"][1]["revenue"]);
        assert!(first["shops"][0]["median"].as_u64() < first["shops"][0]["p95"].as_u64());
        assert!(handle(&json!({ "month": "October" }), &context).is_err());
    }
}
