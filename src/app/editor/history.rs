//! What can be taken back.

use std::collections::VecDeque;

/// Steps that are kept.
const STEPS: usize = 10_000;

/// Bytes of removed text that are kept; the last step is kept whatever its size.
const BYTES: usize = 64 << 20;

/// A change: at an offset so many bytes took the place of a text.
#[derive(Clone, Default)]
pub(super) struct Step {
    pub(super) at: usize,
    pub(super) removed: String,
    pub(super) inserted: usize,
    /// Where the cursor was before it.
    pub(super) cursor: usize,
}

/// Changes that were made, and those that were taken back.
#[derive(Clone, Default)]
pub(super) struct History {
    done: VecDeque<Step>,
    undone: Vec<Step>,
    /// Steps that are no longer kept.
    forgotten: u64,
    /// Bytes of removed text in `done`.
    bytes: usize,
    /// Whether the last step is a word that is being typed.
    typing: bool,
}

impl History {
    /// A change was made: what was taken back before can no longer be made again.
    pub(super) fn push(&mut self, step: Step) {
        self.undone.clear();
        self.push_done(step);
    }

    /// A character was typed: the next one may belong to the same step.
    pub(super) fn begin_typing(&mut self) {
        self.typing = true;
    }

    pub(super) fn push_done(&mut self, step: Step) {
        self.typing = false;
        self.bytes += step.removed.len();
        self.done.push_back(step);
        while self.done.len() > 1 && (self.done.len() > STEPS || self.bytes > BYTES) {
            self.bytes -= self.done.pop_front().map_or(0, |step| step.removed.len());
            self.forgotten += 1;
        }
    }

    pub(super) fn push_undone(&mut self, step: Step) {
        self.undone.push(step);
    }

    pub(super) fn take_done(&mut self) -> Option<Step> {
        self.typing = false;
        let step = self.done.pop_back()?;
        self.bytes -= step.removed.len();
        Some(step)
    }

    pub(super) fn take_undone(&mut self) -> Option<Step> {
        self.undone.pop()
    }

    /// Whether the last step wrote up to this offset and goes on there.
    pub(super) fn ends_with_typing(&self, offset: usize) -> bool {
        self.typing && self.done.back().is_some_and(|step| step.at + step.inserted == offset)
    }

    /// More was typed.
    pub(super) fn lengthen(&mut self, by: usize) {
        self.undone.clear();
        if let Some(step) = self.done.back_mut() {
            step.inserted += by;
        }
    }

    pub(super) fn position(&self) -> u64 {
        self.forgotten + self.done.len() as u64
    }
}
