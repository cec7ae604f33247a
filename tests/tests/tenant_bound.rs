//! Which tenant a request is for where credentials are bound to tenants.

mod common;

use common::{Fleet, Session, idp, key_entry};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Request};

const WEB_KEY: &str = "key-of-acme-web";
const LOOSE_KEY: &str = "key-of-nobody";

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()));

/// Every kind of binding, on routes of every strictness that goes with bindings.
fn document() -> Value {
    let route = |name: &str, tenancy: Value| {
        let paths = [format!("/{name}/**"), format!("/v1/orgs/*/{name}")];
        json!({"match": {"path": paths}, "tenancy": tenancy})
    };
    json!({
        "version": 1,
        "jwt": {"issuers": [
            idp("claims").config(json!({"tenant": {
                "claims": ["tenant", "org.id"], "allow": ["acme", "globex", "default-not"]}})),
            idp("fixed").config(json!({"tenant": {"fixed": "acme"}})),
            idp("subjects").config(json!({"tenant": {"subjects": {"alice": "acme"}}})),
            idp("both").config(json!({"tenant": {
                "claims": ["tenant"], "subjects": {"alice": "acme"}, "any_tenant": true}})),
            idp("any").config(json!({"tenant": {"acts_for": "any", "any_tenant": true}})),
            idp("some").config(json!({"tenant": {"acts_for": ["acme", "globex"]}})),
        ]},
        "api_keys": {"keys": [key_entry("loose", LOOSE_KEY)]},
        "tenants": [
            {"id": "acme", "aliases": ["org_9fXk"], "clients": [
                {"id": "web", "keys": [key_entry("web-1", WEB_KEY)]}]},
            {"id": "globex"},
            {"id": "initech"},
            {"id": "owned", "issuers": [idp("own").config(json!({}))]},
        ],
        "tenancy": {"assertions": [
            {"path": "/v1/orgs/{tenant}/**"}, {"host": "{tenant}.api.test"}, {"query": "org"}]},
        "routes": [
            route("strict", json!({})),
            route("lax", json!({"strict": false})),
            route("ignore", json!({"strict": false, "trust_header": "ignore"})),
            {"match": {"path": "/optional"}, "auth": "optional", "tenancy": {"strict": false}},
            {"match": {"path": "/none"}, "tenancy": "none"},
        ],
    })
}

const ROUTES: [&str; 3] = ["strict", "lax", "ignore"];

/// Where a request names a tenant.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Header,
    Path,
    Host,
    Query,
}

const PLACES: [Place; 4] = [Place::Header, Place::Path, Place::Host, Place::Query];

fn silent(route: &str) -> Request {
    Request::get(format!("/{route}/things"))
}

fn asserting(route: &str, place: Place, tenant: &str) -> Request {
    match place {
        Place::Header => silent(route).tenant(tenant),
        Place::Path => Request::get(format!("/v1/orgs/{tenant}/{route}")),
        Place::Host => silent(route).host(format!("{tenant}.api.test")),
        Place::Query => Request::get(format!("/{route}/things?a=b&org={tenant}")),
    }
}

