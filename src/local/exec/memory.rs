//! What a function's processes use of memory.
//!
//! Linux says it in `/proc`, with the peak, for a few microseconds. Elsewhere `ps` is asked, which says less (the
//! process alone, and only now) and takes milliseconds: so it is asked seldom.

use std::{fs, process::Command, time::Duration};

/// How often to look while an event is on.
pub(super) const TICK: Duration = Duration::from_millis(if cfg!(target_os = "linux") { 25 } else { 500 });
/// How old a look may be to do for the end of an event.
pub(super) const FRESH: Duration = Duration::from_millis(if cfg!(target_os = "linux") { 0 } else { 500 });

/// Memory of one process or of several, in kB.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Resident now, all together.
    resident: u64,
    /// The most that a single one of them ever had.
    peak: u64,
}

/// The most that a process is known to have used, in kB; `None` when it is gone.
pub(super) fn of_process(id: u32) -> Option<u64> {
    look(id).map(|memory| memory.resident.max(memory.peak))
}

/// The most that a process and its descendants are known to have used at one time, in kB; `None` when it is gone.
pub(super) fn of_group(id: u32) -> Option<u64> {
    let mut all = look(id)?;
    let mut todo = children(id);
    while let Some(id) = todo.pop() {
        let memory = look(id).unwrap_or_default();
        all.resident += memory.resident;
        all.peak = all.peak.max(memory.peak);
        todo.extend(children(id));
    }
    Some(all.resident.max(all.peak))
}

fn look(id: u32) -> Option<Memory> {
    if cfg!(target_os = "linux") { by_proc(id) } else { by_ps(id) }
}

fn by_proc(id: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    // A process that has just ended has neither.
    Some(Memory { resident: field("VmRSS:").unwrap_or(0), peak: field("VmHWM:").unwrap_or(0) })
}

fn by_ps(id: u32) -> Option<Memory> {
    let output = Command::new("ps").args(["-o", "rss=", "-p", &id.to_string()]).output().ok()?;
    let resident = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(Memory { resident, peak: 0 })
}

fn children(id: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let ids = |list: String| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>();
    lists.flat_map(ids).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_this_very_process_is_known() {
        let id = std::process::id();
        // A megabyte at least; a test's gigabyte at most.
        let plausible = |kb: u64| (1_000..1_000_000).contains(&kb);
        assert!(of_process(id).is_some_and(plausible));
        assert!(of_group(id).is_some_and(plausible));
        let by_ps = by_ps(id);
        let has_ps = Command::new("ps").output().is_ok();
        assert_eq!(by_ps.is_some_and(|memory| plausible(memory.resident)), has_ps);
        assert_eq!(of_process(u32::MAX), None);
    }
}
