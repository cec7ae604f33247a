//! What all workers know of a source: one small shared value each.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::sorted;

/// More than the longest pause after a failed fetch, in seconds.
const LATEST_RETRY: f64 = 80.0;

/// The state of a source. Times are in seconds since the epoch.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Record {
    /// When a worker first looked for it.
    pub(super) since: f64,
    /// When it was fetched last.
    pub(super) fetched: Option<f64>,
    /// Which content is in force; the content itself is a value of its own.
    pub(super) content: Option<u64>,
    /// The sum of that content, by which it is told from others.
    pub(super) sum: u64,
    /// How many fetches ended, well or not.
    pub(super) attempts: u64,
    /// How many failed since the last that didn't.
    pub(super) failures: u32,
    /// When to fetch it again.
    pub(super) due: f64,
    /// When a request last had it fetched.
    pub(super) asked: Option<f64>,
    pub(super) lease: Option<Lease>,
    pub(super) etag: Option<String>,
    /// What the log was told last.
    pub(super) told: Told,
    pub(super) writer: Writer,
    /// When each `kid` was first there.
    pub(super) kids: BTreeMap<String, f64>,
}

/// Somebody is fetching it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lease {
    /// Nanoseconds since the epoch when it was taken, which tells it from
    /// others.
    pub(super) id: u64,
    pub(super) until: f64,
}

/// What the log was told last of a source.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Told {
    /// Nothing, or that all is well.
    #[default]
    Well,
    /// That fetches fail, and why.
    Failing(String),
    /// That it is too old.
    TooOld,
}

/// Whose configuration last judged what was fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Writer {
    /// A digest of the configuration.
    pub(super) configuration: u64,
    /// When it came.
    pub(super) since: f64,
}

impl Record {
    /// Whether somebody fetches it at a time.
    pub(super) fn is_leased(&self, now: f64) -> bool {
        self.lease.is_some_and(|lease| now < lease.until)
    }

    /// Where it tells of times to come, the clock was set back: nobody knows
    /// how long ago they were, so the latest is now. Gives whether it was.
    pub(super) fn turn_back(&mut self, now: f64) -> bool {
        let taken = self.lease.map(|lease| lease.id as f64 / 1e9);
        let past = [Some(self.since), self.fetched, self.asked, taken];
        let latest = past.into_iter().flatten().fold(0.0, f64::max);
        let retry = if self.failures > 0 { self.due } else { 0.0 };
        // Workers read their clocks at different moments.
        if latest <= now + 1.0 && retry <= now + LATEST_RETRY {
            return false;
        }
        let back = (latest - now).max(0.0);
        let known = [&mut self.since].into_iter().chain(&mut self.fetched).chain(&mut self.asked);
        // In the order that they were in: a kid is the earlier owner's.
        for time in known.chain(self.kids.values_mut()) {
            *time -= back;
        }
        self.lease = None;
        self.due = now;
        true
    }

    /// Reads a shared value; what isn't one of ours tells nothing.
    pub(super) fn parse(value: &[u8]) -> Self {
        let Ok(Value::Object(fields)) = serde_json::from_slice(value) else {
            return Self::default();
        };
        let number = |name: &str| fields.get(name).and_then(Value::as_f64);
        let count = |name: &str| fields.get(name).and_then(Value::as_u64);
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let lease = count("lease").zip(number("lease_until"));
        let kids = fields.get("kids").and_then(Value::as_object).into_iter().flatten();
        Self {
            since: number("since").unwrap_or_default(),
            fetched: number("fetched"),
            content: count("content"),
            sum: count("sum").unwrap_or_default(),
            attempts: count("attempts").unwrap_or_default(),
            failures: count("failures").and_then(|n| u32::try_from(n).ok()).unwrap_or_default(),
            due: number("due").unwrap_or_default(),
            asked: number("asked"),
            lease: lease.map(|(id, until)| Lease { id, until }),
            etag: text("etag"),
            told: match text("trouble") {
                Some(why) => Told::Failing(why),
                None if fields.contains_key("too_old") => Told::TooOld,
                None => Told::Well,
            },
            writer: Writer {
                configuration: count("configuration").unwrap_or_default(),
                since: number("configured").unwrap_or_default(),
            },
            kids: sorted::map(kids.filter_map(|(kid, time)| Some((kid.clone(), time.as_f64()?)))),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        set("since", json!(self.since));
        set("attempts", json!(self.attempts));
        set("failures", json!(self.failures));
        set("due", json!(self.due));
        set("configuration", json!(self.writer.configuration));
        set("configured", json!(self.writer.since));
        if let Some(fetched) = self.fetched {
            set("fetched", json!(fetched));
        }
        if let Some(content) = self.content {
            set("content", json!(content));
            set("sum", json!(self.sum));
        }
        if let Some(asked) = self.asked {
            set("asked", json!(asked));
        }
        if let Some(Lease { id, until }) = self.lease {
            set("lease", json!(id));
            set("lease_until", json!(until));
        }
        if let Some(etag) = &self.etag {
            set("etag", json!(etag));
        }
        match &self.told {
            Told::Well => {}
            Told::Failing(why) => {
                set("trouble", json!(why));
            }
            Told::TooOld => {
                set("too_old", json!(true));
            }
        }
        if !self.kids.is_empty() {
            set("kids", json!(self.kids));
        }
        Value::Object(fields).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_again() {
        let full = Record {
            since: 1.5,
            fetched: Some(1_800_000_000.123),
            content: Some(u64::MAX),
            sum: u64::MAX,
            attempts: 7,
            failures: 3,
            due: 9.0,
            asked: Some(4.0),
            lease: Some(Lease { id: 1_800_000_000_123_456_789, until: 12.25 }),
            etag: Some("W/\"a\"".into()),
            told: Told::Failing("status 500".into()),
            writer: Writer { configuration: 42, since: 3.0 },
            kids: [("a".to_owned(), 1.0), ("b".to_owned(), 2.0)].into(),
        };
        for record in [full, Record::default(), Record { told: Told::TooOld, ..Record::default() }]
        {
            assert_eq!(Record::parse(&record.to_bytes()), record);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_moves_all_times_in_their_order() {
        let record = Record {
            since: 1_000.0,
            fetched: Some(3_000.0),
            asked: Some(2_500.0),
            due: 3_090.0,
            lease: Some(Lease { id: 2_999_000_000_000, until: 3_002.0 }),
            kids: [("a".to_owned(), 1_000.0), ("b".to_owned(), 2_000.0)].into(),
            ..Record::default()
        };
        let turned = |now: f64, record: &Record| {
            let mut record = record.clone();
            record.turn_back(now).then_some(record)
        };
        assert_eq!(turned(2_999.5, &record), None, "workers' clocks differ as much");
        assert_eq!(turned(9_000.0, &record), None);
        let expected = Record {
            since: -1_500.0,
            fetched: Some(500.0),
            asked: Some(0.0),
            due: 500.0,
            lease: None,
            kids: [("a".to_owned(), -1_500.0), ("b".to_owned(), -500.0)].into(),
            ..Record::default()
        };
        assert_eq!(turned(500.0, &record), Some(expected));
        // After failures alone it is the next try that lies ahead.
        let failed = Record { since: 100.0, failures: 3, due: 3_000.0, ..Record::default() };
        assert_eq!(turned(2_930.0, &failed), None);
        assert_eq!(turned(2_000.0, &failed).map(|record| record.due), Some(2_000.0));
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(value: Vec<u8>) {
            let _ = Record::parse(&value);
        }
    }
}
