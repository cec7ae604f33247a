//! One place in a request where credentials are read.

use core::fmt;
use std::borrow::Cow;

use super::Credential;
use crate::jwt::has_three_parts;
use crate::request::{Found, Headers, Target, cookie};

/// Where: a header, a cookie or a query parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Location {
    /// A header, its name in lower case.
    Header(String),
    Cookie(String),
    Query(String),
}

/// An entry of `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) location: Location,
    /// The scheme before the credential (`Bearer`), in a header.
    pub(crate) scheme: Option<String>,
}

/// A location with everything that is read there.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(super) location: Location,
    readers: Vec<Reader>,
}

#[derive(Debug, Clone)]
struct Reader {
    scheme: Option<String>,
    kinds: Kinds,
}

/// Which kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) jwt: bool,
    pub(super) key: bool,
}

impl Kinds {
    pub(super) const JWT: Self = Self { jwt: true, key: false };
    pub(super) const KEY: Self = Self { jwt: false, key: true };
    pub(super) const BOTH: Self = Self { jwt: true, key: true };
    const NONE: Self = Self { jwt: false, key: false };

    fn or(self, other: Self) -> Self {
        Self { jwt: self.jwt || other.jwt, key: self.key || other.key }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { jwt: self.jwt && other.jwt, key: self.key && other.key }
    }
}

/// What one place holds.
pub(super) enum Reading<'r> {
    Nothing,
    Jwt(Credential<'r>),
    Key(Credential<'r>),
    /// A value with a scheme that nobody here reads.
    OtherScheme,
    Repeated,
}

impl Place {
    pub(super) fn new(location: Location) -> Self {
        Self { location, readers: Vec::new() }
    }

    pub(super) fn add(&mut self, scheme: Option<String>, kinds: Kinds) {
        let same = |reader: &&mut Reader| match (&reader.scheme, &scheme) {
            (Some(mine), Some(other)) => mine.eq_ignore_ascii_case(other),
            (None, None) => true,
            _ => false,
        };
        match self.readers.iter_mut().find(same) {
            Some(reader) => reader.kinds = reader.kinds.or(kinds),
            None => self.readers.push(Reader { scheme, kinds }),
        }
    }

    /// The kinds that are read here.
    pub(super) fn kinds(&self) -> Kinds {
        self.readers.iter().fold(Kinds::NONE, |kinds, reader| kinds.or(reader.kinds))
    }

    /// Reads the place for those kinds that are looked at.
    pub(super) fn read<'r>(
        &self,
        looked_at: Kinds,
        headers: &Headers<'r>,
        target: &Target<'r>,
    ) -> Reading<'r> {
        if self.kinds().and(looked_at) == Kinds::NONE {
            return Reading::Nothing;
        }
        let found = match &self.location {
            Location::Header(name) => headers.find(name.as_bytes()).map(Cow::Borrowed),
            Location::Cookie(name) => cookie::find(headers, name).map(Cow::Borrowed),
            Location::Query(name) => target.query.find(name),
        };
        let value = match found {
            Found::Absent => return Reading::Nothing,
            Found::Repeated => return Reading::Repeated,
            Found::Once(value) => value,
        };
        if self.is_authorization() && value.contains(&b',') {
            // Proxies join repeated headers with commas.
            return Reading::Repeated;
        }
        let mut bare = None;
        for reader in &self.readers {
            let kinds = reader.kinds.and(looked_at);
            let counts = kinds != Kinds::NONE;
            match &reader.scheme {
                None => bare = bare.or(counts.then_some(kinds)),
                Some(scheme) => match after_scheme(&value, scheme) {
                    Some(at) if counts => return Reading::of(kinds, from(value, at)),
                    // The other kind's scheme: not looked at.
                    Some(_) => return Reading::Nothing,
                    None => {}
                },
            }
        }
        match bare {
            Some(kinds) => Reading::of(kinds, value),
            None => Reading::OtherScheme,
        }
    }

    /// How credentials of those kinds are to be sent here.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn told(&self, looked_at: Kinds) -> Vec<crate::explain::PlaceFacts> {
        let told = self.readers.iter().filter_map(|reader| {
            let kinds = reader.kinds.and(looked_at);
            (kinds != Kinds::NONE).then(|| crate::explain::PlaceFacts {
                place: self.to_string(),
                scheme: reader.scheme.clone(),
                jwt: kinds.jwt,
                api_key: kinds.key,
            })
        });
        told.collect()
    }

    fn is_authorization(&self) -> bool {
        matches!(&self.location, Location::Header(name) if name == "authorization")
    }
}

impl<'r> Reading<'r> {
    /// A value of one of these kinds: of both, three parts are a JWT.
    fn of(kinds: Kinds, value: Credential<'r>) -> Self {
        if kinds.jwt && (!kinds.key || has_three_parts(&value)) {
            Self::Jwt(value)
        } else {
            Self::Key(value)
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Location::Header(name) => write!(f, "header {name}"),
            Location::Cookie(name) => write!(f, "cookie {name}"),
            Location::Query(name) => write!(f, "query {name}"),
        }
    }
}

/// Where the credential begins that follows a scheme and at least one space
/// (RFC 9110 section 11.4); schemes have no case. A scheme alone is an empty
/// credential.
fn after_scheme(value: &[u8], scheme: &str) -> Option<usize> {
    let (head, rest) = value.split_at_checked(scheme.len())?;
    if !head.eq_ignore_ascii_case(scheme.as_bytes()) {
        return None;
    }
    match rest.first() {
        None => Some(value.len()),
        Some(b' ') => Some(value.len().saturating_sub(rest.trim_ascii_start().len())),
        Some(_) => None,
    }
}

/// What of a value is left from a place on.
fn from(value: Credential<'_>, at: usize) -> Credential<'_> {
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(value.get(at..).unwrap_or_default()),
        Cow::Owned(mut value) => Cow::Owned(value.split_off(at.min(value.len()))),
    }
}
