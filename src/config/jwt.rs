//! The `jwt` section and the issuers of tenants.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keys::{self, IssuerKeys};
use super::names;
use super::node::Node;
use super::object::Object;
use super::policy;
use super::revoked;
use super::scalar::{any_name, text};
use super::shape::{Form, HowMany, Shape};
use super::tenant_source::{self, TenantSpec};
use crate::credential::{Location, Source};
use crate::jwt::{Algorithm, Ceilings, ClaimMap, ClaimPath, IssuerName, Revocations};

/// The `jwt` section as read.
pub(super) struct JwtSpec {
    pub(super) from: Vec<Source>,
    pub(super) max_token_bytes: usize,
    pub(super) cache_entries: usize,
    pub(super) cache_bytes: usize,
    pub(super) revoked: Revocations,
    pub(super) issuers: Vec<IssuerSpec>,
}

impl Default for JwtSpec {
    fn default() -> Self {
        let header = Location::Header("authorization".into());
        Self {
            from: vec![Source { location: header, scheme: Some("Bearer".into()) }],
            max_token_bytes: 16_384,
            cache_entries: 10_000,
            cache_bytes: 16 << 20,
            revoked: Revocations::default(),
            issuers: Vec::new(),
        }
    }
}

/// An issuer as read: the tenants it names are still texts.
pub(super) struct IssuerSpec {
    /// Where it stands.
    pub(super) path: String,
    pub(super) name: Option<String>,
    pub(super) iss: IssuerName,
    pub(super) audiences: Option<Vec<String>>,
    pub(super) audience_claims: Vec<ClaimPath>,
    pub(super) claim_values: Vec<(ClaimPath, Vec<Value>)>,
    pub(super) keys: IssuerKeys,
    pub(super) clock_skew: f64,
    pub(super) max_lifetime: Option<f64>,
    pub(super) require_claims: Vec<ClaimPath>,
    pub(super) token_types: Vec<String>,
    pub(super) tenant: TenantSpec,
    pub(super) claims: ClaimMap,
    pub(super) ceilings: Ceilings,
}

impl IssuerSpec {
    /// Its name for routes and logs.
    pub(super) fn known_as(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.iss.to_string())
    }
}

pub(super) fn jwt(node: Node<'_, '_>) -> Option<JwtSpec> {
    let defaults = JwtSpec::default();
    let object = node.object("jwt")?;
    let size = |name: &'static str, default: usize| {
        let size = object.field(name, |node| node.size());
        size.map_or(default, |size| usize::try_from(size).unwrap_or(usize::MAX))
    };
    let spec = JwtSpec {
        from: object.field("from", names::sources).unwrap_or(defaults.from),
        max_token_bytes: size("max_token_bytes", defaults.max_token_bytes),
        cache_entries: size("cache_entries", defaults.cache_entries),
        cache_bytes: size("cache_bytes", defaults.cache_bytes),
        revoked: object.field("revoked", revoked::revoked).unwrap_or_default(),
        issuers: object.field("issuers", |node| node.list(issuer)).unwrap_or_default(),
    };
    object.close();
    Some(spec)
}

pub(super) fn issuer(node: Node<'_, '_>) -> Option<IssuerSpec> {
    let object = node.object("issuer")?;
    let algorithms = object.field("algorithms", |node| node.some_list(algorithm));
    let iss = object.required("issuer", |node| node.parsed(Form::Some, IssuerName::parse));
    let (audiences, any_audience, claim_values) = audience(&object, iss.as_ref());
    let keys = object.required("keys", |node| keys::keys(node, algorithms.clone(), iss.as_ref()));
    let name = object.field("name", |node| node.some_text()).map(str::to_owned);
    let audience_claims = paths(&object, "audience_claims", &["aud"]);
    let clock_skew = object.field("clock_skew", |node| node.duration()).unwrap_or(30.0);
    let max_lifetime = object.field("max_lifetime", |node| node.duration());
    let require_claims = paths(&object, "require_claims", &["sub"]);
    let token_types = object
        .field("token_types", |node| node.some_list(token_type))
        .unwrap_or_else(|| vec!["jwt".into(), "at+jwt".into()]);
    let tenant = object.field("tenant", tenant_source::tenant).unwrap_or_default();
    let claims = object.field("claims", claim_map).unwrap_or_else(default_claims);
    let ceilings = policy::ceilings(&object);
    let has_audiences = object.has("audiences");
    object.close();
    let tell = |problem: &str| node.context.problems.error(node.at, problem);
    if !has_audiences && !any_audience {
        tell(
            "must say for whom its tokens are: audiences, or any_audience: true with claim_values",
        );
    }
    if iss == Some(IssuerName::None) && !node.context.development {
        tell("issuer: none is for environment: development only");
    }
    let path = node.at.to_string();
    // One that couldn't be read stands in, so that the rest is checked too.
    Some(IssuerSpec {
        iss: iss.unwrap_or_else(|| IssuerName::Exact(path.clone())),
        keys: keys.unwrap_or_default(),
        path,
        name,
        audiences,
        audience_claims,
        claim_values,
        clock_skew,
        max_lifetime,
        require_claims,
        token_types,
        tenant,
        claims,
        ceilings,
    })
}

