//! What an entry with a mistake takes away all the same: whatever it doesn't
//! list any more, and whatever it switches off.

use serde_json::Value;

/// The lists of an entry whose members have names, and by what they are told.
const LISTS: [(&str, &[&str]); 4] = [
    ("clients", &["id"]),
    ("keys", &["id", "sha256", "hmac_sha256"]),
    ("issuers", &["issuer"]),
    ("aliases", &[]),
];

/// Takes from an entry what another of the same tenant takes away.
pub(super) fn restrict(kept: &mut Value, new: &Value) {
    let Some(kept) = kept.as_object_mut() else {
        return;
    };
    if new.get("active").is_some_and(|active| *active != Value::Bool(true)) {
        kept.insert("active".into(), Value::Bool(false));
    }
    if let Some(time) = new.get("tokens_not_before") {
        later(kept, time);
    }
    for (list, named_by) in LISTS {
        let Some(Value::Array(members)) = kept.get_mut(list) else {
            continue;
        };
        match new.get(list) {
            None => members.clear(),
            // A list that can't be read takes nothing away.
            Some(Value::Array(listed)) => members.retain_mut(|member| {
                let is_same = |other: &&Value| match named_by {
                    [] => *member == **other,
                    names => names.iter().all(|name| member.get(name) == other.get(name)),
                };
                let found = listed.iter().find(is_same);
                if let Some(other) = found {
                    restrict(member, other);
                }
                found.is_some()
            }),
            Some(_) => {}
        }
    }
    restrict_keys(kept.get_mut("keys"), new.get("keys"));
}

/// The same for a key set: keys that it doesn't list any more are gone.
fn restrict_keys(kept: Option<&mut Value>, new: Option<&Value>) {
    let listed = new.and_then(|keys| keys.get("jwks")?.get("keys")?.as_array());
    let set = kept.and_then(|keys| keys.get_mut("jwks")?.get_mut("keys")?.as_array_mut());
    if let (Some(set), Some(listed)) = (set, listed) {
        set.retain(|key| listed.contains(key));
    }
}

/// The later of two times stays.
fn later(kept: &mut serde_json::Map<String, Value>, time: &Value) {
    let parse = |value: &Value| crate::config::units::timestamp(value.as_str()?);
    let old = kept.get("tokens_not_before").and_then(parse);
    if parse(time).is_some_and(|new| old.is_none_or(|old| new > old)) {
        kept.insert("tokens_not_before".into(), time.clone());
    }
}
