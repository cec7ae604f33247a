//! What an entry with a mistake takes away all the same: whatever it doesn't
//! list any more, and whatever it switches off.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::issuer_keys::restrict_keys;
use crate::config::units;
use crate::host::Timestamp;

/// The lists of an entry whose members have names, and by what they are told.
const LISTS: [(&str, &[&str]); 4] = [
    ("clients", &["id"]),
    ("keys", &["id", "sha256", "hmac_sha256"]),
    ("issuers", &["issuer"]),
    ("aliases", &[]),
];

/// What a key brings with it.
const GRANTS: [&str; 2] = ["scopes", "roles"];

/// What an entry says about one of its members.
enum Said<'n> {
    /// Nothing: it isn't there, or `null`.
    Nothing,
    List(&'n [Value]),
    /// Nobody knows what is meant.
    Unreadable,
}

/// Takes from an entry what another of the same tenant takes away. Where that
/// says something twice there are several: what one of them lists is listed,
/// what one of them switches off is off.
pub(super) fn restrict(kept: &mut Value, news: &[&Value]) {
    let Some(kept) = kept.as_object_mut() else {
        return;
    };
    if news.iter().any(|new| new.get("active").is_some_and(|active| *active != Value::Bool(true))) {
        kept.insert("active".into(), Value::Bool(false));
    }
    choose(kept, "tokens_not_before", news, |new, old| new > old);
    choose(kept, "expires", news, |new, old| new < old);
    let issuers = kept.get("issuers").and_then(Value::as_array);
    let had_issuers = issuers.is_some_and(|issuers| !issuers.is_empty());
    for (list, named_by) in LISTS {
        restrict_list(kept, list, news, named_by);
    }
    if had_issuers && drop_keyless_issuers(kept) {
        // Without one of its own, those of all tenants would reach it.
        kept.insert("active".into(), Value::Bool(false));
    }
}

fn restrict_list(kept: &mut Map<String, Value>, list: &str, news: &[&Value], named_by: &[&str]) {
    let Some(Value::Array(members)) = kept.get_mut(list) else {
        return;
    };
    let mut listed: HashMap<String, Vec<&Value>> = HashMap::new();
    let mut takes_away = true;
    for new in news {
        match said(new, list) {
            Said::Nothing => {}
            Said::List(others) => {
                for other in others {
                    listed.entry(name(other, named_by)).or_default().push(other);
                }
            }
            Said::Unreadable => takes_away = false,
        }
    }
    members.retain_mut(|member| {
        let Some(same) = listed.get(&name(member, named_by)) else {
            if takes_away && list == "clients" {
                return switch_off(member);
            }
            return !takes_away;
        };
        restrict(member, same);
        match (list, member.as_object_mut()) {
            ("issuers", Some(issuer)) => restrict_keys(issuer, same),
            ("keys", Some(key)) => {
                for grants in GRANTS {
                    restrict_list(key, grants, same, &[]);
                }
            }
            _ => {}
        }
        true
    });
}

/// A client that is gone has no keys any more. But its rules hold for tokens
/// that name it, so it stays, and is off.
fn switch_off(client: &mut Value) -> bool {
    let Some(client) = client.as_object_mut() else {
        return false;
    };
    client.remove("keys");
    client.insert("active".into(), Value::Bool(false));
    true
}

/// Takes out the issuers that have no keys left. Whether there were some, and
/// no issuer is left.
fn drop_keyless_issuers(kept: &mut Map<String, Value>) -> bool {
    let Some(Value::Array(issuers)) = kept.get_mut("issuers") else {
        return false;
    };
    issuers.retain(|issuer| {
        !issuer.get("keys").is_some_and(|keys| keys.as_object().is_some_and(Map::is_empty))
    });
    issuers.is_empty()
}

fn said<'n>(new: &'n Value, list: &str) -> Said<'n> {
    match new.get(list) {
        None | Some(Value::Null) => Said::Nothing,
        Some(Value::Array(members)) => Said::List(members),
        Some(_) => Said::Unreadable,
    }
}

/// By what a member of a list is told from others.
fn name(member: &Value, named_by: &[&str]) -> String {
    match named_by {
        [] => member.to_string(),
        names => {
            let parts: Vec<&Value> =
                names.iter().map(|name| member.get(name).unwrap_or(&Value::Null)).collect();
            parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        }
    }
}

/// The strictest of several times stays.
fn choose(
    kept: &mut Map<String, Value>,
    field: &str,
    news: &[&Value],
    stricter: fn(Timestamp, Timestamp) -> bool,
) {
    let parse = |value: &Value| units::timestamp(value.as_str()?);
    for time in news.iter().filter_map(|new| new.get(field)) {
        let old = kept.get(field).and_then(parse);
        if parse(time).is_some_and(|new| old.is_none_or(|old| stricter(new, old))) {
            kept.insert(field.into(), time.clone());
        }
    }
}
