//! What is in force after a directory was fetched.
//!
//! A tenant whose entry has a mistake, or claims what another owns, keeps its
//! last good entry; what the new one removes or switches off goes all the
//! same. Without a good one it is there and inactive.

use serde_json::{Value, json};

use super::claims::{Claims, Owners};
use super::document::{CLOSED, DirectoryDocument};
use super::entry::Entry;
use super::restrict::restrict;
use super::{ByTenant, Merged, Reader};
use crate::config::problem::ConfigError;

/// An entry without anything but its tenant's state.
pub(super) fn inactive(id: &str) -> String {
    json!({"id": id, "active": false}).to_string()
}

/// One tenant of what was fetched.
struct Candidate<'d> {
    id: String,
    new: Entry,
    text: &'d str,
    /// What it keeps where it stays.
    fallback: Option<Fallback>,
    stays: bool,
    /// Its very name is another's, so that there is no such tenant.
    is_absent: bool,
}

/// What was in force of a tenant.
struct Before<'d> {
    text: &'d str,
    claims: Claims,
    /// Others' issuers don't reach it.
    closed: bool,
}

/// What was in force before, less what the new entry takes away.
struct Fallback {
    text: String,
    claims: Claims,
    closed: bool,
    /// Whether anything was in force before.
    is_earlier: bool,
}

pub(super) fn merge(
    reader: &Reader<'_>,
    fetched: &[u8],
    before: Option<&[u8]>,
) -> Result<Merged, String> {
    let document = DirectoryDocument::split(fetched)?;
    let before = before.and_then(|before| DirectoryDocument::split_shared(before).ok());
    let before = before.map(|before| known(reader, &before)).unwrap_or_default();
    let mut mistakes = reader.revoked(&document).1;
    let mut candidates = candidates(reader, &document, &mut mistakes);
    settle(reader, &mut candidates, &before, &mut mistakes);
    let sound = candidates.iter().all(|candidate| !candidate.stays);
    let document = if sound && candidates.len() == document.tenants.len() {
        fetched.to_vec()
    } else {
        written(&candidates, &document)
    };
    let tenants = candidates.iter().filter(|candidate| !candidate.is_absent).count();
    Ok(Merged { document, tenants, mistakes })
}

/// What each tenant had and claimed before.
fn known<'d>(reader: &Reader<'_>, before: &DirectoryDocument<'d>) -> ByTenant<Before<'d>> {
    let entries = before.tenants.iter().enumerate().filter_map(|(index, raw)| {
        let entry = Entry::read(reader, index, raw.get());
        let (spec, id) = (entry.spec?, entry.id?);
        let closed = !spec.issuers.is_empty() || before.closed.contains(&id);
        Some((id, Before { text: raw.get(), claims: entry.claims, closed }))
    });
    entries.collect()
}

/// The tenants that were fetched, each once.
fn candidates<'d>(
    reader: &Reader<'_>,
    document: &DirectoryDocument<'d>,
    mistakes: &mut Vec<ConfigError>,
) -> Vec<Candidate<'d>> {
    let mut candidates: Vec<Candidate<'d>> = Vec::new();
    let mut places: ByTenant<usize> = ByTenant::new();
    for (index, raw) in document.tenants.iter().enumerate() {
        let entry = Entry::read(reader, index, raw.get());
        mistakes.extend(entry.mistakes.iter().cloned());
        // Whose entry it is can't be told.
        let Some(id) = entry.id.clone() else {
            continue;
        };
        let tell = |problem: &str| ConfigError {
            path: format!("tenants[{index}].id"),
            problem: problem.to_owned(),
        };
        if reader.guard.tenancy.directory.own.get(&id).is_some() {
            mistakes
                .push(tell("is the id or alias of a tenant of the configuration, which keeps it"));
            continue;
        }
        if let Some(&place) = places.get(&id) {
            mistakes.push(tell("is there already; the first entry counts"));
            // Whichever says that it is inactive.
            if let Some(first) = candidates.get_mut(place).filter(|_| entry.says_inactive) {
                first.stays = true;
                first.new.says_inactive = true;
            }
            continue;
        }
        places.insert(id.clone(), candidates.len());
        let stays = !entry.is_sound();
        // What it claims is enough to settle who keeps what.
        let entry = Entry { spec: None, ..entry };
        let text = raw.get();
        let candidate = Candidate { id, new: entry, text, fallback: None, stays, is_absent: false };
        candidates.push(candidate);
    }
    candidates
}

