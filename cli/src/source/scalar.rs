//! What a plain YAML scalar is: the core schema of YAML 1.2.2, section 10.3.2.

use serde_json::Number;

use super::node::Kind;

/// What a plain scalar means; `None` for a number that JSON doesn't have.
pub(super) fn plain(text: &str) -> Option<Kind> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => match unsigned(text) {
            ".inf" | ".Inf" | ".INF" => return None,
            ".nan" | ".NaN" | ".NAN" if unsigned(text) == text => return None,
            _ => match number(text) {
                Some(number) => Kind::Number(number?),
                None => Kind::Text { text: text.to_owned(), block: None },
            },
        },
    })
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

/// `None` for what is no number, `Some(None)` for one past all bounds.
fn number(text: &str) -> Option<Option<Number>> {
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(Number::from);
    if let Some(digits) =
        text.strip_prefix("0x").filter(|digits| all(digits, char::is_ascii_hexdigit))
    {
        return Some(radix(digits, 16));
    }
    if let Some(digits) =
        text.strip_prefix("0o").filter(|digits| all(digits, |c| ('0'..='7').contains(c)))
    {
        return Some(radix(digits, 8));
    }
    let digits = unsigned(text);
    if all(digits, char::is_ascii_digit) {
        let plain = text.strip_prefix('+').unwrap_or(text);
        let whole = plain.parse::<u64>().map(Number::from).ok();
        let whole = whole.or_else(|| plain.parse::<i64>().map(Number::from).ok());
        return Some(whole.or_else(|| plain.parse().ok().and_then(Number::from_f64)));
    }
    is_float(digits).then(|| text.parse().ok().and_then(Number::from_f64))
}

fn all(text: &str, is: impl Fn(&char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(|c| is(&c))
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (text, None),
    };
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some((whole, rest)) => {
            digits(whole) && digits(rest) && !(whole.is_empty() && rest.is_empty())
        }
        None => all(mantissa, char::is_ascii_digit),
    };
    mantissa && exponent.is_none_or(|exponent| all(exponent, char::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(text: &str) -> serde_json::Value {
        let kind = plain(text).expect("JSON has it");
        super::super::Node { at: super::super::Position::START, kind }.to_value()
    }

    #[test]
    fn plain_words_are_what_the_core_schema_says() {
        for (text, expected) in [
            ("~", json!(null)),
            ("true", json!(true)),
            ("False", json!(false)),
            ("no", json!("no")),
            ("on", json!("on")),
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("012", json!(12)),
            ("0x1f", json!(31)),
            ("0o17", json!(15)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1.2.3", json!("1.2.3")),
            ("10.0.0.0/8", json!("10.0.0.0/8")),
            ("100/min", json!("100/min")),
            ("2026-01-01T00:00:00Z", json!("2026-01-01T00:00:00Z")),
            ("e", json!("e")),
            (".", json!(".")),
            ("-", json!("-")),
            ("0x", json!("0x")),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_that_json_does_not_have_are_none() {
        for text in [".inf", "-.inf", ".nan", "1e999"] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
