//! All targets as a table.

use super::table::Table;
use super::{interval, word};
use crate::verdict::Verdict;

/// The list of targets, with a line of how many are met before it.
pub fn verdicts(verdicts: &[Verdict]) -> String {
    let mut table = Table::new(&["target", "found", "95 % interval", "at most", "met"]);
    for verdict in verdicts {
        table.row([
            verdict.what.clone(),
            verdict.unit.tell(verdict.found),
            verdict.interval.map_or_else(String::new, interval),
            verdict.unit.tell(verdict.most),
            word(verdict.is_met()).to_owned(),
        ]);
    }
    let met = verdicts.iter().filter(|verdict| verdict.is_met()).count();
    format!("## Targets\n\n{met} of {} are met.\n\n{table}", verdicts.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Unit;

    #[test]
    fn each_target_has_a_row_and_they_are_counted() {
        let verdict = |found| Verdict {
            what: "size".to_owned(),
            found,
            interval: None,
            most: 900.0,
            unit: Unit::Kibibytes,
        };
        let text = verdicts(&[verdict(899.0), verdict(901.0)]);
        assert!(text.contains("1 of 2 are met."), "{text}");
        assert!(text.contains("| size | 899 KiB |  | 900 KiB | yes |"), "{text}");
        assert!(text.contains("| size | 901 KiB |  | 900 KiB | **no** |"), "{text}");
    }
}
