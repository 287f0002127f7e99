//! What a running filter is measured by. The meter belongs to the filter's thread; jaq's hooks reach it from there.

use std::{
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe},
    sync::atomic::Ordering,
    time::Instant,
};

use super::{Limits, thread::STACK};

/// Why a filter was ended. Travels as the payload of an unwinding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Time,
    Cancelled,
    /// Its calls fill the stack.
    Recursion,
    Memory,
    /// A value of too many levels.
    Depth,
}

/// What a filter may make in all, in bytes, whether or not it still holds it.
const MOST_MADE: usize = 512 << 20;

/// The part of the stack that calls may take. The rest is for what recurses over a value without calling back:
/// dropping, comparing and writing it.
const CALLS: usize = STACK / 4 * 3;

/// Steps between two looks at the clock.
const STRIDE: u32 = 128;

thread_local! {
    static METER: RefCell<Option<Limits>> = const { RefCell::new(None) };
    static STEPS: Cell<u32> = const { Cell::new(0) };
    static MADE: Cell<usize> = const { Cell::new(0) };
    static BASE: Cell<usize> = const { Cell::new(0) };
}

pub(super) struct Meter;

impl Meter {
    /// Runs `work` within `limits`. Any other panic goes on to whoever is above.
    pub(super) fn watch<T>(limits: &Limits, work: impl FnOnce() -> T) -> Result<T, Stop> {
        METER.set(Some(limits.clone()));
        STEPS.set(STRIDE - 1);
        MADE.set(0);
        BASE.set(stack_pointer());
        let result = panic::catch_unwind(AssertUnwindSafe(work));
        METER.set(None);
        result.or_else(|payload| match payload.downcast::<Stop>() {
            Ok(stop) => Err(*stop),
            Err(other) => panic::resume_unwind(other),
        })
    }
}

/// The address of something on the stack, near enough to its end.
fn stack_pointer() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

/// Ends the filter. Unlike `panic!` this calls no panic hook: nothing has gone wrong in the program.
pub(super) fn stop(why: Stop) -> ! {
    panic::resume_unwind(Box::new(why))
}

/// One step of the filter: of a term, or of an item that is collected.
pub(super) fn step() {
    let base = BASE.get();
    if base.abs_diff(stack_pointer()) > CALLS {
        stop(Stop::Recursion);
    }
    let steps = STEPS.get() + 1;
    if steps < STRIDE {
        STEPS.set(steps);
        return;
    }
    STEPS.set(0);
    let why = METER.with_borrow(|limits| {
        let limits = limits.as_ref()?;
        if limits.cancel.load(Ordering::Relaxed) {
            Some(Stop::Cancelled)
        } else {
            (Instant::now() >= limits.deadline).then_some(Stop::Time)
        }
    });
    if let Some(why) = why {
        stop(why);
    }
}

/// Counts `bytes` that are about to be made.
pub(super) fn make(bytes: usize) {
    let made = MADE.get().saturating_add(bytes);
    if made > MOST_MADE {
        stop(Stop::Memory);
    }
    MADE.set(made);
}
