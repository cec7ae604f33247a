//! The `super_admin` and `dev_headers` sections.

use super::api_keys::digest;
use super::names;
use super::node::Node;
use super::tenancy::tenant_name;
use crate::credential::{DevHeaders, Source};

/// The `super_admin` section as read.
pub(super) struct SuperAdminSpec {
    pub(super) from: Vec<Source>,
    pub(super) digest: [u8; 32],
    /// The tenant that it acts for where it asserts none.
    pub(super) tenant: Option<String>,
}

pub(super) fn super_admin(node: Node<'_, '_>) -> Option<SuperAdminSpec> {
    let object = node.object()?;
    let from = object.required("from", names::sources);
    let digest = object.required("sha256", digest);
    let tenant = object.field("tenant", tenant_name);
    object.close();
    Some(SuperAdminSpec { from: from?, digest: digest?, tenant })
}

pub(super) fn dev_headers(node: Node<'_, '_>) -> Option<DevHeaders> {
    let object = node.object()?;
    let user = object.required("user", names::identity_header);
    let tenant = object.field("tenant", names::identity_header);
    object.close();
    if !node.context.development {
        return node
            .error("lets every caller say who it is; that is for environment: development only");
    }
    if user == tenant {
        return node.error("names one header for user and tenant");
    }
    Some(DevHeaders { user: user?, tenant })
}
