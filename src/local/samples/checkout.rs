//! `checkout-api`: prices a basket.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::client::{Context, Failure};

pub(super) const EXAMPLE: &str = r#"{
  "customer": "c-1042",
  "basket": [
    { "sku": "mug-blue", "unitPrice": "12.50", "quantity": 2 },
    { "sku": "tea-assam", "unitPrice": "7.90", "quantity": 3 }
  ],
  "coupon": "SPRING10"
}"#;

/// An amount of money, in hundredths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Money(i64);

impl Money {
    /// Reads `12.5`, `"12.50"` or `12`; nothing negative, and no more than two decimals.
    fn parse(value: &Value) -> Option<Self> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 9 || cents.len() > 2 || !digits(whole) || !digits(cents) {
            return None;
        }
        format!("{whole}{cents:0<2}").parse().ok().map(Self)
    }

    fn percent(self, percent: i64) -> Self {
        Self((self.0 * percent + 50) / 100)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[derive(Serialize)]
struct Line {
    sku: String,
    quantity: i64,
    total: Money,
}

pub(super) fn handle(event: &Value, context: &Context) -> Result<Value, Failure> {
    let customer = event["customer"].as_str().unwrap_or("guest");
    let lines = price_basket(&event["basket"]).map_err(|failure| failure.via("checkout::handle"))?;
    context.info(format_args!("Pricing {} lines for {customer}", lines.len()));
    let subtotal = Money(lines.iter().map(|line| line.total.0).sum());

    let percent = discount(&event["coupon"], context).map_err(|failure| failure.via("checkout::handle"))?;
    let discount = subtotal.percent(percent);
    let goods = Money(subtotal.0 - discount.0);
    let configured = |name: &str| Money::parse(&Value::from(context.variable(name))).unwrap_or(Money(0));
    let shipping = if goods >= configured("FREE_SHIPPING_FROM") { Money(0) } else { configured("SHIPPING") };
    let total = Money(goods.0 + shipping.0);
    // Prices include VAT: it is taken out of the total, not put on top.
    let vat_percent: i64 = context.variable("VAT_PERCENT").parse().unwrap_or(0);
    let whole = 100 + vat_percent;
    let vat = Money((total.0 * vat_percent + whole / 2) / whole);

    let digest = Sha256::digest(event.to_string());
    let order = format!(
        "{:010x}",
        digest.iter().take(5).fold(0_u64, |number, &byte| (number << 8) | u64::from(byte))
    );
    let currency = context.variable("CURRENCY");
    context.info(format_args!("Order {order}: {total} {currency}, of which VAT {vat}, discount {discount}"));
    Ok(json!({
        "orderId": order,
        "lines": lines,
        "subtotal": subtotal,
        "discount": discount,
        "shipping": shipping,
        "vatIncluded": vat,
        "total": total,
        "currency": currency,
    }))
}

fn price_basket(basket: &Value) -> Result<Vec<Line>, Failure> {
    let from = "checkout::price_basket";
    let lines = basket.as_array().filter(|lines| !lines.is_empty()).ok_or_else(|| {
        Failure::new(
            from,
            "EmptyBasketError",
            "There is nothing in the basket: give `basket`, a list of lines",
        )
    })?;
    let line = |line: &Value| {
        let sku = line["sku"].as_str().unwrap_or("?").to_owned();
        let quantity =
            line["quantity"].as_i64().filter(|quantity| (1..=1000).contains(quantity)).ok_or_else(|| {
                let text = format!(
                    "Quantity of {sku} is {}: it must be a whole number from 1 to 1000",
                    line["quantity"]
                );
                Failure::new(from, "InvalidQuantityError", text)
            })?;
        let price = Money::parse(&line["unitPrice"]).ok_or_else(|| {
            let text =
                format!("Unit price of {sku} is {}: it must be an amount like 12.50", line["unitPrice"]);
            Failure::new(from, "InvalidPriceError", text)
        })?;
        Ok(Line { sku, quantity, total: Money(price.0 * quantity) })
    };
    lines.iter().map(line).collect()
}

/// The percentage that a coupon takes off; COUPONS lists them as `NAME=PERCENT,...`.
fn discount(coupon: &Value, context: &Context) -> Result<i64, Failure> {
    let Some(wanted) = coupon.as_str().filter(|coupon| !coupon.is_empty()) else { return Ok(0) };
    let mut coupons = context.variable("COUPONS").split(',').filter_map(|coupon| coupon.split_once('='));
    match coupons.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, percent)| percent.parse()) {
        Some(Ok(percent)) => Ok(percent),
        _ => Err(Failure::new(
            "checkout::discount",
            "UnknownCouponError",
            format!("No such coupon: {wanted:?}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_and_strict() {
        let read = |value: Value| Money::parse(&value).map(|money| money.0);
        assert_eq!(read(json!("12.5")), Some(1250));
        assert_eq!(read(json!(7.9)), Some(790));
        assert_eq!(read(json!(3)), Some(300));
        for odd in [json!("-1"), json!("1.234"), json!(""), json!("1e3"), json!(null)] {
            assert_eq!(read(odd.clone()), None, "{odd}");
        }
        assert_eq!(Money(1005).to_string(), "10.05");
    }

    #[test]
    fn a_basket_is_priced_with_coupon_shipping_and_vat() {
        let variables = [
            ("COUPONS", "SPRING10=10"),
            ("CURRENCY", "EUR"),
            ("FREE_SHIPPING_FROM", "50.00"),
            ("SHIPPING", "4.90"),
            ("VAT_PERCENT", "19"),
        ];
        let context = Context::for_tests(&variables);
        let event: Value = serde_json::from_str(EXAMPLE).unwrap();
        let order = handle(&event, &context).unwrap();
        // 2 x 12.50 + 3 x 7.90 = 48.70; - 4.87 + 4.90 = 48.73; 19/119 of it is 7.78.
        assert_eq!(order["subtotal"], "48.70");
        assert_eq!(order["discount"], "4.87");
        assert_eq!(order["total"], "48.73");
        assert_eq!(order["vatIncluded"], "7.78");
        let unknown = json!({ "basket": event["basket"], "coupon": "BOGUS" });
        assert_eq!(handle(&unknown, &context).unwrap_err().error_type, "UnknownCouponError");
        let negative = json!({ "basket": [{ "sku": "x", "unitPrice": 1, "quantity": -1 }] });
        assert_eq!(handle(&negative, &context).unwrap_err().error_type, "InvalidQuantityError");
    }
}
