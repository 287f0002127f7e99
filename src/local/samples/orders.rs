//! `order-events`: a batch from a queue, with JSON logs and a report of the messages that failed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::{Context, Failure};

pub(super) const EXAMPLE: &str = r#"{
  "Records": [
    { "messageId": "m-1", "body": "{\"orderId\":\"A-1001\",\"type\":\"OrderPlaced\",\"amount\":129.90}" },
    { "messageId": "m-2", "body": "{\"orderId\":\"A-1001\",\"type\":\"OrderPaid\"}" },
    { "messageId": "m-3", "body": "{\"orderId\":\"A-1002\",\"type\":\"OrderPlaced\",\"amount\":899.00}" },
    { "messageId": "m-4", "body": "{\"orderId\":\"A-1003\",\"type\":\"OrderShipped\"}" }
  ]
}"#;

pub(super) fn handle(event: &Value, context: &Context) -> Result<Value, Failure> {
    let records = event["Records"].as_array().ok_or_else(|| {
        Failure::new("orders::handle", "InvalidEventError", "Give `Records`, a list as Amazon SQS sends it")
    })?;
    context.log(
        "INFO",
        &"batch received",
        json!({ "records": records.len(), "table": context.variable("TABLE_NAME") }),
    );
    let large: f64 = context.variable("LARGE_ORDER_FROM").parse().unwrap_or(f64::MAX);
    let mut orders: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut failures = Vec::new();
    for record in records {
        let id = record["messageId"].as_str().unwrap_or("?");
        context.debug(format_args!("reading {id}"));
        match apply(record, &mut orders) {
            Ok((order, state, amount)) => {
                let fields = json!({ "messageId": id, "orderId": order, "state": state, "amount": amount });
                if amount.is_some_and(|amount| amount >= large) {
                    context.log("WARN", &"large order: held for review", fields);
                } else {
                    context.log("INFO", &"order updated", fields);
                }
            }
            Err(why) => {
                context.log("ERROR", &why, json!({ "messageId": id, "body": record["body"] }));
                failures.push(json!({ "itemIdentifier": id }));
            }
        }
    }
    let fields = json!({ "records": records.len(), "orders": orders.len(), "failed": failures.len() });
    context.log("INFO", &"batch done", fields);
    Ok(json!({ "batchItemFailures": failures, "orders": orders }))
}

type Applied = (String, &'static str, Option<f64>);

/// Puts one message into effect. An order goes placed, paid, shipped, delivered; it may be cancelled until it is
/// shipped. What this batch says nothing about counts as known already.
fn apply(record: &Value, orders: &mut BTreeMap<String, &'static str>) -> Result<Applied, String> {
    let body = record["body"].as_str().ok_or("the message has no body")?;
    let message: Value =
        serde_json::from_str(body).map_err(|error| format!("the body is no JSON: {error}"))?;
    let order = message["orderId"].as_str().ok_or("the order has no id")?.to_owned();
    let amount = message["amount"].as_f64();
    let (before, state): (&[&str], _) = match message["type"].as_str().unwrap_or_default() {
        "OrderPlaced" if amount.is_none() => return Err("a placed order needs an amount".to_owned()),
        "OrderPlaced" => (&[], "placed"),
        "OrderPaid" => (&["placed"], "paid"),
        "OrderShipped" => (&["paid"], "shipped"),
        "OrderDelivered" => (&["shipped"], "delivered"),
        "OrderCancelled" => (&["placed", "paid"], "cancelled"),
        other => return Err(format!("unknown type of event: {other:?}")),
    };
    if let Some(now) = orders.get(&order)
        && !before.contains(now)
    {
        return Err(format!("order {order} is {now}, it can't become {state}"));
    }
    orders.insert(order.clone(), state);
    Ok((order, state, amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_messages_that_failed_are_reported() {
        let body = |text: &str| text.to_owned();
        let event = json!({ "Records": [
            { "messageId": "1", "body": body(r#"{"orderId":"A","type":"OrderPlaced","amount":1}"#) },
            { "messageId": "2", "body": body(r#"{"orderId":"A","type":"OrderShipped"}"#) },
            { "messageId": "3", "body": body(r#"{"orderId":"A","type":"OrderPaid"}"#) },
            { "messageId": "4", "body": body("no json") },
        ]});
        let answer = handle(&event, &Context::for_tests(&[])).unwrap();
        assert_eq!(
            answer["batchItemFailures"],
            json!([{ "itemIdentifier": "2" }, { "itemIdentifier": "4" }])
        );
        assert_eq!(answer["orders"], json!({ "A": "paid" }));
        assert!(handle(&json!({}), &Context::for_tests(&[])).is_err());
    }
}
