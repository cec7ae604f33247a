//! Looking keys up.

use sha2::{Digest, Sha256};

use super::*;
use crate::testing::FixedHost;

fn key(id: &str, digest: [u8; 32]) -> NewKey<'_> {
    NewKey { id, digest, active: true, ..NewKey::default() }
}

fn keys<const N: usize>(hash: KeyHash, keys: [NewKey<'_>; N]) -> ApiKeys {
    let mut table = KeyTable::default();
    for key in keys {
        assert!(table.insert(key));
    }
    ApiKeys::new(hash, table)
}

fn code(keys: &ApiKeys, presented: &str, now: f64) -> Result<String, Code> {
    keys.verify(presented.as_bytes(), true, &FixedHost::at(now), &mut RecentKeys::default())
        .map(|key| key.id.to_string())
        .map_err(|denial| denial.code)
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[test]
fn a_key_is_found_by_its_digest_only() {
    // Nothing is no key, whatever is configured.
    let all = [key("k", sha256("secret")), key("empty", sha256(""))];
    let keys = keys(KeyHash::Sha256, all);
    assert_eq!(code(&keys, "secret", 0.0), Ok("k".into()));
    for wrong in ["", "Secret", "secret ", "secre", "secret\0"] {
        assert_eq!(code(&keys, wrong, 0.0), Err(Code::ApiKeyUnknown), "{wrong:?}");
    }
}

#[test]
fn a_digest_that_differs_in_any_byte_is_another() {
    let digest = sha256("secret");
    let keys = keys(KeyHash::Sha256, [key("k", digest)]);
    assert_eq!(keys.own().get(&digest).map(|key| key.id().to_owned()), Some("k".into()));
    for place in 0..32 {
        let mut other = digest;
        other[place] ^= 1;
        assert!(keys.own().get(&other).is_none(), "byte {place}");
    }
}

#[test]
fn a_pepper_changes_every_digest() {
    let peppered = KeyHash::hmac(b"pepper").unwrap();
    let keys = keys(peppered.clone(), [key("k", peppered.digest(b"secret"))]);
    assert_eq!(code(&keys, "secret", 0.0), Ok("k".into()));
    // RFC 4231's function, by another implementation's figures.
    assert_eq!(
        KeyHash::hmac(b"Jefe").unwrap().digest(b"what do ya want for nothing?")[..4],
        [0x5b, 0xdc, 0xc1, 0x46]
    );
    assert_ne!(peppered.digest(b"secret"), KeyHash::Sha256.digest(b"secret"));
}

#[test]
fn state_and_dates_hold_to_the_second() {
    let at = Timestamp::from_seconds;
    let dates = KeyRules { not_before: at(100.0), expires: at(200.0), ..KeyRules::default() };
    let dated = NewKey { rules: Some(Rc::new(dates)), ..key("dated", sha256("dated")) };
    let off = NewKey { active: false, ..key("off", sha256("off")) };
    let keys = keys(KeyHash::Sha256, [dated, off]);
    assert_eq!(code(&keys, "dated", 99.9), Err(Code::ApiKeyInactive));
    assert_eq!(code(&keys, "dated", 100.0), Ok("dated".into()));
    assert_eq!(code(&keys, "dated", 199.9), Ok("dated".into()));
    assert_eq!(code(&keys, "dated", 200.0), Err(Code::ApiKeyExpired));
    assert_eq!(code(&keys, "off", 0.0), Err(Code::ApiKeyInactive));
}

#[test]
fn what_many_keys_have_alike_is_there_once() {
    let mut shared = SharedRules::default();
    let mut rules = |scope: &str, expires: Option<f64>| {
        let expires = expires.and_then(Timestamp::from_seconds);
        let scopes = vec![scope.to_owned()];
        shared.share(NewRules { scopes, expires, ..NewRules::default() }).unwrap()
    };
    let (a, b, again) = (rules("a", None), rules("b", None), rules("a", None));
    assert!(Rc::ptr_eq(&a, &again) && !Rc::ptr_eq(&a, &b));
    let (soon, late, later) = (rules("a", Some(1.0)), rules("a", Some(2.0)), rules("a", Some(2.0)));
    assert!(Rc::ptr_eq(&late, &later) && !Rc::ptr_eq(&soon, &late));
    let seconds = |rules: &KeyRules| rules.expires.map(Timestamp::seconds);
    assert_eq!((seconds(&soon), seconds(&late)), (Some(1.0), Some(2.0)));
    assert!(Rc::ptr_eq(&soon.scopes, &a.scopes));
    assert_eq!((a.expires, &*b.scopes), (None, &["b".to_owned()][..]));
    assert!(shared.share(NewRules::default()).is_none());
}
