//! What an entry with a mistake takes away all the same: whatever it doesn't
//! list any more, and whatever it switches off.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::issuer_keys::restrict_keys;
use crate::config::units;
use crate::host::Timestamp;

/// The lists of an entry whose members have names, by what they are told, and
/// what members are.
const LISTS: [(&str, &[&str], What); 4] = [
    ("clients", &["id"], What::Client),
    ("keys", &["id", "sha256", "hmac_sha256"], What::Key),
    ("issuers", &["issuer"], What::Issuer),
    ("aliases", &[], What::Name),
];

/// What is restricted: each has other fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Tenant,
    Client,
    Key,
    Issuer,
    Name,
}

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
    restrict_one(kept, news, What::Tenant);
}

fn restrict_one(kept: &mut Value, news: &[&Value], what: What) {
    let Some(kept) = kept.as_object_mut() else {
        return;
    };
    let off = |new: &&Value| new.get("active").is_some_and(|active| *active != Value::Bool(true));
    if !matches!(what, What::Issuer | What::Name) && news.iter().any(off) {
        kept.insert("active".into(), Value::Bool(false));
    }
    match what {
        What::Tenant => choose(kept, "tokens_not_before", news, |new, old| new > old),
        What::Key => choose(kept, "expires", news, |new, old| new < old),
        What::Client | What::Issuer | What::Name => {}
    }
    for (list, named_by, members) in LISTS {
        restrict_list(kept, list, news, named_by, members);
    }
    if what == What::Tenant {
        drop_keyless_issuers(kept);
    }
}

fn restrict_list(
    kept: &mut Map<String, Value>,
    list: &str,
    news: &[&Value],
    named_by: &[&str],
    what: What,
) {
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
            if takes_away && what == What::Client {
                return switch_off(member);
            }
            return !takes_away;
        };
        restrict_one(member, same, what);
        match (what, member.as_object_mut()) {
            (What::Issuer, Some(issuer)) => restrict_keys(issuer, same),
            (What::Key, Some(key)) => {
                for grants in GRANTS {
                    restrict_list(key, grants, same, &[], What::Name);
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

/// Takes out the issuers that have no keys left.
fn drop_keyless_issuers(kept: &mut Map<String, Value>) {
    let Some(Value::Array(issuers)) = kept.get_mut("issuers") else {
        return;
    };
    issuers.retain(|issuer| {
        !issuer.get("keys").is_some_and(|keys| keys.as_object().is_some_and(Map::is_empty))
    });
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
