//! The whole policy against another one, written to be plainly right: it reads
//! the document itself, knows no types and looks everything up by trying.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::policy_cases::{Caller, OWN, caller, document};
use crate::load;
use crate::testing::{NoEnvironment, decide_from, words};

type Set = BTreeSet<String>;

/// What is asked of the document, by the path that it is written at.
struct Reference<'d> {
    document: &'d Value,
    caller: &'d Caller,
}

fn texts(list: &Value) -> Set {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn by_id<'v>(list: &'v Value, id: &str) -> &'v Value {
    list.as_array().into_iter().flatten().find(|item| item["id"] == id).unwrap_or(&Value::Null)
}

/// Whether an address is meant by a rule, for the few that there are.
fn means(rule: &str, address: &str) -> bool {
    match rule {
        "10.0.0.1" => address == "10.0.0.1",
        "10.0.0.0/8" => address.starts_with("10."),
        "10.0.*.*" => address.starts_with("10.0."),
        "192.0.2.1-192.0.2.9" => address == "192.0.2.5",
        "*" => true,
        other => panic!("{other}"),
    }
}

impl Reference<'_> {
    fn claim(&self, name: &str) -> Option<&str> {
        self.caller.claims.as_ref()?[name].as_str()
    }

    fn has_own_token(&self) -> bool {
        self.claim("iss") == Some(OWN)
    }

    /// The client that the key belongs to: all but one are acme's.
    fn key_client(&self) -> Option<&str> {
        self.caller.key.filter(|key| *key != "bare")
    }

    fn key(&self) -> &Value {
        match (self.caller.key, self.key_client()) {
            (None, _) => &Value::Null,
            (Some(_), Some(client)) => &self.client(client)["keys"][0],
            (Some(_), None) => &self.document["api_keys"]["keys"][0],
        }
    }

    /// The tenant; `None` where the credentials name two.
    fn tenant(&self) -> Option<String> {
        let mut named = Set::new();
        named.extend(self.claim("tenant").map(str::to_owned));
        if self.has_own_token() || self.key_client().is_some() {
            named.insert("acme".to_owned());
        }
        match named.len() {
            0 => Some("default".to_owned()),
            1 => named.pop_first(),
            _ => None,
        }
    }

    fn client(&self, id: &str) -> &Value {
        by_id(&by_id(&self.document["tenants"], "acme")["clients"], id)
    }

    /// Listed clients of the tenant that the caller is of.
    fn clients(&self, tenant: &str) -> Set {
        let named = [self.key_client(), self.claim("client_id")];
        let named = named.into_iter().flatten();
        named
            .filter(|id| tenant == "acme" && !self.client(id).is_null())
            .map(str::to_owned)
            .collect()
    }

    /// A tenant's setting: its own, or else the default; `None` says nothing.
    fn tenant_says(&self, tenant: &str, field: &str) -> Option<&Value> {
        let own = match tenant {
            "default" => &self.document["tenancy"]["default"],
            listed => by_id(&self.document["tenants"], listed),
        };
        let own = own.get(field).or_else(|| self.document["tenant_defaults"].get(field));
        own.filter(|value| !value.is_null())
    }

    fn client_says(&self, client: &str, field: &str) -> Option<&Value> {
        self.client(client).get(field).filter(|value| !value.is_null())
    }

    fn state(&self, tenant: &str) -> Result<(), &'static str> {
        let listed = by_id(&self.document["tenants"], tenant);
        if tenant != "default" {
            if listed.is_null() && self.document["tenancy"]["unknown"] == "deny" {
                return Err("tenant_unknown tenant");
            }
            let starts = self.document["tenancy"]["start"] == "active";
            if !listed.is_null() && !listed["active"].as_bool().unwrap_or(starts) {
                return Err("tenant_inactive tenant");
            }
        }
        let clients = self.clients(tenant);
        if clients.iter().any(|id| self.client(id)["active"] == false) {
            return Err("client_inactive client");
        }
        let known = self.claim("client_id").is_some_and(|id| clients.contains(id));
        let asked = self.document["tenancy"]["unknown_clients"] == "deny";
        if asked && self.caller.claims.is_some() && !known {
            return Err("client_unknown client");
        }
        Ok(())
    }

    fn address(&self, tenant: &str) -> Result<(), &'static str> {
        let refuses = |rules: Option<&Value>| {
            let meant = |rule: &String| self.caller.address.is_some_and(|ip| means(rule, ip));
            rules.is_some_and(|rules| !texts(rules).iter().any(meant))
        };
        if refuses(self.document["routes"][0].get("ip")) {
            return Err("ip_refused route");
        }
        if refuses(self.tenant_says(tenant, "ip")) {
            return Err("ip_refused tenant");
        }
        if self.clients(tenant).iter().any(|id| refuses(self.client_says(id, "ip"))) {
            return Err("ip_refused client");
        }
        if refuses(self.key().get("ip")) {
            return Err("ip_refused key");
        }
        Ok(())
    }

    fn folded(&self, role: &str) -> String {
        let ignore = self.document["role_case"] == "ignore";
        if ignore { role.to_ascii_lowercase() } else { role.to_owned() }
    }

    /// Roles with what they include, one round after the other until nothing
    /// is new.
    fn with_included(&self, roles: &Set) -> Set {
        let mut all: Set = roles.iter().map(|role| self.folded(role)).collect();
        loop {
            let included = |role: &String| texts(&self.document["roles"][role]["includes"]);
            let next: Set = all.iter().flat_map(included).chain(all.iter().cloned()).collect();
            if next == all {
                return all;
            }
            all = next;
        }
    }

    /// What one credential has, by its own ceilings.
    fn part(&self, tenant: &str, by_token: bool) -> (Set, BTreeSet<&'static str>) {
        let issuer = match self.has_own_token() {
            true => &by_id(&self.document["tenants"], "acme")["issuers"][0],
            false => &self.document["jwt"]["issuers"][0],
        };
        let client = if by_token { self.claim("client_id") } else { self.key_client() };
        let client = client.filter(|id| self.clients(tenant).contains(*id));
        let ceilings = |field: &'static str| {
            let of_issuer = issuer.get(field).filter(|_| by_token);
            let of_client = client.and_then(|id| self.client_says(id, field));
            [self.tenant_says(tenant, field), of_client, of_issuer].into_iter().flatten()
        };
        let (roles, scopes) = match (&self.caller.claims, by_token) {
            (Some(claims), true) => (texts(&claims["roles"]), texts(&claims["scope"])),
            _ => (texts(&self.key()["roles"]), texts(&self.key()["scopes"])),
        };
        let mut held = self.with_included(&roles);
        let named: Vec<Set> = ceilings("roles").map(texts).collect();
        held.retain(|role| named.iter().all(|names| self.with_included(names).contains(role)));
        // Its client an own provider names itself.
        let mut others = [self.tenant_says(tenant, "roles"), issuer.get("roles")].into_iter();
        if by_token && self.has_own_token() && others.all(|ceiling| ceiling.is_none()) {
            held.clear();
        }
        let wild = texts(&self.document["wildcard_scopes"]);
        let mut has = BTreeSet::new();
        for scope in ["a", "b", "c", "all", "never"] {
            let every = |scope: &String| if by_token { wild.contains(scope) } else { scope == "*" };
            let carried = scopes.contains(scope) || scopes.iter().any(every);
            let granted = held.iter().any(|role| {
                let grants = texts(&self.document["roles"][role]["scopes"]);
                grants.contains(scope) || grants.contains("*")
            });
            let allowed =
                |names: &Value| texts(names).contains(scope) || texts(names).contains("*");
            if (carried || granted) && ceilings("scopes").all(allowed) {
                has.insert(scope);
            }
        }
        (held, has)
    }

    /// What becomes of the caller: roles and scopes of one that is allowed.
    fn decide(&self) -> Result<(Set, BTreeSet<&'static str>), &'static str> {
        let tenant = self.tenant().ok_or("tenant_mismatch")?;
        self.state(&tenant)?;
        self.address(&tenant)?;
        let (mut roles, mut scopes) = (Set::new(), BTreeSet::new());
        for by_token in [true, false] {
            let there =
                if by_token { self.caller.claims.is_some() } else { self.caller.key.is_some() };
            if there {
                let (more_roles, more_scopes) = self.part(&tenant, by_token);
                roles.extend(more_roles);
                scopes.extend(more_scopes);
            }
        }
        let route = &self.document["routes"][0];
        if texts(&route["scopes"]).iter().any(|scope| !scopes.contains(scope.as_str())) {
            return Err("scope_missing route");
        }
        let asked = texts(&route["roles"]);
        if !asked.is_empty() && !asked.iter().any(|role| roles.contains(role)) {
            return Err("role_missing route");
        }
        Ok((roles, scopes))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_policy_is_what_the_reference_makes_of_the_document(
        document in document(), callers in prop::collection::vec(caller(), 4)
    ) {
        let text = document.to_string();
        let guard = load(text.as_bytes(), &NoEnvironment).unwrap().guard;
        for caller in &callers {
            let reference = Reference { document: &document, caller };
            let request = caller.request();
            let decision = decide_from(&guard, &request, caller.address);
            let (roles, scopes) = match reference.decide() {
                Ok(allowed) => allowed,
                Err(refusal) => {
                    prop_assert_eq!(words(&decision), refusal, "{:?}", caller);
                    continue;
                }
            };
            prop_assert_eq!(words(&decision), "allow", "{:?}", caller);
            let sent = request.changed(&decision);
            let told = |name: &str, mark: &str| -> Set {
                let value = sent.value(name).unwrap_or_default();
                value.split(mark).filter(|item| !item.is_empty()).map(str::to_owned).collect()
            };
            let told_roles = told("x-roles", ",");
            prop_assert_eq!(reference.with_included(&told_roles), roles, "{:?}", caller);
            // Every scope may be told by what stands for it.
            let told_scopes = told("x-scopes", " ");
            let every = told_scopes.contains("*") || scopes.contains("never");
            for scope in ["a", "b", "c", "all"] {
                let known = told_scopes.contains(scope);
                prop_assert!(!known || scopes.contains(scope), "{} {:?}", scope, caller);
                prop_assert!(every || known == scopes.contains(scope), "{} {:?}", scope, caller);
            }
            prop_assert_eq!(sent.value("x-tenant-id"), reference.tenant());
        }
    }
}
