//! What most likely caused a complaint of the YAML scanner, which tells of its
//! own state rather than of the text.

/// What people who meet a complaint should look for. Complaints are found by
/// what is the same in all of their kind; one that isn't known here stands alone.
pub(super) fn hint(complaint: &str) -> Option<&'static str> {
    HINTS.iter().find(|(part, _)| complaint.contains(part)).map(|(_, hint)| *hint)
}

const HINTS: [(&str, &str); 9] = [
    ("tabs disallowed", "indent with spaces"),
    ("quoted scalar", "a quote that was opened before isn't closed"),
    (
        "did not find expected '-'",
        "it must be indented just like the lines that it belongs with; within an item that is the column after `- `",
    ),
    (
        "did not find expected key",
        "it must be indented just like the lines that it belongs with, and what follows a closed quote must be on a line of its own",
    ),
    (
        "mapping values are not allowed",
        "a line before lacks the space after its colon, this one is indented too far, or a text with a colon needs quotes",
    ),
    ("anchor", "a text that begins with * or & needs quotes, as in \"*\""),
    ("unexpected character", "a text that begins with this character needs quotes"),
    (
        "sequence entries are not allowed",
        "a list begins on a line of its own, or in brackets: [a, b]",
    ),
    ("recursion limit", "it is nested too deeply for any document"),
];

#[cfg(test)]
mod tests {
    use crate::source::yaml::parse;

    #[test]
    fn common_slips_are_told_with_what_to_look_for() {
        for (text, at, told) in [
            ("tenants:\n\t- id: acme\n", "2:2", "with spaces"),
            ("tenants:\n  - id: \"acme\n    active: true\n", "2:9", "isn't closed"),
            ("a: 'x\n", "1:4", "isn't closed"),
            ("tenants:\n  - id: acme\n   active: true\n", "3:4", "indented just like"),
            ("a:\n  b: 1\n c: 2\n", "3:2", "indented just like"),
            ("version:1\ntenants: []\n", "2:8", "space after its colon"),
            ("path: *\n", "1:7", "needs quotes"),
            ("scope: *:read\n", "1:8", "needs quotes"),
            ("id: @acme\n", "1:5", "needs quotes"),
            ("a: - b\n", "1:4", "line of its own"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.at.to_string(), at, "{text:?}: {error}");
            assert!(error.problem.contains(told), "{text:?}: {error}");
        }
        let deep = parse(&"[".repeat(100_000)).unwrap_err();
        assert!(deep.problem.contains("nested too deeply"), "{deep}");
    }
}