type Audience = (Option<Vec<String>>, bool, Vec<(ClaimPath, Vec<Value>)>);

/// Whom its tokens are for. Where the issuer has no name, which is so in
/// development only, nobody else has its tokens.
fn audience(object: &Object<'_, '_>, issuer: Option<&IssuerName>) -> Audience {
    let audiences = object
        .field("audiences", |node| node.some_list_or("must not be empty; name at least one", text));
    let read = object.field("claim_values", |node| {
        let empty = node.value.as_object().is_some_and(Map::is_empty);
        let values =
            node.entries(any_name, |name, _| Some(ClaimPath::parse(name)), |n| n.some_list(scalar));
        Some((empty, values.unwrap_or_default()))
    });
    let (no_values, claim_values) = read.unwrap_or((true, Vec::new()));
    let any = object.field("any_audience", |node| {
        let any = node.flag()?;
        if any && object.has("audiences") {
            return node.error("contradicts audiences; give one of them");
        }
        if any && no_values && issuer != Some(&IssuerName::None) {
            return node
                .error("accepts tokens made for anybody; it needs claim_values that tell yours");
        }
        Some(any)
    });
    object.count_for(HowMany::AtLeastOne, &["audiences", "any_audience"]);
    // Where it was a mistake, that was told already.
    let any = object.has("any_audience") && any != Some(false);
    (audiences, any, claim_values)
}

fn scalar(node: Node<'_, '_>) -> Option<Value> {
    node.also(|| Shape::Text(Form::Any));
    node.also(|| Shape::Number);
    node.accepts(|| Shape::Flag)?;
    match node.value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(node.value.clone()),
        _ => node.error("must be text, a number, true or false"),
    }
}

fn algorithm(node: Node<'_, '_>) -> Option<Algorithm> {
    node.accepts(|| Shape::Words(Algorithm::ALL.map(|(name, _)| name).to_vec()))?;
    match Algorithm::parse(node.text()?) {
        Some(algorithm) => Some(algorithm),
        None => node.error("must be RS, PS, ES or HS with 256, 384 or 512, or EdDSA"),
    }
}

fn token_type(node: Node<'_, '_>) -> Option<String> {
    let lower = node.some_text()?.to_ascii_lowercase();
    Some(lower.strip_prefix("application/").unwrap_or(&lower).to_owned())
}

fn default_claims() -> ClaimMap {
    let parse = |names: &[&str]| names.iter().map(|name| ClaimPath::parse(name)).collect();
    ClaimMap {
        subject: parse(&["sub"]),
        client: parse(&["client_id", "azp", "cid", "appid"]),
        roles: parse(&["roles"]),
        scopes: parse(&["scope", "scp"]),
        tier: Vec::new(),
    }
}

/// Merged with the defaults; `null` turns one off.
fn claim_map(node: Node<'_, '_>) -> Option<ClaimMap> {
    let defaults = default_claims();
    let object = node.object("claim_names")?;
    let field = |name: &'static str, default: Vec<ClaimPath>| {
        let read = object.or_null(name, |node| node.one_or_more(path));
        read.map_or(default, Option::unwrap_or_default)
    };
    let map = ClaimMap {
        subject: field("subject", defaults.subject),
        client: field("client", defaults.client),
        roles: field("roles", defaults.roles),
        scopes: field("scopes", defaults.scopes),
        tier: object.or_null("tier", tier_claims).flatten().unwrap_or(defaults.tier),
    };
    object.close();
    Some(map)
}

fn tier_claims(node: Node<'_, '_>) -> Option<Vec<ClaimPath>> {
    let claims = node.one_or_more(path)?;
    if node.context.vocabulary.tiers.as_ref().is_some_and(BTreeMap::is_empty) {
        return node.error("has no tier to choose from; add limits.tiers, or take it out");
    }
    node.is_shared();
    Some(claims)
}

fn paths(object: &Object<'_, '_>, name: &'static str, default: &[&str]) -> Vec<ClaimPath> {
    object
        .field(name, |node| node.list(path))
        .unwrap_or_else(|| default.iter().map(|name| ClaimPath::parse(name)).collect())
}

pub(super) fn path(node: Node<'_, '_>) -> Option<ClaimPath> {
    node.some_text().map(ClaimPath::parse)
}
