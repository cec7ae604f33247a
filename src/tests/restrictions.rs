//! One more restriction anywhere never lets in whom the document refused.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::policy_cases::{Caller, OWN, ROLES, RULES, SCOPES, caller, document};
use crate::testing::{NoEnvironment, decide_from, words};
use crate::{Guard, load};

/// Where tenants, clients, keys, issuers and routes stand in the documents,
/// with what each may say.
const PLACES: [(&str, &[&str]); 13] = [
    ("/routes/0", &["ip", "scopes", "roles"]),
    ("/tenant_defaults", &["ip", "scopes", "roles", "limits"]),
    ("/tenancy/default", &["ip", "scopes", "roles", "limits"]),
    ("/tenants/0", &["ip", "scopes", "roles", "limits", "active"]),
    ("/tenants/1", &["ip", "scopes", "roles", "limits", "active"]),
    ("/tenants/0/clients/0", &["ip", "scopes", "roles", "limits", "active"]),
    ("/tenants/0/clients/1", &["ip", "scopes", "roles", "limits", "active"]),
    ("/tenants/0/clients/0/keys/0", &["ip", "scopes", "roles", "limits", "active"]),
    ("/tenants/0/clients/1/keys/0", &["ip", "scopes", "roles", "limits", "active"]),
    ("/api_keys/keys/0", &["ip", "scopes", "roles", "limits", "active"]),
    ("/jwt/issuers/0", &["scopes", "roles"]),
    ("/tenants/0/issuers/0", &["scopes", "roles"]),
    // Who may ask for clients that aren't listed.
    ("/tenancy", &["unknown", "unknown_clients", "start"]),
];

/// A choice of place, field and value.
#[derive(Debug, Clone)]
struct Restriction {
    place: &'static str,
    field: &'static str,
    choice: usize,
}

fn restriction() -> impl Strategy<Value = Restriction> {
    let all = PLACES.iter().flat_map(|(place, fields)| fields.iter().map(|field| (*place, *field)));
    (prop::sample::select(all.collect::<Vec<_>>()), 0usize..12)
        .prop_map(|((place, field), choice)| Restriction { place, field, choice })
}

impl Restriction {
    fn is_of_a_key(&self) -> bool {
        self.place.contains("keys")
    }

    fn names(&self) -> &'static [&'static str] {
        match self.field {
            "ip" => &RULES,
            "scopes" => &SCOPES,
            _ => &ROLES,
        }
    }

    /// The document with the restriction; `None` where it would be none.
    fn on(&self, document: &Value) -> Option<Value> {
        let mut restricted = document.clone();
        let has_default = document["tenant_defaults"].get(self.field).is_some_and(|d| !d.is_null());
        let has_default =
            has_default && ["/tenants/0", "/tenants/1", "/tenancy/default"].contains(&self.place);
        let place = restricted.pointer_mut(self.place)?;
        let now = place.get(self.field).cloned();
        let new = match (self.field, now) {
            ("active", _) => json!(false),
            ("unknown" | "unknown_clients", _) => json!("deny"),
            ("start", _) => json!("inactive"),
            // A limit of its own replaces no other: there are none.
            ("limits", _) => {
                json!({"requests": if self.choice.is_multiple_of(2) { "0/min" } else { "9/min" }})
            }
            (_, Some(Value::Array(list))) => self.narrowed(list)?,
            // A tenant's own list replaces the default: it may be wider.
            (_, None) if has_default => return None,
            // Nothing is fewer scopes or roles than a key has.
            ("scopes" | "roles", _) if self.is_of_a_key() => return None,
            _ => json!([self.names()[self.choice % self.names().len()]]),
        };
        // What no route may ask for.
        if self.place == "/routes/0"
            && new.as_array().is_some_and(|list| list.contains(&json!("*")))
            && self.field != "ip"
        {
            return None;
        }
        place[self.field] = new;
        Some(restricted)
    }

    /// A list that allows less: one name fewer, but for what a route asks all
    /// of, one more.
    fn narrowed(&self, mut list: Vec<Value>) -> Option<Value> {
        if (self.place, self.field) == ("/routes/0", "scopes") {
            let more = json!(self.names()[self.choice % 2]);
            list.push(more);
            return Some(list.into());
        }
        let at = self.choice.checked_rem(list.len())?;
        list.remove(at);
        // A route without roles asks for none.
        let asks_nothing = self.place == "/routes/0" && self.field == "roles" && list.is_empty();
        (!asks_nothing).then(|| list.into())
    }

    /// Whether it names roles that a tenant's own provider may speak of from
    /// now on: there, and only there, a ceiling gives.
    fn gives(&self, document: &Value, caller: &Caller) -> bool {
        let own = caller.claims.as_ref().is_some_and(|claims| claims["iss"] == OWN);
        let said = document.pointer(self.place).and_then(|place| place.get(self.field));
        own && self.field == "roles"
            && said.is_none_or(Value::is_null)
            && !self.is_of_a_key()
            && self.place != "/routes/0"
    }
}

fn guard(document: &Value) -> Option<Guard> {
    load(document.to_string().as_bytes(), &NoEnvironment).ok().map(|loaded| loaded.guard)
}

fn result(guard: &Guard, caller: &Caller) -> String {
    words(&decide_from(guard, &caller.request(), caller.address))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_restriction_lets_nobody_in(
        document in document(), restriction in restriction(),
        callers in prop::collection::vec(caller(), 4)
    ) {
        let Some(restricted) = restriction.on(&document) else { return Ok(()) };
        let Some(narrow) = guard(&restricted) else {
            panic!("{restriction:?} {restricted}");
        };
        let wide = guard(&document).unwrap();
        for caller in callers.iter().filter(|caller| !restriction.gives(&document, caller)) {
            let (before, after) = (result(&wide, caller), result(&narrow, caller));
            prop_assert!(before == "allow" || after != "allow", "{} {:?}", before, caller);
        }
    }
}
