//! What is taken from a request and put into it: credentials, what clients may
//! not send, and the identity.

use std::rc::Rc;

use crate::Guard;
use crate::credential::Location;
use crate::identity::HeaderValues;
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
    pub set: Vec<(Rc<str>, Rc<[u8]>)>,
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
            let credential = !keeps && self.sources.is_header(name) || self.is_super_admins(name);
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
        set: HeaderValues,
    ) -> Changes {
        let mut changes = Changes { remove: Vec::new(), set };
        let secret = |name: &[u8]| {
            credentials == Credentials::Leave && self.sources.is_header(name)
                || self.is_super_admins(name)
        };
        for (name, _) in headers.iter().filter(|(name, _)| secret(name)) {
            if !changes.remove.iter().any(|known| known == name) {
                changes.remove.push(name.to_vec());
            }
        }
        self.remove_cookies(headers, credentials, &mut changes);
        self.remove_from_query(headers, credentials, &mut changes);
        for &name in inbound {
            let replaced = changes.set.iter().any(|(set, _)| set.as_bytes() == name);
            if !replaced && !changes.remove.iter().any(|known| known == name) {
                changes.remove.push(name.to_vec());
            }
        }
        changes
    }

    /// Whether the super admin's key is read from such a header: that leaves on
    /// every route.
    fn is_super_admins(&self, name: &[u8]) -> bool {
        self.super_admin.as_ref().is_some_and(|admin| admin.sources().is_header(name))
    }

    /// The locations whose credentials leave, where those of callers do or not.
    fn leaving(&self, callers: bool) -> impl Iterator<Item = &Location> {
        let admin = self.super_admin.iter().flat_map(|admin| admin.sources().locations());
        self.sources.locations().filter(move |_| callers).chain(admin)
    }

    fn remove_cookies(
        &self,
        headers: &Headers<'_>,
        credentials: Credentials,
        changes: &mut Changes,
    ) {
        let cookies: Vec<&str> = self
            .leaving(credentials == Credentials::Leave)
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
            Some(rest) => changes.set.push(("cookie".into(), rest.into())),
        }
    }

    fn remove_from_query(
        &self,
        headers: &Headers<'_>,
        credentials: Credentials,
        changes: &mut Changes,
    ) {
        let names: Vec<&str> = self
            .leaving(credentials != Credentials::Stay)
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
            changes.set.push((":path".into(), raw.into()));
        }
    }
}
