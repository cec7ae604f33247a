//! What texts look like, as regular expressions.

use serde_json::{Map, Value, json};
use tenant_guard::Form;

/// What JSON Schema says of a text of this form.
///
/// Expressions are of the kind that JavaScript and Rust read alike. They are
/// never stricter than the guard.
pub(super) fn text(form: Form) -> Map<String, Value> {
    let mut text = Map::new();
    text.insert("type".into(), "string".into());
    if let Some(pattern) = pattern(form) {
        text.insert("pattern".into(), pattern.into());
    } else if form != Form::Any {
        text.insert("minLength".into(), 1.into());
    }
    if let Some(most) = longest(form) {
        text.insert("maxLength".into(), most.into());
    }
    if let Some(examples) = examples(form) {
        text.insert("examples".into(), examples);
    }
    text
}

fn pattern(form: Form) -> Option<&'static str> {
    Some(match form {
        Form::Any | Form::Some | Form::Json | Form::Identifier => return None,
        Form::Duration => "^[0-9]+(ms|s|m|h|d)$",
        Form::Size => "^[0-9]+(B|KiB|MiB|GiB)?$",
        Form::Timestamp => {
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+\u{2212}-][0-9]{2}:[0-9]{2})$"
        }
        Form::Digest => "^[0-9a-f]{64}$",
        Form::Rate => "^[0-9]+/(sec|min|hour|day)$",
        Form::RateOrTier => "^([0-9]+/(sec|min|hour|day)|[^/]+)$",
        Form::TierName => "^[^/]+$",
        Form::Address => "^[0-9A-Fa-f.:*/ -]+$",
        Form::HeaderName => "^[0-9A-Za-z!#$%&'*+.^_`|~-]+$",
        Form::Method => "^[0-9A-Z!#$%&'*+.^_`|~-]+$",
        Form::Scheme => "^[0-9A-Za-z-]+$",
        Form::TenantName => "^[0-9A-Za-z][0-9A-Za-z._:-]{0,127}$",
        Form::Scope => "^[^ ]+$",
        Form::AskedScope => r"^[!#-\[\]-~]+$",
        Form::Action => "^[0-9A-Za-z._:-]{1,64}$",
        Form::ActionOrOthers => "^([*]|[0-9A-Za-z._:-]{1,64})$",
        Form::PathPattern => "^/[^?]*$",
        Form::HostPattern => "^[0-9A-Za-z*{}._-]+$",
        Form::Uri => "^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$",
        Form::Quotable => r"^[ !#-\[\]-~]+$",
    })
}

/// In characters, of which there are never more than bytes.
fn longest(form: Form) -> Option<u64> {
    match form {
        Form::Identifier | Form::Scope => Some(256),
        Form::Uri => Some(2_048),
        _ => None,
    }
}

/// Where the form isn't plain from the field's description.
fn examples(form: Form) -> Option<Value> {
    Some(match form {
        Form::Duration => json!(["30s", "5m", "24h"]),
        Form::Size => json!(["16MiB"]),
        Form::Timestamp => json!(["2026-01-01T00:00:00Z"]),
        Form::Rate => json!(["100/min"]),
        Form::RateOrTier => json!(["100/min"]),
        Form::Address => json!(["10.0.0.0/8", "192.0.2.10", "192.0.2.50-192.0.2.100", "10.0.*.*"]),
        Form::PathPattern => json!(["/v1/**"]),
        _ => return None,
    })
}
