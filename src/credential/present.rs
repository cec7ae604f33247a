//! What a request presents, all kinds of credentials considered.

use super::{Mode, Presented};
use crate::Guard;
use crate::denial::{Code, Denial};
use crate::request::{Headers, Target};
use crate::route::{Auth, Rules};

impl Guard {
    /// What a request presents on a route.
    ///
    /// # Errors
    /// `credentials_ambiguous` where it contradicts itself, `token_malformed`
    /// for an Authorization scheme that is none of ours.
    pub(crate) fn presented<'r>(
        &self,
        rules: &Rules,
        headers: &Headers<'r>,
        target: &Target<'r>,
    ) -> Result<Presented<'r>, Denial> {
        if let Some(admin) = &self.super_admin
            && let Some(key) = admin.presented(headers, target)?
        {
            return Ok(Presented::SuperAdmin(key));
        }
        if rules.auth == Auth::SuperAdmin {
            return Ok(Presented::Nothing);
        }
        let collect = || self.sources.collect(rules.mode, headers, target);
        let dev = match &self.dev {
            Some(dev) => dev.presented(rules.mode, headers)?,
            None => None,
        };
        let Some(dev) = dev else {
            return collect();
        };
        // As with a JWT: the key beside it is unread, even one that is there
        // twice.
        if rules.mode == Mode::JwtThenApiKey || collect()? == Presented::Nothing {
            return Ok(dev.into());
        }
        Err(Denial::by(Code::CredentialsAmbiguous, "dev_headers and an API key"))
    }
}

impl From<super::dev::DevUser> for Presented<'_> {
    fn from(dev: super::dev::DevUser) -> Self {
        Self::Dev { user: dev.user, tenant: dev.tenant }
    }
}
