//! Headers that stand for a credential in development.

use super::Mode;
use crate::denial::{Code, Denial};
use crate::request::{Found, Headers};

/// The `dev_headers` section: names in lower case.
#[derive(Debug, Clone)]
pub(crate) struct DevHeaders {
    pub(crate) user: String,
    pub(crate) tenant: Option<String>,
}

/// Who a developer says to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DevUser {
    pub(super) user: String,
    pub(super) tenant: Option<Vec<u8>>,
}

impl DevHeaders {
    /// Who a request says to be from; they stand where a JWT would.
    ///
    /// # Errors
    /// `credentials_ambiguous` where a header is there twice,
    /// `token_malformed` where the user is no text.
    pub(super) fn presented(
        &self,
        mode: Mode,
        headers: &Headers<'_>,
    ) -> Result<Option<DevUser>, Denial> {
        if mode == Mode::ApiKey {
            return Ok(None);
        }
        let Some(user) = one(headers, &self.user)? else {
            return Ok(None);
        };
        let user = String::from_utf8(user)
            .map_err(|_| Denial::by(Code::TokenMalformed, "dev_headers.user"))?;
        let tenant = match &self.tenant {
            Some(name) => one(headers, name)?,
            None => None,
        };
        Ok(Some(DevUser { user, tenant }))
    }
}

/// A header's one value; an empty one is none.
fn one(headers: &Headers<'_>, name: &str) -> Result<Option<Vec<u8>>, Denial> {
    match headers.find(name.as_bytes()) {
        Found::Absent => Ok(None),
        Found::Repeated => Err(Denial::by(Code::CredentialsAmbiguous, format!("header {name}"))),
        Found::Once(b"") => Ok(None),
        Found::Once(value) => Ok(Some(value.to_vec())),
    }
}
