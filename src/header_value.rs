//! Values as headers carry them.

use serde_json::Value;

use crate::request::escape::push_hex;

/// A claim as a header value: nothing for null and empty text.
pub(crate) fn claim_text(value: &Value) -> Option<String> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let encoded = match value {
        Value::Null => String::new(),
        Value::Array(items) => match items.iter().map(scalar).collect::<Option<Vec<_>>>() {
            Some(items) => list(items.iter().map(String::as_str).collect(), ","),
            None => text(&value.to_string()),
        },
        Value::Object(_) => text(&value.to_string()),
        single => text(&scalar(single).unwrap_or_default()),
    };
    (!encoded.is_empty()).then_some(encoded)
}

/// A value in visible ASCII. Every other byte and `%` itself is
/// percent-encoded, so that no two values give the same header and none can
/// break out of it.
pub(crate) fn text(value: &str) -> String {
    encode(value, |_| false)
}

/// A list: its separators are encoded within items.
pub(crate) fn list(items: Vec<&str>, separator: &str) -> String {
    let items: Vec<String> =
        items.into_iter().map(|item| encode(item, |byte| byte == b',')).collect();
    items.join(separator)
}

fn encode(value: &str, separates: fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if matches!(byte, 0x21..=0x7e) && byte != b'%' && !separates(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            push_hex(&mut encoded, byte);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_not_visible_ascii_is_encoded() {
        assert_eq!(text("alice@example.com"), "alice@example.com");
        assert_eq!(text("a b%\r\n\u{e9}\u{7f}"), "a%20b%25%0D%0A%C3%A9%7F");
        assert_eq!(list(vec!["a,b", "c d"], ","), "a%2Cb,c%20d");
        assert_eq!(list(vec!["read", "a,b"], " "), "read a%2Cb");
    }

    #[test]
    fn claims_of_every_shape_have_a_header_or_none() {
        for (claim, header) in [
            (json!("a@b"), Some("a@b")),
            (json!(true), Some("true")),
            (json!(12), Some("12")),
            (json!(["x", 1, "y,z"]), Some("x,1,y%2Cz")),
            (json!({"a": "b"}), Some(r#"{"a":"b"}"#)),
            (json!([["a"]]), Some(r#"[["a"]]"#)),
            (json!(null), None),
            (json!(""), None),
            (json!([]), None),
        ] {
            assert_eq!(claim_text(&claim).as_deref(), header, "{claim}");
        }
    }

    proptest! {
        #[test]
        fn two_lists_never_give_the_same_header(
            mine in prop::collection::vec("[a, %\u{e9}]{1,3}", 0..4),
            theirs in prop::collection::vec("[a, %\u{e9}]{1,3}", 0..4),
            separator in prop::sample::select(vec![",", " "]),
        ) {
            let join = |items: &[String]| list(items.iter().map(String::as_str).collect(), separator);
            prop_assert_eq!(join(&mine) == join(&theirs), mine == theirs);
        }

        #[test]
        fn every_header_value_is_visible_ascii(value in any::<String>()) {
            prop_assert!(text(&value).bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
        }
    }
}