/// Adds a credential to a request.
type Credential = (&'static str, Box<dyn Fn(Request) -> Request + Sync>);

fn token(name: &'static str, issuer: &str, claims: Value) -> Credential {
    let token = idp(issuer).token(claims);
    (name, Box::new(move |request| request.bearer(&token)))
}

fn key(name: &'static str, key: &'static str) -> Credential {
    (name, Box::new(move |request| request.api_key(key)))
}

#[test]
fn a_bound_credential_is_its_tenants_and_nobody_elses() {
    let bound = [
        (token("claim", "claims", json!({"tenant": "acme"})), "acme"),
        (token("claim by path", "claims", json!({"org": {"id": "globex"}})), "globex"),
        (token("claim by alias", "claims", json!({"tenant": "org_9fXk"})), "acme"),
        (token("list of one", "claims", json!({"tenant": ["acme", "org_9fXk", "acme"]})), "acme"),
        (token("fixed", "fixed", json!({"tenant": "globex"})), "acme"),
        (token("subject", "subjects", json!({"sub": "alice"})), "acme"),
        (token("agreeing", "both", json!({"sub": "alice", "tenant": "acme"})), "acme"),
        (
            token("agreeing list", "both", json!({"sub": "alice", "tenant": ["globex", "acme"]})),
            "acme",
        ),
        (token("own issuer", "own", json!({"tenant": "acme"})), "owned"),
        (key("bound key", WEB_KEY), "acme"),
    ];
    FLEET.everywhere(|session| {
        for ((_, credential), tenant) in &bound {
            for route in ROUTES {
                session.allowed_as(credential(silent(route)), tenant);
                for place in PLACES {
                    let mut asserted = |name: &str, code: Option<&str>| {
                        let request = credential(asserting(route, place, name));
                        let unread = route == "ignore" && place == Place::Header;
                        match code.filter(|_| !unread) {
                            None => session.allowed_as(request, tenant),
                            Some(code) => session.refused(request, 403, code),
                        };
                    };
                    asserted(tenant, None);
                    asserted("initech", Some("tenant_mismatch"));
                    asserted("default", Some("tenant_reserved"));
                }
            }
        }
    });
}

#[test]
fn a_credential_of_several_tenants_asks_its_caller_to_choose() {
    let several = [
        (token("list", "claims", json!({"tenant": ["acme", "globex", "acme"]})), false),
        (token("acts for some", "some", json!({})), false),
        (token("acts for any", "any", json!({})), true),
    ];
    FLEET.everywhere(|session| {
        for ((_, credential), any) in &several {
            for route in ROUTES {
                session.refused(credential(silent(route)), 403, "tenant_choice_required");
                for place in PLACES {
                    let asserted = |tenant: &str| credential(asserting(route, place, tenant));
                    if route == "ignore" && place == Place::Header {
                        session.refused(asserted("acme"), 403, "tenant_choice_required");
                        continue;
                    }
                    session.allowed_as(asserted("acme"), "acme");
                    session.allowed_as(asserted("globex"), "globex");
                    session.refused(asserted("default"), 403, "tenant_reserved");
                    match any {
                        true => session.allowed_as(asserted("initech"), "initech"),
                        false => session.refused(asserted("initech"), 403, "tenant_mismatch"),
                    };
                }
            }
            // An assertion may use an alias too.
            session.allowed_as(credential(silent("strict").tenant("org_9fXk")), "acme");
        }
    });
}

#[test]
fn an_unbound_credential_reaches_no_tenant_that_it_names() {
    let unbound = [
        token("no claim", "claims", json!({})),
        token("empty claim", "claims", json!({"tenant": ""})),
        token("null claim", "claims", json!({"tenant": null})),
        token("blank claim", "claims", json!({"tenant": "  ", "org": {"id": null}})),
        token("empty list", "claims", json!({"tenant": []})),
        token("no subject of the list", "subjects", json!({"sub": "Alice"})),
        key("unbound key", LOOSE_KEY),
    ];
    FLEET.everywhere(|session| {
        for (_, credential) in &unbound {
            session.refused(credential(silent("strict")), 403, "tenant_required");
            session.allowed_as(credential(silent("lax")), "default");
            session.allowed_as(credential(silent("ignore")), "default");
            for place in PLACES {
                let asserted = |route: &str, name: &str| credential(asserting(route, place, name));
                session.refused(asserted("strict", "acme"), 403, "tenant_required");
                session.refused(asserted("strict", "default"), 403, "tenant_reserved");
                session.refused(asserted("lax", "acme"), 403, "tenant_header_untrusted");
                session.refused(asserted("lax", "default"), 403, "tenant_reserved");
                match place {
                    Place::Header => session.allowed_as(asserted("ignore", "acme"), "default"),
                    _ => {
                        session.refused(asserted("ignore", "acme"), 403, "tenant_header_untrusted")
                    }
                };
            }
            let without = session.allowed(credential(Request::get("/none").tenant("acme")));
            assert_eq!(without.echoed_value("x-tenant-id"), None);
        }
        // Nobody, where nobody is let in.
        session.allowed_as(Request::get("/optional"), "default");
        session.refused(Request::get("/optional").tenant("acme"), 403, "tenant_header_untrusted");
        session.refused(Request::get("/optional").tenant("Default"), 403, "tenant_reserved");
        session.refused(silent("lax"), 401, "credentials_missing");
    });
}

#[test]
fn the_reserved_name_is_refused_wherever_it_is_named() {
    FLEET.everywhere(|session| {
        for name in ["default", "Default", "DEFAULT"] {
            for claim in [json!(name), json!([name]), json!(["acme", name])] {
                let token = idp("both").token(json!({"tenant": claim}));
                session.refused(silent("strict").bearer(&token), 403, "tenant_reserved");
                session.refused(
                    silent("lax").tenant("acme").bearer(&token),
                    403,
                    "tenant_reserved",
                );
            }
            session.refused(silent("strict").tenant(name).api_key(WEB_KEY), 403, "tenant_reserved");
        }
        // Only the whole name is reserved.
        let token = idp("claims").token(json!({"tenant": "default-not"}));
        session.refused(silent("strict").bearer(&token), 403, "tenant_unknown");
    });
}

#[test]
fn everything_that_names_a_tenant_must_agree() {
    let list = idp("claims").token(json!({"tenant": ["acme", "globex"]}));
    let apart = idp("both").token(json!({"sub": "alice", "tenant": "globex"}));
    FLEET.everywhere(|session: &mut Session<'_>| {
        let all = |header: &str, path: &str, host: &str, query: &str| {
            let path = format!("/v1/orgs/{path}/strict?org={query}");
            Request::get(path).host(format!("{host}.api.test")).tenant(header)
        };
        session.allowed_as(all("acme", "acme", "acme", "acme").bearer(&list), "acme");
        session.allowed_as(all("globex", "globex", "globex", "globex").bearer(&list), "globex");
        session.allowed_as(all("org_9fXk", "acme", "ACME", "%61cme").bearer(&list), "acme");
        for (header, path, host, query) in [
            ("acme", "globex", "globex", "globex"),
            ("globex", "acme", "globex", "globex"),
            ("globex", "globex", "acme", "globex"),
            ("globex", "globex", "globex", "acme"),
        ] {
            let request = || all(header, path, host, query);
            session.refused(request().bearer(&list), 403, "tenant_mismatch");
            session.refused(request().api_key(WEB_KEY), 403, "tenant_mismatch");
        }
        // Disagreement goes before strictness and trust.
        let apart_places = || silent("lax").tenant("acme").host("globex.api.test");
        session.refused(apart_places().api_key(LOOSE_KEY), 403, "tenant_mismatch");
        // Case counts, but in hosts.
        session.refused(silent("strict").tenant("Acme").api_key(WEB_KEY), 403, "tenant_mismatch");
        // So it does for what two claims of one token say.
        session.refused(silent("strict").bearer(&apart), 403, "tenant_mismatch");
        session.refused(silent("strict").tenant("acme").bearer(&apart), 403, "tenant_mismatch");
    });
}

