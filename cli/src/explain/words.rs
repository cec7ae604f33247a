//! Times, lists and names, in words.

use chrono::{DateTime, SecondsFormat};
use tenant_guard::explain::{NearRoute, PatternFacts, PlaceFacts};

/// A time as RFC 3339 has it, in UTC. What is past its years stays seconds.
pub(super) fn time(seconds: f64) -> String {
    match DateTime::from_timestamp(seconds as i64, 0) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        None => format!("{seconds} seconds after 1970"),
    }
}

/// A length of time, in the unit that it is told best in.
pub(super) fn span(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min")];
    match units.into_iter().find(|(unit, _)| seconds >= 2.0 * unit) {
        Some((unit, name)) => format!("{} {name}", (seconds / unit) as u64),
        None => format!("{} s", seconds as u64),
    }
}

/// `a, b or c`; an empty list is `none`.
pub(super) fn any_of<T: AsRef<str>>(items: &[T]) -> String {
    join(items, "or")
}

/// `a, b and c`; an empty list is `none`.
pub(super) fn all_of<T: AsRef<str>>(items: &[T]) -> String {
    join(items, "and")
}

fn join<T: AsRef<str>>(items: &[T], last: &str) -> String {
    match items {
        [] => "none".into(),
        [one] => one.as_ref().into(),
        [rest @ .., end] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", rest.join(", "), end.as_ref())
        }
    }
}

/// What a route matches: `POST /v1/x at *.example.com`.
pub(super) fn pattern(pattern: &PatternFacts) -> String {
    let mut text = pattern.paths.join(" or ");
    if !pattern.methods.is_empty() {
        text = format!("{} {text}", pattern.methods.join("/"));
    }
    if !pattern.hosts.is_empty() {
        text = format!("{text} at {}", pattern.hosts.join(" or "));
    }
    text
}

/// A route that comes near, and what keeps a request from it.
pub(super) fn near(route: &NearRoute) -> String {
    let mut other = Vec::new();
    for (fits, what) in [(route.path, "path"), (route.method, "method"), (route.host, "host")] {
        if !fits {
            other.push(what);
        }
    }
    format!("{} ({}; another {})", route.place, pattern(&route.patterns), all_of(&other))
}

/// How a credential is sent: `a JWT in header authorization after Bearer`.
pub(super) fn place(place: &PlaceFacts) -> String {
    let kind = match (place.jwt, place.api_key) {
        (true, true) => "a JWT or an API key",
        (true, false) => "a JWT",
        (false, true) => "an API key",
        (false, false) => "a developer's name",
    };
    let scheme = place.scheme.as_ref().map(|scheme| format!(" after {scheme}"));
    format!("{kind} in {}{}", place.place, scheme.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_are_told_in_units_that_fit() {
        assert_eq!(time(0.0), "1970-01-01T00:00:00Z");
        assert_eq!(time(1_800_000_000.9), "2027-01-15T08:00:00Z");
        assert!(time(1e30).contains("seconds"));
        for (seconds, told) in
            [(0.0, "0 s"), (119.0, "119 s"), (120.0, "2 min"), (7_200.0, "2 h"), (1e6, "11 d")]
        {
            assert_eq!(span(seconds), told);
        }
    }

    #[test]
    fn lists_end_with_a_word() {
        assert_eq!(any_of::<&str>(&[]), "none");
        assert_eq!(any_of(&["a"]), "a");
        assert_eq!(all_of(&["a", "b", "c"]), "a, b and c");
    }
}
