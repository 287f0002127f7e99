//! Expressions over a row.

use std::borrow::Cow;

use super::{
    functions,
    program::{Comparison, Expr, Operator},
    value::Value,
};

/// The value of an expression.
pub(super) fn value(expr: &Expr, row: &[Value]) -> Value {
    match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Field(slot) => row.get(*slot).cloned().unwrap_or_default(),
        Expr::Arithmetic(operator, left, right) => {
            arithmetic(*operator, &value(left, row), &value(right, row))
        }
        Expr::Call(function, arguments) => {
            functions::call(*function, arguments.iter().map(|argument| of(argument, row)))
        }
        _ => Value::Flag(holds(expr, row)),
    }
}

/// Whether a condition holds.
pub(super) fn holds(expr: &Expr, row: &[Value]) -> bool {
    match expr {
        Expr::Not(condition) => !holds(condition, row),
        Expr::And(left, right) => holds(left, row) && holds(right, row),
        Expr::Or(left, right) => holds(left, row) || holds(right, row),
        Expr::Compare(comparison, left, right) => compare(*comparison, &of(left, row), &of(right, row)),
        Expr::Contains(text, needle) => {
            of(text, row).shown().is_some_and(|text| text.contains(needle.as_str()))
        }
        Expr::Matches(text, regex) => of(text, row).shown().is_some_and(|text| regex.is_match(&text)),
        Expr::In(needle, list) => {
            let needle = of(needle, row);
            list.iter().any(|item| compare(Comparison::Eq, &needle, &of(item, row)))
        }
        Expr::Literal(_) | Expr::Field(_) | Expr::Arithmetic(..) | Expr::Call(..) => of(expr, row).holds(),
    }
}

/// The value of an expression, borrowed where it is there already.
fn of<'v>(expr: &'v Expr, row: &'v [Value]) -> Cow<'v, Value> {
    match expr {
        Expr::Literal(value) => Cow::Borrowed(value),
        Expr::Field(slot) => row.get(*slot).map_or(Cow::Owned(Value::Missing), Cow::Borrowed),
        _ => Cow::Owned(value(expr, row)),
    }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> bool {
    left.compare(right).is_some_and(|order| match comparison {
        Comparison::Eq => order.is_eq(),
        Comparison::Ne => order.is_ne(),
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
    })
}

fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Value {
    let (Some(a), Some(b)) = (left.number(), right.number()) else { return Value::Missing };
    let result = match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Remainder => a % b,
        Operator::Power => a.powf(b),
    };
    if result.is_finite() { Value::Number(result) } else { Value::Missing }
}
