//! What an invocation costs, estimated.
//!
//! The prices are those of us-east-1, first tier, without the free tier, as the developer guide and the pricing page
//! gave them in 2026. Other regions differ by a few per cent to a third: call it an estimate wherever it is shown,
//! and show none for an emulator or for managed instances, which are billed otherwise.

/// USD per GB-second on x86_64.
const X86_64: f64 = 0.000_016_666_7;
/// USD per GB-second on arm64.
const ARM64: f64 = 0.000_013_333_4;
/// USD per request: $0.20 a million.
const REQUEST: f64 = 0.000_000_2;

/// Estimates what one invocation costs, in USD at the us-east-1 price.
///
/// `billed_ms` is the Billed Duration of the REPORT line, in milliseconds (it includes the init phase since
/// 2025-08-01), `memory_mb` the configured memory in MB. `architecture` is `x86_64` or `arm64`, as the API names it;
/// for any other there is no price, hence `None`.
#[must_use]
pub fn estimate(billed_ms: u64, memory_mb: u32, architecture: &str) -> Option<f64> {
    let rate = match architecture {
        "x86_64" => X86_64,
        "arm64" => ARM64,
        _ => return None,
    };
    #[allow(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
    let seconds = billed_ms as f64 / 1000.0;
    Some(seconds * f64::from(memory_mb) / 1024.0 * rate + REQUEST)
}

/// Writes an amount in USD: cents from a dollar up, below that two significant digits, never an exponent:
/// `$0.0000021`, `$0.00042`, `$0.21`, `$12.30`. A dash for what is no amount.
#[must_use]
pub fn usd(amount: f64) -> String {
    if !amount.is_finite() || amount < 0.0 {
        return "-".to_owned();
    }
    if amount == 0.0 {
        return "$0".to_owned();
    }
    if amount >= 0.1 {
        return format!("${amount:.2}");
    }
    // The exponent after rounding to two digits, so that 0.0000999 gets the decimals of 0.00010.
    let rounded = format!("{amount:.1e}");
    let exponent: i32 = rounded.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let decimals = usize::try_from(1 - exponent).unwrap_or(2).min(12);
    format!("${amount:.decimals$}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_gb_second(1000, 1024, "x86_64", 0.000_016_866_7)]
    #[case::arm(1000, 1024, "arm64", 0.000_013_533_4)]
    #[case::one_ms(1, 128, "x86_64", 0.000_000_202_083)]
    #[case::nothing_but_the_request(0, 10240, "arm64", 0.000_000_2)]
    #[case::longest_and_largest(900_000, 10240, "x86_64", 0.150_000_5)]
    fn estimates(
        #[case] billed_ms: u64,
        #[case] memory_mb: u32,
        #[case] architecture: &str,
        #[case] expected: f64,
    ) {
        let cost = estimate(billed_ms, memory_mb, architecture).unwrap();
        assert!((cost - expected).abs() < expected * 1e-5, "{cost} is not {expected}");
    }

    #[rstest]
    #[case("riscv")]
    #[case("")]
    #[case("X86_64")]
    fn no_price_for_an_unknown_architecture(#[case] architecture: &str) {
        assert_eq!(estimate(1, 128, architecture), None);
    }

    #[rstest]
    #[case(0.0, "$0")]
    #[case(0.000_002_1, "$0.0000021")]
    #[case(0.000_018_4, "$0.000018")]
    #[case(0.000_000_202, "$0.00000020")]
    #[case(0.000_099_9, "$0.00010")]
    #[case(0.000_42, "$0.00042")]
    #[case(0.0996, "$0.10")]
    #[case(0.21, "$0.21")]
    #[case(12.3, "$12.30")]
    #[case(f64::NAN, "-")]
    #[case(-1.0, "-")]
    #[case(1e-30, "$0.000000000000")]
    fn amounts(#[case] amount: f64, #[case] expected: &str) {
        assert_eq!(usd(amount), expected);
    }
}
