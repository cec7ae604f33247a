//! Keys that are fetched: what an issuer has in each state of its source.

use super::*;
use crate::remote::{Outlook, Standing};
use crate::testing::NOW as AT;
use crate::testing::elsewhere::remote;

const STANDINGS: [Standing; 3] = [Standing::Awaited, Standing::Current, Standing::TooOld];

/// A key as it is once fetched.
pub(super) fn fetched(keys: &[(&Key, f64)]) -> Rc<FetchedKeys> {
    let read = |(key, since): &(&Key, f64)| (key_of(&key.jwk()), *since);
    let (keys, since): (Vec<crate::jwt::Key>, Vec<f64>) = keys.iter().map(read).unzip();
    let since = keys.iter().zip(since).filter_map(|(key, since)| Some((key.kid.clone()?, since)));
    Rc::new(FetchedKeys { since: since.collect(), keys: keys.into() })
}

/// What a token of the guard's comes to, for one who may wait: good, or the
/// code; after a `?` where it waits.
pub(super) fn outcome(guard: &Guard, token: &str) -> String {
    let (host, mut cache) = (FixedHost::at(AT), TokenCache::new(0, 0));
    match guard.jwt.verify(token.as_bytes(), None, &guard.tenancy, &host, &mut cache) {
        Ok(_) => "good".to_owned(),
        Err(Halt::Refused(denial)) => denial.code.name().to_owned(),
        Err(Halt::Lacks(lack)) => format!("?{}", lack.otherwise.code.name()),
    }
}

fn ed(kid: &str) -> Key {
    Key::seeded(Alg::EdDSA, kid, kid)
}

fn of_idp(key: &Key) -> String {
    key.token(crate::testing::claims(json!({})))
}

/// A guard with these keys of its own and these that were fetched.
fn guard_with(own: &[&Key], keys: &[&Key], standing: Standing, soon: bool) -> Guard {
    let seed = if own.is_empty() { json!({}) } else { json!({"keys": {"jwks": jwks(own)}}) };
    let mut guard = crate::testing::guard(json!({"jwt": {"issuers": [remote(seed)]}}));
    let id = guard.sources()[0].id();
    if standing != Standing::Awaited {
        let keys: Vec<_> = keys.iter().map(|key| (*key, 1.0)).collect();
        guard.jwt.set_keys(id, fetched(&keys));
    }
    guard.jwt.set_outlook(id, Outlook { standing, soon });
    guard
}

#[test]
fn the_key_of_a_token_in_each_state_of_the_source() {
    let (a, b, es) = (ed("a"), ed("b"), Key::es256("e"));
    let bare = ed("a").without_kid();
    let es_as_a = es.sign(json!({"alg": "ES256", "kid": "a"}), crate::testing::claims(json!({})));
    let bare_es = es.clone().without_kid();
    // Known kid, unknown kid, none; the same with an algorithm that no key is for.
    let tokens = [of_idp(&a), of_idp(&b), of_idp(&bare), es_as_a, of_idp(&es), of_idp(&bare_es)];
    let all = |guard: &Guard| tokens.each_ref().map(|token| outcome(guard, token));
    const NO_KEYS: &str = "keys_unavailable";
    const ALG: &str = "token_algorithm_refused";
    for (standing, expected) in STANDINGS.into_iter().zip([
        ["good", "?keys_unavailable", "good", ALG, "?keys_unavailable", "?keys_unavailable"],
        ["good", "?token_key_unknown", "good", ALG, "?token_algorithm_refused", ALG],
        ["?keys_unavailable"; 6],
    ]) {
        assert_eq!(all(&guard_with(&[&a], &[&a], standing, true)), expected, "{standing:?}");
        // Where nothing comes soon it is refused at once.
        let at_once = expected.map(|outcome| outcome.trim_start_matches('?'));
        assert_eq!(all(&guard_with(&[&a], &[&a], standing, false)), at_once, "{standing:?}");
        // Without any key nobody knows.
        let empty = guard_with(&[], &[], standing, true);
        assert_eq!(all(&empty), ["?keys_unavailable"; 6], "{standing:?}");
        assert_eq!(all(&guard_with(&[], &[], standing, false)), [NO_KEYS; 6], "{standing:?}");
    }
}

