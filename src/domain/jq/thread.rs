//! The thread that a filter runs on: a large stack of its own, and left behind where it does not end.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Limits, Problem};

/// The name of a filter's thread. A panic in it is jaq's, ends that filter only and is told as its [`Problem`]; the
/// program's own panic hook leaves threads of this name alone.
pub const THREAD: &str = "jq filter";

/// The most filters that are left at work behind their deadline before new ones are refused.
pub const MOST_ABANDONED: usize = 4;

/// Bytes of stack. Only what is used of it is ever real memory, and that only as long as the filter runs.
pub(super) const STACK: usize = 256 << 20;

/// How long a filter may take to notice that it has to end.
const GRACE: Duration = Duration::from_millis(250);

/// Between two looks at whether it is cancelled.
const LOOK: Duration = Duration::from_millis(10);

static ABANDONED: AtomicUsize = AtomicUsize::new(0);

const RUNNING: u8 = 0;
const LEFT: u8 = 1;
const DONE: u8 = 2;

/// Runs `work` on a thread of its own and waits for it until shortly after the deadline or the cancelling.
pub(super) fn run<T: Send + 'static>(
    limits: &Limits,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if ABANDONED.load(Ordering::SeqCst) >= MOST_ABANDONED {
        return Err(Problem::plain(format!(
            "{MOST_ABANDONED} earlier filters are still at work behind their time: wait for them to end"
        )));
    }
    let state = Arc::new(AtomicU8::new(RUNNING));
    let (sender, receiver) = mpsc::sync_channel(1);
    let seen = Arc::clone(&state);
    let body = move || {
        let result = panic::catch_unwind(AssertUnwindSafe(work));
        // Sent before the state changes: whoever sees DONE finds the result.
        let _ = sender.send(result.map_err(drop));
        if seen.swap(DONE, Ordering::SeqCst) == LEFT {
            ABANDONED.fetch_sub(1, Ordering::SeqCst);
        }
    };
    thread::Builder::new()
        .name(THREAD.to_owned())
        .stack_size(STACK)
        .spawn(body)
        .map_err(|error| Problem::plain(format!("the filter can't be started: {}", error.kind())))?;

    let mut last = limits.deadline + GRACE;
    let mut cancelled = false;
    loop {
        if !cancelled && limits.cancel.load(Ordering::Relaxed) {
            cancelled = true;
            last = last.min(Instant::now() + GRACE);
        }
        let left = last.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left.min(LOOK)) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(())) | Err(RecvTimeoutError::Disconnected) => {
                return Err(Problem::plain("the filter failed inside jaq, which is a bug in it"));
            }
            Err(RecvTimeoutError::Timeout) if left.is_zero() => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    // Counted before the thread can see that it is left, so that the count never falls below zero.
    ABANDONED.fetch_add(1, Ordering::SeqCst);
    if state.compare_exchange(RUNNING, LEFT, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        ABANDONED.fetch_sub(1, Ordering::SeqCst);
    }
    let why = if cancelled { "cancelled" } else { "the filter takes too long" };
    Err(Problem::plain(format!("{why}; its last operation goes on in the background")))
}

#[cfg(test)]
pub(super) fn abandoned() -> usize {
    ABANDONED.load(Ordering::SeqCst)
}
