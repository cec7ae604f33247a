//! Verified tokens that are kept: the same verdicts, and nobody else's.

use proptest::prelude::*;
use tenant_guard_tests::token::Parts;

use super::*;

fn verifier() -> Verifier {
    Verifier::keys(&[&es256()])
}

type Seen = (Result<CacheUse, Code>, usize);

/// The outcome, and how often the signature was looked at for it.
fn look(verifier: &Verifier, token: &str, now: f64, cache: &mut TokenCache) -> Seen {
    let host = FixedHost::at(now);
    let outcome = verifier.verify_with(token.as_bytes(), &host, cache);
    (outcome.map(|(_, hit)| hit).map_err(|denial| denial.code), host.asked.get())
}

const AT: f64 = NOW as f64;
const MISS: Seen = (Ok(CacheUse::Miss), 1);
const HIT: Seen = (Ok(CacheUse::Hit), 0);

fn numbered(n: usize) -> String {
    with_claims(json!({"sub": format!("user-{n}")}))
}

#[test]
fn a_signature_is_verified_once() {
    let (verifier, mut cache) = (verifier(), TokenCache::new(10, 1 << 20));
    let token = numbered(1);
    assert_eq!(look(&verifier, &token, AT, &mut cache), MISS);
    for second in 1..5 {
        assert_eq!(look(&verifier, &token, AT + f64::from(second), &mut cache), HIT);
    }
    assert_eq!(cache.len(), 1);
    // The same claims in another token are another token.
    assert_eq!(
        look(&verifier, &with_claims(json!({"sub": "user-1", "x": 1})), AT, &mut cache),
        MISS
    );
}

#[test]
fn a_kept_token_expires_all_the_same() {
    let (verifier, mut cache) = (verifier(), TokenCache::new(10, 1 << 20));
    let token = with_claims(json!({"nbf": NOW - 10, "exp": NOW + 100}));
    assert_eq!(look(&verifier, &token, AT, &mut cache), MISS);
    assert_eq!(look(&verifier, &token, AT + 129.9, &mut cache), HIT);
    // A clock that runs backwards doesn't forget it.
    let early = (Err(Code::TokenNotYetValid), 0);
    assert_eq!(look(&verifier, &token, AT - 41.0, &mut cache), early);
    assert_eq!(look(&verifier, &token, AT + 129.9, &mut cache), HIT);
    let expired = (Err(Code::TokenExpired), 0);
    assert_eq!(look(&verifier, &token, AT + 130.0, &mut cache), expired);
    assert_eq!(cache.len(), 0);
    assert_eq!(look(&verifier, &token, AT + 131.0, &mut cache), expired);
    assert_eq!(look(&verifier, &token, AT, &mut cache), MISS);
}

#[test]
fn without_a_cache_nothing_is_kept() {
    for (entries, bytes) in [(0, 1 << 20), (10, 0), (0, 0)] {
        let (verifier, mut cache) = (verifier(), TokenCache::new(entries, bytes));
        for _ in 0..3 {
            assert_eq!(look(&verifier, &numbered(1), AT, &mut cache), MISS);
        }
        assert_eq!(cache.len(), 0);
    }
    let document =
        json!({"version": 1, "jwt": {"cache_entries": 0, "issuers": [issuer(ISS, &[&es256()])]}});
    let verifier = Verifier::of(&document);
    let mut cache = verifier.0.new_memory().tokens;
    assert_eq!(look(&verifier, &numbered(1), AT, &mut cache), MISS);
    assert_eq!(look(&verifier, &numbered(1), AT, &mut cache), MISS);
}

#[test]
fn the_least_recently_used_go_where_entries_run_out() {
    let (verifier, mut cache) = (verifier(), TokenCache::new(3, 1 << 20));
    for n in 0..3 {
        assert_eq!(look(&verifier, &numbered(n), AT, &mut cache), MISS);
    }
    assert_eq!(look(&verifier, &numbered(0), AT, &mut cache), HIT);
    assert_eq!(look(&verifier, &numbered(3), AT, &mut cache), MISS);
    assert_eq!(cache.len(), 3);
    for (n, expected) in [(0, HIT), (2, HIT), (3, HIT), (1, MISS)] {
        assert_eq!(look(&verifier, &numbered(n), AT, &mut cache), expected, "{n}");
    }
}

#[test]
fn bytes_are_bounded_too() {
    let verifier = verifier();
    let large =
        |n: usize| with_claims(json!({"sub": format!("user-{n}"), "pad": "x".repeat(6_000)}));
    let size = large(0).len();
    assert!(size > 8_000);
    let mut cache = TokenCache::new(1_000, 5 * size);
    for n in 0..50 {
        assert_eq!(look(&verifier, &large(n), AT, &mut cache), MISS);
        assert!(cache.len() * size <= 5 * size, "{} of {size} bytes", cache.len());
    }
    assert!(cache.len() >= 3, "only {}", cache.len());
    assert_eq!(look(&verifier, &large(49), AT, &mut cache), HIT);
    // One that doesn't fit is verified, and evicts nobody.
    let mut small = TokenCache::new(1_000, 4_000);
    assert_eq!(look(&verifier, &numbered(1), AT, &mut small), MISS);
    assert_eq!(look(&verifier, &large(0), AT, &mut small), MISS);
    assert_eq!(look(&verifier, &large(0), AT, &mut small), MISS);
    assert_eq!(look(&verifier, &numbered(1), AT, &mut small), HIT);
    // Room that expired tokens leave is used again.
    let mut cache = TokenCache::new(1_000, 3 * size);
    for n in 0..20_u32 {
        let exp = NOW + i64::from(n) * 1_000 + 300;
        let token = with_claims(json!({"exp": exp, "pad": "x".repeat(6_000)}));
        let at = AT + f64::from(n) * 1_000.0;
        assert_eq!(look(&verifier, &token, at, &mut cache), MISS);
        assert_eq!(look(&verifier, &token, at, &mut cache), HIT, "{n}");
        assert_eq!(look(&verifier, &token, at + 900.0, &mut cache).0, Err(Code::TokenExpired));
        assert_eq!(cache.len(), 0);
    }
}

