//! What an entry with a mistake takes away all the same: whatever it doesn't
//! list any more, and whatever it switches off. It never gives anything.

use serde_json::{Map, Value};

use crate::config::units::timestamp;

/// Takes from an entry what another of the same tenant takes away.
pub(super) fn restrict(kept: &mut Value, new: &Value) {
    let Some(kept) = kept.as_object_mut() else {
        return;
    };
    switch_off(kept, new);
    let is_later = |new, old| new > old;
    replace_time(kept, new, "tokens_not_before", is_later);
    each(kept, new, "aliases", &[], |_, new| new.is_some());
    each(kept, new, "clients", &["id"], |client, new| {
        match new {
            Some(new) => restrict_client(client, new),
            // One that isn't listed any more stays known: tokens that name it
            // would answer to fewer rules without it.
            None => {
                client.insert("active".into(), Value::Bool(false));
                client.remove("keys");
            }
        }
        true
    });
    each(kept, new, "issuers", &["issuer"], |issuer, new| {
        let new = new.filter(|new| !says_inactive(new));
        if let Some(new) = new {
            restrict_key_set(issuer.get_mut("keys"), new.get("keys"));
        }
        new.is_some()
    });
}

fn restrict_client(client: &mut Map<String, Value>, new: &Value) {
    switch_off(client, new);
    each(client, new, "keys", &["id", "sha256", "hmac_sha256"], |key, new| {
        if let Some(new) = new {
            switch_off(key, new);
            replace_time(key, new, "expires", |new, old| new < old);
        }
        new.is_some()
    });
}

/// Goes through a list, each member with what the new entry has of it, if it
/// does: told by fields, or by the member itself. Keeps those it says to keep.
fn each(
    kept: &mut Map<String, Value>,
    new: &Value,
    list: &str,
    named_by: &[&str],
    mut keep: impl FnMut(&mut Map<String, Value>, Option<&Value>) -> bool,
) {
    let Some(Value::Array(members)) = kept.get_mut(list) else {
        return;
    };
    let listed = match new.get(list) {
        None | Some(Value::Null) => &[],
        Some(Value::Array(listed)) => listed.as_slice(),
        // A list that can't be read takes nothing away.
        Some(_) => return,
    };
    members.retain_mut(|member| {
        let is_same = |other: &&Value| match named_by {
            [] => *member == **other,
            names => names.iter().all(|name| member.get(name) == other.get(name)),
        };
        let found = listed.iter().find(is_same);
        match member.as_object_mut() {
            Some(member) => keep(member, found),
            None => keep(&mut Map::new(), found),
        }
    });
}

/// Whether something says that it isn't active: anything but `true` does.
pub(super) fn says_inactive(value: &Value) -> bool {
    value.get("active").is_some_and(|active| *active != Value::Bool(true))
}

fn switch_off(kept: &mut Map<String, Value>, new: &Value) {
    if says_inactive(new) {
        kept.insert("active".into(), Value::Bool(false));
    }
}

/// Keys that a key set doesn't list any more are gone.
fn restrict_key_set(kept: Option<&mut Value>, new: Option<&Value>) {
    let listed = new.and_then(|keys| keys.get("jwks")?.get("keys")?.as_array());
    let set = kept.and_then(|keys| keys.get_mut("jwks")?.get_mut("keys")?.as_array_mut());
    if let (Some(set), Some(listed)) = (set, listed) {
        set.retain(|key| listed.contains(key));
    }
}

/// Takes over a time that is stricter than what there is.
fn replace_time(
    kept: &mut Map<String, Value>,
    new: &Value,
    name: &str,
    is_stricter: impl Fn(crate::host::Timestamp, crate::host::Timestamp) -> bool,
) {
    let parse = |value: &Value| timestamp(value.as_str()?);
    let (Some(time), old) = (new.get(name), kept.get(name).and_then(parse)) else {
        return;
    };
    if parse(time).is_some_and(|new| old.is_none_or(|old| is_stricter(new, old))) {
        kept.insert(name.into(), time.clone());
    }
}
