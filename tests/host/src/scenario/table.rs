//! The table of counts: `bench/INSTRUCTIONS.md`.

use std::fmt::Write as _;
use std::path::PathBuf;

/// How much a count may grow before the table has to be renewed, in percent.
const MOST: u64 = 10;

const HEAD: &str = "\
# Instructions

How many WebAssembly instructions the plugin runs for one request, all of its
callbacks together, once caches are warm: the same on every machine. What the
host does for it, as the verification of a signature, isn't counted, and a copy
of memory is one instruction whatever its length.

`make bench-count` writes this table. A test fails where a count is more than
10 % above it.

| request | instructions |
|---|---:|
";

/// Counts by name.
pub struct Table(Vec<(String, u64)>);

impl Table {
    /// Of these.
    pub fn of(counts: Vec<(String, u64)>) -> Self {
        Self(counts)
    }

    /// The committed one.
    pub fn committed() -> Self {
        let path = path();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let rows = text.lines().filter_map(|line| {
            let (name, count) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
            Some((name.to_owned(), count.replace(',', "").parse().ok()?))
        });
        Self(rows.collect())
    }

    /// What is wrong with a count: it is much more than is written, or nothing
    /// is written.
    pub fn problem(&self, name: &str, count: u64) -> Option<String> {
        let known = self.0.iter().find(|(known, _)| known == name);
        let problem = match known {
            None => format!("{name} isn't in the table"),
            Some((_, known)) if count * 100 > known * (100 + MOST) => {
                format!("{name} took {known} instructions and takes {count}")
            }
            Some(_) => return None,
        };
        Some(problem + "; if it has to be, `make bench-count` renews bench/INSTRUCTIONS.md")
    }

    /// Writes it in place of the committed one.
    pub fn write(&self) {
        let mut text = HEAD.to_owned();
        for (name, count) in &self.0 {
            let _ = writeln!(text, "| {name} | {} |", grouped(*count));
        }
        std::fs::write(path(), text).unwrap_or_else(|e| panic!("{:?}: {e}", path()));
    }
}

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench/INSTRUCTIONS.md"))
}

/// With a comma at each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [(7, "7"), (123, "123"), (1_234, "1,234"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_count_may_grow_a_little_and_no_more() {
        let table = Table::of(vec![("a".into(), 1_000)]);
        assert_eq!([900, 1_100].map(|count| table.problem("a", count)), [None, None]);
        assert!(table.problem("a", 1_101).is_some_and(|why| why.contains("1000 instructions")));
        assert!(table.problem("b", 1).is_some());
    }
}
