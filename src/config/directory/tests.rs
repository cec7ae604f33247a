//! What is in force after a directory was fetched.

mod clashes;
mod documents;
mod entries;
mod properties;
mod restricted;
mod size;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Reader;
use crate::testing::{self, NoEnvironment, ed25519_jwk, key, merged, p256_jwk};
use crate::{Environment, Guard};

/// The configuration beside the directory: a tenant of its own with a key and
/// an issuer, one that it shares with others, and the super admin.
fn configuration(over: Value) -> Guard {
    let inline = json!({
        "id": "inline",
        "aliases": ["inline-alias"],
        "issuers": [issuer("https://inline.example", json!({"jwks": {"keys": [ed25519_jwk()]}}))],
        "clients": [{"id": "web", "keys": [key("k", "inline-key", json!({}))]}],
    });
    let shared = merged(
        issuer("https://shared.example", json!({"secret": testing::SECRET})),
        json!({"name": "shared", "tenant": {"claims": ["tenant"], "any_tenant": true}}),
    );
    let entra = merged(
        issuer("https://entra.example/{tid}/v2", json!({"secret": testing::SECRET})),
        json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}),
    );
    let document = json!({
        "directory": {
            "cluster": "cp",
            "uri": "https://cp.example/tenants",
            "key_clusters": ["idp"],
        },
        "tenants": [inline],
        "jwt": {"issuers": [shared, entra]},
        "super_admin": {
            "from": [{"header": "x-admin"}],
            "sha256": digest("admin-key"),
            "tenant": "operators",
        },
    });
    testing::guard(merged(document, over))
}

fn issuer(iss: &str, keys: Value) -> Value {
    json!({"issuer": iss, "audiences": ["api"], "keys": keys})
}

fn digest(secret: &str) -> String {
    key("k", secret, json!({}))["sha256"].as_str().unwrap().to_owned()
}

/// A key set with that `kid`.
fn jwks(kids: &[&str]) -> Value {
    let keys: Vec<Value> = kids.iter().map(|kid| merged(p256_jwk(), json!({"kid": kid}))).collect();
    json!({"jwks": {"keys": keys}})
}

/// An entry with one client that has these keys.
fn entry(id: &str, keys: &[&str]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|name| key(name, name, json!({}))).collect();
    json!({"id": id, "clients": [{"id": "web", "keys": keys}]})
}

/// An entry with this issuer.
fn with_issuer(id: &str, issuer: Value) -> Value {
    json!({"id": id, "issuers": [issuer]})
}

/// The same with a mistake that changes nothing else.
fn bad(entry: Value) -> Value {
    merged(entry, json!({"unknown": 1}))
}

fn directory(entries: &[Value]) -> Vec<u8> {
    json!({"version": 1, "tenants": entries}).to_string().into_bytes()
}

/// What the guard makes of directories that it fetches one after another.
struct Fetching<'g> {
    guard: &'g Guard,
    environment: &'g dyn Environment,
    document: Option<Vec<u8>>,
    /// What was wrong with the last.
    mistakes: Vec<String>,
}

/// A document in force as somebody could have fetched it.
fn without_closed(document: &[u8]) -> Vec<u8> {
    let text = text(document);
    let (before, _) = text.split_once(",\"closed\":").unwrap_or((&text, ""));
    if before.len() == text.len() { document.to_vec() } else { format!("{before}}}").into_bytes() }
}

impl<'g> Fetching<'g> {
    fn new(guard: &'g Guard) -> Self {
        Self { guard, environment: &NoEnvironment, document: None, mistakes: Vec::new() }
    }

