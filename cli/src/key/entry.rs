//! The entry of a new key in the document.

use anyhow::{bail, ensure};
use chrono::{DateTime, Utc};
use rand::distributions::Alphanumeric;
use rand::{CryptoRng, Rng, RngCore};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::NewArgs;
use crate::environment::Variables;
use crate::time;

/// Whose key it is.
pub(super) struct Owner {
    pub(super) tenant: String,
    pub(super) client: String,
}

/// The entry, in the order that people read it.
pub(super) struct Entry {
    fields: Vec<(&'static str, Value)>,
    roles: Vec<String>,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Entry {
    /// The entry of a key with that digest.
    pub(super) fn new(
        args: &NewArgs,
        owner: Option<&Owner>,
        (digest_name, digest): (&'static str, String),
        now: DateTime<Utc>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> anyhow::Result<Self> {
        let id = match &args.id {
            Some(id) => id.clone(),
            None => {
                let random: String = rng
                    .sample_iter(Alphanumeric)
                    .take(6)
                    .map(|byte| char::from(byte).to_ascii_lowercase())
                    .collect();
                format!("{}-{random}", owner.map_or("key", |owner| owner.client.as_str()))
            }
        };
        let mut fields = vec![("id", json!(id)), (digest_name, json!(digest))];
        let lists = [("scopes", &args.scopes), ("roles", &args.roles)];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            fields.push((name, json!(list)));
        }
        let date = |option: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => time::point(text, now)
                .map(Some)
                .map_err(|problem| anyhow::anyhow!("--{option} {problem}")),
        };
        let not_before = date("not-before", &args.not_before)?;
        let expires = date("expires", &args.expires)?;
        if let Some(expires) = expires {
            ensure!(expires > now, "--expires is over already: {}", time::rfc3339(expires));
            ensure!(
                not_before.is_none_or(|begin| begin < expires),
                "--expires is before --not-before"
            );
        }
        fields.extend(not_before.map(|time| ("not_before", json!(time::rfc3339(time)))));
        fields.extend(expires.map(|time| ("expires", json!(time::rfc3339(time)))));
        Ok(Self { fields, roles: args.roles.clone() })
    }

    /// The entry in one line that is YAML and JSON.
    pub(super) fn line(&self) -> String {
        let fields = self.fields.iter().map(|(name, value)| match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(Value::to_string).collect();
                format!("\"{name}\": [{}]", items.join(", "))
            }
            value => format!("\"{name}\": {value}"),
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
    }

    /// Checks that the guard takes it.
    pub(super) fn check(&self, owner: Option<&Owner>) -> anyhow::Result<()> {
        let roles: Map<String, Value> =
            self.roles.iter().map(|role| (role.clone(), json!({}))).collect();
        let is_peppered = self.fields.iter().any(|(name, _)| *name == "hmac_sha256");
        let mut api_keys = Map::new();
        if is_peppered {
            // Which pepper doesn't matter: the digest is made.
            api_keys.insert("hash".into(), json!("hmac-sha256"));
            api_keys.insert("pepper".into(), json!("-".repeat(32)));
        }
        let tenants = match owner {
            Some(Owner { tenant, client }) => {
                json!([{"id": tenant, "clients": [{"id": client, "keys": [self]}]}])
            }
            None => {
                api_keys.insert("keys".into(), json!([self]));
                json!([])
            }
        };
        let document =
            json!({"version": 1, "roles": roles, "api_keys": api_keys, "tenants": tenants});
        let errors =
            match tenant_guard::load(document.to_string().as_bytes(), &Variables::of_process()) {
                Ok(_) => return Ok(()),
                Err(errors) => errors,
            };
        let told: Vec<String> = errors
            .iter()
            .map(|error| format!("{}: {}", option(&error.path), error.problem))
            .collect();
        bail!("the guard would refuse this key: {}", told.join("; "))
    }
}

/// The option that a path of the document is from.
fn option(path: &str) -> &str {
    match path {
        "tenants[0].id" => "--tenant",
        "tenants[0].clients[0].id" => "--client",
        path if path.contains(".scopes") => "--scopes",
        path if path.contains("roles") => "--roles",
        path if path.ends_with("].id") => "--id",
        path => path,
    }
}
