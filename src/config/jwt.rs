//! The `jwt` section and the issuers of tenants.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keys::{self, IssuerKeys};
use super::names;
use super::node::Node;
use super::object::Object;
use super::policy;
use super::revoked;
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

/// `tenant` of an issuer as read.
#[derive(Default)]
pub(super) struct TenantSpec {
    pub(super) claims: Option<Vec<ClaimPath>>,
    pub(super) fixed: Option<String>,
    pub(super) acts_for: Option<ActsForSpec>,
    pub(super) subjects: Vec<(String, String)>,
    pub(super) allow: Option<Vec<String>>,
    pub(super) any_tenant: bool,
}

pub(super) enum ActsForSpec {
    Any,
    List(Vec<String>),
}

pub(super) fn jwt(node: Node<'_, '_>) -> Option<JwtSpec> {
    let defaults = JwtSpec::default();
    let object = node.object()?;
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
    let object = node.object()?;
    let algorithms = object.field("algorithms", |node| node.some_list(algorithm));
    let (audiences, any_audience, claim_values) = audience(&object);
    let iss = object.required("issuer", |node| node.parsed(IssuerName::parse));
    let keys = object.required("keys", |node| keys::keys(node, algorithms.clone(), iss.as_ref()));
    let name = object.field("name", |node| node.some_text()).map(str::to_owned);
    let audience_claims = paths(&object, "audience_claims", &["aud"]);
    let clock_skew = object.field("clock_skew", |node| node.duration()).unwrap_or(30.0);
    let max_lifetime = object.field("max_lifetime", |node| node.duration());
    let require_claims = paths(&object, "require_claims", &["sub"]);
    let token_types = object
        .field("token_types", |node| node.some_list(token_type))
        .unwrap_or_else(|| vec!["jwt".into(), "at+jwt".into()]);
    let tenant = object.field("tenant", tenant).unwrap_or_default();
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

fn audience(object: &Object<'_, '_>) -> Audience {
    let audiences = object.field("audiences", |node| match node.value {
        Value::Array(items) if items.is_empty() => {
            node.error("must not be empty; name at least one")
        }
        _ => texts(node),
    });
    let read = object.field("claim_values", |node| {
        let empty = node.value.as_object().is_some_and(Map::is_empty);
        let values =
            node.entries(|name, node| Some((ClaimPath::parse(name), node.some_list(scalar)?)));
        Some((empty, values.unwrap_or_default()))
    });
    let (no_values, claim_values) = read.unwrap_or((true, Vec::new()));
    let any = object.field("any_audience", |node| {
        let any = node.flag()?;
        if any && object.has("audiences") {
            return node.error("contradicts audiences; give one of them");
        }
        if any && no_values {
            return node
                .error("accepts tokens made for anybody; it needs claim_values that tell yours");
        }
        Some(any)
    });
    // Where it was a mistake, that was told already.
    let any = object.has("any_audience") && any != Some(false);
    (audiences, any, claim_values)
}

fn scalar(node: Node<'_, '_>) -> Option<Value> {
    match node.value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(node.value.clone()),
        _ => node.error("must be text, a number, true or false"),
    }
}

fn algorithm(node: Node<'_, '_>) -> Option<Algorithm> {
    match Algorithm::parse(node.text()?) {
        Some(algorithm) => Some(algorithm),
        None => node.error("must be RS, PS, ES or HS with 256, 384 or 512, or EdDSA"),
    }
}

fn token_type(node: Node<'_, '_>) -> Option<String> {
    let lower = node.some_text()?.to_ascii_lowercase();
    Some(lower.strip_prefix("application/").unwrap_or(&lower).to_owned())
}

fn tenant(node: Node<'_, '_>) -> Option<TenantSpec> {
    let object = node.object()?;
    // What couldn't be read is there all the same.
    let given = |name: &str| object.has(name).then(Vec::new);
    let spec = TenantSpec {
        claims: object.field("claims", |node| node.some_list(path)),
        fixed: object.field("fixed", |node| node.some_text()).map(str::to_owned),
        acts_for: object.field("acts_for", |node| match node.value {
            Value::String(text) if text == "any" => Some(ActsForSpec::Any),
            Value::Array(_) => texts(node).map(ActsForSpec::List),
            _ => node.error("must be any, or a list of tenants"),
        }),
        subjects: object
            .field("subjects", |node| {
                node.entries(|subject, node| Some((subject.into(), node.some_text()?.into())))
            })
            .unwrap_or_default(),
        allow: object.field("allow", texts).or_else(|| given("allow")),
        any_tenant: object
            .field("any_tenant", |node| node.flag())
            .unwrap_or_else(|| object.has("any_tenant")),
    };
    let sources = object.count(&["claims", "fixed", "acts_for"]);
    let bounded = object.count(&["allow", "any_tenant"]) > 0;
    object.close();
    let subjects = node.value.get("subjects");
    let no_subjects = subjects.is_none_or(|value| value.as_object().is_some_and(Map::is_empty));
    let tell = |problem: &str| node.context.problems.error(node.at, problem);
    if sources > 1 {
        tell("must have one of claims, fixed and acts_for");
    }
    if sources == 0 && no_subjects {
        tell(if bounded {
            "must have one of claims, fixed and acts_for, or subjects; allow and any_tenant only say how far they reach"
        } else {
            "must have one of claims, fixed and acts_for, or subjects"
        });
    }
    if spec.allow.is_some() && spec.any_tenant {
        tell("must have allow or any_tenant, not both");
    }
    if spec.fixed.is_some() && (spec.allow.is_some() || spec.any_tenant) {
        tell("fixed names the one tenant; take allow and any_tenant out");
    }
    Some(spec)
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
    let object = node.object()?;
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

fn path(node: Node<'_, '_>) -> Option<ClaimPath> {
    node.some_text().map(ClaimPath::parse)
}

pub(super) fn texts(node: Node<'_, '_>) -> Option<Vec<String>> {
    node.some_list(|node| node.some_text().map(str::to_owned))
}
