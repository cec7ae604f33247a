//! Limits against a slow limiter that is obviously right.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::testing::{FixedHost, NOW};
use crate::{Memory, Verdict};

/// A limit: whose, how many, in how many seconds.
type Limit = (String, u64, u64);

/// How many were let in, by whose limit and which window.
#[derive(Default)]
struct Reference(HashMap<(String, u64), u64>);

/// What a response tells: the limit, what is left, when it resets.
type Told = Option<(u64, u64, u64)>;

impl Reference {
    /// Whether a request is let in, and what its response tells.
    fn decide(&mut self, limits: &[Limit], now: u64) -> (bool, Told) {
        let window = |limit: &Limit| (limit.0.clone(), now / limit.2);
        let end = |limit: &Limit| (now / limit.2 + 1) * limit.2;
        let used = |this: &Self, limit: &Limit| this.0.get(&window(limit)).copied().unwrap_or(0);
        let full: Vec<&Limit> =
            limits.iter().filter(|limit| used(self, limit) >= limit.1).collect();
        let longest = full.iter().map(|limit| end(limit)).max();
        if let Some(longest) = longest {
            let widest = full.iter().find(|limit| end(limit) == longest).unwrap();
            return (false, Some((widest.1, 0, longest)));
        }
        for limit in limits {
            *self.0.entry(window(limit)).or_default() += 1;
        }
        let mut tightest: Told = None;
        for limit in limits {
            let (left, end) = (limit.1 - used(self, limit), end(limit));
            let tighter = |(_, least, latest)| left < least || left == least && end > latest;
            if tightest.is_none_or(tighter) {
                tightest = Some((limit.1, left, end));
            }
        }
        (true, tightest)
    }
}

fn document() -> Value {
    let any = json!({"tenant": {"claims": ["tenant"]}, "claims": {"tier": "plan"}});
    let listed = |id: &str, limits: Value, web: Value| {
        let secret = |name: &str| format!("{id}-{name}");
        let keys = json!([
            key("one", &secret("one"), json!({"limits": {"requests": "3/min"}})),
            key("two", &secret("two"), json!({}))
        ]);
        let web = json!({"id": "web", "limits": web, "keys": keys});
        json!({"id": id, "limits": limits, "clients": [web]})
    };
    json!({
        "jwt": {"issuers": [issuer(any)]},
        "tenancy": {"unknown": "allow"},
        "limits": {"tiers": {"small": "2/sec", "large": "6/min"}},
        "tenant_defaults": {"limits": {"requests": "12/hour", "actions": {"*": "4/min"}}},
        "tenants": [
            listed("acme", json!({"requests": "9/min"}), json!({"requests": "5/min"})),
            listed(
                "globex",
                json!({"actions": {"publish": "2/sec", "*": null}}),
                json!({"actions": {"*": "7/hour"}})
            )
        ],
        "routes": [
            {"match": {"path": "/publish"}, "action": "publish"},
            {"match": {"path": "/read"}, "action": "read"},
            {"match": {"path": "/**"}}
        ]
    })
}

#[derive(Debug, Clone)]
struct Sent {
    /// 0 and 1 are listed.
    tenant: usize,
    /// `one` and `two` by key, else by token.
    credential: usize,
    action: usize,
}

const TENANTS: [&str; 3] = ["acme", "globex", "initech"];
const ACTIONS: [&str; 3] = ["", "publish", "read"];

impl Sent {
    fn request(&self) -> Request {
        let path = format!("/{}", ACTIONS[self.action]);
        let tenant = TENANTS[self.tenant];
        let claims = match self.credential {
            0 if self.tenant < 2 => return by_key(&format!("{tenant}-one"), &path),
            1 if self.tenant < 2 => return by_key(&format!("{tenant}-two"), &path),
            0 | 1 => json!({}),
            2 => json!({"client_id": "web"}),
            3 => json!({"sub": "small", "plan": "small"}),
            _ => json!({"sub": "large", "plan": "large", "client_id": "web"}),
        };
        by_token(merged(claims, json!({"tenant": tenant, "exp": NOW + 1e6})), &path)
    }

