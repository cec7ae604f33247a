//! Hosts with and without the foreign function `verify_signature`.

use tenant_guard_host_tests::verify::Verify;
use tenant_guard_host_tests::{Fault, Outcome, Plan, garbage, tokens};

use crate::common::*;

#[test]
fn without_verify_signature_tokens_are_verified_inside() {
    let wrong_key = |token: &str| {
        let (input, _) = token.rsplit_once('.').unwrap();
        format!("{input}.{}", tokens::b64([7; 64]))
    };
    let (rs, es) =
        (tokens::rs256(&claims("https://idp.test/")), tokens::es256(&claims("https://idp.test/")));
    let tokens = [
        rs.clone(),
        es.clone(),
        tokens::forged(&rs),
        tokens::forged(&es),
        wrong_key(&es),
        wrong_key(&rs),
    ];
    for (index, token) in tokens.iter().enumerate() {
        let request = with_token(token);
        let with = host().request(&request);
        let mut host = setup().verify(Verify::missing()).start(plugin());
        assert!(host.configured, "{}", host.start.log());
        let without = host.request(&request);
        assert_eq!(decision(&with), decision(&without), "token {index}");
        assert_eq!(
            with.outcome.reached_application(),
            index < 2,
            "token {index}: {:?}",
            with.outcome
        );
    }
}

/// The host's word counts only as the protobuf `result: true`.
#[test]
fn verify_signature_is_believed_only_when_it_says_true() {
    let rs = tokens::rs256(&claims("https://idp.test/"));
    for (word, effect) in garbage("proxy_call_foreign_function") {
        for (token, good) in [(rs.clone(), true), (tokens::forged(&rs), false)] {
            let mut host = host();
            host.fault(Plan::of(Fault::on("proxy_call_foreign_function"), effect.clone()));
            let run = host.request(&with_token(&token));
            assert!(!matches!(run.outcome, Outcome::Trapped(_)), "{word}: {:?}", run.outcome);
            assert!(good || !run.outcome.reached_application(), "{word}: a forged token passed");
        }
    }
    for (answer, believed) in [
        (&b"\x08\x01"[..], true),
        (b"", false),
        (b"\x08\x00", false),
        (b"\x12\x02no", false),
        (b"\x08\x01\x08\x00", false),
    ] {
        let verify = Verify::stub(move |_| Ok(answer.to_vec()));
        let run = setup().verify(verify).start(plugin()).request(&with_token(&rs));
        assert_eq!(run.outcome.reached_application(), believed, "{answer:?}: {:?}", run.outcome);
    }
}
