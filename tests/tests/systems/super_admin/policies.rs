//! What a verified caller may do: the state of its tenant and client, then
//! addresses, then scopes.

use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Issuer, now};

use super::super::{Case, refused, told};
use super::{
    BY_KEY, MOBILE_1, PLANNER_1, PLANNER_ALL, RETIRED_1, SHOP_1, acme, admin, globex, internal,
    partner,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = tenants();
    cases.extend(addresses());
    cases.extend(scopes());
    cases
}

fn tenants() -> Vec<Case> {
    let path = "/generate/menu";
    let claims = |issuer: &Issuer, more: Value| Request::get(path).bearer(issuer.token(more));
    let foreign = Issuer { key: globex().key, ..acme() };
    let long = json!({"client_id": "planner", "exp": now() + 7200});
    vec![
        refused("a key of an inactive tenant", internal(path, SHOP_1), 403, "tenant_inactive"),
        refused(
            "a token of an inactive tenant",
            claims(&globex(), json!({"client_id": "shop", "scope": "all"})),
            403,
            "tenant_inactive",
        ),
        refused("state comes before scopes", internal("/qdrant/x", SHOP_1), 403, "tenant_inactive"),
        refused("an inactive client's key", internal(path, RETIRED_1), 403, "client_inactive")
            .level("client"),
        refused("no client", partner(path, json!({"client_id": null})), 403, "client_unknown"),
        refused(
            "a client that isn't acme's",
            partner(path, json!({"client_id": "shop"})),
            403,
            "client_unknown",
        ),
        refused(
            "another tenant's key signs nothing here",
            claims(&foreign, json!({})),
            401,
            "token_key_unknown",
        ),
        refused("a token that lives too long", claims(&acme(), long), 401, "token_claim_invalid"),
        refused(
            "another audience",
            partner(path, json!({"aud": "other"})),
            401,
            "token_audience_invalid",
        ),
        refused(
            "a key names no other tenant",
            internal(path, PLANNER_1).tenant("initech"),
            403,
            "tenant_mismatch",
        ),
        refused(
            "nobody is the super admin's tenant",
            internal(path, PLANNER_1).tenant("superadmin"),
            403,
            "tenant_reserved",
        ),
    ]
}

/// Hierarchical and cumulative: key, client and tenant must all allow it.
fn addresses() -> Vec<Case> {
    let path = "/generate/menu";
    let from = |key: &str, address: &str| internal(path, key).from(address);
    let by_all = [
        ("x-tenant-id", "acme"),
        ("x-client-id", "planner"),
        ("x-key-id", "planner-all"),
        ("x-scopes", "tenant meal_plan generate validate"),
        ("x-auth-method", "api_key"),
    ];
    vec![
        told("the range's last", from(PLANNER_1, "127.0.0.50"), &BY_KEY),
        refused("past the key's range", from(PLANNER_1, "127.0.0.51"), 403, "ip_refused")
            .level("key"),
        told("the key's one address", from(PLANNER_ALL, "127.0.0.10"), &by_all),
        refused("another than the key's", from(PLANNER_ALL, "127.0.0.11"), 403, "ip_refused")
            .level("key"),
        refused("outside the client's wildcard", from(PLANNER_1, "127.1.0.1"), 403, "ip_refused")
            .level("client"),
        refused("outside the tenant's network", from(PLANNER_1, "127.200.0.1"), 403, "ip_refused")
            .level("tenant"),
        refused(
            "any, for the client; not for its tenant",
            from(MOBILE_1, "127.200.0.1"),
            403,
            "ip_refused",
        )
        .level("tenant"),
        refused("a token's client", partner(path, json!({})).from("127.1.0.1"), 403, "ip_refused")
            .level("client"),
        refused(
            "addresses come before scopes",
            internal("/qdrant/x", PLANNER_1).from("127.200.0.1"),
            403,
            "ip_refused",
        ),
    ]
}

fn scopes() -> Vec<Case> {
    let all = json!({"scope": "all"});
    let by_all = [
        ("x-tenant-id", "acme"),
        ("x-user-id", "user-1"),
        ("x-client-id", "planner"),
        ("x-scopes", "tenant meal_plan generate validate"),
        ("x-auth-method", "jwt"),
    ];
    vec![
        told("a scope of the key", internal("/meal-plans/1", PLANNER_1), &BY_KEY),
        refused("one that the key lacks", internal("/validate/1", PLANNER_1), 403, "scope_missing"),
        told("a token with `all`", partner("/tenant/users", all.clone()), &by_all),
        refused(
            "`all`, but the client may not",
            partner("/versions/1", all.clone()),
            403,
            "scope_missing",
        ),
        refused("`all`, but the tenant may not", partner("/qdrant/1", all), 403, "scope_missing"),
        refused(
            "no scope at all",
            partner("/generate/1", json!({"scope": null})),
            403,
            "scope_missing",
        ),
        refused(
            "a path that no rule is about",
            internal("/other", PLANNER_ALL),
            403,
            "route_refused",
        ),
        refused("not even for the super admin", admin("/other"), 403, "route_refused"),
    ]
}
