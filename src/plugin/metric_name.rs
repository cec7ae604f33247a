//! Names of metrics that have somebody else's text in them.

/// An issuer's name as a part of a metric's.
pub(super) fn part(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(80).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_has_no_dots_or_blanks() {
        assert_eq!(part("https://idp.example/a b"), "https___idp_example_a_b");
        assert_eq!(part("staff-2"), "staff-2");
        assert_eq!(part(&"x".repeat(200)).len(), 80);
    }
}
