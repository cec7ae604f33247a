//! Key sets (RFC 7517 section 5).

use serde_json::Value;

use super::key::{JwkError, Key};

/// The keys of a set that verify tokens.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Key>,
    /// What is wrong with the others, each by its place in the set. Keys that
    /// are for another use aren't among them.
    pub(crate) bad: Vec<(usize, &'static str)>,
}

impl KeySet {
    /// Reads a set; `None` for what is none.
    pub(crate) fn read(set: &Value) -> Option<Self> {
        let members = set.as_object()?.get("keys")?.as_array()?;
        let mut read = Self::default();
        for (index, member) in members.iter().enumerate() {
            let Some(jwk) = member.as_object() else {
                read.bad.push((index, "must be an object"));
                continue;
            };
            match Key::from_jwk(jwk) {
                Ok(key)
                    if read
                        .keys
                        .iter()
                        .any(|known| known.kid.is_some() && known.kid == key.kid) =>
                {
                    read.bad.push((index, "has the kid of a key before it; a kid names one key"));
                }
                Ok(key) => read.keys.push(key),
                Err(JwkError::NotForUs) => {}
                Err(JwkError::Bad(problem)) => read.bad.push((index, problem)),
            }
        }
        Some(read)
    }
}
