//! What is in force after a directory was fetched.
//!
//! A tenant whose entry has a mistake, or claims what another owns, keeps its
//! last good entry; what the new one removes or switches off goes all the
//! same. Without a good one it is there and inactive.
//!
//! Who owns what: first the configuration; then who had it and still wants it;
//! then whoever comes first in the document, but an id goes before an alias.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Value, json};

use super::claims::Claims;
use super::document::{CLOSED, DirectoryDocument};
use super::entry::{self, Entry};
use super::mistakes::Mistakes;
use super::owners::Owners;
use super::restrict::restrict;
use super::{ByTenant, Merged, Reader};
use crate::config::text::count_keys;

/// An entry without anything but its tenant's state.
pub(super) fn inactive(id: &str) -> String {
    json!({"id": id, "active": false}).to_string()
}

/// One tenant of what was fetched.
struct Candidate<'d> {
    id: String,
    text: &'d str,
    claims: Claims,
    says_inactive: bool,
    is_sound: bool,
    /// What was in force before, less what the new entry takes away.
    last: Option<Last<'d>>,
    becomes: Becomes,
}

/// What was in force before.
struct Last<'d> {
    /// `None` where it is the same as now.
    text: Option<String>,
    claims: Claims,
    before: &'d Claims,
    /// Issuers that reach all tenants without issuers of their own don't reach
    /// it, though it has none left.
    closed: bool,
}

/// What is put in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    New,
    Last,
    /// Its state only: it is inactive.
    Inactive,
    /// Nothing: not even its name is its own.
    Nothing,
}

type Before<'d> = ByTenant<InForce<'d>>;

/// A tenant as it was in force.
struct InForce<'d> {
    text: &'d str,
    claims: Claims,
    /// It had issuers of its own, or was closed as if it had.
    closed: bool,
}

pub(super) fn merge<'f>(
    reader: &Reader<'_>,
    fetched: &'f [u8],
    before: &dyn Fn() -> Option<Vec<u8>>,
) -> Result<Merged<'f>, String> {
    let document = DirectoryDocument::split(fetched)?;
    let mut mistakes = Mistakes::default();
    mistakes.extend(reader.revoked(&document).1);
    if let Some(kids) = kids_of_sound(reader, &document, count_keys(fetched)) {
        // Who had what before doesn't matter.
        let (tenants, document) = (document.tenants.len(), Cow::Borrowed(fetched));
        return Ok(Merged { document, tenants, held_back: 0, kids, mistakes });
    }
    let mut candidates = candidates(reader, &document, &mut mistakes);
    let before = before();
    let before = before.as_deref();
    let before = before.and_then(|before| DirectoryDocument::split_shared(before).ok());
    let before = before.map(|before| known(reader, &before)).unwrap_or_default();
    let nobody = Owners::of_guard(reader.guard);
    for candidate in &mut candidates {
        candidate.last = last(reader, candidate, &before, &nobody);
    }
    settle(reader, &mut candidates, &mut mistakes);
    candidates.retain(|candidate| candidate.becomes != Becomes::Nothing);
    let held_back = candidates.iter().filter(|candidate| candidate.becomes != Becomes::New).count();
    let tenants = candidates.len();
    let kids = kids(&candidates);
    let document = if held_back == 0 && tenants == document.tenants.len() {
        Cow::Borrowed(fetched)
    } else {
        Cow::Owned(written(&candidates, &document))
    };
    Ok(Merged { document, tenants, held_back, kids, mistakes })
}

/// A name for each `kid` that the entries list, where all are sound and nobody
/// claims what another does; `None` otherwise. Each entry is gone before the
/// next.
fn kids_of_sound(
    reader: &Reader<'_>,
    document: &DirectoryDocument<'_>,
    keys: usize,
) -> Option<Vec<String>> {
    let mut owners = Owners::of_guard(reader.guard);
    owners.reserve_digests(keys);
    let mut kids = Vec::new();
    for (index, raw) in document.tenants.iter().enumerate() {
        let entry = Entry::read(reader, index, raw.get());
        let id = entry.id.as_ref().filter(|_| entry.is_sound())?;
        // The configuration's ids are among what is claimed.
        if owners.conflict(&entry.claims, index).is_some() {
            return None;
        }
        owners.add(&entry.claims, index);
        kids.extend(entry.claims.kids().map(|(iss, kid)| super::kid_name(id, iss, kid)));
    }
    Some(kids)
}

