//! Characters that terminals obey or hide, and readers of YAML stumble over,
//! written so that they are seen and do nothing.

/// Text for people that holds what strangers wrote: names, paths, claims.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() || is_odd(character) {
            true => plain.extend(character.escape_default()),
            false => plain.push(character),
        }
    }
    plain
}

/// JSON text that says the same. JSON may hold such characters in strings only
/// (RFC 8259 section 7), and YAML not all of them (YAML 1.2.2, section 5.1).
pub fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    for character in text.chars() {
        match is_odd(character) {
            // All of them have four digits.
            true => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => json.push(character),
        }
    }
    json
}

/// Controls beyond those that JSON escapes anyway, line ends of YAML 1.1, and
/// what changes the direction of text or has no width.
fn is_odd(character: char) -> bool {
    matches!(
        character,
        '\u{7f}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(plain("é\u{1b}[2J\n"), "é\\u{1b}[2J\\n");
        assert_eq!(plain("a\u{9b}31m\u{202e}b"), "a\\u{9b}31m\\u{202e}b");
    }

    proptest! {
        #[test]
        fn json_says_the_same_without_them(text in "[\\x00-\\x7f\u{80}-\u{a0}\u{2000}-\u{2070}\u{feff}\u{ffff}é]{0,20}") {
            let escaped = json(&Value::from(text.as_str()).to_string());
            prop_assert!(!escaped.chars().any(|c| c.is_control() || is_odd(c)));
            prop_assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap(), Value::from(text));
        }
    }
}
