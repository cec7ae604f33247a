//! What is in force after a directory was fetched.
//!
//! A tenant whose entry has a mistake, or claims what another owns, keeps its
//! last good entry; what the new one removes or switches off goes all the
//! same. Without a good one it is there and inactive.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::claims::{Claims, Owners};
use super::document::DirectoryDocument;
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
    /// What was in force before, less what the new entry takes away; where it
    /// is needed.
    fallback: Option<(String, Claims)>,
    stays: bool,
}

pub(super) fn merge(
    reader: &Reader<'_>,
    fetched: &[u8],
    before: Option<&[u8]>,
) -> Result<Merged, String> {
    let document = DirectoryDocument::split(fetched)?;
    let before = before.and_then(|before| DirectoryDocument::split(before).ok());
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
    Ok(Merged { document, tenants: candidates.len(), mistakes })
}

/// What each tenant had and claimed before.
fn known<'d>(reader: &Reader<'_>, before: &DirectoryDocument<'d>) -> ByTenant<(&'d str, Claims)> {
    let entries = before.tenants.iter().enumerate().filter_map(|(index, raw)| {
        let entry = Entry::read(reader, index, raw.get());
        entry.is_sound().then_some(())?;
        Some((entry.id?, (raw.get(), entry.claims)))
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
        candidates.push(Candidate { id, new: entry, text: raw.get(), fallback: None, stays });
    }
    candidates
}

/// Decides whose new entry counts. Each round some more keep what they had,
/// which may take what others claim, until nothing changes.
fn settle(
    reader: &Reader<'_>,
    candidates: &mut [Candidate<'_>],
    before: &ByTenant<(&str, Claims)>,
    mistakes: &mut Vec<ConfigError>,
) {
    let mut owned = Owners::of_guard(reader.guard);
    for (number, candidate) in candidates.iter().enumerate() {
        if let Some((_, claims)) = before.get(&candidate.id) {
            owned.add(claims, number);
        }
    }
    loop {
        let mut owners = Owners::of_guard(reader.guard);
        for (number, candidate) in candidates.iter_mut().enumerate().filter(|(_, c)| c.stays) {
            let fallback = candidate.fallback.get_or_insert_with(|| {
                fallback(reader, &candidate.id, &candidate.new, candidate.text, before)
            });
            owners.add(&fallback.1, number);
        }
        let mut losers: Vec<(usize, String)> = Vec::new();
        for (number, candidate) in candidates.iter().enumerate().filter(|(_, c)| !c.stays) {
            let claims = &candidate.new.claims;
            // What another had before is the other's, if it still wants it.
            let earlier = owned.conflict(claims, number).filter(|conflict| {
                let other = conflict.owner.and_then(|owner| candidates.get(owner));
                other.is_some_and(|other| !other.stays && wants(reader, other, claims))
            });
            match owners.conflict(claims, number).or(earlier) {
                Some(conflict) => losers.push((number, conflict.what)),
                None => owners.add(claims, number),
            }
        }
        if losers.is_empty() {
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

/// Whether a tenant's new entry claims some of these too.
fn wants(reader: &Reader<'_>, other: &Candidate<'_>, claims: &Claims) -> bool {
    let mut own = Owners::of_guard(reader.guard);
    own.add(&other.new.claims, 0);
    own.conflict(claims, 1).is_some_and(|conflict| conflict.owner.is_some())
}

/// What a tenant keeps: its last good entry, less what the new one takes away.
fn fallback(
    reader: &Reader<'_>,
    id: &str,
    new: &Entry,
    text: &str,
    before: &ByTenant<(&str, Claims)>,
) -> (String, Claims) {
    let last = before.get(id).and_then(|(last, _)| {
        let mut last: Value = serde_json::from_str(last).ok()?;
        let new_value: Value = serde_json::from_str(text).ok()?;
        restrict(&mut last, &new_value);
        if new.says_inactive {
            last.as_object_mut()?.insert("active".into(), Value::Bool(false));
        }
        Some(last.to_string())
    });
    let text = last.unwrap_or_else(|| inactive(id));
    let entry = Entry::read(reader, 0, &text);
    if entry.is_sound() {
        return (text, entry.claims);
    }
    let text = inactive(id);
    let claims = Entry::read(reader, 0, &text).claims;
    (text, claims)
}

/// The document that is in force.
fn written(candidates: &[Candidate<'_>], document: &DirectoryDocument<'_>) -> Vec<u8> {
    let entries: Vec<&str> = candidates
        .iter()
        .map(|candidate| match &candidate.fallback {
            Some((text, _)) if candidate.stays => text.as_str(),
            _ => candidate.text,
        })
        .collect();
    debug_assert!(entries.len() == candidates.iter().map(|c| &c.id).collect::<HashSet<_>>().len());
    let revoked = document.revoked.map_or("[]", |raw| raw.get());
    format!("{{\"version\":1,\"tenants\":[{}],\"revoked\":{revoked}}}", entries.join(","))
        .into_bytes()
}
