//! The share of an account's request quotas that this program may use: others work in the account, too.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError},
    time::Duration,
};

use tokio::{sync::Mutex, time::Instant};

/// The part of the region's FilterLogEvents quota, which the account's other readers share.
const SHARE: f64 = 0.4;

/// A token bucket. Clones share it; waiting is first come, first served.
#[derive(Clone, Debug)]
pub struct Budget {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    per_second: f64,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Budget {
    /// A budget of so many requests a second, which may come in one go when none came in the second before.
    pub fn new(per_second: f64) -> Self {
        let per_second = per_second.max(0.1);
        let bucket = Mutex::new(Bucket { tokens: per_second.max(1.0), filled: Instant::now() });
        Self { shared: Some(Arc::new(Shared { per_second, bucket })) }
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

    /// The same, one for all of this program's sessions in a region. Which account a session is of is not known before
    /// it has asked; where two are of different accounts they wait for each other more than they would have to.
    pub fn of_region(region: &str) -> Self {
        static REGIONS: LazyLock<std::sync::Mutex<HashMap<String, Budget>>> = LazyLock::new(Default::default);
        let mut regions = REGIONS.lock().unwrap_or_else(PoisonError::into_inner);
        regions.entry(region.to_owned()).or_insert_with(|| Self::for_logs(region)).clone()
    }

    /// No limit, for endpoints that have no quota.
    pub fn unlimited() -> Self {
        Self { shared: None }
    }

    /// The requests a second that all who share it may send together; none where there is no limit.
    pub fn per_second(&self) -> Option<f64> {
        self.shared.as_ref().map(|shared| shared.per_second)
    }

    /// Waits for a request's turn.
    pub async fn acquire(&self) {
        let Some(Shared { per_second, bucket }) = self.shared.as_deref() else { return };
        // The lock is held while waiting: it is the queue.
        let mut bucket = bucket.lock().await;
        bucket.fill(*per_second);
        if bucket.tokens < 1.0 {
            let wait = (1.0 - bucket.tokens) / per_second;
            tokio::time::sleep(Duration::from_secs_f64(wait)).await;
            bucket.fill(*per_second);
        }
        bucket.tokens -= 1.0;
    }

    /// Takes away what was saved: the service says that there was less than thought.
    pub async fn empty(&self) {
        if let Some(Shared { per_second, bucket }) = self.shared.as_deref() {
            let mut bucket = bucket.lock().await;
            bucket.fill(*per_second);
            bucket.tokens = bucket.tokens.min(0.0);
        }
    }
}

impl Bucket {
    fn fill(&mut self, per_second: f64) {
        let now = Instant::now();
        let gained = now.duration_since(self.filled).as_secs_f64() * per_second;
        self.tokens = (self.tokens + gained).min(per_second.max(1.0));
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

    #[tokio::test(start_paused = true)]
    async fn sessions_of_a_region_share_one() {
        let (one, other) = (Budget::of_region("test-region-1"), Budget::of_region("test-region-1"));
        assert_eq!((one.per_second(), Budget::unlimited().per_second()), (Some(4.0), None));
        let start = Instant::now();
        for _ in 0..6 {
            one.acquire().await;
            other.acquire().await;
            Budget::of_region("test-region-2").acquire().await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(2));
    }
}