/// A name for each `kid` that the entries to be put in force list.
fn kids(candidates: &[Candidate<'_>]) -> Vec<String> {
    let kids = candidates.iter().flat_map(|candidate| {
        let claims = match (candidate.becomes, &candidate.last) {
            (Becomes::New, _) => Some(&candidate.claims),
            (Becomes::Last, Some(last)) => Some(&last.claims),
            _ => None,
        };
        let kids = claims.into_iter().flat_map(Claims::kids);
        kids.map(|(iss, kid)| super::kid_name(&candidate.id, iss, kid))
    });
    kids.collect()
}

/// What each tenant had and claimed before.
fn known<'d>(reader: &Reader<'_>, before: &DirectoryDocument<'d>) -> Before<'d> {
    let entries = before.tenants.iter().enumerate().filter_map(|(index, raw)| {
        let entry = Entry::read(reader, index, raw.get());
        let (spec, id) = (entry.spec?, entry.id?);
        let closed = !spec.issuers.is_empty() || before.closed.contains(&id);
        Some((id, InForce { text: raw.get(), claims: entry.claims, closed }))
    });
    entries.collect()
}

/// The tenants that were fetched, each once.
fn candidates<'d>(
    reader: &Reader<'_>,
    document: &DirectoryDocument<'d>,
    mistakes: &mut Mistakes,
) -> Vec<Candidate<'d>> {
    let mut candidates: Vec<Candidate<'d>> = Vec::new();
    let mut places: ByTenant<usize> = ByTenant::new();
    for (index, raw) in document.tenants.iter().enumerate() {
        let entry = Entry::read(reader, index, raw.get());
        let is_sound = entry.is_sound();
        mistakes.extend(entry.mistakes);
        // Whose entry it is can't be told.
        let Some(id) = entry.id else {
            continue;
        };
        let at = || format!("tenants[{index}].id");
        if reader.guard.tenancy.directory.own.get(&id).is_some() {
            mistakes
                .add(at(), "is the id or alias of a tenant of the configuration, which keeps it");
            continue;
        }
        if let Some(&place) = places.get(&id) {
            mistakes.add(at(), "is there already; the first entry counts");
            // Whichever says that it is inactive.
            if let Some(first) = candidates.get_mut(place).filter(|_| entry.says_inactive) {
                first.is_sound = false;
                first.says_inactive = true;
            }
            continue;
        }
        places.insert(id.clone(), candidates.len());
        let claims = if is_sound { entry.claims } else { Claims::of_id(&id) };
        candidates.push(Candidate {
            id,
            text: raw.get(),
            claims,
            says_inactive: entry.says_inactive,
            is_sound,
            last: None,
            becomes: Becomes::New,
        });
    }
    candidates
}

/// Decides what of each tenant is put in force.
fn settle(reader: &Reader<'_>, candidates: &mut [Candidate<'_>], mistakes: &mut Mistakes) {
    let mut owners = Owners::of_guard(reader.guard);
    for (number, candidate) in candidates.iter().enumerate() {
        if let Some(last) = &candidate.last {
            owners.add(&last.claims, number);
            // What it had and still wants, in another form maybe.
            if candidate.is_sound {
                owners.add(&last.before.also_in(&candidate.claims), number);
            }
        }
    }
    let ids: HashSet<String> = candidates.iter().map(|candidate| candidate.id.clone()).collect();
    // First who has a claim against those who had it before, then who is first.
    let had: Vec<Option<String>> = candidates
        .iter()
        .enumerate()
        .map(|(number, candidate)| {
            let claims = Some(&candidate.claims).filter(|_| candidate.is_sound)?;
            owners.conflict(claims, number).or_else(|| {
                let last = candidate.last.as_ref();
                let had = |name: &str| last.is_some_and(|last| last.claims.has_name(name));
                let mut names = claims.names();
                let other = names.find(|name| *name != candidate.id && ids.contains(*name));
                other.filter(|name| !had(name)).map(|name| format!("the name {name}"))
            })
        })
        .collect();
    for (number, (candidate, conflict)) in candidates.iter_mut().zip(had).enumerate() {
        if !candidate.is_sound {
            candidate.becomes = Becomes::Last;
            continue;
        }
        match conflict.or_else(|| owners.conflict(&candidate.claims, number)) {
            None => owners.add(&candidate.claims, number),
            Some(what) => {
                candidate.becomes = Becomes::Last;
                mistakes.add(
                    format!("tenants: {}", candidate.id),
                    format!("claims {what}, which another has already"),
                );
            }
        }
    }
    for (number, candidate) in candidates.iter_mut().enumerate() {
        if candidate.becomes != Becomes::Last || candidate.last.is_some() {
            continue;
        }
        // Its name is all that it may still have.
        let entry = Entry::read(reader, 0, &inactive(&candidate.id));
        candidate.becomes = match owners.conflict(&entry.claims, number) {
            None if entry.is_sound() => {
                owners.add(&entry.claims, number);
                Becomes::Inactive
            }
            _ => Becomes::Nothing,
        };
    }
}

