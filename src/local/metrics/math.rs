//! Metric math: `100 * errors / invocations` and what belongs to it.
//!
//! There are numbers, ids of other queries, `+ - * / ^`, parentheses, arrays in brackets, and the functions ABS, AVG,
//! CEIL, FILL, FLOOR, MAX, METRICS, MIN and SUM. Anything else is refused by its name.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

mod evaluate;
mod parser;

pub(super) use evaluate::{Evaluated, Series, Space, evaluate};
pub(super) use parser::{Expr, parse};

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these are exact")]
#[path = "math/tests.rs"]
mod tests;