#[test]
fn the_first_fault_decides() {
    let claims = |tenant: Value| idp("claims").token(json!({"tenant": tenant}));
    let acts_for = idp("some").token(json!({}));
    FLEET.everywhere(|session| {
        let get = |token: &str| silent("strict").bearer(token);
        // verify, malformed, not allowed, reserved, mismatch, choice, strict, trust
        let expired = idp("claims").token(json!({"tenant": "a b", "exp": 1}));
        session.refused(get(&expired).tenant("a b"), 401, "token_expired");
        let malformed = claims(json!(["initech", "a b"]));
        session.refused(get(&malformed).tenant("default"), 400, "tenant_malformed");
        let foreign = claims(json!("initech"));
        session.refused(get(&foreign).tenant("a b"), 400, "tenant_malformed");
        session.refused(get(&foreign), 403, "tenant_not_allowed");
        session.refused(get(&foreign).tenant("initech"), 403, "tenant_not_allowed");
        session.refused(get(&foreign).tenant("default"), 403, "tenant_not_allowed");
        let list = claims(json!(["acme", "initech"]));
        session.refused(get(&list).tenant("acme"), 403, "tenant_not_allowed");
        let apart = |token: &str| get(token).tenant("initech").host("globex.api.test");
        session.refused(apart(&acts_for), 403, "tenant_mismatch");
        let reserved = get(&acts_for).tenant("initech").host("default.api.test");
        session.refused(reserved, 403, "tenant_reserved");
        session.refused(apart(&claims(json!(null))), 403, "tenant_mismatch");
        // An issuer that may name any tenant doesn't reach one with issuers of its own.
        for request in [
            get(&idp("both").token(json!({"tenant": "owned"}))),
            get(&idp("any").token(json!({}))).tenant("owned"),
        ] {
            session.refused(request, 403, "tenant_not_allowed");
        }
    });
}