    /// What the document above says, by hand.
    fn limits(&self) -> Vec<Limit> {
        let (tenant, action) = (TENANTS[self.tenant], ACTIONS[self.action]);
        let mut limits = Vec::new();
        let mut add = |whose: String, count, seconds| limits.push((whose, count, seconds));
        match tenant {
            "acme" => add("acme".into(), 9, 60),
            _ => add(tenant.into(), 12, 3_600),
        }
        match (tenant, action) {
            (_, "") => {}
            ("globex", "publish") => add("globex/publish".into(), 2, 1),
            ("globex", _) => {}
            _ => add(format!("{tenant}/{action}"), 4, 60),
        }
        let listed = self.tenant < 2;
        let of_web = listed && [0, 1, 2, 4].contains(&self.credential);
        match (of_web, tenant, action) {
            (true, "acme", _) => add("acme web".into(), 5, 60),
            (true, _, action) if !action.is_empty() => add(format!("web/{action}"), 7, 3_600),
            _ => {}
        }
        match self.credential {
            0 if listed => add(format!("{tenant} one"), 3, 60),
            3 => add(format!("{tenant} small"), 2, 1),
            4 => add(format!("{tenant} large"), 6, 60),
            _ => {}
        }
        limits
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    (0..3_usize, 0..5_usize, 0..3_usize).prop_map(|(tenant, credential, action)| Sent {
        tenant,
        credential,
        action,
    })
}

/// Mostly at once, sometimes later.
fn step() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => Just(0.0),
        3 => (0_u32..1_500).prop_map(|ms| f64::from(ms) / 1_000.0),
        1 => (0_u32..70).prop_map(f64::from),
        1 => (0_u32..2_000).prop_map(f64::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_request_fares_as_with_a_limiter_that_remembers_all(
        steps in prop::collection::vec((sent(), step(), any::<bool>()), 1..120)
    ) {
        // Another configuration with the same limits, in another order.
        let mut changed = document();
        changed["tenants"].as_array_mut().unwrap().reverse();
        changed["revision"] = json!("2");
        changed["tenant_defaults"]["scopes"] = json!(["*"]);
        let guards = [guard(document()), guard(changed)];
        let mut caches = [Memory::new(100, 1 << 20), Memory::new(100, 1 << 20)];
        let host = FixedHost::at(NOW);
        let mut reference = Reference::default();
        let mut now = NOW;
        for (sent, later, which) in steps {
            now += later;
            host.set(now);
            let which = usize::from(which);
            let decision = guards[which].decide(
                &sent.request().headers(), &host, &mut caches[which]
            );
            let number = |name| header(&decision, name).map(|text| text.parse().unwrap());
            let told = number("x-rate-limit-limit").map(|limit| (
                limit,
                number("x-rate-limit-remaining").unwrap(),
                number("x-rate-limit-reset").unwrap(),
            ));
            let expected = reference.decide(&sent.limits(), now as u64);
            prop_assert_eq!((decision.verdict == Verdict::Allow, told), expected, "{:?}", sent);
        }
    }
}

#[test]
fn a_change_of_the_configuration_leaves_the_counts_of_limits_as_they_are() {
    let before = limited(tenants(json!({"requests": "5/min"}), json!(null), json!(null)));
    let after = limited(merged(
        tenants(json!({"requests": "5/min", "actions": {"*": "4/min"}}), json!(null), json!(null)),
        json!({"revision": "2", "tenant_defaults": {"limits": {"requests": "1/min"}}}),
    ));
    let host = FixedHost::at(NOW);
    for _ in 0..2 {
        assert_eq!(outcome(&before, &by_key("web-1", "/"), &host), "allow");
    }
    assert_eq!(left(&after, &by_key("app-1", "/"), &host), 3);
    assert_eq!(left(&before, &by_key("web-1", "/"), &host), 0);
    // A limit that changes counts what was used already.
    let more = limited(tenants(json!({"requests": "7/min"}), json!(null), json!(null)));
    assert_eq!(left(&more, &by_key("web-1", "/"), &host), 2);
    let less = limited(tenants(json!({"requests": "3/min"}), json!(null), json!(null)));
    let refused = decide_at(&less, &by_key("web-1", "/"), &host);
    assert_eq!(header(&refused, "x-rate-limit-remaining").unwrap(), "0");
    // Another window is another limit.
    let hourly = limited(tenants(json!({"requests": "3/hour"}), json!(null), json!(null)));
    assert_eq!(left(&hourly, &by_key("web-1", "/"), &host), 3);
}
