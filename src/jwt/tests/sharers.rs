//! Several tenants' issuers with one `iss`, some with keys that are fetched.

use super::fetched::{fetched, outcome};
use super::*;
use crate::remote::{Outlook, SourceId, Standing};
use crate::testing::elsewhere::remote;

fn ed(kid: &str) -> Key {
    Key::seeded(Alg::EdDSA, kid, kid)
}

fn token(kid: &str) -> String {
    ed(kid).token(crate::testing::claims(json!({})))
}

/// Tenants `a` and `b` whose keys are fetched, and `c` with the key `c`; of
/// one provider. And where the keys of the first two are.
fn shared(more: Value) -> (Guard, SourceId, SourceId) {
    let at = |place: &str, fields: Value| {
        let uri = format!("https://idp.example/{place}");
        let mut issuer = remote(json!({"keys": {"jwks_uri": {"uri": uri}}}));
        issuer.as_object_mut().unwrap().remove("tenant");
        json!({"id": place, "issuers": [crate::testing::merged(issuer, fields)]})
    };
    let mut inline = at("c", json!({}));
    inline["issuers"][0]["keys"] = json!({"jwks": jwks(&[&ed("c")])});
    let document = json!({"tenants": [at("a", json!({})), at("b", json!({})), inline]});
    let guard = crate::testing::guard(crate::testing::merged(document, more));
    let of = |tenant: &str| {
        let mut issuers = guard.jwt.issuers().iter();
        let issuer = issuers
            .find(|issuer| issuer.owner.as_ref().is_some_and(|owner| owner.as_str() == tenant));
        issuer.unwrap().source_id().unwrap()
    };
    let (a, b) = (of("a"), of("b"));
    (guard, a, b)
}

fn set(guard: &mut Guard, id: SourceId, standing: Standing, keys: &[(&str, f64)]) {
    let keys: Vec<(Key, f64)> = keys.iter().map(|(kid, since)| (ed(kid), *since)).collect();
    guard
        .jwt
        .set_keys(id, fetched(&keys.iter().map(|(key, since)| (key, *since)).collect::<Vec<_>>()));
    guard.jwt.set_outlook(id, Outlook { standing, soon: false });
}

/// Whose a token is, or what else comes of it.
fn owner(guard: &Guard, kid: &str) -> String {
    let (host, mut cache) = (FixedHost::at(crate::testing::NOW), TokenCache::new(0, 0));
    let token = token(kid);
    let verified = guard.jwt.verify(token.as_bytes(), None, &guard.tenancy, &host, &mut cache);
    match verified {
        Ok(verified) => {
            let owners = verified.bounds.iter().filter_map(Bound::one);
            owners.map(|name| name.as_str().to_owned()).collect::<Vec<_>>().join(" ")
        }
        Err(_) => outcome(guard, &token),
    }
}

#[test]
fn a_kid_tells_whose_a_token_is() {
    let (mut guard, a, b) = shared(json!({}));
    set(&mut guard, a, Standing::Current, &[("ka", 10.0)]);
    set(&mut guard, b, Standing::Current, &[("kb", 20.0), ("kb2", 20.0)]);
    for (kid, whose) in
        [("ka", "a"), ("kb", "b"), ("kb2", "b"), ("c", "c"), ("x", "token_key_unknown")]
    {
        assert_eq!(owner(&guard, kid), whose, "{kid}");
    }
    // A key that moves is the other's from then on.
    set(&mut guard, a, Standing::Current, &[]);
    set(&mut guard, b, Standing::Current, &[("ka", 30.0)]);
    assert_eq!(owner(&guard, "ka"), "b");
    assert_eq!(owner(&guard, "kb"), "token_key_unknown");
}

#[test]
fn the_earlier_owner_of_a_kid_keeps_it() {
    for (since_a, since_b, whose) in [(10.0, 20.0, "a"), (20.0, 10.0, "b")] {
        for a_first in [true, false] {
            let (mut guard, a, b) = shared(json!({}));
            let mut both = [(a, since_a), (b, since_b)];
            if !a_first {
                both.reverse();
            }
            for (id, since) in both {
                set(&mut guard, id, Standing::Current, &[("k", since)]);
            }
            assert_eq!(owner(&guard, "k"), whose, "{since_a} {since_b} {a_first}");
        }
    }
    // A key of the configuration was always there.
    let (mut guard, a, _) = shared(json!({}));
    set(&mut guard, a, Standing::Current, &[("c", 0.1)]);
    assert_eq!(owner(&guard, "c"), "c");
}

