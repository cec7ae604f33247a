//! For every code, what it is told that would have to change.

mod cases;
mod document;

use tenant_guard::{Code, Denial, Environment, Headers, Timestamp};

use super::{Given, advise_on};
use crate::explain::tests::explain;
use crate::host::OfflineHost;
use cases::cases;
use document::document;

/// Codes that one request with nothing counted before doesn't get here, and
/// `tenants_unavailable`, which is shown where files are fetched.
const ELSEWHERE: [(Code, &str); 4] = [
    (Code::AuthenticationBlocked, "in 30 s"),
    (Code::TenantsUnavailable, "--fetched"),
    (Code::LimiterUnavailable, "count"),
    (Code::GuardUnavailable, "the guard's questions"),
];

#[test]
fn every_code_is_told_with_what_would_have_to_change() {
    let document = document();
    let mut told = Vec::new();
    for (code, args, phrases) in cases() {
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.extend(["--format", "json"]);
        let said = explain(&document, &args, "");
        let explained = said.json();
        assert_eq!(explained["code"], code.name(), "{args:?}");
        let change = explained["change"].as_str().unwrap_or_default();
        for phrase in phrases {
            assert!(change.contains(phrase), "{}: {phrase:?} is not in: {change}", code.name());
        }
        assert!(change.ends_with('.'), "{change}");
        told.push(code);
    }
    told.extend(ELSEWHERE.map(|(code, _)| code));
    let missed: Vec<_> = Code::ALL.iter().filter(|code| !told.contains(code)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

struct NoEnvironment;

impl Environment for NoEnvironment {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn vm_id(&self) -> Option<&str> {
        None
    }
}

#[test]
fn a_code_is_told_also_where_nothing_more_is_known() {
    let guard = tenant_guard::load(b"{\"version\": 1}", &NoEnvironment).unwrap().guard;
    let host = OfflineHost::new(Timestamp::from_nanoseconds(0), None, None);
    let explanation = guard.explain(&Headers::default(), &host);
    let given = Given { at: 0.0, from: None };
    for &code in Code::ALL {
        let denial = Denial {
            code,
            rule: None,
            level: None,
            kid: None,
            scopes: Vec::new(),
            retry_after: Some(30),
        };
        let advice = advise_on(&denial, &explanation, given);
        assert!(
            advice.len() > 20 || code == Code::TenantInactive || code == Code::ClientInactive,
            "{advice}"
        );
        if let Some((_, phrase)) = ELSEWHERE.iter().find(|(known, _)| *known == code) {
            assert!(advice.contains(phrase), "{advice}");
        }
    }
}
