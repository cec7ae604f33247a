//! A Markdown table.

use std::fmt;

/// Rows of as many cells as there are titles.
pub(super) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// With these titles.
    pub(super) fn new(titles: &[&str; N]) -> Table<N> {
        Table { rows: vec![titles.map(str::to_owned), [(); N].map(|()| "---".to_owned())] }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| cell.replace('|', "\\|")));
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.iter().try_for_each(|row| writeln!(f, "| {} |", row.join(" | ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_titles_and_rows() {
        let mut table = Table::new(&["a", "b"]);
        table.row(["1".to_owned(), "x|y".to_owned()]);
        assert_eq!(table.to_string(), "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n");
    }
}