/// What a tenant would keep: its last good entry, less what the new one takes
/// away. `None` where that isn't good any more, or was another's.
fn last<'d>(
    reader: &Reader<'_>,
    candidate: &Candidate<'_>,
    before: &'d Before<'_>,
    configuration: &Owners<'_>,
) -> Option<Last<'d>> {
    let InForce { text, claims: before, closed } = before.get(&candidate.id)?;
    let last = if *text == candidate.text && candidate.is_sound {
        Last { text: None, claims: before.clone(), before, closed: false }
    } else {
        let text = restricted(reader, candidate, text)?;
        let entry = Entry::read(reader, 0, &text);
        let closed = *closed && entry.spec?.issuers.is_empty();
        Last { text: Some(text), claims: entry.claims, before, closed }
    };
    configuration.conflict(&last.claims, 0).is_none().then_some(last)
}

fn restricted(reader: &Reader<'_>, candidate: &Candidate<'_>, last: &str) -> Option<String> {
    let mut last: Value = serde_json::from_str(last).ok()?;
    let news = entry::said(candidate.text);
    restrict(&mut last, &news.iter().collect::<Vec<_>>());
    if candidate.says_inactive {
        last.as_object_mut()?.insert("active".into(), Value::Bool(false));
    }
    // What is left of an issuer may be none. Where another is left, that and
    // the rest go on.
    let context =
        json!({"id": last.get("id"), "aliases": last.get("aliases").unwrap_or(&json!([]))});
    if let Some(Value::Array(issuers)) = last.get_mut("issuers") {
        issuers.retain(|issuer| {
            let mut alone = context.clone();
            if let Some(alone) = alone.as_object_mut() {
                alone.insert("issuers".into(), json!([issuer]));
            }
            Entry::read(reader, 0, &alone.to_string()).is_sound()
        });
    }
    Some(last.to_string())
}

/// The document that is in force.
fn written(candidates: &[Candidate<'_>], document: &DirectoryDocument<'_>) -> Vec<u8> {
    let entries: Vec<String> = candidates
        .iter()
        .map(|candidate| match (candidate.becomes, &candidate.last) {
            (Becomes::Last, Some(Last { text: Some(text), .. })) => text.clone(),
            (Becomes::Inactive, _) => inactive(&candidate.id),
            _ => candidate.text.to_owned(),
        })
        .collect();
    let revoked = document.revoked.map_or("[]", |raw| raw.get());
    let is_closed = |candidate: &&Candidate<'_>| {
        candidate.becomes == Becomes::Last
            && candidate.last.as_ref().is_some_and(|last| last.closed)
    };
    let closed: Vec<&str> = candidates.iter().filter(is_closed).map(|c| c.id.as_str()).collect();
    let closed = match closed.is_empty() {
        true => String::new(),
        false => format!(",\"{CLOSED}\":{}", json!(closed)),
    };
    let tenants = entries.join(",");
    format!("{{\"version\":1,\"tenants\":[{tenants}],\"revoked\":{revoked}{closed}}}").into_bytes()
}
