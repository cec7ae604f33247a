//! The identity headers: what the application is told about the caller.

use std::rc::Rc;

use crate::header_value::{list, text};
use crate::policy::Permissions;
use crate::principal::Principal;
use crate::request::fold::FoldedNames;
use crate::tenant::TenantName;

/// Header names by what they tell; `None` where a header is turned off.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdentityNames {
    pub(crate) tenant: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) roles: Option<String>,
    pub(crate) scopes: Option<String>,
    pub(crate) method: Option<String>,
}

impl IdentityNames {
    /// All of them, those turned off included.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Option<String>> {
        [
            &self.tenant,
            &self.subject,
            &self.client,
            &self.key,
            &self.roles,
            &self.scopes,
            &self.method,
        ]
        .into_iter()
    }
}

/// The `upstream` section.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) names: IdentityNames,
    /// Headers of `upstream.claims`, in the order of the tokens' claims.
    pub(crate) claims: Vec<String>,
    pub(crate) payload: Option<String>,
    /// Every name that a client may not send.
    pub(crate) stripped: FoldedNames,
    pub(crate) forward_credentials: bool,
}

/// Headers to set, each name once. They are shared with whoever prepared them.
pub(crate) type HeaderValues = Vec<(Rc<str>, Rc<[u8]>)>;

impl Upstream {
    /// The headers of a caller's requests that go on.
    pub(crate) fn identity(
        &self,
        principal: &Principal,
        tenant: Option<&TenantName>,
        permissions: &Permissions,
    ) -> HeaderValues {
        let mut headers = self.known(Some(principal), tenant, Some(permissions));
        let Some(token) = principal.token() else {
            return headers;
        };
        let mut add = |name: &str, text: &str| headers.push((name.into(), text.as_bytes().into()));
        for (name, text) in self.claims.iter().zip(&token.claims) {
            if let Some(text) = text {
                add(name, text);
            }
        }
        if let (Some(name), Some(payload)) = (&self.payload, &token.payload) {
            add(name, payload);
        }
        headers
    }

    /// What is known of a request so far, for the access logs of refusals.
    pub(crate) fn known(
        &self,
        principal: Option<&Principal>,
        tenant: Option<&TenantName>,
        permissions: Option<&Permissions>,
    ) -> HeaderValues {
        let mut headers = HeaderValues::new();
        let mut set = |name: &Option<String>, value: Option<String>| {
            if let (Some(name), Some(value)) = (name, value.filter(|value| !value.is_empty())) {
                headers.push((name.as_str().into(), value.into_bytes().into()));
            }
        };
        let names = &self.names;
        set(&names.tenant, tenant.map(|tenant| text(tenant.as_str())));
        if let Some(principal) = principal {
            set(&names.subject, principal.subject().map(text));
            set(&names.client, principal.client().map(text));
            set(&names.key, principal.key().map(|key| text(&key.id)));
            set(&names.method, Some(principal.method().name().to_owned()));
        }
        // Never what a credential carries, but what all above it allow of that.
        if let Some(permissions) = permissions {
            set(&names.roles, Some(list(permissions.roles().collect(), ",")));
            set(&names.scopes, Some(list(permissions.scopes().collect(), " ")));
        }
        headers
    }
}