/// What a forwarded payload or claim takes counts as well.
#[test]
fn what_is_kept_with_a_token_counts() {
    let document = json!({
        "version": 1,
        "jwt": {"issuers": [issuer(ISS, &[&es256()])]},
        "upstream": {"claims": {"pad": "x-pad"}, "payload": "x-payload"},
    });
    let fat = Verifier::of(&document);
    let token =
        |n: usize| with_claims(json!({"sub": format!("user-{n}"), "pad": "x".repeat(3_000)}));
    let mut caches = [TokenCache::new(100, 50_000), TokenCache::new(100, 50_000)];
    for n in 0..50 {
        assert_eq!(look(&fat, &token(n), AT, &mut caches[0]), MISS);
        assert_eq!(look(&verifier(), &token(n), AT, &mut caches[1]), MISS);
    }
    assert!(caches[0].len() < caches[1].len(), "{} {}", caches[0].len(), caches[1].len());
}

#[test]
fn what_is_not_verified_is_not_kept_and_evicts_nobody() {
    let (verifier, mut cache) = (verifier(), TokenCache::new(2, 1 << 20));
    assert_eq!(look(&verifier, &numbered(0), AT, &mut cache), MISS);
    assert_eq!(look(&verifier, &numbered(1), AT, &mut cache), MISS);
    for n in 0..100 {
        let forged = Key::seeded(Alg::ES256, "k1", "evil").token(claims(json!({ "n": n })));
        assert!(look(&verifier, &forged, AT, &mut cache).0.is_err());
        let expired = with_claims(json!({"exp": NOW - 100, "n": n}));
        assert!(look(&verifier, &expired, AT, &mut cache).0.is_err());
        let elsewhere = with_claims(json!({"aud": "other", "n": n}));
        assert!(look(&verifier, &elsewhere, AT, &mut cache).0.is_err());
    }
    assert_eq!(cache.len(), 2);
    assert_eq!(look(&verifier, &numbered(0), AT, &mut cache), HIT);
    assert_eq!(look(&verifier, &numbered(1), AT, &mut cache), HIT);
}

#[test]
fn only_the_very_same_bytes_find_a_kept_token() {
    let (verifier, mut cache) = (verifier(), TokenCache::new(10, 1 << 20));
    let token = numbered(1);
    assert_eq!(look(&verifier, &token, AT, &mut cache), MISS);
    for other in [
        format!("{token}="),
        format!("{token} "),
        format!("{token}\u{0}"),
        format!("{token}."),
        token[..token.len() - 1].to_owned(),
        token.to_uppercase(),
        Parts::of(&token).with_signature([]).join(),
        Parts::of(&token).with_flipped_bit().join(),
        Parts::of(&token).with_payload(&claims(json!({"sub": "admin"}))).join(),
        Parts::of(&token).with_header(&json!({"alg": "none"})).join(),
    ] {
        let (outcome, _) = look(&verifier, &other, AT, &mut cache);
        assert!(outcome.is_err(), "{other}");
    }
    assert_eq!(cache.len(), 1);
}

#[test]
fn a_host_that_fails_is_no_verdict_to_keep() {
    let (verifier, mut cache) = (verifier(), TokenCache::new(10, 1 << 20));
    let host = FixedHost::saying(Err(HostError { call: "x", status: 1 }));
    let denial = verifier.verify_with(numbered(1).as_bytes(), &host, &mut cache).unwrap_err();
    assert_eq!(denial.code, Code::GuardUnavailable);
    assert_eq!(cache.len(), 0);
    assert_eq!(look(&verifier, &numbered(1), AT, &mut cache), MISS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever came before, a cache changes no verdict.
    #[test]
    fn a_cache_changes_no_verdict(
        uses in prop::collection::vec((0_usize..6, -200_i32..500), 1..20),
        entries in 0_usize..4,
    ) {
        let verifier = verifier();
        let tokens = [
            numbered(1),
            numbered(2),
            with_claims(json!({"exp": NOW + 100})),
            with_claims(json!({"nbf": NOW + 100})),
            Parts::of(&numbered(1)).with_flipped_bit().join(),
            with_claims(json!({"aud": "other"})),
        ];
        let mut cache = TokenCache::new(entries, 1 << 20);
        for (index, offset) in uses {
            let at = AT + f64::from(offset);
            let cached = look(&verifier, &tokens[index], at, &mut cache).0.err();
            let plain = look(&verifier, &tokens[index], at, &mut TokenCache::new(0, 0)).0.err();
            prop_assert_eq!(cached, plain);
        }
    }
}

/// The configuration's own lists are its own, not each token's.
#[test]
fn a_long_list_of_tenants_costs_no_token_its_place() {
    let names: Vec<String> = (0..20_000).map(|n| format!("tenant-{n}")).collect();
    for tenant in [
        json!({ "acts_for": names }),
        json!({ "acts_for": "any", "allow": names }),
        json!({ "claims": ["org"], "allow": names }),
    ] {
        let mut own = issuer(ISS, &[&es256()]);
        own["tenant"] = tenant;
        let verifier = Verifier::new(&[own]);
        let mut cache = TokenCache::new(100, 1 << 20);
        for n in 0..100 {
            assert_eq!(look(&verifier, &numbered(n), AT, &mut cache), MISS);
        }
        assert_eq!(cache.len(), 100);
    }
}
