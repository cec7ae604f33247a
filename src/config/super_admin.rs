//! The `super_admin` and `dev_headers` sections.

use super::api_keys::digest;
use super::names;
use super::node::Node;
use super::tenancy::tenant_name;
use crate::credential::{DevHeaders, Source};
use crate::request::fold::fold;

/// The `super_admin` section as read. What couldn't be read is absent, so that
/// the rest is checked and no route misses a super admin.
#[derive(Default)]
pub(super) struct SuperAdminSpec {
    pub(super) from: Vec<Source>,
    pub(super) digest: Option<[u8; 32]>,
    /// The tenant that it acts for where it asserts none.
    pub(super) tenant: Option<String>,
}

pub(super) fn super_admin(node: Node<'_, '_>) -> SuperAdminSpec {
    let Some(object) = node.object("super_admin") else {
        return SuperAdminSpec::default();
    };
    let spec = SuperAdminSpec {
        from: object.required("from", names::sources).unwrap_or_default(),
        digest: object.required("sha256", digest),
        tenant: object.field("tenant", tenant_name),
    };
    object.close();
    spec
}

pub(super) fn dev_headers(node: Node<'_, '_>) -> Option<DevHeaders> {
    let object = node.object("dev_headers")?;
    let user = object.required("user", names::identity_header);
    let tenant = object.field("tenant", names::identity_header);
    object.close();
    let tell = |problem: &str| node.context.problems.error(node.at, problem);
    if !node.context.development {
        tell("lets every caller say who it is; that is for environment: development only");
    }
    if let (Some(user), Some(tenant)) = (&user, &tenant)
        && fold(user.as_bytes()) == fold(tenant.as_bytes())
    {
        tell("names one header for user and tenant, or two that applications may take for one");
    }
    Some(DevHeaders { user: user?, tenant })
}
