//! The CPU time of a process.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second in /proc, on every Linux that Envoy runs on.
const TICKS: u64 = 100;

/// The CPU time of all threads of a process so far: nanoseconds from
/// `schedstat`, or ticks of 10 ms where the kernel has none.
///
/// # Errors
/// When there is no such process.
pub fn time(process: u32) -> Result<Duration> {
    match precise(process) {
        Some(nanoseconds) => Ok(Duration::from_nanos(nanoseconds)),
        None => coarse(process),
    }
}

fn precise(process: u32) -> Option<u64> {
    let mut total: u64 = 0;
    for task in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        total += schedstat(&text)?;
    }
    // A kernel that doesn't count says 0.
    (total > 0).then_some(total)
}

/// Nanoseconds on the CPU: the first of three numbers.
fn schedstat(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

fn coarse(process: u32) -> Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let ticks = stat(&text).context("/proc/PID/stat isn't as expected")?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

/// User and system time: fields 14 and 15, counted behind the name, which may
/// have spaces and parentheses.
fn stat(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedstat_starts_with_nanoseconds() {
        assert_eq!(schedstat("123456789 42 7\n"), Some(123_456_789));
        assert_eq!(schedstat(""), None);
    }

    #[test]
    fn a_name_with_spaces_does_not_move_the_fields() {
        let text = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0 3 0";
        assert_eq!(stat(text), Some(42));
    }

    #[test]
    fn this_process_uses_time() {
        let before = time(std::process::id()).unwrap();
        let mut sum = 0u64;
        for number in 0..20_000_000u64 {
            sum = std::hint::black_box(sum.wrapping_add(number));
        }
        assert!(time(std::process::id()).unwrap() > before, "{sum}");
    }
}
