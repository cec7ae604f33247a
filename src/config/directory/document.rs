//! The document: its tenants one by one, as texts, so that none of them is in
//! memory as a tree longer than it is read.

use core::fmt;
use std::collections::HashSet;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::node::{Context, Node};
use super::super::revoked;
use super::mistakes::plain;
use crate::json::{self, At};
use crate::jwt::Revocations;

/// What is JSON by its form, and can't be read all the same.
pub(super) const UNREADABLE: &str =
    "is nested too deep, or has a number or a character that there isn't";

/// The fields of a fetched document.
pub(in crate::config) const FIELDS: [&str; 3] = ["version", "tenants", "revoked"];

/// The field that only a document in force has.
pub(super) const CLOSED: &str = "closed";

/// `{"version": 1, "tenants": [...], "revoked": [...]}`.
pub(super) struct DirectoryDocument<'d> {
    pub(super) tenants: Vec<&'d RawValue>,
    pub(super) revoked: Option<&'d RawValue>,
    /// Tenants that a mistake took all issuers of their own: others must not
    /// reach them for that. Only of one that is in force.
    pub(super) closed: Vec<String>,
}

impl<'d> DirectoryDocument<'d> {
    /// Splits a fetched document into its parts.
    ///
    /// # Errors
    /// Why it is no such document.
    pub(super) fn split(text: &'d [u8]) -> Result<Self, String> {
        Self::read(text, &FIELDS)
    }

    /// The same for one that is in force, which may say more.
    ///
    /// # Errors
    /// Why it is no such document.
    pub(super) fn split_shared(text: &'d [u8]) -> Result<Self, String> {
        Self::read(text, &[FIELDS.as_slice(), &[CLOSED]].concat())
    }

    fn read(text: &'d [u8], known: &[&str]) -> Result<Self, String> {
        let fields = fields(text).map_err(|error| {
            format!("line {} column {}: not valid JSON of an object", error.line(), error.column())
        })?;
        let mut seen = HashSet::new();
        if let Some((name, _)) = fields.iter().find(|(name, _)| !seen.insert(name.as_str())) {
            return Err(format!("{}: is there twice", plain(name)));
        }
        let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, raw)| *raw);
        match field("version").map(RawValue::get) {
            Some("1" | "1.0") => {}
            Some(_) => return Err("version: must be 1".into()),
            None => return Err("version: is required".into()),
        }
        let tenants = field("tenants").ok_or("tenants: is required")?;
        let tenants: Vec<&RawValue> =
            serde_json::from_str(tenants.get()).map_err(|_| "tenants: must be a list")?;
        // What isn't known may be meant as a rule, and isn't one here.
        if let Some((name, _)) = fields.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return Err(format!(
                "{}: unknown field; the fields here are: {}",
                plain(name),
                known.join(", ")
            ));
        }
        let revoked = field("revoked");
        if revoked.is_some_and(|raw| !raw.get().starts_with('[')) {
            return Err("revoked: must be a list".into());
        }
        let closed = field(CLOSED).and_then(|raw| serde_json::from_str(raw.get()).ok());
        Ok(Self { tenants, revoked, closed: closed.unwrap_or_default() })
    }

    /// The revocations; mistakes are told to the context.
    pub(super) fn revoked(&self, context: &Context<'_>) -> Revocations {
        let Some(raw) = self.revoked else {
            return Revocations::default();
        };
        let at = At::ROOT.name("revoked");
        let Ok((value, duplicates)) = json::parse_with_duplicates(raw.get().as_bytes()) else {
            context.problems.error(at, UNREADABLE);
            return Revocations::default();
        };
        for path in duplicates {
            context.problems.error(format!("revoked{path}"), "is there twice; the first counts");
        }
        revoked::revoked(Node::new(&value, &at, context)).unwrap_or_default()
    }
}

/// The members of an object as texts, each that there is.
pub(super) fn fields(text: &[u8]) -> serde_json::Result<Vec<(String, &RawValue)>> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let fields = reader.deserialize_map(Fields)?;
    reader.end()?;
    Ok(fields)
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry::<String, &RawValue>()? {
            fields.push(field);
        }
        Ok(fields)
    }
}
