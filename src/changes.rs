//! What is taken from a request and put into it: credentials, what clients may
//! not send, and the identity.

use crate::Guard;
use crate::credential::Location;
use crate::request::framing::is_framing;
use crate::request::{Found, Headers, cookie, query::Query, split_query};
use crate::route::Shadow;
use crate::verdict::Verdict;

/// Changes to the request's headers. Names that are set are replaced whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Headers to remove, each name once, as it came.
    pub remove: Vec<Vec<u8>>,
    /// Headers to set, each name once.
    pub set: Vec<(String, Vec<u8>)>,
}

/// Which credentials leave the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    Stay,
    /// Those that access logs would show: query parameters.
    LeaveLogs,
    Leave,
}

impl Guard {
    /// The trailers to remove: identity must not come in by the back door, nor
    /// credentials go out by it. What frames a message has no place in trailers
    /// either: passed on to HTTP/2 it ends a connection that other requests
    /// share.
    pub fn strip_trailers<'t>(
        &self,
        verdict: &Verdict,
        names: impl Iterator<Item = &'t [u8]>,
    ) -> Vec<&'t [u8]> {
        if *verdict == Verdict::Shadow && self.shadow == Shadow::Untouched {
            return Vec::new();
        }
        let keeps = *verdict == Verdict::Public || self.upstream.forward_credentials;
        let mut removed: Vec<&[u8]> = Vec::new();
        for name in names {
            let credential = !keeps && self.sources.is_header(name);
            let inbound = self.upstream.stripped.contains(name) || is_framing(name);
            if (inbound || credential) && !removed.contains(&name) {
                removed.push(name);
            }
        }
        removed
    }

    /// The headers that only the guard may set: how many, and their names.
    pub(crate) fn inbound<'r>(&self, headers: &Headers<'r>) -> (u64, Vec<&'r [u8]>) {
        let mut count = 0u64;
        let mut names: Vec<&[u8]> = Vec::new();
        for (name, _) in headers.iter() {
            if self.upstream.stripped.contains(name) {
                count = count.saturating_add(1);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        (count, names)
    }

    pub(crate) fn changes(
        &self,
        headers: &Headers<'_>,
        inbound: &[&[u8]],
        credentials: Credentials,
        set: Vec<(String, String)>,
    ) -> Changes {
        let mut changes = Changes {
            remove: Vec::new(),
            set: set.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
        };
        if credentials == Credentials::Leave {
            self.remove_credentials(headers, &mut changes);
        }
        if credentials != Credentials::Stay {
            self.remove_from_query(headers, &mut changes);
        }
        for &name in inbound {
            let replaced = changes.set.iter().any(|(set, _)| set.as_bytes() == name);
            if !replaced && !changes.remove.iter().any(|known| known == name) {
                changes.remove.push(name.to_vec());
            }
        }
        changes
    }

    fn remove_credentials(&self, headers: &Headers<'_>, changes: &mut Changes) {
        for (name, _) in headers.iter().filter(|(name, _)| self.sources.is_header(name)) {
            if !changes.remove.iter().any(|known| known == name) {
                changes.remove.push(name.to_vec());
            }
        }
        let cookies: Vec<&str> = self
            .sources
            .locations()
            .filter_map(|location| match location {
                Location::Cookie(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        match cookie::without(headers, &cookies) {
            None => {}
            Some(rest) if rest.is_empty() => changes.remove.push(b"cookie".to_vec()),
            // Where `strip` takes all cookies there is nothing to keep.
            Some(_) if self.upstream.stripped.contains(b"cookie") => {}
            Some(rest) => changes.set.push(("cookie".into(), rest)),
        }
    }

    fn remove_from_query(&self, headers: &Headers<'_>, changes: &mut Changes) {
        let names: Vec<&str> = self
            .sources
            .locations()
            .filter_map(|location| match location {
                Location::Query(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let Found::Once(raw) = headers.find(b":path") else {
            return;
        };
        let (path, Some(query)) = split_query(raw) else {
            return;
        };
        if let Some(rest) = Query::new(query).without(&names) {
            let mut raw = path.to_vec();
            if !rest.is_empty() {
                raw.push(b'?');
                raw.extend(rest);
            }
            changes.set.push((":path".into(), raw));
        }
    }
}
