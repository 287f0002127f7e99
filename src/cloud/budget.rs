//! The share of an account's request quotas that this program may use: others work in the account, too.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};

/// The part of the region's FilterLogEvents quota, which the account's other readers share.
const SHARE: f64 = 0.4;

/// A token bucket. Clones share it; waiting is first come, first served.
#[derive(Clone, Debug)]
pub struct Budget {
    bucket: Option<Arc<Mutex<Bucket>>>,
}

#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Budget {
    /// A budget of so many requests a second, which may come in one go when none came in the second before.
    pub fn new(per_second: f64) -> Self {
        let per_second = per_second.max(0.1);
        let bucket = Bucket { per_second, tokens: per_second.max(1.0), filled: Instant::now() };
        Self { bucket: Some(Arc::new(Mutex::new(bucket))) }
    }

    /// Requests a second of [`Budget::for_control_plane`].
    pub const CONTROL_PLANE: f64 = 5.0;

    /// For the Lambda control plane: it takes 15 requests a second for the whole account, not raisable, and in an
    /// incident deployments need them.
    pub fn for_control_plane() -> Self {
        Self::new(Self::CONTROL_PLANE)
    }

    /// For reading logs: 40 % of a region's FilterLogEvents quota.
    pub fn for_logs(region: &str) -> Self {
        Self::new(f64::from(quota(region)) * SHARE)
    }

    /// No limit, for endpoints that have no quota.
    pub fn unlimited() -> Self {
        Self { bucket: None }
    }

    /// Waits for a request's turn.
    pub async fn acquire(&self) {
        let Some(bucket) = &self.bucket else { return };
        // The lock is held while waiting: it is the queue.
        let mut bucket = bucket.lock().await;
        bucket.fill();
        if bucket.tokens < 1.0 {
            let wait = (1.0 - bucket.tokens) / bucket.per_second;
            tokio::time::sleep(Duration::from_secs_f64(wait)).await;
            bucket.fill();
        }
        bucket.tokens -= 1.0;
    }

    /// Takes away what was saved: the service says that there was less than thought.
    pub async fn empty(&self) {
        if let Some(bucket) = &self.bucket {
            let mut bucket = bucket.lock().await;
            bucket.fill();
            bucket.tokens = bucket.tokens.min(0.0);
        }
    }
}

impl Bucket {
    fn fill(&mut self) {
        let now = Instant::now();
        let gained = now.duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.per_second.max(1.0));
        self.filled = now;
    }
}

/// FilterLogEvents requests a second, for an account (CloudWatch Logs' service quotas).
fn quota(region: &str) -> u32 {
    match region {
        "us-east-1" => 25,
        "eu-central-1" | "ap-northeast-3" | "ap-southeast-3" | "ca-west-1" | "il-central-1" => 5,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_region_gets_its_share() {
        for (region, expected) in [("us-east-1", 10), ("eu-central-1", 2), ("eu-west-1", 4)] {
            let budget = Budget::for_logs(region);
            let start = Instant::now();
            let other = budget.clone();
            for _ in 0..(expected * 5) {
                budget.acquire().await;
                other.acquire().await;
            }
            // The first second's worth is saved up.
            assert_eq!((start.elapsed() + Duration::from_millis(100)).as_secs(), 9, "{region}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_emptied_bucket_fills_again() {
        let budget = Budget::new(2.0);
        budget.empty().await;
        let start = Instant::now();
        budget.acquire().await;
        assert_eq!(start.elapsed(), Duration::from_millis(500));
    }
}
