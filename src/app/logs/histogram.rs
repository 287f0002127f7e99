//! How many events there were when, and how many of them tell of an error.

use super::LogsPane;

/// The widths that a bar may stand for, in milliseconds: round ones, so that bars keep their limits while more come.
const STEPS: [i64; 22] = {
    const S: i64 = 1000;
    const M: i64 = 60 * S;
    const H: i64 = 60 * M;
    [
        100,
        200,
        500,
        S,
        2 * S,
        5 * S,
        10 * S,
        15 * S,
        30 * S,
        M,
        2 * M,
        5 * M,
        10 * M,
        15 * M,
        30 * M,
        H,
        2 * H,
        3 * H,
        6 * H,
        12 * H,
        24 * H,
        7 * 24 * H,
    ]
};

/// Events in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    /// All of them.
    pub events: usize,
    /// Those that tell of an error.
    pub errors: usize,
}

/// Events over time, as the filter leaves them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Where the first bar begins, in milliseconds since the epoch.
    pub from_ms: i64,
    /// How much time a bar stands for, in milliseconds.
    pub step_ms: i64,
    /// The bars.
    pub bars: Vec<Bar>,
}

impl Histogram {
    /// Of a log's events from the oldest to the newest, in at most so many bars. None where there are no events.
    pub fn of(pane: &LogsPane, most: usize) -> Option<Self> {
        let first = pane.get(0)?.timestamp;
        let last = pane.get(pane.len().checked_sub(1)?)?.timestamp.max(first);
        let step_ms = step(first, last, most)?;
        let from_ms = first.div_euclid(step_ms).checked_mul(step_ms)?;
        let count = usize::try_from(last.checked_sub(from_ms)? / step_ms + 1).ok()?;
        let bounds: Vec<i64> = (0..=count)
            .map(|nth| from_ms.saturating_add(step_ms.saturating_mul(i64::try_from(nth).unwrap_or(0))))
            .collect();
        let bars = pane.view.counts(&pane.store, &bounds).into_iter().take(count);
        let bars = bars.map(|(events, errors)| Bar { events, errors }).collect();
        Some(Self { from_ms, step_ms, bars })
    }

    /// Where the last bar ends, in milliseconds since the epoch.
    pub fn to_ms(&self) -> i64 {
        let bars = i64::try_from(self.bars.len()).unwrap_or(i64::MAX);
        self.from_ms.saturating_add(self.step_ms.saturating_mul(bars))
    }

    /// The bar of a moment, which is the first or the last one for what lies outside.
    pub fn bar_at(&self, timestamp: i64) -> usize {
        let nth = timestamp.saturating_sub(self.from_ms).max(0) / self.step_ms.max(1);
        usize::try_from(nth).unwrap_or(usize::MAX).min(self.bars.len().saturating_sub(1))
    }

    /// The most events of a bar.
    pub fn peak(&self) -> usize {
        self.bars.iter().map(|bar| bar.events).max().unwrap_or_default()
    }
}

/// The shortest step with which a stretch of time has at most so many bars.
fn step(first: i64, last: i64, most: usize) -> Option<i64> {
    let most = i64::try_from(most).ok().filter(|most| *most > 0)?;
    let fits = |step: i64| last.div_euclid(step).saturating_sub(first.div_euclid(step)) < most;
    let week = STEPS[STEPS.len() - 1];
    STEPS.into_iter().find(|step| fits(*step)).or_else(|| {
        // Times that no log should have: whole weeks, as many as it takes.
        let weeks = last.checked_sub(first)? / week / most + 1;
        week.checked_mul(weeks.checked_add(1)?).filter(|step| fits(*step))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, 0, 10, Some(100))]
    #[case(0, 999, 10, Some(100))]
    #[case(0, 1000, 10, Some(200))]
    #[case(0, 15 * 60_000, 60, Some(30_000))]
    #[case(0, 15 * 60_000, 100, Some(10_000))]
    #[case(0, 1, 0, None)]
    fn steps_are_round(
        #[case] first: i64,
        #[case] last: i64,
        #[case] most: usize,
        #[case] expected: Option<i64>,
    ) {
        assert_eq!(step(first, last, most), expected);
    }

    #[rstest]
    #[case(0, i64::MAX, 60)]
    #[case(i64::MIN / 4, i64::MAX / 4, 1)]
    #[case(i64::MIN, i64::MAX, 60)]
    fn times_that_no_log_has_don_t_break_it(#[case] first: i64, #[case] last: i64, #[case] most: usize) {
        if let Some(step) = step(first, last, most) {
            assert!(last.div_euclid(step) - first.div_euclid(step) < i64::try_from(most).unwrap());
        }
    }
}
