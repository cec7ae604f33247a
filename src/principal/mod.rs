//! Who a request is from: a verified token, a known key, both, the super
//! admin, a developer, or nobody.

mod door;

pub(crate) use door::authenticate;

use std::rc::Rc;

use crate::api_key::{ApiKey, KnownKey};
use crate::denial::Denial;
use crate::jwt::{CacheUse, VerifiedToken};
use crate::policy::StandingSlot;
use crate::tenant::{Bound, TenantName};

/// How a principal authenticated, as `x-auth-method` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// With a token; with a key beside it, where both must agree.
    Jwt,
    /// With an API key.
    ApiKey,
    /// With the super admin's key.
    SuperAdmin,
    /// By a developer's word, in development.
    Dev,
    /// Not at all.
    Anonymous,
}

impl Method {
    /// The name, as the header has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::ApiKey => "api_key",
            Self::SuperAdmin => "super_admin",
            Self::Dev => "dev",
            Self::Anonymous => "anonymous",
        }
    }
}

/// A caller whose credentials were verified, or who has none where none is
/// asked for. Only [`authenticate`] makes one.
#[derive(Debug, Clone)]
pub(crate) struct Principal(Proof);

/// What was verified.
#[derive(Debug, Clone)]
enum Proof {
    Nothing,
    Token(Rc<VerifiedToken>),
    Key(KnownKey),
    Both(Rc<VerifiedToken>, KnownKey),
    SuperAdmin,
    Dev { user: String, bound: Bound },
}

/// What happened besides the outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    pub(crate) cache: Option<CacheUse>,
    /// Why the key was refused too, where the reply tells of the token.
    pub(crate) key_denial: Option<Denial>,
}

impl Principal {
    /// How it authenticated.
    pub(crate) fn method(&self) -> Method {
        match &self.0 {
            Proof::Token(_) | Proof::Both(..) => Method::Jwt,
            Proof::Key(_) => Method::ApiKey,
            Proof::SuperAdmin => Method::SuperAdmin,
            Proof::Dev { .. } => Method::Dev,
            Proof::Nothing => Method::Anonymous,
        }
    }

    /// Whether it is the super admin, whom no policy holds.
    pub(crate) fn is_super_admin(&self) -> bool {
        matches!(self.0, Proof::SuperAdmin)
    }

    /// What its credentials say about the tenant.
    pub(crate) fn bounds(&self) -> Vec<&Bound> {
        let token = self.token().into_iter().flat_map(|token| &token.bounds);
        let dev = match &self.0 {
            Proof::Dev { bound, .. } => Some(bound),
            _ => None,
        };
        token.chain(self.key().map(|key| &key.bound)).chain(dev).collect()
    }

    /// The tenants that its credentials are for, each where it is for one only.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &TenantName> {
        self.bounds().into_iter().filter_map(Bound::one)
    }

    /// The token, where there is one.
    pub(crate) fn token(&self) -> Option<&VerifiedToken> {
        match &self.0 {
            Proof::Token(token) | Proof::Both(token, _) => Some(token),
            _ => None,
        }
    }

    /// The key, where there is one.
    pub(crate) fn key(&self) -> Option<&ApiKey> {
        match &self.0 {
            Proof::Key(key) | Proof::Both(_, key) => Some(key),
            _ => None,
        }
    }

    /// Where its standing is remembered; `None` for who isn't remembered.
    pub(crate) fn standing(&self) -> Option<&StandingSlot> {
        match &self.0 {
            Proof::Token(token) => Some(&token.standing),
            Proof::Key(key) => Some(key.standing()),
            _ => None,
        }
    }

    /// The user or machine that it is.
    pub(crate) fn subject(&self) -> Option<&str> {
        match &self.0 {
            Proof::Dev { user, .. } => Some(user),
            _ => self.token()?.subject.as_deref(),
        }
    }

    /// The client: the key's owner, else what the token says.
    pub(crate) fn client(&self) -> Option<&str> {
        let owner = self.key().and_then(|key| key.owner.as_ref());
        owner.map(|owner| &*owner.client).or_else(|| self.token_client())
    }

    /// The client that the token says, which need not be the key's.
    pub(crate) fn token_client(&self) -> Option<&str> {
        self.token()?.client.as_deref()
    }
}
