//! What a tenant in a header counts.

use ipnet::IpNet;

use super::{Key, Keys, Quotas, is_reserved, quotas};
use crate::import::env::Text;
use crate::import::settings::Settings;
use crate::import::tree::{Map, Tree};

/// Whether callers must have a tenant.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    pub(super) strict: bool,
    /// Whether the document lists tenants, so that only routes can be lax.
    pub(super) listed: bool,
}

/// Who may name the tenant of a token that names none.
pub(super) enum Trust {
    Nobody,
    AnyPeer,
    Proxies(Vec<String>),
}

/// `none`, `any_peer` and, as the registry has it, `trusted_proxies`.
pub(super) fn read(settings: &Settings<'_>) -> Trust {
    let choices = [("none", 0u8), ("any_peer", 1), ("trusted_proxies", 2)];
    let proxies = settings.list("TRUSTED_PROXIES").unwrap_or_default();
    for proxy in &proxies {
        if let Some(problem) = bad_proxy(*proxy) {
            settings.tell(proxy.at(), format!("TRUSTED_PROXIES {problem}"));
        }
    }
    let name = "TENANT_HEADER_TRUST";
    match settings.choice(name, &choices) {
        Some(1) => Trust::AnyPeer,
        Some(2) => {
            if let Some(text) = settings.text(name).filter(|_| proxies.is_empty()) {
                settings.tell(text.at(), "TENANT_HEADER_TRUST=trusted_proxies trusts nobody without TRUSTED_PROXIES; list your proxies' addresses there");
            }
            Trust::Proxies(proxies.into_iter().map(|proxy| proxy.as_str().to_owned()).collect())
        }
        _ => Trust::Nobody,
    }
}

fn bad_proxy(proxy: Text<'_>) -> Option<&'static str> {
    if proxy.as_str().parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    match proxy.as_str().parse::<IpNet>() {
        Err(_) => Some("must be addresses or networks, such as 10.0.0.0/8"),
        Ok(net) if net.prefix_len() == 0 => {
            Some("trusts every address; name those of your own proxies")
        }
        Ok(net) if net.trunc() != net => {
            Some("has bits behind the prefix of this network; write its first address")
        }
        Ok(_) => None,
    }
}

/// The `tenancy` section.
pub(super) fn tenancy(
    mode: Mode,
    trust: Trust,
    keys: &Keys<'_>,
    quotas: &Quotas,
    tokens: bool,
) -> Map {
    let lax = !mode.strict && !mode.listed;
    // The header is for tokens only, and a route can't tell before it has read
    // the credential.
    let bare = keys.list.iter().any(|key: &Key<'_>| !key.is_bound());
    let asked = !matches!(trust, Trust::Nobody);
    let (trusted, kept): (Tree, bool) = match trust {
        Trust::AnyPeer if lax && !bare => ("any_peer".into(), true),
        Trust::Proxies(proxies) if !mode.strict && !bare => (proxies.into(), true),
        _ => ("never".into(), false),
    };
    let limits = quotas.iter().find(|(tenant, _)| is_reserved(tenant));
    let limits = limits.map(|(_, rules)| Map::default().with("limits", quotas::limits(rules)));
    Map::default()
        .with("strict", !lax)
        .when(!mode.strict && mode.listed, |map| {
            map.note("the routes below are lax: with tenants listed, that is said on each of them")
        })
        .with("trust_header", trusted)
        .when(asked && !kept && !mode.strict, |map| {
            map.decide("TENANT_HEADER_TRUST let tokens without a tenant name one. Where keys without a tenant stand beside them, or limits of tenants beside `any_peer`, that would be open to more than those, so a named tenant is refused here; list your proxies' addresses to trust what they say")
        })
        .when(asked && mode.strict, |map| {
            map.note("in strict mode a header names no tenant, whatever TENANT_HEADER_TRUST says")
        })
        .when(mode.listed && tokens, |map| {
            map.with("unknown", "allow")
                .decide("tokens may name tenants that aren't listed, as before; `deny` refuses them")
        })
        .with_some("default", limits)
}