/// Decides whose new entry counts. Each round some more keep what they had,
/// which may take what others claim, until nothing changes.
fn settle(
    reader: &Reader<'_>,
    candidates: &mut [Candidate<'_>],
    before: &ByTenant<Before<'_>>,
    mistakes: &mut Vec<ConfigError>,
) {
    let mut owned = Owners::of_guard(reader.guard);
    for (number, candidate) in candidates.iter().enumerate() {
        if let Some(before) = before.get(&candidate.id) {
            owned.add(&before.claims, number);
        }
    }
    loop {
        let mut owners = Owners::of_guard(reader.guard);
        for (number, candidate) in candidates.iter_mut().enumerate().filter(|(_, c)| c.stays) {
            let fallback = candidate.fallback.get_or_insert_with(|| {
                let before = before.get(&candidate.id);
                fallback(reader, &candidate.id, &candidate.new, candidate.text, before)
            });
            if fallback.is_earlier {
                owners.add(&fallback.claims, number);
            }
        }
        let (mut losers, mut absent) = (Vec::new(), Vec::new());
        for (number, candidate) in candidates.iter().enumerate() {
            let claims = match candidate.fallback.as_ref().filter(|_| candidate.stays) {
                Some(fallback) if fallback.is_earlier => continue,
                Some(fallback) => &fallback.claims,
                None => &candidate.new.claims,
            };
            // What another had before is the other's, if it still wants it.
            let earlier = owned.conflict_where(claims, number, |owner, claim| {
                let other = candidates.get(owner);
                other.is_some_and(|other| !other.stays && wants(reader, other, claim))
            });
            match owners.conflict(claims, number).or(earlier) {
                None => owners.add(claims, number),
                Some(_) if candidate.stays => absent.push(number),
                Some(conflict) => losers.push((number, conflict.what)),
            }
        }
        if losers.is_empty() {
            for (number, candidate) in candidates.iter_mut().enumerate() {
                candidate.is_absent = absent.binary_search(&number).is_ok();
            }
            return;
        }
        for (number, what) in losers {
            if let Some(candidate) = candidates.get_mut(number) {
                candidate.stays = true;
                mistakes.push(ConfigError {
                    path: format!("tenants: {}", candidate.id),
                    problem: format!("claims {what}, which another has already"),
                });
            }
        }
    }
}

/// Whether a tenant's new entry claims this too.
fn wants(reader: &Reader<'_>, other: &Candidate<'_>, claim: &Claims) -> bool {
    let mut own = Owners::of_guard(reader.guard);
    own.add(&other.new.claims, 0);
    own.conflict(claim, 1).is_some_and(|conflict| conflict.owner.is_some())
}

/// What a tenant keeps: its last good entry, less what the new one takes away.
fn fallback(
    reader: &Reader<'_>,
    id: &str,
    new: &Entry,
    text: &str,
    before: Option<&Before<'_>>,
) -> Fallback {
    let sound = |text: String| {
        let entry = Entry::read(reader, 0, &text);
        entry.is_sound().then_some((text, entry.claims))
    };
    let last = before.and_then(|before| {
        let mut last: Value = serde_json::from_str(before.text).ok()?;
        let new_value: Value = serde_json::from_str(text).ok()?;
        restrict(&mut last, &new_value);
        if new.says_inactive {
            last.as_object_mut()?.insert("active".into(), Value::Bool(false));
        }
        // An issuer may be nothing without the keys that are gone.
        sound(last.to_string()).or_else(|| sound(without_bad_issuers(reader, last)?.to_string()))
    });
    let (text, claims) = last.unwrap_or_else(|| {
        let text = inactive(id);
        let claims = Entry::read(reader, 0, &text).claims;
        (text, claims)
    });
    let closed = before.is_some_and(|before| before.closed);
    Fallback { text, claims, closed, is_earlier: before.is_some() }
}

/// An entry with those of its issuers that are sound.
fn without_bad_issuers(reader: &Reader<'_>, mut entry: Value) -> Option<Value> {
    let Value::Array(mut issuers) = entry.as_object_mut()?.remove("issuers")? else {
        return None;
    };
    issuers.retain(|issuer| {
        let mut alone = entry.clone();
        if let Some(alone) = alone.as_object_mut() {
            alone.insert("issuers".into(), json!([issuer]));
        }
        Entry::read(reader, 0, &alone.to_string()).is_sound()
    });
    entry.as_object_mut()?.insert("issuers".into(), Value::Array(issuers));
    Some(entry)
}

/// The document that is in force.
fn written(candidates: &[Candidate<'_>], document: &DirectoryDocument<'_>) -> Vec<u8> {
    let present = || candidates.iter().filter(|candidate| !candidate.is_absent);
    let kept = |candidate: &&Candidate<'_>| candidate.stays;
    let entries: Vec<&str> = present()
        .map(|candidate| match &candidate.fallback {
            Some(fallback) if candidate.stays => fallback.text.as_str(),
            _ => candidate.text,
        })
        .collect();
    let closed = present()
        .filter(kept)
        .filter(|candidate| candidate.fallback.as_ref().is_some_and(|fallback| fallback.closed));
    let closed: Vec<&str> = closed.map(|candidate| candidate.id.as_str()).collect();
    let (tenants, closed) = (entries.join(","), json!(closed));
    let revoked = document.revoked.map_or("[]", |raw| raw.get());
    format!(r#"{{"version":1,"tenants":[{tenants}],"revoked":{revoked},"{CLOSED}":{closed}}}"#)
        .into_bytes()
}
