//! Rates: so many requests in each window of time.

use crate::host::Timestamp;

/// The length of a window. Windows are aligned to the epoch, so that all
/// workers have the same ones; a day is a day of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Window {
    Second,
    Minute,
    Hour,
    Day,
}

impl Window {
    /// Its length in seconds.
    pub(crate) fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// When the window ends that a time is in, in seconds since the epoch. The
    /// end is in the next window.
    pub(super) fn end(self, now: u32) -> u32 {
        let length = self.seconds();
        let started = now.checked_rem(length).map_or(now, |into| now.saturating_sub(into));
        started.saturating_add(length)
    }

    /// Whether what is counted until that end counts at this time. Another
    /// worker's clock may be in the next window already. What is further ahead
    /// was counted by a clock that was wrong.
    pub(super) fn counts(self, end: u32, now: u32) -> bool {
        let own = self.end(now);
        end >= own && end <= own.saturating_add(self.seconds())
    }
}

/// A limit: at most so many requests in each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Rate {
    pub(crate) count: u32,
    pub(crate) window: Window,
}

impl Rate {
    /// Reads `100/min`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let form = || {
            "must be a rate, as in \"100/min\": a whole number, then /sec, /min, /hour or /day"
                .to_owned()
        };
        let (count, window) = text.split_once('/').ok_or_else(form)?;
        let window = match window {
            "sec" => Window::Second,
            "min" => Window::Minute,
            "hour" => Window::Hour,
            "day" => Window::Day,
            _ => return Err(form()),
        };
        if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(form());
        }
        let count = count.parse().map_err(|_| format!("must be at most {}", u32::MAX))?;
        Ok(Self { count, window })
    }
}

/// Whole seconds since the epoch; what is before it or far beyond is cut.
pub(super) fn whole_seconds(now: Timestamp) -> u32 {
    // A float that doesn't fit is cut to the nearest that does.
    now.seconds() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_window() {
        for (text, count, seconds) in [
            ("100/min", 100, 60),
            ("1/sec", 1, 1),
            ("0/hour", 0, 3_600),
            ("4294967295/day", u32::MAX, 86_400),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.count, rate.window.seconds()), (count, seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for bad in [
            "",
            "100",
            "/min",
            "100/",
            "100/m",
            "100/minute",
            "-1/min",
            "+1/min",
            "1.5/min",
            "100 /min",
            "100/ min",
            "100/MIN",
            "1e3/min",
            "4294967296/day",
            "1/min/sec",
            "١/min",
        ] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_window_ends_where_the_next_begins() {
        for (window, now, end) in [
            (Window::Second, 7, 8),
            (Window::Minute, 59, 60),
            (Window::Minute, 60, 120),
            (Window::Hour, 3_599, 3_600),
            (Window::Day, 86_400, 172_800),
            (Window::Day, u32::MAX, u32::MAX),
        ] {
            assert_eq!(window.end(now), end, "{window:?} {now}");
        }
    }

    #[test]
    fn times_beyond_the_clock_of_windows_are_cut() {
        let at = |seconds| whole_seconds(Timestamp::from_seconds(seconds).unwrap());
        assert_eq!(at(-5.0), 0);
        assert_eq!(at(59.999), 59);
        assert_eq!(at(Timestamp::LATEST), u32::MAX);
    }
}