    fn reader(&self) -> Reader<'g> {
        Reader::new(self.guard, self.environment).unwrap()
    }

    /// Fetches, and checks what always holds of the result.
    fn fetch_bytes(&mut self, fetched: &[u8]) -> Result<(), String> {
        let reader = self.reader();
        let merged = reader.merge(fetched, &|| self.document.clone())?;
        self.mistakes = merged.mistakes.told();
        let loaded = reader.load(&merged.document).unwrap();
        assert_eq!(loaded.listing.len(), merged.tenants, "{:?}", self.mistakes);
        assert_eq!(self.states_of(&merged.document).len(), merged.tenants);
        // What is in force has no mistake but in its revocations.
        let open = without_closed(&merged.document);
        let again = reader.merge(&open, &|| Some(open.clone())).unwrap();
        assert_eq!(again.document, open, "{}", text(&merged.document));
        let told = again.mistakes.told();
        assert!(
            told.iter().all(|line| line.starts_with("revoked") || line.starts_with("and ")),
            "{told:?}"
        );
        // Nor does it change where the same is fetched again.
        let same = reader.merge(fetched, &|| Some(merged.document.to_vec())).unwrap();
        assert_eq!(text(&same.document), text(&merged.document), "of {}", text(fetched));
        self.document = Some(merged.document.into_owned());
        Ok(())
    }

    fn fetch(&mut self, entries: &[Value]) {
        self.fetch_bytes(&directory(entries)).unwrap();
    }

    /// The tenants that are in force, each with whether it is active.
    fn states_of(&self, document: &[u8]) -> BTreeMap<String, bool> {
        let loaded = self.reader().load(document).unwrap();
        let value: Value = serde_json::from_slice(document).unwrap_or(json!({"tenants": []}));
        let ids = value["tenants"].as_array().unwrap().iter();
        let states = ids.filter_map(|entry| {
            let tenant = loaded.listing.get(entry["id"].as_str()?)?;
            Some((tenant.name.as_str().to_owned(), tenant.active))
        });
        states.collect()
    }

    fn states(&self) -> Vec<(String, bool)> {
        self.states_of(self.document.as_ref().unwrap()).into_iter().collect()
    }

    /// A tenant's entry as it is in force.
    fn entry(&self, id: &str) -> Value {
        let document = serde_json::from_slice::<Value>(self.document.as_ref().unwrap()).unwrap();
        let entries = document["tenants"].as_array().unwrap();
        entries.iter().find(|entry| entry["id"] == id).cloned().unwrap_or_default()
    }

    /// Whose a name is.
    fn named(&self, name: &str) -> Option<String> {
        let loaded = self.reader().load(self.document.as_ref().unwrap()).unwrap();
        loaded.listing.get(name).map(|tenant| tenant.name.as_str().to_owned())
    }

    /// The active tenant that a key opens.
    fn opens(&self, secret: &str) -> Option<String> {
        let loaded = self.reader().load(self.document.as_ref().unwrap()).unwrap();
        let hash = self.guard.keys.hash().digest(secret.as_bytes());
        let key = loaded.keys.get(&hash).filter(|key| key.is_active())?;
        let owner = key.owner().unwrap();
        let tenant = loaded.listing.get(owner.tenant.as_str()).unwrap();
        let is_open = tenant.active && tenant.clients.get(&owner.client).unwrap().active;
        is_open.then(|| owner.tenant.as_str().to_owned())
    }

    /// Whether issuers of others that reach tenants without don't reach it.
    fn is_closed(&self, id: &str) -> bool {
        let loaded = self.reader().load(self.document.as_ref().unwrap()).unwrap();
        loaded.listing.get(id).unwrap().has_issuers
    }

    /// The active tenants whose own an issuer is, with its kids.
    fn issuers(&self, iss: &str) -> Vec<(String, Vec<String>)> {
        let loaded = self.reader().load(self.document.as_ref().unwrap()).unwrap();
        let issuers = loaded.issuers.iter().filter(|issuer| issuer.iss.to_string() == iss);
        let owners = issuers.filter_map(|issuer| {
            let owner = issuer.owner.as_ref().unwrap().as_str();
            let kids = issuer.keys.iter().map(|key| key.kid.as_deref().unwrap_or("").to_owned());
            let is_active = loaded.listing.get(owner).unwrap().active;
            is_active.then(|| (owner.to_owned(), kids.collect()))
        });
        owners.collect()
    }
}

fn text(document: &[u8]) -> String {
    String::from_utf8_lossy(document).into_owned()
}

fn active(ids: &[&str]) -> Vec<(String, bool)> {
    ids.iter().map(|id| ((*id).to_owned(), true)).collect()
}

/// Tenants with their states.
fn states(states: &[(&str, bool)]) -> Vec<(String, bool)> {
    states.iter().map(|(id, active)| ((*id).to_owned(), *active)).collect()
}
