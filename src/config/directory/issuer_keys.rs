//! What an entry with a mistake takes away of an issuer's keys.

use serde_json::{Map, Value};

use crate::json;
use crate::remote::Uri;

/// Takes from an issuer the keys that others of the same `iss` don't list any
/// more. A key, a secret or a place that was replaced is gone, too.
pub(super) fn restrict_keys(issuer: &mut Map<String, Value>, news: &[&Value]) {
    let mut listed: Vec<&Map<String, Value>> = Vec::new();
    for new in news {
        match new.get("keys") {
            None | Some(Value::Null) => {}
            Some(Value::Object(keys)) => listed.push(keys),
            // Nobody knows what is meant.
            Some(_) => return,
        }
    }
    let Some(Value::Object(kept)) = issuer.get_mut("keys") else {
        return;
    };
    restrict_set(kept, &listed);
    let is_text = |new: &Value| new.is_string() || new.is_object();
    retain(kept, "secret", &listed, |old, new| old == new || !is_text(new));
    for field in ["jwks_uri", "discovery"] {
        retain(kept, field, &listed, |old, new| match (place(old), place(new)) {
            (Some(old), Some(new)) => old == new,
            _ => true,
        });
    }
}

/// Keeps a field only where another says the same.
fn retain(
    kept: &mut Map<String, Value>,
    field: &str,
    listed: &[&Map<String, Value>],
    is_same: impl Fn(&Value, &Value) -> bool,
) {
    let stays = kept.get(field).is_some_and(|old| {
        let mut news = listed.iter().filter_map(|keys| keys.get(field)).filter(|n| !n.is_null());
        news.any(|new| is_same(old, new))
    });
    if !stays {
        kept.remove(field);
    }
}

/// Where keys are fetched from; `None` where that can't be read.
fn place(source: &Value) -> Option<(&str, Uri)> {
    let uri = Uri::parse(source.get("uri")?.as_str()?).ok()?;
    Some((source.get("cluster")?.as_str()?, uri))
}

/// The same for a key set, key by key.
fn restrict_set(kept: &mut Map<String, Value>, listed: &[&Map<String, Value>]) {
    let sets: Vec<Option<Value>> = listed
        .iter()
        .filter_map(|keys| keys.get("jwks").filter(|set| !set.is_null()))
        .map(key_set)
        .collect();
    let Some(Value::Object(mut set)) = kept.get("jwks").and_then(key_set) else {
        return;
    };
    if let Some(Value::Array(keys)) = set.get_mut("keys") {
        let is_listed = |key: &Value| {
            sets.iter().any(|other| match other {
                Some(other) => {
                    other.get("keys").and_then(Value::as_array).is_some_and(|k| k.contains(key))
                }
                // Nobody knows what is meant.
                None => true,
            })
        };
        keys.retain(is_listed);
        if keys.is_empty() {
            kept.remove("jwks");
            return;
        }
    }
    kept.insert("jwks".into(), Value::Object(set));
}

/// A key set: an object, or its JSON text. `None` for what is neither.
fn key_set(value: &Value) -> Option<Value> {
    let set = match value {
        Value::String(text) => json::parse(text.as_bytes()).ok()?,
        value => value.clone(),
    };
    set.get("keys").is_some_and(Value::is_array).then_some(set)
}