/// While a provider is down nobody gets its tenant's users by a copy of its
/// keys.
#[test]
fn what_is_too_old_is_nobody_else_s() {
    let (mut guard, a, b) = shared(json!({}));
    set(&mut guard, a, Standing::Current, &[("k", 10.0)]);
    set(&mut guard, b, Standing::Current, &[("k", 20.0), ("kb", 20.0)]);
    guard.jwt.set_outlook(a, Outlook { standing: Standing::TooOld, soon: false });
    assert_eq!(owner(&guard, "k"), "keys_unavailable");
    assert_eq!(owner(&guard, "kb"), "b");
    assert_eq!(owner(&guard, "c"), "c");
}

#[test]
fn a_kid_that_nobody_has_waits_for_those_who_may_get_it() {
    let (mut guard, a, b) = shared(json!({}));
    assert_eq!(owner(&guard, "x"), "?keys_unavailable");
    set(&mut guard, a, Standing::Current, &[("ka", 10.0)]);
    assert_eq!(owner(&guard, "x"), "?keys_unavailable", "the other is awaited");
    set(&mut guard, b, Standing::TooOld, &[]);
    assert_eq!(owner(&guard, "x"), "keys_unavailable", "nothing comes soon");
    set(&mut guard, b, Standing::Current, &[]);
    assert_eq!(owner(&guard, "x"), "token_key_unknown");
    let waits_for = |guard: &Guard| {
        let (host, mut cache) = (FixedHost::at(crate::testing::NOW), TokenCache::new(0, 0));
        let halt = guard.jwt.verify(token("x").as_bytes(), None, &guard.tenancy, &host, &mut cache);
        match halt.unwrap_err() {
            Halt::Lacks(lack) => (lack.sources, lack.otherwise.code.name()),
            Halt::Refused(denial) => (Vec::new(), denial.code.name()),
        }
    };
    for soon_of_a in [true, false] {
        guard.jwt.set_outlook(a, Outlook { standing: Standing::Current, soon: soon_of_a });
        guard.jwt.set_outlook(b, Outlook { standing: Standing::Current, soon: !soon_of_a });
        let source = if soon_of_a { a } else { b };
        assert_eq!(waits_for(&guard), (vec![source], "token_key_unknown"));
    }
    // Known kids wait for nobody.
    assert_eq!(owner(&guard, "ka"), "a");
}

#[test]
fn a_seed_s_kid_is_its_issuer_s_until_the_first_fetch() {
    let seed = json!({"jwks": jwks(&[&ed("s")])});
    let (mut guard, a, b) = {
        let place = |place: &str| {
            json!({"id": place, "issuers": [{
                "issuer": crate::testing::ISSUER, "audiences": ["api"],
                "keys": {"jwks_uri": {"cluster": "idp", "uri": format!("https://idp.example/{place}")}},
            }]})
        };
        let mut first = place("a");
        first["issuers"][0]["keys"]["jwks"] = seed["jwks"].clone();
        let guard = crate::testing::guard(json!({"tenants": [first, place("b")]}));
        let of = |index: usize| guard.jwt.issuers()[index].source_id().unwrap();
        let (a, b) = (of(0), of(1));
        (guard, a, b)
    };
    assert_eq!(owner(&guard, "s"), "a");
    set(&mut guard, b, Standing::Current, &[("s", 5.0)]);
    assert_eq!(owner(&guard, "s"), "a", "the seed was always there");
    set(&mut guard, a, Standing::Current, &[("ka", 9.0)]);
    assert_eq!(owner(&guard, "s"), "b", "the seed is over");
}

#[test]
fn while_tenants_are_not_known_an_iss_may_be_somebody_else_s() {
    let directory = json!({"directory": {"cluster": "t", "uri": "https://t.example/"}});
    let (mut guard, a, b) = shared(directory);
    set(&mut guard, a, Standing::Current, &[("ka", 1.0)]);
    set(&mut guard, b, Standing::Current, &[("kb", 1.0)]);
    let stranger = ed("x").token(crate::testing::claims(json!({"iss": "https://new.example"})));
    for (standing, soon, unknown_kid, unknown_iss) in [
        (Standing::Awaited, true, "?tenants_unavailable", "?tenants_unavailable"),
        (Standing::TooOld, false, "tenants_unavailable", "tenants_unavailable"),
        (Standing::Current, true, "token_key_unknown", "token_issuer_unknown"),
    ] {
        guard.tenancy.elsewhere.as_mut().unwrap().outlook = Outlook { standing, soon };
        assert_eq!(owner(&guard, "ka"), "a", "{standing:?}");
        assert_eq!(owner(&guard, "c"), "c", "{standing:?}");
        assert_eq!(owner(&guard, "x"), unknown_kid, "{standing:?}");
        assert_eq!(outcome(&guard, &stranger), unknown_iss, "{standing:?}");
    }
}
