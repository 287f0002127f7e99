//! A token bucket that keeps this program a small guest in an account that others use, too.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// Requests that may leave within a second, with a small burst. Clones share one bucket.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Time between two requests once the burst is used up.
    interval: Duration,
    burst: u32,
    /// When the bucket would be full again: the further ahead, the emptier it is.
    full_at: Arc<Mutex<Instant>>,
}

impl Budget {
    /// The Lambda control plane: 15 requests/s for the whole account, not raisable, so 5 are ours.
    pub const CONTROL_PLANE_PER_SECOND: f64 = 5.0;

    /// `per_second` requests a second (more than 0), at most `burst` of them at once.
    pub fn new(per_second: f64, burst: u32) -> Self {
        Self {
            interval: Duration::from_secs_f64(1.0 / per_second),
            burst: burst.max(1),
            full_at: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// Waits until a request may leave. Waiters are served in their order.
    pub async fn acquire(&self) {
        let leaves_at = {
            let mut full_at = self.full_at.lock().await;
            let now = Instant::now();
            *full_at = (*full_at).max(now) + self.interval;
            *full_at - self.interval * self.burst
        };
        sleep_until(leaves_at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_leaves_at_once_and_the_rest_at_the_rate() {
        let budget = Budget::new(5.0, 5);
        let start = Instant::now();
        for _ in 0..5 {
            budget.acquire().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..10 {
            budget.acquire().await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(2));
    }
}
