//! Times and time spans as operators write them.

use chrono::{DateTime, Duration, Utc};

/// A time: RFC 3339, a day (`2027-01-01`, at its begin), or a span from `now`
/// on (`90d`, `12h`, `30m`, `45s`).
///
/// # Errors
/// What it must be.
pub fn point(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, &'static str> {
    const MUST: &str = "must be a time in RFC 3339 (2027-01-01T00:00:00Z), a day (2027-01-01) or a time span (90d, 12h)";
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(&format!("{text}T00:00:00Z")) {
        return Ok(time.to_utc());
    }
    let span = span(text).map_err(|_| MUST)?;
    now.checked_add_signed(span).ok_or(MUST)
}

/// A time span: a whole number with s, m, h or d.
///
/// # Errors
/// What it must be.
pub fn span(text: &str) -> Result<Duration, &'static str> {
    const MUST: &str = "must be a time span: a whole number with s, m, h or d, as in 15m";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or(MUST)?;
    let number: i64 = number.parse().map_err(|_| MUST)?;
    let span = match unit {
        "s" => Duration::try_seconds(number),
        "m" => Duration::try_minutes(number),
        "h" => Duration::try_hours(number),
        "d" => Duration::try_days(number),
        _ => None,
    };
    span.ok_or(MUST)
}

/// A time as documents have it: RFC 3339 in UTC, whole seconds.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        let now = DateTime::parse_from_rfc3339("2026-11-22T10:00:00Z").unwrap().to_utc();
        point(text, now).ok().map(rfc3339)
    }

    #[test]
    fn times_are_points_days_or_spans() {
        for (text, expected) in [
            ("2027-01-01T01:00:00+01:00", "2027-01-01T00:00:00Z"),
            ("2027-01-01", "2027-01-01T00:00:00Z"),
            ("90d", "2027-02-20T10:00:00Z"),
            ("12h", "2026-11-22T22:00:00Z"),
            ("30m", "2026-11-22T10:30:00Z"),
            ("45s", "2026-11-22T10:00:45Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(expected), "{text}");
        }
        for bad in ["", "d", "90", "-1d", "1w", "tomorrow", "2027-13-01", "99999999999999999d"] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }
}
