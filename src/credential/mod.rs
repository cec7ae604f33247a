//! Where credentials are read from, and which of them counts.

mod dev;
#[cfg(not(target_arch = "wasm32"))]
mod facts;
mod place;
mod present;
mod super_admin;

pub(crate) use dev::DevHeaders;
pub(crate) use place::{Location, Place, Source};
pub(crate) use super_admin::SuperAdmin;

use std::borrow::Cow;

use crate::denial::{Code, Denial};
use crate::jwt::has_three_parts;
use crate::request::fold::FoldedNames;
use crate::request::{Headers, Target};
use place::Kinds;

/// `mode`: which kind of credential a request may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A JWT or an API key.
    Either(Both),
    /// A JWT only.
    Jwt,
    /// An API key only.
    ApiKey,
    /// A JWT, and where that is absent or fails to authenticate, an API key.
    JwtThenApiKey,
}

impl Mode {
    /// The kinds of credentials that are looked at.
    fn looks_at(self) -> Kinds {
        match self {
            Self::Jwt => Kinds::JWT,
            Self::ApiKey => Kinds::KEY,
            Self::Either(_) | Self::JwtThenApiKey => Kinds::BOTH,
        }
    }
}

/// `both`: what a JWT and an API key together mean in [`Mode::Either`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Both {
    /// A contradiction.
    Refuse,
    /// Both must verify and name one tenant.
    Agree,
}

/// A credential as a request has it, decoded where its place asks for that.
pub(crate) type Credential<'r> = Cow<'r, [u8]>;

/// What a request presents, by the rules of its mode. Not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Presented<'r> {
    Nothing,
    Jwt(Credential<'r>),
    ApiKey(Credential<'r>),
    /// Both must verify.
    Both {
        jwt: Credential<'r>,
        key: Credential<'r>,
    },
    /// The key counts where the JWT fails with a 401, whose denial it then is.
    JwtElseKey {
        jwt: Credential<'r>,
        key: Option<Result<Credential<'r>, Denial>>,
    },
    /// What stands where the super admin's key does. It decides alone.
    SuperAdmin(Credential<'r>),
    /// A developer's word, in development.
    Dev {
        user: String,
        tenant: Option<Vec<u8>>,
    },
}

/// One kind of credential, as found in all its places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Slot<'r> {
    #[default]
    Absent,
    Value(Credential<'r>),
    /// It is there twice, or in two places.
    Ambiguous(String),
}

impl<'r> Slot<'r> {
    fn put(&mut self, value: Credential<'r>, place: &Place) {
        *self = match self {
            Self::Absent => Self::Value(value),
            Self::Value(_) | Self::Ambiguous(_) => Self::Ambiguous(place.to_string()),
        };
    }

    fn ambiguous(&mut self, place: &Place) {
        *self = Self::Ambiguous(place.to_string());
    }

    fn is_present(&self) -> bool {
        *self != Self::Absent
    }

    fn take(self) -> Result<Option<Credential<'r>>, Denial> {
        match self {
            Self::Absent => Ok(None),
            Self::Value(value) => Ok(Some(value)),
            Self::Ambiguous(place) => Err(Denial::by(Code::CredentialsAmbiguous, place)),
        }
    }
}

/// All places where credentials are read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    places: Vec<Place>,
    headers: FoldedNames,
}

impl Sources {
    /// Merges the sources of both kinds: one place is read once, whoever asks.
    pub(crate) fn new(jwt: Vec<Source>, keys: Vec<Source>) -> Self {
        let mut sources = Self::default();
        let jwt = jwt.into_iter().map(|source| (source, Kinds::JWT));
        let keys = keys.into_iter().map(|source| (source, Kinds::KEY));
        for (source, kinds) in jwt.chain(keys) {
            let known = sources.places.iter_mut().find(|p| p.location == source.location);
            match known {
                Some(place) => place.add(source.scheme, kinds),
                None => {
                    let mut place = Place::new(source.location);
                    place.add(source.scheme, kinds);
                    if let Location::Header(name) = &place.location {
                        sources.headers.insert(name.as_bytes());
                    }
                    sources.places.push(place);
                }
            }
        }
        sources
    }

    /// Whether credentials are read from a header of this name, in any
    /// spelling: applications may read it in any.
    pub(crate) fn is_header(&self, name: &[u8]) -> bool {
        self.headers.contains(name)
    }

    /// All locations, for their removal.
    pub(crate) fn locations(&self) -> impl Iterator<Item = &Location> {
        self.places.iter().map(|place| &place.location)
    }

    /// What the request presents to a mode.
    ///
    /// # Errors
    /// `credentials_ambiguous` where it contradicts itself, `token_malformed`
    /// for an Authorization scheme that is none of ours.
    pub(crate) fn collect<'r>(
        &self,
        mode: Mode,
        headers: &Headers<'r>,
        target: &Target<'r>,
    ) -> Result<Presented<'r>, Denial> {
        let looked_at = mode.looks_at();
        let (mut jwt, mut key) = (Slot::Absent, Slot::Absent);
        let mut stray = None;
        for place in &self.places {
            match place.read(looked_at, headers, target) {
                place::Reading::Nothing => {}
                place::Reading::Jwt(value) => jwt.put(value, place),
                place::Reading::Key(value) => key.put(value, place),
                place::Reading::OtherScheme => stray = Some(place),
                place::Reading::Repeated => {
                    let kinds = place.kinds().and(looked_at);
                    if kinds.jwt {
                        jwt.ambiguous(place);
                    }
                    if kinds.key {
                        key.ambiguous(place);
                    }
                }
            }
        }
        if let Some(place) = stray {
            let beside = jwt.is_present() || key.is_present();
            let code = if beside { Code::CredentialsAmbiguous } else { Code::TokenMalformed };
            return Err(Denial::by(code, format!("{place}: another scheme")));
        }
        present(mode, jwt, key)
    }
}

fn present<'r>(mode: Mode, jwt: Slot<'r>, key: Slot<'r>) -> Result<Presented<'r>, Denial> {
    match mode {
        Mode::Jwt => Ok(jwt.take()?.map_or(Presented::Nothing, Presented::Jwt)),
        Mode::ApiKey => Ok(key.take()?.map_or(Presented::Nothing, Presented::ApiKey)),
        Mode::Either(both) => match (jwt.take()?, key.take()?) {
            (None, None) => Ok(Presented::Nothing),
            (Some(jwt), None) => Ok(Presented::Jwt(jwt)),
            (None, Some(key)) => Ok(Presented::ApiKey(key)),
            (Some(jwt), Some(key)) if both == Both::Agree => Ok(Presented::Both { jwt, key }),
            (Some(_), Some(_)) => {
                Err(Denial::by(Code::CredentialsAmbiguous, "a JWT and an API key"))
            }
        },
        Mode::JwtThenApiKey => {
            let key = match key.take() {
                // Three parts are a JWT that stands where a key should.
                Ok(Some(key)) if has_three_parts(&key) => {
                    Some(Err(Denial::by(Code::ApiKeyUnknown, "a token where keys are read")))
                }
                Ok(key) => key.map(Ok),
                Err(denial) => Some(Err(denial)),
            };
            match (jwt.take(), key) {
                (Ok(None), None) => Ok(Presented::Nothing),
                (Ok(None), Some(key)) => Ok(Presented::ApiKey(key?)),
                (Ok(Some(jwt)), key) => Ok(Presented::JwtElseKey { jwt, key }),
                // 400 is final: what contradicts itself is not tried again.
                (Err(denial), _) => Err(denial),
            }
        }
    }
}

#[cfg(test)]
mod tests;
