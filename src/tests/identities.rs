//! Two identities never look alike to the application.

use proptest::prelude::*;
use serde_json::json;

use crate::identity::HeaderValues;
use crate::testing::{Request, decide, guard, jwt, key, token};
use crate::{Decision, Verdict};

#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    tenant: String,
    subject: Option<String>,
    client: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
}

impl Identity {
    fn token(&self) -> Request {
        let mut claims = json!({"tenant": self.tenant, "roles": self.roles, "scope": self.scopes});
        let own = claims.as_object_mut().unwrap();
        own.insert("who".into(), json!(self.subject));
        own.insert("client_id".into(), json!(self.client));
        Request::get("/").bearer(&token(claims))
    }
}

/// Characters that separate, escape or are escaped, and what they become.
const TEXT: &str = "[a2C,% ;=\u{e9}\n\\\\]{1,4}";
const SCOPE: &str = "[a2C,%;=\u{e9}\n\\\\]{1,3}";

fn distinct(items: Vec<String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}

prop_compose! {
    fn identity()(
        tenant in "[a2C][a2C.:_-]{0,2}",
        subject in prop::option::of(TEXT),
        client in prop::option::of(TEXT),
        roles in prop::collection::vec(TEXT, 0..3),
        scopes in prop::collection::vec(SCOPE, 0..3),
    ) -> Identity {
        Identity { tenant, subject, client, roles: distinct(roles), scopes: distinct(scopes) }
    }
}

/// The same with one part taken from another, so that most of it is alike.
fn alike() -> impl Strategy<Value = (Identity, Identity)> {
    (identity(), identity(), 0..6).prop_map(|(mine, other, part)| {
        let mut theirs = mine.clone();
        match part {
            0 => theirs.tenant = other.tenant,
            1 => theirs.subject = other.subject,
            2 => theirs.client = other.client,
            3 => theirs.roles = other.roles,
            4 => theirs.scopes = other.scopes,
            _ => (theirs.subject, theirs.client) = (mine.client.clone(), mine.subject.clone()),
        }
        (mine, theirs)
    })
}

fn told(decision: &Decision) -> HeaderValues {
    assert_eq!(decision.verdict, Verdict::Allow, "{:?}", decision.denial);
    let mut told = decision.changes.set.clone();
    told.sort();
    told
}

proptest! {
    #[test]
    fn two_tokens_look_alike_only_where_they_are_alike((mine, theirs) in alike()) {
        let guard = guard(jwt(json!({
            "tenant": {"claims": ["tenant"]}, "claims": {"subject": "who"}
        })));
        let [mine_told, theirs_told] =
            [&mine, &theirs].map(|identity| told(&decide(&guard, &identity.token())));
        prop_assert_eq!(mine_told == theirs_told, mine == theirs);
    }

    #[test]
    fn every_header_is_visible_ascii_and_there_once(identity in identity()) {
        let guard = guard(jwt(json!({
            "tenant": {"claims": ["tenant"]}, "claims": {"subject": "who"}
        })));
        let told = told(&decide(&guard, &identity.token()));
        for (name, value) in &told {
            let separates = |byte: u8| &**name == "x-scopes" && byte == b' ';
            prop_assert!(!value.is_empty());
            prop_assert!(value.iter().all(|&b| matches!(b, 0x21..=0x7e) || separates(b)));
        }
        prop_assert!(told.windows(2).all(|pair| pair[0].0 != pair[1].0));
    }

    #[test]
    fn two_keys_never_look_alike(
        ids in prop::array::uniform4("[a2C,% ;=\u{e9}]{1,3}"),
        roles in prop::collection::vec("[a2C,% \u{e9}]{1,3}", 0..3),
        scopes in prop::collection::vec("[a2C,%\u{e9}]{1,3}", 0..3),
    ) {
        let [client, id, other_client, other_id] = &ids;
        prop_assume!((client, id) != (other_client, other_id));
        let rights = json!({"roles": roles, "scopes": scopes});
        let (first, second) = (key(id, "one", rights.clone()), key(other_id, "two", rights));
        let clients = if client == other_client {
            json!([{"id": client, "keys": [first, second]}])
        } else {
            json!([{"id": client, "keys": [first]}, {"id": other_client, "keys": [second]}])
        };
        let guard = guard(json!({"tenants": [{"id": "acme", "clients": clients}]}));
        let [one, two] =
            ["one", "two"].map(|k| told(&decide(&guard, &Request::get("/").with("x-api-key", k))));
        prop_assert_ne!(one, two);
    }
}

#[test]
fn a_token_and_a_key_of_one_client_differ() {
    let keys = json!([key("k", "sesame", json!({}))]);
    let mut document = jwt(json!({"tenant": {"fixed": "acme"}, "claims": {"subject": null}}));
    document["tenants"] = json!([{"id": "acme", "clients": [{"id": "web", "keys": keys}]}]);
    let guard = guard(document);
    let by_token = Request::get("/").bearer(&token(json!({"client_id": "web"})));
    let by_key = Request::get("/").with("x-api-key", "sesame");
    assert_ne!(told(&decide(&guard, &by_token)), told(&decide(&guard, &by_key)));
}