#[test]
fn without_a_kid_one_key_must_fit_alone() {
    let (a, b) = (ed("a"), ed("b"));
    let bare = of_idp(&a.clone().without_kid());
    for (standing, expected) in [
        (Standing::Awaited, "?keys_unavailable"),
        (Standing::Current, "token_key_unknown"),
        (Standing::TooOld, "?keys_unavailable"),
    ] {
        let guard = guard_with(&[&a, &b], &[&a, &b], standing, true);
        assert_eq!(outcome(&guard, &bare), expected, "{standing:?}");
    }
    let unnamed = guard_with(&[], &[&a.clone().without_kid(), &b], Standing::Current, true);
    assert_eq!(outcome(&unnamed, &of_idp(&b)), "good");
    assert_eq!(outcome(&unnamed, &of_idp(&a)), "?token_key_unknown");
}

#[test]
fn what_was_fetched_replaces_the_seed() {
    let (seed, a) = (ed("seed"), ed("a"));
    let guard = guard_with(&[&seed], &[&a], Standing::Current, false);
    assert_eq!(outcome(&guard, &of_idp(&seed)), "token_key_unknown");
    assert_eq!(outcome(&guard, &of_idp(&a)), "good");
    let emptied = guard_with(&[&seed], &[], Standing::Current, false);
    assert_eq!(outcome(&emptied, &of_idp(&seed)), "keys_unavailable");
}

#[test]
fn a_wrong_signature_is_wrong_whatever_is_fetched() {
    let forged = Key::seeded(Alg::EdDSA, "a", "evil");
    for standing in [Standing::Awaited, Standing::Current] {
        let guard = guard_with(&[&ed("a")], &[&ed("a")], standing, true);
        assert_eq!(outcome(&guard, &of_idp(&forged)), "token_signature_invalid", "{standing:?}");
    }
}

#[test]
fn a_secret_waits_for_no_keys() {
    let hs = Key::with_secret(Alg::HS256, "x", crate::testing::SECRET);
    let fields = json!({"keys": {"secret": crate::testing::SECRET}});
    let mut guard = crate::testing::guard(json!({"jwt": {"issuers": [remote(fields)]}}));
    let id = guard.sources()[0].id();
    for standing in STANDINGS {
        guard.jwt.set_outlook(id, Outlook { standing, soon: true });
        assert_eq!(outcome(&guard, &of_idp(&hs)), "good", "{standing:?}");
    }
}

#[test]
fn what_still_may_come_is_told_from_what_is_over() {
    use Patience::{Crowded, MayWait, Waited};
    let lack =
        |code: Code| Halt::Lacks(crate::halt::Lack { sources: Vec::new(), otherwise: code.into() });
    let settled = |code, patience| match lack(code).settled(patience) {
        Halt::Refused(denial) => denial.code.name(),
        Halt::Lacks(_) => "waits",
    };
    for (code, patience, expected) in [
        (Code::TokenKeyUnknown, MayWait, "waits"),
        (Code::TokenKeyUnknown, Waited, "token_key_unknown"),
        // With less of a crowd it might have been let in.
        (Code::TokenKeyUnknown, Crowded, "keys_unavailable"),
        (Code::KeysUnavailable, MayWait, "waits"),
        (Code::KeysUnavailable, Crowded, "keys_unavailable"),
        (Code::TenantsUnavailable, Waited, "tenants_unavailable"),
        (Code::TenantsUnavailable, Crowded, "tenants_unavailable"),
    ] {
        assert_eq!(settled(code, patience), expected, "{code:?} {patience:?}");
    }
    for patience in [MayWait, Waited, Crowded] {
        let refused = Halt::from(Code::TokenKeyUnknown);
        assert_eq!(refused.clone().settled(patience), refused);
    }
}
