//! When to fetch. Pure functions of what is known.

use super::record::Record;
use super::source::{Source, Timing};
use super::{Outlook, Standing};

/// The pauses after failed fetches, in seconds.
const FIRST_PAUSE: f64 = 0.5;
const LONGEST_PAUSE: f64 = 60.0;

/// How late a fetch is at most where somebody is there who makes it, in seconds.
const OVERDUE: f64 = 3.0;

/// A number from 0 to 1 that differs from source to source and from time to
/// time, so that not all are fetched at once.
pub(super) fn spread(id: u64, time: u64) -> f64 {
    // SplitMix64's mixing, which spreads near numbers far apart.
    let mut mixed = id ^ time.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

/// After a success: early enough that every worker has the next before this
/// one is over.
pub(super) fn refresh_in(timing: &Timing, spread: f64) -> f64 {
    timing.refresh * (0.75 + 0.15 * spread)
}

/// After failures: longer each time, and never longer than a refresh.
pub(super) fn retry_in(timing: &Timing, failures: u32, spread: f64) -> f64 {
    let doublings = failures.saturating_sub(1).min(16);
    let pause = FIRST_PAUSE * 2f64.powi(i32::try_from(doublings).unwrap_or(16));
    pause.min(LONGEST_PAUSE).min(timing.refresh) * (0.8 + 0.4 * spread)
}

/// How often a worker looks whether another has fetched.
pub(super) fn look_again_in(timing: &Timing) -> f64 {
    (timing.refresh / 25.0).clamp(0.02, 5.0)
}

/// How old what is in force is, in seconds: since it was fetched, or since it
/// was first looked for.
pub(super) fn age(record: &Record, now: f64) -> f64 {
    (now - record.fetched.unwrap_or(record.since)).max(0.0)
}

pub(super) fn standing(timing: &Timing, record: &Record, now: f64) -> Standing {
    if age(record, now) > timing.max_stale {
        return Standing::TooOld;
    }
    if record.content.is_some() { Standing::Current } else { Standing::Awaited }
}

/// Whether a fetch that requests ask for may be made.
pub(super) fn may_ask(timing: &Timing, record: &Record, now: f64) -> bool {
    // A clock that was set back must not stop it for ever.
    record.asked.is_none_or(|asked| now >= asked + timing.cooldown || asked > now + 1.0)
}

/// Whether it is time for the next fetch.
pub(super) fn is_due(timing: &Timing, record: &Record, now: f64) -> bool {
    is_late(timing, record, now, 0.0)
}

/// Whether it is so long past that time that nobody else seems to fetch it.
pub(super) fn is_overdue(timing: &Timing, record: &Record, now: f64) -> bool {
    is_late(timing, record, now, OVERDUE) && now >= record.since + OVERDUE
}

fn is_late(timing: &Timing, record: &Record, now: f64, by: f64) -> bool {
    let off = record.fetched.is_some_and(|fetched| {
        // Who fetched it may have been told to do that less often.
        let old = record.failures == 0 && now >= fetched + timing.refresh + by;
        old || fetched > now + 1.0
    });
    off || now >= record.due + by
}

pub(super) fn outlook(source: &Source, record: &Record, now: f64) -> Outlook {
    let timing = &source.timing;
    let standing = standing(timing, record, now);
    let soon = record.is_leased(now)
        || match standing {
            Standing::Current => !source.is_directory() && may_ask(timing, record, now),
            Standing::Awaited | Standing::TooOld => record.due <= now + timing.timeout,
        };
    Outlook { standing, soon }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing =
        Timing { refresh: 300.0, timeout: 2.0, max_stale: 3600.0, cooldown: 30.0 };

    #[test]
    fn refreshes_are_spread_and_before_their_time() {
        let times: Vec<f64> = (0..1000).map(|n| refresh_in(&TIMING, spread(7, n))).collect();
        assert!(times.iter().all(|time| (225.0..=270.0).contains(time)), "{times:?}");
        let early = times.iter().filter(|time| **time < 247.5).count();
        assert!((400..600).contains(&early), "{early} of 1000 in the first half");
    }

    #[test]
    fn pauses_double_up_to_a_minute_or_a_refresh() {
        let pauses: Vec<f64> = (1..=9).map(|n| retry_in(&TIMING, n, 0.5)).collect();
        assert_eq!(pauses, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        let often = Timing { refresh: 10.0, ..TIMING };
        assert_eq!(retry_in(&often, u32::MAX, 0.5), 10.0);
        for n in 0..1000 {
            let pause = retry_in(&TIMING, 1, spread(1, n));
            assert!((0.4..=0.6).contains(&pause), "{pause}");
        }
    }

    #[test]
    fn what_was_never_fetched_ages_from_when_it_was_looked_for() {
        let record = Record { since: 1000.0, ..Record::default() };
        assert_eq!(standing(&TIMING, &record, 4600.0), Standing::Awaited);
        assert_eq!(standing(&TIMING, &record, 4600.1), Standing::TooOld);
        let fetched = Record { fetched: Some(2000.0), content: Some(1), ..record };
        assert_eq!(standing(&TIMING, &fetched, 5600.0), Standing::Current);
        assert_eq!(standing(&TIMING, &fetched, 5600.1), Standing::TooOld);
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nothing() {
        let record =
            Record { fetched: Some(9000.0), due: 9300.0, asked: Some(9000.0), ..Record::default() };
        assert!(is_due(&TIMING, &record, 1000.0));
        assert!(may_ask(&TIMING, &record, 1000.0));
        assert!(!is_due(&TIMING, &record, 9001.0));
        assert!(!may_ask(&TIMING, &record, 9029.0));
        assert!(may_ask(&TIMING, &record, 9030.0));
    }

    #[test]
    fn the_shorter_refresh_counts() {
        let record =
            Record { fetched: Some(1000.0), due: 9000.0, attempts: 1, ..Record::default() };
        assert!(!is_due(&TIMING, &record, 1299.0));
        assert!(is_due(&TIMING, &record, 1300.0));
        // Retries have their own pauses.
        assert!(!is_due(&TIMING, &Record { failures: 1, ..record }, 1300.0));
    }

    #[test]
    fn what_nobody_fetches_is_overdue_in_the_end() {
        let record =
            Record { fetched: Some(1000.0), due: 1240.0, attempts: 1, ..Record::default() };
        assert!(!is_overdue(&TIMING, &record, 1000.5));
        assert!(!is_overdue(&TIMING, &record, 1242.9));
        assert!(is_overdue(&TIMING, &record, 1243.1));
        let new = Record { since: 1000.0, ..Record::default() };
        assert!(!is_overdue(&TIMING, &new, 1002.0));
        assert!(is_overdue(&TIMING, &new, 1003.0));
    }
}
