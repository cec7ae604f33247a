//! Durations, sizes, times and near misses.

use chrono::DateTime;

use crate::host::Timestamp;

/// `30s`, `5m`, `24h`, `7d`, `20ms`, in seconds.
pub(super) fn duration(text: &str) -> Option<f64> {
    let (number, unit) = split(text)?;
    let unit = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let seconds = f64::from(u32::try_from(number).ok()?) * unit;
    (seconds <= Timestamp::LATEST).then_some(seconds)
}

/// `16MiB`, in bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let unit = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit))
}

/// RFC 3339.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Timestamp::from_seconds(time.timestamp() as f64)
}

/// The known name that a misspelt one was likely meant to be.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let limit = name.len().div_euclid(3).max(1);
    known
        .iter()
        .map(|candidate| (distance(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The edit distance (Levenshtein) of two short texts.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i.saturating_add(1);
        let mut next = vec![before];
        for (right, above) in b.chars().zip(row.iter().skip(1)) {
            let replace = diagonal.saturating_add(usize::from(left != right));
            before = replace.min(above.saturating_add(1)).min(before.saturating_add(1));
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_have_units() {
        assert_eq!(duration("30s"), Some(30.0));
        assert_eq!(duration("5m"), Some(300.0));
        assert_eq!(duration("24h"), Some(86_400.0));
        assert_eq!(duration("20ms"), Some(0.02));
        for bad in ["", "30", "s", "-1s", "1.5s", "1 s", "99999999999s", "1w", "4294967295d"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
        assert_eq!(size("16MiB"), Some(16 << 20));
        assert_eq!(size("512"), Some(512));
        for bad in ["", "MiB", "1MB", "-1", "99999999999GiB", "99999999999999999999"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_rfc_3339() {
        let seconds = |text: &str| timestamp(text).map(Timestamp::seconds);
        assert_eq!(seconds("2026-01-01T00:00:00Z"), Some(1_767_225_600.0));
        assert_eq!(seconds("2026-01-01T01:00:00+01:00"), Some(1_767_225_600.0));
        for bad in ["2026-01-01", "2026-13-01T00:00:00Z", "1767225600", "", "tomorrow"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_near_miss_is_found() {
        let known = ["issuer", "audiences", "keys", "claims"];
        assert_eq!(nearest("audience", &known), Some("audiences"));
        assert_eq!(nearest("isuer", &known), Some("issuer"));
        assert_eq!(nearest("claim", &known), Some("claims"));
        assert_eq!(nearest("zzzzzz", &known), None);
    }
}
